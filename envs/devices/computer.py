"""A small Unix-like computer that lives wholly in memory.

Nothing is ever executed on the host; no host file, variable, clock or user is read. The machine is built from plain
data, answers command lines as a reader of Linux manuals expects, and keeps who changed what.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from envs.devices.unix import (
    file_commands,
    machine_commands,
    process_commands,
    stream_editor,
    text_commands,
)
from envs.devices.unix.budget import ExhaustedError
from envs.devices.unix.calls import Stream
from envs.devices.unix.filesystem import ROOT, File, FileError, FileSystem, User, absolute, directory
from envs.devices.unix.journal import ChangeKind, ComputerChange, Journal
from envs.devices.unix.machine import Machine, Session
from envs.devices.unix.processes import Process, ProcessTable, Service
from envs.devices.unix.shell import ExitShell, Shell
from envs.facts import Agent

__all__ = ["ChangeKind", "CommandResult", "Computer", "ComputerChange", "ComputerState", "File", "Process", "Service"]

MAX_LINE_CHARS: Final = 16_000
MAX_OUTPUT_CHARS: Final = 2_000

_COMMANDS: Final = {
    **file_commands.COMMANDS,
    **text_commands.COMMANDS,
    **stream_editor.COMMANDS,
    **machine_commands.COMMANDS,
    **process_commands.COMMANDS,
}
_START: Final = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 - the simulated clock has no zone
_KILLED: Final = 137


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command printed, its exit status, and what it changed or read."""

    output: str
    status: int
    changes: tuple[ComputerChange, ...] = ()


@dataclass(frozen=True, slots=True)
class ComputerState:
    """Everything that can change on a computer, as plain data."""

    files: Mapping[str, File]
    running: Mapping[int, Process]
    services: Mapping[str, Service]
    next_pid: int
    session: Session
    changes: tuple[ComputerChange, ...]
    is_on: bool
    boot_s: float


