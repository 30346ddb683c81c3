"""Commands on whole trees of files and on the disk."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase
from typing import Final

from envs.devices.unix.calls import Call, CommandTable, UsageError, count
from envs.devices.unix.filesystem import FileError
from envs.devices.unix.records import size_of

COMMANDS: Final = CommandTable()

_DISK_KB: Final = 61_267_092


@COMMANDS.add("find", summary="search for files: find DIR [-name PATTERN] [-type f|d] [-maxdepth N]")
def find(call: Call) -> int:
    """List a tree, filtered by -name, -iname, -type, -maxdepth; -delete removes what is found."""
    roots: list[str] = []
    tests: dict[str, str] = {}
    waiting = list(reversed(call.args))
    while waiting:
        arg = waiting.pop()
        if arg in {"-name", "-iname", "-type", "-maxdepth"}:
            if not waiting:
                raise UsageError(f"missing argument to `{arg}'")
            tests[arg] = waiting.pop()
        elif arg == "-delete":
            tests[arg] = ""
        elif arg.startswith("-"):
            if arg != "-print":
                raise UsageError(f"unknown predicate `{arg}'")
        else:
            roots.append(arg)

    def walk(operand: str) -> None:
        root = call.path(operand)
        call.files.get(root, call.user)
        for path in sorted(call.files.subtree(root), reverse="-delete" in tests):
            call.budget.spend(5)
            inside = path[len(root) :].strip("/")
            if _is_found(call, path, inside.count("/") + 1 if inside else 0, tests):
                if "-delete" in tests:
                    call.files.remove(path, call.user)
                else:
                    call.out.line(posixpath.join(operand, inside) if inside else operand)

    return call.each(roots or ["."], walk, "'{operand}': {reason}")


def _is_found(call: Call, path: str, depth: int, tests: dict[str, str]) -> bool:
    try:
        node = call.files.get(path, call.user)
    except FileError:
        return False
    name = posixpath.basename(path)
    return (
        depth <= count(tests.get("-maxdepth", "999"), "Invalid argument to -maxdepth")
        and fnmatchcase(name, tests.get("-name", "*"))
        and fnmatchcase(name.lower(), tests.get("-iname", "*").lower())
        and tests.get("-type", "d" if node.is_directory else "f") == ("d" if node.is_directory else "f")
    )


@COMMANDS.add("ln", summary="make links; not possible on this disk")
def ln(call: Call) -> int:
    """Fail as on a disk without links."""
    operands = call.options("sfnv").operands
    if not operands:
        raise UsageError("missing file operand")
    return call.fail(f"failed to create link '{operands[-1]}': Operation not permitted")


@COMMANDS.add("truncate", "shred", summary="cut files to a size: truncate -s SIZE FILE")
def truncate(call: Call) -> int:
    """Cut files to -s characters; shred empties them, and removes them with -u."""
    options = call.options("cufvz", "sn", {"size": "s"})
    if call.name == "truncate" and "s" not in options.values:
        raise UsageError("you must specify either '--size' or '--reference'")
    size = count(options.value("s", "0"), "Invalid number") if call.name == "truncate" else 0

    def cut(operand: str) -> None:
        path = call.path(operand)
        text = call.files.nodes[path].text if path in call.files.nodes else ""
        call.files.check_writable(path, call.user)
        call.files.write(path, text[: max(size, 0)], call.user)
        if call.name == "shred" and "u" in options.letters:
            call.files.remove(path, call.user)

    return call.each(options.operands, cut, "cannot open '{operand}' for writing: {reason}")


@COMMANDS.add("du", summary="show how large directories are")
def du(call: Call) -> int:
    """Show the size of whole trees, in kilobytes, or bytes with -b."""
    options = call.options("shbackm", "d")

    def show(operand: str) -> None:
        path = call.path(operand)
        call.files.get(path, call.user)
        size = sum(size_of(call.files.nodes[inner].text) for inner in call.files.subtree(path))
        call.out.line(f"{size if 'b' in options.letters else -(-size // 1024)}\t{operand}")

    return call.each(options.operands or ["."], show, "cannot access '{operand}': {reason}")


@COMMANDS.add("df", summary="print how full the disk is")
def df(call: Call) -> int:
    """Print used kilobytes of the disk."""
    used = sum(size_of(node.text) for node in call.files.nodes.values()) // 1024
    call.out.line(f"{'Filesystem':<14} {'1K-blocks':>10} {'Used':>10} {'Available':>10} Use% Mounted on")
    total = max(_DISK_KB, used)
    call.out.line(f"{'/dev/root':<14} {total:>10} {used:>10} {total - used:>10} {100 * used // total:>3}% /")
    return 0
