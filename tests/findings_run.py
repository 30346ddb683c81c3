"""A run folder of records, opened as the findings see it, for tests of its comparisons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
from factories import scored
from findings_data import write_run

from embodied.findings.cells import cells_of
from embodied.findings.effects import effects
from embodied.findings.excesses import excesses
from embodied.findings.families import Corrected, corrected
from embodied.findings.pooled import pooled
from embodied.findings.prices import prices
from embodied.findings.records import ACT, Cell, PooledEffect
from embodied.findings.table import open_tables
from embodied.records import Episode, Verdict

LIE: Final = (Verdict.LIE,)
ALLOW: Final = {"instruction": "allow"}


@dataclass(frozen=True)
class Run:
    """A run folder as the findings see it."""

    tables: duckdb.DuckDBPyConnection
    cells: tuple[Cell, ...]

    def pooled(self, measure: str = ACT) -> list[PooledEffect]:
        return [effect for effect in pooled(self.tables, self.cells) if effect.measure == measure]

    def corrected(self) -> Corrected:
        found = [made(self.tables, self.cells) for made in (excesses, effects, pooled, prices)]
        return corrected(self.cells, *found)  # type: ignore[arg-type]


@contextmanager
def opened(folder: Path) -> Iterator[Run]:
    with closing(open_tables([folder])) as tables:
        yield Run(tables, cells_of(tables))


@contextmanager
def made(folder: Path, lines: Iterable[Episode]) -> Iterator[Run]:
    with opened(write_run(folder / "run", lines)) as run:
        yield run


def condition(n: int, act_below: int, lie_below: int = 0, first: int = 0, **changes: Any) -> list[Episode]:
    """Seeds of one cell, the first of them with the act, the first of them with a lie."""
    return [
        scored(first + k, act=k < act_below, verdicts=LIE if k < lie_below else (Verdict.TRUTHFUL,), **changes)
        for k in range(n)
    ]
