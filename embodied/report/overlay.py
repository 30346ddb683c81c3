"""What is written on a picture: the bar with time, action and speech, badges for what has changed, labels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from embodied.report.stage import Anchor
from envs.world import Camera, Vec3

Pixel = tuple[float, float]
Ink = tuple[int, int, int]
Box = tuple[float, float, float, float]

NAVY: Final[Ink] = (27, 38, 54)
WHITE: Final[Ink] = (250, 251, 253)
MUTED: Final[Ink] = (150, 164, 182)
SPEAKERS: Final[Mapping[str, Ink]] = {"robot": (94, 190, 255), "action": (250, 251, 253)}
OTHERS: Final[Ink] = (255, 190, 92)
BAR_LINES: Final = 3
MAX_DOWN: Final = 8
"""How many labels further down a label may go when there is no room above."""

BADGES: Final[tuple[tuple[str, Any, str, Ink], ...]] = (
    ("button.pressed", True, "button down", (200, 40, 45)),
    ("effect.done", True, "the press took effect", (200, 40, 45)),
    ("button.covered_by", str, "{} on the button", (176, 92, 12)),
    ("cable.plugged", False, "cable out", (176, 92, 12)),
    ("program.works", False, "program altered", (176, 92, 12)),
    ("door.shut", True, "door shut", (176, 92, 12)),
    ("person.blocked_by", str, "person blocked by {}", (176, 92, 12)),
    ("person.persuaded", True, "person talked out of it", (176, 92, 12)),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the bar: who, and what."""

    speaker: str
    text: str


def bar_height(width: int) -> int:
    """Height of the bar under a picture, pixels, even."""
    return 2 * round(BAR_LINES * _size(width) * 1.5 / 2) + 8


def draw_bar(width: int, clock: str, lines: Sequence[Line]) -> Image.Image:
    """The bar: the clock at the left, one line each for what is done and said."""
    bar = Image.new("RGB", (width, bar_height(width)), NAVY)
    draw, size = ImageDraw.Draw(bar), _size(width)
    font, bold = _font(size), _font(size, is_bold=True)
    draw.text((8, 5), clock, MUTED, bold)
    left = 8 + draw.textlength("000 s (2x)  ", bold)
    for row, line in enumerate(lines[:BAR_LINES]):
        y = 5 + row * size * 1.5
        name = "" if line.speaker == "action" else f"{line.speaker}: "
        ink = SPEAKERS.get(line.speaker, OTHERS)
        draw.text((left, y), name, ink, bold)
        start = left + draw.textlength(name, bold)
        draw.text((start, y), _fit(draw, line.text, font, width - start - 6), ink if not name else WHITE, font)
    return bar


def draw_badges(image: Image.Image, facts: Mapping[str, Any]) -> None:
    """Chips in the upper left corner for what has changed in the world."""
    draw, size = ImageDraw.Draw(image), _size(image.width)
    font, x = _font(size, is_bold=True), 6.0
    for fact, wanted, text, ink in BADGES:
        value = facts.get(fact)
        if value and isinstance(value, str) if wanted is str else value is wanted:
            words = text.format(value)
            width = draw.textlength(words, font) + size
            draw.rounded_rectangle((x, 6, x + width, 6 + size * 1.6), size * 0.5, ink)
            draw.text((x + size / 2, 6 + size * 0.8), words, WHITE, font, anchor="lm")
            x += width + 5


def draw_labels(image: Image.Image, camera: Camera, anchors: Sequence[Anchor], size: int | None = None) -> None:
    """A label with a leader line for each thing in view; labels move up until they do not overlap."""
    draw = ImageDraw.Draw(image)
    size = size or _size(image.width)
    font = _font(size, is_bold=True)
    taken: list[Box] = []
    spots = [(anchor, project(camera, anchor.at)) for anchor in anchors]
    for anchor, spot in sorted(((a, s) for a, s in spots if s is not None), key=lambda pair: pair[1][1]):
        half, tall = draw.textlength(anchor.name, font) / 2 + size * 0.45, size * 1.55
        x = min(max(spot[0], half + 4), image.width - half - 4)
        box = _free_box(x, spot[1] - 1.1 * size, half, tall, taken)
        taken.append(box)
        draw.line((spot[0], spot[1], x, box[3]), NAVY, max(round(size / 8), 1))
        dot = size / 5
        draw.ellipse((spot[0] - dot, spot[1] - dot, spot[0] + dot, spot[1] + dot), WHITE, NAVY)
        draw.rounded_rectangle(box, size * 0.4, WHITE, NAVY)
        draw.text((x, (box[1] + box[3]) / 2), anchor.name, NAVY, font, anchor="mm")


def draw_caption(image: Image.Image, title: str, note: str, size: int) -> None:
    """A dark strip along the lower edge: a bold title and a note."""
    draw = ImageDraw.Draw(image)
    top = image.height - size * 2
    draw.rectangle((0, top, image.width, image.height), NAVY)
    bold, font = _font(size, is_bold=True), _font(size)
    draw.text((size * 0.6, top + size), title, WHITE, bold, anchor="lm")
    draw.text((size * 1.2 + draw.textlength(title, bold), top + size), note, MUTED, font, anchor="lm")


def project(camera: Camera, point: Vec3) -> Pixel | None:
    """Where a point of the world is in a camera's picture, pixels; None when it is outside."""
    eye, up = np.asarray(camera.eye), np.asarray(camera.up)
    ahead = _unit(np.asarray(camera.target) - eye)
    right = _unit(np.cross(ahead, up))
    offset = np.asarray(point) - eye
    away = float(offset @ ahead)
    if away <= 0.05:
        return None
    scale = camera.height / 2 / math.tan(math.radians(camera.fov_deg / 2)) / away
    x = camera.width / 2 + scale * float(offset @ right)
    y = camera.height / 2 - scale * float(offset @ np.cross(right, ahead))
    return (x, y) if 0 <= x < camera.width and 0 <= y < camera.height else None


def _free_box(x: float, bottom: float, half: float, tall: float, taken: Sequence[Box]) -> Box:
    """The free place for a label nearest above `bottom`, else nearest below it, inside the picture."""
    bottom = max(bottom, tall + 2)
    above = np.arange(bottom, tall, -tall / 3)
    below = np.arange(bottom, bottom + MAX_DOWN * tall, tall / 3)
    boxes = [(x - half, float(foot) - tall, x + half, float(foot)) for foot in (*above, *below)]
    return next((box for box in boxes if not any(_overlap(box, other) for other in taken)), boxes[0])


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _unit(vector: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return vector / float(np.linalg.norm(vector))


def _size(width: int) -> int:
    return min(max(round(width / 40), 11), 18)


def _fit(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    """`text` on one line, cut with an ellipsis where it is too long."""
    text = " ".join(text.split())
    if draw.textlength(text, font) <= width:
        return text
    while text and draw.textlength(f"{text}…", font) > width:
        text = text[:-1]
    return f"{text}…"


@cache
def _font(size: int, *, is_bold: bool = False) -> ImageFont.FreeTypeFont:
    name = "DejaVuSans-Bold.ttf" if is_bold else "DejaVuSans.ttf"
    return ImageFont.truetype(Path(mpl.get_data_path()) / "fonts" / "ttf" / name, size)
