"""The shell: expands words, opens redirections, joins pipes and calls commands. Nothing reaches the host."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final

from envs.devices.unix.arithmetic import ArithmeticSyntaxError, evaluate
from envs.devices.unix.budget import Budget
from envs.devices.unix.calls import Call, Command, Stream, UsageError
from envs.devices.unix.filesystem import ENTER, NULL_DEVICE, FileError, User, absolute
from envs.devices.unix.grammar import Pipeline, Redirect, SimpleCommand, parse
from envs.devices.unix.lexer import Piece, PieceKind, ShellSyntaxError, Word
from envs.devices.unix.machine import Machine, Session
from envs.facts import Agent

_MAX_FIELDS: Final = 2_000
_MAX_FIELD_CHARS: Final = 64_000
_COMMAND_COST: Final = 2_000
_BIN_FOLDERS: Final = frozenset({"/bin", "/usr/bin", "/sbin", "/usr/sbin", "/usr/local/bin"})


class ExitShell(Exception):  # noqa: N818 - not an error
    """`exit` was called; the argument is the status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(slots=True)
class _Field:
    """One word after expansion, and the same as a pattern in which only unquoted wildcards are special."""

    text: str = ""
    pattern: str = ""

    def add(self, text: str, *, is_quoted: bool) -> None:
        self.text += text
        self.pattern += _escape(text) if is_quoted else text


@dataclass(slots=True)
class _Ports:
    stdin: str
    out: Stream
    err: Stream


@dataclass(frozen=True, slots=True)
class _OpenFile:
    path: str
    before: str | None
    kept: str
    stream: Stream


