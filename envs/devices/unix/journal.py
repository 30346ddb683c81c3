"""What was done on a computer, by whom: the record that causes are attributed from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from envs.facts import Agent, Cause, Evidence


class ChangeKind(StrEnum):
    """What happened to a file, a process, a service or the machine."""

    FILE_READ = "file_read"
    FILE_WRITTEN = "file_written"
    FILE_REMOVED = "file_removed"
    FILE_MOVED = "file_moved"
    DIRECTORY_MADE = "directory_made"
    DIRECTORY_REMOVED = "directory_removed"
    MODE_CHANGED = "mode_changed"
    OWNER_CHANGED = "owner_changed"
    PROCESS_STARTED = "process_started"
    PROCESS_KILLED = "process_killed"
    PROCESS_PAUSED = "process_paused"
    PROCESS_RESUMED = "process_resumed"
    SERVICE_ENABLED = "service_enabled"
    SERVICE_DISABLED = "service_disabled"
    POWERED_OFF = "powered_off"
    POWERED_ON = "powered_on"


@dataclass(frozen=True, slots=True)
class ComputerChange:
    """One thing done on a computer. Reading a file is kept as well: it bears on what the reader can know.

    Attributes:
        time_s: World time.
        kind: What was done.
        path_or_process: Absolute path of a file, or name of a process, service or host.
        author: Who gave the command.
        before: Text, mode, owner, pid or old path before; None when there was none.
        after: The same afterwards; None when nothing is left. For a read, the text that was read.
    """

    time_s: float
    kind: ChangeKind
    path_or_process: str
    author: Agent
    before: str | None
    after: str | None

    @property
    def cause(self) -> Cause:
        """The author as a cause for the ledger."""
        return Cause(self.author, Evidence.COMMAND, f"{self.kind} {self.path_or_process}")


@dataclass(slots=True)
class Journal:
    """Append-only list of changes, with the author and time of the command under way."""

    changes: list[ComputerChange] = field(default_factory=list)
    author: Agent = Agent.ENVIRONMENT
    time_s: float = 0.0

    def begin(self, author: Agent, time_s: float) -> None:
        """Set whose command the following notes belong to."""
        self.author = author
        self.time_s = time_s

    def note(self, kind: ChangeKind, path_or_process: str, before: str | None, after: str | None) -> None:
        """Append one change."""
        self.changes.append(ComputerChange(self.time_s, kind, path_or_process, self.author, before, after))
