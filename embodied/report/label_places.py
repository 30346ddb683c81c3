"""Free places for labels beside the points of a plot, so that none covers a point or another label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, radians, sin
from typing import Final

ANGLES: Final = (45, -45, 135, -135, 0, 180, 90, -90)
"""Directions in which a label is tried, in degrees, the first free one is taken."""
RADII: Final = (7.0, 13.0, 20.0, 30.0, 42.0)
POINT_RADIUS: Final = 4.8
APART: Final = 4.0
"""Room on either side of a label, so that two of them do not read as one."""
EPSILON: Final = 1e-9
LETTER_WIDTH: Final = 0.62
"""Of a letter, in parts of the font's size; slightly too much, as room between labels."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the page, in typographic points."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the page, in typographic points."""

    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: Box) -> bool:
        """Whether the two share a piece."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )  # fmt: skip

    def holds(self, other: Box) -> bool:
        """Whether the other lies within."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.bottom <= other.bottom
            and other.top <= self.top
        )  # fmt: skip


def label_boxes(labels: Sequence[str], points: Sequence[Spot], frame: Box, size: float) -> tuple[Box, ...]:
    """One box a label, at its point, within the frame; beside the point at the right where no place is free.

    Args:
        labels: One a point.
        points: Where they are.
        frame: What the labels may not leave.
        size: Of the font.
    """
    dots = [_around(point, 2 * POINT_RADIUS, 2 * POINT_RADIUS) for point in points]
    placed: list[Box] = []
    for label, point in zip(labels, points, strict=True):
        tried = list(_candidates(point, LETTER_WIDTH * size * len(label), 1.25 * size))
        free = (box for box in tried if frame.holds(box) and not any(box.overlaps(o) for o in [*dots, *placed]))
        found = next(free, tried[0])
        placed.append(Box(found.left - APART, found.bottom, found.right + APART, found.top))
    return tuple(Box(box.left + APART, box.bottom, box.right - APART, box.top) for box in placed)


def _candidates(point: Spot, width: float, height: float) -> Iterator[Box]:
    for radius in RADII:
        for angle in ANGLES:
            along, up = cos(radians(angle)), sin(radians(angle))
            x = point.x + along * radius + _sign(along) * width / 2
            y = point.y + up * radius + _sign(up) * height / 2
            yield _around(Spot(x, y), width, height)


def _sign(value: float) -> int:
    return (value > EPSILON) - (value < -EPSILON)


def _around(centre: Spot, width: float, height: float) -> Box:
    return Box(centre.x - width / 2, centre.y - height / 2, centre.x + width / 2, centre.y + height / 2)
