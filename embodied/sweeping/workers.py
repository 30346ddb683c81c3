"""Worker processes that each own one world. The parent hands out seeds and takes back results; a dead one is replaced.

A pool outlives a cell, since starting a process and importing a physics engine costs seconds. Each task carries its
configuration; a worker keeps its runner until another configuration comes.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Final

from embodied.sweeping.worker import Notice, Reply, RunnerFactory, Task, work

_GRACE_S: Final = 3.0
_POLL_S: Final = 0.5
"""How often is asked for tasks that may come later."""
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
    """Runs episodes in worker processes.

    Args:
        factory: Builds the runner of a cell inside a worker; must be importable there.
    """

    def __init__(self, factory: RunnerFactory) -> None:
        self._factory = factory
        self._workers: list[_Worker] = []

    def run(self, tasks: Iterator[Task | None], size: int) -> Iterator[Reply | Notice]:
        """Serve tasks, `size` at a time, and yield what becomes of each as it ends, and which of them have to wait.

        Args:
            tasks: Each is taken when a worker is free for it; None says that there may be one later.
            size: How many workers there are to be.
        """
        self._workers += [self._start(number) for number in range(len(self._workers), size)]
        while (are_more := self._give(tasks, size)) or any(worker.task for worker in self._workers):
            busy = [worker for worker in self._workers if worker.task]
            ready = wait([worker.pipe for worker in busy], _POLL_S if are_more and len(busy) < size else None)
            said = [worker.take() for worker in busy if worker.pipe in ready]
            self._give(tasks, size)
            yield from sorted(said, key=lambda one: isinstance(one, Reply) and one.must_stop)

    def _give(self, tasks: Iterator[Task | None], size: int) -> bool:
        """Hand tasks to idle workers; whether there may be more of them."""
        for index, worker in enumerate(self._workers[:size]):
            if worker.task is None:
                try:
                    task = next(tasks)
                except StopIteration:
                    return False
                if task is None:
                    return True
                if not worker.process.is_alive():
                    worker.pipe.close()
                    self._workers[index] = worker = self._start(index)  # noqa: PLW2901
                worker.give(task)
        return True

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
        process = _SPAWN.Process(target=work, args=(theirs, self._factory), name=name, daemon=True)
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
