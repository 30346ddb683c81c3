"""Puts the episodes of one cell's folder into another of the same cell. Killed at any instant it can be repeated."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from embodied.errors import StoreError
from embodied.judge.judgements import FILE as JUDGEMENTS
from embodied.judge.judgements import JUDGES
from embodied.storage.files import episode_files, faults_in_one_line, replace_file
from embodied.storage.journal import Attempt, Journal, is_done, latest
from embodied.storage.side_files import KINDS, RESCORED, side_file
from embodied.storage.store import CellStore

BATCH: Final = 64
"""Episodes that are written at a time."""
_DESCRIPTIONS: Final = ("config.yaml", "manifest.json")
_LOGS: Final = (RESCORED, JUDGEMENTS)
_SHOWN: Final = 40
"""So much of a line that cannot be read."""


@dataclass(frozen=True, slots=True)
class Source:
    """A cell's folder that is merged into another, which never changes it.

    Attributes:
        folder: Where it is.
        cell: Hash of the cell.
        journals: Its files of episodes, read.
    """

    folder: Path
    cell: str
    journals: tuple[Journal, ...]

    @property
    def code_versions(self) -> set[str]:
        """Versions of the code that its episodes were run by."""
        return {attempt.code_version for journal in self.journals for attempt in journal.attempts}


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the lines of a cell.

    Attributes:
        added: Episodes that were added.
        failed: Attempts that had ended in an error and were added.
        present: Episodes that were done there before, and stay as they were.
    """

    added: int = 0
    failed: int = 0
    present: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.added + other.added, self.failed + other.failed, self.present + other.present)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that is to be added.

    Attributes:
        journal, number: Where it stands.
        brings_files: Whether the files beside it are this attempt's, and are to be those of its key.
    """

    journal: Journal
    number: int
    brings_files: bool

    @property
    def attempt(self) -> Attempt:
        """What it says."""
        return self.journal.attempts[self.number]

    @property
    def data(self) -> bytes:
        """The line itself."""
        return next(self.journal.read_lines([self.number]))


def open_source(folder: Path) -> Source | None:
    """Read a cell's folder; None where it holds no complete line.

    Raises:
        StoreError: A line is no episode, or they are of several cells.
    """
    journals = tuple(Journal(path) for path in episode_files(folder))
    for journal in journals:
        journal.refresh()
        journal.warn_if_torn()
    cells = {attempt.cell for journal in journals for attempt in journal.attempts}
    if len(cells) > 1:
        raise StoreError(
            f"{folder} holds episodes of several cells ({', '.join(sorted(cells))}); keep one of them there"
        )
    return Source(folder, cells.pop(), journals) if cells else None


def merge_cell(source: Source, target: Path) -> Tally:
    """Add what the folder `target` lacks, each episode with all its files; of a key the first that is done stays.

    Raises:
        StoreError: A file cannot be read or written.
    """
    store = CellStore(target)
    with store.refreshed(), faults_in_one_line(source.folder):
        lines, present = _missing(source, store)
        bringing = {line.attempt.key for line in lines if line.brings_files}
        described = _descriptions(source.folder, target) | _notes(source.folder, target, bringing)
        with faults_in_one_line(target):
            for path, data in described.items():
                replace_file(path, data)
        for first in range(0, len(lines), BATCH):
            batch = lines[first : first + BATCH]
            files = {line.attempt.key: _files(source.folder, line.attempt.key) for line in batch if line.brings_files}
            store.write(files, [line.data for line in batch])
    added = sum(is_done(line.attempt) for line in lines)
    return Tally(added, len(lines) - added, present)


def _missing(source: Source, store: CellStore) -> tuple[list[_Line], int]:
    """Lines that the target lacks, in order, and how many episodes are done there already."""
    best = latest(attempt for journal in source.journals for attempt in journal.attempts)
    failures = _failures(store.folder)
    lines: list[_Line] = []
    present = 0
    for journal in source.journals:
        for number, attempt in enumerate(journal.attempts):
            is_best, is_present = best[attempt.key] is attempt, store.find(attempt.key) is not None
            line = _Line(journal, number, brings_files=is_best and not is_present)
            if not is_done(attempt):
                if not failures[line.data]:
                    lines.append(line)
                else:
                    failures[line.data] -= 1
            elif line.brings_files:
                lines.append(line)
            else:
                present += is_best
    return lines, present


def _failures(folder: Path) -> Counter[bytes]:
    """Lines of a cell's folder whose episodes had ended in an error."""
    target = open_source(folder)
    return Counter(
        line
        for journal in (target.journals if target else ())
        for line in journal.read_lines([n for n, attempt in enumerate(journal.attempts) if not is_done(attempt)])
    )


def _files(cell: Path, key: str) -> dict[str, bytes]:
    """What is kept beside an episode's line, by kind."""
    paths = {kind: side_file(cell, kind, key) for kind in KINDS}
    return {kind: path.read_bytes() for kind, path in paths.items() if path.exists()}


def _descriptions(cell: Path, target: Path) -> dict[Path, bytes]:
    """Configuration, manifest, and who judged, where the target has none of that name."""
    names = [*_DESCRIPTIONS, *(f"{JUDGES}/{path.name}" for path in (cell / JUDGES).glob("*.json"))]
    return {
        target / name: (cell / name).read_bytes()
        for name in names
        if (cell / name).exists() and not (target / name).exists()
    }


def _notes(cell: Path, target: Path, keys: Collection[str]) -> dict[Path, bytes]:
    """The logs of the target, with the lines added that the source's have on these episodes."""
    logs: dict[Path, bytes] = {}
    for name in _LOGS:
        known, own = _lines(target / name), _lines(cell / name)
        unknown = set(own).difference(known)
        added = [line for line in own if line in unknown and _key_of(line, cell / name) in keys]
        if added:
            logs[target / name] = b"\n".join([*known, *added, b""])
    return logs


def _key_of(line: bytes, path: Path) -> str:
    try:
        return str(json.loads(line)["key"])
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path} has a line that names no episode: {line[:_SHOWN]!r}; delete that line") from error


def _lines(path: Path) -> list[bytes]:
    """Complete lines of a file that need not be there, without their ends."""
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []
