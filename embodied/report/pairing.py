"""Which cells of a run are compared: a main cell with its twin and ability arm, levels of a factor, with and without.

Nothing here knows what a cell holds, so summaries and findings pair alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Generic, Protocol, TypeVar

from embodied.records import Arm
from embodied.report.naming import OF_PARTS, describe, is_of_model, is_of_oversight, varying
from embodied.report.policies import is_model

MODEL: Final = "model"
INSTRUCTION: Final = "instruction"
NO_ABILITY: Final = "no ability arm"


class Placed(Protocol):
    """Where a cell stands in a run."""

    @property
    def scenario(self) -> str:
        """Name of the scenario."""

    @property
    def model(self) -> str:
        """Name of the model."""

    @property
    def arm(self) -> Arm:
        """Main, twin or ability."""

    @property
    def factors(self) -> Mapping[str, str]:
        """Level of every factor except the arm, scenario and model."""


C = TypeVar("C", bound=Placed)


@dataclass(frozen=True, slots=True)
class LevelPair(Generic[C]):
    """Two main cells that differ in the level of `factor` alone.

    Attributes:
        factor: What differs.
        cell, reference: The cells.
        common: The levels that vary in the run and that both share, in words.
    """

    factor: str
    cell: C
    reference: C
    common: str

    @property
    def level(self) -> str:
        """Level of the factor in the cell."""
        return _level(self.cell, self.factor)

    @property
    def reference_level(self) -> str:
        """Level of the factor in the reference."""
        return _level(self.reference, self.factor)


@dataclass(frozen=True, slots=True)
class Abilities(Generic[C]):
    """Ability cells that a main cell may be read with; `is_borrowed` when they differ from it in the instruction."""

    cells: tuple[C, ...]
    is_borrowed: bool

    @property
    def note(self) -> str:
        """Why there is none to read it with ("" when there is just one)."""
        if len(self.cells) == 1:
            return ""
        return f"{len(self.cells)} ability arms match" if self.cells else NO_ABILITY


def is_same(one: Placed, other: Placed, *, ignoring: str | None = None) -> bool:
    """Whether two cells have scenario, model and levels in common, apart from factors that begin with `ignoring`."""

    def compared(cell: Placed) -> dict[str, str]:
        return {k: v for k, v in cell.factors.items() if ignoring is None or not k.startswith(ignoring)}

    return (one.scenario, one.model, compared(one)) == (other.scenario, other.model, compared(other))


def twins_of(main: Placed, cells: Sequence[C]) -> list[C]:
    """The twins that are the same as a main cell; it is compared where there is just one."""
    return [cell for cell in cells if cell.arm is Arm.TWIN and is_same(cell, main)]


def abilities_of(main: Placed, cells: Sequence[C]) -> Abilities[C]:
    """The ability cells that are the same as a main cell, or else those with another instruction."""
    abilities = [cell for cell in cells if cell.arm is Arm.ABILITY]
    exact = tuple(cell for cell in abilities if is_same(cell, main))
    borrowed = tuple(cell for cell in abilities if is_same(cell, main, ignoring=INSTRUCTION))
    return Abilities(exact or borrowed, is_borrowed=not exact)


def no_difference(n_twins: int) -> str:
    """Why a main cell is not compared with its twin."""
    return {0: "no twin", 1: "no valid pair"}.get(n_twins, f"{n_twins} twins match")


def apart_from_oversight(cell: Placed) -> tuple[object, ...]:
    """What cells share that differ in nothing but what stands over the robot."""
    factors = tuple((name, level) for name, level in sorted(cell.factors.items()) if not is_of_oversight(name))
    return cell.scenario, cell.model, cell.arm, factors


def level_pairs(cells: Sequence[C]) -> Iterator[LevelPair[C]]:
    """Every level of a factor with the first one of it, in the order of the cells; models are no levels."""
    mains = [cell for cell in cells if cell.arm is Arm.MAIN]
    apart = varying([cell.factors for cell in mains])
    for factor in sorted(apart):
        yield from _of_factor(factor, mains, apart)


def model_pairs(cells: Sequence[C]) -> Iterator[LevelPair[C]]:
    """Every two models that differ in nothing but what is a model's own; `factor` is `MODEL`.

    Which of two is the reference is arbitrary: it is the one that stands first. Scripts are no models: what sets two of
    them apart was written down, not found.
    """
    mains = [cell for cell in cells if cell.arm is Arm.MAIN and is_model(cell.model)]
    groups: defaultdict[tuple[object, ...], list[C]] = defaultdict(list)
    for cell in mains:
        rest = tuple(sorted((name, level) for name, level in cell.factors.items() if not is_of_model(name)))
        groups[cell.scenario, rest].append(cell)
    for alike in groups.values():
        for reference, cell in combinations(alike, 2):
            if cell.model != reference.model:
                yield LevelPair(MODEL, cell, reference, _shared_by_models(cell, mains))


def common_words(cell: Placed, names: set[str], mains: Sequence[Placed]) -> str:
    """Scenario and model of a cell where they vary in the run, and its levels of some factors."""
    levels = [f"{name.removeprefix(OF_PARTS)} {cell.factors[name]}" for name in sorted(names) if name in cell.factors]
    of_run: Mapping[str, set[str]] = {
        "scenario": {other.scenario for other in mains}, MODEL: {other.model for other in mains},
    }  # fmt: skip
    own = {"scenario": cell.scenario, MODEL: cell.model}
    return ", ".join([own[name] for name, found in of_run.items() if len(found) > 1] + levels)


def _shared_by_models(cell: Placed, mains: Sequence[Placed]) -> str:
    """What varies in the run and is no model's own, and what of the model's own varies among its cells."""
    own = [other.factors for other in mains if other.model == cell.model]
    names = {name for name in varying([other.factors for other in mains]) if not is_of_model(name)}
    names |= {name for name in varying(own) if is_of_model(name)}
    scenarios = {other.scenario for other in mains}
    return describe(
        {"scenario": cell.scenario} | dict(cell.factors), names | ({"scenario"} if len(scenarios) > 1 else set())
    )


def _level(cell: Placed, factor: str) -> str:
    return cell.model if factor == MODEL else cell.factors.get(factor, "-")


def _of_factor(factor: str, mains: Sequence[C], apart: set[str]) -> Iterator[LevelPair[C]]:
    groups: defaultdict[tuple[object, ...], list[C]] = defaultdict(list)
    for cell in mains:
        rest = tuple(sorted((name, level) for name, level in cell.factors.items() if name != factor))
        groups[cell.scenario, cell.model, rest].append(cell)
    for reference, *others in groups.values():
        for cell in others:
            if cell.factors.get(factor) != reference.factors.get(factor):
                yield LevelPair(factor, cell, reference, common_words(cell, apart - {factor}, mains))
