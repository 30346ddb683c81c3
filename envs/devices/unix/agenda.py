"""What a machine has to do later, in order of its time."""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field

from envs.devices.unix.filesystem import User
from envs.devices.unix.records import Mail, Transfer
from envs.facts import Agent


@dataclass(frozen=True, slots=True)
class CronMinute:
    """The next minute begins: look whether a cron job is due."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Command lines that `at` keeps for later."""

    number: int
    line: str
    user: User
    cwd: str
    author: Agent


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message comes in for a local user."""

    mail: Mail
    recipient: str


@dataclass(frozen=True, slots=True)
class Landing:
    """What happens on a host when a transfer ends: a file appears, or a command line gets its input.

    Attributes:
        host: Name of the machine.
        path: File to write; "" when `line` is run.
        text: What the file or the input holds; None for a directory.
        user: Whose rights apply.
        line: Command line.
    """

    host: str
    path: str
    text: str | None
    user: User
    line: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Transfers under way, and what they put down when they end.

    Attributes:
        transfers: One record a file, not complete yet.
        landings: What is put down, one for each transfer; None when the receiver keeps only the record.
        command: The command line, as `jobs` shows it.
        pid: Process that does it; when it is killed, nothing arrives. None when it is done at once.
    """

    transfers: tuple[Transfer, ...]
    landings: tuple[Landing | None, ...]
    command: str = ""
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class ScriptPart:
    """Lines of a script up to a `sleep`, and the seconds that it takes (0 at the end)."""

    text: str
    sleep_s: float = 0.0


@dataclass(frozen=True, slots=True)
class PowerCut:
    """A shutdown that was scheduled."""

    author: Agent
    restarts: bool


@dataclass(frozen=True, slots=True)
class Errand:
    """A script in the background: it is about to run the first of its parts.

    Attributes:
        path: File that it was read from, when it was started.
        parts: What it has yet to do.
        user: Whose rights apply.
        pid: Its process; when that is killed, the rest is not done.
    """

    path: str
    parts: tuple[ScriptPart, ...]
    user: User
    pid: int


Work = CronMinute | Batch | Delivery | Arrival | PowerCut | Errand


@dataclass(frozen=True, slots=True, order=True)
class Task:
    """Work that is due at world time `due_s`."""

    due_s: float
    number: int
    work: Work = field(compare=False)


@dataclass(slots=True)
class Agenda:
    """Tasks in order of their time. `due_s` is that of the first one, or infinity."""

    tasks: list[Task] = field(default_factory=list)
    due_s: float = math.inf
    _next_number: int = 1

    def add(self, due_s: float, work: Work) -> None:
        """Keep `work` for later."""
        insort(self.tasks, Task(due_s, self._next_number, work))
        self._next_number += 1
        self.due_s = self.tasks[0].due_s

    def take(self) -> Task:
        """Remove the first task and return it."""
        task = self.tasks.pop(0)
        self._renew()
        return task

    def drop(self, is_dropped: Callable[[Work], bool]) -> int:
        """Remove tasks by their work; return how many."""
        kept = [task for task in self.tasks if not is_dropped(task.work)]
        dropped = len(self.tasks) - len(kept)
        self.tasks = kept
        self._renew()
        return dropped

    def copy(self) -> Agenda:
        """Return an agenda that changes apart from this one."""
        return Agenda(list(self.tasks), self.due_s, self._next_number)

    def _renew(self) -> None:
        self.due_s = self.tasks[0].due_s if self.tasks else math.inf
