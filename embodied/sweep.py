"""Runs the episodes of a cell concurrently: worker processes run them, this process alone writes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import yaml
from rich.console import Console

from embodied import config as cfg
from embodied.backends.identity import WEIGHTS, name_change
from embodied.backends.pool import ADDRESS_KEYS
from embodied.config import CellConfig
from embodied.errors import ConfigError, EmbodiedError
from embodied.progress import CellProgress
from embodied.records import Episode, Termination, Validity
from embodied.store import CellStore
from embodied.version import code_version
from embodied.worker import Reply, RunnerFactory, Task
from embodied.workers import WorkerPool

DEFAULT_SLOTS: Final = 4
SPARE_WORKERS: Final = 1
CONVERSATIONS: Final = 2
"""Of an episode in which the same embedded model drives a second robot too; each has a slot of its own."""
MAX_ERRORS_IN_A_ROW: Final = 5


@dataclass(frozen=True, slots=True)
class CellRun:
    """A complete cell.

    Attributes:
        manifest: What answered; empty when no episode had to be run.
        episodes: The episodes asked for.
        is_new: Whether any of them was run just now.
    """

    manifest: Mapping[str, Any]
    episodes: tuple[Episode, ...]
    is_new: bool


class Sweep:
    """Runs cells one after the other and keeps its worker processes between them.

    Args:
        runner_factory: Builds the runner of a cell inside a worker; must be importable there.
        console: Where progress and notes are shown.
    """

    def __init__(self, runner_factory: RunnerFactory, console: Console | None = None) -> None:
        self._pool = WorkerPool(runner_factory)
        self._console = console or Console(stderr=True)
        self._has_answered = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def __reduce__(self) -> tuple[type[Sweep], tuple[RunnerFactory]]:
        return Sweep, (self._pool.factory,)

    def close(self) -> None:
        """End the worker processes. Idempotent."""
        self._pool.close()

    def run_cell(self, config: CellConfig) -> CellRun:
        """Run the episodes of a cell that are not done yet.

        Raises:
            EmbodiedError: No episode can run until the user acts. What is finished is kept.
        """
        store = CellStore(config.folder)
        cell = cfg.cell_hash(config)
        wanted = {cfg.episode_key(cell, seed): seed for seed in config.seeds}
        finished = [episode for key, episode in store.done().items() if key in wanted]
        self._note_other_code(config, finished)
        missing = sorted(set(wanted.values()) - {episode.seed for episode in finished})
        with CellProgress(cfg.cell_label(config), len(wanted), finished, self._console) as progress:
            if not missing:
                return CellRun({}, tuple(finished), is_new=False)
            try:
                manifest = self._prepare(config, store, min(worker_count(config), len(missing)))
                added = self._run_missing(config, missing, manifest, store, progress)
            except BaseException:
                self._pool.close()
                raise
        return CellRun(manifest, (*finished, *added), is_new=True)

    def _prepare(self, config: CellConfig, store: CellStore, n_workers: int) -> Mapping[str, Any]:
        """Make `n_workers` ready at once. What has answered in this sweep before is waited for."""
        task = Task(config, None, patience_s=config.run.patience_s if self._has_answered else 0.0)
        manifest: Mapping[str, Any] = {}
        for reply in self._replies([task] * n_workers, n_workers):
            if reply.error:
                raise EmbodiedError(reply.error)
            manifest = manifest or reply.manifest or {}
        self._has_answered = True
        _refuse_other_model(store, manifest)
        store.write_config(yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True))
        store.write_manifest(manifest)
        return manifest

    def _run_missing(
        self, config: CellConfig, seeds: Sequence[int], manifest: Mapping[str, Any], store: CellStore,
        progress: CellProgress,
    ) -> list[Episode]:  # fmt: skip
        """Run the episodes of `seeds`, and those that a server broke off once more at the end."""
        added: list[Episode] = []
        troubles = _Troubles()
        broken_off: list[int] = []
        for is_last_time, chosen in ((False, seeds), (True, broken_off)):
            tasks = [Task(config, seed, manifest, config.run.patience_s) for seed in chosen]
            for reply in self._replies(tasks, min(worker_count(config), len(tasks))):
                episode = _keep(reply, config, store)
                if episode.validity is Validity.SERVER_ERROR and not is_last_time:
                    broken_off.append(episode.seed)
                else:
                    added.append(episode)
                    progress.add(episode)
                troubles.note(episode, reply.began_s)
        return added

    def _replies(self, tasks: Sequence[Task], n_workers: int) -> Iterator[Reply]:
        """Serve tasks; an outage is noted once when it begins and once when it ends, however many workers wait."""
        is_waiting = False
        for said in self._pool.run(tasks, n_workers):
            if isinstance(said, Reply):
                yield said
            elif is_waiting is said.is_over:
                is_waiting = not said.is_over
                self._note(said.text)

    def _note(self, text: str) -> None:
        self._console.print(f"note: {text}", markup=False, highlight=False, soft_wrap=True)

    def _note_other_code(self, config: CellConfig, finished: Iterable[Episode]) -> None:
        others = sorted({episode.code_version for episode in finished} - {code_version()})
        if others:
            self._note(
                f"{cfg.cell_label(config)} holds episodes of code version {', '.join(others)}; this is {code_version()}"
            )


class _Troubles:
    """Counts errors in a row. Episodes that a server broke off at the same time are one outage and count once."""

    def __init__(self) -> None:
        self._n_in_a_row = 0
        self._counted_s = 0.0

    def note(self, episode: Episode, began_s: float) -> None:
        """Take one more episode into account, which began at `began_s`.

        Raises:
            EmbodiedError: There were too many errors in a row.
        """
        if episode.validity not in {Validity.HARNESS_ERROR, Validity.SERVER_ERROR}:
            self._n_in_a_row = 0
            return
        if episode.validity is Validity.SERVER_ERROR and began_s < self._counted_s:
            return
        self._n_in_a_row += 1
        self._counted_s = time.monotonic()
        if self._n_in_a_row >= MAX_ERRORS_IN_A_ROW:
            raise EmbodiedError(
                f"stopped after {self._n_in_a_row} errors in a row, the last: {episode.error}; "
                "find the cause and run the same command again, only what is missing is run"
            )


def _refuse_other_model(store: CellStore, manifest: Mapping[str, Any]) -> None:
    """One run, one model of a name: it may stand for other weights since the first episodes were run."""
    for path in sorted(store.folder.parent.glob("*/manifest.json")):
        before = json.loads(path.read_text(encoding="utf-8"))
        if path.parent == store.folder:
            is_comparable = bool(store.done())
        else:
            is_of_model = "model" in manifest and "model" in before
            is_comparable = is_of_model and not name_change(before, manifest, ("backend", "model", "think"))
            is_comparable &= any(file.stat().st_size for file in path.parent.glob("episodes*.jsonl"))
        if is_comparable and (change := name_change(before, manifest, WEIGHTS)):
            raise ConfigError(
                f"{path.parent} holds episodes of another model ({change}); keep them apart: give another run.name"
            )


def worker_count(config: CellConfig) -> int:
    """Episodes at a time: as configured, else as many as keep the model's servers busy; for scripts, the processors.

    A slot is idle while the physics of its episode runs; one worker to spare for each server fills the gap. Not for
    weights that are served by this project itself (`model.path`): there every worker has a slot of its own, which holds
    its conversation, and one more would drive out those of the others. In reproducible mode one, whatever is
    configured.
    """
    model = config.model
    if model.get("reproducible"):
        return 1
    if "script" in model:
        available = os.cpu_count() or 1
    else:
        n_servers = next((len(model[key]) for key in ADDRESS_KEYS if model.get(key)), 1)
        spare = 0 if "path" in model else SPARE_WORKERS
        available = (model.get("slots", DEFAULT_SLOTS) + spare) * n_servers
        if "path" in model and config.peer_model == model:
            available = max(1, available // CONVERSATIONS)
    return min(config.run.workers or available, config.episodes)


def _keep(reply: Reply, config: CellConfig, store: CellStore) -> Episode:
    if reply.must_stop or reply.seed is None:
        raise EmbodiedError(reply.error)
    if reply.result is None:
        episode = _broken(config, reply.seed, reply.error)
        store.append(episode, "{}", (), None)
        return episode
    result = reply.result
    store.append(
        result.episode, result.ledger_json, result.transcript, result.states, result.peer_transcript, result.probes,
        result.monitors,
    )  # fmt: skip
    return result.episode


def _broken(config: CellConfig, seed: int, error: str) -> Episode:
    """The record of an episode that the harness failed to run."""
    return Episode(
        **cfg.identity(config, seed),
        termination=Termination.ENV_ERROR,
        validity=Validity.HARNESS_ERROR,
        error=error,
        outcome=None,
        is_physical_act=None,
    )
