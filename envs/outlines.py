"""Points spread over a body's looks: what an eye may catch of it. With `envs.world`, a part that talks to the engine.

The points lie on what pictures show of a body, not on the coarser shape that other bodies meet.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from envs.body import Body
from envs.engine import bullet
from envs.world import World

Points = npt.NDArray[np.float64]

MANY: Final = 40
"""Points of a body besides its corners, shared out by the area that each link shows."""
LEAST: Final = 3
"""Points that even the smallest link gets."""
CORNERS: Final = np.array([way for way in product((-1, 0, 1), repeat=3) if way.count(0) in {0, 2}])
"""Ways to look for the corners of a body's largest link: along the axes and their diagonals."""
INSET: Final = 0.97
"""How far out on a shape its points lie, so that a ray to the rim does not miss the body by a rounding error."""
GRID: Final = 7
RING: Final = 12


Seat = tuple[int, int, tuple[float, float, float], tuple[float, float, float], tuple[float, float, float, float]]
"""One primitive of a body's looks: its link, kind, size (metres), and position and quaternion in the link's frame."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Points in the frames of the links they belong to.

    Attributes:
        links: The links, in order; -1 is the base.
        owners: Place in `links` of each point's link, shape (n,).
        points: Shape (n, 3, 1), metres; the corners first.
        corners: How many corners there are.
    """

    links: tuple[int, ...]
    owners: npt.NDArray[np.intp]
    points: Points
    corners: int


class Outline:
    """The points of a body where it is now.

    Args:
        world: The body's world.
        body: Whose looks they are spread over.
    """

    __slots__ = ("_origins", "_spread", "_turns")

    def __init__(self, world: World, body: Body) -> None:
        self._spread = spread = _spread_of(world, body)
        client, uid = world.client, body.uid
        poses = []
        if spread.links[:1] == (-1,):
            poses.append(bullet.getBasePositionAndOrientation(uid, client))
        if moving := [link for link in spread.links if link >= 0]:
            poses += [state[4:6] for state in bullet.getLinkStates(uid, moving, 0, 0, client)]
        self._origins = np.array([pose[0] for pose in poses])
        self._turns = np.array([bullet.getMatrixFromQuaternion(pose[1]) for pose in poses]).reshape(-1, 3, 3)

    def corners(self) -> Points:
        """Points about as far out as any, and one in the middle, metres; shape (k, 3)."""
        return self._place(slice(self._spread.corners))

    def rest(self) -> Points:
        """All the others, metres; shape (n, 3)."""
        return self._place(slice(self._spread.corners, None))

    def _place(self, part: slice) -> Points:
        spread = self._spread
        if not len(spread.points):
            return spread.points.reshape(-1, 3)
        owners = spread.owners[part]
        placed: Points = (self._turns[owners] @ spread.points[part])[:, :, 0] + self._origins[owners]
        return placed


def _spread_of(world: World, body: Body) -> Spread:
    key = f"points of {body.name}"
    if key not in world.kept:
        looks = bullet.getVisualShapeData(body.uid, physicsClientId=world.client)
        world.kept[key] = _lay_out(tuple((s[1], s[2], s[3], s[5], s[6]) for s in looks))
    spread: Spread = world.kept[key]
    return spread


@lru_cache(maxsize=512)
def _lay_out(seats: tuple[Seat, ...]) -> Spread:
    """Find each link's corners, then spread the other points evenly, shared out by the area each link shows."""
    links = sorted({seat[0] for seat in seats})
    area = [sum(_area(s) for s in seats if s[0] == link) for link in links]
    corners: list[tuple[int, Points]] = []
    rest: list[tuple[int, Points]] = []
    for owner, link in enumerate(links):
        dense = np.concatenate([_surface(s) for s in seats if s[0] == link])
        first = _corners(dense) if area[owner] == max(area) else _far_apart(dense, [], 2)
        every = _far_apart(dense, first, len(first) + max(LEAST, round(MANY * area[owner] / sum(area))))
        corners += [(owner, dense[number]) for number in first]
        rest += [(owner, dense[number]) for number in every[len(first) :]]
    both = corners + rest
    return Spread(
        tuple(links),
        np.array([owner for owner, _ in both], dtype=np.intp),
        np.array([point for _, point in both]).reshape(-1, 3, 1),
        len(corners),
    )


