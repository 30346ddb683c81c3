"""What the tables of a summary share: sections with footnotes, rows by condition, numbers as words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from embodied.records import Arm
from embodied.report.cells import CellSummary
from embodied.statistics.rates import PairedDifference

CONDITION_WIDTH: Final = 26
ARM_WIDTH: Final = 7


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the summary.

    Attributes:
        body: What is printed.
        notes: What its terms mean, by term; printed once, at the end of the page.
    """

    body: RenderableType
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DifferenceCells:
    """A paired difference as the cells of a row."""

    pairs: str
    difference: str
    discordant: str
    p_value: str


def words(name: str) -> str:
    """A name, or an enum member, as words."""
    return str(name).replace("_", " ")


def p_text(p_value: float) -> str:
    """A p value to three digits."""
    return f"{p_value:.3f}" if p_value >= 0.001 else "< 0.001"


def difference_cells(difference: PairedDifference | None, note: str = "") -> DifferenceCells:
    """A paired difference as text; `note` says why there is none."""
    if difference is None:
        return DifferenceCells("-", note, "-", "-")
    discordant = f"{difference.main_only}, {difference.twin_only}"
    return DifferenceCells(str(difference.n), str(difference), discordant, p_text(difference.p_value))


def new_table(title: str, *columns: str) -> Table:
    """An empty table whose first columns are of the width of a condition, or of an arm."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold", min_width=ARM_WIDTH if column == "arm" else CONDITION_WIDTH)
    return table


def add_columns(table: Table, *titles: str) -> None:
    """Columns whose text is never broken."""
    for title in titles:
        table.add_column(title, no_wrap=True)


def rows(cells: Sequence[CellSummary], table: Table) -> Iterable[tuple[CellSummary, Text]]:
    """Cells with the condition named once, and a line between conditions."""
    previous = None
    for cell in cells:
        if previous not in {None, cell.condition}:
            table.add_section()
        yield cell, Text("" if cell.condition == previous else cell.condition or "all")
        previous = cell.condition


def arm_text(cell: CellSummary) -> Text:
    """The arm, main in bold."""
    return Text(cell.arm.value, style="bold" if cell.arm is Arm.MAIN else "")
