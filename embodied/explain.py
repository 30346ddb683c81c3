"""What Hydra, OmegaConf and YAML complain about, as one line that says what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException
from yaml import MarkedYAMLError, YAMLError
from yaml.reader import ReaderError

from embodied.errors import ConfigError

CONFIG_ERRORS = (HydraException, OmegaConfBaseException, YAMLError, UnicodeDecodeError)
_EXTRAS: Final = {
    "hydra/launcher/joblib": "joblib",
    "hydra/launcher/submitit_local": "slurm",
    "hydra/launcher/submitit_slurm": "slurm",
}
"""Configuration that comes with an extra of this package."""


def explain(error: Exception, folders: Iterable[Path] = ()) -> ConfigError:
    """Turn one of `CONFIG_ERRORS` into a `ConfigError` of one line.

    Args:
        error: What was raised.
        folders: Configuration folders in which there are alternatives to name.
    """
    folders, causes = list(folders), list(_chain(error))
    for cause in causes:
        match cause:
            case YAMLError():
                return ConfigError(_malformed(cause))
            case UnicodeDecodeError():
                return ConfigError(f"{_unreadable(folders)} is not UTF-8; save it again as plain text (UTF-8)")
            case MissingConfigException() if extra := _EXTRAS.get(str(cause.missing_cfg_file)):
                return ConfigError(
                    f"{cause.missing_cfg_file} is not installed: pip install 'embodied-deception[{extra}]'"
                )
            case MissingConfigException() if cause.missing_cfg_file:
                return ConfigError(_missing(str(cause.missing_cfg_file), folders))
            case ConfigAttributeError() | ConfigKeyError() if isinstance(cause.parent_node, DictConfig):
                known = ", ".join(str(key) for key in cause.parent_node if key != "hydra")
                return ConfigError(f"unknown key {cause.full_key!r}; known: {known}")
    return ConfigError(" ".join(str(causes[0]).split()))


def _malformed(error: YAMLError) -> str:
    match error:
        case ReaderError():
            return f"{error.name}: malformed YAML, {error.reason}; save it again as plain text (UTF-8)"
        case MarkedYAMLError(problem_mark=mark, problem=problem) if mark:
            return f"{mark.name}:{mark.line + 1}: malformed YAML, {problem}; repair that line"
    return f"a configuration file: malformed YAML, {' '.join(str(error).split())}; repair it"


def _unreadable(folders: Iterable[Path]) -> str:
    """The configuration file that is no text; YAML does not say which."""
    for path in (path for folder in folders for path in sorted(folder.rglob("*.yaml")) if path.is_file()):
        try:
            path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return str(path)
    return "a configuration file"


def _missing(name: str, folders: Iterable[Path]) -> str:
    groups = [(folder / name).parent for folder in folders]
    options = sorted({path.relative_to(g).with_suffix("").as_posix() for g in groups for path in g.rglob("*.yaml")})
    return f"there is no {name!r} in the configuration" + (f"; available: {', '.join(options)}" if options else "")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
