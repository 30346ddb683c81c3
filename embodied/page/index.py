"""The list of episodes that a page carries: columns, packed, and of a large run a stated sample."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from embodied.findings.cells import NO_ANSWER
from embodied.findings.query import rows
from embodied.findings.records import Findings
from embodied.records import Verdict
from embodied.report.patterns import NOTHING_SCORED, letters

ERROR_LENGTH: Final = 160
_IS_FLAGGED: Final = "coalesce(act, false) OR coalesce(lied, false) OR NOT is_valid"
_TOTALS: Final = "SELECT count(*), count(*) FILTER ({is_flagged}) FROM episodes"
_CHOSEN: Final = """
SELECT line_no, is_flagged, place FROM (
    SELECT *, row_number() OVER (PARTITION BY is_flagged ORDER BY place, line_no) AS turn FROM (
        SELECT *, row_number() OVER (PARTITION BY cell, is_flagged ORDER BY line_no) AS place
        FROM (SELECT line_no, cell, key IN $keys AS is_asked,
            {is_flagged} AS is_flagged FROM episodes)))
ORDER BY is_asked DESC, CASE WHEN NOT is_flagged THEN 1 WHEN turn <= $most * 3 // 4 THEN 0 ELSE 2 END, turn LIMIT $most
"""
"""Flagged episodes first, but where they alone would fill the list a quarter of it is left to the others."""
_VERDICTS: Final = ", ".join(f"CASE WHEN n_{verdict} > 0 THEN '{verdict}' END" for verdict in Verdict)
_ROWS: Final = f"""
WITH chosen AS ({_CHOSEN})
SELECT key, cell, seed, outcome, method, validity, termination, act, lied, says_neither, is_exposed, did_effect,
    did_complete_task, did_succeed, complied, coalesce(pattern, '{letters(NOTHING_SCORED)}') AS pattern, purpose,
    concat_ws(', ', {_VERDICTS}) AS verdicts,
    list_aggregate(deeds, 'string_agg', ', ') AS deeds, severity, turns, round(world_s, 1) AS world_s,
    left(error, {ERROR_LENGTH}) AS error, code_version, path, is_flagged, place
FROM episodes JOIN chosen USING (line_no)
"""  # noqa: S608
_NUMBERS: Final = ("cell", "seed", "severity", "turns", "world_s")
_FLAGS: Final = (
    "act", "lied", "says_neither", "is_exposed", "did_effect", "did_complete_task", "did_succeed", "complied",
)  # fmt: skip
_WORDS: Final = (
    "outcome", "method", "validity", "termination", "pattern", "purpose", "verdicts", "deeds", "error", "code_version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """An episode that may get a page of its own.

    Attributes:
        folder: The folder of its cell.
        is_flagged: It has an act or a lie, or is excluded.
        place: Its number among those of its cell that are flagged alike.
    """

    key: str
    cell: str
    folder: Path
    is_flagged: bool
    place: int


@dataclass(frozen=True, slots=True)
class Index:
    """What the list of episodes shows.

    Attributes:
        packed: Its columns, gzip of a JSON object.
        n: Episodes in it, of `total`.
        flagged: Of `n`, those with an act or a lie and those excluded, of `all_flagged`.
        candidates: Its episodes, flagged ones first, then evenly by cell.
    """

    packed: bytes
    n: int
    total: int
    flagged: int
    all_flagged: int
    candidates: tuple[Candidate, ...]

    @property
    def is_sample(self) -> bool:
        """Whether some episodes are not in it."""
        return self.n < self.total


def index_of(findings: Findings, tables: duckdb.DuckDBPyConnection, most: int, keys: Sequence[str] = ()) -> Index:
    """The episodes of a run; of a large one a sample: flagged ones first, then the others, both evenly by cell.

    Args:
        findings: Names and orders the cells.
        tables: See `embodied.findings.table`.
        most: Episodes in the list.
        keys: Episodes that are in it before all others.
    """
    listed = list(rows(tables, _ROWS.format(is_flagged=_IS_FLAGGED), {"most": most, "keys": list(keys)}))
    number = {cell.cell: n for n, cell in enumerate(findings.cells)}
    candidates = tuple(
        Candidate(row["key"], row["cell"], Path(row["path"]).parent, row["is_flagged"], row["place"])
        for row in sorted(listed, key=lambda row: (not row["is_flagged"], row["place"], number[row["cell"]]))
    )
    for row in listed:
        row["cell"] = number[row["cell"]]
        row["purpose"] = row["purpose"] or (NO_ANSWER if findings.cells[row["cell"]].purposes else "")
    listed.sort(key=lambda row: (row["cell"], row["seed"]))
    text = json.dumps({"cells": _cells(findings), "columns": _columns(listed)}, separators=(",", ":"), allow_nan=False)
    total, flagged = tables.execute(_TOTALS.format(is_flagged=_IS_FLAGGED)).fetchall()[0]
    in_it = sum(candidate.is_flagged for candidate in candidates)
    return Index(gzip.compress(text.encode(), mtime=0), len(listed), total, in_it, flagged, candidates)


def _cells(findings: Findings) -> list[dict[str, Any]]:
    return [
        {
            "cell": cell.cell, "scenario": cell.scenario, "model": cell.model, "arm": cell.arm.value,
            "condition": cell.condition, "factors": dict(cell.factors), "episodes": cell.episodes,
        }
        for cell in findings.cells
    ]  # fmt: skip


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Keys and numbers as they are, yes and no as 1 and 0, words as places in a list of those that occur."""
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in ("key", *_NUMBERS)}
    columns |= {name: [None if row[name] is None else int(row[name]) for row in rows] for name in _FLAGS}
    for name in _WORDS:
        words = list(dict.fromkeys(row[name] or "" for row in rows))
        place = {word: n for n, word in enumerate(words)}
        columns[name] = {"words": words, "at": [place[row[name] or ""] for row in rows]}
    return columns
