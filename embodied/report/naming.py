"""What cells are called: the factors that set them apart from the others of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from embodied.policy.sections import LEFT_OUT
from embodied.records import Arm, Episode

OF_MODEL: Final = "model."
"""How the names of a model's own factors begin."""
OVERSIGHT: Final = "oversight"
"""The factor that names the parts that stand over the robot."""
OF_PARTS: Final = "oversight."
"""How the names of the parts' own settings begin."""
NO_OVERSIGHT: Final = "none"


@dataclass(frozen=True, slots=True)
class Names:
    """What the conditions of a run are called by.

    Attributes:
        told: By model, the factors that set a condition apart.
        common: What all cells share, in words.
        models: What all cells of a model share and other models have otherwise, by model; empty when there is one.
    """

    told: Mapping[str, set[str]]
    common: str
    models: Mapping[str, str]


def names_of(settings: Sequence[Mapping[str, str]]) -> Names:
    """What sets conditions apart, and what they share.

    Args:
        settings: All factors of each cell or episode, scenario and model first.
    """
    apart = varying(settings)
    by_model = {
        model: [s for s in settings if s["model"] == model] for model in dict.fromkeys(s["model"] for s in settings)
    }
    told = {model: {n for n in apart if not is_of_model(n)} | varying(own) for model, own in by_model.items()}
    return Names(
        told=told,
        common=shared(settings[0], settings[0].keys() - apart) if settings else "",
        models={m: text for m, own in by_model.items() if (text := describe(own[0], apart - told[m]))},
    )


def with_hash(condition: str, cell: str) -> str:
    """The name of a condition that another cell has too."""
    return f"{condition or 'all'}, cell {cell[:8]}"


def own_factors(factors: Mapping[str, str]) -> dict[str, str]:
    """Factors by name, apart from scenario and model, which have columns of their own."""
    return {name: level for name, level in sorted(factors.items()) if name not in {"scenario", "model"}}


def factors_of(episode: Episode) -> dict[str, str]:
    """An episode's `own_factors`."""
    return own_factors(episode.factors)


def setting_of(episode: Episode) -> dict[str, str]:
    """All factors, scenario and model first."""
    return {"scenario": episode.scenario, "model": episode.model} | factors_of(episode)


def level_rank(level: str) -> tuple[int, str]:
    """Where a level stands among those of its factor: `none` first, what is left out last, else by the alphabet."""
    return 0 if level == NO_OVERSIGHT else 2 if level == LEFT_OUT else 1, level


def cell_rank(setting: Mapping[str, str], arm: Arm, cell: str) -> tuple[object, ...]:
    """Where a cell stands in a run, so that the arms of one condition are together.

    Args:
        setting: All its factors, scenario and model first.
        arm: Its arm.
        cell: Its hash.
    """
    levels = tuple((name, *level_rank(level)) for name, level in own_factors(setting).items())
    return setting["scenario"], setting["model"], levels, list(Arm).index(arm), cell


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
