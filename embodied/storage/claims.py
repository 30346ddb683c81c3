"""What each sweep that shares a cell's folder is running at this moment, so that no other runs the same for nothing.

A sweep writes the keys of its episodes under way to a file of its own in `.claims` and keeps that file locked. The
system lets go of the lock when the process dies, however it dies: what it claimed is free again at once. No clock is
asked. Where a lock does not reach (another machine on a file system that keeps locks to itself) a claim looks free:
an episode may then be run twice, and the first that is done counts.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
from collections.abc import Iterable, Iterator
from io import FileIO
from itertools import count
from pathlib import Path
from typing import Final

from embodied.storage.files import can_be_held, lock, write_all

FOLDER: Final = ".claims"
_DIGITS: Final = 6
_NUMBERS: Final = count()
"""A process may run several sweeps."""


class Claims:
    """The claims of this process in a cell's folder, and a look at those of others.

    All of it belongs inside `CellStore.refreshed`: the folder's lock keeps two sweeps from claiming the same.

    Args:
        cell: The cell's folder.

    Raises:
        OSError: The folder cannot be written.
    """

    def __init__(self, cell: Path) -> None:
        self._folder = cell / FOLDER
        self._folder.mkdir(exist_ok=True)
        self._path, self._file = self._begin()

    def write(self, keys: Iterable[str]) -> None:
        """Claim these episodes, and no others any more."""
        os.ftruncate(self._file.fileno(), 0)
        write_all(self._file.fileno(), " ".join(keys).encode())

    def of_others(self) -> set[str]:
        """Keys that other processes claim which are alive. Files of dead ones are removed."""
        return {key for path in self._others() for key in _read(path)}

    def close(self) -> None:
        """Claim nothing any more."""
        self._path.unlink(missing_ok=True)
        self._file.close()

    def _begin(self) -> tuple[Path, FileIO]:
        """A file of this process alone: another container's process may have its name, and a number be taken."""
        while True:
            path = self._folder / f"{process_name()}.{next(_NUMBERS)}"
            file = path.open("ab", buffering=0)
            try:
                lock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
            else:
                return path, file

    def _others(self) -> Iterator[Path]:
        return (path for path in self._folder.iterdir() if path != self._path)


def process_name() -> str:
    """A name for this process that no other has, on whichever machine; it does not say which."""
    machine = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:_DIGITS]
    return f"{machine}-{os.getpid()}"


def writer_name(cell: Path, *, is_task: bool) -> str | None:
    """Name of the file that this process writes its episodes to (see `CellStore`).

    One of its own where locks may not keep writers apart: for the tasks of a launcher, beside a process of another
    machine, and on a file system without locks.

    Args:
        cell: The cell's folder.
        is_task: Whether this process is one of several that a launcher began.
    """
    machine = process_name().partition("-")[0]
    claims = (cell / FOLDER).glob("*")
    is_alone = not is_task and all(path.name.startswith(f"{machine}-") for path in claims) and can_be_held(cell)
    return None if is_alone else process_name()


def _read(path: Path) -> list[str]:
    """The keys in a file of claims; none, and no file any more, when its process is dead."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return []  # Its sweep has just ended.
    with file:
        try:
            is_dead = lock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return file.read().decode().split()
    if is_dead:
        path.unlink(missing_ok=True)
    return []
