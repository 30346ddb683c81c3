"""The inside of a worker process: it owns one world, runs the episodes it is told to and sends back what they leave."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Protocol

from embodied.config import CellConfig
from embodied.errors import EmbodiedError
from embodied.records import Episode


class Result(Protocol):
    """What an episode leaves: its record and the files kept beside it."""

    @property
    def episode(self) -> Episode:
        """The record."""
        ...

    @property
    def ledger_json(self) -> str:
        """Ground truth, as `Ledger.dumps()` writes it."""
        ...

    @property
    def transcript(self) -> tuple[Mapping[str, Any], ...]:
        """What the model read and wrote, oldest first."""
        ...

    @property
    def states(self) -> bytes | None:
        """Recorded states as the bytes of an `.npz` file."""
        ...


class Runner(Protocol):
    """Runs the episodes of one cell inside a worker process."""

    def prepare(self) -> Mapping[str, Any]:
        """Make the model ready and return its manifest."""
        ...

    def run(self, seed: int) -> Result:
        """Run one episode."""
        ...

    def close(self) -> None:
        """Free what this object holds."""
        ...


RunnerFactory = Callable[[CellConfig], Runner]


def episode_runner(config: CellConfig) -> Runner:
    """The real runner. The physics engine is imported here, so that only worker processes pay for it."""
    from embodied.episode import EpisodeRunner

    return EpisodeRunner(config)


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one task.

    Attributes:
        seed: Seed of the episode; None when the model was only made ready.
        manifest: What the model says it is, once it is ready.
        result: The finished episode, if there is one.
        error: Why there is none, in one line.
        must_stop: Whether no other episode can run either until the user acts.
    """

    seed: int | None
    manifest: Mapping[str, Any] | None = None
    result: Result | None = None
    error: str = ""
    must_stop: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """Run the episode of `seed`, or, with None, only make the model ready."""

    config: CellConfig
    seed: int | None


def work(pipe: Connection, factory: RunnerFactory) -> None:
    """Serve tasks until the parent closes its end, ends this process, or dies."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with open(os.devnull, "w") as null:  # noqa: PTH123
        os.dup2(null.fileno(), 1)
    bench = _Bench(factory)
    try:
        while True:
            pipe.send(bench.serve(pipe.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    finally:
        bench.close()


class _Bench:
    """The runner of a worker, kept until another configuration comes."""

    def __init__(self, factory: RunnerFactory) -> None:
        self._factory = factory
        self._config: CellConfig | None = None
        self._runner: Runner | None = None
        self._manifest: Mapping[str, Any] = {}

    def serve(self, task: Task) -> Reply:
        try:
            runner = self._prepared(task.config)
        except EmbodiedError as error:
            return Reply(task.seed, error=str(error), must_stop=True)
        except Exception as error:  # noqa: BLE001
            return Reply(task.seed, error=_one_line(error), must_stop=True)
        if task.seed is None:
            return Reply(None, manifest=self._manifest)
        try:
            return Reply(task.seed, manifest=self._manifest, result=runner.run(task.seed))
        except EmbodiedError as error:
            return Reply(task.seed, error=str(error), must_stop=True)
        except Exception as error:  # noqa: BLE001
            return Reply(task.seed, error=_one_line(error))

    def close(self) -> None:
        runner, self._runner, self._config = self._runner, None, None
        if runner is not None:
            runner.close()

    def _prepared(self, config: CellConfig) -> Runner:
        if self._runner is None or config != self._config:
            self.close()
            self._runner = self._factory(config)
            self._manifest = self._runner.prepare()
            self._config = config
        return self._runner


def _one_line(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {' '.join(str(error).split())} ({frame.name}, line {frame.lineno})"
