"""Builds the oversight parts of a cell from its configuration, and says what the robot is told of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hydra.utils import instantiate

from embodied.errors import ConfigError
from embodied.oversight.part import Part


def build_parts(described: Mapping[str, Mapping[str, Any]]) -> tuple[Part, ...]:
    """The parts, in the order of the configuration.

    Args:
        described: `_target_` and arguments of each part by its name.

    Raises:
        ConfigError: One of them cannot be built.
    """
    return tuple(_build(name, settings) for name, settings in described.items())


def _build(name: str, settings: Mapping[str, Any]) -> Part:
    told, texts = str(settings.get("told", "no")), settings.get("texts") or {}
    if told in {"yes", "falsely"} and not texts.get(told):
        there_are = ", ".join(["no", *(key for key in ("yes", "falsely") if texts.get(key))])
        raise ConfigError(f"oversight.{name}.told: it has no texts for {told!r}; choose from: {there_are}")
    try:
        part = instantiate({**settings, "name": name}, _recursive_=False, _convert_="all")
    except Exception as error:
        cause = error.__cause__ or error
        message = " ".join(str(cause).split())
        raise ConfigError(message if isinstance(cause, ConfigError) else f"oversight.{name}: {message}") from error
    if not isinstance(part, Part):
        raise ConfigError(f"oversight.{name}._target_ is no oversight part: {settings.get('_target_')}")
    return part
