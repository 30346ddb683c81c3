"""Run folders as flat tables in DuckDB: one row an episode, read straight from the files.

Tables:

    lines      every line of every writer, errors and superseded attempts included
    episodes   one line a key, chosen by `embodied.storage.store.latest`; the lines of all folders count as one run's
    cells      one row a cell: `cell`, `scenario`, `model`, `arm`, `label`, `factors` (a map from name to level)
    parts      one row for each oversight part of an episode: `key`, `cell`, `part` and the fields of `PartRecord`
    torn       `path` of each file whose last line is half a line; that line is in no other table

Columns of `lines` and `episodes` that are not fields of `Episode` by the same name:

    line_no          order of the lines over all files
    path             the file
    is_done          whether it counts as run (see `embodied.storage.store.is_done`)
    is_valid         validity is valid
    act              `is_physical_act` of a valid episode, else NULL
    lied             `embodied.measures.verdicts.did_lie` of a valid episode, else NULL
    has_verdict      whether a claim of the debrief has a verdict
    says_neither     the outcome says neither that the robot resisted nor that it complied; NULL when invalid
    did_succeed      `embodied.measures.outcome.did_succeed` of a valid episode, else NULL
    n_VERDICT        claims of the debrief by verdict
    unreadable       answers of the debrief that are none of the options
    pattern          three letters (see `embodied.report.patterns.letters`); NULL where the record has none
    calls, prompt_tokens, cached_tokens, completion_tokens, latency_s, repaired, unreadable_replies, cut
    span_s, complied time to compliance and whether it came (see `embodied.report.survival`); NULL without
    deeds            names of the deeds, in order
    severity         the highest of them, 0 without
    is_superseded    in `lines` only: another line of its key is the episode

Factors are in `cells` only. The tables lie in a temporary file, so that a run may be larger than the memory; it is
removed with the connection.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import duckdb

from embodied.errors import StoreError
from embodied.findings.flat import DOUBTFUL, LINES, PARTS, READ
from embodied.findings.query import table_faults_in_one_line
from embodied.storage.files import episode_files, faults_in_one_line, refuse_missing
from embodied.storage.journal import Journal

MEMORY: Final = "1200MB"
"""What DuckDB may use; beyond it, it goes to the disk."""
THREADS: Final = 2
"""Files are read by one: with several the order of lines is lost, and with it which attempt of a key was the first."""

_SETTINGS: Final[dict[str, str | int | bool | float | list[str]]] = {
    "memory_limit": MEMORY,
    "threads": THREADS,
    "preserve_insertion_order": True,
}
_SUPERSEDED: Final = """
UPDATE lines SET is_superseded = true WHERE rowid IN (
    SELECT line_no FROM (
        SELECT rowid AS line_no, row_number() OVER (
            PARTITION BY key ORDER BY is_done DESC, CASE WHEN is_done THEN rowid ELSE -rowid END) AS place
        FROM lines SEMI JOIN (SELECT key FROM lines GROUP BY key HAVING count(*) > 1) USING (key)
    ) WHERE place > 1
)
"""
_CELLS: Final = """
CREATE TABLE cells AS
SELECT cell, scenario, model, arm, label, factors::MAP(VARCHAR, VARCHAR) AS factors
FROM lines WHERE rowid IN (SELECT min(rowid) FROM lines WHERE NOT is_superseded GROUP BY cell) ORDER BY rowid
"""
_DROP_TAIL: Final = """
DELETE FROM lines WHERE path = $path
    AND rowid NOT IN (SELECT rowid FROM lines WHERE path = $path ORDER BY rowid LIMIT $whole)
"""
_EPISODES: Final = """
CREATE VIEW episodes AS SELECT * EXCLUDE (is_superseded), rowid AS line_no FROM lines WHERE NOT is_superseded
"""


def open_tables(folders: Sequence[Path]) -> duckdb.DuckDBPyConnection:
    """Read the episodes of one or several run folders into tables.

    Args:
        folders: Run folders, or folders of single cells.

    Returns:
        A connection with the tables of this module; close it after use.

    Raises:
        StoreError: A folder does not exist, holds no episode, or a line in the middle of a file is no episode.
    """
    files = _files(folders)
    tables = _database()
    try:
        with table_faults_in_one_line():
            _read(tables, files)
    except StoreError:
        tables.close()
        raise
    return tables


def _files(folders: Sequence[Path]) -> list[Path]:
    for folder in folders:
        refuse_missing(folder)
    found = dict.fromkeys(path for folder in folders for path in episode_files(folder.resolve(), is_deep=True))
    with faults_in_one_line(folders[0]):
        files = [path for path in found if path.stat().st_size]
    if not files:
        raise StoreError(f"{folders[0]} holds no episode yet; run some first")
    return files


def _database() -> duckdb.DuckDBPyConnection:
    """An empty database in a temporary folder that is removed with the connection."""
    with faults_in_one_line(Path()):
        folder = TemporaryDirectory(prefix="embodied-findings-")
    spill = {"temp_directory": str(Path(folder.name) / "spilled")}
    tables = duckdb.connect(str(Path(folder.name) / "tables.duckdb"), config={**_SETTINGS, **spill})
    weakref.finalize(tables, folder.cleanup)
    return tables


def _read(tables: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> None:
    torn = [path for path in files if _is_torn(path)]
    tables.execute("SET threads = 1")
    tables.execute(LINES, {"files": [str(path) for path in files], "columns": READ})
    tables.execute(f"SET threads = {THREADS}")
    tables.execute("CREATE TABLE torn (path VARCHAR)")
    for path in torn:
        tables.execute("INSERT INTO torn VALUES ($path)", {"path": str(path)})
        tables.execute(_DROP_TAIL, {"path": str(path), "whole": _whole_lines(path)})
    _refuse_what_is_no_episode(tables)
    for statement in (_SUPERSEDED, _CELLS, PARTS):
        tables.execute(statement)
    for column in ("factors", "oversight", "is_odd"):
        tables.execute(f"ALTER TABLE lines DROP COLUMN {column}")
    tables.execute(_EPISODES)
    if not tables.execute("SELECT count(*) FROM lines").fetchall()[0][0]:
        raise StoreError(f"{files[0].parent} holds no episode yet; run some first")


def _is_torn(path: Path) -> bool:
    """Whether a file ends in half a line."""
    with faults_in_one_line(path), path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() != b"\n"


def _whole_lines(path: Path) -> int:
    """Lines with an end, blank ones not counted."""
    with faults_in_one_line(path), path.open("rb") as file:
        return sum(line.endswith(b"\n") and not line.isspace() for line in file)


def _refuse_what_is_no_episode(tables: duckdb.DuckDBPyConnection) -> None:
    """Let the store read each file with a doubtful line: it refuses it, or it was half a line of a writer at work."""
    doubtful = tables.execute(f"SELECT DISTINCT path FROM lines WHERE {DOUBTFUL} ORDER BY path").fetchall()
    for (path,) in doubtful:
        journal = Journal(Path(path))
        journal.refresh()
        for _ in journal.read_episodes():
            pass
    if doubtful:
        tables.execute(f"DELETE FROM lines WHERE {DOUBTFUL}")
