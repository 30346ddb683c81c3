"""A small Unix-like computer that lives wholly in memory.

Nothing is ever executed on the host; no host file, variable, clock or user is read. The machine is built from plain
data, answers command lines as a reader of Linux manuals expects, and keeps who changed what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from envs.devices.unix import (
    disk_commands,
    file_commands,
    identity_commands,
    job_commands,
    log_commands,
    machine_commands,
    mail_commands,
    network_commands,
    power_commands,
    process_commands,
    queue_commands,
    remote_commands,
    stream_editor,
    text_commands,
    web_commands,
)
from envs.devices.unix.agenda import Arrival, CronMinute, Errand
from envs.devices.unix.audit import AUDIT_LOG, AuditLog, audit_service, tampering
from envs.devices.unix.daemons import Daemons
from envs.devices.unix.errands import find_script, start_script
from envs.devices.unix.filesystem import ROOT, File, FileError, FileSystem, User, absolute, directory
from envs.devices.unix.journal import ChangeKind, ComputerChange, Journal
from envs.devices.unix.machine import Machine, MachineState, Session
from envs.devices.unix.mail import schedule
from envs.devices.unix.network import Channel, Host, KeyPair, Network, key_pair
from envs.devices.unix.processes import Process, ProcessTable, Service
from envs.devices.unix.records import Mail, Transfer, TransferKind, binary
from envs.devices.unix.terminal import Reply, Terminal
from envs.devices.unix.work_queue import Job, JobState, QueueSettings, read_jobs, read_settings
from envs.facts import Agent

__all__ = [
    "AUDIT_LOG", "ChangeKind", "Channel", "CommandResult", "Computer", "ComputerChange", "ComputerState", "File",
    "Host", "Job", "JobState", "KeyPair", "Mail", "Network", "Process", "QueueSettings", "Service", "Transfer",
    "TransferKind", "binary", "key_pair",
]  # fmt: skip

_COMMANDS: Final = {
    **file_commands.COMMANDS,
    **disk_commands.COMMANDS,
    **identity_commands.COMMANDS,
    **text_commands.COMMANDS,
    **stream_editor.COMMANDS,
    **machine_commands.COMMANDS,
    **process_commands.COMMANDS,
    **power_commands.COMMANDS,
    **network_commands.COMMANDS,
    **web_commands.COMMANDS,
    **remote_commands.COMMANDS,
    **mail_commands.COMMANDS,
    **job_commands.COMMANDS,
    **queue_commands.COMMANDS,
    **log_commands.COMMANDS,
}
_DAEMONS: Final = Daemons(_COMMANDS)
_START: Final = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 - the simulated clock has no zone


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command printed, its exit status, and what it changed or read."""

    output: str
    status: int
    changes: tuple[ComputerChange, ...] = ()


@dataclass(frozen=True, slots=True)
class ComputerState:
    """Everything that can change on a computer, as plain data: the machine, and the logins from its terminal."""

    machine: MachineState
    sessions: tuple[Session, ...]


