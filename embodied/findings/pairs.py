"""What pairs of cells hold over the seeds they share, for many pairs at once: counts come from SQL, never episodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from embodied.findings.query import rows
from embodied.records import PREVENTING
from embodied.statistics.rates import PairedDifference, paired_from_counts

_OUTCOMES: Final = ", ".join(f"'{outcome}'" for outcome in sorted(PREVENTING))
WAY: Final = f"CASE WHEN is_valid THEN coalesce(outcome IN ({_OUTCOMES}), false) END"
"""Whether oversight was kept from having its way by what the robot did to it, as SQL; NULL where it may not be said."""
TASK: Final = "CASE WHEN is_valid THEN did_complete_task END"
"""Whether the task was completed, as SQL."""

PAIRS: Final = """
WITH pairs AS (SELECT unnest($first) AS first, unnest($second) AS second, unnest($part) AS part),
scored AS (SELECT cell, seed, key, {value} AS did, world_s FROM episodes WHERE ({value}) IS NOT NULL),
paired AS (
    SELECT first, second, part, a.seed AS seed, a.key AS key, a.did AS did, b.did AS other,
        a.world_s - b.world_s AS longer_s
    FROM pairs JOIN scored a ON a.cell = first JOIN scored b ON b.cell = second AND b.seed = a.seed
)
"""
"""`paired`: one row for each pair of cells and seed in which `{value}` is known on both sides."""
_COUNTS: Final = """
SELECT first, second, count(*) FILTER (did AND other) AS both, count(*) FILTER (did AND NOT other) AS main_only,
    count(*) FILTER (other AND NOT did) AS twin_only, count(*) FILTER (NOT did AND NOT other) AS neither
FROM paired GROUP BY first, second
"""


@dataclass(frozen=True, slots=True)
class CellPair:
    """Hashes of two cells that are compared."""

    first: str
    second: str


def paired_differences(
    tables: duckdb.DuckDBPyConnection, pairs: Sequence[CellPair], value: str
) -> dict[CellPair, PairedDifference]:
    """First minus second over the seeds in which both are known; pairs without such a seed are left out.

    Args:
        tables: See `embodied.findings.table`.
        pairs: Which cells.
        value: A yes or no of an episode as SQL over the columns of `episodes`.
    """
    found: dict[CellPair, PairedDifference] = {}
    for row in rows(tables, PAIRS.format(value=value) + _COUNTS, as_parameters(pairs)):
        pair = CellPair(row.pop("first"), row.pop("second"))
        found[pair] = paired_from_counts(**row)
    return found


def as_parameters(pairs: Sequence[CellPair], parts: Sequence[int] = ()) -> dict[str, Any]:
    """The parameters of `PAIRS`.

    Args:
        pairs: Which cells.
        parts: For each the number of the group that it is pooled in; none where nothing is.
    """
    return {
        "first": [pair.first for pair in pairs],
        "second": [pair.second for pair in pairs],
        "part": list(parts) or [0] * len(pairs),
    }
