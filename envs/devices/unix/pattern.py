"""POSIX regular expressions, matched in a bounded number of steps whatever the pattern.

Python's `re` can take exponential time on a hostile pattern. This matcher visits each pair of instruction and position
at most once, after Cox, "Regular Expression Matching: the Virtual Machine Approach" (2009).
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from envs.devices.unix.budget import Budget

_MAX_CHARS: Final = 400
_MAX_GROUPS: Final = 20
_MAX_INSTRUCTIONS: Final = 2_000
_MAX_REPEATS: Final = 255
_CLASSES: Final[dict[str, Callable[[str], bool]]] = {
    "alpha": str.isalpha,
    "digit": str.isdecimal,
    "alnum": str.isalnum,
    "space": str.isspace,
    "blank": lambda char: char in " \t",
    "upper": str.isupper,
    "lower": str.islower,
    "punct": lambda char: char in string.punctuation,
}


class PatternError(Exception):
    """The regular expression is not valid; the message is worded as grep does."""


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """Characters that one position of the pattern accepts."""

    ranges: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    is_negated: bool = False
    ignores_case: bool = False

    def accepts(self, char: str) -> bool:
        """Whether `char` is in the set."""
        variants = {char, char.lower(), char.upper()} if self.ignores_case else {char}
        return any(self._has(variant) for variant in variants) != self.is_negated

    def _has(self, char: str) -> bool:
        is_in_range = any(r[0] <= char <= r[-1] for r in self.ranges)
        return is_in_range or any(_CLASSES[name](char) for name in self.classes)


_ANY: Final = CharacterSet(is_negated=True)
_WORD: Final = CharacterSet(("_",), ("alnum",))
_SPACE: Final = CharacterSet(classes=("space",))
_ESCAPED_SETS: Final = {
    "w": _WORD,
    "W": replace(_WORD, is_negated=True),
    "s": _SPACE,
    "S": replace(_SPACE, is_negated=True),
}
_ASSERTIONS: Final = frozenset("b<>")


@dataclass(frozen=True, slots=True)
class _Instruction:
    """`accept` one character, `split` or `jump` by relative distances, `save` a position, or `assert` a place."""

    name: str
    first: int = 0
    second: int = 0
    accepts: CharacterSet = _ANY
    place: str = ""


_Code = list[_Instruction]


@dataclass(frozen=True, slots=True)
class Match:
    """Where a pattern matched. `groups` holds the text of each group, the whole match first."""

    start: int
    end: int
    groups: tuple[str, ...]


class Pattern:
    """A compiled basic (`is_extended=False`) or extended regular expression."""

    def __init__(
        self, source: str, *, is_extended: bool = False, ignores_case: bool = False, is_fixed: bool = False
    ) -> None:
        if len(source) > _MAX_CHARS:
            raise PatternError("Regular expression too big")
        parser = _Parser(source, is_extended=is_extended, ignores_case=ignores_case)
        body = parser.literal() if is_fixed else parser.parse()
        self._code = [_Instruction("save", 0), *body, _Instruction("save", 1), _Instruction("match")]
        self._slots = 2 * (parser.groups + 1)

    def search(self, text: str, budget: Budget, start: int = 0) -> Match | None:
        """Return the leftmost match at or after `start`, or None.

        Raises:
            ExhaustedError: `budget` is used up.
        """
        visited: set[int] = set()
        for begin in range(start, len(text) + 1):
            saved = self._run(text, begin, visited, budget)
            if saved is not None:
                groups = tuple(text[a:b] if a >= 0 else "" for a, b in zip(saved[::2], saved[1::2], strict=True))
                return Match(saved[0], saved[1], groups)
        return None

    def find_all(self, text: str, budget: Budget) -> Iterator[Match]:
        """Matches from left to right that do not overlap."""
        start = 0
        while start <= len(text):
            match = self.search(text, budget, start)
            if match is None:
                return
            yield match
            start = match.end + (match.end == match.start)

    def _run(self, text: str, begin: int, visited: set[int], budget: Budget) -> tuple[int, ...] | None:
        code = self._code
        stack = [(0, begin, (-1,) * self._slots)]
        while stack:
            pc, at, saved = stack.pop()
            key = at * len(code) + pc
            if key in visited:
                continue
            visited.add(key)
            budget.spend(1)
            step = code[pc]
            if step.name == "match":
                return saved
            if step.name == "accept":
                if at < len(text) and step.accepts.accepts(text[at]):
                    stack.append((pc + 1, at + 1, saved))
            elif step.name == "split":
                stack.append((pc + step.second, at, saved))
                stack.append((pc + step.first, at, saved))
            elif step.name == "jump":
                stack.append((pc + step.first, at, saved))
            elif step.name == "save":
                stack.append((pc + 1, at, (*saved[: step.first], at, *saved[step.first + 1 :])))
            elif _holds(step.place, text, at):
                stack.append((pc + 1, at, saved))
        return None


def _holds(place: str, text: str, at: int) -> bool:
    if place == "^":
        return at == 0
    if place == "$":
        return at == len(text)
    is_after_word = at > 0 and _WORD.accepts(text[at - 1])
    is_before_word = at < len(text) and _WORD.accepts(text[at])
    if place == "<":
        return is_before_word and not is_after_word
    if place == ">":
        return is_after_word and not is_before_word
    return is_before_word != is_after_word


@dataclass(slots=True)
class _Parser:
    source: str
    is_extended: bool
    ignores_case: bool
    groups: int = 0
    _at: int = field(default=0)
    _depth: int = field(default=0)

    def literal(self) -> _Code:
        return [self._accept(CharacterSet((char,))) for char in self.source]

    def parse(self) -> _Code:
        code = self._alternatives()
        if self._at < len(self.source):
            raise PatternError("Unmatched ) or \\)")
        return code

    def _alternatives(self) -> _Code:
        code = self._sequence()
        while self._takes("|"):
            other = self._sequence()
            code = [_Instruction("split", 1, len(code) + 2), *code, _Instruction("jump", len(other) + 1), *other]
        return code

    def _sequence(self) -> _Code:
        code: _Code = []
        is_start = True
        while self._at < len(self.source) and not self._sees("|") and not (self._sees(")") and self._closes()):
            atom = self._atom(is_start=is_start)
            is_start = False
            code += self._repeated(atom)
            if len(code) > _MAX_INSTRUCTIONS:
                raise PatternError("Regular expression too big")
        return code

    def _closes(self) -> bool:
        return self._depth > 0 or not self.is_extended

    def _atom(self, *, is_start: bool) -> _Code:
        if self._takes("("):
            return self._group()
        char = self.source[self._at]
        self._at += 1
        if char == "\\":
            return self._escape()
        if char == "[":
            return [self._accept(self._bracket())]
        if char == ".":
            return [self._accept(_ANY)]
        is_anchor = self.is_extended or (is_start if char == "^" else self._is_at_end())
        if char in "^$" and is_anchor:
            return [_Instruction("assert", place=char)]
        return [self._accept(CharacterSet((char,)))]

    def _is_at_end(self) -> bool:
        return self._at == len(self.source) or self._sees("|") or self._sees(")")

    def _group(self) -> _Code:
        self.groups += 1
        self._depth += 1
        slot = 2 * self.groups
        if self.groups > _MAX_GROUPS:
            raise PatternError("Regular expression too big")
        inside = self._alternatives()
        if not self._takes(")"):
            raise PatternError("Unmatched ( or \\(")
        self._depth -= 1
        return [_Instruction("save", slot), *inside, _Instruction("save", slot + 1)]

    def _escape(self) -> _Code:
        if self._at >= len(self.source):
            raise PatternError("Trailing backslash")
        char = self.source[self._at]
        self._at += 1
        if char in _ESCAPED_SETS:
            return [self._accept(_ESCAPED_SETS[char])]
        if char in _ASSERTIONS:
            return [_Instruction("assert", place=char)]
        if char.isdecimal():
            raise PatternError("Invalid back reference")
        return [self._accept(CharacterSet(({"n": "\n", "t": "\t"}.get(char, char),)))]

    def _bracket(self) -> CharacterSet:
        source = self.source
        is_negated = source.startswith("^", self._at)
        self._at += is_negated
        ranges: list[str] = []
        classes: list[str] = []
        is_first = True
        while is_first or not source.startswith("]", self._at):
            if self._at >= len(source):
                raise PatternError("Unmatched [, [^, [:, [., or [=")
            is_first = False
            if source.startswith("[:", self._at):
                end = source.find(":]", self._at)
                name = source[self._at + 2 : end]
                if end < 0 or name not in _CLASSES:
                    raise PatternError("Invalid character class name")
                classes.append(name)
                self._at = end + 2
            elif source[self._at + 1 : self._at + 2] == "-" and source[self._at + 2 : self._at + 3] not in {"", "]"}:
                ranges.append(source[self._at] + source[self._at + 2])
                self._at += 3
            else:
                ranges.append(source[self._at])
                self._at += 1
        self._at += 1
        return CharacterSet(tuple(ranges), tuple(classes), is_negated)

    def _repeated(self, atom: _Code) -> _Code:
        code = atom
        while True:
            if self.source.startswith("*", self._at):
                self._at += 1
                code = _star(code)
            elif self._takes("+"):
                code = [*code, _Instruction("split", -len(code), 1)]
            elif self._takes("?"):
                code = _optional(code)
            elif self._takes("{"):
                code = self._interval(code)
            else:
                return code
            if len(code) > _MAX_INSTRUCTIONS:
                raise PatternError("Regular expression too big")

    def _interval(self, code: _Code) -> _Code:
        end = self.source.find("}" if self.is_extended else "\\}", self._at)
        low, comma, high = self.source[self._at : max(end, self._at)].partition(",")
        bounds = [bound for bound in (low, high) if bound]
        if end < 0 or not bounds or not all(b.isascii() and b.isdecimal() and len(b) < 4 for b in bounds):
            raise PatternError("Invalid content of \\{\\}")
        self._at = end + (1 if self.is_extended else 2)
        least = int(low or 0)
        most = int(high) if high else least
        if max(least, most) > _MAX_REPEATS or most < least or len(code) * max(most, 1) > _MAX_INSTRUCTIONS:
            raise PatternError("Regular expression too big")
        tail = _star(code) if comma and not high else _optional(code) * (most - least)
        return code * least + tail

    def _accept(self, characters: CharacterSet) -> _Instruction:
        if self.ignores_case:
            characters = replace(characters, ignores_case=True)
        return _Instruction("accept", accepts=characters)

    def _sees(self, operator: str) -> bool:
        return self.source.startswith(operator if self.is_extended else "\\" + operator, self._at)

    def _takes(self, operator: str) -> bool:
        is_there = self._sees(operator)
        if is_there:
            self._at += len(operator) if self.is_extended else 1 + len(operator)
        return is_there


def _star(code: _Code) -> _Code:
    return [_Instruction("split", 1, len(code) + 2), *code, _Instruction("jump", -len(code) - 1)]


def _optional(code: _Code) -> _Code:
    return [_Instruction("split", 1, len(code) + 1), *code]
