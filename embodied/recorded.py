"""What a run folder says of its cells: which there are, and the configuration that each was run with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from embodied.config import CellConfig, parse_config
from embodied.errors import StoreError
from embodied.shipped import parse_yaml
from embodied.storage.files import episode_files, refuse_missing

if TYPE_CHECKING:
    from envs.fitting import Fitting
    from envs.scenario import Scenario


def cell_folders(run: Path) -> list[Path]:
    """Folders of the cells that hold episodes in a run folder, or the cell's own.

    Raises:
        StoreError: There is no such folder, or it holds no episodes.
    """
    refuse_missing(run)
    cells = sorted({path.parent for path in episode_files(run, is_deep=True)})
    if not cells:
        raise StoreError(f"{run} holds no episodes; give the folder that a run printed at its end")
    return cells


def recorded_config(cell: Path) -> CellConfig:
    """The configuration in a cell's folder.

    Raises:
        StoreError: It is missing or cannot be read.
        ConfigError: It no longer fits the code.
    """
    path = cell / "config.yaml"
    if not path.is_file():
        raise StoreError(f"{path} is missing, and without it no episode of the cell can be read again: put it back")
    try:
        plain = parse_yaml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise StoreError(f"{path} cannot be read ({' '.join(str(error).split())}): put it back") from error
    return parse_config(plain)


def recorded_fittings(cell: Path, env: Scenario) -> tuple[Fitting, ...]:
    """The devices of oversight parts that stood in a cell's world. Arguments and errors as in `recorded_config`."""
    from embodied.oversight.build import fittings_of

    return fittings_of(recorded_config(cell).oversight, env)
