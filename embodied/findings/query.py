"""Rows of a query by the names of their columns, and what goes wrong in the database as one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb

from embodied.errors import StoreError


def rows(
    tables: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object] | None = None
) -> Iterator[dict[str, Any]]:
    """What a query finds, one mapping a row.

    Args:
        tables: See `embodied.findings.table`.
        query: SQL.
        parameters: Values of `$name` in it.
    """
    cursor = tables.execute(query, dict(parameters or {}))
    names = [column[0] for column in cursor.description or ()]
    found = cursor.fetchall()
    return (dict(zip(names, row, strict=True)) for row in found)


@contextmanager
def table_faults_in_one_line() -> Iterator[None]:
    """Turn a fault of the database into one line.

    Raises:
        StoreError: In place of any `duckdb.Error`.
    """
    try:
        yield
    except duckdb.Error as error:
        what = str(error).splitlines()[0]
        raise StoreError(f"the tables cannot be made ({what}); see whether the disk of TMPDIR is full") from error
