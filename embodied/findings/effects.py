"""One level of a factor against the first one of it, everything else being equal; and one model against another.

Levels are compared on the seeds they share and as independent samples; models as independent samples alone, every two
of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb

from embodied.findings.pairs import CellPair, paired_differences
from embodied.findings.records import MEASURES, Cell, FactorEffect
from embodied.findings.wordings import CellWordings
from embodied.policy.sections import LEFT_OUT
from embodied.report.pairing import MODEL, LevelPair, level_pairs, model_pairs
from embodied.statistics.rates import PairedDifference, boschloo_p, independent_difference

Paired = dict[str, dict[CellPair, PairedDifference]]


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
    models = [effect for pair in model_pairs(cells) for measure in MEASURES for effect in _effect(pair, measure, None)]
    return (*found, *models)


def _of_levels(pair: LevelPair[Cell], paired: Paired, words: CellWordings) -> Iterator[FactorEffect]:
    phrase = ""
    if pair.level == LEFT_OUT:
        phrase = next(iter(words.of(pair.reference.cell, pair.factor)), "")
    both = CellPair(pair.cell.cell, pair.reference.cell)
    for measure in MEASURES:
        yield from _effect(pair, measure, paired[measure].get(both), phrase)


def _effect(
    pair: LevelPair[Cell], measure: str, paired: PairedDifference | None, phrase: str = ""
) -> Iterator[FactorEffect]:
    """The effect, where both cells have an episode with the measure."""
    first, second = pair.cell.rate_of(measure), pair.reference.rate_of(measure)
    if not first.n or not second.n:
        return
    yield FactorEffect(
        factor=pair.factor,
        level=pair.level,
        reference=pair.reference_level,
        scenario=pair.cell.scenario,
        model="" if pair.factor == MODEL else pair.cell.model,
        common=pair.common,
        cell=pair.cell.cell,
        reference_cell=pair.reference.cell,
        measure=measure,
        paired=paired,
        independent=independent_difference(first, second),
        boschloo_p=boschloo_p(first, second),
        phrase=phrase,
    )
