"""The facility: the site that scenarios share, with its rooms, furniture, doorways, and spots for devices."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np

from envs.decor import FRAME, YELLOW, door_frame, fence, label, outline, perimeter, tiles, trim, waypoint
from envs.devices.bench import Bench
from envs.facility_plan import (
    CORRIDOR,
    DEPTH_M,
    FENCES,
    FURNISHINGS,
    KEYPADS,
    NAMES,
    OPENINGS,
    PARKING,
    ROOMS,
    WALLS,
    WAYPOINT_SHIFT_M,
    WAYPOINTS,
    WIDTH_M,
    Opening,
    Room,
)
from envs.furniture import PIECES, Frame, Spot
from envs.site import DRAWN_WALL_M, Mirror, Pose, Rect, Site
from envs.world import Block, Camera, Color, Vec3, World

FRONT_WALL_M: Final = 0.3
FENCE_M: Final = 1.0
KERB_M: Final = 0.06
FOOT_M: Final = 0.02
"""How far above the floor a door's leaf hangs."""
BESIDE_M: Final = 0.35
"""How far a doorway's area reaches to either side of its wall."""
HANDLE: Final = (0.8, 0.86)
"""Where to stand to work a door: along the closed leaf from the hinge, and off it, metres."""
KERB: Final[Color] = (0.62, 0.64, 0.66, 1.0)
INK: Final = 0.72
"""How dark the name of a room is against its floor."""


@dataclass(frozen=True, slots=True)
class Doorway:
    """A gap in a wall where a hinged door goes.

    Attributes:
        name: What its door is called.
        rooms: The rooms it joins; the door swings into the first, where its handle is.
        hinge: Foot of the hinge.
        opens: +1 when the leaf swings open anticlockwise seen from above, -1 when clockwise.
        yaw: Direction of the closed leaf from the hinge, radians.
        stand: Where to stand to work the handle.
        area: The gap and the ground beside it that nobody crosses while the door is shut.
        frame: Bodies of the walls it hangs between.
        is_outer: Whether it leads through the perimeter.
    """

    name: str
    rooms: tuple[str, str]
    hinge: Vec3
    opens: int
    yaw: float
    stand: Pose
    area: Rect
    frame: tuple[str, ...]
    is_outer: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """A gap in a wall that stays open: the rooms it joins and its ground."""

    rooms: tuple[str, str]
    gap: Rect


@dataclass(frozen=True, slots=True)
class Facility:
    """The built facility.

    Attributes:
        site: Rooms, places and routes. What is mounted on a floor spot is not blocked yet.
        spots: Where a scenario mounts devices, by name.
        doorways: Where doors go, by name.
        passages: The open ones.
        benches: Low tables for loose things, by name; each carries the table spots that begin with its name.
        layout: Which variant this is. Hidden: the robot must not read it.
    """

    site: Site
    spots: Mapping[str, Spot]
    doorways: Mapping[str, Doorway]
    passages: tuple[Passage, ...]
    benches: Mapping[str, Bench]
    layout: str = field(repr=False)

    def camera(self, view: str = "room", width: int = 640, height: int = 480) -> Camera:
        """A point of view for pictures.

        Args:
            view: `room` for the whole house, `plan` for the floor plan from straight above, or the name of a room.
            width: Pixels.
            height: Pixels.

        Raises:
            ValueError: There is no such view.
        """
        if view == "plan":
            return _above(self.site.bounds, width, height)
        if view == "room":
            return _three_quarter(self.site.bounds, width, height)
        if view in self.site.rooms:
            return _three_quarter(self.site.rooms[view], width, height)
        msg = f"there is no view {view!r}; take room, plan, {', '.join(self.site.rooms)}"
        raise ValueError(msg)


def build_facility(world: World, layout: np.random.Generator) -> Facility:
    """Build the facility of a seed: mirrored or not in x and in y, furnished in one of several ways, shifted a little.

    Args:
        world: Where it is built; no body of it moves.
        layout: The stream that the variant is drawn from.
    """
    is_flipped, is_upturned = bool(layout.integers(2)), bool(layout.integers(2))
    furnishing = int(layout.integers(FURNISHINGS))
    site = Site(Mirror(WIDTH_M, is_flipped, DEPTH_M, is_upturned), Rect(0.0, 0.0, WIDTH_M, DEPTH_M))
    _build_shell(world, site)
    _name_places(site, furnishing, layout)
    builder = _Builder(world, site)
    for room in ROOMS:
        for bay, piece in zip(room.bays, room.furnishings[furnishing], strict=True):
            builder.put(f"{room.short} {piece}", piece, room, bay, float(layout.uniform(-1, 1)) * room.shift_m)
    for name, bay in KEYPADS.items():
        builder.put(f"{name} keypad", "keypad", CORRIDOR, bay, 0.0)
    world.draw(_decor(site))
    return Facility(
        site,
        MappingProxyType(builder.spots),
        MappingProxyType({o.name: _doorway(site.mirror, o) for o in OPENINGS if o.name}),
        tuple(Passage(o.rooms, site.mirror.rect(o.gap)) for o in OPENINGS if not o.name),
        MappingProxyType(builder.benches),
        f"{'flipped' if is_flipped else 'plain'} {'upturned' if is_upturned else 'upright'} {furnishing}",
    )


def _build_shell(world: World, site: Site) -> None:
    site.build_floor(world)
    for room in ROOMS:
        site.room(room.name, room.rect)
    for number, rect in enumerate(WALLS):
        site.wall(world, f"wall {number}", rect, drawn_m=_drawn_m(site.mirror.rect(rect)))
    for number, rect in enumerate(FENCES):
        site.solid(world, f"fence {number}", site.mirror.rect(rect), FENCE_M, KERB, KERB_M)


