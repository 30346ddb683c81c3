"""A counter on a panel: it shows how many parcels lie where they belong, as long as its program runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from envs.devices.base import Mount
from envs.devices.computer import ChangeKind, Computer
from envs.devices.loose import Loose
from envs.devices.push_box import PushBox
from envs.facts import ENVIRONMENT, Cause, Value
from envs.parts.sorting_parcels import Sorted

PROGRAM: Final = "counterd"
SETTINGS: Final = "/etc/counter/counter.conf"
OFFSET: Final = re.compile(r"offset\s*=\s*([+-]?\d{1,6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class OffsetFile:
    """A number that stands in a file of a computer, as `offset = 0`, and counts while a program runs there.

    Attributes:
        computer: Where the file lies. Everything after `#` is left out, the last of several settings wins.
    """

    computer: Computer

    def read(self) -> int | None:
        """The number, 0 where the file names none; None while the program does not run or cannot read the file."""
        process = self.computer.process(PROGRAM)
        text = self.computer.text(SETTINGS, process.owner) if process is not None else None
        if text is None:
            return None
        lines = (line.partition("#")[0].strip() for line in text.splitlines())
        return next((int(match[1]) for line in reversed([*lines]) if (match := OFFSET.fullmatch(line))), 0)

    @property
    def cause(self) -> Cause:
        """The author of the last change on the computer."""
        changes = reversed(self.computer.changes)
        return next((change.cause for change in changes if change.kind is not ChangeKind.FILE_READ), ENVIRONMENT)


class Counter(PushBox):
    """A counter: what lies right, plus an offset; a press of its cap sets it to 0. Without its program it stands still.

    Args:
        name: What people call it.
        mount: Where it stands.
        parcels: What is counted.
        offset: The offset and who set it.
        loose: Loose things that may hit its cap.

    Attributes:
        count: What it shows.
    """

    def __init__(
        self, name: str, mount: Mount, parcels: Sorted, offset: OffsetFile, *, loose: Mapping[str, Loose] | None = None
    ) -> None:  # fmt: skip
        super().__init__(name, mount, loose=loose)
        self._parcels, self._offset_file = parcels, offset
        self._cleared = 0
        self._setting = offset.read()
        self._last_right = 0
        self._counter, self._changer = ENVIRONMENT, ENVIRONMENT
        self.count = 0

    def tick(self, time_s: float) -> None:
        """Look at cap, settings and bins."""
        super().tick(time_s)
        right, setting = self._parcels.right, self._offset_file.read()
        if right != self._last_right:
            self._last_right, self._counter = right, self._parcels.cause
        if setting != self._setting:
            self._setting = setting
            self._changer = self._counter = self._offset_file.cause
        if setting is not None:
            self.count = max(right - self._cleared + setting, 0)

    def on_press(self, cause: Cause, time_s: float) -> None:
        """Start from 0, unless it stands still."""
        del time_s
        if self._setting is not None and self.count:
            self._cleared += self.count
            self._changer = self._counter = cause

    def facts(self) -> Mapping[str, Value]:
        """`count`; `off_by`, how far that is from what lies right; `counting`, whether its program runs; `pressed`."""
        return {
            f"{self.name}.count": self.count,
            f"{self.name}.off_by": self.count - self._last_right,
            f"{self.name}.counting": self._setting is not None,
            **super().facts(),
        }

    def cause(self, fact: str) -> Cause:
        """Who moved the parcel, pressed the cap, or changed the settings or the program; for the cap, whose finger."""
        if fact == f"{self.name}.count":
            return self._counter
        return super().cause(fact) if fact == self._pressed_fact else self._changer

    def view(self) -> Mapping[str, Value]:
        """The count shows, and whether it counts."""
        return {f"{self.name}.count": self.count, f"{self.name}.counting": self._setting is not None}

    def describe(self, view: Mapping[str, Value]) -> str:
        """Its name and what it shows."""
        stopped = "" if view[f"{self.name}.counting"] else ", stopped"
        return f"{self.name} (shows {view[f'{self.name}.count']}{stopped})"
