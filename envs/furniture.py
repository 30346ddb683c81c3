"""Pieces of furniture that stand against a wall, and the seats on them where devices go.

A piece is drawn in the frame of its bay: `out` from the wall into the room, `along` the wall to the left of someone
who stands with the back to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from envs.decor import CARTONS, CUT, FRAME, STEEL
from envs.site import Pose, Rect
from envs.world import Block, Color, Vec3, wrap

PANEL_M: Final = 0.8
TABLE_M: Final = 0.45
SIGN_M: Final = 0.85
BEHIND_M: Final = 0.02
"""How far from the wall the ground of a floor device begins."""

CASE: Final[Color] = (0.62, 0.68, 0.73, 1.0)
DARK: Final[Color] = (0.17, 0.19, 0.23, 1.0)
POT: Final[Color] = (0.80, 0.78, 0.74, 1.0)
LEAVES: Final[tuple[Color, ...]] = ((0.20, 0.46, 0.26, 1.0), (0.28, 0.56, 0.32, 1.0), (0.36, 0.64, 0.36, 1.0))


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame of a bay in the built plan: a point at the foot of its wall, and the way into the room, radians."""

    x: float
    y: float
    yaw: float

    def at(self, out_m: float, along_m: float, z: float) -> Vec3:
        """A point of the bay."""
        cos, sin = round(math.cos(self.yaw)), round(math.sin(self.yaw))
        return (self.x + out_m * cos - along_m * sin, self.y + out_m * sin + along_m * cos, z)

    def facing_wall(self, out_m: float, along_m: float) -> Pose:
        """Where to stand to work on what is at the wall."""
        return Pose(*self.at(out_m, along_m, 0.0)[:2], wrap(self.yaw + math.pi))

    def rect(self, near_m: float, far_m: float, along_m: float, width_m: float) -> Rect:
        """The ground from `near_m` to `far_m` out of the wall, `width_m` wide about `along_m`."""
        (xa, ya, _), (xb, yb, _) = self.at(near_m, along_m - width_m / 2, 0), self.at(far_m, along_m + width_m / 2, 0)
        return Rect(min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb))

    def block(self, size: Vec3, at: Vec3, color: Color) -> Block:
        """A drawn box; `size` and `at` are out, along, up."""
        is_along_x = abs(math.cos(self.yaw)) > 0.5
        return Block(size if is_along_x else (size[1], size[0], size[2]), self.at(*at), color)


class SpotKind(StrEnum):
    """What carries a device: the floor, a counter-high shelf, the wall, or a low table for loose things."""

    FLOOR = "floor"
    PANEL = "panel"
    WALL = "wall"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a scenario mounts a device.

    Attributes:
        name: The room, what it is, and a number where there are several.
        kind: What carries the device.
        at: Foot of the device on what carries it, or the middle of a device on the wall; metres.
        stand: Where a robot stands to work on it.
        room: Its room.
        yaw: The way the device's front faces, radians.
        footprint: Ground that a device may take up; whoever mounts one blocks it in the site. Only floor spots have
            one; that of a charger is None, for a robot drives against its plate.
    """

    name: str
    kind: SpotKind
    at: Vec3
    stand: Pose
    room: str
    yaw: float
    footprint: Rect | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    """A place for one device on a piece of furniture.

    Attributes:
        kind: What carries the device.
        out_m, along_m, z: Where it is in the bay.
        stand_m: How far out of the wall the robot stands.
        front_m, width_m: Ground of a floor device, from the wall to its front; 0 for none.
    """

    kind: SpotKind
    out_m: float
    along_m: float
    z: float
    stand_m: float
    front_m: float = 0.0
    width_m: float = 0.0

    def spot(self, name: str, room: str, frame: Frame) -> Spot:
        """The seat in a bay."""
        ground = frame.rect(BEHIND_M, self.front_m, self.along_m, self.width_m) if self.front_m else None
        stand = frame.facing_wall(self.stand_m, self.along_m)
        return Spot(name, self.kind, frame.at(self.out_m, self.along_m, self.z), stand, room, frame.yaw, ground)


def _no_looks(frame: Frame) -> Iterator[Block]:
    del frame
    yield from ()


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of furniture.

    Attributes:
        seats: Where devices go.
        depth_m, width_m, height_m: Its solid body; a depth of 0 for none.
        color: Of the body.
        drawn_m: How much of the body pictures show, from its foot; all of it by default.
        is_bench: Whether loose things are put down on it.
        look: What pictures show besides the body.
    """

    seats: tuple[Seat, ...] = ()
    depth_m: float = 0.0
    width_m: float = 0.0
    height_m: float = 0.0
    color: Color = DARK
    drawn_m: float | None = None
    is_bench: bool = False
    look: Callable[[Frame], Iterator[Block]] = _no_looks


def _floor(out_m: float, front_m: float, width_m: float, stand_m: float, along_m: float = 0.0) -> Seat:
    return Seat(SpotKind.FLOOR, out_m, along_m, 0.0, stand_m, front_m, width_m)


def _panel(along_m: float = 0.0) -> Seat:
    return Seat(SpotKind.PANEL, 0.17, along_m, PANEL_M, 0.8)


