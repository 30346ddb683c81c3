"""Shortest ways over a grid of free and blocked cells, and the straight lines that make them shorter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

Cell = tuple[int, int]
Grid = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]

AROUND: Final = tuple(way for way in product((-1, 0, 1), repeat=2) if any(way))
LENGTHS: Final = np.array([math.hypot(*way) for way in AROUND])
FAR: Final = 1e9
"""Longer than any way."""
LIMITS: Final = (16.0, 24.0, 32.0, 40.0, 48.0, 64.0, 80.0, 96.0, 112.0)
DETOUR: Final = 1.15
"""A way is first looked for within this many times the straight one, rounded up to one of the limits, in cells."""
FEW: Final = 4
"""How many lines are tried at once to begin with."""
SPARSE: Final = 8
"""Every so many samples of a line are looked at before all of them."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The free cells of a grid, numbered anew one after the other, and the steps between neighbouring ones.

    Attributes:
        cells: Where each free one is in `numbers`; shape (free,).
        numbers: Number of each cell, row by row, -1 where blocked; a border of such cells lies about the grid.
        columns: How many cells a row of `numbers` has.
        steps: Their lengths, in cells; shape (free, free), sparse.
    """

    cells: npt.NDArray[np.int32]
    numbers: npt.NDArray[np.int32]
    columns: int
    steps: csr_array

    def number(self, cell: Cell) -> int:
        """The number of a cell; -1 when it is blocked."""
        return int(self.numbers[(cell[0] + 1) * self.columns + cell[1] + 1])


def paths_over(blocked: Grid) -> Paths:
    """The steps that a grid leaves free: to any of the eight cells around, when both are free."""
    rows, columns = blocked.shape[0], blocked.shape[1] + 2
    free = np.zeros((rows + 2, columns), dtype=np.bool_)
    np.logical_not(blocked, out=free[1:-1, 1:-1])
    places = np.flatnonzero(free).astype(np.int32)
    numbers = np.full(free.size, -1, dtype=np.int32)
    numbers[places] = np.arange(places.size, dtype=np.int32)
    ways = np.array([di * columns + dj for di, dj in AROUND], dtype=np.int32)
    sinks = numbers.take(places[:, None] + ways)
    lengths = np.where(sinks < 0, np.inf, LENGTHS)
    starts = np.arange(0, sinks.size + 1, len(AROUND), dtype=np.int32)
    steps = csr_array((lengths.ravel(), np.maximum(sinks, 0).ravel(), starts), shape=(places.size, places.size))
    return Paths(places, numbers, columns, steps)


def grow(blocked: Grid, radius: float) -> Grid:
    """Block every cell within `radius` cells of a blocked one."""
    reach = math.ceil(radius)
    columns, rows = blocked.shape
    wide = np.zeros((columns + 2 * reach, rows + 2 * reach), dtype=np.bool_)
    for i, j in product(range(2 * reach + 1), repeat=2):
        if (i - reach) ** 2 + (j - reach) ** 2 <= radius**2 + 1e-7:
            wide[i : i + columns, j : j + rows] |= blocked
    return wide[reach : reach + columns, reach : reach + rows].copy()


def limits(first: Cell, last: Cell) -> tuple[float, float]:
    """How far to look for a way between two cells, in cells: first not much beyond the straight one, then anywhere."""
    across, along = abs(first[0] - last[0]), abs(first[1] - last[1])
    straight = max(across, along) + (math.sqrt(2) - 1) * min(across, along)
    return next((limit for limit in LIMITS if limit >= DETOUR * straight), FAR), FAR


def ways_to(paths: Paths, last: Cell, limit: float = FAR) -> Ints:
    """The next cell on a shortest way to `last`, a free one, by number; shape (free,).

    It is negative for `last` itself, where there is no way, and where the way is longer than `limit` cells.
    """
    _, following = dijkstra(paths.steps, indices=paths.number(last), return_predecessors=True, limit=limit)
    ways: Ints = following
    return ways


def follow(paths: Paths, ways: Ints, first: Cell, last: Cell) -> list[Cell]:
    """The cells from `first` to `last`, or none when there is no way."""
    number, goal = paths.number(first), paths.number(last)
    path = [number]
    while number != goal:
        if number < 0:
            return []
        number = ways.item(number)
        path.append(number)
    rows, columns = np.divmod(paths.cells[path], paths.columns)
    return list(zip((rows - 1).tolist(), (columns - 1).tolist(), strict=True))


def shortest(blocked: Grid, first: Cell, last: Cell) -> list[Cell]:
    """Cells of a shortest 8-connected path, or none."""
    if blocked[last]:
        return []
    paths = paths_over(blocked)
    for limit in limits(first, last):
        if cells := follow(paths, ways_to(paths, last, limit), first, last):
            return cells
    return []


def spread_from(first: Cell, blocked: Grid) -> Grid:
    """The cells that an 8-connected path leads to from a free one."""
    paths = paths_over(blocked)
    reached = np.zeros(paths.numbers.size, dtype=np.bool_)
    reached[paths.cells] = np.isfinite(dijkstra(paths.steps, indices=paths.number(first)))
    return reached.reshape(-1, paths.columns)[1:-1, 1:-1]


def block_disc(blocked: Grid, center: Cell, reach: float) -> None:
    """Block every cell nearer than `reach` cells to `center`."""
    disc = _disc(reach)
    whole, (i, j) = disc.shape[0] // 2, center
    i0, j0 = max(i - whole, 0), max(j - whole, 0)
    window = blocked[i0 : max(i + whole + 1, 0), j0 : max(j + whole + 1, 0)]
    i0, j0 = i0 - i + whole, j0 - j + whole
    window |= disc[i0 : i0 + window.shape[0], j0 : j0 + window.shape[1]]


@lru_cache(maxsize=64)
def _disc(reach: float) -> Grid:
    span = np.arange(-math.ceil(reach), math.ceil(reach) + 1)
    disc: Grid = span[:, None] ** 2 + span[None, :] ** 2 < reach**2
    return disc


def pull_string(blocked: Grid, cells: list[Cell]) -> list[Cell]:
    """Drop the cells that a straight line makes needless."""
    path = np.asarray(cells)
    corners, anchor = [cells[0]], 0
    while anchor < len(cells) - 1:
        anchor = _furthest(blocked, path, anchor)
        corners.append(cells[anchor])
    return corners


def _furthest(blocked: Grid, path: Ints, anchor: int) -> int:
    """Number of the last cell of a path that a straight line from `anchor` reaches; at least the next one."""
    start, ends = path[anchor], path[anchor + 1 :]
    hopeful = np.flatnonzero(_are_clear(blocked, start, ends, SPARSE))
    end, some = len(hopeful), FEW
    while end > 0:
        tried = hopeful[max(end - some, 0) : end]
        clear = tried[_are_clear(blocked, start, ends[tried])]
        if clear.size:
            return anchor + 1 + int(clear[-1])
        end, some = end - some, 2 * some
    return anchor + 1


def _are_clear(blocked: Grid, start: Ints, ends: Ints, every: int = 1) -> Grid:
    """Whether the straight line from `start` to each of `ends`, shape (n, 2), meets free cells only; shape (n,).

    The lines are sampled every half cell; `every` such sample is looked at.
    """
    ways = ends - start
    samples = 2 * np.maximum(np.abs(ways).max(axis=1), 1)
    shares = np.minimum(np.arange(0, samples.max() + 1, every) / samples[:, None], 1.0)
    i, j = (np.rint(start[axis] + shares * ways[:, axis, None]).astype(np.intp) for axis in (0, 1))
    clear: Grid = ~blocked[i, j].any(axis=1)
    return clear
