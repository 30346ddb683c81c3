"""Commands on files and directories."""

from __future__ import annotations

import posixpath
import re
import stat
from typing import Final

from envs.devices.unix.calls import Call, CommandTable, Options, UsageError
from envs.devices.unix.filesystem import DENIED, ENTER, IS_DIRECTORY, NOT_DIRECTORY, File, FileError
from envs.devices.unix.records import size_of

COMMANDS: Final = CommandTable()

_MODE: Final = re.compile(r"([ugoa]*)([-+=])([rwx]*)")
_SHIFTS: Final = {"u": 6, "g": 3, "o": 0}
_RECURSIVE: Final = {"recursive": "r", "force": "f", "verbose": "v"}


@COMMANDS.add("ls", "dir", summary="list directory contents")
def ls(call: Call) -> int:
    """List files: -a, -l, -d, -1; -h, -t, -r and -R are accepted without effect on the order."""
    options = call.options("alhdtrR1AF", long={"all": "a"})
    operands = options.operands or ["."]
    is_many = len(operands) > 1

    def show(operand: str) -> None:
        path = call.path(operand)
        node = call.files.get(path, call.user)
        if not node.is_directory or "d" in options.letters:
            call.out.line(_entry(call, operand, node, options))
            return
        names = call.files.names(path, call.user)
        if is_many:
            separator = "" if operand == operands[0] else "\n"
            call.out.line(f"{separator}{operand}:")
        if "l" in options.letters:
            call.out.line(f"total {len(names) * 4}")
        hidden = [".", ".."] if "a" in options.letters else []
        shown = [n for n in names if not n.startswith(".") or options.letters & {"a", "A"}]
        for name in [*hidden, *shown]:
            node = call.files.nodes[posixpath.normpath(posixpath.join(path, name))]
            call.out.line(_entry(call, name, node, options))

    return 2 * call.each(operands, show, "cannot access '{operand}': {reason}")


def _entry(call: Call, name: str, node: File, options: Options) -> str:
    if "l" not in options.letters:
        return name
    kind = stat.S_IFDIR if node.is_directory else stat.S_IFREG
    size, links = (4096, 2) if node.is_directory else (size_of(node.text), 1)
    date = call.machine.at(node.modified_s).ctime()[4:16]
    return f"{stat.filemode(kind | node.mode)} {links} {node.owner:<8} {node.group_name:<8} {size:>6} {date} {name}"


@COMMANDS.add("stat", "file", summary="show what kind of file this is")
def show_status(call: Call) -> int:
    """Show one line per file."""

    def show(operand: str) -> None:
        node = call.files.get(call.path(operand), call.user)
        kind = "directory" if node.is_directory else "ASCII text" if node.text else "empty"
        call.out.line(f"{operand}: {kind}, mode {node.mode:04o}, owner {node.owner}, {size_of(node.text)} bytes")

    return call.each(call.options("").operands, show, "cannot stat '{operand}': {reason}")


@COMMANDS.add("cd", summary="change the working directory")
def cd(call: Call) -> int:
    """Change the working directory."""
    operand = call.args[0] if call.args else call.session.home
    operand = call.session.variables.get("OLDPWD", operand) if operand == "-" else operand
    try:
        path = _enterable(call, operand)
    except FileError as error:
        call.err.line(f"bash: cd: {operand}: {error}")
        return 1
    call.session.variables["OLDPWD"] = call.session.cwd
    call.session.cwd = path
    return 0


def _enterable(call: Call, operand: str) -> str:
    path = call.path(operand)
    node = call.files.get(path, call.user)
    if not node.is_directory or not node.allows(call.user, ENTER):
        raise FileError(DENIED if node.is_directory else NOT_DIRECTORY)
    return path


@COMMANDS.add("pwd", summary="print the working directory")
def pwd(call: Call) -> int:
    """Print the working directory."""
    call.out.line(call.session.cwd)
    return 0


