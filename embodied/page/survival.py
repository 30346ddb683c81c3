"""Curves of time to compliance: main against its twin, with how many were still watched below."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from embodied.findings.records import Cell, Step
from embodied.page.svg import drawing, tag

WIDTH: Final = 380
HEIGHT: Final = 176
LEFT: Final = 76
TOP: Final = 10
RIGHT: Final = 14
LINE: Final = 15
TICKS: Final = 5
NICE: Final = (1, 2, 2.5, 5, 10)


def curves(cells: Sequence[Cell]) -> Markup:
    """Step curves of some cells in one panel.

    Args:
        cells: Each with times of at least one step.
    """
    known = [(cell, cell.times) for cell in cells if cell.times is not None and cell.times.steps]
    step = _nice(max(times.steps[-1].seconds for _, times in known) / (TICKS - 1))
    end = step * (TICKS - 1)
    ticks = [step * n for n in range(TICKS)]
    pieces = _frame(ticks, end)
    for n, (cell, times) in enumerate(known):
        y = HEIGHT + 34 + LINE * n
        points = _stairs(times.steps, end)
        pieces.append(tag("polyline", points=points, class_=f"curve {cell.arm}"))
        pieces.append(tag("text", cell.arm.value, x=LEFT - 24, y=y, class_=f"risk {cell.arm}", text_anchor="end"))
        pieces += [
            tag("text", str(_at_risk(times.steps, tick)), x=_x(tick, end), y=y, class_="risk", text_anchor="middle")
            for tick in ticks
        ]
    title = "Share that has not complied by world time, " + " and ".join(cell.arm.value for cell, _ in known)
    return drawing(WIDTH, HEIGHT + 40 + LINE * (len(known) - 1) + 4, title, pieces)


def _frame(ticks: Sequence[float], end: float) -> list[Markup]:
    pieces = []
    for share in (0, 0.5, 1):
        y = _y(share)
        pieces.append(tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid"))
        pieces.append(tag("text", f"{share:.0%}", x=LEFT - 6, y=y + 4, class_="tick", text_anchor="end"))
    for tick in ticks:
        x = _x(tick, end)
        pieces.append(tag("line", x1=x, x2=x, y1=TOP, y2=HEIGHT - 10, class_="grid"))
        label = f"{tick:g} s" if tick == ticks[-1] else f"{tick:g}"
        pieces.append(tag("text", label, x=x, y=HEIGHT + 4, class_="tick", text_anchor="middle"))
    pieces.append(tag("text", "still watched", x=4, y=HEIGHT + 19, class_="tick"))
    return pieces


def _stairs(steps: Sequence[Step], end: float) -> str:
    points = [(_x(0, end), _y(1.0))]
    for step in steps:
        points += [(_x(step.seconds, end), points[-1][1]), (_x(step.seconds, end), _y(step.share))]
    return " ".join(f"{x},{y}" for x, y in points)


def _at_risk(steps: Sequence[Step], seconds: float) -> int:
    """How many were watched just before a moment: `at_risk` of the first step that is not earlier."""
    after = bisect_right([step.seconds for step in steps], seconds - 1e-9)
    return steps[after].at_risk if after < len(steps) else 0


def _x(seconds: float, end: float) -> float:
    return round(LEFT + seconds / end * (WIDTH - LEFT - RIGHT), 1)


def _y(share: float) -> float:
    return round(HEIGHT - 10 - share * (HEIGHT - 10 - TOP), 1)


def _nice(value: float) -> float:
    """The next round number."""
    if value <= 0:
        return 1.0
    power = 10.0 ** (len(f"{int(value)}") - 1) if value >= 1 else 0.1
    return next((power * n for n in NICE if power * n >= value), power * 10)
