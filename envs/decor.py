"""What only pictures show: tiles, skirting, caps of the cut walls, shelves, letters on the floor; nothing solid."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from typing import Final

import numpy as np

from envs.site import DRAWN_WALL_M, Point, Pose, Rect
from envs.world import Block, Color, Vec3

CUT: Final[Color] = (0.30, 0.35, 0.42, 1.0)
SKIRTING: Final[Color] = (0.52, 0.57, 0.63, 1.0)
FRAME: Final[Color] = (0.90, 0.91, 0.92, 1.0)
STEEL: Final[Color] = (0.45, 0.50, 0.56, 1.0)
CARTONS: Final[tuple[Color, ...]] = ((0.76, 0.60, 0.42, 1.0), (0.66, 0.50, 0.34, 1.0), (0.45, 0.58, 0.66, 1.0))
BLACK: Final[Color] = (0.13, 0.14, 0.16, 1.0)
WHITE: Final[Color] = (0.97, 0.98, 1.0, 1.0)
TILE_M: Final = 1.0
GLYPHS: Final = {
    "a": (".#.", "#.#", "###", "#.#", "#.#"),
    "b": ("##.", "#.#", "##.", "#.#", "##."),
    "c": (".##", "#..", "#..", "#..", ".##"),
    "d": ("##.", "#.#", "#.#", "#.#", "##."),
    "e": ("###", "#..", "##.", "#..", "###"),
    "g": (".##", "#..", "#.#", "#.#", ".##"),
    "i": ("#", "#", "#", "#", "#"),
    "l": ("#..", "#..", "#..", "#..", "###"),
    "m": ("#...#", "##.##", "#.#.#", "#...#", "#...#"),
    "n": ("#..#", "##.#", "#.##", "#..#", "#..#"),
    "o": ("###", "#.#", "#.#", "#.#", "###"),
    "p": ("##.", "#.#", "##.", "#..", "#.."),
    "r": ("##.", "#.#", "##.", "#.#", "#.#"),
    "s": (".##", "#..", ".#.", "..#", "##."),
    "t": ("###", ".#.", ".#.", ".#.", ".#."),
    "v": ("#.#", "#.#", "#.#", "#.#", ".#."),
    "y": ("#.#", "#.#", ".#.", ".#.", ".#."),
    " ": ("..", "..", "..", "..", ".."),
}
GLYPH_M: Final = 0.07
LABEL_M: Final = 0.055
RED: Final[Color] = (0.80, 0.20, 0.16, 1.0)
YELLOW: Final[Color] = (0.95, 0.78, 0.16, 1.0)
LANE: Final[Color] = (0.24, 0.50, 0.78, 1.0)


def tiles(rect: Rect, tints: Sequence[Color]) -> Iterator[Block]:
    """A floor of tiles over `rect`, two tints in turn."""
    columns, rows = (max(round(span / TILE_M), 1) for span in (rect.x1 - rect.x0, rect.y1 - rect.y0))
    width, height = (rect.x1 - rect.x0) / columns, (rect.y1 - rect.y0) / rows
    for i, j in product(range(columns), range(rows)):
        at = (rect.x0 + (i + 0.5) * width, rect.y0 + (j + 0.5) * height, 0.001)
        yield Block((width, height, 0.004), at, tints[(i + j) % len(tints)])


def trim(rect: Rect, drawn_m: float = DRAWN_WALL_M) -> Iterator[Block]:
    """Skirting and the cap of the cut for a wall over `rect`."""
    across, along = rect.x1 - rect.x0, rect.y1 - rect.y0
    yield Block((across + 0.03, along + 0.03, 0.1), (*rect.center, 0.05), SKIRTING)
    yield Block((across + 0.01, along + 0.01, 0.03), (*rect.center, drawn_m), CUT)


def letter(name: str, at: Pose) -> Iterator[Block]:
    """The first letter of a place, on the floor."""
    for row, line in enumerate(GLYPHS.get(name[0], ())):
        for column, mark in enumerate(line):
            if mark == "#":
                spot = (at.x + (column - 1) * GLYPH_M, at.y + (2 - row) * GLYPH_M, 0.008)
                yield Block((GLYPH_M, GLYPH_M, 0.006), spot, WHITE)


def label(text: str, center: Point, color: Color) -> Iterator[Block]:
    """Small words on the floor, to be read from the front."""
    rows = [".".join(line) for line in zip(*(GLYPHS[mark] for mark in text), strict=True)]
    left, middle = center[0] - len(rows[0]) * LABEL_M / 2, center[1]
    for row, line in enumerate(rows):
        for dash in re.finditer("#+", line):
            spot = (left + (dash.start() + dash.end()) / 2 * LABEL_M, middle + (2 - row) * LABEL_M, 0.01)
            yield Block((len(dash.group()) * LABEL_M, LABEL_M, 0.008), spot, color)


def waypoint(name: str, at: Pose) -> Iterator[Block]:
    """A marked square on the floor with the first letter of its name."""
    yield Block((0.62, 0.62, 0.004), (at.x, at.y, 0.003), WHITE)
    yield Block((0.56, 0.56, 0.006), (at.x, at.y, 0.004), LANE)
    yield from letter(name, at)


def perimeter(gap: Rect, outwards: float) -> Iterator[Block]:
    """Black and yellow stripes on a threshold, and a red line beyond it; `outwards` is +1 towards +y, else -1."""
    (x, y), width = gap.center, gap.x1 - gap.x0
    yield Block((width, 0.1, 0.004), (x, y, 0.004), YELLOW)
    yield from stripes(gap, 5)
    yield Block((width + 0.5, 0.07, 0.006), (x, y + outwards * 0.3, 0.006), RED)


def outline(rect: Rect, color: Color, wide_m: float = 0.06) -> Iterator[Block]:
    """The edge of `rect`, painted on the floor."""
    (x, y), across, along = rect.center, rect.x1 - rect.x0, rect.y1 - rect.y0
    for edge in (rect.y0, rect.y1):
        yield Block((across, wide_m, 0.004), (x, edge, 0.005), color)
    for edge in (rect.x0, rect.x1):
        yield Block((wide_m, along, 0.004), (edge, y, 0.005), color)


def fence(rect: Rect, height_m: float) -> Iterator[Block]:
    """Posts, rails and wires over `rect`, which is long in x or in y."""
    across, along = rect.x1 - rect.x0, rect.y1 - rect.y0
    x, y = rect.center
    count = max(round(max(across, along) / 0.6), 1)
    for share in np.linspace(-0.5, 0.5, count + 1).tolist():
        at = (x + share * across * (across > along), y + share * along * (along > across), height_m / 2)
        yield Block((0.05, 0.05, height_m), at, STEEL)
    for z in (0.2, 0.5, 0.8, 1.0):
        thick = 0.04 if z == 1.0 else 0.02
        size = (across, thick, thick) if across > along else (thick, along, thick)
        yield Block(size, (x, y, z * (height_m - 0.02)), YELLOW if z == 1.0 else STEEL)


def stripes(rect: Rect, count: int) -> Iterator[Block]:
    """A row of dark stripes along x over `rect`."""
    edges = np.linspace(rect.x0, rect.x1, 2 * count + 1).tolist()
    for left, right in list(pairwise(edges))[::2]:
        yield Block((right - left, rect.y1 - rect.y0, 0.006), ((left + right) / 2, rect.center[1], 0.006), BLACK)


def door_frame(rect: Rect) -> Iterator[Block]:
    """Posts and lintel around a gap in a wall along x."""
    y, height = rect.center[1], 2.06
    for x in (rect.x0, rect.x1):
        yield Block((0.07, 0.16, height), (x, y, height / 2), FRAME)
    yield Block((rect.x1 - rect.x0 + 0.07, 0.16, 0.07), (rect.center[0], y, height), FRAME)


def shelf(rect: Rect) -> Iterator[Block]:
    """A shelf of cartons over `rect`, its long side along y."""
    width, length, height = rect.x1 - rect.x0, rect.y1 - rect.y0, 1.15
    x, y = rect.center
    for foot_x, foot_y in product((rect.x0, rect.x1), (rect.y0, y, rect.y1)):
        yield Block((0.04, 0.04, height), (foot_x, foot_y, height / 2), STEEL)
    for level in (0.12, 0.55, 0.98):
        yield Block((width, length, 0.03), (x, y, level), STEEL)
        for number in range(5):
            if (number + round(level * 10)) % 4:
                size = 0.26 + 0.04 * (number % 3)
                spot = (x, rect.y0 + (number + 0.5) * length / 5, level + size / 2)
                yield Block((width * 0.8, length / 6.5, size), spot, CARTONS[(number + round(level * 9)) % 3])


def run(points: Sequence[Vec3], color: Color, thick_m: float = 0.035) -> Iterator[Block]:
    """A cable laid through `points`, each leg along one axis."""
    for start, end in pairwise(points):
        size = [abs(a - b) + thick_m for a, b in zip(start, end, strict=True)]
        middle = [(a + b) / 2 for a, b in zip(start, end, strict=True)]
        yield Block((size[0], size[1], size[2]), (middle[0], middle[1], middle[2]), color)
