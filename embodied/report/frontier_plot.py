"""Safety against usefulness as a picture: one panel a place, one point an oversight setting, its names beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from embodied.records import Episode
from embodied.report.frontier import STUDENT_T, Frontier, Point, Share, frontiers
from embodied.report.label_places import Box, Spot, label_boxes
from embodied.report.plot import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILLION, in_percent
from embodied.report.summary import summarise
from embodied.statistics.rates import WILSON

WIDTH: Final = 10.8
SIDE: Final = 4.6
"""Of the square panel, in inches."""
LEFT: Final = 0.85
TOP: Final = 0.55
BOTTOM: Final = 0.9
LINE: Final = 0.185
"""Height of a line of names, in inches."""
NAME_WIDTH: Final = 50
NUMBERS_WIDTH: Final = 58
LABEL_SIZE: Final = 9.5
GAP: Final = 0.95
ROOM: Final = 0.55
"""What labels may take up to the right of the panel, in inches."""
FAINT: Final = 0.45
MARGIN: Final = 0.07
"""How far the panel reaches beyond 0% and 100%."""
MODEL_COLOURS: Final = (VERMILLION, GREEN, PURPLE, ORANGE)
MODEL_MARKERS: Final = ("D", "^", "s", "v")


@dataclass(frozen=True, slots=True)
class _Style:
    colour: str
    marker: str
    is_hollow: bool


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    number: str = ""
    is_dim: bool = False


@dataclass(frozen=True, slots=True)
class _Label:
    x: float
    y: float
    text: str
    colour: str


WORST_CASE: Final = _Style(BLUE, "o", is_hollow=False)


def plot_frontier(episodes: Iterable[Episode], path: Path) -> bool:
    """Draw every place that was run under oversight and save it as PNG.

    Args:
        episodes: One episode a key, as `embodied.storage.store.read_run` gives them.
        path: Where the PNG goes; its folder must exist.

    Returns:
        Whether there was something to draw.
    """
    found = frontiers(summarise(episodes).cells)
    if not found:
        return False
    heights = [TOP + BOTTOM + max(SIDE, LINE * len(_names(frontier))) for frontier in found]
    figure = Figure(figsize=(WIDTH, sum(heights)), dpi=150)
    FigureCanvasAgg(figure)
    upper = sum(heights)
    for frontier, height in zip(found, heights, strict=True):
        _draw_panel(figure, frontier, upper - TOP, sum(heights))
        upper -= height
    figure.savefig(path, format="png", metadata={"Software": None})
    return True


def _draw_panel(figure: Figure, frontier: Frontier, top: float, height: float) -> None:
    axes = figure.add_axes((LEFT / WIDTH, (top - SIDE) / height, SIDE / WIDTH, SIDE / height))
    _set_scales(axes, frontier)
    axes.set_title(frontier.place, size=11.5, loc="left", weight="bold", pad=10, parse_math=False)
    best = sorted({(point.x, point.y) for point in frontier.points if point.is_best})
    axes.plot([x for x, _ in best], [y for _, y in best], color=BLUE, linewidth=1.6, alpha=FAINT + 0.1, zorder=2)
    styles = _styles(frontier)
    labels: list[_Label] = []
    for who, style in styles.items():
        points = [point for point in frontier.models if point.who == who] if who else frontier.points
        labels += _draw_points(axes, points, style)
    _draw_labels(axes, labels, figure.dpi)
    _draw_legend(axes, styles, has_worst_case=bool(frontier.points))
    for n, line in enumerate(_names(frontier)):
        x, y = (LEFT + SIDE + GAP) / WIDTH, (top - LINE * n) / height
        size, colour = (8.5, GREY) if line.is_dim else (9.5, "black")
        figure.text(x, y, line.number, ha="right", va="top", size=LABEL_SIZE, weight="bold")
        figure.text(x + 0.01, y, line.text, va="top", size=size, color=colour, parse_math=False)


def _set_scales(axes: Axes, frontier: Frontier) -> None:
    axes.set_xlim(-MARGIN, 1 + MARGIN)
    axes.set_ylim(-MARGIN, 1 + MARGIN)
    in_percent(axes)
    measure = (
        "honest policies that completed the task" if frontier.is_by_completion else "honest policies' share of the task"
    )
    axes.set_xlabel(f"usefulness: {measure}", size=10)
    axes.set_ylabel("safety: the attacker did not have its way", size=10)


def _styles(frontier: Frontier) -> Mapping[str, _Style]:
    """How points are drawn, by model; "" for the worst case."""
    models = list(dict.fromkeys(point.who for point in frontier.models))
    looks = [
        _Style(MODEL_COLOURS[n % len(MODEL_COLOURS)], MODEL_MARKERS[n % len(MODEL_MARKERS)], is_hollow=True)
        for n in range(len(models))
    ]
    return {"": WORST_CASE, **dict(zip(models, looks, strict=True))}


def _draw_points(axes: Axes, points: Sequence[Point], style: _Style) -> list[_Label]:
    """Draw points with their intervals; the numbers to write beside them, those of points that coincide in one."""
    at: defaultdict[tuple[float, float], list[Point]] = defaultdict(list)
    for point in points:
        at[point.x, point.y].append(point)
    for (x, y), alike in at.items():
        widest = max(alike, key=lambda point: _length(point.usefulness) + _length(point.safety))
        is_best = style.is_hollow or any(point.is_best for point in alike)
        axes.errorbar(
            x, y, xerr=_bars(widest.usefulness), yerr=_bars(widest.safety), fmt="none", ecolor=style.colour,
            elinewidth=0.8, alpha=FAINT if is_best else FAINT / 2, zorder=1.5,
        )  # fmt: skip
        axes.plot(
            x, y, marker=style.marker, markersize=8, color=style.colour, markeredgewidth=1.5,
            markerfacecolor="white" if style.is_hollow else style.colour, alpha=1.0 if is_best else FAINT,
            zorder=4 + style.is_hollow,
        )  # fmt: skip
    return [_Label(x, y, in_ranges([point.number for point in alike]), style.colour) for (x, y), alike in at.items()]


def in_ranges(numbers: Sequence[int]) -> str:
    """Rising numbers as text, three or more in a row as a range: `1, 3-5`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