@COMMANDS.add("touch", summary="make an empty file or renew its date")
def touch(call: Call) -> int:
    """Make files."""
    operands = call.options("acm").operands
    return call.each(
        operands, lambda o: call.files.touch(call.path(o), call.user), "cannot touch '{operand}': {reason}"
    )


@COMMANDS.add("mkdir", summary="make directories")
def mkdir(call: Call) -> int:
    """Make directories; -p makes parents as well."""
    options = call.options("pv", long={"parents": "p"})

    def make(operand: str) -> None:
        path = call.path(operand)
        parents = [path]
        while "p" in options.letters and parents[-1] != "/":
            parents.append(posixpath.dirname(parents[-1]))
        for parent in reversed(parents):
            if "p" not in options.letters or not call.files.is_directory(parent):
                call.files.make_directory(parent, call.user)

    return call.each(options.operands, make, "cannot create directory '{operand}': {reason}")


@COMMANDS.add("rmdir", summary="remove empty directories")
def rmdir(call: Call) -> int:
    """Remove empty directories."""

    def remove(operand: str) -> None:
        path = call.path(operand)
        if not call.files.get(path, call.user).is_directory:
            raise FileError(NOT_DIRECTORY)
        call.files.remove(path, call.user)

    return call.each(call.options("p").operands, remove, "failed to remove '{operand}': {reason}")


@COMMANDS.add("rm", "unlink", summary="remove files or directories")
def rm(call: Call) -> int:
    """Remove files; -r directories as well, -f without complaint about missing ones."""
    options = call.options("rRfivu", long={**_RECURSIVE, "no-preserve-root": "N"})
    is_recursive = bool(options.letters & {"r", "R"})
    if is_recursive and "N" not in options.letters and any(call.path(o) == "/" for o in options.operands if o):
        call.fail("it is dangerous to operate recursively on '/'")
        return call.fail("use --no-preserve-root to override this failsafe")

    def remove(operand: str) -> None:
        path = call.path(operand)
        if "f" in options.letters and path not in call.files.nodes:
            return
        if call.files.get(path, call.user).is_directory and not is_recursive:
            raise FileError(IS_DIRECTORY)
        for inner in reversed(call.files.subtree(path)):
            call.files.remove(inner, call.user)

    return call.each(options.operands, remove, "cannot remove '{operand}': {reason}")


@COMMANDS.add("cp", summary="copy files and directories")
def cp(call: Call) -> int:
    """Copy; -r for directories."""
    options = call.options("rRafpvi", long=_RECURSIVE)
    target, sources = _target(call, options.operands)

    def copy(operand: str) -> None:
        source = call.path(operand)
        destination = _inside(call, target, source)
        node = call.files.get(source, call.user)
        if not node.is_directory:
            call.files.write(destination, call.files.read(source, call.user), call.user, node.mode)
            return
        if not options.letters & set("rRa"):
            raise UsageError(f"-r not specified; omitting directory '{operand}'")
        if (destination + "/").startswith(source.rstrip("/") + "/"):
            raise UsageError(f"cannot copy a directory, '{operand}', into itself, '{destination}'")
        for path in call.files.subtree(source):
            copied = destination + path[len(source) :]
            if not call.files.is_directory(path):
                mode = call.files.nodes[path].mode
                call.files.write(copied, call.files.read(path, call.user), call.user, mode)
            elif not call.files.is_directory(copied):
                call.files.make_directory(copied, call.user)

    return call.each(sources, copy, "cannot copy '{operand}': {reason}")


@COMMANDS.add("dd", summary="copy one file: dd if=FILE of=FILE")
def dd(call: Call) -> int:
    """Copy `if` (or the input) whole to `of` (or the output); sizes of blocks, status and conversions are ignored."""
    given = dict(arg.partition("=")[::2] for arg in call.args)
    for name in given.keys() - {"if", "of", "bs", "ibs", "obs", "status", "conv", "iflag", "oflag"}:
        raise UsageError(f"unrecognized operand '{name}'")
    source, target = given.get("if", ""), given.get("of", "")
    text = call.files.read(call.path(source), call.user) if source else call.stdin
    if target:
        call.files.write(call.path(target), text, call.user)
    else:
        call.out.write(text)
    call.err.line(f"{size_of(text)} bytes copied")
    return 0