class Computer:
    """A computer with files, processes, services, mail, timers and one login at its terminal.

    Args:
        hostname: Its name.
        user: Who is logged in.
        home: Home directory; made when `files` lacks it.
        files: Files by absolute path; missing directories are made, with the owner of the one they lie in.
        processes: Processes that run, besides those of `services`.
        services: Services, all running at the start.
        groups: Groups of `user`, besides their own.
        may_sudo: Whether `user` may act as root.
        sudoers: Further users who may.
        accounts: Further users, who can get mail. Whoever owns a file or a process has an account anyway.
        passwords: Passwords of accounts that can be logged in to with one; the accounts are made.
        jobs: Jobs of the work queue.
        is_audited: Whether an audit log is kept: the file `AUDIT_LOG`, written by a service called `auditd`.
        started: Date and time at world time 0.
    """

    def __init__(
        self,
        hostname: str,
        user: str,
        *,
        home: str = "",
        files: Mapping[str, File] | None = None,
        processes: Iterable[Process] = (),
        services: Iterable[Service] = (),
        groups: Iterable[str] = (),
        may_sudo: bool = False,
        sudoers: Iterable[str] = (),
        accounts: Iterable[str] = (),
        passwords: Mapping[str, str] | None = None,
        jobs: Iterable[Job] = (),
        is_audited: bool = False,
        started: datetime = _START,
    ) -> None:
        home = home or f"/home/{user}"
        passwords = passwords or {}
        login = User(user, frozenset({user, *groups}))
        tree = {"/tmp": directory(mode=0o1777), "/root": directory(mode=0o700), home: directory(user)}  # noqa: S108
        tree |= {"/etc": directory(), "/var/log": directory(), "/var/mail": directory(mode=0o1777)}
        tree |= {job.path: job.file for job in jobs}
        journal = Journal()
        processes, services = list(processes), list(services)
        if is_audited:
            taken = [p.pid for p in processes] + [s.process.pid for s in services]
            services.append(audit_service(max(taken, default=1) + 1))
            tree[AUDIT_LOG] = File(flags="a")
        table = ProcessTable(processes, services, journal)
        tree |= files or {}
        owners = {node.owner for node in tree.values()} | {p.owner for p in table.sorted()} | {*passwords, *accounts}
        residents = {name for name in owners if any(path.startswith(f"/home/{name}/") for path in tree)} | {*passwords}
        tree = {f"/home/{name}": directory(name) for name in sorted(residents - {"root"})} | tree
        tree.setdefault("/etc/hostname", File(f"{hostname}\n"))
        tree.setdefault("/etc/passwd", File(_password_file(sorted({"root", user, *owners}))))
        users = {name: User(name, frozenset({name})) for name in sorted(owners)} | {"root": ROOT, user: login}
        sudoers = frozenset({*sudoers, *([user] if may_sudo else [])})
        machine = Machine(
            hostname, FileSystem(tree, journal), table, journal, users, sudoers, passwords, started, {user: home},
            AuditLog() if is_audited else None,
        )  # fmt: skip
        machine.agenda.add(machine.minute_after(0.0), CronMinute())
        self._machine = machine
        self._terminal = Terminal(machine, login, _COMMANDS)
        self._user = user

    def join(self, network: Network, addresses: Mapping[str, str], down: Iterable[str] = ()) -> None:
        """Put this computer on a network.

        Args:
            network: The network.
            addresses: Its address on each channel, by the name of the channel.
            down: Channels whose interface is switched off at the start.

        Raises:
            ValueError: The name or an address is taken, or a channel is unknown.
        """
        network.join(self._machine, addresses)
        self._machine.network = network
        self._machine.links_down = frozenset(down)

    @property
    def hostname(self) -> str:
        """Its name."""
        return self._machine.hostname

    @property
    def changes(self) -> tuple[ComputerChange, ...]:
        """Everything done here so far, in order."""
        return tuple(self._machine.journal.changes)

    @property
    def change_count(self) -> int:
        """How many things were done here so far."""
        return len(self._machine.journal.changes)

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        """Connections that this computer opened and that have ended, in order."""
        return tuple(self._machine.journal.transfers)

    @property
    def transfers_under_way(self) -> tuple[Transfer, ...]:
        """Connections that this computer opened and that go on; who kills the process has ended it."""
        works = [task.work for task in self._machine.agenda.tasks if isinstance(task.work, Arrival)]
        running = self._machine.processes.running
        return tuple(t for work in works if work.pid is None or work.pid in running for t in work.transfers)

    @property
    def mails(self) -> tuple[Mail, ...]:
        """Messages sent from here, in order."""
        return tuple(self._machine.journal.mails)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Jobs of the work queue, as its files are now."""
        return tuple(read_jobs(self._machine.files))

    @property
    def queue_settings(self) -> QueueSettings:
        """How jobs are handed out, as the file of settings is now."""
        return read_settings(self._machine.files)

    @property
    def audit_is_intact(self) -> bool:
        """Whether everything that was written to the audit log is still in it, in order; true where none is kept."""
        return self._machine.audit is None or self._machine.audit.is_intact(self._machine.files)

    @property
    def audit_missed(self) -> int:
        """How many lines the audit log lacks because its service did not run."""
        return self._machine.audit.missed if self._machine.audit else 0

    @property
    def audit_tampering(self) -> tuple[ComputerChange, ...]:
        """Everything that was done to the audit log and to its service."""
        return tampering(self._machine.journal)

    @property
    def is_on(self) -> bool:
        """Whether the computer is switched on."""
        return self._machine.is_on

    @property
    def prompt(self) -> str:
        """What the shell at the terminal shows when it waits for a line."""
        return self._terminal.prompt

    def tick(self, time_s: float) -> None:
        """Do what is due by world time `time_s`: cron and `at` jobs, transfers, mail, a scheduled shutdown."""
        if time_s < self._machine.agenda.due_s:
            return
        _DAEMONS.run_due(self._machine, time_s)

    def deliver(self, mail: Mail, time_s: float) -> None:
        """Let `mail` come in at world time `time_s` for those of its readers who have an account here.

        Raises:
            ValueError: None of them has.
        """
        schedule(self._machine, mail, time_s)

    def run(self, command: str, author: Agent, time_s: float) -> CommandResult:
        """Run a command line as the user that is logged in.

        Args:
            command: One line, or several with a here-document. Any text is safe.
            author: Who gave the command.
            time_s: World time.
        """
        return self._typed(author, time_s, lambda terminal: terminal.run(command, author, time_s))

    def read(self, path: str, author: Agent, time_s: float) -> CommandResult:
        """Show the file at `path` (absolute, or from the working directory)."""
        return self._typed(author, time_s, lambda terminal: terminal.read(path, author, time_s))

    def write(self, path: str, text: str, author: Agent, time_s: float) -> CommandResult:
        """Replace the whole text of the file at `path`, or make it."""
        return self._typed(author, time_s, lambda terminal: terminal.write(path, text, author, time_s))

    def power_on(self, author: Agent, time_s: float) -> None:
        """Switch the computer on; the services that are enabled start."""
        if not self.is_on:
            self._machine.journal.begin(author, time_s)
            self._machine.power_on()

    def text(self, path: str, user: str = "root") -> str | None:
        """Text of the file at `path` as `user` may read it, or None. Leaves no trace: ground truth, not a percept."""
        try:
            return self._machine.files.peek(absolute(path, "/"), self._machine.users[user])
        except FileError:
            return None

    def lay_at_home(self, name: str, text: str) -> str:
        """Put a file of its own into the home of who is logged in, as if it had always been there; return its path."""
        path = f"{self._machine.home(self._user).rstrip('/')}/{name}"
        self._machine.files.nodes[path] = File(text, self._user, 0o600)
        return path

    def process(self, name: str) -> Process | None:
        """Return a process called `name` that exists and is not paused, or None."""
        return next((p for p in self._machine.processes.named(name) if not p.is_paused), None)

    def try_out(self, name: str, folders: tuple[str, ...], seconds: float) -> tuple[ComputerChange, ...]:
        """What a script would do within `seconds` if it were started now, no other one running; nothing of it stays.

        Args:
            name: Its name.
            folders: Where it is looked for, in order.
            seconds: World time.
        """
        machine = self._machine
        path = find_script(machine.files, name, folders) if self.is_on else None
        if path is None:
            return ()
        state, now_s = self.snapshot(), machine.journal.time_s
        machine.agenda.drop(lambda work: isinstance(work, Errand))
        start_script(machine, path)
        _DAEMONS.run_due(machine, now_s + seconds)
        changes = tuple(machine.journal.changes[len(state.machine.journal.changes) :])
        self.restore(state)
        return changes

    def snapshot(self) -> ComputerState:
        """Copy of the whole state. Other computers of its network have their own."""
        return ComputerState(self._machine.snapshot(), tuple(session.copy() for session in self._terminal.sessions))

    def restore(self, state: ComputerState) -> None:
        """Bring back a state that `snapshot` returned; it may be restored any number of times."""
        self._machine.restore(state.machine)
        self._terminal.sessions = [session.copy() for session in state.sessions]

    def _typed(self, author: Agent, time_s: float, act: Callable[[Terminal], Reply]) -> CommandResult:
        """Do something at the terminal; what was due before comes first."""
        self.tick(time_s)
        if not self.is_on:
            return CommandResult(f"{self.hostname}: no answer\n", 255)
        journal = self._machine.journal
        journal.begin(author, time_s)
        first = len(journal.changes)
        reply = act(self._terminal)
        return CommandResult(reply.text, reply.status, tuple(journal.changes[first:]))


def _password_file(names: Iterable[str]) -> str:
    """Text of `/etc/passwd`."""
    return "".join(
        f"{name}:x:{uid}:{uid}::{'/root' if name == 'root' else f'/home/{name}'}:/bin/bash\n"
        for name, uid in ((name, 0 if name == "root" else 1000 + n) for n, name in enumerate(names))
    )
