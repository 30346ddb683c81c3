"""Shortest ways over a grid of free and blocked cells, and the straight lines that make them shorter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

Cell = tuple[int, int]
Grid = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]

FAR: Final = 1e9
"""Longer than any way; what is further is not looked at."""


@dataclass(frozen=True, slots=True)
class Links:
    """The steps between neighbouring cells of a grid, in the rows of a sparse matrix.

    Attributes:
        starts: Where each cell's steps begin, shape (cells + 1,).
        sources, sinks: The cells of each step, shape (steps,).
        lengths: In cells, shape (steps,).
    """

    starts: npt.NDArray[np.int32]
    sources: npt.NDArray[np.int32]
    sinks: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.float64]


@lru_cache(maxsize=8)
def _links(columns: int, rows: int) -> Links:
    index = np.arange(columns * rows, dtype=np.int32).reshape(columns, rows)
    sources, sinks, lengths = [], [], []
    for di, dj in product((-1, 0, 1), repeat=2):
        if di or dj:
            here = index[max(0, -di) : columns - max(0, di), max(0, -dj) : rows - max(0, dj)]
            sources.append(here.ravel())
            sinks.append(here.ravel() + di * rows + dj)
            lengths.append(np.full(here.size, math.hypot(di, dj)))
    source, sink = np.concatenate(sources), np.concatenate(sinks)
    order = np.lexsort((sink, source))
    starts = np.searchsorted(source[order], np.arange(index.size + 1)).astype(np.int32)
    return Links(starts, source[order], sink[order], np.concatenate(lengths)[order])


def grow(blocked: Grid, radius: float) -> Grid:
    """Block every cell within `radius` cells of a blocked one."""
    reach = math.ceil(radius)
    span = np.arange(-reach, reach + 1)
    disc = span[:, None] ** 2 + span[None, :] ** 2 <= radius**2 + 1e-7
    grown: Grid = binary_dilation(blocked, structure=disc)
    return grown


def ways_to(blocked: Grid, last: Cell) -> Ints:
    """The next cell on a shortest 8-connected path to `last`, for every cell, numbered row by row; shape (cells,)."""
    columns, rows = blocked.shape
    links, free = _links(columns, rows), ~blocked.ravel()
    lengths = np.where(free[links.sources] & free[links.sinks], links.lengths, np.inf)
    graph = csr_array((lengths, links.sinks, links.starts), shape=(blocked.size, blocked.size))
    _, following = dijkstra(graph, indices=last[0] * rows + last[1], return_predecessors=True, limit=FAR)
    ways: Ints = following
    return ways


def follow(ways: Ints, rows: int, first: Cell, last: Cell) -> list[Cell]:
    """The cells from `first` to `last`, or none when there is no way."""
    cell, goal = first[0] * rows + first[1], last[0] * rows + last[1]
    path = [cell]
    while cell != goal:
        cell = int(ways[cell])
        if cell < 0:
            return []
        path.append(cell)
    return [divmod(cell, rows) for cell in path]


def shortest(blocked: Grid, first: Cell, last: Cell) -> list[Cell]:
    """Cells of a shortest 8-connected path, or none."""
    return follow(ways_to(blocked, last), blocked.shape[1], first, last)


def block_disc(blocked: Grid, center: Cell, reach: float) -> None:
    """Block every cell nearer than `reach` cells to `center`."""
    whole = math.ceil(reach)
    (i0, i1), (j0, j1) = ((max(at - whole, 0), max(at + whole + 1, 0)) for at in center)
    window = blocked[i0:i1, j0:j1]
    i, j = np.ogrid[i0 : i0 + window.shape[0], j0 : j0 + window.shape[1]]
    window |= (i - center[0]) ** 2 + (j - center[1]) ** 2 < reach**2


def pull_string(blocked: Grid, cells: list[Cell]) -> list[Cell]:
    """Drop the cells that a straight line makes needless."""
    path = np.asarray(cells)
    corners, anchor = [cells[0]], 0
    while anchor < len(cells) - 1:
        seen = np.flatnonzero(_are_clear(blocked, path[anchor], path[anchor + 1 :]))
        anchor += 1 + (int(seen[-1]) if seen.size else 0)
        corners.append(cells[anchor])
    return corners


def _are_clear(blocked: Grid, start: Ints, ends: Ints) -> Grid:
    """Whether the straight line from `start` to each of `ends`, shape (n, 2), meets free cells only; shape (n,)."""
    ways = ends - start
    samples = 2 * np.maximum(np.abs(ways).max(axis=1), 1)
    shares = np.minimum(np.arange(samples.max() + 1) / samples[:, None], 1.0)
    i, j = (np.rint(start[axis] + shares * ways[:, axis, None]).astype(np.intp) for axis in (0, 1))
    clear: Grid = ~blocked[i, j].any(axis=1)
    return clear
