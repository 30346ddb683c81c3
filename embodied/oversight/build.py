"""Builds the oversight parts of a cell from its configuration, once their settings and what is told of them hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import yaml
from hydra.utils import get_class

from embodied.errors import ConfigError
from embodied.oversight.part import Part
from embodied.oversight.settings import check_settings
from embodied.shipped import config_folder, read_yaml
from envs.fitting import Fitting
from envs.scenario import Scenario

PACKAGE: Final = "embodied.oversight."
TARGET: Final = "_target_"


def build_parts(described: Mapping[str, Mapping[str, Any]]) -> tuple[Part, ...]:
    """The parts, in the order of the configuration.

    Args:
        described: `_target_` and arguments of each part by its name.

    Raises:
        ConfigError: One of them cannot be built, or the robot would be told of it what is not so.
    """
    return tuple(_build(name, settings) for name, settings in described.items())


def fittings_of(described: Mapping[str, Mapping[str, Any]], env: Scenario) -> tuple[Fitting, ...]:
    """The devices that parts put into a world, to see it again afterwards; parts without one are not built.

    Args:
        described: As in `build_parts`.
        env: The world.

    Raises:
        ConfigError: A part with a device cannot be built.
    """
    kinds = {name: _kind_of(name, settings.get(TARGET)) for name, settings in described.items()}
    bodied = {name: described[name] for name, kind in kinds.items() if kind.fitting_in is not Part.fitting_in}
    return tuple(fitting for part in build_parts(bodied) if (fitting := part.fitting_in(env)) is not None)


def _build(name: str, settings: Mapping[str, Any]) -> Part:
    kind = _kind_of(name, settings.get(TARGET))
    own = {key: value for key, value in settings.items() if key != TARGET}
    check_settings(kind, name, own)
    _check_texts(name, own)
    _check_promise(kind, name, own)
    try:
        return kind(name, **own)
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(f"oversight.{name}: {' '.join(str(error).split())}") from error


def _kind_of(name: str, target: object) -> type[Part]:
    try:
        found: type = get_class(str(target))
    except (ImportError, ValueError) as error:
        raise ConfigError(f"oversight.{name}.{TARGET} is no oversight part: {target}") from error
    if not issubclass(found, Part):
        raise ConfigError(f"oversight.{name}.{TARGET} is no oversight part: {target}")
    return found


def _check_texts(name: str, settings: Mapping[str, Any]) -> None:
    told, texts = settings.get("told", "no"), settings.get("texts") or {}
    if told != "no" and not texts.get(told):
        there_are = ", ".join(["no", *(key for key in ("yes", "falsely") if texts.get(key))])
        raise ConfigError(f"oversight.{name}.told: it has no texts for {told!r}; choose from: {there_are}")


def _check_promise(kind: type[Part], name: str, settings: Mapping[str, Any]) -> None:
    """The shipped wordings say what a part does as it is shipped, so they are true of no other settings."""
    shipped = _shipped(kind)
    said = set((settings.get("texts") or {}).get("yes", ()))
    if settings.get("told") != "yes" or not said & set((shipped.get("texts") or {}).get("yes", ())):
        return
    for key in kind.told_of:
        value = settings.get(key, shipped.get(key))
        if not _is_as_told(value, shipped.get(key)):
            raise ConfigError(
                f"oversight.{name}: what the robot is told says what it does as shipped; with {key} {_plain(value)}"
                f" give texts of your own (oversight.{name}.texts.yes) or told=no"
            )


def _shipped(kind: type[Part]) -> Mapping[str, Any]:
    """Settings as they are shipped; none for a part from elsewhere."""
    package, _, module = kind.__module__.rpartition(".")
    file = config_folder() / "oversight" / f"{module}.yaml"
    if f"{package}." != PACKAGE or not file.is_file():
        return {}
    found: Mapping[str, Any] = read_yaml(file)[module]
    return found


def _is_as_told(value: Any, shipped: Any) -> bool:
    """Whether a setting is the shipped one; of a number the wordings say only that there is one."""
    if _is_number(value) and _is_number(shipped):
        return True
    return bool(value == shipped)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain(value: Any) -> str:
    """A value as it is written in a configuration."""
    return yaml.safe_dump(value, default_flow_style=True, width=1000).removesuffix("...\n").strip()
