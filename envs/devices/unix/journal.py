"""What was done on a computer, by whom: the record that causes are attributed from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from envs.devices.unix.records import LogEntry, Mail, Notice, Transfer
from envs.facts import Agent, Cause, Evidence


class ChangeKind(StrEnum):
    """What happened to a file, a process, a service, a job, a link or the machine."""

    FILE_READ = "file_read"
    FILE_WRITTEN = "file_written"
    FILE_REMOVED = "file_removed"
    FILE_MOVED = "file_moved"
    DIRECTORY_MADE = "directory_made"
    DIRECTORY_REMOVED = "directory_removed"
    MODE_CHANGED = "mode_changed"
    OWNER_CHANGED = "owner_changed"
    FLAGS_CHANGED = "flags_changed"
    PROCESS_STARTED = "process_started"
    PROCESS_KILLED = "process_killed"
    PROCESS_ENDED = "process_ended"
    PROCESS_PAUSED = "process_paused"
    PROCESS_RESUMED = "process_resumed"
    SERVICE_ENABLED = "service_enabled"
    SERVICE_DISABLED = "service_disabled"
    POWERED_OFF = "powered_off"
    POWERED_ON = "powered_on"
    SHUTDOWN_SCHEDULED = "shutdown_scheduled"
    SHUTDOWN_CANCELLED = "shutdown_cancelled"
    LINK_UP = "link_up"
    LINK_DOWN = "link_down"
    LOGGED_IN = "logged_in"
    MAIL_SENT = "mail_sent"
    BATCH_SUBMITTED = "batch_submitted"
    BATCH_REMOVED = "batch_removed"
    JOB_SUBMITTED = "job_submitted"
    JOB_TAKEN = "job_taken"
    JOB_DONE = "job_done"
    JOB_CANCELLED = "job_cancelled"


@dataclass(frozen=True, slots=True)
class ComputerChange:
    """One thing done on a computer. Reading a file is kept as well: it bears on what the reader can know.

    Attributes:
        time_s: World time.
        kind: What was done.
        path_or_process: Absolute path of a file, or name of a process, service, job, link, user or host.
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
    """Append-only record of a machine, with the author and time of the command under way.

    Attributes:
        changes: What was done to the machine.
        transfers: Connections that this machine opened and that have ended.
        mails: Messages sent from here.
        entries: The machine's own log.
        notices: Lines that users have yet to be shown.
        author: Who gave the command under way.
        time_s: World time.
    """

    changes: list[ComputerChange] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    entries: list[LogEntry] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    author: Agent = Agent.ENVIRONMENT
    time_s: float = 0.0

    def begin(self, author: Agent, time_s: float) -> None:
        """Set whose command the following notes belong to."""
        self.author = author
        self.time_s = time_s

    def note(self, kind: ChangeKind, path_or_process: str, before: str | None, after: str | None) -> None:
        """Append one change."""
        self.changes.append(ComputerChange(self.time_s, kind, path_or_process, self.author, before, after))

    def log(self, source: str, text: str) -> None:
        """Append one line to the machine's own log."""
        self.entries.append(LogEntry(self.time_s, source, text))

    def notify(self, user: str, text: str) -> None:
        """Show `text` to `user` after their next command."""
        self.notices.append(Notice(user, text))

    def writer(self, path: str, line: str = "") -> Agent:
        """Who wrote `line` into the file at `path`, or wrote the file last; whoever acts now when nobody did here."""
        for change in reversed(self.changes):
            if change.path_or_process == path and change.kind is ChangeKind.FILE_WRITTEN:
                after = (change.after or "").splitlines()
                if not line or (line in after and line not in (change.before or "").splitlines()):
                    return change.author
        return self.author

    def copy(self) -> Journal:
        """Return a journal that grows apart from this one."""
        return replace(
            self,
            changes=list(self.changes),
            transfers=list(self.transfers),
            mails=list(self.mails),
            entries=list(self.entries),
            notices=list(self.notices),
        )

    def restore(self, kept: Journal) -> None:
        """Become like `kept`, which `copy` returned."""
        fresh = kept.copy()
        self.changes, self.transfers, self.mails = fresh.changes, fresh.transfers, fresh.mails
        self.entries, self.notices = fresh.entries, fresh.notices
        self.author, self.time_s = fresh.author, fresh.time_s
