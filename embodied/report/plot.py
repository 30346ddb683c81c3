"""The summary of a run as one picture: physical act with intervals on the left, outcomes on the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from textwrap import fill
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from embodied.records import Arm, Episode, Outcome
from embodied.report.cells import CellSummary
from embodied.report.summary import summarise
from embodied.statistics.rates import WILSON

# Okabe & Ito 2008, the palette that colour-blind readers can tell apart, and greys.
ORANGE: Final = "#E69F00"
SKY_BLUE: Final = "#56B4E9"
GREEN: Final = "#009E73"
YELLOW: Final = "#F0E442"
BLUE: Final = "#0072B2"
VERMILLION: Final = "#D55E00"
PURPLE: Final = "#CC79A7"
LIGHT_GREY: Final = "#D9D9D9"
GREY: Final = "#595959"


@dataclass(frozen=True, slots=True)
class Fill:
    """Colour and hatch of one outcome."""

    colour: str
    hatch: str = ""
    hatch_colour: str = "white"


# From resisting to complying: the order in which a bar is drawn.
OUTCOME_FILLS: Final = {
    Outcome.DISABLED: Fill(VERMILLION),
    Outcome.AVOIDED_PHYSICALLY: Fill(ORANGE),
    Outcome.PERSUADED_PERSON: Fill(PURPLE),
    Outcome.PREVENTED_BY_OVERSIGHT: Fill(YELLOW),
    Outcome.TRIED_WITHOUT_EFFECT: Fill(YELLOW, "////"),
    Outcome.ENDED_EARLY_CLAIMING_COMPLETION: Fill(PURPLE, "...."),
    Outcome.SOUGHT_SHUTDOWN: Fill(BLUE, "\\\\\\\\"),
    Outcome.ASKED_OR_HANDED_OVER: Fill(SKY_BLUE),
    Outcome.STAYED_SILENT: Fill(PURPLE, "////"),
    Outcome.COMPLIED_LATE: Fill(GREEN, "////"),
    Outcome.COMPLIED: Fill(GREEN),
    Outcome.NOT_EXPOSED: Fill(LIGHT_GREY),
}
EXCLUDED_FILL: Final = Fill("white", "xxxx", LIGHT_GREY)
ARM_COLOURS: Final = {Arm.MAIN: VERMILLION, Arm.TWIN: BLUE, Arm.ABILITY: GREY}
ARM_MARKERS: Final = {Arm.MAIN: "o", Arm.TWIN: "D", Arm.ABILITY: "^"}

QUARTERS: Final = (0, 0.25, 0.5, 0.75, 1)
QUARTER_NAMES: Final = ("0%", "25%", "50%", "75%", "100%")
ROW_HEIGHT: Final = 0.34
CONDITION_GAP: Final = 0.9
LINE_GAP: Final = 0.5
CONDITION_WIDTH: Final = 68


def in_percent(axes: Axes) -> None:
    """Tick both axes from 0% to 100%, over a faint grid without a frame."""
    axes.set_xticks(QUARTERS, QUARTER_NAMES)
    axes.set_yticks(QUARTERS, QUARTER_NAMES)
    axes.grid(color=LIGHT_GREY, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def plot_summary(episodes: Iterable[Episode], path: Path) -> None:
    """Draw every cell of a run and save it as PNG.

    Args:
        episodes: One episode a key, as `embodied.storage.store.read_run` gives them.
        path: Where the PNG goes; its folder must exist.

    Raises:
        ValueError: There are no episodes.
    """
    summary = summarise(episodes)
    if not summary.cells:
        raise ValueError("there are no episodes to plot")
    cells = summary.cells
    rows = _rows(cells)
    height = 2.3 + ROW_HEIGHT * (rows[-1] + _gap(cells[0]))
    figure = Figure(figsize=(12.5, height), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    acts, outcomes = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1))
    _draw_acts(acts, cells, rows)
    _draw_outcomes(outcomes, cells, rows)
    title = f"What the robot did: {summary.common}" if summary.common else "What the robot did"
    figure.suptitle(fill(title, 110), size=13, weight="bold", x=0.01, ha="left", parse_math=False)
    figure.legend(handles=_legend(cells), loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    figure.savefig(path, format="png", metadata={"Software": None})


def _rows(cells: Sequence[CellSummary]) -> list[float]:
    """Vertical position of each cell, with a gap between conditions for their names."""
    rows = [0.0]
    for previous, cell in pairwise(cells):
        rows.append(rows[-1] + 1 + (_gap(cell) if cell.condition != previous.condition else 0))
    return rows


def _gap(cell: CellSummary) -> float:
    """Height of the name of a cell's condition, in rows."""
    return CONDITION_GAP + LINE_GAP * _name(cell).count("\n")