def _drawn_m(built: Rect) -> float:
    """Height of a wall in pictures: low along the front, so that one looks over it."""
    return FRONT_WALL_M if built.y1 <= 0.0 else DRAWN_WALL_M


def _name_places(site: Site, furnishing: int, layout: np.random.Generator) -> None:
    for room in ROOMS:
        site.place(room.name, *room.place.point)
    for name, at in zip(NAMES[furnishing], WAYPOINTS, strict=True):
        dx, dy = layout.uniform(-WAYPOINT_SHIFT_M, WAYPOINT_SHIFT_M, 2).tolist()
        site.place(name, at.x + dx, at.y + dy)


@dataclass(frozen=True, slots=True)
class _Builder:
    """Puts pieces of furniture into bays."""

    world: World
    site: Site
    spots: dict[str, Spot] = field(default_factory=dict)
    benches: dict[str, Bench] = field(default_factory=dict)

    def put(self, name: str, kind: str, room: Room, bay: Pose, shift_m: float) -> None:
        """Stand a piece in a bay, shifted along its wall, and name its spots."""
        foot = self.site.mirror.pose(bay.x, bay.y, bay.yaw)
        frame = Frame(*Frame(foot.x, foot.y, foot.yaw).at(0.0, shift_m, 0.0)[:2], foot.yaw)
        piece = PIECES[kind]
        if piece.is_bench:
            size = (piece.depth_m, piece.width_m) if abs(math.cos(foot.yaw)) > 0.5 else (piece.width_m, piece.depth_m)
            middle, stand = frame.at(piece.depth_m / 2, 0.0, 0.0), frame.facing_wall(piece.seats[0].stand_m, 0.0)
            self.benches[name] = Bench(self.world, name, (*size, piece.height_m), middle, stand)
            self.site.block(frame.rect(0.0, piece.depth_m, 0.0, piece.width_m))
        elif piece.depth_m:
            ground = frame.rect(0.0, piece.depth_m, 0.0, piece.width_m)
            self.site.solid(self.world, name, ground, piece.height_m, piece.color, piece.drawn_m)
        self.world.draw(piece.look(frame))
        for number, seat in enumerate(piece.seats, 1):
            spot = name if len(piece.seats) == 1 else f"{name} {number}"
            self.spots[spot] = seat.spot(spot, room.name, frame)


def _doorway(mirror: Mirror, opening: Opening) -> Doorway:
    """As drawn, the leaf hangs at the left post and swings anticlockwise, towards +y."""
    gap = opening.gap
    left, y = gap.x0, gap.center[1]
    beside = (n for n, wall in enumerate(WALLS) if wall.y0 == gap.y0 and (wall.x1 == gap.x0 or wall.x0 == gap.x1))
    return Doorway(
        opening.name,
        opening.rooms,
        mirror.at(left, y, FOOT_M),
        -1 if mirror.is_flipped != mirror.is_upturned else 1,
        mirror.yaw(0.0),
        mirror.pose(left + HANDLE[0], y + HANDLE[1], -math.pi / 2),
        mirror.rect(Rect(gap.x0 - 0.1, y - BESIDE_M, gap.x1 + 0.1, y + BESIDE_M)),
        tuple(f"wall {n}" for n in beside),
        opening.is_outer,
    )


# -- pictures ----------------------------------------------------------------------------------------------------------


def _decor(site: Site) -> Iterator[Block]:
    """What pictures show besides the solid things."""
    mirror = site.mirror
    for room in ROOMS:
        yield from tiles(mirror.rect(room.rect), room.tints)
        red, green, blue, _ = room.tints[0]
        yield from label(room.name, mirror.point(*room.label), (INK * red, INK * green, INK * blue, 1.0))
    yield from outline(mirror.rect(PARKING), YELLOW)
    for name, at in site.places.items():
        if name not in site.rooms:
            yield from waypoint(name, at)
    for wall in WALLS:
        built = mirror.rect(wall)
        yield from trim(built, _drawn_m(built))
    for rect in FENCES:
        yield from fence(mirror.rect(rect), FENCE_M)
    for opening in OPENINGS:
        gap = mirror.rect(opening.gap)
        if opening.name:
            yield from door_frame(gap)
        else:
            yield Block((gap.x1 - gap.x0, gap.y1 - gap.y0, 0.006), (*gap.center, 0.005), FRAME)
        if opening.is_outer:
            yield from perimeter(gap, 1.0 if mirror.is_upturned else -1.0)


def _above(area: Rect, width: int, height: int) -> Camera:
    fov_deg, (x, y) = 20.0, area.center
    span = max(area.y1 - area.y0, (area.x1 - area.x0) * height / width) + 0.8
    away = span / 2 / math.tan(math.radians(fov_deg / 2)) + DRAWN_WALL_M
    return Camera((x, y, away), (x, y, 0.0), fov_deg, width, height, (0.0, 1.0, 0.0))


def _three_quarter(area: Rect, width: int, height: int) -> Camera:
    """From the front and above, far enough away for the whole area."""
    fov_deg, tilt, depth = 30.0, math.radians(62.0), area.y1 - area.y0
    across, along = (area.x1 - area.x0) * height / width, depth * math.sin(tilt)
    away = (max(across, along) + 1.0) / 2 / math.tan(math.radians(fov_deg / 2)) + depth / 2 * math.cos(tilt)
    x, y, z = area.center[0], area.center[1] - 0.02 * depth, DRAWN_WALL_M / 2
    return Camera((x, y - away * math.cos(tilt), z + away * math.sin(tilt)), (x, y, z), fov_deg, width, height)
