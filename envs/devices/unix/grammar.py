"""From words and operators to pipelines of simple commands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from envs.devices.unix.lexer import Lexer, Operator, Piece, PieceKind, ShellSyntaxError, Word, unexpected

_REDIRECTS: Final = frozenset({"&>>", "<<<", "<<-", ">>", "<<", ">&", "&>", ">|", "<", ">"})
_ENDS: Final = frozenset({";", "&", "\n", "&&", "||"})
_COMPOUND: Final = frozenset({"if", "for", "while", "until", "case", "select", "function", "{", "[[", "!"})
_ASSIGNMENT: Final = re.compile(r"([A-Za-z_]\w*)=", re.ASCII)


@dataclass(frozen=True, slots=True)
class Assignment:
    """`name=value` before a command."""

    name: str
    value: Word


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where a stream goes. `stream` is 0, 1 or 2; the target of a here-document is its text."""

    operator: str
    stream: int
    target: Word


@dataclass(frozen=True, slots=True)
class SimpleCommand:
    """Words and redirections of one command."""

    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by pipes, and the operator before them ("", `&&` or `||`)."""

    condition: str
    commands: tuple[SimpleCommand, ...]


def parse(line: str) -> tuple[Pipeline, ...]:
    """Parse one or more lines.

    Raises:
        ShellSyntaxError: The text is not a valid command line, or uses loops and conditionals, which are not there.
    """
    return _Parser(Lexer(line).tokens()).pipelines()


@dataclass(slots=True)
class _Draft:
    assignments: list[Assignment] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)

    def is_empty(self) -> bool:
        return not (self.assignments or self.words or self.redirects)

    def add(self, word: Word) -> None:
        assignment = None if self.words else _assignment(word)
        if assignment:
            self.assignments.append(assignment)
            return
        if not self.words and word.bare in _COMPOUND:
            raise ShellSyntaxError(f"{word.bare}: compound commands are not available on this computer")
        self.words.append(word)

    def build(self) -> SimpleCommand:
        return SimpleCommand(tuple(self.assignments), tuple(self.words), tuple(self.redirects))


def _assignment(word: Word) -> Assignment | None:
    first = word.pieces[0] if word.pieces else None
    if first is None or first.is_quoted or first.kind is not PieceKind.TEXT:
        return None
    match = _ASSIGNMENT.match(first.value)
    if match is None:
        return None
    rest = Piece(PieceKind.TEXT, first.value[match.end() :], is_quoted=True)
    return Assignment(match[1], Word((rest, *word.pieces[1:])))


class _Parser:
    def __init__(self, tokens: list[Word | Operator]) -> None:
        self._tokens = tokens
        self._pipelines: list[Pipeline] = []
        self._commands: list[SimpleCommand] = []
        self._draft = _Draft()
        self._condition = ""

    def pipelines(self) -> tuple[Pipeline, ...]:
        at = 0
        while at < len(self._tokens):
            token = self._tokens[at]
            at += 1
            if isinstance(token, Word):
                self._draft.add(token)
            elif token.text in _REDIRECTS:
                target = self._tokens[at] if at < len(self._tokens) else Operator("newline")
                if isinstance(target, Operator):
                    raise unexpected("newline" if target.text == "\n" else target.text)
                default = 0 if token.text.startswith("<") else 1
                stream = default if token.stream is None else token.stream
                self._draft.redirects.append(Redirect(token.text, stream, target))
                at += 1
            elif token.text == "\n" and self._draft.is_empty():
                continue
            elif token.text in {"|", "|&"}:
                self._end_command(token.text)
            elif token.text in _ENDS:
                self._end_pipeline(token.text)
            else:
                raise unexpected(token.text)
        if not self._draft.is_empty():
            self._end_pipeline(";")
        if self._commands or self._condition:
            raise ShellSyntaxError("syntax error: unexpected end of file")
        return tuple(self._pipelines)

    def _end_command(self, operator: str) -> None:
        if self._draft.is_empty():
            raise unexpected(operator)
        self._commands.append(self._draft.build())
        self._draft = _Draft()

    def _end_pipeline(self, operator: str) -> None:
        self._end_command(operator)
        self._pipelines.append(Pipeline(self._condition, tuple(self._commands)))
        self._commands = []
        self._condition = operator if operator in {"&&", "||"} else ""
