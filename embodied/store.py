"""The run folder is the truth: episode records on disk, appended, resumed and read.

Layout of a run folder, one folder a cell:

    RUN/CELL/config.yaml                     resolved configuration
    RUN/CELL/manifest.json                   what answered: model digest, server version, options
    RUN/CELL/episodes.jsonl                  one line an episode (episodes.WRITER.jsonl where several write)
    RUN/CELL/ledgers/KEY.json.gz             ground truth
    RUN/CELL/transcripts/KEY.json.gz         what the model read and wrote
    RUN/CELL/peer_transcripts/KEY.json.gz    the same of a model that drove the second robot
    RUN/CELL/probes/KEY.json.gz              what was asked in copies afterwards, and answered there
    RUN/CELL/monitors/KEY.json.gz            what models of oversight parts read and wrote
    RUN/CELL/states/KEY.npz                  recorded states, for videos
    RUN/CELL/rescored.jsonl                  what rescoring changed (see `embodied.rescore_write`)
    RUN/CELL/judgements.jsonl, judges/       what judge models said, and who they were (see `embodied.judge`)

The line is written last and fsynced, so an episode is either there with all its files or not there. A key that is
done is never written again. An episode that ended in an error keeps its line, is not done, and is rerun.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import warnings
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

from pydantic import ValidationError

from embodied.errors import StoreError
from embodied.files import episode_files, faults_in_one_line, held, replace_file, write_all
from embodied.records import Episode, Termination, Validity

_SAFE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_FAILED_VALIDITY: Final = frozenset({Validity.SERVER_ERROR, Validity.HARNESS_ERROR})
_FAILED_TERMINATION: Final = frozenset({Termination.MODEL_ERROR, Termination.ENV_ERROR})


class TornLineWarning(UserWarning):
    """A file of episodes ends in half a line: its writer was killed. The episode is rerun on resume."""


def is_done(episode: Episode) -> bool:
    """Whether an episode counts as run: it was scored, or excluded for something the model did.

    Server, harness and environment errors are not done and are rerun. A named verdict on the model (prompt cut,
    thinking ate the budget, unreadable replies) is done, whatever the termination: it would come out the same again.
    """
    if episode.validity is Validity.VALID:
        return episode.termination not in _FAILED_TERMINATION
    return episode.validity not in _FAILED_VALIDITY


def latest(attempts: Iterable[Episode]) -> dict[str, Episode]:
    """One episode a key, in order of first appearance: the first that is done, else the last attempt."""
    best: dict[str, Episode] = {}
    for episode in attempts:
        if episode.key not in best or not is_done(best[episode.key]):
            best[episode.key] = episode
    return best


class CellStore:
    """Reads and appends the episodes of one cell. Several writers, on one or several machines, may share the folder.

    Args:
        folder: The cell's folder; created when it is missing.
        writer: Name of this writer where several share the folder; None for the only one.

    Raises:
        StoreError: The folder cannot be made, or `writer` is no file name.
    """

    def __init__(self, folder: Path, writer: str | None = None) -> None:
        self.folder = folder
        name = "episodes.jsonl" if writer is None else f"episodes.{_safe(writer)}.jsonl"
        self._journals: dict[Path, _Journal] = {}
        self._own = self._journal(folder / name)
        with faults_in_one_line(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def append(
        self, episode: Episode, ledger_json: str, transcript: Sequence[Mapping[str, Any]], states: bytes | None,
        peer_transcript: Sequence[Mapping[str, Any]] = (), probes: Sequence[Mapping[str, Any]] = (),
        monitors: Sequence[Mapping[str, Any]] = (),
    ) -> bool:  # fmt: skip
        """Keep one finished episode. Killed at any instant, it is kept whole or not at all.

        Args:
            episode: The record.
            ledger_json: `Ledger.dumps()`.
            transcript: Messages in order, as plain data.
            states: Recorded states as the bytes of an `.npz` file, or None.
            peer_transcript: Messages of the model that drove the second robot; empty where none did.
            probes: Messages of the probes; empty where none were asked.
            monitors: Messages of the models of oversight parts; empty where none were asked.

        Returns:
            False when this key was already done, by whichever writer: the first one stays and nothing is written.

        Raises:
            StoreError: The disk is full or the folder cannot be written; nothing torn is left behind.
        """
        key = _safe(episode.key)
        with self._lock():
            if key in self._finished():
                return False
            _keep(_side(self.folder, "ledgers", key), _zip(ledger_json))
            _keep(_side(self.folder, "transcripts", key), _zip_messages(transcript))
            if peer_transcript:
                _keep(_side(self.folder, "peer_transcripts", key), _zip_messages(peer_transcript))
            self._write_if_any("probes", key, probes)
            self._write_if_any("monitors", key, monitors)
            if states is not None:
                _keep(_side(self.folder, "states", key), states)
            self._own.append(episode)
        return True

    def done(self) -> dict[str, Episode]:
        """Episodes that need not be run again, by key, over all writers.

        Raises:
            StoreError: A line in the middle of a file is no episode.
        """
        with self._lock():
            done = self._finished()
        for journal in self._journals.values():
            journal.warn_if_torn()
        return done

    def attempts(self) -> list[Episode]:
        """Every line of every writer, errors and superseded attempts included."""
        for path in episode_files(self.folder):
            self._journal(path).refresh()
        return [episode for _, journal in sorted(self._journals.items()) for episode in journal.episodes]

    def write_config(self, text: str) -> None:
        """Keep the resolved configuration as `config.yaml`."""
        _keep(self.folder / "config.yaml", text.encode())

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Keep what answered as `manifest.json`."""
        _keep(self.folder / "manifest.json", json.dumps(manifest, indent=2, sort_keys=True).encode() + b"\n")

    def _write_if_any(self, kind: str, key: str, messages: Sequence[Mapping[str, Any]]) -> None:
        """Keep what an attempt left, and nothing of an earlier one that ended in an error."""
        path = _side(self.folder, kind, key)
        if messages:
            _keep(path, _zip_messages(messages))
        else:
            with faults_in_one_line(path):
                path.unlink(missing_ok=True)

    def _finished(self) -> dict[str, Episode]:
        return {key: episode for key, episode in latest(self.attempts()).items() if is_done(episode)}

    def _journal(self, path: Path) -> _Journal:
        return self._journals.setdefault(path, _Journal(path))

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Hold the folder against other writers; the system lets go when the process dies."""
        with faults_in_one_line(self.folder), held(self.folder):
            yield


class _Journal:
    """One file of episodes, read from where the last reading ended."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.episodes: list[Episode] = []
        self._offset = 0
        self._inode: int | None = None
        self._is_torn = False
        self._has_warned = False

    def refresh(self) -> None:
        """Read the lines that were added since."""
        with faults_in_one_line(self.path):
            if not self.path.exists():
                return
            with self.path.open("rb") as file:
                self._see_whether_replaced(file)
                file.seek(self._offset)
                added = file.read()
        complete, newline, tail = added.rpartition(b"\n")
        self._is_torn = bool(tail)
        for line in complete.split(b"\n") if newline else ():
            self.episodes.append(self._parse(line))
        self._offset += len(complete) + len(newline)

    def _see_whether_replaced(self, file: BinaryIO) -> None:
        """Start over with a file that took the place of the one read so far, as rescoring puts it there."""
        inode = os.fstat(file.fileno()).st_ino
        if self._inode not in {None, inode}:
            self.episodes, self._offset = [], 0
        self._inode = inode

    def append(self, episode: Episode) -> None:
        """Add one line after the last complete one. What a killed writer left behind it is cut off first."""
        line = episode.model_dump_json().encode() + b"\n"
        with faults_in_one_line(self.path), self.path.open("ab", buffering=0) as file:
            self._inode = os.fstat(file.fileno()).st_ino
            file.truncate(self._offset)
            try:
                write_all(file.fileno(), line)
                os.fsync(file.fileno())
            except OSError:
                file.truncate(self._offset)
                raise
        self.episodes.append(episode)
        self._offset += len(line)

    def warn_if_torn(self) -> None:
        """Say once that the last line is half a line."""
        if self._is_torn and not self._has_warned:
            self._has_warned = True
            warnings.warn(
                f"{self.path}: the last line is torn (its writer was killed) and is ignored; resume reruns it",
                TornLineWarning,
                stacklevel=3,
            )

    def _parse(self, line: bytes) -> Episode:
        try:
            return Episode.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "line"
            number = len(self.episodes) + 1
            raise StoreError(
                f"{self.path}:{number} is no episode ({where}: {first['msg']}); repair or delete that line"
            ) from error


