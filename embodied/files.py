"""Files of a run folder: replaced whole, appended whole, held against other writers, and refused in one line."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from embodied.errors import StoreError

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file whole: a reader sees the old one or the new one, and nothing else is left behind.

    Raises:
        OSError: It cannot be written; the old one stays.
    """
    part = path.with_name(f"{path.name}.part")
    path.parent.mkdir(exist_ok=True)
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of it, in as many pieces as the system takes."""
    while data:
        data = data[os.write(descriptor, data) :]


def episode_files(folder: Path, *, is_deep: bool = False) -> list[Path]:
    """The files of episodes that a cell's folder holds, one a writer; with `is_deep` those of every folder below."""
    paths = folder.rglob("episodes*.jsonl") if is_deep else folder.glob("episodes*.jsonl")
    return sorted(path for path in paths if path.name.startswith("episodes."))


@contextmanager
def held(cell: Path) -> Iterator[None]:
    """Hold a cell's folder against other writers; the system lets go when the process dies."""
    with (cell / ".lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def faults_in_one_line(path: Path) -> Iterator[None]:
    """Turn what the system says into one line that says what to do.

    Raises:
        StoreError: In place of any `OSError`.
    """
    try:
        yield
    except OSError as error:
        where = error.filename or path
        if error.errno in _FULL:
            message = f"no space left to write {where}; free some and run the same command again, it resumes"
        else:
            message = f"{where} cannot be used: {error.strerror or error}; check the folder and its permissions"
        raise StoreError(message) from error
