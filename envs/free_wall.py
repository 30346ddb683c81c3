"""A free place on a wall, for a device that is put into a scenario's world when all else is there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from envs.decor import CUT
from envs.devices.base import Mount
from envs.devices.door import Door
from envs.robot import RADIUS_M
from envs.scene import Scene
from envs.site import Point, Pose, Rect, walls_of
from envs.world import Block, Color, wrap

HEIGHT_M: Final = 0.8
"""Of a device's foot, as on a shelf."""
OUT_M: Final = 0.1
"""Of a device's foot, from the wall."""
STAND_M: Final = 0.72
"""Where a robot stands to work on it, from the wall."""
STEP_M: Final = 0.25
"""From one place that is tried to the next."""
POST_M: Final = 0.6
"""From the end of a wall: routes bend round ends of walls, and doors hang there."""
WIDTH_M: Final = 1.0
"""Of the ground before it on which nothing stands."""
DEPTH_M: Final = STAND_M + RADIUS_M
APART_M: Final = 0.9
"""From where a robot stands to work on it to any other thing, place or somebody."""
SPREAD: Final = (0.15, 0.4, 0.65, 0.9)
LEAF_M: Final = 0.1
BOARD: Final[Color] = (0.70, 0.72, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class _Face:
    """A point at the foot of a wall, and the way its surface looks, radians."""

    foot: Point
    yaw: float

    def at(self, out_m: float, along_m: float = 0.0) -> Point:
        """A point out from the wall, and along it."""
        cos, sin = round(math.cos(self.yaw)), round(math.sin(self.yaw))
        return (self.foot[0] + out_m * cos - along_m * sin, self.foot[1] + out_m * sin + along_m * cos)

    @property
    def stand(self) -> Pose:
        """Where a robot stands to work on what hangs there."""
        return Pose(*self.at(STAND_M), wrap(self.yaw + math.pi))

    @property
    def ground(self) -> Rect:
        """What is to be empty before it."""
        (xa, ya), (xb, yb) = self.at(0.02, -WIDTH_M / 2), self.at(DEPTH_M, WIDTH_M / 2)
        return Rect(min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb))


def free_mount(scene: Scene, rooms: Sequence[str]) -> Mount:
    """The place on a wall that is furthest from all that stands, lies, waits or is worked on in a room.

    What hangs there is out of the way: it takes no ground, so that all routes stay as they are.

    Args:
        scene: With everything of the scenario in it.
        rooms: Where to look; the first one that has such a place and can be got to from where the robot is.

    Raises:
        ValueError: None of them has one.
    """
    taken = _taken(scene)
    for room in rooms:
        free = [(_elbow_room(face, taken), face) for face in _faces(scene, room)]
        wide = [(gap_m, face) for gap_m, face in free if gap_m >= APART_M]
        for _, face in sorted(wide, key=lambda found: -found[0]):
            if scene.site.is_clear(face.ground) and _is_in_reach(scene, face.stand.point):
                return Mount(scene.world, (*face.at(OUT_M), HEIGHT_M), face.yaw, face.stand, scene.agents)
    raise ValueError(f"no wall has room for a device; looked in: {', '.join(rooms) or 'no room'}")


def hanger(mount: Mount) -> Iterator[Block]:
    """What pictures show of how a device hangs on a wall: a board behind it and under it, a conduit to the floor."""
    for (out_m, wide_m, high_m), (from_wall_m, up_m), color in (
        ((0.02, 0.36, 0.34), (0.01, 0.06), BOARD),
        ((OUT_M, 0.3, 0.02), (OUT_M / 2, -0.012), BOARD),
        ((0.03, 0.04, HEIGHT_M - 0.1), (0.015, -0.1 - (HEIGHT_M - 0.1) / 2), CUT),
    ):
        is_along_x = abs(math.cos(mount.yaw)) > abs(math.sin(mount.yaw))
        size = (out_m, wide_m, high_m) if is_along_x else (wide_m, out_m, high_m)
        yield Block(size, mount.point(from_wall_m - OUT_M, 0.0, up_m), color)


def _faces(scene: Scene, room: str) -> tuple[_Face, ...]:
    """Places along the walls of a room, found once for all devices of a layout."""
    kept, name = scene.world.kept, f"faces of walls: {room}"
    if name not in kept:
        kept[name] = tuple(_find_faces(scene, room))
    faces: tuple[_Face, ...] = kept[name]
    return faces


def _find_faces(scene: Scene, room: str) -> Iterator[_Face]:
    """Places along the walls of a room; walls in front, which pictures cut low, left out."""
    site = scene.site
    if room not in site.rooms:
        return
    inside = site.rooms[room]
    near = Rect(inside.x0 - STAND_M, inside.y0 - STAND_M, inside.x1 + STAND_M, inside.y1 + STAND_M)
    for wall in walls_of(scene.world).values():
        if wall.y1 > site.bounds.y0 and wall.meets(near):
            for face in _along(wall):
                stand = face.at(STAND_M)
                if inside.contains(stand) and site.room_at(stand) == room:
                    yield face


def _along(wall: Rect) -> Iterator[_Face]:
    """Places along both long sides of a wall."""
    (x, y), (wide_m, deep_m) = wall.center, (wall.x1 - wall.x0, wall.y1 - wall.y0)
    length, half, is_level = max(wide_m, deep_m), min(wide_m, deep_m) / 2, wide_m > deep_m
    for step in range(math.floor((length - 2 * POST_M) / STEP_M) + 1):
        along = POST_M + step * STEP_M - length / 2
        for side in (1, -1):
            yield (
                _Face((x + along, y + side * half), side * math.pi / 2) if is_level
                else _Face((x + side * half, y + along), 0.0 if side > 0 else math.pi)
            )  # fmt: skip


def _taken(scene: Scene) -> list[Point]:
    """Points of the plan at which something is, or at which somebody stands to work on it."""
    devices = scene.devices.values()
    return [
        *(point[:2] for device in devices for point in device.sight),
        *(device.stand.point for device in devices),
        *(place.point for place in scene.site.places.values()),
        *(person.point for person in scene.people.values()),
        *(robot.point for robot in scene.robots.values()),
    ]


def _elbow_room(face: _Face, taken: Sequence[Point]) -> float:
    stand = face.at(STAND_M)
    return round(min([math.dist(stand, point) for point in taken]), 2)


def _is_in_reach(scene: Scene, point: Point) -> bool:
    """Whether the robot can drive there with the doors as they are."""
    shut = [door for door in scene.devices.values() if isinstance(door, Door) and door.is_latched]
    leaves = [(door.leaf(along, 0.0, 0.0), LEAF_M) for door in shut for along in SPREAD]
    return scene.site.can_reach(scene.robot.point, point, RADIUS_M, leaves)
