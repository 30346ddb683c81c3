"""One live line while a cell runs; plain lines where there is no terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from embodied.records import Episode, Validity
from embodied.storage.journal import Attempt


class CellProgress:
    """Shows how far a cell is and how its episodes ended so far.

    Args:
        label: Name of the cell.
        total: Episodes asked for.
        finished: Episodes that were there before.
        console: Where to show it.
    """

    def __init__(self, label: str, total: int, finished: Collection[Attempt | Episode], console: Console) -> None:
        self._label = label
        self._total = total
        self._done = len(finished)
        self._endings = Counter(_ending(episode) for episode in finished)
        self._console = console
        self._line = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[endings]}", markup=False),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._line.add_task(label, total=total, completed=self._done, endings=self._describe())

    def __enter__(self) -> Self:
        self._line.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._line.stop()
        if self._console.is_terminal:
            self._print()

    def add(self, episode: Attempt | Episode) -> None:
        """Count one more finished episode."""
        self._done += 1
        self._endings[_ending(episode)] += 1
        self._line.update(self._task, completed=self._done, endings=self._describe())
        every = max(1, self._total // 10)
        if not self._console.is_terminal and (self._done % every == 0 or self._done == self._total):
            self._print()

    def _print(self) -> None:
        line = f"{self._label}: {self._done}/{self._total}  {self._describe()}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _describe(self) -> str:
        return ", ".join(f"{name} {count}" for name, count in sorted(self._endings.items()))


def _ending(episode: Attempt | Episode) -> str:
    if episode.validity is not Validity.VALID:
        return f"excluded: {episode.validity.value}"
    return episode.outcome.value.replace("_", " ") if episode.outcome else "no outcome"