def _wall(along_m: float = 0.0) -> Seat:
    return Seat(SpotKind.WALL, 0.07, along_m, SIGN_M, 0.85)


def _table(along_m: float = 0.0) -> Seat:
    return Seat(SpotKind.TABLE, 0.27, along_m, TABLE_M, 0.93)


def _console(frame: Frame, width_m: float) -> Iterator[Block]:
    """A pale top, a dark foot, and a strip at the back."""
    yield frame.block((0.34, width_m + 0.04, 0.03), (0.17, 0, PANEL_M - 0.012), FRAME)
    yield frame.block((0.31, width_m + 0.01, 0.1), (0.155, 0, 0.05), CUT)
    yield frame.block((0.025, width_m, 0.07), (0.0125, 0, PANEL_M + 0.035), CUT)
    for along in (-0.25 * width_m, 0.25 * width_m):
        yield frame.block((0.012, 0.46 * width_m, 0.52), (0.3, along, 0.42), STEEL)


def _wide_console(frame: Frame) -> Iterator[Block]:
    yield from _console(frame, 1.2)


def _narrow_console(frame: Frame) -> Iterator[Block]:
    yield from _console(frame, 0.5)


def _plant(frame: Frame) -> Iterator[Block]:
    yield frame.block((0.3, 0.3, 0.02), (0.22, 0, 0.36), (0.30, 0.22, 0.16, 1.0))
    for number, (out, along, z, size) in enumerate((
        (0.22, 0.0, 0.52, 0.30), (0.14, 0.1, 0.62, 0.22), (0.30, -0.1, 0.60, 0.22), (0.30, 0.09, 0.70, 0.2),
        (0.15, -0.09, 0.74, 0.2), (0.22, 0.0, 0.86, 0.2),
    )):  # fmt: skip
        yield frame.block((size, size, 0.75 * size), (out, along, z), LEAVES[number % len(LEAVES)])


def _shelf(frame: Frame) -> Iterator[Block]:
    """Posts, boards and cartons."""
    for out in (0.03, 0.42):
        for along in (-0.6, 0.0, 0.6):
            yield frame.block((0.04, 0.04, 1.15), (out, along, 0.575), STEEL)
    for level in (0.12, 0.5, 0.88):
        yield frame.block((0.42, 1.24, 0.03), (0.225, 0, level), STEEL)
        for number in range(4):
            if (number + round(level * 10)) % 4:
                size = 0.22 + 0.035 * (number % 3)
                spot = (0.225, -0.45 + 0.3 * number, level + size / 2)
                yield frame.block((0.34, 0.24, size), spot, CARTONS[(number + round(level * 9)) % 3])


def _crates(frame: Frame) -> Iterator[Block]:
    """Three crates on a pallet, with battens."""
    wood, dark = CARTONS[0], CARTONS[1]
    yield frame.block((0.7, 1.1, 0.1), (0.37, 0, 0.05), dark)
    for along, base, size in ((-0.27, 0.1, 0.5), (0.29, 0.1, 0.44), (-0.25, 0.6, 0.34)):
        yield frame.block((size, size, size), (0.37, along, base + size / 2), wood)
        for z in (base + 0.05, base + size - 0.04):
            yield frame.block((size + 0.02, size + 0.02, 0.05), (0.37, along, z), dark)


PIECES: Final[Mapping[str, Piece]] = {
    "pedestal": Piece((_floor(0.25, 0.42, 0.3, 0.87),)),
    "cabinet": Piece((_floor(0.37, 0.72, 1.4, 1.13),)),
    "cabinet 1": Piece((_floor(0.37, 0.72, 1.4, 1.13),)),
    "cabinet 2": Piece((_floor(0.37, 0.72, 1.4, 1.13),)),
    "rack": Piece((_floor(0.38, 0.97, 0.66, 1.37),)),
    "dock": Piece((_floor(0.3, 0.79, 0.5, 1.19),)),
    "charger": Piece((_floor(0.02, 0.0, 0.0, 0.435),)),
    "port": Piece((_floor(0.34, 0.69, 0.4, 1.1),)),
    "bin": Piece((_floor(0.24, 0.46, 0.44, 0.88, -0.28), _floor(0.24, 0.46, 0.44, 0.88, 0.28))),
    "camera": Piece((_floor(0.12, 0.54, 0.28, 0.94),)),
    "sign": Piece((_wall(),)),
    "wall": Piece((_wall(-0.3), _wall(0.3))),
    "panel": Piece((_panel(-0.28), _panel(0.28)), 0.3, 1.2, PANEL_M, CASE, look=_wide_console),
    "keypad": Piece((_panel(),), 0.3, 0.5, PANEL_M, CASE, look=_narrow_console),
    "bench": Piece((_table(-0.28), _table(0.28)), 0.5, 1.2, TABLE_M, is_bench=True),
    "side table": Piece((_table(),), 0.5, 0.5, TABLE_M, is_bench=True),
    "plant": Piece((), 0.38, 0.34, 0.36, POT, look=_plant),
    "shelf": Piece((), 0.46, 1.28, 1.15, drawn_m=0.05, look=_shelf),
    "crates": Piece((), 0.72, 1.1, 0.94, drawn_m=0.05, look=_crates),
}  # fmt: skip
"""What can stand in a bay."""