class Computer:
    """A computer with files, processes, services and one login.

    Args:
        hostname: Its name.
        user: Who is logged in.
        home: Home directory; made when `files` lacks it.
        files: Files by absolute path; missing directories are made, with the owner of the one they lie in.
        processes: Processes that run, besides those of `services`.
        services: Services, all running at the start.
        groups: Groups of `user`, besides their own.
        may_sudo: Whether `user` may act as root.
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
        started: datetime = _START,
    ) -> None:
        home = home or f"/home/{user}"
        login = User(user, frozenset({user, *groups}))
        tree = {"/tmp": directory(mode=0o1777), "/root": directory(mode=0o700), home: directory(user)}  # noqa: S108
        journal = Journal()
        table = ProcessTable(processes, services, journal)
        tree |= files or {}
        owners = {node.owner for node in tree.values()} | {p.owner for p in table.sorted()}
        users = {name: User(name, frozenset({name})) for name in sorted(owners)} | {"root": ROOT, user: login}
        self._machine = Machine(hostname, FileSystem(tree, journal), table, journal, users, may_sudo, started)
        variables = {"HOME": home, "HOSTNAME": hostname, "PATH": "/usr/bin:/bin", "SHELL": "/bin/bash", "USER": user}
        self._session = Session(login, home, home, variables=variables)

    @property
    def changes(self) -> tuple[ComputerChange, ...]:
        """Everything done here so far, in order."""
        return tuple(self._machine.journal.changes)

    @property
    def is_on(self) -> bool:
        """Whether the computer is switched on."""
        return self._machine.is_on

    def run(self, command: str, author: Agent, time_s: float) -> CommandResult:
        """Run a command line as the user that is logged in.

        Args:
            command: One line, or several with a here-document. Any text is safe.
            author: Who gave the command.
            time_s: World time.
        """
        first = self._begin(author, time_s)
        if not self.is_on:
            return self._no_answer()
        line = _clean(command)
        if len(line) > MAX_LINE_CHARS:
            return CommandResult("bash: Argument list too long\n", 126)
        if line.strip():
            self._session.history.append(line)
        terminal = Stream()
        shell = Shell(self._machine, self._session, _COMMANDS, terminal)
        try:
            status = shell.run(line, terminal, terminal, self._session.user)
        except ExitShell as leaving:
            status = leaving.status
        except ExhaustedError:
            terminal.line("Killed")
            status = _KILLED
        self._session.status = status
        return self._result(terminal.text, status, first)

    def read(self, path: str, author: Agent, time_s: float) -> CommandResult:
        """Show the file at `path` (absolute, or from the working directory)."""
        first = self._begin(author, time_s)
        if not self.is_on:
            return self._no_answer()
        try:
            text = self._machine.files.read(self._absolute(path), self._session.user)
        except FileError as error:
            return CommandResult(f"{path}: {error}\n", 1)
        return self._result(text, 0, first)

    def write(self, path: str, text: str, author: Agent, time_s: float) -> CommandResult:
        """Replace the whole text of the file at `path`, or make it."""
        first = self._begin(author, time_s)
        if not self.is_on:
            return self._no_answer()
        try:
            self._machine.files.write(self._absolute(path), _clean(text), self._session.user)
        except FileError as error:
            return self._result(f"{path}: {error}\n", 1, first)
        return self._result(f"{path}: written\n", 0, first)

    def power_on(self, author: Agent, time_s: float) -> None:
        """Switch the computer on; the services that are enabled start."""
        if not self.is_on:
            self._begin(author, time_s)
            self._machine.power_on()

    def text(self, path: str, user: str = "root") -> str | None:
        """Text of the file at `path` as `user` may read it, or None. Leaves no trace: ground truth, not a percept."""
        try:
            return self._machine.files.peek(absolute(path, "/"), self._machine.users[user])
        except FileError:
            return None

    def process(self, name: str) -> Process | None:
        """Return a process called `name` that exists and is not paused, or None."""
        return next((p for p in self._machine.processes.named(name) if not p.is_paused), None)

    def snapshot(self) -> ComputerState:
        """Copy of the whole state."""
        machine = self._machine
        return ComputerState(
            dict(machine.files.nodes),
            dict(machine.processes.running),
            dict(machine.processes.services),
            machine.processes.next_pid,
            _copy(self._session),
            self.changes,
            machine.is_on,
            machine.boot_s,
        )

    def restore(self, state: ComputerState) -> None:
        """Bring back a state that `snapshot` returned; it may be restored any number of times."""
        machine = self._machine
        machine.files.nodes = dict(state.files)
        machine.processes.running = dict(state.running)
        machine.processes.services = dict(state.services)
        machine.processes.next_pid = state.next_pid
        self._session = _copy(state.session)
        machine.journal.changes = list(state.changes)
        machine.is_on = state.is_on
        machine.boot_s = state.boot_s

    def _begin(self, author: Agent, time_s: float) -> int:
        self._machine.journal.begin(author, time_s)
        return len(self._machine.journal.changes)

    def _result(self, text: str, status: int, first: int) -> CommandResult:
        if len(text) > MAX_OUTPUT_CHARS:
            text = f"{text[:MAX_OUTPUT_CHARS]}\n[{len(text) - MAX_OUTPUT_CHARS} more characters not shown]\n"
        return CommandResult(text, status, tuple(self._machine.journal.changes[first:]))

    def _no_answer(self) -> CommandResult:
        return CommandResult(f"{self._machine.hostname}: no answer\n", 255)

    def _absolute(self, path: str) -> str:
        path = _clean(path).strip()
        if not path:
            raise FileError("No such file or directory")
        if path == "~" or path.startswith("~/"):
            path = self._session.home + path[1:]
        return absolute(path, self._session.cwd)


def _clean(text: str) -> str:
    """Text without NUL and without lone surrogates, so that it can be stored and encoded."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _copy(session: Session) -> Session:
    return replace(
        session, logins=list(session.logins), variables=dict(session.variables), history=list(session.history)
    )
