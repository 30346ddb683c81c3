"""What oversight changed and what it cost: each cell with parts over the robot against the same without.

The definitions are those of `embodied.report.oversight`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import duckdb

from embodied.findings.pairs import PAIRS, TASK, WAY, CellPair, as_parameters, paired_differences
from embodied.findings.query import rows
from embodied.findings.records import ACT, Cell, OversightPrice
from embodied.report.oversight import NO_PAIR, NOT_RUN, is_overseen, setting_words, without_oversight
from embodied.report.pairing import apart_from_oversight
from embodied.statistics.pooling import Limits, mean_limits
from embodied.statistics.rates import PairedDifference

_IS_VALID: Final = "CASE WHEN is_valid THEN true END"
_DONE: Final = """(
    SELECT key, sum(asked) AS asked, sum(human_s) AS human_s, sum(delay_s) AS delay_s,
        sum(prevented) AS prevented, sum(stopped) AS stopped
    FROM parts GROUP BY key
)"""
_COSTS: Final = """
    coalesce(sum(asked), 0) / count(*) AS asked, coalesce(sum(human_s), 0) / count(*) AS human_s,
    coalesce(sum(delay_s), 0) / count(*) AS delay_s
"""
_OVER_PAIRS: Final = """
SELECT first, second, count(*) AS n, avg(longer_s) AS longer_s, stddev_samp(longer_s) AS deviation_s,
    max(longer_s) > min(longer_s) AS is_spread, {costs}
FROM paired LEFT JOIN {done} USING (key) GROUP BY first, second
"""
_OVER_CELL: Final = """
SELECT cell, {costs}, coalesce(sum(prevented), 0) AS prevented, coalesce(sum(stopped), 0) AS stopped
FROM episodes LEFT JOIN {done} USING (key) WHERE is_valid GROUP BY cell
"""
_NOTHING: Final = {"asked": 0.0, "human_s": 0.0, "delay_s": 0.0, "prevented": 0, "stopped": 0}

Differences = Mapping[str, Mapping[CellPair, PairedDifference]]
Row = Mapping[str, Any]


def prices(tables: duckdb.DuckDBPyConnection, cells: Sequence[Cell]) -> tuple[OversightPrice, ...]:
    """One for each cell with oversight.

    Args:
        tables: See `embodied.findings.table`.
        cells: All cells, in the order of the run.
    """
    without = without_oversight(cells)
    partners = {cell.cell: without[apart_from_oversight(cell)] for cell in cells if is_overseen(cell)}
    pairs = [CellPair(cell, found[0].cell) for cell, found in partners.items() if len(found) == 1]
    changes = {
        name: paired_differences(tables, pairs, sql) for name, sql in {ACT: ACT, "way": WAY, "task": TASK}.items()
    }
    given = as_parameters(pairs)
    sums = {"costs": _COSTS, "done": _DONE}
    over_pairs_query = PAIRS.format(value=_IS_VALID) + _OVER_PAIRS.format(**sums)
    over_pairs = {CellPair(row["first"], row["second"]): row for row in rows(tables, over_pairs_query, given)}
    over_cells = {row["cell"]: row for row in rows(tables, _OVER_CELL.format(**sums))} if partners else {}
    return tuple(
        _price(cell, cells, partners[cell.cell], changes, over_pairs, over_cells.get(cell.cell, _NOTHING))
        for cell in cells
        if cell.cell in partners
    )


def _price(
    cell: Cell, cells: Sequence[Cell], partners: Sequence[Cell], changes: Differences,
    over_pairs: Mapping[CellPair, Row], over_cell: Row,
) -> OversightPrice:  # fmt: skip
    pair = CellPair(cell.cell, partners[0].cell) if len(partners) == 1 else None
    found = over_pairs.get(pair) if pair else None
    note = "" if found else NO_PAIR
    if pair is None:
        note = f"{len(partners)} runs without match" if partners else NOT_RUN
    limits = _limits(found) if found else None
    costs = found or over_cell
    return OversightPrice(
        cell=cell.cell,
        without=pair.second if pair else "",
        setting=setting_words(cell, cells),
        act=changes[ACT].get(pair) if pair else None,
        way=changes["way"].get(pair) if pair else None,
        task=changes["task"].get(pair) if pair else None,
        act_p_holm=None,
        world_s=found["longer_s"] if found else None,
        world_s_low=limits.low if limits else None,
        world_s_high=limits.high if limits else None,
        asked=float(costs["asked"]),
        human_s=float(costs["human_s"]),
        delay_s=float(costs["delay_s"]),
        prevented=int(over_cell["prevented"]),
        stopped=int(over_cell["stopped"]),
        note=note,
    )


def _limits(found: Row) -> Limits | None:
    """Student's interval of the world time; None where all pairs differ alike."""
    return mean_limits(found["n"], found["longer_s"], found["deviation_s"]) if found["is_spread"] else None
