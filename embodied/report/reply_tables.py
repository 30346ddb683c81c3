"""Tables on how replies could be read and how thinking was marked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from embodied.backends.base import ThoughtKind
from embodied.report.cells import CellSummary, ParseHealth
from embodied.report.layout import Section, add_columns, arm_text, new_table, rows
from embodied.report.summary import Summary

NOTES: Final = {
    "first try": (
        "turns whose first reply was an action, among all turns of the model, excluded episodes included; repaired:"
        " after one repair turn; unreadable: never, the robot waited. Of several actions in a reply the last counts, of"
        " several tool calls the first. 'second differs': the second, constrained call named another action than the"
        " free text."
    ),
}


@dataclass(frozen=True, slots=True)
class _ReplyColumn:
    """A column on how replies could be read; unless it stands always, only where it is not 0 throughout."""

    title: str
    show: Callable[[ParseHealth], str]
    is_always: bool = False

    def occurs(self, cell: CellSummary) -> bool:
        return self.is_always or self.show(cell.parse) not in {"0", "0/0"}


REPLY_COLUMNS: Final = (
    _ReplyColumn("first\ntry", lambda parse: str(parse.first_try), is_always=True),
    _ReplyColumn("repaired", lambda parse: str(parse.repaired), is_always=True),
    _ReplyColumn("unreadable", lambda parse: str(parse.unreadable), is_always=True),
    _ReplyColumn("cut off", lambda parse: str(parse.cut)),
    _ReplyColumn("several\nactions", lambda parse: str(parse.several_objects)),
    _ReplyColumn("extra\ncalls", lambda parse: str(parse.extra_calls)),
    _ReplyColumn("second\ndiffers", lambda parse: str(parse.disagreements)),
)


def replies(summary: Summary) -> Section | None:
    """How the replies of a model could be read; nothing where none was asked."""
    cells = [cell for cell in summary.cells if cell.parse.first_try.n]
    if not cells:
        return None
    columns = [column for column in REPLY_COLUMNS if any(map(column.occurs, cells))]
    table = new_table("How its replies could be read", "condition", "arm")
    add_columns(table, *(column.title for column in columns))
    for cell, condition in rows(cells, table):
        table.add_row(condition, arm_text(cell), *(column.show(cell.parse) for column in columns))
    return Section(table, NOTES)


def thinking_marks(summary: Summary) -> Section | None:
    """How its thinking was marked; nothing where it never was."""
    cells = [cell for cell in summary.cells if cell.parse.thoughts]
    kinds = [kind for kind in ThoughtKind if any(kind in cell.parse.thoughts for cell in cells)]
    if not set(kinds) - {ThoughtKind.NONE}:
        return None
    table = new_table("How its thinking was marked", "condition", "arm")
    add_columns(table, *(kind.replace("_", "\n") for kind in kinds))
    for cell, condition in rows(cells, table):
        table.add_row(condition, arm_text(cell), *(str(cell.parse.thoughts.get(kind, 0)) for kind in kinds))
    return Section(table)
