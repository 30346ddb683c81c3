"""What an eye sees: a cone, and rays from the lens to points of the things in it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from envs.outlines import Outline, Points
from envs.world import Body, Camera, Hit, Vec3, World, wrap

COVER_M: Final = 0.06
"""A lens is covered when something fills its view within this distance."""
BEHIND_M: Final = 0.02
"""How far behind the lens the rays that feel for a cover begin, so that a cover pressed into the lens is felt too."""
FAN: Final = ((0.0, 0.0), (0.8, 0.8), (0.8, -0.8), (-0.8, 0.8), (-0.8, -0.8))
STEP_M: Final = 0.002
MAX_OWN_PARTS: Final = 6
FEW: Final = 4
"""How many points of a thing are looked at to begin with; then as many times more, and so on."""

ARRIVED: Final = ""
OUT_OF_VIEW: Final = " "

Ray = tuple[Vec3, Vec3]


class Visible(Protocol):
    """A device or person: made of bodies, or, with none, shown by points."""

    @property
    def bodies(self) -> tuple[Body, ...]:
        """What it is made of."""

    @property
    def sight(self) -> tuple[Vec3, ...]:
        """Points of it that an eye may see, metres."""


Target = Body | Visible


class Pointed(Protocol):
    """Points to look for, metres, shape (n, 3): the corners first, then the rest."""

    def corners(self) -> Points:
        """The points to try first."""

    def rest(self) -> Points:
        """All the others."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Points that a thing without a body gives."""

    points: tuple[Vec3, ...]

    def corners(self) -> Points:
        """All of them."""
        return np.array(self.points).reshape(-1, 3)

    def rest(self) -> Points:
        """None."""
        return np.zeros((0, 3))


@dataclass(frozen=True, slots=True)
class Eye:
    """A lens or a pair of eyes.

    Attributes:
        at: Where it is, metres.
        yaw: Heading, radians.
        pitch: Upwards from level, radians.
        width_deg: Horizontal field of view; above 0 and below 180.
        height_deg: Vertical field of view; above 0 and below 180.
        range_m: How far it sees.
    """

    at: Vec3
    yaw: float
    pitch: float = 0.0
    width_deg: float = 90.0
    height_deg: float = 70.0
    range_m: float = 15.0

    def __post_init__(self) -> None:
        if not (0.0 < self.width_deg < 180.0 and 0.0 < self.height_deg < 180.0 and self.range_m > 0.0):
            msg = f"an eye needs fields of view between 0 and 180 degrees and a range above 0, not {self}"
            raise ValueError(msg)

    @property
    def axes(self) -> tuple[Vec3, Vec3, Vec3]:
        """Unit vectors ahead, to the left and up."""
        cy, sy, cp, sp = math.cos(self.yaw), math.sin(self.yaw), math.cos(self.pitch), math.sin(self.pitch)
        return (cy * cp, sy * cp, sp), (-sy, cy, 0.0), (-cy * sp, -sy * sp, cp)

    @property
    def spans(self) -> tuple[float, float]:
        """Half width and half height of the view, metres, a metre ahead."""
        return math.tan(math.radians(self.width_deg) / 2), math.tan(math.radians(self.height_deg) / 2)

    def may_reach(self, point: tuple[float, float], radius_m: float) -> bool:
        """Whether a disc about a point of the floor can lie in its range and width at all: a question without rays."""
        dx, dy = point[0] - self.at[0], point[1] - self.at[1]
        gap = math.hypot(dx, dy)
        if gap <= radius_m:
            return True
        if gap > self.range_m + radius_m:
            return False
        off = abs(wrap(math.atan2(dy, dx) - self.yaw)) - math.asin(radius_m / gap)
        return off <= self._half_width()

    def _half_width(self) -> float:
        """How far to either side it sees at all, radians: a corner of a view that is pitched lies further out."""
        if self.pitch == 0.0:
            return math.radians(self.width_deg) / 2
        across, along = self.spans
        return math.atan2(across, math.cos(self.pitch) - along * abs(math.sin(self.pitch)))

    def shows(self, point: Vec3) -> bool:
        """Whether a point lies in its cone and range."""
        dx, dy, dz = point[0] - self.at[0], point[1] - self.at[1], point[2] - self.at[2]
        (ax, ay, az), (lx, ly, _), (ux, uy, uz) = self.axes
        ahead, left, up = ax * dx + ay * dy + az * dz, lx * dx + ly * dy, ux * dx + uy * dy + uz * dz
        across, along = self.spans
        is_near = dx * dx + dy * dy + dz * dz <= self.range_m**2
        return abs(left) <= across * ahead and abs(up) <= along * ahead and is_near

    def has_in_view(self, points: Points) -> npt.NDArray[np.bool_]:
        """Which of the points, shape (n, 3), lie in its cone and range; shape (n,)."""
        ahead, left, up = np.array(self.axes) @ (points - self.at).T
        across, along = self.spans
        is_near = ahead * ahead + left * left + up * up <= self.range_m**2
        inside: npt.NDArray[np.bool_] = (np.abs(left) <= across * ahead) & (np.abs(up) <= along * ahead) & is_near
        return inside

    def camera(self, height: int = 120) -> Camera:
        """The same view for a picture `height` pixels high."""
        across, along = self.spans
        ahead = self.axes[0]
        target = (self.at[0] + ahead[0], self.at[1] + ahead[1], self.at[2] + ahead[2])
        return Camera(self.at, target, self.height_deg, round(height * across / along), height, self.axes[2])


