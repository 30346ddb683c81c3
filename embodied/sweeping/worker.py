"""The inside of a worker process: it owns one world, runs the episodes it is told to and sends back what they leave."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Final, Protocol

import stamina

from embodied.backends.identity import SERVING, name_change
from embodied.backends.pool import PASSING
from embodied.config import CellConfig
from embodied.errors import BackendError, BackendUnavailableError, EmbodiedError, ModelChangedError
from embodied.records import Episode, Validity

POLL_S: Final = 1.0


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
    def peer_transcript(self) -> tuple[Mapping[str, Any], ...]:
        """The same of a model that drove the second robot; empty where none did."""
        ...

    @property
    def probes(self) -> tuple[Mapping[str, Any], ...]:
        """What was asked in copies of the transcript afterwards; empty where nothing was."""
        ...

    @property
    def monitors(self) -> tuple[Mapping[str, Any], ...]:
        """What models of oversight parts read and wrote; empty where none were asked."""
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
        began_s: When the episode began, on the clock that all processes share (`time.monotonic`).
        ended_s: When it ended.
    """

    seed: int | None
    manifest: Mapping[str, Any] | None = None
    result: Result | None = None
    error: str = ""
    must_stop: bool = False
    began_s: float = 0.0
    ended_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Notice:
    """Sent before the reply to a task that has to wait.

    Attributes:
        text: What for, in one line.
        is_over: Whether the waiting has come to its end.
    """

    text: str
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """Run the episode of `seed`, or, with None, only make the model ready.

    Attributes:
        expected: What the model said it is when the cell was begun; empty when nothing is known yet.
        patience_s: How long to wait for a server that does not answer.
    """

    config: CellConfig
    seed: int | None
    expected: Mapping[str, Any] = field(default_factory=dict)
    patience_s: float = 0.0


def work(pipe: Connection, factory: RunnerFactory) -> None:
    """Serve tasks until the parent closes its end, ends this process, or dies.

    Nothing is written to the terminal from here: calls that were sent again are counted in the record.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with open(os.devnull, "w") as null:  # noqa: PTH123
        os.dup2(null.fileno(), 1)
    stamina.instrumentation.set_on_retry_hooks([])
    bench = _Bench(factory, pipe.send)
    try:
        while True:
            pipe.send(bench.serve(pipe.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    finally:
        bench.close()


class _Bench:
    """The runner of a worker, kept until another configuration comes."""

    def __init__(self, factory: RunnerFactory, tell: Callable[[Notice], None]) -> None:
        self._factory = factory
        self._tell = tell
        self._config: CellConfig | None = None
        self._runner: Runner | None = None
        self._manifest: Mapping[str, Any] = {}
        self._is_ready = False

    def serve(self, task: Task) -> Reply:
        try:
            runner = self._runner_of(task.config)
            if not self._is_ready:
                self._make_ready(runner, task)
        except EmbodiedError as error:
            return Reply(task.seed, error=str(error), must_stop=True)
        except Exception as error:  # noqa: BLE001
            return Reply(task.seed, error=_one_line(error), must_stop=True)
        if task.seed is None:
            return Reply(None, manifest=self._manifest)
        began_s = time.monotonic()
        try:
            result = runner.run(task.seed)
        except EmbodiedError as error:
            return Reply(task.seed, error=str(error), must_stop=True, began_s=began_s)
        except Exception as error:  # noqa: BLE001
            return Reply(task.seed, error=_one_line(error), began_s=began_s, ended_s=time.monotonic())
        self._is_ready = result.episode.validity is not Validity.SERVER_ERROR
        return Reply(task.seed, manifest=self._manifest, result=result, began_s=began_s, ended_s=time.monotonic())

    def close(self) -> None:
        runner, self._runner, self._config = self._runner, None, None
        self._manifest, self._is_ready = {}, False
        if runner is not None:
            runner.close()

    def _runner_of(self, config: CellConfig) -> Runner:
        if self._runner is None or config != self._config:
            self.close()
            self._runner = self._factory(config)
            self._config = config
        return self._runner

    def _make_ready(self, runner: Runner, task: Task) -> None:
        """Ask until the model is there, and see that it is the one that the cell was begun with."""
        began_s = time.monotonic()
        is_waiting = False
        while True:
            try:
                manifest = runner.prepare()
            except BackendError as error:
                if error.fault not in PASSING or not task.patience_s:
                    raise
                if time.monotonic() - began_s >= task.patience_s:
                    raise BackendUnavailableError(
                        f"no answer in {task.patience_s:g} s ({error}); when it answers, run the same command again"
                    ) from error
                if not is_waiting:
                    self._tell(Notice(f"waiting up to {task.patience_s:g} s: {error}"))
                is_waiting = True
                time.sleep(min(POLL_S, task.patience_s))
            else:
                break
        if is_waiting:
            self._tell(Notice(f"the model answers again after {time.monotonic() - began_s:.0f} s", is_over=True))
        if change := name_change(task.expected, manifest, SERVING):
            raise ModelChangedError(
                f"the model is another one than before ({change}): give the server the same again, or another run.name"
            )
        self._manifest, self._is_ready = manifest, True


def _one_line(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {' '.join(str(error).split())} ({frame.name}, line {frame.lineno})"
