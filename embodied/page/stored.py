"""A cell as episode pages read it: where each record lies, read once, and whole records only when wanted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from embodied.config import CellConfig
from embodied.errors import StoreError
from embodied.recorded import recorded_config
from embodied.records import Episode
from embodied.storage.files import episode_files
from embodied.storage.journal import Attempt, Journal, latest


@dataclass(frozen=True, slots=True)
class _Place:
    """A line of a file."""

    attempt: Attempt
    journal: Journal
    number: int


class StoredCell:
    """One cell's folder.

    Args:
        folder: Where it is.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def config(self) -> CellConfig:
        """Its configuration. Raises as `recorded_config`."""
        return recorded_config(self._folder)

    def episode(self, key: str) -> Episode | None:
        """The record that counts for a key (see `embodied.storage.store.latest`); None without one that can be read."""
        place = self._places.get(key)
        if place is None:
            return None
        try:
            return next(place.journal.read_episodes([place.number]))
        except StoreError:
            return None

    @cached_property
    def _places(self) -> dict[str, _Place]:
        found: list[_Place] = []
        for path in episode_files(self._folder):
            journal = Journal(path)
            try:
                journal.refresh()
            except StoreError:
                continue
            found += [_Place(attempt, journal, number) for number, attempt in enumerate(journal.attempts)]
        chosen = latest(place.attempt for place in found)
        return {place.attempt.key: place for place in found if chosen[place.attempt.key] is place.attempt}
