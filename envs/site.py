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

from envs.routes import (
    Cell,
    Grid,
    Paths,
    block_disc,
    follow,
    grow,
    limits,
    paths_over,
    pull_string,
    shortest,
    spread_from,
    ways_to,
)
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

    def meets(self, other: Rect) -> bool:
        """Whether the two have ground in common."""
        return self.x0 < other.x1 and other.x0 < self.x1 and self.y0 < other.y1 and other.y0 < self.y1

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
    """Maps the drawn plan to the built one.

    Attributes:
        width_m: Extent of the plan in x; x is flipped about its half when `is_flipped`.
        is_flipped: Whether left and right change places.
        depth_m: Extent of the plan in y; y is flipped about its half when `is_upturned`.
        is_upturned: Whether front and back change places.
    """

    width_m: float
    is_flipped: bool = False
    depth_m: float = 0.0
    is_upturned: bool = False

    def point(self, x: float, y: float) -> Point:
        """A drawn position in the built plan."""
        return (self.width_m - x if self.is_flipped else x, self.depth_m - y if self.is_upturned else y)

    def at(self, x: float, y: float, z: float) -> Vec3:
        """A drawn position with its height."""
        return (*self.point(x, y), z)

    def pose(self, x: float, y: float, yaw: float) -> Pose:
        """A drawn pose in the built plan."""
        return Pose(*self.point(x, y), self.yaw(yaw))

    def yaw(self, yaw: float) -> float:
        """A drawn direction in the built plan, radians."""
        across = wrap(math.pi - yaw) if self.is_flipped else yaw
        return wrap(-across) if self.is_upturned else across

    def rect(self, rect: Rect) -> Rect:
        """A drawn rectangle in the built plan."""
        (xa, ya), (xb, yb) = self.point(rect.x0, rect.y0), self.point(rect.x1, rect.y1)
        return Rect(min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb))


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
    _paths: dict[float, Paths] = field(default_factory=dict)
    _ways: dict[tuple[float, Cell, float], npt.NDArray[np.intp]] = field(default_factory=dict)
    _reaches: dict[tuple[Cell, float, tuple[tuple[Point, float], ...]], Grid] = field(default_factory=dict)

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
        self.solid(world, name, built, WALL_M, color, drawn_m)
        walls_of(world)[name] = built

    def solid(
        self, world: World, name: str, built: Rect, height_m: float, color: Color, drawn_m: float | None = None
    ) -> None:  # fmt: skip
        """Build something that stands on the floor of the built plan; routes go around it."""
        edges = (built.x1 - built.x0, built.y1 - built.y0)
        world.box(name, (*edges, height_m), (*built.center, height_m / 2), color, drawn_m=drawn_m)
        self.block(built)

    def block(self, built: Rect) -> None:
        """Keep routes out of a rectangle of the built plan."""
        if built not in self._solids:
            self._solids.append(built)
            for known in (self._grids, self._paths, self._ways, self._reaches):
                known.clear()

    @property
    def solids(self) -> tuple[Rect, ...]:
        """What routes go around, walls included."""
        return tuple(self._solids)

    def is_clear(self, built: Rect) -> bool:
        """Whether nothing that routes go around reaches into a rectangle of the built plan."""
        return not any(built.meets(solid) for solid in self._solids)

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
            self._grids[radius_m] = grow(blocked, (radius_m - CELL_M / 2) / CELL_M)
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
        blocked = self._grid_with(radius_m, discs)
        first, last = self._cell(start), self._cell(goal)
        if not (_is_inside(first, blocked) and _is_inside(last, blocked)) or blocked[last]:
            return []
        usual = self._usual_way(first, last, radius_m)
        if usual and not any(blocked[cell] for cell in usual):
            return [self._point(*cell) for cell in pull_string(blocked, usual)[1:-1]] + [goal]
        for margin in LEEWAY_CELLS:
            _clear_around(blocked, first, margin)
            cells = shortest(blocked, first, last)
            if cells:
                corners = pull_string(blocked, cells)
                return [self._point(*cell) for cell in corners[1:-1]] + [goal]
        return []

    def can_reach(
        self, start: Point, goal: Point, radius_m: float, discs: Sequence[tuple[Point, float]] = ()
    ) -> bool:  # fmt: skip
        """Whether `route` finds a way; all goals of one start are worked out at once."""
        first, last = self._cell(start), self._cell(goal)
        key = (first, radius_m, tuple(discs))
        if key not in self._reaches:
            blocked = self._grid_with(radius_m, discs)
            self._reaches[key] = np.zeros_like(blocked)
            if _is_inside(first, blocked):
                was_free = ~blocked
                _clear_around(blocked, first, LEEWAY_CELLS[-1])
                self._reaches[key] = spread_from(first, blocked) & was_free
        return _is_inside(last, self._reaches[key]) and bool(self._reaches[key][last])

    def _grid_with(self, radius_m: float, discs: Iterable[tuple[Point, float]]) -> Grid:
        """Cells a disc of `radius_m` cannot stand in, with further round obstacles; the caller's own."""
        blocked = self._grid(radius_m).copy()
        for center, radius in discs:
            block_disc(blocked, self._cell(center), (radius + radius_m) / CELL_M)
        return blocked

    def _usual_way(self, first: Cell, last: Cell, radius_m: float) -> list[Cell]:
        """The shortest way past what never moves; worked out once for every goal and limit."""
        grid = self._grid(radius_m)
        if grid[first]:
            return []
        if radius_m not in self._paths:
            self._paths[radius_m] = paths_over(grid)
        paths = self._paths[radius_m]
        for limit in limits(first, last):
            key = (radius_m, last, limit)
            if key not in self._ways:
                self._ways[key] = ways_to(paths, last, limit)
            if way := follow(paths, self._ways[key], first, last):
                return way
        return []

    def length(self, points: Sequence[Point]) -> float:
        """Length of a polyline, metres."""
        return sum(math.dist(a, b) for a, b in pairwise(points))


def walls_of(world: World) -> dict[str, Rect]:
    """The ground of each wall that stands in a world, by the name of its body."""
    walls: dict[str, Rect] = world.kept.setdefault("walls", {})
    return walls


def _clear_around(blocked: npt.NDArray[np.bool_], cell: tuple[int, int], margin: int) -> None:
    i, j = cell
    blocked[max(i - margin, 0) : i + margin + 1, max(j - margin, 0) : j + margin + 1] = False


def _is_inside(cell: tuple[int, int], grid: npt.NDArray[np.bool_]) -> bool:
    columns, rows = int(grid.shape[0]), int(grid.shape[1])
    return 0 <= cell[0] < columns and 0 <= cell[1] < rows
