"""Where the configuration that is shipped lies."""

from __future__ import annotations

from pathlib import Path


def config_folder() -> Path:
    """The shipped configuration: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    return next(path for path in (package / "conf", package.parent / "conf") if path.is_dir())
