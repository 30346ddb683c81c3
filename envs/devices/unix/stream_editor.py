"""`sed`: substitute, delete, print, append, insert and change lines; `-i` edits files in place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from envs.devices.unix.budget import Budget
from envs.devices.unix.calls import Call, CommandTable, UsageError
from envs.devices.unix.filesystem import FileError
from envs.devices.unix.pattern import Match, Pattern, PatternError
from envs.devices.unix.text_commands import lines_of

COMMANDS: Final = CommandTable()

_NUMBER: Final = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Address:
    """A line: by number (0 is the last one) or by pattern."""

    number: int = 0
    pattern: Pattern | None = None

    def selects(self, number: int, line: str, last: int, budget: Budget) -> bool:
        if self.pattern:
            return self.pattern.search(line, budget) is not None
        return number == (self.number or last)


@dataclass(frozen=True, slots=True)
class _Instruction:
    verb: str
    addresses: tuple[_Address, ...] = ()
    is_negated: bool = False
    pattern: Pattern | None = None
    text: str = ""
    flags: str = ""


@COMMANDS.add("sed", summary="edit text: sed [-i] [-n] [-E] 's/old/new/g; /pattern/d; 3p' [FILE...]")
def sed(call: Call) -> int:
    """Edit each input line by line; with -i write the result back to the file."""
    call.args = ["-i" if arg.startswith(("-i.", "--in-place")) else arg for arg in call.args]
    options = call.options("inErsu", "e", {"expression": "e", "quiet": "n", "regexp-extended": "E"})
    operands = options.operands
    if "e" not in options.values and not operands:
        raise UsageError("usage: sed [OPTION]... {script} [FILE]...")
    source = "\n".join(options.values["e"] if "e" in options.values else [operands.pop(0)])
    try:
        script = _Reader(source, is_extended=bool(options.letters & {"E", "r"})).script()
    except PatternError as error:
        raise UsageError(f"-e expression #1, char {len(source)}: {error}") from None
    if "i" in options.letters and not operands:
        raise UsageError("no input files")
    status = 0
    for item in call.inputs(operands):
        if item.text is None:
            status = 2
            continue
        edited = _edit(item.text, script, call.budget, is_quiet="n" in options.letters)
        if "i" in options.letters:
            try:
                call.files.write(call.path(item.name), edited, call.user)
            except FileError as error:
                raise UsageError(f"cannot rename ./sed to {item.name}: {error}", 4) from None
        else:
            call.out.write(edited)
    return status


class _Reader:
    def __init__(self, source: str, *, is_extended: bool) -> None:
        self._source = source
        self._at = 0
        self._is_extended = is_extended

    def script(self) -> list[_Instruction]:
        instructions: list[_Instruction] = []
        while self._skip("; \t\n"):
            instructions.append(self._instruction())
        return instructions

    def _skip(self, chars: str) -> bool:
        while self._at < len(self._source) and self._source[self._at] in chars:
            self._at += 1
        return self._at < len(self._source)

    def _next(self) -> str:
        if self._at >= len(self._source):
            raise PatternError("missing command")
        self._at += 1
        return self._source[self._at - 1]

    def _instruction(self) -> _Instruction:
        addresses: list[_Address] = []
        while (address := self._address()) is not None:
            addresses.append(address)
            self._skip(" \t")
            if len(addresses) == 2 or not self._source.startswith(",", self._at):
                break
            self._at += 1
            self._skip(" \t")
        is_negated = self._source.startswith("!", self._at)
        self._at += is_negated
        self._skip(" \t")
        verb = self._next()
        where = tuple(addresses)
        if verb == "s":
            old, new, flags = self._substitution()
            pattern = Pattern(old, is_extended=self._is_extended, ignores_case=bool({"i", "I"} & set(flags)))
            return _Instruction(verb, where, is_negated, pattern, new, flags)
        if verb in "aic":
            self._skip(" \t")
            text = self._rest_of_line().removeprefix("\\").lstrip("\n")
            return _Instruction(verb, where, is_negated, text=text)
        if verb in "dpq":
            if self._skip(" \t") and self._source[self._at] not in ";\n":
                raise PatternError("extra characters after command")
            return _Instruction(verb, where, is_negated)
        raise PatternError(f"unknown command: `{verb}'")

    def _address(self) -> _Address | None:
        number = _NUMBER.match(self._source, self._at)
        if number:
            self._at = number.end()
            return _Address(max(int(number[0]), 1))
        if self._source.startswith("$", self._at):
            self._at += 1
            return _Address()
        if self._source.startswith("/", self._at):
            self._at += 1
            return _Address(pattern=Pattern(self._until("/"), is_extended=self._is_extended))
        return None

    def _until(self, delimiter: str) -> str:
        """Text up to `delimiter`, which a backslash makes ordinary."""
        chars: list[str] = []
        while self._at < len(self._source):
            char = self._next()
            if char == delimiter:
                return "".join(chars)
            if char == "\\" and self._at < len(self._source):
                escaped = self._next()
                chars.append(escaped if escaped == delimiter else char + escaped)
            else:
                chars.append(char)
        raise PatternError("unterminated `s' command")

    def _substitution(self) -> tuple[str, str, str]:
        delimiter = self._next()
        if delimiter in "\\\n":
            raise PatternError("unterminated `s' command")
        old = self._until(delimiter)
        new = self._until(delimiter)
        flags = ""
        while self._at < len(self._source) and self._source[self._at] in "gpiI123456789":
            flags += self._next()
        if self._skip(" \t") and self._source[self._at] not in ";\n":
            raise PatternError("unknown option to `s'")
        return old, new, flags

    def _rest_of_line(self) -> str:
        start = self._at
        end = self._source.find("\n", start + 2)
        self._at = len(self._source) if end < 0 else end
        return self._source[start : self._at]


def _edit(text: str, script: list[_Instruction], budget: Budget, *, is_quiet: bool) -> str:
    lines = lines_of(text)
    active: set[int] = set()
    out: list[str] = []
    for number, original in enumerate(lines, 1):
        line: str | None = original
        after: list[str] = []
        is_last = False
        for i, step in enumerate(script):
            budget.spend(1)
            if line is None or _applies(i, step, active, number, line, len(lines), budget) == step.is_negated:
                continue
            if step.verb == "s":
                line, is_changed = _substitute(line, step, budget)
                out += [line] if is_changed and "p" in step.flags else []
            elif step.verb == "p":
                out.append(line)
            elif step.verb == "i":
                out.append(step.text)
            elif step.verb == "a":
                after.append(step.text)
            elif step.verb == "q":
                is_last = True
                break
            else:
                out += [step.text] if step.verb == "c" else []
                line = None
        out += [line] if line is not None and not is_quiet else []
        out += after
        if is_last:
            break
    edited = "".join(line + "\n" for line in out)
    return edited if text.endswith("\n") else edited.removesuffix("\n")


def _applies(
    index: int, step: _Instruction, active: set[int], number: int, line: str, last: int, budget: Budget
) -> bool:
    """Whether the addresses of instruction `index` select this line. `active` holds the ranges that are open."""
    if not step.addresses:
        return True
    start, end = step.addresses[0], step.addresses[-1]
    if index in active:
        if end.selects(number, line, last, budget) or (end.pattern is None and 0 < end.number <= number):
            active.discard(index)
        return True
    if not start.selects(number, line, last, budget):
        return False
    is_range = len(step.addresses) == 2 and not (end.pattern is None and 0 < end.number <= number)
    if is_range and number < last:
        active.add(index)
    return True


def _substitute(line: str, step: _Instruction, budget: Budget) -> tuple[str, bool]:
    if step.pattern is None:
        return line, False
    wanted = int("".join(flag for flag in step.flags if flag.isdecimal())[:2] or 1)
    parts: list[str] = []
    end = 0
    for i, match in enumerate(step.pattern.find_all(line, budget), 1):
        if i < wanted:
            continue
        new = "".join(_replacement(step.text, match))
        budget.spend(1 + len(new))
        parts += [line[end : match.start], new]
        end = match.end
        if "g" not in step.flags:
            break
    return "".join([*parts, line[end:]]), bool(parts)


def _replacement(text: str, match: Match) -> Iterator[str]:
    chars = iter(text)
    for char in chars:
        if char == "&":
            yield match.groups[0]
        elif char == "\\":
            escaped = next(chars, "\\")
            if escaped.isascii() and escaped.isdecimal():
                number = int(escaped)
                yield match.groups[number] if number < len(match.groups) else ""
            else:
                yield {"n": "\n", "t": "\t"}.get(escaped, escaped)
        else:
            yield char
