"""Files of a run folder: replaced whole, appended whole, held against other writers, and refused in one line."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from embodied.errors import DiskFullError, StoreError

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_LOCKS: Final = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP})
_PIECE: Final = 1 << 20
LOCK: Final = ".lock"


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file whole: a reader sees the old one or the new one, and nothing else is left behind.

    Raises:
        OSError: It cannot be written; the old one stays.
    """
    part = _part(path)
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


def write_files(files: Mapping[Path, bytes]) -> None:
    """Write files; a reader sees each whole or not at all. On return all of them outlast a power cut.

    The system is told to begin writing each, and has all their names, before the first is waited for: a journal then
    takes them in one go. It is waited for once a file: where it keeps a file's name with its contents (ext4, XFS,
    btrfs) no folder need be waited for, but for new ones.

    Raises:
        OSError: One cannot be written; what is not done is not there.
    """
    new = sorted({path.parent for path in files if not path.parent.exists()})
    for folder in new:
        folder.mkdir(exist_ok=True)
    parts = {path: _part(path) for path in files}
    written: list[IO[bytes]] = []
    try:
        for path, data in files.items():
            written.append(parts[path].open("wb", buffering=0))
            write_all(written[-1].fileno(), data)
            os.posix_fadvise(written[-1].fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        for path, part in parts.items():
            part.replace(path)
        for file in written:
            os.fsync(file.fileno())
        for folder in sorted({folder.parent for folder in new}):
            sync_folder(folder)
    except OSError:
        for part in parts.values():
            part.unlink(missing_ok=True)
        raise
    finally:
        for file in written:
            file.close()


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def sync_folder(folder: Path) -> None:
    """Have the names in a folder outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of it, in as many pieces as the system takes."""
    while data:
        data = data[os.write(descriptor, data) :]


def refuse_missing(run: Path) -> None:
    """See that a run folder is there.

    Raises:
        StoreError: It is not.
    """
    if not run.is_dir():
        raise StoreError(f"there is no run folder {run}; give the folder that a run printed at its end")


def episode_files(folder: Path, *, is_deep: bool = False) -> list[Path]:
    """The files of episodes that a cell's folder holds, one a writer; with `is_deep` those of every folder below."""
    paths = folder.rglob("episodes*.jsonl") if is_deep else folder.glob("episodes*.jsonl")
    return sorted(path for path in paths if path.name.startswith("episodes."))


def count_lines(path: Path) -> int:
    """How many lines a file has that are complete."""
    with path.open("rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(_PIECE), b""))


@contextmanager
def held(folder: Path, name: str = LOCK) -> Iterator[None]:
    """Hold the folder of a cell or a run against other writers; the system lets go when the process dies.

    Where the file system knows no locks nothing is held: each writer needs a file of its own (see `can_be_held`).

    Args:
        folder: Of a cell or a run.
        name: Of the locked file; another one than usual holds a part of the folder only.
    """
    with (folder / name).open("ab") as file:
        lock(file)
        yield


def can_be_held(cell: Path) -> bool:
    """Whether the file system of a cell's folder knows locks."""
    with (cell / LOCK).open("ab") as file:
        return lock(file)


def lock(file: IO[bytes], how: int = fcntl.LOCK_EX) -> bool:
    """Lock an open file until it is closed; False on a file system without locks.

    Raises:
        BlockingIOError: Another process has it locked, and `how` says not to wait.
    """
    try:
        fcntl.flock(file, how)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return False
    return True


@contextmanager
def faults_in_one_line(path: Path) -> Iterator[None]:
    """Turn what the system says into one line that says what to do.

    Raises:
        StoreError: In place of any `OSError`; a `DiskFullError` where there is no space left.
    """
    try:
        yield
    except OSError as error:
        where = error.filename or path
        if error.errno in _FULL:
            raise DiskFullError(
                f"no space left to write {where}; free some and run the same command again, it resumes"
            ) from error
        raise StoreError(
            f"{where} cannot be used: {error.strerror or error}; check the folder and its permissions"
        ) from error