def read_attempts(run_folder: Path) -> list[Episode]:
    """Every line of every cell in a run folder (or one cell's folder), errors and superseded attempts included.

    Raises:
        StoreError: There is no such folder, or a line in the middle of a file is no episode.
    """
    if not run_folder.is_dir():
        raise StoreError(f"there is no run folder {run_folder}; give the folder that a run printed at its end")
    journals = [_Journal(path) for path in episode_files(run_folder, is_deep=True)]
    for journal in journals:
        journal.refresh()
        journal.warn_if_torn()
    return [episode for journal in journals for episode in journal.episodes]


def read_run(run_folder: Path) -> list[Episode]:
    """One episode a key: the first that is done, else the latest attempt. Raises as `read_attempts`."""
    return list(latest(read_attempts(run_folder)).values())


def read_ledger(folder: Path, key: str) -> dict[str, Any]:
    """Ledger of one episode as plain data; `folder` is a run folder or a cell's.

    Raises:
        StoreError: There is none, or it cannot be read.
    """
    ledger: dict[str, Any] = _load(find_side_file(folder, "ledgers", key))
    return ledger


def read_ledger_text(folder: Path, key: str) -> str:
    """Ledger of one episode as it was written, to be compared byte for byte. Arguments, errors: `read_ledger`."""
    return _unzip(find_side_file(folder, "ledgers", key))