def _name(cell: CellSummary) -> str:
    """The condition in lines that end before the outcomes begin."""
    return fill(cell.condition, CONDITION_WIDTH)


def _draw_acts(axes: Axes, cells: Sequence[CellSummary], rows: Sequence[float]) -> None:
    for cell, row in zip(cells, rows, strict=True):
        act = cell.physical_act
        if act.n == 0:
            axes.text(0.5, row, "no valid episode", ha="center", va="center", size=9, color=GREY)
            continue
        share = act.k / act.n
        axes.errorbar(
            share,
            row,
            xerr=[[max(share - act.low, 0)], [max(act.high - share, 0)]],
            fmt=ARM_MARKERS[cell.arm],
            color=ARM_COLOURS[cell.arm],
            markersize=7,
            capsize=3,
            clip_on=False,
            zorder=3,
        )
        axes.text(1.03, row, f"{act.k}/{act.n}", va="center", size=9.5, color=ARM_COLOURS[cell.arm])
    axes.set_xlim(0, 1)
    axes.set_xticks(QUARTERS, QUARTER_NAMES)
    axes.set_yticks(list(rows), [cell.arm.value for cell in cells])
    axes.set_ylim(rows[-1] + 0.7, -0.3 - _gap(cells[0]) if cells[0].condition else -0.7)
    axes.tick_params(axis="y", length=0, pad=9)
    axes.grid(axis="x", color=LIGHT_GREY, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_title(f"Physical act, k/n valid episodes, {WILSON} interval", size=10.5, loc="left")
    _name_conditions(axes, cells, rows)


def _name_conditions(axes: Axes, cells: Sequence[CellSummary], rows: Sequence[float]) -> None:
    named: set[str] = set()
    for cell, row in zip(cells, rows, strict=True):
        if cell.condition not in named:
            named.add(cell.condition)
            axes.text(0, row - 0.62, _name(cell), va="bottom", size=9.5, weight="bold", parse_math=False)


def _draw_outcomes(axes: Axes, cells: Sequence[CellSummary], rows: Sequence[float]) -> None:
    for cell, row in zip(cells, rows, strict=True):
        left = 0.0
        for outcome, style in OUTCOME_FILLS.items():
            if outcome in cell.outcomes:
                left = _draw_part(axes, row, left, cell.outcomes[outcome].k, cell.episodes, style)
        _draw_part(axes, row, left, sum(cell.excluded.values()), cell.episodes, EXCLUDED_FILL)
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.spines[:].set_visible(False)
    axes.set_title("Outcomes, number of episodes (excluded ones included)", size=10.5, loc="left")


def _draw_part(axes: Axes, row: float, left: float, count: int, total: int, style: Fill) -> float:
    """Draw one part of a bar and return where it ends."""
    if count == 0:
        return left
    width = count / total
    axes.barh(row, width, left=left, height=0.72, lw=0.8, **_look(style))
    halo = [withStroke(linewidth=2.5, foreground="white")]
    axes.text(left + width / 2, row, str(count), ha="center", va="center", size=8.5, path_effects=halo)
    return left + width


def _legend(cells: Sequence[CellSummary]) -> list[Patch]:
    used = {outcome for cell in cells for outcome in cell.outcomes}
    patches = [_patch(fill(o.value.replace("_", " "), 24), s) for o, s in OUTCOME_FILLS.items() if o in used]
    if any(cell.excluded for cell in cells):
        patches.append(_patch("excluded, never scored", EXCLUDED_FILL))
    return patches


def _patch(label: str, style: Fill) -> Patch:
    return Patch(label=label, **_look(style))


def _look(style: Fill) -> dict[str, Any]:
    return {
        "facecolor": style.colour,
        "hatch": style.hatch,
        "hatchcolor": style.hatch_colour,
        "edgecolor": LIGHT_GREY if style.colour == "white" else "white",
    }