def cover_ray(eye: Eye, within_m: float, wide: float = 0.0, high: float = 0.0) -> Ray:
    """A short ray from behind the lens that a cover stops: to a point of the view, -1 to 1 from edge to edge."""
    (ax, ay, az), (lx, ly, lz), (ux, uy, uz) = eye.axes
    across, along = eye.spans
    x, y, z = eye.at
    w, h = wide * across, high * along
    return (
        (x - BEHIND_M * ax, y - BEHIND_M * ay, z - BEHIND_M * az),
        (x + within_m * (ax + w * lx + h * ux), y + within_m * (ay + w * ly + h * uy),
         z + within_m * (az + w * lz + h * uz)),
    )  # fmt: skip


def is_covered(world: World, eye: Eye, owner: Collection[str] = (), within_m: float = COVER_M) -> bool:
    """Whether something other than its owner fills the view right before the lens.

    Args:
        world: Where to look.
        eye: The lens.
        owner: Names of the bodies that the eye's owner is made of.
        within_m: How near it must be.
    """
    first, *others = (cover_ray(eye, within_m, *way) for way in FAN)
    if cast_beyond(world, [first], owner) == [None]:
        return False
    return all(hit is not None for hit in cast_beyond(world, others, owner))


def seen(world: World, eye: Eye, targets: Mapping[str, Target], owner: Collection[str] = ()) -> frozenset[str]:
    """Which of the targets the eye sees.

    A target is seen when a ray to one of its points arrives, or ends on the target itself. Its corners are tried first;
    when one and the same thing stands before all of them, it stands before the rest too (the shadow of a solid shape
    has no dents), and the search ends. Bodies without a solid shape hide nothing.

    Args:
        world: Where to look.
        eye: The lens.
        targets: What to look for, by name.
        owner: Names of the bodies that the eye's owner is made of; they hide nothing from it.

    Returns:
        Names of those that are seen; none when the lens is covered.
    """
    if is_covered(world, eye, owner):
        return frozenset()
    parts = {name: _outlines(world, target) for name, target in targets.items()}
    met = _gaze(world, eye, {name: [part.corners() for part in own] for name, own in parts.items()}, targets, owner)
    found = {name for name, ends in met.items() if not ends.isdisjoint(_ends_on(targets[name]))}
    doubtful = [name for name, ends in met.items() if name not in found and (len(ends) > 1 or OUT_OF_VIEW in ends)]
    met = _gaze(world, eye, {name: [part.rest() for part in parts[name]] for name in doubtful}, targets, owner)
    return frozenset(found | {name for name, ends in met.items() if not ends.isdisjoint(_ends_on(targets[name]))})


def sees(world: World, eye: Eye, target: Target, owner: Collection[str] = ()) -> bool:
    """Whether the eye sees one target; see `seen`."""
    return bool(seen(world, eye, {"": target}, owner))


def _gaze(
    world: World, eye: Eye, points: Mapping[str, Sequence[Points]], targets: Mapping[str, Target],
    owner: Collection[str],
) -> dict[str, set[str]]:  # fmt: skip
    """What the rays to the points of each target ended on: all of them, or some when one of these sees it."""
    met: dict[str, set[str]] = {}
    left: dict[str, list[Vec3]] = {}
    for name, parts in points.items():
        every = parts[0] if len(parts) == 1 else np.concatenate(parts)
        is_in_view = eye.has_in_view(every)
        left[name] = every[is_in_view].tolist()
        met[name] = set() if is_in_view.all() else {OUT_OF_VIEW}
    some = FEW
    while left := {name: ends for name, ends in left.items() if ends}:
        tried = [(name, end) for name, ends in left.items() for end in ends[:some]]
        for (name, _), hit in zip(tried, cast_beyond(world, [(eye.at, end) for _, end in tried], owner), strict=True):
            met[name].add(ARRIVED if hit is None else hit.body)
        left = {n: ends[some:] for n, ends in left.items() if met[n].isdisjoint(_ends_on(targets[n]))}
        some *= FEW
    return met


def _ends_on(target: Target) -> tuple[str, ...]:
    """What a ray that sees the target ends on."""
    own = (target,) if isinstance(target, Body) else target.bodies
    return (ARRIVED, *(body.name for body in own))


def _outlines(world: World, target: Target) -> Sequence[Pointed]:
    if isinstance(target, Body):
        return (Outline(world, target),)
    return [Outline(world, body) for body in target.bodies] or (Shown(target.sight),)


def cast_beyond(world: World, rays: Sequence[Ray], owner: Collection[str]) -> list[Hit | None]:
    """Cast rays; those that end on the eye's owner are cast again from behind what they hit."""
    if not rays:
        return []
    hits = world.cast(rays)
    left = {number: rays[number] for number, hit in enumerate(hits) if hit is not None and hit.body in owner}
    for _ in range(MAX_OWN_PARTS):
        if not left:
            break
        left = {number: (_further(*ray, hits[number]), ray[1]) for number, ray in left.items()}
        again = world.cast(list(left.values()))
        hits = [*hits]
        for number, hit in zip(left, again, strict=True):
            hits[number] = hit
        left = {number: ray for number, ray in left.items() if (hit := hits[number]) is not None and hit.body in owner}
    return hits


def _further(start: Vec3, end: Vec3, hit: Hit | None) -> Vec3:
    """A point on the ray just behind a hit."""
    assert hit is not None
    share = min(hit.fraction + STEP_M / math.dist(start, end), 1.0)
    (x, y, z), (a, b, c) = start, end
    return (x + share * (a - x), y + share * (b - y), z + share * (c - z))
