"""Which cells stand on either side of a pooled effect.

Mostly they are pairs that differ in one factor alone. In a fractional ablation no two cells do, but each level of a
factor meets each level of every other factor equally often, so the cells of a level as a whole are compared with those
of the reference as a whole.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from embodied.findings.pairs import CellPair
from embodied.findings.records import Cell
from embodied.policy.sections import LEFT_OUT
from embodied.records import Arm
from embodied.report.naming import level_rank, varying
from embodied.report.pairing import LevelPair, level_pairs

FEWEST: Final = 2
"""Conditions that are worth pooling; and levels of a factor that is left out or said."""


@dataclass(frozen=True, slots=True)
class Pooling:
    """One level of a factor against another, over several conditions of one scenario and model.

    Attributes:
        factor, level, reference: What differs, its level, and the one it is compared with.
        cells: Main cells at the level.
        others: As many at the reference.
        is_paired: Whether the cells at one place differ in the factor alone; else only both sides as a whole do, and a
            seed counts where it is scored in every cell.
    """

    factor: str
    level: str
    reference: str
    cells: tuple[Cell, ...]
    others: tuple[Cell, ...]
    is_paired: bool

    @property
    def pairs(self) -> list[CellPair]:
        """Cells at one place."""
        return [CellPair(cell.cell, other.cell) for cell, other in zip(self.cells, self.others, strict=True)]

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """Hashes of the cells in all of which a seed must be scored to count."""
        if self.is_paired:
            return tuple((pair.first, pair.second) for pair in self.pairs)
        return (tuple(cell.cell for cell in (*self.cells, *self.others)),)


def poolings(cells: Sequence[Cell]) -> tuple[Pooling, ...]:
    """All that may be pooled: what differs in pairs first, then the factors of fractional ablations.

    Args:
        cells: All cells, in the order of the run.
    """
    found: defaultdict[tuple[str, ...], list[LevelPair[Cell]]] = defaultdict(list)
    for pair in level_pairs(cells):
        key = (pair.factor, pair.level, pair.reference_level, pair.cell.scenario, pair.cell.model)
        found[key].append(pair)
    paired = [_of_pairs(pairs) for pairs in found.values() if len(pairs) >= FEWEST]
    met = {(factor, scenario, model) for factor, _, _, scenario, model in found}
    return (*paired, *(one for one in _fractional(cells) if (one.factor, *_place(one.cells[0])) not in met))


def _of_pairs(pairs: Sequence[LevelPair[Cell]]) -> Pooling:
    one = pairs[0]
    cells, others = tuple(pair.cell for pair in pairs), tuple(pair.reference for pair in pairs)
    return Pooling(one.factor, one.level, one.reference_level, cells, others, is_paired=True)


def _fractional(cells: Sequence[Cell]) -> Iterator[Pooling]:
    """The factors of an ablation of which each level meets each of every other one equally often."""
    runs: defaultdict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.arm is Arm.MAIN:
            runs[_place(cell)].append(cell)
    for run in runs.values():
        apart = sorted(varying([cell.factors for cell in run]))
        for factor in apart:
            levels = sorted({cell.factors.get(factor, "-") for cell in run}, key=level_rank)
            if LEFT_OUT in levels and len(levels) == FEWEST and _is_balanced(run, factor, apart):
                sides = [tuple(cell for cell in run if cell.factors.get(factor, "-") == level) for level in levels]
                yield Pooling(factor, levels[1], levels[0], sides[1], sides[0], is_paired=False)


def _is_balanced(run: Sequence[Cell], factor: str, apart: Sequence[str]) -> bool:
    def counts(other: str) -> Mapping[tuple[str | None, str | None], int]:
        return Counter((cell.factors.get(factor), cell.factors.get(other)) for cell in run)

    own = len({cell.factors.get(factor) for cell in run})
    return all(
        len(set(counts(other).values())) == 1
        and len(counts(other)) == own * len({cell.factors.get(other) for cell in run})
        for other in apart if other != factor
    )  # fmt: skip


def _place(cell: Cell) -> tuple[str, str]:
    return cell.scenario, cell.model
