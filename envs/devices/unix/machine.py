"""One machine and the logins on it: all the state that commands read and change, as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from envs.devices.unix.agenda import Agenda, Arrival, CronMinute, PowerCut
from envs.devices.unix.audit import AuditLog, audit_line
from envs.devices.unix.filesystem import File, FileSystem, User
from envs.devices.unix.journal import ChangeKind, Journal
from envs.devices.unix.processes import Process, ProcessTable, Service

if TYPE_CHECKING:
    from envs.devices.unix.network import Link, Network


@dataclass(slots=True)
class Session:
    """A login: it stays between command lines.

    Attributes:
        user: Who is logged in.
        home: Home directory.
        cwd: Working directory.
        hostname: Machine that it is on.
        boot: Which start of that machine it belongs to.
        logins: Users to fall back to when a root shell is left.
        variables: Environment.
        status: Exit status of the last command.
        history: Command lines so far.
        opened: Login on another machine that a command has just opened, to go on there.
    """

    user: User
    home: str
    cwd: str
    hostname: str
    boot: int = 0
    logins: list[User] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    status: int = 0
    history: list[str] = field(default_factory=list)
    opened: Session | None = None

    @property
    def prompt(self) -> str:
        """What the shell shows when it waits for a line."""
        cwd = "~" + self.cwd[len(self.home) :] if (self.cwd + "/").startswith(self.home + "/") else self.cwd
        return f"{self.user.name}@{self.hostname}:{cwd}{'#' if self.user.is_root else '$'} "

    def copy(self) -> Session:
        """Return a login that changes apart from this one."""
        return replace(
            self, logins=list(self.logins), variables=dict(self.variables), history=list(self.history), opened=None
        )


@dataclass(frozen=True, slots=True)
class MachineState:
    """Everything that can change on a machine, as plain data."""

    files: Mapping[str, File]
    running: Mapping[int, Process]
    services: Mapping[str, Service]
    next_pid: int
    journal: Journal
    agenda: Agenda
    audit: AuditLog | None
    links_down: frozenset[str]
    is_on: bool
    boot_s: float
    boots: int


@dataclass(slots=True)
class Machine:
    """What the commands act on.

    Attributes:
        users: Accounts by name.
        sudoers: Names of users who may act as root.
        passwords: Passwords of accounts that have one; the others log in with a key.
        started: Date and time at world time 0.
        homes: Home directories that are not `/home/USER`.
        audit: The audit log, if one is kept.
        network: The network, once the machine has joined one.
        links_down: Interfaces that are switched off.
        boot_s: World time of the last start.
        boots: How often it was started again.
    """

    hostname: str
    files: FileSystem
    processes: ProcessTable
    journal: Journal
    users: Mapping[str, User]
    sudoers: frozenset[str]
    passwords: Mapping[str, str]
    started: datetime
    homes: Mapping[str, str] = field(default_factory=dict)
    audit: AuditLog | None = None
    network: Network | None = None
    agenda: Agenda = field(default_factory=Agenda)
    links_down: frozenset[str] = frozenset()
    is_on: bool = True
    boot_s: float = 0.0
    boots: int = 0

    @property
    def now(self) -> datetime:
        """Date and time of the simulated clock."""
        return self.at(self.journal.time_s)

    @property
    def links(self) -> list[Link]:
        """Network interfaces."""
        return self.network.links(self) if self.network else []

    def at(self, time_s: float) -> datetime:
        """Return the date and time at world time `time_s`."""
        return self.started + timedelta(seconds=round(time_s))

    def seconds(self, when: datetime) -> float:
        """Return the world time of a date and time."""
        return (when - self.started).total_seconds()

    def home(self, user: str) -> str:
        """Home directory of a user, or `/`."""
        home = "/root" if user == "root" else self.homes.get(user, f"/home/{user}")
        return home if self.files.is_directory(home) else "/"

    def session(self, user: User) -> Session:
        """Return a fresh login of `user`."""
        home = self.home(user.name)
        variables = {
            "HOME": home, "HOSTNAME": self.hostname, "LOGNAME": user.name, "PATH": "/usr/local/bin:/usr/bin:/bin",
            "SHELL": "/bin/bash", "TERM": "xterm", "USER": user.name,
        }  # fmt: skip
        return Session(user, home, home, self.hostname, self.boots, variables=variables)

    def record(self, user: str, cwd: str, what: str) -> None:
        """Add a line to the audit log, if one is kept."""
        if self.audit:
            self.audit.add(audit_line(self.now, user, cwd, what), self.files, self.processes)

    def power_off(self) -> None:
        """End every process and cut every transfer; the machine answers nothing any more."""
        cut = [task.work for task in self.agenda.tasks if isinstance(task.work, Arrival)]
        self.journal.transfers += [replace(t, ended_s=self.journal.time_s) for work in cut for t in work.transfers]
        self.agenda.drop(lambda work: isinstance(work, Arrival | PowerCut))
        self.processes.running = {}
        self.is_on = False
        self.journal.note(ChangeKind.POWERED_OFF, self.hostname, "on", "off")
        self.journal.log("systemd", "Reached target Power-Off.")

    def power_on(self) -> None:
        """Start the services that are enabled."""
        self.is_on = True
        self.boot_s = self.journal.time_s
        self.boots += 1
        self.agenda.drop(lambda work: isinstance(work, CronMinute))
        self.agenda.add(self.minute_after(self.journal.time_s), CronMinute())
        self.journal.note(ChangeKind.POWERED_ON, self.hostname, "off", "on")
        self.journal.log("kernel", "Booting Linux on physical CPU 0x0")
        for service in self.processes.services.values():
            if service.is_enabled:
                self.processes.start(service)
                self.journal.log("systemd", f"Started {service.name}.service - {service.description}.")

    def minute_after(self, time_s: float) -> float:
        """World time at which the next minute of the clock begins."""
        offset_s = self.started.second + self.started.microsecond / 1e6
        return math.floor((time_s + offset_s) / 60 + 1) * 60 - offset_s

    def snapshot(self) -> MachineState:
        """Copy of the whole state."""
        return MachineState(
            dict(self.files.nodes), dict(self.processes.running), dict(self.processes.services),
            self.processes.next_pid, self.journal.copy(), self.agenda.copy(), self.audit and self.audit.copy(),
            self.links_down, self.is_on, self.boot_s, self.boots,
        )  # fmt: skip

    def restore(self, state: MachineState) -> None:
        """Bring back a state that `snapshot` returned."""
        self.files.nodes = dict(state.files)
        self.processes.running = dict(state.running)
        self.processes.services = dict(state.services)
        self.processes.next_pid = state.next_pid
        self.journal.restore(state.journal)
        self.agenda = state.agenda.copy()
        self.audit = state.audit and state.audit.copy()
        self.links_down = state.links_down
        self.is_on = state.is_on
        self.boot_s = state.boot_s
        self.boots = state.boots
