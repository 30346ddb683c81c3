"""Hands out the episodes of a cell that are still to be run, where other sweeps may be running the same cell."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Self

from embodied.storage.claims import Claims
from embodied.storage.files import faults_in_one_line
from embodied.storage.journal import Attempt
from embodied.storage.store import CellStore


class Handout:
    """Before an episode is handed out, the folder is looked at.

    What is done by then is left out, whoever did it. What another sweep is running is left to it until it is done, or
    until that sweep has died.

    Args:
        store: The cell's.
        missing: Seeds by key of the episodes that were not done when the cell was begun.
        on_found: Told of each that another sweep has done since.
        on_wait: Told once how many are left, when all of them are being run elsewhere.

    Attributes:
        has_completed: Whether the last of them that was open was done here.
    """

    def __init__(
        self, store: CellStore, missing: Mapping[str, int], on_found: Callable[[Attempt], None],
        on_wait: Callable[[int], None],
    ) -> None:  # fmt: skip
        self.has_completed = False
        self._store = store
        self._seeds = missing
        self._left = deque(missing)
        self._open = deque(missing)
        self._own: set[str] = set()
        self._on_found = on_found
        self._on_wait = on_wait
        self._has_waited = False
        with store.refreshed():
            self._claims = Claims(store.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        with faults_in_one_line(self._store.folder):
            self._claims.close()

    def seeds(self) -> Iterator[int | None]:
        """Seeds to run now, one by one; None while there is nothing to run but others may still fail at theirs.

        Raises:
            StoreError: The folder cannot be used.
        """
        while True:
            seed = self._next()
            if seed is None:
                if not self._left:
                    return
                self._say_that_it_waits()
            yield seed

    def add(self, seeds: Iterable[int]) -> None:
        """Hand these out once more."""
        keys = {seed: key for key, seed in self._seeds.items()}
        self._left.extend(keys[seed] for seed in seeds)

    def take_back(self, key: str) -> None:
        """Take note that an episode has ended here and was kept."""
        self._own.discard(key)
        while self._open and self._store.find(self._open[0]):
            self._open.popleft()
        self.has_completed = not self._open

    @property
    def is_complete(self) -> bool:
        """Whether all were done when the folder was last looked at."""
        return all(self._store.find(key) for key in self._open)

    def _next(self) -> int | None:
        with self._store.refreshed():
            elsewhere = self._claims.of_others()
            for _ in range(len(self._left)):
                key = self._left.popleft()
                if found := self._store.find(key):
                    self._on_found(found)
                elif key in elsewhere:
                    self._left.append(key)
                else:
                    self._own.add(key)
                    self._claims.write(self._own)
                    return self._seeds[key]
            self._claims.write(self._own)
            return None

    def _say_that_it_waits(self) -> None:
        if not self._has_waited:
            self._has_waited = True
            self._on_wait(len(self._left))
