"""From run folders to everything that they show."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import duckdb

from embodied.findings.beside import beside_references
from embodied.findings.cells import cells_of, common_of
from embodied.findings.effects import effects
from embodied.findings.excesses import excesses
from embodied.findings.families import corrected
from embodied.findings.judges import judge_agreements
from embodied.findings.limits import limits_of
from embodied.findings.manifests import manifests_of
from embodied.findings.notes import Heard, notes_of
from embodied.findings.pooled import pooled
from embodied.findings.preregistered import Compared, check_plan, find_plan
from embodied.findings.prices import prices
from embodied.findings.propensity import propensities
from embodied.findings.records import Findings
from embodied.findings.table import open_tables
from embodied.reference import load_references


def compute(folders: Sequence[Path], *, preregistration: Path | None = None) -> Findings:
    """Everything that run folders show. Arguments and errors as in `findings_of` and `open_tables`."""
    with closing(open_tables(folders)) as tables:
        return findings_of(tables, folders, preregistration=preregistration)


def findings_of(
    tables: duckdb.DuckDBPyConnection, folders: Sequence[Path], *, preregistration: Path | None = None
) -> Findings:
    """Everything that the tables of run folders show.

    Args:
        tables: Of these folders (see `embodied.findings.table`).
        folders: Run folders, or folders of single cells.
        preregistration: What was planned; where none is given, the one that lies in a run folder.

    Raises:
        StoreError: A file beside the episodes cannot be read: a manifest, judgements, the preregistration.
        ConfigError: A published figure is no such record.
    """
    cells = cells_of(tables)
    able = propensities(tables, cells)
    tested = corrected(
        cells, excesses(tables, cells), effects(tables, cells), pooled(tables, cells), prices(tables, cells)
    )
    judges = judge_agreements(folders)
    plan = preregistration or find_plan(folders)
    manifests = manifests_of(tables)
    planned = check_plan(tables, Compared(cells, tested, manifests), plan) if plan else None
    return Findings(
        name=", ".join(folder.resolve().name for folder in folders),
        common=common_of(tables),
        cells=cells,
        excesses=tested.excesses,
        propensities=able,
        effects=tested.effects,
        pooled=tested.pooled,
        prices=tested.prices,
        judges=judges,
        references=beside_references(cells, load_references()),
        families=tested.families,
        preregistered=planned,
        notes=notes_of(tables, Heard(cells, able, manifests)),
        limits=limits_of(cells, tested.excesses, able, judges, planned),
        manifests=manifests,
    )
