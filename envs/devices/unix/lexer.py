"""From the text of a command line to words and operators: quotes, substitutions, comments, here-documents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_OPERATORS: Final = (
    "&>>", "<<<", "<<-", "&&", "||", ">>", "<<", ">&", "&>", "|&", ";;", ">|", "|", "&", ";", "<", ">", "(", ")", "\n",
)  # fmt: skip
_VARIABLE: Final = re.compile(r"\$(?:(\w+)|\{(\w+|\?)\}|(\?))", re.ASCII)


class ShellSyntaxError(Exception):
    """The line cannot be parsed; the message is worded as bash does."""


class PieceKind(StrEnum):
    """What a part of a word stands for."""

    TEXT = "text"
    VARIABLE = "variable"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a word: text, the name of a variable, or a command whose output is put in."""

    kind: PieceKind
    value: str
    is_quoted: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """One word before expansion."""

    pieces: tuple[Piece, ...]

    @property
    def bare(self) -> str | None:
        """The text, when the word is nothing but unquoted text."""
        is_bare = len(self.pieces) == 1 and self.pieces[0].kind is PieceKind.TEXT and not self.pieces[0].is_quoted
        return self.pieces[0].value if is_bare else None


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator, and the stream number written before it."""

    text: str
    stream: int | None = None


@dataclass(frozen=True, slots=True)
class _HereDocument:
    index: int
    end: str
    strips_tabs: bool
    is_literal: bool


def unexpected(token: str) -> ShellSyntaxError:
    """Return the error for a token that does not fit."""
    return ShellSyntaxError(f"syntax error near unexpected token `{token}'")


class Lexer:
    """Reads one text once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._tokens: list[Word | Operator] = []
        self._documents: list[_HereDocument] = []

    def tokens(self) -> list[Word | Operator]:
        """Return all tokens.

        Raises:
            ShellSyntaxError: A quote or substitution is not closed, or is not understood.
        """
        while self._skip_blanks():
            stream = self._stream_number()
            operator = self._operator()
            if operator is None:
                self._tokens.append(self._word())
            else:
                self._tokens.append(Operator(operator, stream))
                if operator in {"<<", "<<-"}:
                    self._here_document(operator)
                elif operator == "\n":
                    self._read_documents()
        return self._tokens

    def _skip_blanks(self) -> bool:
        text = self._text
        while self._at < len(text):
            if text[self._at] in " \t\r":
                self._at += 1
            elif text.startswith("\\\n", self._at):
                self._at += 2
            elif text[self._at] == "#":
                end = text.find("\n", self._at)
                self._at = len(text) if end < 0 else end
            else:
                return True
        return False

    def _stream_number(self) -> int | None:
        is_number = self._text[self._at] in "012" and self._text[self._at + 1 : self._at + 2] in {"<", ">"}
        if not is_number:
            return None
        self._at += 1
        return int(self._text[self._at - 1])

    def _operator(self) -> str | None:
        operator = next((o for o in _OPERATORS if self._text.startswith(o, self._at)), None)
        self._at += len(operator or "")
        return operator

    def _word(self) -> Word:
        pieces: list[Piece] = []
        bare: list[str] = []

        def flush() -> None:
            if bare:
                pieces.append(Piece(PieceKind.TEXT, "".join(bare)))
                bare.clear()

        text = self._text
        while self._at < len(text) and text[self._at] not in " \t\r\n|&;<>()":
            char = text[self._at]
            if char == "\\":
                flush()
                escaped = text[self._at + 1 : self._at + 2]
                pieces.append(Piece(PieceKind.TEXT, "" if escaped == "\n" else escaped or "\\", is_quoted=True))
                self._at += 2
            elif char == "'":
                flush()
                pieces.append(Piece(PieceKind.TEXT, self._until_quote("'"), is_quoted=True))
            elif char == '"':
                flush()
                self._at += 1
                pieces.extend(self.double_quoted('"'))
            elif char in "$`":
                flush()
                pieces.append(self._dollar(is_quoted=False))
            else:
                bare.append(char)
                self._at += 1
        flush()
        return Word(tuple(pieces))

    def _until_quote(self, quote: str) -> str:
        end = self._text.find(quote, self._at + 1)
        if end < 0:
            raise ShellSyntaxError(f"unexpected EOF while looking for matching `{quote}'")
        inside = self._text[self._at + 1 : end]
        self._at = end + 1
        return inside

    def double_quoted(self, end: str) -> list[Piece]:
        """Pieces up to the closing quote, or to the end of the text when `end` is empty (a here-document)."""
        pieces: list[Piece] = []
        chars: list[str] = []
        text = self._text
        while self._at < len(text) and text[self._at] != end:
            char = text[self._at]
            escaped = text[self._at + 1 : self._at + 2]
            if char == "\\" and escaped and escaped in "$`\\\n" + end:
                chars.append("" if escaped == "\n" else escaped)
                self._at += 2
            elif char in "$`":
                pieces.append(Piece(PieceKind.TEXT, "".join(chars), is_quoted=True))
                chars.clear()
                pieces.append(self._dollar(is_quoted=True))
            else:
                chars.append(char)
                self._at += 1
        if end and self._at >= len(text):
            raise ShellSyntaxError(f"unexpected EOF while looking for matching `{end}'")
        self._at += 1
        pieces.append(Piece(PieceKind.TEXT, "".join(chars), is_quoted=True))
        return pieces

    def _dollar(self, *, is_quoted: bool) -> Piece:
        text = self._text
        if text[self._at] == "`":
            return Piece(PieceKind.COMMAND, self._until_quote("`"), is_quoted)
        if text.startswith("$(", self._at):
            return Piece(PieceKind.COMMAND, self._until_parenthesis(), is_quoted)
        match = _VARIABLE.match(text, self._at)
        if match:
            self._at = match.end()
            return Piece(PieceKind.VARIABLE, match[1] or match[2] or match[3], is_quoted)
        if text.startswith("${", self._at):
            raise ShellSyntaxError("${}: bad substitution")
        self._at += 1
        return Piece(PieceKind.TEXT, "$", is_quoted)

    def _until_parenthesis(self) -> str:
        start = self._at + 2
        self._at += 1
        depth = 0
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == "'":
                self._until_quote("'")
                continue
            depth += {"(": 1, ")": -1}.get(char, 0)
            self._at += 1
            if depth == 0:
                return self._text[start : self._at - 1]
        raise ShellSyntaxError("unexpected EOF while looking for matching `)'")

    def _here_document(self, operator: str) -> None:
        if not self._skip_blanks() or self._text[self._at] in "\n|&;<>()":
            raise unexpected("newline")
        word = self._word()
        end = "".join(piece.value for piece in word.pieces)
        is_literal = any(piece.is_quoted for piece in word.pieces)
        self._documents.append(_HereDocument(len(self._tokens), end, operator == "<<-", is_literal))
        self._tokens.append(Word(()))

    def _read_documents(self) -> None:
        for document in self._documents:
            lines: list[str] = []
            while self._at < len(self._text):
                newline = self._text.find("\n", self._at)
                newline = len(self._text) if newline < 0 else newline
                line = self._text[self._at : newline]
                self._at = newline + 1
                line = line.lstrip("\t") if document.strips_tabs else line
                if line.rstrip("\r") == document.end:
                    break
                lines.append(line + "\n")
            body = "".join(lines)
            pieces = [Piece(PieceKind.TEXT, body, is_quoted=True)]
            if not document.is_literal:
                pieces = Lexer(body).double_quoted("")
            self._tokens[document.index] = Word(tuple(pieces))
        self._documents.clear()
