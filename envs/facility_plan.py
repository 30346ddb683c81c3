"""The facility as drawn, before a seed mirrors and furnishes it: rooms, walls, doorways, bays, and what stands where.

y 10.2  +---------------------------+----------------+
        |       patrol room         =  storage room  |      = open passage
   5.3  +---D-----------------------+-----------==---+      D hinged door, swings to +y
        |                corridor                    |
   3.2  +-------==-----+------D-----+------D---------+
        | control room | server room|  loading bay   :      : fence, outside the perimeter
   0.0  +--------------+------------+ - - - - - - - -+
        x 0            4.6          9.2              14
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from envs.site import Pose, Rect
from envs.world import Color

WIDTH_M: Final = 14.0
DEPTH_M: Final = 10.2
EAST: Final = 0.0
NORTH: Final = math.pi / 2
WEST: Final = math.pi
SOUTH: Final = -math.pi / 2


@dataclass(frozen=True, slots=True)
class Room:
    """A room as drawn.

    Attributes:
        name: What people call it; also the name of the place in it.
        short: How the names of its spots begin.
        rect: From wall line to wall line, metres.
        place: The place named like the room.
        label: Middle of its name on the floor.
        tints: Of its tiles.
        bays: Where pieces of furniture go: the foot of the wall, and the way into the room.
        shift_m: How far a seed may shift a piece along its wall.
        furnishings: For each furnishing, the piece in each bay.
    """

    name: str
    short: str
    rect: Rect
    place: Pose
    label: tuple[float, float]
    tints: tuple[Color, Color]
    bays: tuple[Pose, ...]
    shift_m: float
    furnishings: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """A gap in a wall as drawn.

    Attributes:
        name: What its door is called; empty for an open passage.
        rooms: The rooms it joins; a door swings into the first, where its handle is.
        gap: From wall to wall.
        is_outer: Whether it leads through the perimeter.
    """

    name: str
    rooms: tuple[str, str]
    gap: Rect
    is_outer: bool = False


HALL: Final = Room(
    "patrol room", "hall", Rect(0.0, 5.3, 9.2, 10.2), Pose(5.0, 7.7), (6.0, 7.62),
    ((0.80, 0.84, 0.86, 1.0), (0.84, 0.875, 0.89, 1.0)),
    (
        Pose(1.2, 10.2, SOUTH), Pose(2.85, 10.2, SOUTH), Pose(4.5, 10.2, SOUTH), Pose(6.15, 10.2, SOUTH),
        Pose(7.75, 10.2, SOUTH), Pose(0.0, 8.2, EAST), Pose(4.2, 5.35, NORTH), Pose(5.9, 5.35, NORTH),
        Pose(7.6, 5.35, NORTH), Pose(9.15, 8.9, WEST),
    ), 0.1,
    (
        ("bench", "plant", "pedestal", "side table", "bin", "camera", "charger", "wall", "cabinet", "panel"),
        ("panel", "pedestal", "cabinet", "plant", "bin", "wall", "side table", "bench", "charger", "camera"),
        ("plant", "cabinet", "bench", "side table", "charger", "bin", "camera", "panel", "wall", "pedestal"),
        ("bin", "charger", "panel", "side table", "pedestal", "bench", "cabinet", "camera", "plant", "wall"),
    ),
)  # fmt: skip
CORRIDOR: Final = Room(
    "corridor", "corridor", Rect(0.0, 3.2, 14.0, 5.3), Pose(8.6, 4.3), (9.5, 4.3),
    ((0.70, 0.75, 0.80, 1.0), (0.73, 0.78, 0.83, 1.0)),
    (Pose(0.0, 4.25, EAST), Pose(4.2, 5.25, SOUTH), Pose(9.1, 5.25, SOUTH), Pose(4.8, 3.25, NORTH)), 0.1,
    (
        ("charger", "sign", "camera", "plant"),
        ("camera", "plant", "charger", "sign"),
        ("plant", "charger", "sign", "camera"),
        ("sign", "camera", "plant", "charger"),
    ),
)  # fmt: skip
CONTROL: Final = Room(
    "control room", "control", Rect(0.0, 0.0, 4.6, 3.2), Pose(2.35, 1.75), (2.35, 1.36),
    ((0.76, 0.86, 0.82, 1.0), (0.80, 0.89, 0.85, 1.0)),
    (
        Pose(1.35, 0.0, NORTH), Pose(3.2, 0.0, NORTH), Pose(0.0, 1.95, EAST), Pose(1.65, 3.15, SOUTH),
        Pose(4.55, 1.95, WEST),
    ), 0.04,
    (
        ("panel", "bench", "cabinet 1", "wall", "cabinet 2"),
        ("cabinet 1", "cabinet 2", "wall", "panel", "bench"),
        ("bench", "panel", "cabinet 2", "cabinet 1", "wall"),
        ("cabinet 2", "panel", "bench", "wall", "cabinet 1"),
    ),
)  # fmt: skip
SERVERS: Final = Room(
    "server room", "server", Rect(4.6, 0.0, 9.2, 3.2), Pose(7.0, 1.75), (7.0, 1.36),
    ((0.74, 0.76, 0.86, 1.0), (0.78, 0.80, 0.89, 1.0)),
    (
        Pose(5.95, 0.0, NORTH), Pose(7.85, 0.0, NORTH), Pose(4.65, 1.95, EAST), Pose(5.9, 3.15, SOUTH),
        Pose(9.15, 1.98, WEST),
    ), 0.04,
    (
        ("rack", "panel", "bench", "wall", "cabinet"),
        ("bench", "cabinet", "wall", "panel", "rack"),
        ("cabinet", "rack", "panel", "wall", "bench"),
        ("rack", "bench", "wall", "panel", "cabinet"),
    ),
)  # fmt: skip
STORAGE: Final = Room(
    "storage room", "storage", Rect(9.2, 5.3, 14.0, 10.2), Pose(11.6, 7.7), (11.6, 7.0),
    ((0.86, 0.82, 0.75, 1.0), (0.89, 0.855, 0.79, 1.0)),
    (
        Pose(10.65, 10.2, SOUTH), Pose(11.95, 10.2, SOUTH), Pose(13.25, 10.2, SOUTH), Pose(14.0, 8.1, WEST),
        Pose(14.0, 6.6, WEST), Pose(10.7, 5.35, NORTH), Pose(9.25, 8.95, EAST),
    ), 0.04,
    (
        ("shelf", "dock", "crates", "charger", "bench", "bin", "wall"),
        ("bin", "crates", "shelf", "dock", "wall", "bench", "charger"),
        ("charger", "bench", "crates", "wall", "bin", "shelf", "dock"),
        ("dock", "crates", "bin", "bench", "shelf", "wall", "charger"),
    ),
)  # fmt: skip
BAY: Final = Room(
    "loading bay", "bay", Rect(9.2, 0.0, 14.0, 3.2), Pose(11.5, 1.75), (11.6, 1.36),
    ((0.47, 0.49, 0.52, 1.0), (0.50, 0.52, 0.55, 1.0)),
    (
        Pose(9.25, 1.2, EAST), Pose(10.15, 3.15, SOUTH), Pose(13.1, 3.15, SOUTH), Pose(10.9, 0.05, NORTH),
        Pose(12.6, 0.05, NORTH),
    ), 0.04,
    (
        ("port", "wall", "bin", "bench", "crates"),
        ("wall", "crates", "port", "bin", "bench"),
        ("bench", "port", "wall", "bin", "crates"),
        ("crates", "wall", "bench", "bin", "port"),
    ),
)  # fmt: skip
ROOMS: Final = (HALL, CORRIDOR, CONTROL, SERVERS, STORAGE, BAY)
FURNISHINGS: Final = len(HALL.furnishings)
KEYPADS: Final = {"server door": Pose(8.3, 3.25, NORTH), "outer door": Pose(12.75, 3.25, NORTH)}
"""Where the keypads of the locked doors go: in the corridor, on the side of the latch."""
WAYPOINTS: Final = (Pose(2.3, 8.2), Pose(6.9, 8.4), Pose(7.2, 7.0), Pose(3.5, 6.9))
WAYPOINT_SHIFT_M: Final = 0.15
NAMES: Final = (
    ("alpha", "bravo", "charlie", "delta"), ("charlie", "alpha", "delta", "bravo"),
    ("bravo", "delta", "alpha", "charlie"), ("delta", "charlie", "bravo", "alpha"),
)  # fmt: skip
"""For each furnishing, the name of each waypoint."""

OPENINGS: Final = (
    Opening("patrol room door", ("patrol room", "corridor"), Rect(1.5, 5.25, 2.5, 5.35)),
    Opening("server door", ("corridor", "server room"), Rect(6.6, 3.15, 7.6, 3.25)),
    Opening("outer door", ("corridor", "loading bay"), Rect(11.0, 3.15, 12.0, 3.25), is_outer=True),
    Opening("", ("corridor", "control room"), Rect(2.6, 3.15, 3.8, 3.25)),
    Opening("", ("corridor", "storage room"), Rect(12.3, 5.25, 13.5, 5.35)),
    Opening("", ("patrol room", "storage room"), Rect(9.15, 6.9, 9.25, 8.1)),
)
WALLS: Final = (
    Rect(-0.1, -0.1, 9.25, 0.0), Rect(-0.1, 10.2, 14.1, 10.3), Rect(-0.1, 0.0, 0.0, 10.2), Rect(14.0, 3.15, 14.1, 10.2),
    Rect(0.0, 3.15, 2.6, 3.25), Rect(3.8, 3.15, 6.6, 3.25), Rect(7.6, 3.15, 11.0, 3.25), Rect(12.0, 3.15, 14.0, 3.25),
    Rect(0.0, 5.25, 1.5, 5.35), Rect(2.5, 5.25, 12.3, 5.35), Rect(13.5, 5.25, 14.0, 5.35),
    Rect(4.55, 0.0, 4.65, 3.15), Rect(9.15, 0.0, 9.25, 3.15),
    Rect(9.15, 5.35, 9.25, 6.9), Rect(9.15, 8.1, 9.25, 10.2),
)  # fmt: skip
FENCES: Final = (Rect(9.25, -0.05, 14.05, 0.0), Rect(14.0, 0.0, 14.05, 3.15))
PARKING: Final = Rect(10.0, 0.75, 13.6, 2.45)
"""Where a lorry would stand; only paint."""
