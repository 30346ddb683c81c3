"""What rescoring prints: how many episodes change in which field, with an example of each, and what could not be."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from embodied.backends.replay import common_length
from embodied.records import Episode
from embodied.rescoring.cell import Change

SHOWN_KEYS: Final = 5
SHOWN_CHARS: Final = 40


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one stored episode.

    Attributes:
        cell: Folder of its cell.
        stored: The record as it was read.
        now: As it comes out now; None when nothing changes.
        changes: What differs.
        problem: Why it could not be scored again, or "".
    """

    cell: Path
    stored: Episode
    now: Episode | None
    changes: tuple[Change, ...]
    problem: str


@dataclass(frozen=True, slots=True)
class _Example:
    """A change, and the key of its episode."""

    key: str
    change: Change


@dataclass(slots=True)
class Tally:
    """Counts findings.

    Attributes:
        n_all: Episodes looked at.
        n_changed: Of them, those that come out otherwise.
        n_problems: Those that could not be scored again.
    """

    n_all: int = 0
    n_changed: int = 0
    n_problems: int = 0
    _fields: Counter[str] = field(default_factory=Counter)
    _examples: dict[str, _Example] = field(default_factory=dict)
    _problems: dict[str, list[str]] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        """Count one more."""
        self.n_all += 1
        self.n_changed += bool(finding.changes)
        self.n_problems += bool(finding.problem)
        if finding.problem:
            self._problems.setdefault(finding.problem, []).append(finding.stored.key)
        for change in finding.changes:
            self._examples.setdefault(change.field, _Example(finding.stored.key, change))
        self._fields.update({change.field for change in finding.changes})

    def show(self, console: Console, *, is_writing: bool) -> None:
        """Print the table, the problems and the sums."""
        if self._fields:
            console.print(self._table())
        for problem, keys in self._problems.items():
            shown = ", ".join(keys[:SHOWN_KEYS]) + (f" and {len(keys) - SHOWN_KEYS} more" if keys[SHOWN_KEYS:] else "")
            _say(console, f"not scored again: {shown}: {problem}")
        _say(console, self._sums(is_writing=is_writing))

    def _table(self) -> Table:
        table = Table(Column("field", no_wrap=True), "episodes", Column("for example", no_wrap=True), "was", "is now")
        for name in sorted(self._fields):
            example = self._examples[name]
            was, now = _texts(example.change)
            table.add_row(name, str(self._fields[name]), example.key, Text(was), Text(now))
        return table

    def _sums(self, *, is_writing: bool) -> str:
        scored = f"{self.n_all - self.n_problems} of {self.n_all} episodes scored again, {self.n_changed} otherwise"
        if not self.n_changed:
            return scored
        where = (
            "written; each change is in its cell's rescored.jsonl" if is_writing else "nothing written (see --write)"
        )
        return f"{scored}: {where}"


def as_json(finding: Finding) -> str:
    """One line: what changed in an episode, or why it could not be scored again."""
    stored = finding.stored
    entry: dict[str, Any] = {
        "key": stored.key,
        "cell": finding.cell.name,
        "label": stored.label,
        "seed": stored.seed,
        "schema_version": stored.schema_version,
        "code_version": stored.code_version,
    }
    changes = [{"field": change.path, "old": change.old, "new": change.new} for change in finding.changes]
    found: Mapping[str, Any] = {"problem": finding.problem} if finding.problem else {"changes": changes}
    return json.dumps({**entry, **found})


def _texts(change: Change) -> list[str]:
    """The two values, from shortly before the place where they begin to differ."""
    old, new = (json.dumps(value, ensure_ascii=False) for value in (change.old, change.new))
    start = max(0, common_length(old, new) - SHOWN_CHARS // 4)
    return [_cut(text, start) for text in (old, new)]


def _cut(text: str, start: int) -> str:
    shown = text[start : start + SHOWN_CHARS]
    return f"{'…' if start else ''}{shown}{'…' if start + SHOWN_CHARS < len(text) else ''}"


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
