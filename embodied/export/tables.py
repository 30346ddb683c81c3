"""The flat tables of findings as files, one a table: CSV for any program, Parquet with the types kept.

Two columns stay at home, since they say where something was run and not what came out: `path` and `server`. The error
of an episode may quote a model or a server; in CSV it is one line of printable text, and where it would be a formula
for a spreadsheet it begins with an apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import duckdb

from embodied.errors import StoreError
from embodied.export.columns import COLUMNS, FACTOR, NAME, Column
from embodied.storage.files import faults_in_one_line, replace_file

TABLES: Final = ("episodes", "cells", "parts", "lines")
Kind = Literal["csv", "parquet"]
KINDS: Final[tuple[Kind, ...]] = ("csv", "parquet")

_AT_HOME: Final = frozenset({"path", "server"})
_OPTIONS: Final = {"csv": "FORMAT csv, HEADER", "parquet": "FORMAT parquet, COMPRESSION zstd"}
_ONE_LINE: Final = r"regexp_replace({0}, '[\p{{C}}\p{{Z}}]+', ' ', 'g')"
_SAFE_TEXT: Final = f"CASE WHEN regexp_matches({{0}}, '^\\s*[=+\\-@]') THEN '''' ELSE '' END || {_ONE_LINE}"


@dataclass(frozen=True, slots=True)
class _Field:
    """A column as it is written.

    Attributes:
        name: Its name in the file.
        expression: What it is computed from.
    """

    name: str
    expression: str


def write_tables(tables: duckdb.DuckDBPyConnection, folder: Path, kind: Kind) -> tuple[Path, ...]:
    """Write every table, and `columns.csv`, which says what each column is.

    Args:
        tables: As `embodied.findings.table.open_tables` gives them.
        folder: Where to; it exists.
        kind: How.

    Returns:
        The files.

    Raises:
        StoreError: One cannot be written.
    """
    written = []
    for table in TABLES:
        path = folder / f"{table}.{kind}"
        _copy(tables, table, list(_fields(tables, table, kind)), path, _OPTIONS[kind])
        written.append(path)
    about = folder / "columns.csv"
    with faults_in_one_line(about):
        replace_file(about, _csv([("table", "column", "files", "unit", "meaning"), *_explained(tables)]))
    return (*written, about)


def _explained(tables: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, ...]]:
    """A row for each column of each table, the same whichever kind of file is written."""
    for table in TABLES:
        kinds: dict[str, list[str]] = {}
        for kind in KINDS:
            for field in _fields(tables, table, kind):
                kinds.setdefault(field.name, []).append(kind)
        for name, files in kinds.items():
            column = _about(name)
            yield table, name, " ".join(files), column.unit, column.meaning


def _fields(tables: duckdb.DuckDBPyConnection, table: str, kind: Kind) -> Iterator[_Field]:
    for name, type_, *_ in tables.execute(f"DESCRIBE {table}").fetchall():
        if name in _AT_HOME:
            continue
        if kind == "parquet":
            yield _Field(name, _quoted(name))
        elif type_.startswith("MAP"):
            yield from _levels(tables, table) if name == "factors" and table == "cells" else ()
        elif type_.endswith("[]"):
            yield _Field(name, f"array_to_string({_quoted(name)}, ' ')")
        else:
            yield _Field(name, _SAFE_TEXT.format(_quoted(name)) if name == "error" else _quoted(name))


def _levels(tables: duckdb.DuckDBPyConnection, table: str) -> Iterator[_Field]:
    """A column for each factor."""
    found = tables.execute(f"SELECT DISTINCT unnest(map_keys(factors)) AS name FROM {table} ORDER BY name")  # noqa: S608
    for (name,) in found.fetchall():
        yield _Field(f"{FACTOR}{name}", f"factors[{_text(name)}]")


def _copy(tables: duckdb.DuckDBPyConnection, table: str, fields: Sequence[_Field], path: Path, options: str) -> None:
    chosen = ", ".join(f"{field.expression} AS {_quoted(field.name)}" for field in fields)
    part = path.with_name(f"{path.name}.part")
    try:
        tables.execute(f"COPY (SELECT {chosen} FROM {table}) TO {_text(str(part))} ({options})")  # noqa: S608
        with faults_in_one_line(path):
            part.replace(path)
    except duckdb.IOException as error:
        said = " ".join(str(error).split())
        raise StoreError(f"{path} cannot be written ({said}); check the folder, its permissions and space") from error
    finally:
        part.unlink(missing_ok=True)


def _about(name: str) -> Column:
    if name.startswith(FACTOR):
        return Column(NAME, f"level of the factor {name.removeprefix(FACTOR)}; empty where the cell has none")
    return COLUMNS.get(name, Column("", ""))


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
