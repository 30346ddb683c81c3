"""One composed cell, run and mirrored: what Hydra's launchers call, in this process or in others."""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from embodied.config import CellConfig, RunConfig, cell_hash, parse_config
from embodied.errors import EmbodiedError, StoreError, TrackingWarning
from embodied.explain import CONFIG_ERRORS, explain
from embodied.storage.same_model import read_manifest
from embodied.storage.store import TornLineWarning, read_run
from embodied.sweeping.launching import tags_of
from embodied.sweeping.sweep import Sweep
from embodied.sweeping.worker import RunnerFactory

if TYPE_CHECKING:
    from embodied.tracking.mirror import Tracker


@dataclass(frozen=True, slots=True)
class CellReport:
    """What became of one cell; travels back from any launcher.

    Attributes:
        run: Where the run is kept; None when the configuration could not be read.
        error: Why the cell is not complete ("" when it is).
        notes: What a launcher's process had to say.
    """

    run: RunConfig | None
    error: str = ""
    notes: tuple[Warning, ...] = ()


class CellTask:
    """Runs one composed cell. Hydra's launchers call it, in this process or in others.

    Pickled, it becomes the one task of the process that it comes to (see `_task_here`).

    Args:
        runner_factory: Builds the runner of a cell inside a worker process.
        console: Where progress and notes are shown; None for the terminal.
        is_task: Whether it is one of several tasks of a launcher.
    """

    def __init__(self, runner_factory: RunnerFactory, console: Console | None = None, *, is_task: bool = False) -> None:
        self._factory = runner_factory
        self._sweep = Sweep(runner_factory, console, is_task=is_task)
        self._trackers: dict[str, Tracker] = {}
        self._swept: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[Callable[..., _TaskElsewhere], tuple[RunnerFactory, tuple[str, ...]]]:
        return _task_here, (self._factory, self._swept)

    def over(self, swept: tuple[str, ...]) -> Self:
        """The same task in a sweep over these keys."""
        self._swept = swept
        return self

    def __call__(self, composed: DictConfig) -> CellReport:
        """Run the cell; what goes wrong is reported, so that the other cells of a sweep still run."""
        run: RunConfig | None = None
        try:
            config = resolve(composed)
            run = config.run
            tracker = self._tracker_of(config)
            cell = self._sweep.run_cell(config)
            if tracker is not None and (cell.is_new or tracker.is_due(cell_hash(config), config.folder)):
                _track(tracker, config, tags_of(HydraConfig.get().overrides.task, self._swept))
        except EmbodiedError as error:
            return CellReport(run, str(error))
        except CONFIG_ERRORS as error:
            return CellReport(run, str(explain(error)))
        return CellReport(run)

    def _tracker_of(self, config: CellConfig) -> Tracker | None:
        """The tracker of a cell. Cells that differ in nothing else share it: after a failure it stays silent."""
        if not config.tracking:
            return None
        own = {"group": config.run.name, "folder": str(config.run.folder)}
        settings = config.tracking | {key: own[key] for key in own if config.tracking.get(key, own) is None}
        name = repr(settings)
        if name not in self._trackers:
            self._trackers[name] = instantiate(settings)
        return self._trackers[name]

    def close(self) -> None:
        """End the worker processes. Idempotent."""
        self._sweep.close()


class _TaskElsewhere:
    """The task in a process of a launcher: its terminal is another one's, and so is its end."""

    def __init__(self, task: CellTask) -> None:
        self._task = task

    def __call__(self, composed: DictConfig) -> CellReport:
        """Run the cell, and report what there was to note."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            report = self._task(composed)
        notes = [note.message for note in caught if isinstance(note.message, TornLineWarning | TrackingWarning)]
        return replace(report, notes=tuple(notes))


@cache
def _task_here(runner_factory: RunnerFactory, swept: tuple[str, ...]) -> _TaskElsewhere:
    """The one task of this process: cells that come to it after each other share its worker processes.

    A launcher may have processes started in a way of its own, which worker processes would be told of and do not know.
    """
    multiprocessing.set_start_method("spawn", force=True)
    task = CellTask(runner_factory, Console(stderr=True, force_terminal=False), is_task=True).over(swept)
    Finalize(None, task.close, exitpriority=0)
    return _TaskElsewhere(task)


def resolve(composed: DictConfig) -> CellConfig:
    """The checked configuration of a composed cell.

    Raises:
        ConfigError: A key is unknown or missing, or a value is not allowed.
    """
    plain: Any = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    return parse_config(plain)


def _track(tracker: Tracker, config: CellConfig, tags: Sequence[str]) -> None:
    """Mirror all that a cell's folder holds, whichever sweeps ran it."""
    plain = config.model_dump(mode="json")
    tracker.log_cell(plain, _manifest(config.folder), read_run(config.folder), config.folder, tags)


def _manifest(cell: Path) -> dict[str, Any]:
    """What answered; nothing where it was not kept, or cannot be read."""
    try:
        return read_manifest(cell)
    except StoreError:
        return {}
