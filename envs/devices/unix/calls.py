"""What a command gets when it is called, and the tables that commands are kept in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from envs.devices.unix.budget import Budget
from envs.devices.unix.filesystem import FileError, FileSystem, User, absolute
from envs.devices.unix.journal import Journal
from envs.devices.unix.machine import Machine, Session

MAX_STREAM_CHARS: Final = 200_000


class UsageError(Exception):
    """A command was called wrongly; the message is what it prints after its name."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


class Stream:
    """Text that commands write to. What goes beyond a limit is dropped."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = MAX_STREAM_CHARS

    def write(self, text: str) -> None:
        """Append `text`."""
        kept = text[: self._room]
        self._room -= len(kept)
        self._parts.append(kept)

    def line(self, text: str) -> None:
        """Append `text` and a newline."""
        self.write(text + "\n")

    @property
    def text(self) -> str:
        """Everything written."""
        return "".join(self._parts)


class Runner(Protocol):
    """What a command may ask of the shell that called it."""

    @property
    def commands(self) -> dict[str, Command]:
        """Every command there is, by name."""
        ...

    def call(self, call: Call) -> int:
        """Run another command and return its status."""
        ...

    def run(self, line: str, out: Stream, err: Stream, user: User, stdin: str = "") -> int:
        """Run a command line and return its status."""
        ...

    def run_script(self, path: str, text: str, call: Call) -> int:
        """Run the text of a file and return its status."""
        ...


@dataclass(slots=True)
class Options:
    """Parsed options of a call: letters given, values of those that take one, and the other arguments."""

    letters: set[str] = field(default_factory=set)
    values: dict[str, list[str]] = field(default_factory=dict)
    operands: list[str] = field(default_factory=list)

    def value(self, letter: str, default: str = "") -> str:
        """Last value given for `letter`."""
        return self.values.get(letter, [default])[-1]


@dataclass(slots=True)
class Call:
    """One call of a command. `password` is what `sshpass` hands to the command that it runs."""

    name: str
    args: list[str]
    stdin: str
    out: Stream
    err: Stream
    user: User
    machine: Machine
    session: Session
    shell: Runner
    budget: Budget
    password: str = ""

    @property
    def files(self) -> FileSystem:
        """The machine's files."""
        return self.machine.files

    @property
    def journal(self) -> Journal:
        """The machine's journal."""
        return self.machine.journal

    def command(self, args: list[str], user: User, password: str = "") -> int:
        """Run another command, with the same input and output, as `user`."""
        inner = Call(
            args[0], args[1:], self.stdin, self.out, self.err, user,
            self.machine, self.session, self.shell, self.budget, password or self.password,
        )  # fmt: skip
        return self.shell.call(inner)

    def path(self, operand: str) -> str:
        """Absolute path of `operand`.

        Raises:
            FileError: `operand` is empty.
        """
        if not operand:
            raise FileError("No such file or directory")
        return absolute(operand, self.session.cwd)

    def options(self, letters: str, valued: str = "", long: dict[str, str] | None = None) -> Options:
        """Split the arguments as getopt does. `long` maps long option names to letters.

        Raises:
            UsageError: An option is unknown or lacks its value.
        """
        result = Options()
        waiting = list(reversed(self.args))
        while waiting:
            arg = waiting.pop()
            if arg == "--":
                result.operands += reversed(waiting)
                break
            if arg.startswith("--"):
                name, equals, value = arg[2:].partition("=")
                letter = (long or {}).get(name)
                if letter is None:
                    raise UsageError(f"unrecognized option '{arg}'", 2)
                if letter in valued:
                    if not equals and not waiting:
                        raise UsageError(f"option '--{name}' requires an argument", 2)
                    result.values.setdefault(letter, []).append(value if equals else waiting.pop())
                result.letters.add(letter)
            elif arg.startswith("-") and len(arg) > 1:
                self._short(arg[1:], letters, valued, waiting, result)
            else:
                result.operands.append(arg)
        return result

    def _short(self, cluster: str, letters: str, valued: str, waiting: list[str], result: Options) -> None:
        for i, letter in enumerate(cluster):
            if letter in valued:
                value = cluster[i + 1 :]
                if not value and not waiting:
                    raise UsageError(f"option requires an argument -- '{letter}'", 2)
                result.values.setdefault(letter, []).append(value or waiting.pop())
                result.letters.add(letter)
                return
            if letter not in letters:
                raise UsageError(f"invalid option -- '{letter}'", 2)
            result.letters.add(letter)

    def fail(self, message: str, status: int = 1) -> int:
        """Print `name: message` as an error and return `status`."""
        self.err.line(f"{self.name}: {message}")
        return status

    def each(self, operands: Iterable[str], act: Callable[[str], None], wording: str = "{operand}: {reason}") -> int:
        """Call `act` on every operand; report those that fail and go on. Returns 1 if any failed."""
        status = 0
        for operand in operands:
            self.budget.spend(20)
            try:
                act(operand)
            except FileError as error:
                status = self.fail(wording.format(operand=operand, reason=error))
        return status

    def inputs(self, operands: list[str]) -> Iterator[Input]:
        """Texts of the files named, or the standard input when there are none. Files that fail are reported."""
        for operand in operands or ["-"]:
            self.budget.spend(20)
            try:
                text = self.stdin if operand == "-" else self.files.read(self.path(operand), self.user)
            except FileError as error:
                self.fail(f"{operand}: {error}")
                yield Input(operand, None)
            else:
                yield Input(operand, text)


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a filter; `text` is None when it could not be read."""

    name: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Command:
    """A command: one line of help and what it does."""

    summary: str
    act: Callable[[Call], int]


class CommandTable(dict[str, Command]):
    """Commands by name."""

    def add(self, *names: str, summary: str) -> Callable[[Callable[[Call], int]], Callable[[Call], int]]:
        """Register a function under `names`."""

        def register(act: Callable[[Call], int]) -> Callable[[Call], int]:
            for name in names:
                self[name] = Command(summary, act)
            return act

        return register


def count(text: str, complaint: str) -> int:
    """Whole number in `text`.

    Raises:
        UsageError: It is none; `complaint` is what the command prints before it.
    """
    digits = text.removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 10):
        raise UsageError(f"{complaint}: '{text}'")
    return int(text)
