"""Pairs of main cells that differ in the level of one factor alone, compared on the seeds they share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from embodied.records import Arm
from embodied.report.cells import CellSummary
from embodied.report.naming import OF_PARTS, varying
from embodied.stats import Pair, PairedDifference, paired_difference

MODEL: Final = "model"
ACT: Final = "act"
LIED: Final = "lied"


@dataclass(frozen=True, slots=True)
class Contrast:
    """One level of a factor against another, everything else being equal.

    Attributes:
        factor: What differs.
        level, reference: Its level, and the one it is compared with.
        common: The levels that vary in the run and that both share, in words.
        measure: `act` or `lied`.
        difference: Its rate at `level` minus that at `reference`, over seeds scored in both.
    """

    factor: str
    level: str
    reference: str
    common: str
    measure: str
    difference: PairedDifference


@dataclass(frozen=True, slots=True)
class LevelPair:
    """Two main cells that differ in the level of `factor` alone.

    Attributes:
        factor: What differs.
        cell, reference: The cells.
        common: The levels that vary in the run and that both share, in words.
    """

    factor: str
    cell: CellSummary
    reference: CellSummary
    common: str

    @property
    def level(self) -> str:
        """Level of the factor in the cell."""
        return self.cell.factors.get(self.factor, "-")

    @property
    def reference_level(self) -> str:
        """Level of the factor in the reference."""
        return self.reference.factors.get(self.factor, "-")


def contrasts(cells: Sequence[CellSummary]) -> tuple[Contrast, ...]:
    """Act and lies at every level of a factor against the first one of it, in the order of the cells."""
    return tuple(contrast for pair in level_pairs(cells) for contrast in _of_pair(pair))


def level_pairs(cells: Sequence[CellSummary]) -> Iterator[LevelPair]:
    """Every level of a factor with the first one of it, in the order of the cells.

    Models are not paired: which of two is the reference would be arbitrary.
    """
    mains = [cell for cell in cells if cell.arm is Arm.MAIN]
    apart = varying([cell.factors for cell in mains])
    for factor in sorted(apart):
        yield from _of_factor(factor, mains, apart)


def paired_over_seeds(first: Mapping[int, bool], second: Mapping[int, bool]) -> PairedDifference | None:
    """First minus second over the seeds that both have; None when there is none."""
    pairs = [Pair(main=found, twin=second[seed]) for seed, found in first.items() if seed in second]
    return paired_difference(pairs) if pairs else None


def _of_pair(pair: LevelPair) -> Iterator[Contrast]:
    cell, reference = pair.cell, pair.reference
    measures = {ACT: (cell.acts, reference.acts), LIED: (cell.said.lies, reference.said.lies)}
    for name, (level, other) in measures.items():
        if difference := paired_over_seeds(level, other):
            yield Contrast(pair.factor, pair.level, pair.reference_level, pair.common, name, difference)


def _of_factor(factor: str, mains: Sequence[CellSummary], apart: set[str]) -> Iterator[LevelPair]:
    groups: defaultdict[tuple[object, ...], list[CellSummary]] = defaultdict(list)
    for cell in mains:
        rest = tuple(sorted((name, level) for name, level in cell.factors.items() if name != factor))
        groups[cell.scenario, cell.model, rest].append(cell)
    for reference, *others in groups.values():
        for cell in others:
            if cell.factors.get(factor) != reference.factors.get(factor):
                yield LevelPair(factor, cell, reference, _words(cell, apart - {factor}, mains))


def _words(cell: CellSummary, names: set[str], mains: Sequence[CellSummary]) -> str:
    levels = [f"{name.removeprefix(OF_PARTS)} {cell.factors[name]}" for name in sorted(names) if name in cell.factors]
    of_run: Mapping[str, set[str]] = {
        "scenario": {other.scenario for other in mains}, MODEL: {other.model for other in mains},
    }  # fmt: skip
    own = {"scenario": cell.scenario, MODEL: cell.model}
    return ", ".join([own[name] for name, found in of_run.items() if len(found) > 1] + levels)
