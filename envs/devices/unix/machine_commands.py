"""Commands on the machine itself: who and what it is, its clock, shells and power."""

from __future__ import annotations

import posixpath
from datetime import datetime
from typing import Final

from envs.devices.unix.calls import Call, CommandTable, UsageError, count
from envs.devices.unix.filesystem import ENTER, FileError
from envs.devices.unix.shell import ExitShell

COMMANDS: Final = CommandTable()


@COMMANDS.add("true", ":", "sleep", "clear", "sync", "wait", summary="do nothing, successfully")
def succeed(_: Call) -> int:
    """Do nothing."""
    return 0


@COMMANDS.add("false", summary="do nothing, unsuccessfully")
def fail(_: Call) -> int:
    """Fail."""
    return 1


@COMMANDS.add("nano", "vi", "vim", "emacs", "ed", "pico", "visudo", summary="edit a file; needs a terminal")
def editor(call: Call) -> int:
    """Interactive programs need a terminal."""
    file = next((arg for arg in call.args if not arg.startswith(("-", "+"))), "FILE")
    return call.fail(f"no interactive terminal here; use the write skill, `tee {file}` or `cat > {file} <<'EOF'`")


@COMMANDS.add("hostname", summary="print the name of this computer")
def hostname(call: Call) -> int:
    """Print the host name, or with -I the addresses."""
    shows_addresses = bool(call.options("IAisfd").letters & {"I", "i"})
    up = [link.address for link in call.machine.links if link.is_up]
    call.out.line(" ".join(up) if shows_addresses else call.machine.hostname)
    return 0


@COMMANDS.add("uname", summary="print system information")
def uname(call: Call) -> int:
    """Print the system's name; -a more."""
    is_long = "a" in call.options("asrnmvo").letters
    call.out.line(f"Linux {call.machine.hostname} 6.1.0 armv7l GNU/Linux" if is_long else "Linux")
    return 0


@COMMANDS.add("date", summary="print date and time")
def date(call: Call) -> int:
    """Print the simulated time; a +FORMAT of %Y %m %d %H %M %S %F %T is understood."""
    now = call.machine.now
    form = next((arg[1:] for arg in call.args if arg.startswith("+")), "")
    call.out.line(_formatted(now, form) if form else f"{now.ctime()[:19]} UTC {now.year}")
    return 0


def _formatted(now: datetime, form: str) -> str:
    text = form.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S")
    fields = {"Y": now.year, "m": now.month, "d": now.day, "H": now.hour, "M": now.minute, "S": now.second}
    for letter, value in fields.items():
        text = text.replace(f"%{letter}", f"{value:02d}")
    return text


@COMMANDS.add("uptime", summary="print how long this computer has been on")
def uptime(call: Call) -> int:
    """Print the time, and how long the machine has been on or the world has run."""
    minutes = int(call.machine.journal.time_s - call.machine.boot_s) // 60
    up = f"{minutes} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}"
    call.out.line(f" {_formatted(call.machine.now, '%T')} up {up},  1 user,  load average: 0.00, 0.01, 0.00")
    return 0


@COMMANDS.add("history", summary="print earlier command lines")
def history(call: Call) -> int:
    """Print earlier lines."""
    for number, line in enumerate(call.session.history, 1):
        call.out.line(f"{number:>5}  {line}")
    return 0


@COMMANDS.add("help", "man", summary="list the commands, or explain one")
def show_help(call: Call) -> int:
    """Explain one command or list them all."""
    if not call.args:
        call.out.line("Commands: " + " ".join(sorted(call.shell.commands)))
        return 0
    command = call.shell.commands.get(call.args[-1])
    if command is None:
        call.err.line(f"No manual entry for {call.args[-1]}")
        return 16
    call.out.line(f"{call.args[-1]} - {command.summary}")
    return 0


@COMMANDS.add("which", "type", "command", "whereis", summary="tell where a command is")
def which(call: Call) -> int:
    """Print where commands are."""
    known = [name for name in call.options("vapt").operands if name in call.shell.commands]
    for name in known:
        call.out.line(f"/usr/bin/{name}")
    return int(not known)


