"""Runs the episodes of a cell concurrently: worker processes run them, this process alone writes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import yaml
from rich.console import Console

from embodied import config as cfg
from embodied.config import CellConfig
from embodied.errors import ConfigError, EmbodiedError
from embodied.progress import CellProgress
from embodied.records import Episode, Termination, Validity
from embodied.store import CellStore
from embodied.version import code_version
from embodied.worker import Reply, RunnerFactory
from embodied.workers import WorkerPool

DEFAULT_SLOTS: Final = 4
MAX_ERRORS_IN_A_ROW: Final = 5

_ERRORS: Final = frozenset({Validity.HARNESS_ERROR, Validity.SERVER_ERROR})


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
                added = self._run_missing(config, missing, store, progress)
            except BaseException:
                self._pool.close()
                raise
        return CellRun(manifest, (*finished, *added), is_new=True)

    def _prepare(self, config: CellConfig, store: CellStore, n_workers: int) -> Mapping[str, Any]:
        reply = self._pool.prepare(config, n_workers)
        if reply.error or reply.manifest is None:
            raise EmbodiedError(reply.error)
        _refuse_other_model(store, reply.manifest)
        store.write_config(yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True))
        store.write_manifest(reply.manifest)
        return reply.manifest

    def _run_missing(
        self, config: CellConfig, seeds: Sequence[int], store: CellStore, progress: CellProgress
    ) -> list[Episode]:
        added: list[Episode] = []
        errors_in_a_row = 0
        for reply in self._pool.run(config, seeds, min(worker_count(config), len(seeds))):
            episode = _keep(reply, config, store)
            added.append(episode)
            progress.add(episode)
            errors_in_a_row = errors_in_a_row + 1 if episode.validity in _ERRORS else 0
            if errors_in_a_row >= MAX_ERRORS_IN_A_ROW:
                raise EmbodiedError(
                    f"stopped after {errors_in_a_row} errors in a row, the last: {episode.error}; "
                    "find the cause and run the same command again, only what is missing is run"
                )
        return added

    def _note_other_code(self, config: CellConfig, finished: Iterable[Episode]) -> None:
        others = sorted({episode.code_version for episode in finished} - {code_version()})
        if others:
            self._console.print(
                f"note: {cfg.cell_label(config)} holds episodes of code version {', '.join(others)}; "
                f"this is {code_version()}",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )


def _refuse_other_model(store: CellStore, manifest: Mapping[str, Any]) -> None:
    """One cell, one model: the same name may stand for other weights since its first episodes were run."""
    path = store.folder / "manifest.json"
    if not store.done() or not path.exists():
        return
    before, now = json.loads(path.read_text(encoding="utf-8")).get("digest"), manifest.get("digest")
    if before != now:
        raise ConfigError(
            f"{store.folder} holds episodes of a model with digest {before}, and this one has {now}; "
            "keep them apart: give another run.name"
        )


def worker_count(config: CellConfig) -> int:
    """Episodes at a time: as configured, else the slots of the model's server; for scripts, the processors."""
    available = (os.cpu_count() or 1) if "script" in config.model else config.model.get("slots", DEFAULT_SLOTS)
    return min(config.run.workers or available, config.episodes)


def _keep(reply: Reply, config: CellConfig, store: CellStore) -> Episode:
    if reply.must_stop or reply.seed is None:
        raise EmbodiedError(reply.error)
    if reply.result is None:
        episode = _broken(config, reply.seed, reply.error)
        store.append(episode, "{}", (), None)
        return episode
    result = reply.result
    transcript: tuple[Mapping[str, Any], ...] = result.transcript
    store.append(result.episode, result.ledger_json, transcript, result.states)
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
