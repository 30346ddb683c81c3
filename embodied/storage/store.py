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
    RUN/CELL/rescored.jsonl                  what rescoring changed (see `embodied.rescoring.write`)
    RUN/CELL/judgements.jsonl, judges/       what judge models said, and who they were (see `embodied.judge`)
    RUN/CELL/.claims/                        what sweeps are running at this moment (see `embodied.storage.claims`)

The line is written last, after the system has said that the episode's other files outlast a power cut, and is waited
for in the same way: an episode is either there with all its files or not there. A key that is done is never written
again. An episode that ended in an error keeps its line, is not done, and is rerun.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from embodied.errors import StoreError
from embodied.records import Episode
from embodied.storage.files import episode_files, faults_in_one_line, held, replace_file, write_files
from embodied.storage.journal import Attempt, Journal, TornLineWarning, is_done, latest
from embodied.storage.side_files import (
    KINDS,
    find_side_file,
    read_ledger,
    read_ledger_text,
    read_monitors,
    read_peer_transcript,
    read_probes,
    read_transcript,
    safe_name,
    side_file,
    zip_messages,
    zip_text,
)

__all__ = [
    "Attempt", "CellStore", "TornLineWarning", "find_side_file", "is_done", "latest", "read_attempts", "read_ledger",
    "read_ledger_text", "read_monitors", "read_peer_transcript", "read_probes", "read_run", "read_transcript",
]  # fmt: skip


class CellStore:
    """Reads and appends the episodes of one cell. Several writers, on one or several machines, may share the folder.

    Args:
        folder: The cell's folder; created when it is missing.
        writer: Name of this writer where several share the folder; None for the only one, and for several on one
            machine: these keep out of each other's way by the folder's lock.

    Raises:
        StoreError: The folder cannot be made, or `writer` is no file name.
    """

    def __init__(self, folder: Path, writer: str | None = None) -> None:
        self.folder = folder
        name = "episodes.jsonl" if writer is None else f"episodes.{safe_name(writer)}.jsonl"
        self._journals: dict[Path, Journal] = {}
        self._own = self._journal(folder / name)
        with faults_in_one_line(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def append(
        self, episode: Episode, ledger_json: str, transcript: Sequence[Mapping[str, Any]], states: bytes | None,
        peer_transcript: Sequence[Mapping[str, Any]] = (), probes: Sequence[Mapping[str, Any]] = (),
        monitors: Sequence[Mapping[str, Any]] = (),
    ) -> bool:  # fmt: skip
        """Keep one finished episode. Killed at any instant, or without power, it is kept whole or not at all.

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
        left = {"peer_transcripts": peer_transcript, "probes": probes, "monitors": monitors}
        files = {"ledgers": zip_text(ledger_json), "transcripts": zip_messages(transcript)}
        files |= {kind: zip_messages(messages) for kind, messages in left.items() if messages}
        files |= {} if states is None else {"states": states}
        line = episode.model_dump_json().encode() + b"\n"
        with self.refreshed():
            if self.find(episode.key):
                return False
            self.write({episode.key: files}, [line])
        return True

    def write(self, files: Mapping[str, Mapping[str, bytes]], lines: Sequence[bytes]) -> None:
        """Keep files of episodes, and then lines. Only inside `refreshed`.

        Args:
            files: By key and kind. Of a kind that is missing nothing is left of an earlier attempt.
            lines: Records, each with its end.

        Raises:
            StoreError: As `append`.
        """
        with faults_in_one_line(self.folder):
            paths = {key: {kind: side_file(self.folder, kind, key) for kind in KINDS} for key in files}
            write_files({paths[key][kind]: data for key, of in files.items() for kind, data in of.items()})
            for key, of in files.items():
                for kind in set(KINDS) - set(of):
                    paths[key][kind].unlink(missing_ok=True)
        self._own.append(lines)

    @contextmanager
    def refreshed(self) -> Iterator[None]:
        """Hold the folder against other writers, having read what they added.

        Raises:
            StoreError: A line in the middle of a file is no episode, or the folder cannot be used.
        """
        with faults_in_one_line(self.folder), held(self.folder):
            for path in episode_files(self.folder):
                self._journal(path).refresh()
            yield

    def find(self, key: str) -> Attempt | None:
        """An episode that was done when the folder was last looked at; None when it was not."""
        return next((journal.done[key] for journal in self._in_order() if key in journal.done), None)

    def done(self) -> dict[str, Attempt]:
        """Episodes that need not be run again, by key, over all writers.

        Raises:
            StoreError: A line in the middle of a file is no episode.
        """
        with self.refreshed():
            done: dict[str, Attempt] = {}
            for journal in self._in_order():
                done |= {key: attempt for key, attempt in journal.done.items() if key not in done}
        for journal in self._in_order():
            journal.warn_if_torn()
        return done

    def read(self, keys: Iterable[str]) -> list[Episode]:
        """Whole records of these keys, in their order: of each the first that is done, else the last attempt.

        Raises:
            StoreError: A line is no episode, or the folder cannot be read.
        """
        wanted = dict.fromkeys(keys)
        with self.refreshed():
            best = latest(
                attempt for journal in self._in_order() for attempt in journal.attempts if attempt.key in wanted
            )
            chosen = {id(attempt) for attempt in best.values()}
            whole: dict[str, Episode] = {}
            for journal in self._in_order():
                numbers = [number for number, attempt in enumerate(journal.attempts) if id(attempt) in chosen]
                whole |= {episode.key: episode for episode in journal.read_episodes(numbers)}
        return [whole[key] for key in wanted if key in whole]

    def write_config(self, text: str) -> None:
        """Keep the resolved configuration as `config.yaml`."""
        self._keep("config.yaml", text.encode())

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Keep what answered as `manifest.json`."""
        self._keep("manifest.json", json.dumps(manifest, indent=2, sort_keys=True).encode() + b"\n")

    def _keep(self, name: str, data: bytes) -> None:
        with faults_in_one_line(self.folder / name), held(self.folder):
            replace_file(self.folder / name, data)

    def _journal(self, path: Path) -> Journal:
        return self._journals.setdefault(path, Journal(path))

    def _in_order(self) -> list[Journal]:
        return [journal for _, journal in sorted(self._journals.items())]


def read_attempts(run_folder: Path) -> list[Episode]:
    """Every line of every cell in a run folder (or one cell's folder), errors and superseded attempts included.

    Raises:
        StoreError: There is no such folder, or a line in the middle of a file is no episode.
    """
    if not run_folder.is_dir():
        raise StoreError(f"there is no run folder {run_folder}; give the folder that a run printed at its end")
    journals = [Journal(path) for path in episode_files(run_folder, is_deep=True)]
    for journal in journals:
        journal.refresh()
        journal.warn_if_torn()
    return [episode for journal in journals for episode in journal.read_episodes()]


def read_run(run_folder: Path) -> list[Episode]:
    """One episode a key: the first that is done, else the latest attempt. Raises as `read_attempts`."""
    return list(latest(read_attempts(run_folder)).values())
