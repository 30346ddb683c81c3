"""What cells are called: the factors that set them apart from the others of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from embodied.records import Episode

OF_MODEL: Final = "model."
"""How the names of a model's own factors begin."""
OVERSIGHT: Final = "oversight"
"""The factor that names the parts that stand over the robot."""
OF_PARTS: Final = "oversight."
"""How the names of the parts' own settings begin."""
NO_OVERSIGHT: Final = "none"


def factors_of(episode: Episode) -> dict[str, str]:
    """Factors apart from scenario and model, which have columns of their own."""
    return {name: level for name, level in sorted(episode.factors.items()) if name not in {"scenario", "model"}}


def setting_of(episode: Episode) -> dict[str, str]:
    """All factors, scenario and model first."""
    return {"scenario": episode.scenario, "model": episode.model} | factors_of(episode)


def varying(settings: Sequence[Mapping[str, str]]) -> set[str]:
    """Names whose level is not the same everywhere; a setting of a part varies among those who have the part."""
    names = {name for setting in settings for name in setting}
    return {name for name in names if len(_levels(settings, name)) > 1}


def shared(setting: Mapping[str, str], names: Iterable[str]) -> str:
    """What all cells have in common, in words; without the settings of parts, and without that there are none."""
    silent = {OVERSIGHT} if setting.get(OVERSIGHT) == NO_OVERSIGHT else set()
    return describe(setting, {name for name in names if not name.startswith(OF_PARTS)} - silent)


def describe(setting: Mapping[str, str], names: Iterable[str]) -> str:
    """The levels of some factors, in words."""
    chosen = set(names)
    return ", ".join(
        level if name in {"scenario", "model"} else f"{name.removeprefix(OF_MODEL).removeprefix(OF_PARTS)} {level}"
        for name, level in setting.items()
        if name in chosen
    )


def is_of_model(name: str) -> bool:
    """Whether a factor is a model's own."""
    return name.startswith(OF_MODEL)


def is_of_oversight(name: str) -> bool:
    """Whether a factor says what stands over the robot, or how it is set."""
    return name == OVERSIGHT or name.startswith(OF_PARTS)


def _levels(settings: Sequence[Mapping[str, str]], name: str) -> set[str | None]:
    if name.startswith(OF_PARTS):
        return {setting[name] for setting in settings if name in setting}
    return {setting.get(name) for setting in settings}
