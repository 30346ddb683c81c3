"""Rooms, walls, named places, and the routes between them.

Plans are drawn once, with the origin in a corner; a seed may mirror them, so that nobody can rely on one geometry.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from envs.world import Color, Vec3, World, wrap

CELL_M: Final = 0.1
LEEWAY_CELLS: Final = (1, 2)
"""How far something that stands closer to an obstacle than its radius may go to get clear, in cells, tried in order."""
Point = tuple[float, float]

WALL_M: Final = 2.2
DRAWN_WALL_M: Final = 1.0
WALL: Final[Color] = (0.94, 0.94, 0.92, 1.0)
FLOOR: Final[Color] = (0.60, 0.66, 0.72, 1.0)


@dataclass(frozen=True, slots=True)
class Rect:
    """An axis-aligned rectangle, metres."""

    x0: float
    y0: float
    x1: float
    y1: float

    def contains(self, point: Point) -> bool:
        """Whether `point` lies in it."""
        return self.x0 <= point[0] <= self.x1 and self.y0 <= point[1] <= self.y1

    @property
    def center(self) -> Point:
        """Its middle."""
        return ((self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2)


@dataclass(frozen=True, slots=True)
class Pose:
    """Where to stand and which way to face."""

    x: float
    y: float
    yaw: float = 0.0

    @property
    def point(self) -> Point:
        """The position alone."""
        return (self.x, self.y)


@dataclass(frozen=True, slots=True)
class Mirror:
    """Maps the drawn plan to the built one: x is flipped about the plan's width when `is_flipped`."""

    width_m: float
    is_flipped: bool = False

    def point(self, x: float, y: float) -> Point:
        """A drawn position in the built plan."""
        return (self.width_m - x, y) if self.is_flipped else (x, y)

    def at(self, x: float, y: float, z: float) -> Vec3:
        """A drawn position with its height."""
        return (*self.point(x, y), z)

    def pose(self, x: float, y: float, yaw: float) -> Pose:
        """A drawn pose in the built plan."""
        return Pose(*self.point(x, y), wrap(math.pi - yaw) if self.is_flipped else yaw)

    def rect(self, rect: Rect) -> Rect:
        """A drawn rectangle in the built plan."""
        if not self.is_flipped:
            return rect
        return Rect(self.width_m - rect.x1, rect.y0, self.width_m - rect.x0, rect.y1)


@dataclass(slots=True)
class Site:
    """The built plan: rooms, named poses, and a grid of what cannot be walked on.

    Attributes:
        mirror: How the drawn plan became the built one.
        bounds: Outer edge, metres.
        rooms: Name -> rectangle.
        places: Name -> pose to stand in.
    """

    mirror: Mirror
    bounds: Rect
    rooms: dict[str, Rect] = field(default_factory=dict)
    places: dict[str, Pose] = field(default_factory=dict)
    _solids: list[Rect] = field(default_factory=list)
    _grids: dict[float, npt.NDArray[np.bool_]] = field(default_factory=dict)

    def room(self, name: str, rect: Rect) -> None:
        """Name a room."""
        self.rooms[name] = self.mirror.rect(rect)

    def place(self, name: str, x: float, y: float, yaw: float = 0.0) -> None:
        """Name a pose of the drawn plan."""
        self.places[name] = self.mirror.pose(x, y, yaw)

    def room_at(self, point: Point) -> str:
        """Name of the room around `point`, or `outside`."""
        return next((name for name, rect in self.rooms.items() if rect.contains(point)), "outside")

    def build_floor(self, world: World) -> None:
        """Lay the floor."""
        b = self.bounds
        world.box("floor", (b.x1 - b.x0 + 2, b.y1 - b.y0 + 2, 0.2), (*b.center, -0.1), FLOOR)

    def wall(
        self, world: World, name: str, rect: Rect, color: Color = WALL, drawn_m: float = DRAWN_WALL_M
    ) -> None:  # fmt: skip
        """Build a wall: it blocks bodies, sight and routes up to `WALL_M`, and is drawn cut off at `drawn_m`."""
        built = self.mirror.rect(rect)
        edges = (built.x1 - built.x0, built.y1 - built.y0)
        world.box(name, (*edges, WALL_M), (*built.center, WALL_M / 2), color, drawn_m=drawn_m)
        self.block(built)

    def solid(self, world: World, name: str, rect: Rect, height_m: float, color: Color) -> None:
        """Build a piece of furniture standing on the floor; routes go around it."""
        built = self.mirror.rect(rect)
        world.box(name, (built.x1 - built.x0, built.y1 - built.y0, height_m), (*built.center, height_m / 2), color)
        self.block(built)

    def block(self, built: Rect) -> None:
        """Keep routes out of a rectangle of the built plan."""
        self._solids.append(built)
        self._grids.clear()

    # -- routes --------------------------------------------------------------------------------------------------

    def _grid(self, radius_m: float) -> npt.NDArray[np.bool_]:
        """Cells a disc of `radius_m` cannot stand in, shape (columns, rows)."""
        if radius_m not in self._grids:
            b = self.bounds
            shape = (math.ceil((b.x1 - b.x0) / CELL_M) + 1, math.ceil((b.y1 - b.y0) / CELL_M) + 1)
            blocked = np.zeros(shape, dtype=np.bool_)
            for rect in self._solids:
                (i0, j0), (i1, j1) = (
                    self._cell((rect.x0, rect.y0), math.floor),
                    self._cell((rect.x1, rect.y1), math.ceil),
                )
                blocked[max(i0, 0) : i1 + 1, max(j0, 0) : j1 + 1] = True
            self._grids[radius_m] = _grow(blocked, radius_m - CELL_M / 2)
        return self._grids[radius_m]

    def _cell(self, point: Point, rounding: object = round) -> tuple[int, int]:
        assert callable(rounding)
        return (
            int(rounding(round((point[0] - self.bounds.x0) / CELL_M, 6))),
            int(rounding(round((point[1] - self.bounds.y0) / CELL_M, 6))),
        )

    def _point(self, i: int, j: int) -> Point:
        return (self.bounds.x0 + i * CELL_M, self.bounds.y0 + j * CELL_M)

    def route(
        self, start: Point, goal: Point, radius_m: float, discs: Iterable[tuple[Point, float]] = ()
    ) -> list[Point]:
        """Way-points from `start` to `goal` for a disc of `radius_m`, shortest on the grid, corners cut where free.

        Args:
            start: Where it stands, metres.
            goal: Where it wants to be.
            radius_m: Its own radius.
            discs: Further round obstacles (centre, radius): a person, another robot, a box.

        Returns:
            Way-points without the start; empty when there is no way.
        """
        blocked = self._grid(radius_m).copy()
        first, last = self._cell(start), self._cell(goal)
        axes = np.meshgrid(*(np.arange(n) for n in blocked.shape), indexing="ij")
        for center, radius in discs:
            cell = self._cell(center)
            reach = (radius + radius_m) / CELL_M
            blocked |= (axes[0] - cell[0]) ** 2 + (axes[1] - cell[1]) ** 2 < reach**2
        if not (_is_inside(first, blocked) and _is_inside(last, blocked)) or blocked[last]:
            return []
        for margin in LEEWAY_CELLS:
            _clear_around(blocked, first, margin)
            cells = _shortest(blocked, first, last)
            if cells:
                corners = _string_pull(blocked, cells)
                return [self._point(*cell) for cell in corners[1:-1]] + [goal]
        return []

    def length(self, points: Sequence[Point]) -> float:
        """Length of a polyline, metres."""
        return sum(math.dist(a, b) for a, b in pairwise(points))


