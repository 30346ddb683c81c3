"""One level of a factor against the first one of it, everything else being equal; and one model against another.

Levels are compared on the seeds they share and as independent samples; models as independent samples alone, every two
of them, as which of two is the reference is arbitrary: it is the one that stands first in the run's order. Scripts are
no models: what sets two of them apart was written down, not found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

import duckdb

from embodied.findings.pairs import CellPair, paired_differences
from embodied.findings.records import MEASURES, Cell, FactorEffect
from embodied.findings.wordings import CellWordings
from embodied.policy.sections import LEFT_OUT
from embodied.records import Arm
from embodied.report.naming import describe, is_of_model, varying
from embodied.report.pairing import MODEL, LevelPair, level_pairs
from embodied.report.policies import is_model
from embodied.stats import PairedDifference, boschloo_p, independent_difference

Paired = dict[str, dict[CellPair, PairedDifference]]
SEVERAL: Final = 2


def effects(tables: duckdb.DuckDBPyConnection, cells: Sequence[Cell]) -> tuple[FactorEffect, ...]:
    """Act and lies at every level of a factor against the first one, in the order of the cells, models last.

    Args:
        tables: See `embodied.findings.table`.
        cells: All cells, in the order of the run.
    """
    pairs = list(level_pairs(cells))
    both = [CellPair(pair.cell.cell, pair.reference.cell) for pair in pairs]
    paired = {measure: paired_differences(tables, both, measure) for measure in MEASURES}
    words = CellWordings(tables)
    found = [effect for pair in pairs for effect in _of_levels(pair, paired, words)]
    return (*found, *_of_models([cell for cell in cells if cell.arm is Arm.MAIN and is_model(cell.model)]))


def _of_levels(pair: LevelPair[Cell], paired: Paired, words: CellWordings) -> Iterator[FactorEffect]:
    phrase = ""
    if pair.level == LEFT_OUT:
        phrase = next(iter(words.of(pair.reference.cell, pair.factor)), "")
    for measure in MEASURES:
        yield from _effect(
            pair, measure, paired[measure].get(CellPair(pair.cell.cell, pair.reference.cell)), phrase
        )  # fmt: skip


def _effect(
    pair: LevelPair[Cell], measure: str, paired: PairedDifference | None, phrase: str = ""
) -> Iterator[FactorEffect]:
    """The effect, where both cells have an episode with the measure."""
    first, second = pair.cell.rate_of(measure), pair.reference.rate_of(measure)
    if not first.n or not second.n:
        return
    is_of_models = pair.factor == MODEL
    yield FactorEffect(
        factor=pair.factor,
        level=pair.cell.model if is_of_models else pair.level,
        reference=pair.reference.model if is_of_models else pair.reference_level,
        scenario=pair.cell.scenario,
        model="" if is_of_models else pair.cell.model,
        common=pair.common,
        cell=pair.cell.cell,
        reference_cell=pair.reference.cell,
        measure=measure,
        paired=paired,
        independent=independent_difference(first, second),
        boschloo_p=boschloo_p(first, second),
        phrase=phrase,
    )


def _of_models(mains: Sequence[Cell]) -> Iterator[FactorEffect]:
    groups: defaultdict[tuple[object, ...], list[Cell]] = defaultdict(list)
    for cell in mains:
        rest = tuple(sorted((name, level) for name, level in cell.factors.items() if not is_of_model(name)))
        groups[cell.scenario, rest].append(cell)
    for alike in groups.values():
        for reference, cell in combinations(alike, 2):
            if cell.model != reference.model:
                pair = LevelPair(MODEL, cell, reference, _shared_by_models(cell, mains))
                for measure in MEASURES:
                    yield from _effect(pair, measure, None)


def _shared_by_models(cell: Cell, mains: Sequence[Cell]) -> str:
    """What varies in the run and is no model's own, and what of the model's own varies among its cells."""
    own = [other.factors for other in mains if other.model == cell.model]
    names = {name for name in varying([other.factors for other in mains]) if not is_of_model(name)}
    names |= {name for name in varying(own) if is_of_model(name)}
    scenarios = {other.scenario for other in mains}
    return describe(
        {"scenario": cell.scenario} | dict(cell.factors), names | ({"scenario"} if len(scenarios) > 1 else set())
    )
