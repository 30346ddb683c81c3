"""The terminal of a machine: the logins that are open on it, one within the other, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from envs.devices.unix.budget import ExhaustedError
from envs.devices.unix.calls import Command, Stream
from envs.devices.unix.filesystem import NOT_FOUND, FileError, User, absolute
from envs.devices.unix.machine import Machine, Session
from envs.devices.unix.shell import ExitShell, Shell
from envs.facts import Agent

MAX_LINE_CHARS: Final = 16_000
MAX_OUTPUT_CHARS: Final = 2_000
_KILLED: Final = 137
_LOST: Final = 255


@dataclass(frozen=True, slots=True)
class Reply:
    """What appears on the screen, and the exit status."""

    text: str
    status: int = 0


@dataclass(frozen=True, slots=True)
class _Seat:
    """The login that takes what is typed, and the machine it is on."""

    session: Session
    machine: Machine


class Terminal:
    """Takes what is typed at `machine`, where `login` is logged in; an open `ssh` passes it on to other machines."""

    def __init__(self, machine: Machine, login: User, commands: Mapping[str, Command]) -> None:
        self.sessions = [machine.session(login)]
        self._machine = machine
        self._login = login
        self._commands = dict(commands)

    @property
    def prompt(self) -> str:
        """What the shell shows when it waits for a line."""
        return self.sessions[-1].prompt

    def run(self, command: str, author: Agent, time_s: float) -> Reply:
        """Run a command line."""
        line = _clean(command)
        if len(line) > MAX_LINE_CHARS:
            return Reply("bash: Argument list too long\n", 126)
        seat = self._seat(author, time_s)
        if seat is None:
            return self._hang_up("client_loop: send disconnect: Broken pipe\n")
        session, machine = seat.session, seat.machine
        if line.strip():
            session.history.append(line)
            machine.record(session.user.name, session.cwd, f"command={line}")
        screen = Stream()
        try:
            status = Shell(machine, session, self._commands, screen).run(line, screen, screen, session.user)
        except ExitShell as leaving:
            status = leaving.status
            self._leave(session, screen)
        except ExhaustedError:
            screen.line("Killed")
            status = _KILLED
        session.status = status
        text = _cut(screen.text)
        if session.opened is not None:
            self.sessions.append(session.opened)
            session.opened = None
        elif machine is not self._machine and not _stands(session, machine):
            return self._hang_up(text)
        text += "".join(self._notices())
        return Reply(text + (f"{self.prompt}\n" if len(self.sessions) > 1 else ""), status)

    def read(self, path: str, author: Agent, time_s: float) -> Reply:
        """Show a file."""
        seat = self._seat(author, time_s)
        if seat is None:
            return self._hang_up("")
        try:
            return Reply(_cut(seat.machine.files.read(_located(path, seat.session), seat.session.user)))
        except FileError as error:
            return Reply(f"{path}: {error}\n", 1)

    def write(self, path: str, text: str, author: Agent, time_s: float) -> Reply:
        """Replace the whole text of a file, or make it."""
        seat = self._seat(author, time_s)
        if seat is None:
            return self._hang_up("")
        session = seat.session
        seat.machine.record(session.user.name, session.cwd, f"write={_clean(path)}")
        try:
            seat.machine.files.write(_located(path, session), _clean(text), session.user)
        except FileError as error:
            return Reply(f"{path}: {error}\n", 1)
        return Reply(f"{path}: written\n")

    def _seat(self, author: Agent, time_s: float) -> _Seat | None:
        """The innermost login, or None when a connection on the way to it is broken."""
        machine = self._machine
        if not _stands(self.sessions[0], machine):
            history = self.sessions[0].history
            self.sessions = [machine.session(self._login)]
            self.sessions[0].history = history
        for session in self.sessions[1:]:
            network = machine.network
            other = network.machines.get(session.hostname) if network else None
            if network is None or other is None or not _stands(session, other):
                return None
            links = [link.channel.name for link in machine.links]
            if other is not machine and not any(network.is_open(machine, other.hostname, link) for link in links):
                return None
            machine = other
            machine.journal.begin(author, time_s)
        return _Seat(self.sessions[-1], machine)

    def _leave(self, session: Session, screen: Stream) -> None:
        if session.logins:
            session.user = session.logins.pop()
        elif len(self.sessions) > 1:
            self.sessions.pop()
            screen.line(f"logout\nConnection to {session.hostname} closed.")

    def _hang_up(self, text: str) -> Reply:
        hostname = self.sessions[1].hostname
        del self.sessions[1:]
        return Reply(f"{text}Connection to {hostname} closed by remote host.\n", _LOST)

    def _notices(self) -> list[str]:
        """Lines that whoever is logged in here is to be shown now."""
        journal = self._machine.journal
        if not journal.notices or len(self.sessions) > 1:
            return []
        shown = [notice.text + "\n" for notice in journal.notices if notice.user == self._login.name]
        journal.notices = [notice for notice in journal.notices if notice.user != self._login.name]
        return shown


def _stands(session: Session, machine: Machine) -> bool:
    """Whether a login has not ended with the machine's last start."""
    return machine.is_on and session.boot == machine.boots


def _located(path: str, session: Session) -> str:
    """Absolute form of a path that a person may have typed."""
    path = _clean(path).strip()
    if not path:
        raise FileError(NOT_FOUND)
    if path == "~" or path.startswith("~/"):
        path = session.home + path[1:]
    return absolute(path, session.cwd)


def _cut(text: str) -> str:
    """Text as far as a terminal shows it."""
    if len(text) <= MAX_OUTPUT_CHARS:
        return text
    return f"{text[:MAX_OUTPUT_CHARS]}\n[{len(text) - MAX_OUTPUT_CHARS} more characters not shown]\n"


def _clean(text: str) -> str:
    """Text without NUL and without lone surrogates, so that it can be stored and encoded."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