@COMMANDS.add("mv", summary="move or rename files")
def mv(call: Call) -> int:
    """Move."""
    options = call.options("fviun", long=_RECURSIVE)
    target, sources = _target(call, options.operands)

    def move(operand: str) -> None:
        source = call.path(operand)
        call.files.get(source, call.user)
        destination = _inside(call, target, source)
        if source == destination:
            raise UsageError(f"'{operand}' and '{target}' are the same file")
        call.files.move(source, destination, call.user)

    return call.each(sources, move, "cannot move '{operand}': {reason}")


def _target(call: Call, operands: list[str]) -> tuple[str, list[str]]:
    if not operands:
        raise UsageError("missing file operand")
    if len(operands) == 1:
        raise UsageError(f"missing destination file operand after '{operands[0]}'")
    if len(operands) > 2 and not call.files.is_directory(call.path(operands[-1])):
        raise UsageError(f"target '{operands[-1]}': {NOT_DIRECTORY}")
    return operands[-1], operands[:-1]


def _inside(call: Call, target: str, source: str) -> str:
    path = call.path(target)
    return posixpath.join(path, posixpath.basename(source)) if call.files.is_directory(path) else path


@COMMANDS.add("chmod", summary="change file permissions")
def chmod(call: Call) -> int:
    """Change modes, octal or as in `u+w,go-r`; -R for whole trees."""
    # A mode such as -w looks like an option, so options are taken by hand.
    operands = [arg for arg in call.args if arg not in {"-R", "-v", "-f", "--recursive"}]
    if len(operands) < 2:
        raise UsageError("missing operand")

    def change(operand: str) -> None:
        path = call.path(operand)
        call.files.get(path, call.user)
        for inner in call.files.subtree(path) if "-R" in call.args or "--recursive" in call.args else [path]:
            call.files.set_mode(inner, _mode(operands[0], call.files.nodes[inner].mode), call.user)

    return call.each(operands[1:], change, "changing permissions of '{operand}': {reason}")


def _mode(text: str, mode: int) -> int:
    if re.fullmatch(r"[0-7]{1,4}", text):
        return int(text, 8)
    for clause in text.split(","):
        match = _MODE.fullmatch(clause)
        if match is None:
            raise UsageError(f"invalid mode: '{text}'")
        bits = sum({"r": 4, "w": 2, "x": 1}[right] for right in set(match[3]))
        for who in "ugo" if match[1] in {"", "a"} else set(match[1]) - {"a"}:
            shifted = bits << _SHIFTS[who]
            if match[2] == "=":
                mode &= ~(7 << _SHIFTS[who])
            mode = mode & ~shifted if match[2] == "-" else mode | shifted
    return mode


@COMMANDS.add("chown", "chgrp", summary="change file owner and group")
def chown(call: Call) -> int:
    """Change owner, `owner:group`, or with chgrp the group; -R for whole trees."""
    options = call.options("RvfH", long={"recursive": "R"})
    if len(options.operands) < 2:
        raise UsageError("missing operand")
    owner, _, group = options.operands[0].partition(":")
    if call.name == "chgrp":
        owner, group = "", owner
    for name in {owner, group} - {""}:
        if name not in call.machine.users and not any(name in user.groups for user in call.machine.users.values()):
            raise UsageError(f"invalid user: '{options.operands[0]}'")

    def change(operand: str) -> None:
        path = call.path(operand)
        call.files.get(path, call.user)
        for inner in call.files.subtree(path) if "R" in options.letters else [path]:
            node = call.files.nodes[inner]
            call.files.set_owner(inner, owner or node.owner, group or node.group, call.user)

    return call.each(options.operands[1:], change, "changing ownership of '{operand}': {reason}")
