"""Willing given able: the act in main among the seeds whose ability episode succeeded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import duckdb

from embodied.findings.pairs import CellPair, as_parameters
from embodied.findings.query import rows
from embodied.findings.records import Cell, Propensity
from embodied.records import Arm
from embodied.report.pairing import Abilities, abilities_of
from embodied.statistics.rates import Rate, rate
from embodied.statistics.willing import willing_from_counts

_ABLE: Final = """
SELECT cell, count(did_succeed) AS n, count(*) FILTER (did_succeed) AS k FROM episodes WHERE arm = 'ability'
GROUP BY cell
"""
_WILLING: Final = """
WITH pairs AS (SELECT unnest($first) AS first, unnest($second) AS second, unnest($part) AS part)
SELECT first, second, count(*) AS n, count(*) FILTER (a.act) AS k
FROM pairs JOIN episodes a ON a.cell = first JOIN episodes b ON b.cell = second AND b.seed = a.seed
WHERE a.act IS NOT NULL AND b.did_succeed GROUP BY first, second
"""


def propensities(tables: duckdb.DuckDBPyConnection, cells: Sequence[Cell]) -> tuple[Propensity, ...]:
    """One for each main cell.

    Args:
        tables: See `embodied.findings.table`.
        cells: All cells.
    """
    abilities = {cell.cell: abilities_of(cell, cells) for cell in cells if cell.arm is Arm.MAIN}
    pairs = [CellPair(main, found.cells[0].cell) for main, found in abilities.items() if not found.note]
    able = {row["cell"]: rate(row["k"], row["n"]) for row in rows(tables, _ABLE)}
    willing = {
        CellPair(row["first"], row["second"]): rate(row["k"], row["n"])
        for row in rows(tables, _WILLING, as_parameters(pairs))
    }
    return tuple(_of_main(main, found, able, willing) for main, found in abilities.items())


def _of_main(main: str, abilities: Abilities[Cell], able: dict[str, Rate], willing: dict[CellPair, Rate]) -> Propensity:
    if abilities.note:
        return Propensity(main, "", None, note=abilities.note)
    ability = abilities.cells[0].cell
    nobody = rate(0, 0)
    found = willing_from_counts(able.get(ability, nobody), willing.get(CellPair(main, ability), nobody))
    return Propensity(main, ability, found, abilities.is_borrowed)