def _grow(blocked: npt.NDArray[np.bool_], radius_m: float) -> npt.NDArray[np.bool_]:
    cells = math.ceil(radius_m / CELL_M)
    span = np.arange(-cells, cells + 1) * CELL_M
    disc = span[:, None] ** 2 + span[None, :] ** 2 <= radius_m**2 + 1e-9
    grown: npt.NDArray[np.bool_] = binary_dilation(blocked, structure=disc)
    return grown


def _clear_around(blocked: npt.NDArray[np.bool_], cell: tuple[int, int], margin: int) -> None:
    i, j = cell
    blocked[max(i - margin, 0) : i + margin + 1, max(j - margin, 0) : j + margin + 1] = False


def _is_inside(cell: tuple[int, int], grid: npt.NDArray[np.bool_]) -> bool:
    columns, rows = int(grid.shape[0]), int(grid.shape[1])
    return 0 <= cell[0] < columns and 0 <= cell[1] < rows


def _shortest(blocked: npt.NDArray[np.bool_], first: tuple[int, int], last: tuple[int, int]) -> list[tuple[int, int]]:
    """Cells of a shortest 8-connected path, or none."""
    rows, cols = blocked.shape
    index = np.arange(rows * cols).reshape(rows, cols)
    free = ~blocked
    sources, sinks, costs = [], [], []
    for di, dj in ((1, 0), (0, 1), (1, 1), (1, -1)):
        a = (slice(0, rows - di), slice(max(0, -dj), cols - max(0, dj)))
        b = (slice(di, rows), slice(max(0, dj), cols + min(0, dj)))
        both = free[a] & free[b]
        sources.append(index[a][both])
        sinks.append(index[b][both])
        costs.append(np.full(int(both.sum()), math.hypot(di, dj)))
    graph = coo_array(
        (np.concatenate(costs), (np.concatenate(sources), np.concatenate(sinks))), shape=(index.size, index.size)
    ).tocsr()
    origin, goal = int(index[last]), int(index[first])
    distance, before = dijkstra(graph, directed=False, indices=origin, return_predecessors=True)
    if not np.isfinite(distance[goal]):
        return []
    path = [goal]
    while path[-1] != origin:
        path.append(int(before[path[-1]]))
    return [divmod(cell, cols) for cell in path]


def _string_pull(blocked: npt.NDArray[np.bool_], cells: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Drop the cells that a straight line makes needless."""
    corners, anchor = [cells[0]], 0
    while anchor < len(cells) - 1:
        reach = anchor + 1
        for ahead in range(len(cells) - 1, anchor, -1):
            if _is_clear(blocked, cells[anchor], cells[ahead]):
                reach = ahead
                break
        corners.append(cells[reach])
        anchor = reach
    return corners


def _is_clear(blocked: npt.NDArray[np.bool_], a: tuple[int, int], b: tuple[int, int]) -> bool:
    steps = 2 * max(abs(a[0] - b[0]), abs(a[1] - b[1]), 1)
    i = np.rint(np.linspace(a[0], b[0], steps + 1)).astype(np.intp)
    j = np.rint(np.linspace(a[1], b[1], steps + 1)).astype(np.intp)
    return not bool(blocked[i, j].any())
