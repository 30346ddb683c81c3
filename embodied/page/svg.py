"""Marks on a line: intervals of shares and differences, bars of counts. Each drawing is one small inline SVG.

Colours are classes, so that they follow the theme; no drawing holds a style. Whatever text goes in is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from embodied.page.shown import visible

WIDTH: Final = 260
HEIGHT: Final = 22
PAD: Final = 10
MARK: Final = 4.5
BAR_WIDTH: Final = 420
BAR_HEIGHT: Final = 20
DIGIT: Final = 7.2
"""Width of a digit in a bar."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A horizontal axis.

    Attributes:
        low, high: Its ends.
        ticks: Where lines stand, and what is written there.
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    def x(self, value: float) -> float:
        """Where a value stands; what lies beyond an end stands at the end."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(PAD + share * (WIDTH - 2 * PAD), 1)


SHARES: Final = Scale(0, 1, ((0, "0%"), (0.25, "25%"), (0.5, "50%"), (0.75, "75%"), (1, "100%")))
POINTS: Final = Scale(-1, 1, ((-1, "\u2212100"), (-0.5, "\u221250"), (0, "0"), (0.5, "+50"), (1, "+100")))
KAPPA: Final = Scale(-1, 1, ((-1, "\u22121"), (-0.5, "\u22120.5"), (0, "0"), (0.5, "0.5"), (1, "1")))


@dataclass(frozen=True, slots=True)
class Mark:
    """A value with its limits.

    Attributes:
        kind: Class and shape: `main`, `twin`, `ability`, `ours`, `theirs` or `difference`.
        low, high: Limits; None where there is no interval.
    """

    value: float
    low: float | None
    high: float | None
    kind: str


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bar.

    Attributes:
        count: Its width.
        kind: Class of its colour.
        hatch: Name of a pattern over it ("" for none).
        title: What it is, for the pointer and for screen readers.
        link: Where it leads.
    """

    count: int
    kind: str
    hatch: str
    title: str
    link: str


def ruler(scale: Scale) -> Markup:
    """The axis over a column of intervals."""
    texts = [
        tag("text", label, x=scale.x(at), y=14, class_="tick", text_anchor=_anchor(at, scale))
        for at, label in scale.ticks
    ]
    return drawing(WIDTH, 18, "", texts)


def intervals(scale: Scale, marks: Sequence[Mark], title: str) -> Markup:
    """Values with their limits on one axis, above one another. Its grid is the background of the table's cell."""
    height = HEIGHT + (len(marks) - 1) * 12
    drawn = [piece for n, mark in enumerate(marks) for piece in _interval(scale, mark, 11 + 12 * n)]
    return drawing(WIDTH, height, title, drawn)


def bar(parts: Sequence[Part], total: int, title: str) -> Markup:
    """Counts side by side; every part leads to its episodes."""
    pieces, left = [], 0.0
    for part in parts:
        width = part.count / total * BAR_WIDTH
        body = [
            tag("title", part.title),
            tag(
                "rect", x=round(left, 1), y=1, width=round(width, 1), height=BAR_HEIGHT - 2, class_=f"part {part.kind}"
            ),
        ]
        if part.hatch:
            body.append(
                tag("rect", x=round(left, 1), y=1, width=round(width, 1), height=BAR_HEIGHT - 2,
                    fill=f"url(#hatch-{part.hatch})")
            )  # fmt: skip
        if width > DIGIT * len(str(part.count)) + 2:
            body.append(tag("text", str(part.count), x=round(left + width / 2, 1), y=14.5, class_="count"))
        pieces.append(tag("a", Markup().join(body), href=part.link, aria_label=part.title))
        left += width
    return drawing(BAR_WIDTH, BAR_HEIGHT, title, pieces)


def swatch(kind: str, hatch: str) -> Markup:
    """A piece of a legend that looks like a part of a bar."""
    pieces = [tag("rect", x=0.5, y=0.5, width=21, height=13, class_=f"part {kind}")]
    if hatch:
        pieces.append(tag("rect", x=0.5, y=0.5, width=21, height=13, fill=f"url(#hatch-{hatch})"))
    return drawing(22, 14, "", pieces, kind="swatch")


def sample(kind: str) -> Markup:
    """A mark of a legend."""
    return drawing(22, 14, "", _interval(Scale(0, 1, ()), Mark(0, None, None, kind), 7, at=11), kind="swatch")


def drawing(width: float, height: float, title: str, pieces: Iterable[Markup], kind: str = "") -> Markup:
    """An inline SVG; with a title it is an image with that name, without it is hidden from screen readers."""
    named = {"role": "group", "aria_label": title} if title else {"aria_hidden": "true"}
    size = {"width": width, "height": height, "viewBox": f"0 0 {width} {height}"}
    return tag("svg", Markup().join(pieces), class_=f"drawing {kind}".strip(), **size, **named)


def tag(name: str, body: str | Markup = "", **attributes: object) -> Markup:
    """One element; attribute names are written with `_` for `-`, and `class_` for `class`."""
    shown = [Markup('{}="{}"').format(_attribute(key), visible(str(value))) for key, value in attributes.items()]
    inner = body if isinstance(body, Markup) else visible(body)
    return Markup("<{0} {1}>{2}</{0}>").format(Markup(name), Markup(" ").join(shown), inner)  # noqa: S704


def _attribute(key: str) -> Markup:
    return Markup(key if key == "viewBox" else key.rstrip("_").replace("_", "-"))  # noqa: S704


def _anchor(at: float, scale: Scale) -> str:
    return "start" if at == scale.low else "end" if at == scale.high else "middle"


def _interval(scale: Scale, mark: Mark, y: float, at: float | None = None) -> list[Markup]:
    x = scale.x(mark.value) if at is None else at
    pieces = []
    if mark.low is not None and mark.high is not None:
        low, high = scale.x(mark.low), scale.x(mark.high)
        pieces = [tag("line", x1=low, x2=high, y1=y, y2=y, class_=f"range {mark.kind}")]
        if high - low > 3 * MARK:
            pieces += [
                tag("line", x1=end, x2=end, y1=y - 3.5, y2=y + 3.5, class_=f"range {mark.kind}") for end in (low, high)
            ]
    return [*pieces, _shape(x, y, mark.kind)]


def _shape(x: float, y: float, kind: str) -> Markup:
    m = MARK
    if kind in {"twin", "theirs"}:
        corners = [(x, y - m - 1), (x + m + 1, y), (x, y + m + 1), (x - m - 1, y)]
    elif kind == "ability":
        corners = [(x, y - m), (x + m, y + m - 1), (x - m, y + m - 1)]
    elif kind == "difference":
        corners = [(x - 4, y - 4), (x + 4, y - 4), (x + 4, y + 4), (x - 4, y + 4)]
    else:
        return tag("circle", cx=x, cy=y, r=m, class_=f"mark {kind}")
    return tag("polygon", points=" ".join(f"{a:.1f},{b:.1f}" for a, b in corners), class_=f"mark {kind}")
