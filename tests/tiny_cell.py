"""A cell that a `TinyRunner` runs; apart from it, so that worker processes need not import what composes cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from embodied.app import RunRequest, show_config
from embodied.config import CellConfig, parse_config


def cell(folder: Path, *overrides: str, **changes: Any) -> CellConfig:
    """A cell of a run folder `tiny`."""
    always = ("model=scripted/compliant", f"run.dir={folder}", "run.workers=2", "run.name=tiny")
    plain = yaml.safe_load(show_config(RunRequest((*always, *overrides))))
    return parse_config(plain | changes)
