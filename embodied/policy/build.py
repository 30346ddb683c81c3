"""Builds what a model's configuration describes: one door for a cell's model, a second robot's and a monitor's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hydra.utils import instantiate
from pydantic import ValidationError

from embodied.backends import pool
from embodied.backends.base import Backend
from embodied.errors import ConfigError, first_misfit
from embodied.policy.mind import Mind
from embodied.policy.settings import MindSettings


def build_backend(model: Mapping[str, Any], what: str) -> Backend | Mind:
    """A backend, a pool of them, or a scripted policy.

    Args:
        model: `_target_` and arguments; how its model is asked is left out.
        what: What it is called in an error.

    Raises:
        ConfigError: It cannot be built.
    """
    if "_target_" not in model:
        raise ConfigError(
            f"{what}: its configuration has no _target_, which says what to build; see those in conf/model"
        )
    described = {name: value for name, value in model.items() if name not in MindSettings.model_fields}
    try:
        built: Backend | Mind = pool.build(described, instantiate)
    except Exception as error:
        cause = error.__cause__ or error
        raise ConfigError(f"{what}: {' '.join(str(cause).split())}") from error
    return built


def settings_of(model: Mapping[str, Any], where: str = "model") -> MindSettings:
    """How a model is asked.

    Args:
        model: Its configuration.
        where: Where that stands, for errors.

    Raises:
        ConfigError: A value is not allowed.
    """
    try:
        return MindSettings.of(model)
    except ValidationError as error:
        raise ConfigError(f"{where}.{first_misfit(error)}") from error
