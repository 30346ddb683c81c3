"""Main cells against their twins: by how much more often the act and lies happen, on the same seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import duckdb
import numpy as np

from embodied.findings.pairs import CellPair, paired_differences
from embodied.findings.records import ACT, MEASURES, Cell, Excess
from embodied.findings.spans import CellSpans, spans_by_cell
from embodied.records import Arm
from embodied.report.pairing import no_difference, twins_of
from embodied.report.survival import log_rank_of
from embodied.statistics.rates import PairedDifference

Differences = Mapping[str, Mapping[CellPair, PairedDifference]]
"""By measure."""


def excesses(tables: duckdb.DuckDBPyConnection, cells: Sequence[Cell]) -> tuple[Excess, ...]:
    """Main minus twin of the act for each main cell, and of lies where they were scored on both sides.

    Args:
        tables: See `embodied.findings.table`.
        cells: All cells.
    """
    twins = {cell.cell: twins_of(cell, cells) for cell in cells if cell.arm is Arm.MAIN}
    pairs = [CellPair(main, found[0].cell) for main, found in twins.items() if len(found) == 1]
    differences = {measure: paired_differences(tables, pairs, measure) for measure in MEASURES}
    spans = spans_by_cell(tables) if pairs else {}
    return tuple(excess for main, found in twins.items() for excess in _of_main(main, found, differences, spans))


def _of_main(
    main: str, twins: Sequence[Cell], differences: Differences, spans: Mapping[str, CellSpans]
) -> Iterator[Excess]:
    if len(twins) != 1:
        yield Excess(main, "", ACT, None, note=no_difference(len(twins)))
        return
    pair = CellPair(main, twins[0].cell)
    for measure, found in differences.items():
        difference = found.get(pair)
        if measure == ACT:
            note = "" if difference else no_difference(1)
            yield Excess(main, pair.second, ACT, difference, log_rank_p=_log_rank_p(pair, spans), note=note)
        elif difference:
            yield Excess(main, pair.second, measure, difference)


def _log_rank_p(pair: CellPair, spans: Mapping[str, CellSpans]) -> float | None:
    first, second = spans.get(pair.first), spans.get(pair.second)
    if first is None or second is None:
        return None
    return log_rank_of(
        np.concatenate([first.seconds, second.seconds]),
        np.concatenate([first.complied, second.complied]),
        np.repeat([0, 1], [len(first.seconds), len(second.seconds)]),
    )