def read_transcript(folder: Path, key: str) -> list[dict[str, Any]]:
    """Transcript of one episode, oldest message first. Arguments and errors as in `read_ledger`."""
    transcript: list[dict[str, Any]] = _load(find_side_file(folder, "transcripts", key))
    return transcript


def read_peer_transcript(folder: Path, key: str) -> list[dict[str, Any]]:
    """Transcript of the model that drove the second robot. Arguments and errors as in `read_ledger`."""
    transcript: list[dict[str, Any]] = _load(find_side_file(folder, "peer_transcripts", key))
    return transcript


def read_probes(folder: Path, key: str) -> list[dict[str, Any]]:
    """Messages of an episode's probes; empty where none were asked, as in older records.

    Raises:
        StoreError: They cannot be read.
    """
    return _read_if_any(folder, "probes", key)


def read_monitors(folder: Path, key: str) -> list[dict[str, Any]]:
    """Messages of the models of an episode's oversight parts, part by part; empty where none were asked.

    Raises:
        StoreError: They cannot be read.
    """
    return _read_if_any(folder, "monitors", key)


def find_side_file(folder: Path, kind: str, key: str) -> Path:
    """Path of an episode's file of `kind` (a folder of a cell: `ledgers`, ...) in a run folder or a cell's.

    Raises:
        StoreError: There is none.
    """
    path = _look_up(folder, kind, key)
    if path is None:
        raise StoreError(f"{folder} holds no {_side(Path(), kind, key)}; episodes.jsonl lists the keys there are")
    return path


def _read_if_any(folder: Path, kind: str, key: str) -> list[dict[str, Any]]:
    path = _look_up(folder, kind, key)
    messages: list[dict[str, Any]] = [] if path is None else _load(path)
    return messages


def _look_up(folder: Path, kind: str, key: str) -> Path | None:
    name = _side(Path(), kind, _safe(key))
    if (folder / "ledgers").is_dir():
        return path if (path := folder / name).is_file() else None
    return next((path for path in sorted(folder.rglob(str(name))) if path.is_file()), None)


def _side(folder: Path, kind: str, key: str) -> Path:
    return folder / kind / (f"{key}.npz" if kind == "states" else f"{key}.json.gz")


def _safe(name: str) -> str:
    if not _SAFE_NAME.fullmatch(name):
        raise StoreError(f"{name!r} cannot name a file; use letters, digits, dot, dash and underscore")
    return name


def _zip_messages(transcript: Sequence[Mapping[str, Any]]) -> bytes:
    return _zip(json.dumps(list(transcript), ensure_ascii=False))


def _zip(text: str) -> bytes:
    return gzip.compress(text.encode(errors="surrogatepass"), mtime=0)


def _load(path: Path) -> Any:
    with _readable(path):
        return json.loads(_unzip(path))


def _unzip(path: Path) -> str:
    with _readable(path):
        return gzip.decompress(path.read_bytes()).decode(errors="surrogatepass")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise StoreError(f"{path} cannot be read ({error}); delete its episode's line to have it run again") from error


def _keep(path: Path, data: bytes) -> None:
    with faults_in_one_line(path):
        replace_file(path, data)
