"""Which episodes get a page of their own: flagged ones first, then evenly by cell, until the page is full."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from embodied.errors import StoreError
from embodied.page.detail import payload
from embodied.page.index import Candidate

CHUNK: Final = 256
"""Episodes that are packed before the next, cell by cell within: the records of a cell are read once each time."""


@dataclass(frozen=True, slots=True)
class Attached:
    """Something that a page carries for an episode.

    Attributes:
        data: In base64, as it stands in the page.
    """

    key: str
    data: str


def attached(candidates: Sequence[Candidate], most: int | None, max_bytes: int) -> tuple[Attached, ...]:
    """Pack episodes in this order, as many as fit.

    Args:
        candidates: Those that may be packed, the most wanted first.
        most: At most so many; None for as many as fit.
        max_bytes: Of the page, in base64.
    """
    found: list[Attached] = []
    left = max_bytes
    for one in _packed(candidates[:most]):
        left -= len(one.data)
        if left < 0:
            break
        found.append(one)
    return tuple(found)


def films(videos: Mapping[str, Path], keys: Sequence[str], max_bytes: int) -> tuple[Attached, ...]:
    """Videos of the episodes with a page of their own, as many as fit.

    Raises:
        StoreError: One cannot be read.
    """
    found: list[Attached] = []
    left = max_bytes
    for key in keys:
        if key not in videos:
            continue
        try:
            data = b64encode(videos[key].read_bytes()).decode()
        except OSError as error:
            raise StoreError(f"{videos[key]} cannot be read ({error}); delete it to have it made again") from error
        left -= len(data)
        if left >= 0:
            found.append(Attached(key, data))
    return tuple(found)


def _packed(candidates: Sequence[Candidate]) -> Iterator[Attached]:
    for start in range(0, len(candidates), CHUNK):
        chunk = candidates[start : start + CHUNK]
        by_cell = sorted(chunk, key=lambda one: str(one.folder))
        data = {one.key: payload(one.folder, one.key) for one in by_cell}
        for one in chunk:
            if (packed := data[one.key]) is not None:
                yield Attached(one.key, b64encode(packed).decode())
