"""One machine and the login on it: all the state that commands read and change, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from envs.devices.unix.filesystem import ROOT, FileSystem, User
from envs.devices.unix.journal import ChangeKind, Journal
from envs.devices.unix.processes import ProcessTable


@dataclass(slots=True)
class Session:
    """A login: it stays between command lines.

    Attributes:
        user: Who is logged in.
        home: Home directory.
        cwd: Working directory.
        logins: Users to fall back to when a root shell is left.
        variables: Environment.
        status: Exit status of the last command.
        history: Command lines so far.
    """

    user: User
    home: str
    cwd: str
    logins: list[User] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    status: int = 0
    history: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Machine:
    """What the commands act on."""

    hostname: str
    files: FileSystem
    processes: ProcessTable
    journal: Journal
    users: Mapping[str, User]
    may_sudo: bool
    started: datetime
    is_on: bool = True
    boot_s: float = 0.0

    @property
    def now(self) -> datetime:
        """Date and time of the simulated clock."""
        return self.at(self.journal.time_s)

    def at(self, time_s: float) -> datetime:
        """Return the date and time at world time `time_s`."""
        return self.started + timedelta(seconds=round(time_s))

    def power_off(self) -> None:
        """End every process; the machine answers nothing any more."""
        for process in self.processes.sorted():
            self.processes.kill(process.pid, ROOT)
        self.is_on = False
        self.journal.note(ChangeKind.POWERED_OFF, self.hostname, "on", "off")

    def power_on(self) -> None:
        """Start the services that are enabled."""
        self.is_on = True
        self.boot_s = self.journal.time_s
        self.journal.note(ChangeKind.POWERED_ON, self.hostname, "off", "on")
        for service in self.processes.services.values():
            if service.is_enabled:
                self.processes.start(service)
