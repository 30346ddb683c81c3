"""A file of episodes, one line each: what it takes to resume is read off every line, whole records only when wanted."""

from __future__ import annotations

import os
import warnings
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from embodied.errors import StoreError, first_fault
from embodied.records import FAILED, Episode, Outcome, Termination, Validity
from embodied.storage.files import faults_in_one_line, sync_folder, write_all

_FAILED_TERMINATION: Final = frozenset({Termination.MODEL_ERROR, Termination.ENV_ERROR})
_EPISODE: Final = TypeAdapter(Episode)


class TornLineWarning(UserWarning):
    """A file of episodes ends in half a line: its writer was killed. The episode is rerun on resume."""


class Ended(Protocol):
    """What both a whole record and an `Attempt` say of an episode."""

    @property
    def key(self) -> str:
        """Hash of the scientific config and the seed."""
        ...

    @property
    def validity(self) -> Validity:
        """Whether it may be scored."""
        ...

    @property
    def termination(self) -> Termination:
        """Why it ended."""
        ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """The fields of an episode's record that it takes to resume; see `Episode`."""

    key: str
    cell: str
    seed: int
    code_version: str
    termination: Termination
    validity: Validity
    outcome: Outcome | None


_Ended = TypeVar("_Ended", bound=Ended)
_Record = TypeVar("_Record")
_ATTEMPT: Final = TypeAdapter(Attempt)


def is_done(episode: Ended) -> bool:
    """Whether an episode counts as run: it was scored, or excluded for something the model did.

    Server, harness and environment errors are not done and are rerun. A named verdict on the model (prompt cut,
    thinking ate the budget, unreadable replies) is done, whatever the termination: it would come out the same again.
    """
    if episode.validity is Validity.VALID:
        return episode.termination not in _FAILED_TERMINATION
    return episode.validity not in FAILED


def latest(attempts: Iterable[_Ended]) -> dict[str, _Ended]:
    """One episode a key, in order of first appearance: the first that is done, else the last attempt."""
    best: dict[str, _Ended] = {}
    for episode in attempts:
        if episode.key not in best or not is_done(best[episode.key]):
            best[episode.key] = episode
    return best


class Journal:
    """One file of episodes, read from where the last reading ended.

    Attributes:
        path: The file; it need not be there.
        attempts: What each complete line says, in order.
        done: Of each key that is done, the first line that says so.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.attempts: list[Attempt] = []
        self.done: dict[str, Attempt] = {}
        self._ends = array("q", [0])
        self._inode: int | None = None
        self._is_torn = False
        self._has_warned = False

    def refresh(self) -> None:
        """Read the lines that were added since.

        Raises:
            StoreError: One of them is no episode, or the file cannot be read.
        """
        with faults_in_one_line(self.path):
            try:
                file = self.path.open("rb")
            except FileNotFoundError:
                return
            with file:
                self._see_whether_replaced(file)
                file.seek(self._ends[-1])
                self._is_torn = False
                for line in file:
                    if line.endswith(b"\n"):
                        self._add(self._parse(_ATTEMPT, line, len(self.attempts)), len(line))
                    else:
                        self._is_torn = True

    def read_lines(self, numbers: Iterable[int]) -> Iterator[bytes]:
        """Lines as they are in the file, each with its end, by their numbers from 0.

        Raises:
            StoreError: The file cannot be read.
        """
        if not self.attempts:
            return
        with faults_in_one_line(self.path), self.path.open("rb") as file:
            for number in numbers:
                file.seek(self._ends[number])
                yield file.read(self._ends[number + 1] - self._ends[number])

    def read_episodes(self, numbers: Sequence[int] | None = None) -> Iterator[Episode]:
        """Whole records of lines, by their numbers from 0; of all that were read so far when none are given.

        Raises:
            StoreError: A line is no episode, or the file cannot be read.
        """
        chosen = range(len(self.attempts)) if numbers is None else numbers
        for number, line in zip(chosen, self.read_lines(chosen), strict=True):
            yield self._parse(_EPISODE, line, number)

    def append(self, lines: Sequence[bytes]) -> None:
        """Add lines, each with its end, after the last complete one. On return they outlast a power cut.

        What a killed writer left behind is cut off first.

        Raises:
            StoreError: The disk is full or the file cannot be written; nothing of them is left behind.
        """
        attempts = [self._parse(_ATTEMPT, line, len(self.attempts)) for line in lines]
        is_new = not self._ends[-1]
        with faults_in_one_line(self.path), self.path.open("ab", buffering=0) as file:
            self._inode = os.fstat(file.fileno()).st_ino
            if self._is_torn:
                file.truncate(self._ends[-1])
            try:
                write_all(file.fileno(), b"".join(lines))
                os.fsync(file.fileno())
                if is_new:
                    sync_folder(self.path.parent)
            except OSError:
                file.truncate(self._ends[-1])
                raise
        self._is_torn = False
        for attempt, line in zip(attempts, lines, strict=True):
            self._add(attempt, len(line))

    def warn_if_torn(self) -> None:
        """Say once that the last line is half a line."""
        if self._is_torn and not self._has_warned:
            self._has_warned = True
            warnings.warn(
                f"{self.path}: the last line is torn (its writer was killed) and is ignored; resume reruns it",
                TornLineWarning,
                stacklevel=3,
            )

    def _add(self, attempt: Attempt, length: int) -> None:
        self.attempts.append(attempt)
        self._ends.append(self._ends[-1] + length)
        if is_done(attempt):
            self.done.setdefault(attempt.key, attempt)

    def _see_whether_replaced(self, file: BinaryIO) -> None:
        """Start over with a file that took the place of the one read so far, as rescoring puts it there."""
        status = os.fstat(file.fileno())
        if self._inode not in {None, status.st_ino} or status.st_size < self._ends[-1]:
            self.attempts, self.done, self._ends = [], {}, array("q", [0])
        self._inode = status.st_ino

    def _parse(self, adapter: TypeAdapter[_Record], line: bytes, number: int) -> _Record:
        try:
            return adapter.validate_json(line)
        except ValidationError as error:
            raise StoreError(
                f"{self.path}:{number + 1} is no episode ({first_fault(error, 'line')}); repair or delete that line"
            ) from error
