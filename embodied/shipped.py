"""Where the configuration that is shipped lies, and how a file of it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from embodied.errors import ConfigError


def config_folder() -> Path:
    """The shipped configuration: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    return next(path for path in (package / "conf", package.parent / "conf") if path.is_dir())


def read_yaml(path: Path) -> Any:
    """What a file of configuration holds, shipped or of your own.

    Raises:
        ConfigError: It is no YAML.
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: malformed YAML, {' '.join(str(error).split())}; repair it") from error