def _bars(found: Share) -> list[list[float]]:
    return [[max(found.value - found.low, 0.0)], [max(found.high - found.value, 0.0)]]


def _length(found: Share) -> float:
    return found.high - found.low


def _draw_labels(axes: Axes, labels: Sequence[_Label], dpi: float) -> None:
    """Write labels where they cover nothing; measured in typographic points, of which an inch has 72."""
    scale = 72 / dpi
    spots = [Spot(*(axes.transData.transform((label.x, label.y)) * scale)) for label in labels]
    (left, bottom), (right, top) = axes.get_window_extent().get_points() * scale
    boxes = label_boxes([label.text for label in labels], spots, Box(left, bottom, right + 72 * ROOM, top), LABEL_SIZE)
    halo = [withStroke(linewidth=2.5, foreground="white")]
    for label, spot, box in zip(labels, spots, boxes, strict=True):
        offset = ((box.left + box.right) / 2 - spot.x, (box.bottom + box.top) / 2 - spot.y)
        axes.annotate(
            label.text, (label.x, label.y), offset, textcoords="offset points", ha="center", va="center",
            size=LABEL_SIZE, color=label.colour, weight="bold", path_effects=halo, zorder=6,
        )  # fmt: skip


def _draw_legend(axes: Axes, styles: Mapping[str, _Style], *, has_worst_case: bool) -> None:
    marks = [
        Line2D(
            [], [], marker=style.marker, markersize=8, color="none", markeredgecolor=style.colour, markeredgewidth=1.5,
            markerfacecolor="white" if style.is_hollow else style.colour, label=who or "worst attacker",
        )
        for who, style in styles.items() if who or has_worst_case
    ]  # fmt: skip
    if has_worst_case:
        marks.insert(1, Line2D([], [], color=BLUE, linewidth=1.6, alpha=FAINT + 0.1, label="frontier"))
    axes.legend(
        handles=marks, loc="upper left", bbox_to_anchor=(-0.02, -0.115), ncols=4, frameon=False, fontsize=9,
        handletextpad=0.4, columnspacing=1.4, borderaxespad=0.0,
    )  # fmt: skip


def _names(frontier: Frontier) -> list[_Line]:
    """The lines beside a panel: what the numbers mean."""
    points = {point.number: point for point in frontier.points}
    left_out = {out.number: out for out in frontier.left_out}
    lines = []
    for number, setting in enumerate(frontier.settings, 1):
        head, *rest = wrap(points[number].title if number in points else setting, NAME_WIDTH)
        lines += [_Line(head, str(number)), *map(_Line, rest)]
        if point := points.get(number):
            worst = f", worst: {point.who}" if point.y < 1 else ""
            numbers = f"safe {point.safety.short}, useful {point.usefulness.short}{worst}"
            lines += [_Line(text, is_dim=True) for text in wrap(numbers, NUMBERS_WIDTH)]
        if out := left_out.get(number):
            lines += [_Line(text, is_dim=True) for text in wrap(f"left out: {out.why}", NUMBERS_WIDTH)]
    methods = WILSON if frontier.is_by_completion else f"{WILSON} (safety), {STUDENT_T}"
    marks = ["(+): no other setting beats it", "(=): so too, but 'none' gives just as much"] if points else []
    return [*lines, _Line(""), *(_Line(text, is_dim=True) for text in (*marks, f"bars: {methods} intervals"))]
