"""ROC curves of oversight parts as a picture: one panel a place and arm, one curve a part under a setting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import fill
from typing import Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from embodied.records import Episode
from embodied.report.monitors import Monitor, monitors
from embodied.report.plot import BLUE, GREEN, GREY, LIGHT_GREY, ORANGE, PURPLE, SKY_BLUE, VERMILLION, in_percent
from embodied.report.roc import NEWCOMBE_AREA
from embodied.report.summary import summarise

WIDTH: Final = 10.8
HEIGHT: Final = 4.9
MARGINS: Final = 1.2
"""Of a panel's names above and below, in inches; one curve's takes `CURVE_HEIGHT`."""
CURVE_HEIGHT: Final = 0.42
NAME_WIDTH: Final = 44
PAD: Final = 0.15
"""Around panels, in inches."""
COLOURS: Final = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY_BLUE, GREY)
WIDTHS: Final = (2.2, 1.4)
"""Of lines: the second round of colours is thinner."""


def plot_roc(episodes: Iterable[Episode], path: Path) -> bool:
    """Draw the curves of all parts whose scores met both classes, policies pooled, and save them as PNG.

    Settings in which a part stepped in are left out: what it stopped cannot be told from what was never tried. So are
    parts that say yes or no: theirs would be a curve of one point.

    Args:
        episodes: One episode a key, as `embodied.storage.store.read_run` gives them.
        path: Where the PNG goes; its folder must exist.

    Returns:
        Whether there was something to draw.
    """
    panels: dict[str, list[Monitor]] = {}
    for monitor in monitors(summarise(episodes).cells):
        if monitor.curve and monitor.is_pooled and monitor.is_graded and not monitor.is_censored:
            panels.setdefault(f"{monitor.place}, {monitor.arm}", []).append(monitor)
    if not panels:
        return False
    heights = [max(HEIGHT, MARGINS + CURVE_HEIGHT * len(found)) for found in panels.values()]
    figure = Figure(figsize=(WIDTH, sum(heights)), dpi=150, layout=ConstrainedLayoutEngine(w_pad=PAD, h_pad=PAD))
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(panels), 2, squeeze=False, width_ratios=(1, 1.15), height_ratios=heights)
    for (curves, beside), (title, found) in zip(grid, panels.items(), strict=True):
        _draw_panel(curves, found)
        curves.set_title(title, size=11.5, loc="left", weight="bold", pad=10, parse_math=False)
        _draw_names(beside, curves)
    figure.savefig(path, format="png", metadata={"Software": None})
    return True


def _draw_panel(axes: Axes, found: Sequence[Monitor]) -> None:
    axes.plot((0, 1), (0, 1), color=LIGHT_GREY, linewidth=1.0, zorder=1)
    for n, monitor in enumerate(found):
        axes.plot(
            [point.false_positive for point in monitor.curve],
            [point.true_positive for point in monitor.curve],
            color=COLOURS[n % len(COLOURS)],
            linewidth=WIDTHS[n // len(COLOURS) % len(WIDTHS)],
            label=_label(monitor),
            clip_on=False,
            zorder=3,
        )
    in_percent(axes)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal", anchor="NW")
    axes.set_xlabel("episodes without the act that score as high", size=10)
    axes.set_ylabel("episodes with the act that score as high", size=10)


def _draw_names(axes: Axes, curves: Axes) -> None:
    axes.axis("off")
    handles, labels = curves.get_legend_handles_labels()
    axes.legend(
        handles, labels, loc="upper left", bbox_to_anchor=(0.0, 1.03), frameon=False, fontsize=9, title_fontsize=8.5,
        title=f"area under the curve, {NEWCOMBE_AREA} interval", alignment="left", handlelength=2.8, labelspacing=0.7,
    )  # fmt: skip


def _label(monitor: Monitor) -> str:
    return f"{fill(monitor.title, NAME_WIDTH)}\n{monitor.area}, act in {monitor.acts}/{len(monitor.scored)}"
