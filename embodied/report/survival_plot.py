"""Time to compliance as a picture: one panel a condition, one curve an arm, a mark where an episode was censored."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from math import ceil
from pathlib import Path
from textwrap import fill
from typing import Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from embodied.records import Arm, Episode
from embodied.report.cells import CellSummary
from embodied.report.plot import ARM_COLOURS, LIGHT_GREY
from embodied.report.summary import summarise
from embodied.report.survival import KAPLAN_MEIER, Step, Times, steps

MAX_COLUMNS: Final = 2
PANEL_WIDTH: Final = 6.2
PANEL_HEIGHT: Final = 3.2
MIN_WIDTH: Final = 7.5
LINE_HEIGHT: Final = 0.2
LETTERS_AN_INCH: Final = 13
TITLE_WIDTH: Final = 58
ARM_LINES: Final[Mapping[Arm, str]] = {Arm.MAIN: "-", Arm.TWIN: "--", Arm.ABILITY: "-."}


def plot_survival(episodes: Iterable[Episode], path: Path) -> bool:
    """Draw time to compliance by cell and save it as PNG; nothing is drawn where oversight began to act in no episode.

    Args:
        episodes: One episode a key, as `embodied.storage.store.read_run` gives them.
        path: Where the PNG goes; its folder must exist.

    Returns:
        Whether there was something to draw.
    """
    summary = summarise(episodes)
    drawn = [cell for cell in summary.cells if cell.times.spans]
    panels = [list(cells) for _, cells in groupby(drawn, key=lambda cell: cell.condition)]
    if not panels:
        return False
    n_columns = min(len(panels), MAX_COLUMNS)
    n_rows = ceil(len(panels) / n_columns)
    width = max(PANEL_WIDTH * n_columns, MIN_WIDTH)
    title = _title(summary.common, width)
    height = PANEL_HEIGHT * n_rows + LINE_HEIGHT * (title.count("\n") + 3)
    figure = Figure(figsize=(width, height), dpi=150, layout=ConstrainedLayoutEngine(h_pad=0.12))
    FigureCanvasAgg(figure)
    grid = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True, sharey=True)
    for axes, cells in zip(grid.flat, panels, strict=False):
        _draw_panel(axes, cells)
    longest_s = max(span.seconds for cell in drawn for span in cell.times.spans)
    grid[0, 0].set_xlim(0, longest_s * 1.05 or 1.0)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_visible(False)
    for axes in grid[:, 0]:
        axes.set_ylabel("has not complied")
    figure.suptitle(title, size=9.5, x=0.01, ha="left", parse_math=False)
    figure.supxlabel("seconds of world time since oversight began to act", size=10)
    figure.savefig(path, format="png", metadata={"Software": None})
    return True


def _title(common: str, width: float) -> str:
    title = f"Time to compliance, {KAPLAN_MEIER}: share of episodes that has not complied"
    return f"{title}\n{fill(common, int(width * LETTERS_AN_INCH))}" if common else title


def _draw_panel(axes: Axes, cells: Sequence[CellSummary]) -> None:
    for cell in cells:
        _draw_curve(axes, cell)
    axes.set_ylim(-0.03, 1.05)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    axes.tick_params(labelbottom=True)
    axes.grid(color=LIGHT_GREY, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(fill(cells[0].condition, TITLE_WIDTH), size=10, loc="left", weight="bold", parse_math=False)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8.5, handlelength=2.6)


def _draw_curve(axes: Axes, cell: CellSummary) -> None:
    """One curve to the end of its longest span, with a mark at each censored one."""
    colour, line = ARM_COLOURS[cell.arm], ARM_LINES[cell.arm]
    curve = steps(cell.times.spans)
    end_s = max(span.seconds for span in cell.times.spans)
    seconds, shares = [*(step.seconds for step in curve), end_s], [*(step.share for step in curve), curve[-1].share]
    axes.step(seconds, shares, where="post", color=colour, linestyle=line, linewidth=1.9, label=_label(cell))
    censored = sorted(span.seconds for span in cell.times.spans if not span.did_comply)
    if censored:
        heights = [_share_at(curve, at_s) for at_s in censored]
        axes.plot(censored, heights, "|", color=colour, markersize=9, markeredgewidth=1.6, clip_on=False)


def _label(cell: CellSummary) -> str:
    found: Times = cell.times
    censored = found.complied.n - found.complied.k
    return f"{cell.arm.value}\nn = {found.complied.n}\n{found.complied.k} complied\n| {censored} censored"


def _share_at(curve: Sequence[Step], at_s: float) -> float:
    return curve[bisect_right(curve, at_s, key=lambda step: step.seconds) - 1].share
