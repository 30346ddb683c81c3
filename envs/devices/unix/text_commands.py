"""Commands that print, filter and count text."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import Final

from envs.devices.unix.calls import Call, CommandTable, Input, Options, UsageError, count
from envs.devices.unix.filesystem import IS_DIRECTORY, FileError
from envs.devices.unix.pattern import Pattern, PatternError
from envs.devices.unix.records import size_of

COMMANDS: Final = CommandTable()

_RANGE: Final = re.compile(r"(\d{0,6})(-?)(\d{0,6})", re.ASCII)
_ESCAPES: Final = {"\\n": "\n", "\\t": "\t", "\\\\": "\\", '\\"': '"', "\\r": "\r"}


def lines_of(text: str) -> list[str]:
    """Split `text` at newlines alone, as the tools do; a last newline ends no further line."""
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _unescape(text: str) -> str:
    return re.sub(r"\\[nt\\r\"]", lambda match: _ESCAPES[match[0]], text)


@COMMANDS.add("cat", "tac", "less", "more", summary="print files")
def cat(call: Call) -> int:
    """Print files; -n numbers the lines, tac turns their order."""
    options = call.options("nAsb")
    status = 0
    number = 0
    for item in call.inputs(options.operands):
        if item.text is None:
            status = 1
        elif call.name == "tac":
            call.out.write("".join(line + "\n" for line in reversed(lines_of(item.text))))
        elif "n" in options.letters:
            for line in lines_of(item.text):
                number += 1
                call.out.line(f"{number:>6}\t{line}")
        else:
            call.out.write(item.text)
    return status


@COMMANDS.add("head", "tail", summary="print the first or last lines of files (-n NUMBER)")
def head(call: Call) -> int:
    """Print the first or last 10 lines, or -n of them; tail -n +N starts at line N; -c counts characters."""
    call.args = [f"-n{arg[1:]}" if re.fullmatch(r"-\d+", arg, re.ASCII) else arg for arg in call.args]
    options = call.options("qvfF", "nc", {"lines": "n", "follow": "f"})
    unit = "c" if "c" in options.letters else "n"
    text = options.value(unit, "10")
    wanted = count(text, f"invalid number of {'bytes' if unit == 'c' else 'lines'}")
    status = 0
    for item in call.inputs(options.operands):
        if item.text is None:
            status = 1
            continue
        if len(options.operands) > 1 and "q" not in options.letters:
            call.out.line(f"==> {item.name} <==")
        units = list(item.text) if unit == "c" else re.findall(r"[^\n]*\n|[^\n]+", item.text)
        if call.name == "head":
            kept = units[:wanted]
        elif text.startswith("+"):
            kept = units[max(wanted - 1, 0) :]
        else:
            kept = units[max(len(units) - abs(wanted), 0) :]
        call.out.write("".join(kept))
    return status


@COMMANDS.add("wc", summary="count lines, words and characters")
def wc(call: Call) -> int:
    """Count: -l, -w, -c."""
    options = call.options("lwcm")
    status = 0
    for item in call.inputs(options.operands):
        if item.text is None:
            status = 1
            continue
        counts = {
            "l": item.text.count("\n"),
            "w": len(item.text.split()),
            "c": size_of(item.text),
        }
        chosen = [str(n) for letter, n in counts.items() if not options.letters or letter in options.letters]
        call.out.line(" ".join([*chosen, *([item.name] if options.operands else [])]))
    return status


@COMMANDS.add("echo", summary="print the arguments")
def echo(call: Call) -> int:
    """Print arguments; -n without a newline, -e with escapes."""
    words = list(call.args)
    letters: set[str] = set()
    while words and re.fullmatch(r"-[neE]+", words[0]):
        letters |= set(words.pop(0)[1:])
    text = " ".join(words)
    call.out.write(_unescape(text) if "e" in letters else text)
    call.out.write("" if "n" in letters else "\n")
    return 0


@COMMANDS.add("printf", summary="print by a format with %s and %d")
def printf(call: Call) -> int:
    """Print by a format; widths are ignored. The format is used again while arguments are left."""
    if not call.args:
        raise UsageError("usage: printf format [arguments]", 2)
    form = _unescape(call.args[0])
    waiting = list(reversed(call.args[1:]))

    def fill(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        return waiting.pop() if waiting else "0" if match[1] == "d" else ""

    while True:
        left = len(waiting)
        call.budget.spend(1 + len(form))
        call.out.write(re.sub(r"%%|%[-0-9.]*([sd])", fill, form))
        if not waiting or len(waiting) == left:
            return 0


@COMMANDS.add("tee", summary="copy the input to files and to the output")
def tee(call: Call) -> int:
    """Copy the input to files; -a appends."""
    options = call.options("ai", long={"append": "a"})

    def copy(operand: str) -> None:
        path = call.path(operand)
        before = call.files.open(path, call.user, keeps="a" in options.letters)
        kept = before or "" if "a" in options.letters else ""
        call.files.close(path, before, kept + call.stdin, call.user)

    call.out.write(call.stdin)
    return call.each(options.operands, copy)


@COMMANDS.add("grep", "egrep", "fgrep", summary="print lines that match: grep [-ivnrlcwEF] PATTERN [FILE...]")
def grep(call: Call) -> int:
    """Print matching lines."""
    options = call.options(
        "ivnrRlcwxqshHEFoa", "e", {"ignore-case": "i", "invert-match": "v", "recursive": "r", "line-number": "n"}
    )
    operands = options.operands
    if "e" not in options.values:
        if not operands:
            raise UsageError("usage: grep [OPTION]... PATTERNS [FILE]...", 2)
        options.values["e"] = [operands.pop(0)]
    try:
        matches = _matcher(call, options)
    except PatternError as error:
        return call.fail(str(error), 2)
    is_recursive = bool(options.letters & {"r", "R"})
    files = _files_under(call, operands or ["."]) if is_recursive else operands
    is_named = (is_recursive or len(files) > 1 or "H" in options.letters) and "h" not in options.letters
    is_found = False
    is_failed = False
    for item in call.inputs(files) if files or not is_recursive else ():
        if item.text is None:
            is_failed = True
        else:
            is_found |= _print_matches(call, item, matches, options, is_named=is_named)
    return 2 if is_failed else int(not is_found)


def _matcher(call: Call, options: Options) -> Callable[[str], bool]:
    letters = options.letters | {"egrep": {"E"}, "fgrep": {"F"}}.get(call.name, set())
    patterns = [
        Pattern(source, is_extended="E" in letters, ignores_case="i" in letters, is_fixed="F" in letters)
        for text in options.values["e"]
        for source in text.split("\n")
    ]

    def matches(line: str) -> bool:
        is_match = any(_is_match(call, pattern, line, letters) for pattern in patterns)
        return is_match != ("v" in letters)

    return matches


def _is_match(call: Call, pattern: Pattern, line: str, letters: set[str]) -> bool:
    if not letters & {"w", "x"}:
        return pattern.search(line, call.budget) is not None
    for match in pattern.find_all(line, call.budget):
        if match.end - match.start == len(line):
            return True
        around = line[max(match.start - 1, 0) : match.start] + line[match.end : match.end + 1]
        if "w" in letters and not any(char.isalnum() or char == "_" for char in around):
            return True
    return False


def _print_matches(
    call: Call, item: Input, matches: Callable[[str], bool], options: Options, *, is_named: bool
) -> bool:
    name = "(standard input)" if item.name == "-" else item.name
    found = [(n, line) for n, line in enumerate(lines_of(item.text or ""), 1) if matches(line)]
    prefix = f"{name}:" if is_named else ""
    if "q" in options.letters:
        pass
    elif "l" in options.letters:
        call.out.write(f"{name}\n" if found else "")
    elif "c" in options.letters:
        call.out.line(f"{prefix}{len(found)}")
    else:
        for number, line in found:
            call.out.line(f"{prefix}{number}:{line}" if "n" in options.letters else prefix + line)
    return bool(found)


def _files_under(call: Call, operands: list[str]) -> list[str]:
    """Readable files in the trees named; what may not be read is left out."""
    files: list[str] = []
    for operand in operands:
        root = call.path(operand)
        for path in call.files.subtree(root) or [root]:
            call.budget.spend(5)
            try:
                call.files.peek(path, call.user)
            except FileError as error:
                if str(error) != IS_DIRECTORY:
                    call.fail(f"{path}: {error}")
            else:
                inside = path[len(root) :].strip("/")
                files.append(posixpath.join(operand, inside) if inside else operand)
    return files


@COMMANDS.add("sort", "uniq", summary="sort lines, or drop repeated ones")
def sort(call: Call) -> int:
    """Sort lines (-r, -u), or drop repeated neighbours."""
    options = call.options("rnuc")
    items = list(call.inputs(options.operands))
    lines = [line for item in items for line in lines_of(item.text or "")]
    if call.name == "sort":
        lines = sorted(set(lines) if "u" in options.letters else lines, reverse="r" in options.letters)
    else:
        lines = [line for i, line in enumerate(lines) if i == 0 or lines[i - 1] != line]
    call.out.write("".join(line + "\n" for line in lines))
    return int(any(item.text is None for item in items))


@COMMANDS.add("cut", summary="print parts of lines: cut -d DELIMITER -f FIELDS, or -c CHARACTERS")
def cut(call: Call) -> int:
    """Print fields or characters, given as `1,3-5`."""
    options = call.options("s", "dfcb", {"delimiter": "d", "fields": "f", "characters": "c"})
    listed = options.value("f") or options.value("c") or options.value("b")
    ranges = [match.groups() for part in listed.split(",") if (match := _RANGE.fullmatch(part))]
    if not ranges:
        raise UsageError("you must specify a list of bytes, characters, or fields")
    delimiter = options.value("d", "\t")
    status = 0
    for item in call.inputs(options.operands):
        status = int(item.text is None) or status
        for line in lines_of(item.text or ""):
            call.budget.spend(1 + len(line) // 10)
            parts = line.split(delimiter) if "f" in options.letters and delimiter else list(line)
            kept = [part for n, part in enumerate(parts, 1) if any(_is_in(n, *ends) for ends in ranges)]
            is_whole = "f" in options.letters and len(parts) == 1
            call.out.line(line if is_whole else (delimiter if "f" in options.letters else "").join(kept))
    return status


def _is_in(number: int, low: str, dash: str, high: str) -> bool:
    return int(low or 1) <= number <= (int(high or number) if dash else int(low or 0))


@COMMANDS.add("diff", summary="show lines that differ between two files")
def diff(call: Call) -> int:
    """Show lines that only one of two files has; not a minimal difference."""
    operands = call.options("uqr").operands
    if len(operands) != 2:
        raise UsageError("missing operand", 2)
    old, new = (lines_of(call.files.read(call.path(operand), call.user)) for operand in operands)
    old_set, new_set = set(old), set(new)
    removed = [f"< {line}\n" for line in old if line not in new_set]
    added = [f"> {line}\n" for line in new if line not in old_set]
    call.out.write("".join(removed + added))
    return int(old != new)
