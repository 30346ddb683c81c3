"""Whether an eye sees a robot: the answer of `envs.sight`, without its many rays where a few of them or a wall tell."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from envs.sight import ARRIVED, COVER_M, Eye, Ray, cast_beyond, cover_ray, sees
from envs.site import WALL_M, Point, Pose, Rect, walls_of
from envs.world import Body, Vec3, World

WRIST_M: Final = 0.28
"""How far ahead of the middle of its base a robot's wrist is with the boom in."""
HAND_M: Final = 0.16
"""How far the hand reaches from the wrist; nothing else of a robot reaches further from its middle."""
TRUNK: Final = ((0.0, 0.0, 0.16), (-0.12, 0.0, 0.8), (-0.12, 0.0, 1.35))
"""Points inside the chassis and the mast: how far ahead of the middle, to the left of it, and high."""
EDGES: Final = tuple((ahead_m, left_m, 0.16) for ahead_m in (-0.22, 0.22) for left_m in (-0.18, 0.18))
"""Points of the chassis close to its corners."""
ARM_M: Final = 0.15
ARM_Z_M: Final = 0.24
"""How far ahead, and how high with the lift down, its arm is where it leaves the lift."""
LEAST_M: Final = 0.05


def spots(world: World, eye: Eye, robot: Body, at: Point, owner: Collection[str] = ()) -> bool:
    """Whether the eye sees a robot that stands at a point.

    It is seen when nothing covers the lens and a ray comes to a point inside its trunk or its arm. It is not when it
    lies outside the view, or when walls hide all that can be part of it. Else it is looked for with care.

    Args:
        world: Where to look.
        eye: The lens, lower than the walls.
        robot: What to look for; a body with the joints of one.
        at: Where the middle of its base is, metres.
        owner: Names of the bodies that the eye's owner is made of.
    """
    yaw, lift_m, boom_m = robot.joint_positions("base_yaw", "lift", "boom")
    wrist_m = WRIST_M + max(boom_m, 0.0)
    radius_m = wrist_m + HAND_M
    if not eye.may_reach(at, radius_m):
        return False
    here, walls = Pose(*at, yaw), walls_of(world)
    arm = ((ARM_M, 0.0, ARM_Z_M + lift_m), (wrist_m, 0.0, ARM_Z_M + lift_m))
    ends = _in_view(eye, here, TRUNK) or _in_view(eye, here, (*EDGES, *arm))
    if ends:
        rays: list[Ray] = [cover_ray(eye, COVER_M), *((eye.at, end) for end in ends)]
        cover, *hits = cast_beyond(world, rays, owner)
        met = {ARRIVED if hit is None else hit.body for hit in hits}
        if cover is None and not met.isdisjoint((ARRIVED, robot.name)):
            return True
        if any(are_between((walls[name],), eye, at, radius_m) for name in sorted(met) if name in walls):
            return False
    return not are_between(walls.values(), eye, at, radius_m) and sees(world, eye, robot, owner)


def _in_view(eye: Eye, at: Pose, marks: Iterable[Vec3]) -> list[Vec3]:
    """Those of some points of what stands at a pose that the view takes in."""
    cos, sin = math.cos(at.yaw), math.sin(at.yaw)
    points = ((at.x + a * cos - b * sin, at.y + a * sin + b * cos, z) for a, b, z in marks)
    return [point for point in points if eye.shows(point)]


def are_between(walls: Iterable[Rect], eye: Eye, at: Point, radius_m: float) -> bool:
    """Whether walls stand before all of a disc about a point of the floor.

    Whoever sees part of the disc looks across a line right before it; the walls' shadows must fill that line.
    """
    x, y, z = eye.at
    dx, dy = at[0] - x, at[1] - y
    gap = math.hypot(dx, dy)
    ahead = gap - radius_m
    if ahead < LEAST_M or z >= WALL_M:
        return False
    half = ahead * radius_m / math.sqrt(gap * gap - radius_m * radius_m)
    dark = -half
    for begin, end in sorted(_shadows(walls, (x, y), (dx / gap, dy / gap), ahead)):
        if begin > dark:
            break
        dark = max(dark, end)
    return dark >= half


def _shadows(walls: Iterable[Rect], eye: Point, way: Point, ahead: float) -> Iterator[tuple[float, float]]:
    """What each diagonal of each wall hides of a line across the way, to the left of its middle, metres."""
    (x, y), (ux, uy) = eye, way
    for wall in walls:
        if wall.contains(eye):
            continue
        left, right, low, high = wall.x0 - x, wall.x1 - x, wall.y0 - y, wall.y1 - y
        for ax, ay, bx, by in ((left, low, right, high), (left, high, right, low)):
            near, far = ax * ux + ay * uy, bx * ux + by * uy
            if (near < LEAST_M and far < LEAST_M) or (near > ahead and far > ahead):
                continue
            first, last = ay * ux - ax * uy, by * ux - bx * uy
            if near > far:
                near, far, first, last = far, near, last, first
            slope = (last - first) / (far - near) if far > near else 0.0
            if near < LEAST_M:
                near, first = LEAST_M, first + slope * (LEAST_M - near)
            if far > ahead:
                far, last = ahead, last - slope * (far - ahead)
            ends = first * ahead / near, last * ahead / far
            yield min(ends), max(ends)
