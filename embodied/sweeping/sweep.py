"""Runs the episodes of a cell concurrently: worker processes run them, this process alone writes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from rich.console import Console

from embodied import config as cfg
from embodied.backends.pool import ADDRESS_KEYS
from embodied.config import CellConfig
from embodied.errors import DiskFullError, EmbodiedError
from embodied.records import Episode, Termination, Validity
from embodied.shipped import write_yaml
from embodied.storage.claims import writer_name
from embodied.storage.files import faults_in_one_line
from embodied.storage.same_model import refuse_other_model
from embodied.storage.store import Attempt, CellStore
from embodied.sweeping.handout import Handout
from embodied.sweeping.progress import CellProgress
from embodied.sweeping.troubles import Troubles
from embodied.sweeping.worker import Reply, RunnerFactory, Task
from embodied.sweeping.workers import WorkerPool
from embodied.version import code_version

DEFAULT_SLOTS: Final = 4
SPARE_WORKERS: Final = 1
CONVERSATIONS: Final = 2
"""Of an episode in which the same embedded model drives a second robot too; each has a slot of its own."""


@dataclass(frozen=True, slots=True)
class CellRun:
    """A complete cell.

    Attributes:
        manifest: What answered; empty when no episode had to be run.
        is_new: Whether it is this sweep's to be mirrored: it ran an episode of it, and no other sweep the last one.
        store: Where it is kept.
        keys: The episodes asked for.
    """

    manifest: Mapping[str, Any]
    is_new: bool
    store: CellStore
    keys: tuple[str, ...]

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """Whole records of the episodes asked for, read when they are asked for, whoever ran them.

        Raises:
            StoreError: They cannot be read.
        """
        return tuple(self.store.read(self.keys))


class Sweep:
    """Runs cells one after the other and keeps its worker processes between them.

    Other sweeps may run the same cells at the same time. A task of a launcher, which has begun others, writes to files
    of its own (see `embodied.storage.claims`).

    Args:
        runner_factory: Builds the runner of a cell inside a worker; must be importable there.
        console: Where progress and notes are shown.
        is_task: Whether it is one of several tasks of a launcher.
    """

    def __init__(self, runner_factory: RunnerFactory, console: Console | None = None, *, is_task: bool = False) -> None:
        self._pool = WorkerPool(runner_factory)
        self._console = console or Console(stderr=True)
        self._is_task = is_task
        self._has_answered = False
        self._full: DiskFullError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the worker processes. Idempotent."""
        self._pool.close()

    def run_cell(self, config: CellConfig) -> CellRun:
        """Run the episodes of a cell that are not done yet.

        Raises:
            EmbodiedError: No episode can run until the user acts. What is finished is kept. After a full disk it is
                raised again for every further cell.
        """
        if self._full is not None:
            raise self._full
        try:
            return self._run_cell(config)
        except DiskFullError as error:
            self._full = error
            raise

    def _run_cell(self, config: CellConfig) -> CellRun:
        store = self._store(config)
        cell = cfg.cell_hash(config)
        wanted = {cfg.episode_key(cell, seed): seed for seed in config.seeds}
        finished = {key: attempt for key, attempt in store.done().items() if key in wanted}
        missing = {key: seed for key, seed in wanted.items() if key not in finished}
        self._note_other_code(config, finished.values())
        with CellProgress(cfg.cell_label(config), len(wanted), finished.values(), self._console) as progress:
            if not missing:
                return CellRun({}, False, store, tuple(wanted))
            try:
                manifest = self._prepare(config, store, min(worker_count(config), len(missing)))
                is_new = self._run_missing(config, missing, manifest, store, progress)
            except BaseException:
                self._pool.close()
                raise
        return CellRun(manifest, is_new, store, tuple(wanted))

    def _store(self, config: CellConfig) -> CellStore:
        folder = config.folder
        with faults_in_one_line(folder):
            folder.mkdir(parents=True, exist_ok=True)
            writer = writer_name(folder, is_task=self._is_task)
        return CellStore(folder, writer)

    def _prepare(self, config: CellConfig, store: CellStore, n_workers: int) -> Mapping[str, Any]:
        """Make `n_workers` ready at once. What has answered in this sweep before is waited for."""
        task = Task(config, None, patience_s=config.run.patience_s if self._has_answered else 0.0)
        manifest: Mapping[str, Any] = {}
        for reply in self._replies(iter([task] * n_workers), n_workers):
            if reply.error:
                raise EmbodiedError(reply.error)
            manifest = manifest or reply.manifest or {}
        self._has_answered = True
        run = store.folder.parent
        refuse_other_model(manifest, (path.parent for path in run.glob("*/manifest.json")), {store.folder})
        store.write_config(write_yaml(config.model_dump(mode="json")))
        store.write_manifest(manifest)
        return manifest

    def _run_missing(
        self, config: CellConfig, missing: Mapping[str, int], manifest: Mapping[str, Any], store: CellStore,
        progress: CellProgress,
    ) -> bool:  # fmt: skip
        """Run what is missing, and what a server broke off once more at the end; whether it is this sweep's cell."""
        has_run = False
        troubles = Troubles()
        broken_off: list[int] = []
        n_workers = min(worker_count(config), len(missing))
        with Handout(store, missing, progress.add, self._note_others) as handout:
            for is_last_time in (False, True):
                tasks = (
                    None if seed is None else Task(config, seed, manifest, config.run.patience_s)
                    for seed in handout.seeds()
                )
                for reply in self._replies(tasks, n_workers):
                    episode = _keep(reply, config, store)
                    handout.take_back(episode.key)
                    has_run = True
                    if episode.validity is Validity.SERVER_ERROR and not is_last_time:
                        broken_off.append(episode.seed)
                    else:
                        progress.add(episode)
                    troubles.note(episode, reply)
                handout.add(broken_off)
            return has_run and (handout.has_completed or not handout.is_complete)

    def _replies(self, tasks: Iterator[Task | None], n_workers: int) -> Iterator[Reply]:
        """Serve tasks; an outage is noted once when it begins and once when it ends, however many workers wait."""
        is_waiting = False
        for said in self._pool.run(tasks, n_workers):
            if isinstance(said, Reply):
                yield said
            elif is_waiting is said.is_over:
                is_waiting = not said.is_over
                self._note(said.text)

    def _note_others(self, n_left: int) -> None:
        left = (
            "episode that is left; waiting for it"
            if n_left == 1
            else f"{n_left} episodes that are left; waiting for them"
        )
        self._note(f"another sweep of this folder is running the {left}")

    def _note(self, text: str) -> None:
        self._console.print(f"note: {text}", markup=False, highlight=False, soft_wrap=True)

    def _note_other_code(self, config: CellConfig, finished: Iterable[Attempt]) -> None:
        others = sorted({episode.code_version for episode in finished} - {code_version()})
        if others:
            self._note(
                f"{cfg.cell_label(config)} holds episodes of code version {', '.join(others)}; this is {code_version()}"
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
