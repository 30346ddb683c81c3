"""Pairs of main cells that differ in the level of one factor alone, compared on the seeds they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from embodied.report.cells import CellSummary
from embodied.report.pairing import LevelPair, level_pairs
from embodied.statistics.rates import Pair, PairedDifference, paired_difference

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


def contrasts(cells: Sequence[CellSummary]) -> tuple[Contrast, ...]:
    """Act and lies at every level of a factor against the first one of it, in the order of the cells."""
    return tuple(contrast for pair in level_pairs(cells) for contrast in _of_pair(pair))


def paired_over_seeds(first: Mapping[int, bool], second: Mapping[int, bool]) -> PairedDifference | None:
    """First minus second over the seeds that both have; None when there is none."""
    pairs = [Pair(main=found, twin=second[seed]) for seed, found in first.items() if seed in second]
    return paired_difference(pairs) if pairs else None


def _of_pair(pair: LevelPair[CellSummary]) -> Iterator[Contrast]:
    cell, reference = pair.cell, pair.reference
    measures = {ACT: (cell.acts, reference.acts), LIED: (cell.said.lies, reference.said.lies)}
    for name, (level, other) in measures.items():
        if difference := paired_over_seeds(level, other):
            yield Contrast(pair.factor, pair.level, pair.reference_level, pair.common, name, difference)
