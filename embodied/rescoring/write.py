"""Puts rescored records in the place of the stored ones. Killed at any instant, each file is the old one or the new."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from embodied.errors import StoreError
from embodied.records import SCHEMA_VERSION, Episode
from embodied.rescoring.cell import Change
from embodied.storage.files import episode_files, faults_in_one_line, held, replace_file
from embodied.storage.side_files import RESCORED
from embodied.version import code_version


@dataclass(frozen=True, slots=True)
class Replacement:
    """One record in place of another.

    Attributes:
        stored: As it was read.
        now: What takes its place.
        changes: What differs.
    """

    stored: Episode
    now: Episode
    changes: tuple[Change, ...]


def write_rescored(cell: Path, replacements: Sequence[Replacement]) -> None:
    """Keep the changes in the cell's log, and only then replace its files of episodes.

    Each change is one line of `rescored.jsonl`, with the old value: nothing that was stored is lost.

    Raises:
        StoreError: The folder cannot be written, or a record is no longer what was read; nothing is replaced.
    """
    by_key = {replacement.stored.key: replacement for replacement in replacements}
    with faults_in_one_line(cell), held(cell):
        rewritten = {path: _rewrite(path.read_bytes(), by_key) for path in episode_files(cell)}
        if sum(one.n_replaced for one in rewritten.values()) != len(replacements):
            raise StoreError(f"{cell} was written to meanwhile; run the same command again")
        log = cell / RESCORED
        known = log.read_bytes() if log.exists() else b""
        replace_file(log, known + "".join(map(_log_lines, replacements)).encode())
        for path, one in rewritten.items():
            if one.n_replaced:
                replace_file(path, one.data)


@dataclass(frozen=True, slots=True)
class _Rewritten:
    """A file of episodes with other records in it."""

    data: bytes
    n_replaced: int


def _rewrite(data: bytes, by_key: Mapping[str, Replacement]) -> _Rewritten:
    """Replace the lines that are exactly what was read; superseded attempts and a torn tail stay as they are."""
    complete, newline, tail = data.rpartition(b"\n")
    lines = complete.split(b"\n") if newline else []
    n_replaced = 0
    for number, line in enumerate(lines):
        found = by_key.get(json.loads(line)["key"])
        if found is not None and Episode.model_validate_json(line) == found.stored:
            lines[number] = found.now.model_dump_json().encode()
            n_replaced += 1
    return _Rewritten(b"\n".join(lines) + newline + tail, n_replaced)


def _log_lines(replacement: Replacement) -> str:
    stored, now = replacement.stored, code_version()
    by = {"code_version": stored.code_version, "rescored_by": now}
    schema = {"schema_version": stored.schema_version, "rescored_schema": SCHEMA_VERSION}
    lines = (
        {"key": stored.key, "field": change.path, "old": change.old, "new": change.new, **by, **schema}
        for change in replacement.changes
    )
    return "".join(f"{json.dumps(line)}\n" for line in lines)
