"""The worker processes of `embodied check` and `embodied rescore`, and the count of their episodes on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from embodied.checking.play import begin_work
from embodied.errors import EmbodiedError

WORKERS: Final = 2
T = TypeVar("T")


@contextmanager
def worker_processes(count: int = WORKERS) -> Iterator[ProcessPoolExecutor]:
    """Worker processes; after an error or an interruption, what is waiting is not begun."""
    processes = ProcessPoolExecutor(count, get_context("spawn"), begin_work)
    try:
        yield processes
    finally:
        processes.shutdown(cancel_futures=True)


def counted(name: str, episodes: Iterable[T], total: int) -> Iterator[T]:
    """The episodes as they come, counted on the terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as line:
        yield from line.track(episodes, total, description=name)


def collect(name: str, jobs: Sequence[Future[T]]) -> Iterator[T]:
    """The episodes as they end, counted on the terminal.

    Raises:
        EmbodiedError: A worker process died.
    """
    for job in counted(name, as_completed(jobs), len(jobs)):
        try:
            yield job.result()
        except BrokenProcessPool as error:
            message = f"a worker process died; see whether `embodied check {name}` does it again"
            raise EmbodiedError(message) from error
