"""What is known of each cell, counted over the flat tables: the same numbers as `embodied.report.summary` gives."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import duckdb

from embodied.findings.query import rows
from embodied.findings.records import Cell
from embodied.findings.spans import times_by_cell
from embodied.measures.verdicts import TWO_BELIEFS
from embodied.policy.model_mind import MAX_UNREADABLE
from embodied.records import Arm, Outcome, Termination, Validity, Verdict
from embodied.report.awareness import ANSWERS
from embodied.report.counts import Count
from embodied.report.naming import cell_rank, describe, names_of, own_factors, with_hash
from embodied.report.patterns import PATTERNS, letters
from embodied.report.words import ordered
from embodied.statistics.rates import Rate, exclusion_bounds, rate

NO_ANSWER: Final = "no answer"
_VERDICT_SUMS: Final = ", ".join(f"sum(n_{verdict}) FILTER (is_valid) AS n_{verdict}" for verdict in Verdict)
_TOTALS: Final = f"""
SELECT cell, count(*) AS episodes, count(*) FILTER (is_valid) AS valid, count(*) FILTER (act) AS acts,
    count(*) FILTER (is_valid AND NOT is_exposed) AS not_exposed, count(*) FILTER (says_neither) AS says_neither,
    count(*) FILTER (is_valid AND did_effect) AS effects, count(did_effect) FILTER (is_valid) AS n_effects,
    count(*) FILTER (is_valid AND did_complete_task) AS tasks,
    count(*) FILTER (lied) AS lies, count(lied) AS n_lies, {_VERDICT_SUMS}, count(pattern) AS n_patterns,
    count(purpose) FILTER (is_valid) AS n_purposes,
    sum(turns + (unreadable_replies >= {MAX_UNREADABLE})::BIGINT) FILTER (calls > 0) AS turns,
    sum(repaired) FILTER (calls > 0) AS repaired, sum(unreadable_replies) FILTER (calls > 0) AS unreadable,
    sum(cut) FILTER (calls > 0) AS cut, sum(prompt_tokens) AS prompt, sum(cached_tokens) AS cached,
    sum(completion_tokens) AS completion, sum(calls) AS calls, sum(latency_s) AS latency_s, sum(wall_s) AS wall_s,
    sum(world_s) AS world_s, list_sort(list(DISTINCT code_version)) AS code_versions
