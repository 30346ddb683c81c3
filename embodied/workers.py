"""Worker processes that each own one world. The parent hands out seeds and takes back results; a dead one is replaced.

A pool outlives a cell, since starting a process and importing a physics engine costs seconds. Each task carries its
configuration; a worker keeps its runner until another configuration comes.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Final

from embodied.worker import Notice, Reply, RunnerFactory, Task, work

_GRACE_S: Final = 3.0
_SPAWN: Final = multiprocessing.get_context("spawn")


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    task: Task | None = None

    def give(self, task: Task) -> None:
        self.task = task
        try:
            self.pipe.send(task)
        except (BrokenPipeError, ConnectionResetError):
            return  # It died while idle: `take` finds that out.

    def take(self) -> Reply | Notice:
        """Fetch what a worker has to say: that it waits, the reply to its task, or that it died."""
        if self.task is None:
            raise RuntimeError("the worker has no task")
        try:
            said: Reply | Notice = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            self.process.join(_GRACE_S)
            said = Reply(self.task.seed, error=_describe_end(self.process.exitcode))
        if isinstance(said, Reply):
            self.task = None
        return said


class WorkerPool:
    """Runs episodes in worker processes. Pickling it (some launchers do) leaves the processes behind.

    Args:
        factory: Builds the runner of a cell inside a worker; must be importable there.
    """

    def __init__(self, factory: RunnerFactory) -> None:
        self.factory = factory
        self._workers: list[_Worker] = []

    def __reduce__(self) -> tuple[type[WorkerPool], tuple[RunnerFactory]]:
        return WorkerPool, (self.factory,)

    def run(self, tasks: Sequence[Task], size: int) -> Iterator[Reply | Notice]:
        """Serve tasks, `size` at a time, and yield what becomes of each as it ends, and which of them have to wait."""
        self._workers += [self._start(number) for number in range(len(self._workers), size)]
        waiting = deque(tasks)
        while waiting or any(worker.task for worker in self._workers):
            for index, worker in enumerate(self._workers[:size]):
                if waiting and worker.task is None:
                    if not worker.process.is_alive():
                        worker.pipe.close()
                        self._workers[index] = worker = self._start(index)  # noqa: PLW2901
                    worker.give(waiting.popleft())
            busy = [worker for worker in self._workers if worker.task]
            ready = wait([worker.pipe for worker in busy])
            said = [worker.take() for worker in busy if worker.pipe in ready]
            yield from sorted(said, key=lambda one: isinstance(one, Reply) and one.must_stop)

    def close(self) -> None:
        """Let idle workers end by themselves and end the others. Idempotent."""
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.pipe.close()
            if worker.task is not None:
                worker.process.terminate()
        deadline = time.monotonic() + _GRACE_S
        for worker in workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    def _start(self, number: int) -> _Worker:
        ours, theirs = _SPAWN.Pipe()
        name = f"embodied-worker-{number}"
        process = _SPAWN.Process(target=work, args=(theirs, self.factory), name=name, daemon=True)
        with _interrupts_held():
            process.start()
        theirs.close()
        return _Worker(process, ours)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C is for the parent alone: a process started in here never sees it; the parent does afterwards.

    The resource tracker lifts the block when it is started, hence it is started first.
    """
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _describe_end(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"the worker process was ended by {signal.Signals(-exitcode).name}"
    return f"the worker process ended with exit code {exitcode}"
