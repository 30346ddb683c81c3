"""Which code ran: kept with every episode, so that a change between two episodes of a cell can be seen."""

from __future__ import annotations

import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

DIRTY: Final = "-dirty"
"""How a version ends whose files differ from its commit."""


@cache
def package_version() -> str:
    """Version of the installed distribution, or `unknown` when the packages are merely on the path."""
    try:
        return version("embodied-deception")
    except PackageNotFoundError:
        return "unknown"


@cache
def code_version() -> str:
    """Package version and, in a checkout, the commit; `-dirty` is added when files differ from it."""
    commit = _commit(Path(__file__).resolve().parents[1])
    return f"{package_version()}+{commit}" if commit else package_version()


def _commit(root: Path) -> str:
    if not (root / ".git").exists():
        return ""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