def _corners(points: Points) -> list[int]:
    """Numbers of the points furthest out each way, and of the middlemost."""
    centred = points - (points.min(axis=0) + points.max(axis=0)) / 2
    scaled = centred / np.maximum(np.abs(centred).max(axis=0), 1e-6)
    outermost = (scaled @ CORNERS.T).argmax(axis=0)
    middle = int(np.linalg.norm(centred, axis=1).argmin())
    return list(dict.fromkeys([middle, *outermost.tolist()]))


def _far_apart(points: Points, first: list[int], count: int) -> list[int]:
    """Numbers of `count` points, each as far as can be from those before it, beginning with `first`."""
    middle = points.mean(axis=0)
    gap = np.linalg.norm(points - (points[first[0]] if first else middle), axis=1)
    for number in first[1:]:
        gap = np.minimum(gap, np.linalg.norm(points - points[number], axis=1))
    chosen = list(first)
    while len(chosen) < min(count, len(points)):
        chosen.append(int(gap.argmax()))
        nearest = np.linalg.norm(points - points[chosen[-1]], axis=1)
        gap = nearest if len(chosen) == 1 else np.minimum(gap, nearest)
    return chosen


def _area(seat: Seat) -> float:
    _, kind, (a, b, c), *_ = seat
    if kind == bullet.GEOM_BOX:
        return 2 * (a * b + b * c + c * a)
    if kind == bullet.GEOM_SPHERE:
        return 4 * math.pi * a * a
    return 2 * math.pi * b * (a + b)


def _surface(seat: Seat) -> Points:
    """Many points on a shape, in its link's frame. A mesh is taken for its origin."""
    _, kind, size, at, quaternion = seat
    if kind == bullet.GEOM_BOX:
        points = _box(size)
    elif kind == bullet.GEOM_SPHERE:
        points = _ball(size[0])
    elif kind in {bullet.GEOM_CYLINDER, bullet.GEOM_CAPSULE}:
        points = _cylinder(size[0], size[1])
    else:
        points = np.zeros((1, 3))
    turn = np.array(bullet.getMatrixFromQuaternion(quaternion)).reshape(3, 3)
    placed: Points = INSET * points @ turn.T + np.array(at)
    return placed


def _box(size: Iterable[float]) -> Points:
    lattice = _product(*(np.linspace(-0.5, 0.5, GRID) for _ in range(3)))
    hull: Points = lattice[np.abs(lattice).max(axis=1) > 0.499] * np.array(tuple(size))
    return hull


def _ball(radius_m: float) -> Points:
    """Points on a sphere, on a golden spiral."""
    count = RING * 3
    steps = np.arange(count) + 0.5
    polar, azimuth = np.arccos(1 - 2 * steps / count), np.pi * (1 + 5**0.5) * steps
    ring = np.sin(polar)
    return radius_m * np.stack([ring * np.cos(azimuth), ring * np.sin(azimuth), np.cos(polar)], axis=1)


def _cylinder(length_m: float, radius_m: float) -> Points:
    angles = np.linspace(0.0, 2 * np.pi, RING, endpoint=False)
    around = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius_m
    levels = np.linspace(-0.5, 0.5, GRID) * length_m
    side = [np.column_stack([around, np.full(RING, level)]) for level in levels]
    ends = [np.array([[0.0, 0.0, level]]) for level in (levels[0], levels[-1])]
    return np.concatenate([*side, *ends])


def _product(*axes: Points) -> Points:
    lattice: Points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
    return lattice