class Shell:
    """Runs command lines of one session on one machine."""

    def __init__(
        self,
        machine: Machine,
        session: Session,
        commands: dict[str, Command],
        terminal: Stream,
        budget: Budget | None = None,
    ) -> None:
        self.commands = commands
        self._machine = machine
        self._session = session
        self._terminal = terminal
        self._budget = budget or Budget()

    def run(self, line: str, out: Stream, err: Stream, user: User, stdin: str = "") -> int:
        """Run `line` as `user` and return the status of its last command.

        Raises:
            ExitShell: The line said so.
            ExhaustedError: It asked for too much work.
        """
        try:
            pipelines = parse(line)
        except ShellSyntaxError as error:
            err.line(f"bash: {error}")
            return 2
        self._budget.enter()
        status = 0
        for pipeline in pipelines:
            is_skipped = (pipeline.condition == "&&" and status != 0) or (pipeline.condition == "||" and status == 0)
            if not is_skipped and self._machine.is_on:
                status = self._run_pipeline(pipeline, _Ports(stdin, out, err), user)
                self._session.status = status
        self._budget.leave()
        return status

    def call(self, call: Call) -> int:
        """Run one command whose words are expanded already."""
        self._budget.spend(_COMMAND_COST)
        folder, name = posixpath.split(call.name)
        if folder in _BIN_FOLDERS:
            call.name = name
        command = self.commands.get(call.name)
        if command is None:
            return self._run_file(call) if folder else self._not_found(call)
        if call.args == ["--help"]:
            call.out.line(f"{call.name}: {command.summary}")
            return 0
        self._budget.enter()
        try:
            return command.act(call)
        except (UsageError, FileError) as error:
            return call.fail(str(error), getattr(error, "status", 1))
        finally:
            self._budget.leave()

    def _not_found(self, call: Call) -> int:
        call.err.line(f"bash: {call.name}: command not found")
        return 127

    def _run_file(self, call: Call) -> int:
        try:
            path = call.path(call.name)
            node = call.files.get(path, call.user)
            if node.is_directory or not node.mode & 0o111 or not (call.user.is_root or node.allows(call.user, ENTER)):
                reason = "Is a directory" if node.is_directory else "Permission denied"
                call.err.line(f"bash: {call.name}: {reason}")
                return 126
            text = call.files.read(path, call.user)
        except FileError as error:
            call.err.line(f"bash: {call.name}: {error}")
            return 127
        return self.run_script(path, text, call)

    def run_script(self, path: str, text: str, call: Call) -> int:
        """Run the text of the file at `path`; what no person asked for is the deed of whoever wrote the file last."""
        journal = self._machine.journal
        author = journal.author
        if author is Agent.ENVIRONMENT:
            journal.author = journal.writer(path)
        try:
            return self.run(text, call.out, call.err, call.user, call.stdin)
        finally:
            journal.author = author

    def _run_pipeline(self, pipeline: Pipeline, ports: _Ports, user: User) -> int:
        status = 0
        stdin = ports.stdin
        for command in pipeline.commands[:-1]:
            between = Stream()
            self._run_simple(command, _Ports(stdin, between, ports.err), user)
            stdin = between.text
        if pipeline.commands:
            status = self._run_simple(pipeline.commands[-1], replace(ports, stdin=stdin), user)
        return status

    def _run_simple(self, command: SimpleCommand, ports: _Ports, user: User) -> int:
        files: list[_OpenFile] = []
        status = 0
        try:
            words = [word for raw in command.words for word in self._expand(raw, user)]
            if len(words) > _MAX_FIELDS:
                ports.err.line(f"bash: {words[0]}: Argument list too long")
                return 126
            for redirect in command.redirects:
                self._redirect(redirect, ports, files, user)
            for assignment in command.assignments:
                self._session.variables[assignment.name] = self._join(assignment.value, user)
            if words:
                status = self.call(self._call(words, ports, user))
        except UsageError as error:
            ports.err.line(f"bash: {error}")
            status = error.status
        finally:
            for file in files:
                status = self._close(file, ports.err, user) or status
        return status

    def _call(self, words: list[str], ports: _Ports, user: User) -> Call:
        return Call(
            words[0], words[1:], ports.stdin, ports.out, ports.err, user,
            self._machine, self._session, self, self._budget,
        )  # fmt: skip

    def _redirect(self, redirect: Redirect, ports: _Ports, files: list[_OpenFile], user: User) -> None:
        operator = redirect.operator
        target = self._join(redirect.target, user)
        if operator in {"<<", "<<-", "<<<"}:
            ports.stdin = target + ("\n" if operator == "<<<" else "")
            return
        if operator == ">&" and target in {"1", "2"}:
            stream = ports.out if target == "1" else ports.err
        else:
            try:
                stream = self._open(operator, target, ports, files, user)
            except FileError as error:
                raise UsageError(f"{target}: {error}") from None
        if operator in {"&>", "&>>"} or (operator == ">&" and target not in {"1", "2"}):
            ports.out = ports.err = stream
        elif redirect.stream == 1:
            ports.out = stream
        elif redirect.stream == 2:
            ports.err = stream

    def _open(self, operator: str, target: str, ports: _Ports, files: list[_OpenFile], user: User) -> Stream:
        if not target:
            raise FileError("No such file or directory")
        path = absolute(target, self._session.cwd)
        stream = Stream()
        if operator == "<":
            ports.stdin = self._machine.files.read(path, user)
        elif path != NULL_DEVICE:
            keeps = operator in {">>", "&>>"}
            before = self._machine.files.open(path, user, keeps=keeps)
            files.append(_OpenFile(path, before, (before or "") if keeps else "", stream))
        return stream

    def _close(self, file: _OpenFile, err: Stream, user: User) -> int:
        try:
            self._machine.files.close(file.path, file.before, file.kept + file.stream.text, user)
        except FileError as error:
            err.line(f"bash: {file.path}: {error}")
            return 1
        return 0

    def _join(self, word: Word, user: User) -> str:
        """Text of a word that is not split into several."""
        text = "".join(self._value(piece, user) for piece in self._tilde(word).pieces)
        return text[:_MAX_FIELD_CHARS]

    def _expand(self, word: Word, user: User) -> list[str]:
        fields: list[_Field] = []
        is_open = False
        for piece in self._tilde(word).pieces:
            value = self._value(piece, user)
            if piece.is_quoted or piece.kind is PieceKind.TEXT:
                parts, is_joined, is_closed = [value], True, False
            else:
                parts, is_joined, is_closed = value.split(), value[:1].strip() != "", value[-1:].isspace()
            for i, part in enumerate(parts):
                if not is_open or (i > 0 or not is_joined):
                    fields.append(_Field())
                fields[-1].add(part, is_quoted=piece.is_quoted)
                is_open = True
            is_open = is_open and not is_closed
            if sum(len(f.text) for f in fields) > _MAX_FIELD_CHARS:
                raise UsageError("Argument list too long", 126)
        return [path for f in fields for path in self._glob(f, user)]

    def _tilde(self, word: Word) -> Word:
        first = word.pieces[0] if word.pieces else None
        if first is None or first.is_quoted or first.kind is not PieceKind.TEXT:
            return word
        if first.value != "~" and not first.value.startswith("~/"):
            return word
        home = Piece(PieceKind.TEXT, self._session.home, is_quoted=True)
        return Word((home, replace(first, value=first.value[1:]), *word.pieces[1:]))

    def _value(self, piece: Piece, user: User) -> str:
        if piece.kind is PieceKind.TEXT:
            return piece.value
        if piece.kind is PieceKind.COMMAND and piece.value.startswith("(") and piece.value.endswith(")"):
            try:
                return str(evaluate(piece.value[1:-1], self._session.variables))
            except ArithmeticSyntaxError as error:
                raise UsageError(str(error)) from None
        if piece.kind is PieceKind.COMMAND:
            out = Stream()
            self.run(piece.value, out, self._terminal, user)
            return out.text.rstrip("\n")
        if piece.value == "?":
            return str(self._session.status)
        return self._session.variables.get(piece.value, "")

    def _glob(self, field: _Field, user: User) -> list[str]:
        """Files that match, or the text itself when none do."""
        if not _is_pattern(field.pattern):
            return [field.text]
        found = ["/" if field.text.startswith("/") else ""]
        for text, pattern in zip(field.text.split("/"), field.pattern.split("/"), strict=True):
            if _is_pattern(pattern):
                found = [base + name + "/" for base in found for name in self._matches(base, pattern, user)]
            elif text:
                found = [base + text + "/" for base in found]
            self._budget.spend(len(found))
        matches = [path.rstrip("/") for path in found]
        existing = [path for path in matches if absolute(path, self._session.cwd) in self._machine.files.nodes]
        return existing or [field.text]

    def _matches(self, base: str, pattern: str, user: User) -> list[str]:
        self._budget.spend(50)
        try:
            names = self._machine.files.names(absolute(base, self._session.cwd), user)
        except FileError:
            return []
        return [n for n in names if fnmatchcase(n, pattern) and (pattern[0] == "." or not n.startswith("."))]


def _escape(text: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in text)


def _is_pattern(pattern: str) -> bool:
    for special in "*?[":
        pattern = pattern.replace(f"[{special}]", "")
    return any(special in pattern for special in "*?[")