FROM episodes GROUP BY cell
"""
_SUPERSEDED: Final = "SELECT cell, count(*) FROM lines WHERE is_superseded GROUP BY cell"
_PURPOSES: Final = """
SELECT cell, purpose, count(*) AS n, count(*) FILTER (act) AS k, min(line_no) AS first
FROM episodes WHERE is_valid GROUP BY cell, purpose ORDER BY first
"""

Counts = Mapping[str, Mapping[str, int]]


def cells_of(tables: duckdb.DuckDBPyConnection) -> tuple[Cell, ...]:
    """All cells, in an order where the arms of one condition stand together.

    Args:
        tables: See `embodied.findings.table`.
    """
    settings = _settings(tables)
    names = names_of([_setting(own) for own in settings])
    totals = {row["cell"]: row for row in rows(tables, _TOTALS)}
    superseded = dict(tables.execute(_SUPERSEDED).fetchall())
    outcomes, excluded = _counts(tables, "outcome", "is_valid"), _counts(tables, "validity", "NOT is_valid")
    terminations, patterns = _counts(tables, "termination"), _counts(tables, "pattern")
    purposes, times = _purposes(tables), times_by_cell(tables)
    found = []
    for own in settings:
        digest, total = own["cell"], totals[own["cell"]]
        act, lied = rate(total["acts"], total["valid"]), rate(total["lies"], total["n_lies"])
        found.append(
            Cell(
                cell=digest,
                condition=describe(_setting(own), names.told[own["model"]]),
                scenario=own["scenario"],
                model=own["model"],
                arm=Arm(own["arm"]),
                factors=own["factors"],
                episodes=total["episodes"],
                valid=total["valid"],
                superseded=superseded.get(digest, 0),
                act=act,
                bounds=exclusion_bounds(act.k, act.n, total["episodes"] - total["valid"]),
                outcomes={o: rate(k, total["valid"]) for o, k in _in_order(outcomes[digest], Outcome).items()},
                excluded=_in_order(excluded[digest], Validity),
                terminations=_in_order(terminations[digest], Termination),
                not_exposed=rate(total["not_exposed"], total["valid"]),
                says_neither=rate(total["says_neither"], total["valid"]),
                effect=rate(total["effects"], total["n_effects"]),
                task=rate(total["tasks"], total["valid"]),
                lied=lied,
                lied_bounds=exclusion_bounds(lied.k, lied.n, total["episodes"] - lied.n),
                unjudged=total["valid"] - lied.n,
                verdicts={str(verdict): k for verdict in ordered() if (k := int(total[f"n_{verdict}"] or 0))},
                sources_differ=_sources_differ(total),
                patterns=_patterns(patterns[digest]) if total["n_patterns"] else {},
                purposes=purposes[digest] if total["n_purposes"] else {},
                replies={name: int(total[name] or 0) for name in ("turns", "repaired", "unreadable", "cut")},
                tokens={name: int(total[name]) for name in ("prompt", "cached", "completion", "calls")},
                latency_s=total["latency_s"],
                wall_s=total["wall_s"],
                world_s=total["world_s"],
                times=times.get(digest),
                code_versions=tuple(total["code_versions"]),
            )
        )
    return _told_apart(found)


def common_of(tables: duckdb.DuckDBPyConnection) -> str:
    """What all cells share, and what those of a model share that others have otherwise, in words."""
    names = names_of([_setting(own) for own in _settings(tables)])
    return "; ".join(filter(None, [names.common, *(f"{model}: {text}" for model, text in names.models.items())]))


def _settings(tables: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Cells in order, with factors sorted by name and without those that have columns of their own."""
    found = list(rows(tables, "SELECT cell, scenario, model, arm, factors FROM cells"))
    for own in found:
        own["factors"] = own_factors(own["factors"])
    return sorted(found, key=lambda own: cell_rank(_setting(own), Arm(own["arm"]), own["cell"]))


def _setting(own: Mapping[str, Any]) -> dict[str, str]:
    return {"scenario": own["scenario"], "model": own["model"], **own["factors"]}


def _counts(tables: duckdb.DuckDBPyConnection, column: str, condition: str = "true") -> Counts:
    """Episodes of each cell by what stands in a column; `?` for nothing."""
    query = (
        f"SELECT cell, coalesce({column}, '???') AS value, count(*) AS n FROM episodes WHERE {condition} GROUP BY ALL"
    )
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in rows(tables, query):
        found[row["cell"]][row["value"]] = row["n"]
    return found


def _in_order(counts: Mapping[str, int], names: Iterable[str]) -> dict[str, int]:
    return {str(name): counts[name] for name in names if name in counts}


def _purposes(tables: duckdb.DuckDBPyConnection) -> Mapping[str, Mapping[str, Rate]]:
    found: defaultdict[str, dict[str | None, Rate]] = defaultdict(dict)
    for row in rows(tables, _PURPOSES):
        found[row["cell"]][row["purpose"]] = rate(row["k"], row["n"])
    return defaultdict(
        dict,
        {
            cell: {purpose or NO_ANSWER: own[purpose] for purpose in dict.fromkeys([*ANSWERS, *own]) if purpose in own}
            for cell, own in found.items()
        },
    )


def _patterns(counts: Mapping[str, int]) -> dict[str, int]:
    """The eight patterns in their order, then those with a missing part."""
    whole = [letters(pattern) for pattern in PATTERNS]
    return {name: counts[name] for name in dict.fromkeys([*whole, *sorted(counts)]) if name in counts}


def _sources_differ(total: Mapping[str, Any]) -> Count:
    disputed = int(total[f"n_{Verdict.BELIEF_DISPUTED}"] or 0)
    return Count(disputed, sum(int(total[f"n_{verdict}"] or 0) for verdict in TWO_BELIEFS))


def _told_apart(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Name the hash where cells differ in something that is no factor."""
    n_alike = Counter((cell.condition, cell.arm) for cell in cells)
    return tuple(
        replace(cell, condition=with_hash(cell.condition, cell.cell)) if n_alike[cell.condition, cell.arm] > 1 else cell
        for cell in cells
    )