@COMMANDS.add("env", "printenv", "set", "export", summary="print the environment, or set NAME=VALUE")
def env(call: Call) -> int:
    """Print variables, or set them with export."""
    for arg in call.args:
        name, equals, value = arg.partition("=")
        if call.name == "export" and equals and name.isidentifier():
            call.session.variables[name] = value
        elif call.name == "printenv" and name in call.session.variables:
            call.out.line(call.session.variables[name])
    if not call.args:
        for name, value in sorted(call.session.variables.items()):
            call.out.line(f"{name}={value}")
    return 0


@COMMANDS.add("test", "[", summary="check files and compare text")
def test(call: Call) -> int:
    """Check: -e -f -d -s FILE, -n -z TEXT, A = B, A != B."""
    args = list(call.args)
    if call.name == "[" and (not args or args.pop() != "]"):
        raise UsageError("missing `]'", 2)
    is_negated = args[:1] == ["!"]
    args = args[1:] if is_negated else args
    return int(_is_true(call, args) == is_negated)


def _is_true(call: Call, args: list[str]) -> bool:
    if len(args) == 3 and args[1] in {"=", "==", "!="}:
        return (args[0] == args[2]) != (args[1] == "!=")
    if len(args) != 2:
        return len(args) == 1 and bool(args[0])
    operator, operand = args
    if operator in {"-n", "-z"}:
        return bool(operand) == (operator == "-n")
    try:
        node = call.files.get(call.path(operand), call.user)
    except FileError:
        return False
    checks = {"-e": True, "-f": not node.is_directory, "-d": node.is_directory, "-s": bool(node.text)}
    rights = {"-r": 4, "-w": 2, "-x": ENTER}
    if operator in rights:
        return node.allows(call.user, rights[operator])
    if operator not in checks:
        raise UsageError(f"{operator}: unary operator expected", 2)
    return checks[operator]


@COMMANDS.add("exit", "logout", summary="leave the shell")
def leave(call: Call) -> int:
    """End the line; at the top, the login as well."""
    status = count(call.args[0], "numeric argument required") & 255 if call.args else call.session.status
    raise ExitShell(status)


@COMMANDS.add("bash", "sh", "source", ".", "eval", summary="run a command line (-c LINE) or a file of them")
def bash(call: Call) -> int:
    """Run a line, a file or the input."""
    if call.name == "eval":
        line = " ".join(call.args)
    elif call.args[:1] == ["-c"]:
        if len(call.args) < 2:
            raise UsageError("-c: option requires an argument", 2)
        line = call.args[1]
    elif call.args:
        return _run_file(call)
    else:
        line = call.stdin
    try:
        return call.shell.run(line, call.out, call.err, call.user)
    except ExitShell as leaving:
        return leaving.status


def _run_file(call: Call) -> int:
    try:
        path = call.path(call.args[0])
        text = call.files.read(path, call.user)
    except FileError as error:
        return call.fail(f"{call.args[0]}: {error}", 127)
    try:
        return call.shell.run_script(path, text, call)
    except ExitShell as leaving:
        return leaving.status


@COMMANDS.add("nohup", "time", "exec", "builtin", "xargs", summary="run a command")
def run(call: Call) -> int:
    """Run another command; xargs adds the words of its input to the arguments."""
    args = [*call.args, *call.stdin.split()] if call.name == "xargs" else list(call.args)
    while args and args[0].startswith("-"):
        args.pop(0)
    if not args:
        return 0
    if len(args) > 2_000:
        raise UsageError("argument list too long", 126)
    return call.command(args, call.user)


@COMMANDS.add("basename", "dirname", "realpath", summary="take a path apart")
def take_apart(call: Call) -> int:
    """Print a part of a path."""
    if not call.args:
        raise UsageError("missing operand")
    take = {"basename": posixpath.basename, "dirname": posixpath.dirname}.get(call.name, call.path)
    call.out.line(take(call.args[0]) or ".")
    return 0


@COMMANDS.add("free", summary="print how full the memory is")
def free(call: Call) -> int:
    """Print memory."""
    call.out.line(f"{'':<8}{'total':>12}{'used':>12}{'free':>12}\n{'Mem:':<8}{1947716:>12}{412300:>12}{1535416:>12}")
    return 0
