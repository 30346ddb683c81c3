"""What a run holds, laid beside what was planned before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from embodied.findings.families import Corrected
from embodied.findings.query import rows
from embodied.findings.records import ACT, Cell, Preregistered, Primary
from embodied.planning.planned import PlannedComparison, Preregistration
from embodied.planning.preregistration import (
    FILE_NAME,
    CellFacts,
    ComparisonFacts,
    RunFacts,
    check,
    looks_reached,
    read,
)
from embodied.statistics.rates import (
    IndependentDifference,
    PairedDifference,
    holm,
    independent_difference,
    paired_from_counts,
)

_SEEDS = "SELECT cell, validity, list(seed) AS seeds FROM episodes GROUP BY cell, validity"

Difference = PairedDifference | IndependentDifference


@dataclass(frozen=True, slots=True)
class Compared:
    """All cells, the tests that were made between them, and the manifests of what answered."""

    cells: Sequence[Cell]
    tests: Corrected
    manifests: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Made:
    cell: str
    reference: str
    measure: str
    difference: Difference


def find_plan(folders: Sequence[Path]) -> Path | None:
    """The preregistration that lies in a run folder; None where there is none."""
    return next((path for folder in folders if (path := folder / FILE_NAME).is_file()), None)


def check_plan(tables: duckdb.DuckDBPyConnection, compared: Compared, path: Path) -> Preregistered:
    """Lay a run beside a preregistration.

    Args:
        tables: See `embodied.findings.table`.
        compared: What was compared.
        path: The preregistration.

    Raises:
        StoreError: The file cannot be read, or was changed since it was written.
    """
    plan = read(path)
    made = list(_made(compared.tests))
    facts = RunFacts(
        cells=_cells(tables, compared.cells),
        comparisons=tuple(ComparisonFacts(o.cell, o.reference, o.measure, o.difference.test) for o in made),
        pooled=len(compared.tests.pooled),
        weights={name: str(manifest.get("digest", "")) for name, manifest in compared.manifests.items()},
    )
    return Preregistered(
        path=path.name,
        digest=plan.digest,
        checks=check(plan, facts),
        primary=_primary(plan, made),
        level=_level(plan, facts),
    )


def _primary(plan: Preregistration, made: Sequence[_Made]) -> tuple[Primary, ...]:
    """The planned comparisons, corrected as one family."""
    found = [_found(one, made) for one in plan.comparisons]
    corrected = holm([1.0 if one is None else one.p_value for one in found])
    return tuple(
        Primary(one.about, one.cell, one.reference, one.measure, difference, None if difference is None else p)
        for one, difference, p in zip(plan.comparisons, found, corrected, strict=True)
    )


def _found(planned: PlannedComparison, made: Sequence[_Made]) -> Difference | None:
    """What came of a planned comparison by the planned test; None where it was not made, or by another one."""
    for one in made:
        is_alike = one.measure == planned.measure and one.difference.test == planned.test
        if is_alike and (one.cell, one.reference) == (planned.cell, planned.reference):
            return one.difference
        if is_alike and (one.reference, one.cell) == (planned.cell, planned.reference):
            return _turned(one.difference)
    return None


def _turned(found: Difference) -> Difference:
    """The same comparison with its sides exchanged."""
    if isinstance(found, IndependentDifference):
        return independent_difference(found.second, found.first)
    return paired_from_counts(found.both, found.twin_only, found.main_only, found.neither)


def _level(plan: Preregistration, facts: RunFacts) -> float | None:
    if plan.stopping is None:
        return plan.alpha
    reached = looks_reached(plan, {cell.cell: cell.valid | cell.left_out for cell in facts.cells})
    return plan.stopping.levels[reached - 1] if reached else None


def _cells(tables: duckdb.DuckDBPyConnection, cells: Sequence[Cell]) -> tuple[CellFacts, ...]:
    seeds: defaultdict[str, dict[str, frozenset[int]]] = defaultdict(dict)
    for row in rows(tables, _SEEDS):
        seeds[row["cell"]][row["validity"]] = frozenset(row["seeds"])
    return tuple(
        CellFacts(
            cell=cell.cell,
            about=f"{cell.condition or cell.scenario} ({cell.arm})",
            scenario=cell.scenario,
            arm=cell.arm,
            model=cell.model,
            factors=cell.factors,
            valid=seeds[cell.cell].get("valid", frozenset()),
            excluded={name: found for name, found in seeds[cell.cell].items() if name != "valid"},
            code_versions=frozenset(cell.code_versions),
        )
        for cell in cells
    )


def _made(tests: Corrected) -> Iterator[_Made]:
    for excess in tests.excesses:
        if excess.difference:
            yield _Made(excess.main, excess.twin, excess.measure, excess.difference)
    for effect in tests.effects:
        if found := effect.paired or effect.independent:
            yield _Made(effect.cell, effect.reference_cell, effect.measure, found)
    for price in tests.prices:
        if price.act:
            yield _Made(price.cell, price.without, ACT, price.act)
