"""Commands that work on another machine: ssh, scp, and what hands them a password."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Final

from envs.devices.unix.access import Login, RefusedError, log_in
from envs.devices.unix.agenda import Landing
from envs.devices.unix.calls import Call, CommandTable, UsageError
from envs.devices.unix.filesystem import IS_DIRECTORY, NOT_FOUND, FileError, User, absolute
from envs.devices.unix.machine import Machine
from envs.devices.unix.network import key_pair
from envs.devices.unix.records import TransferKind
from envs.devices.unix.shell import ExitShell, Shell
from envs.devices.unix.transfers import Parcel, note, send

COMMANDS: Final = CommandTable()

_SSH_VALUED: Final = frozenset("BbcDEeFIiJLlmOopQRSWw")
_TUNNELS: Final = frozenset("DLR")


@COMMANDS.add("sshpass", summary="give a password to ssh or scp: sshpass -p PASSWORD COMMAND")
def sshpass(call: Call) -> int:
    """Run a command with a password, given by -p or in a file by -f."""
    args = list(call.args)
    password = ""
    while args and args[0].startswith("-"):
        letter, value = args[0][1:2], args.pop(0)[2:]
        if letter not in {"p", "f", "e"}:
            raise UsageError(f"invalid option -- '{letter}'")
        value = value or (args.pop(0) if args and letter != "e" else "")
        password = {"p": value, "e": call.session.variables.get("SSHPASS", "")}.get(letter, value)
        if letter == "f":
            password = call.files.read(call.path(value), call.user).split("\n")[0]
    if not args:
        raise UsageError("Usage: sshpass [-f filename|-p password|-e] command parameters")
    return call.command(args, call.user, password)


@COMMANDS.add("ssh", "slogin", summary="log in to another computer, or run a command there: ssh [USER@]HOST [COMMAND]")
def ssh(call: Call) -> int:
    """Run a command elsewhere; without one, the lines that follow run there until `exit`."""
    args, values, letters = _ssh_options(call)
    if not args:
        raise UsageError("usage: ssh [-i identity_file] [-l login_name] [-p port] destination [command]", 255)
    name = values.get("l", "")
    destination = f"{name}@{args[0]}" if name and "@" not in args[0] else args[0]
    tunnel = " ".join(f"-{letter} {value}" for letter, value in values.items() if letter in _TUNNELS)
    try:
        login = log_in(call, destination.removeprefix("ssh://"), values.get("i", ""), tunnel)
    except RefusedError as error:
        call.err.line(str(error))
        return error.status
    line = " ".join(args[1:])
    if letters & {"N", "f"} and not line:
        call.machine.processes.spawn("ssh", " ".join(["ssh", *call.args]), call.user.name)
        return 0
    if line or call.stdin:
        return _run_there(call, login, line)
    call.session.opened = login.machine.session(login.user)
    call.out.line(f"Linux {login.machine.hostname} 6.1.0 armv7l GNU/Linux")
    return 0


def _ssh_options(call: Call) -> tuple[list[str], dict[str, str], set[str]]:
    """Operands, values of options, and letters; options end at the destination."""
    args = list(call.args)
    values: dict[str, str] = {}
    letters: set[str] = set()
    operands: list[str] = []
    while args and (args[0].startswith("-") or not operands):
        arg = args.pop(0)
        if not arg.startswith("-") or len(arg) < 2:
            operands.append(arg)
        elif arg[1] in _SSH_VALUED:
            values[arg[1]] = arg[2:] or (args.pop(0) if args else "")
        else:
            letters |= set(arg[1:])
            if arg[-1] in _TUNNELS and args:
                values[arg[-1]] = args.pop(0)
    return operands + args, values, letters


def _run_there(call: Call, login: Login, line: str) -> int:
    """Run `line` on the other machine with our input, or our input itself when there is no line."""
    if line and call.stdin:
        landing = Landing(login.machine.hostname, "", call.stdin, login.user, line)
        outcome = send(call, TransferKind.COPY, login.route, [Parcel("", call.stdin, landing)])
        if outcome is None or not outcome.is_complete:
            return int(outcome is not None) * 255
    first = len(call.out.text)
    line, stdin = (line, call.stdin) if line else (call.stdin, "")
    machine = login.machine
    machine.record(login.user.name, machine.home(login.user.name), f"command={line}")
    shell = Shell(machine, machine.session(login.user), call.shell.commands, call.out, call.budget)
    try:
        status = shell.run(line, call.out, call.err, login.user, stdin)
    except ExitShell as leaving:
        status = leaving.status
    printed = call.out.text[first:]
    if printed:
        note(call, TransferKind.COPY, login.route, "", printed, is_inbound=True)
    return status if machine.is_on else 255


@dataclass(frozen=True, slots=True)
class _Place:
    """A file on this machine (no login) or on another one."""

    machine: Machine
    user: User
    path: str
    login: Login | None


@COMMANDS.add("scp", "rsync", summary="copy files to or from another computer: scp [-r] FILE... [USER@]HOST:PATH")
def scp(call: Call) -> int:
    """Copy between machines; -r for directories."""
    options = call.options("rpqCvBazhuP346T" if call.name == "rsync" else "rpqCvBT346O", "PiolceFJS")
    operands = options.operands
    if len(operands) < 2:
        raise UsageError("usage: scp [-r] [-i identity_file] source ... target")
    is_recursive = bool(options.letters & {"r", "a"})
    status = 0
    try:
        target = _place(call, operands[-1], options.value("i"))
        for operand in operands[:-1]:
            source = _place(call, operand, options.value("i"))
            status = _copy(call, source, target, operand, is_recursive=is_recursive) or status
    except RefusedError as error:
        call.err.line(str(error))
        call.err.line("scp: Connection closed")
        return error.status
    return status


def _place(call: Call, operand: str, identity: str) -> _Place:
    host, colon, path = operand.partition(":")
    if not colon or "/" in host:
        return _Place(call.machine, call.user, call.path(operand), None)
    login = log_in(call, host, identity)
    home = login.machine.home(login.user.name)
    path = path[2:] if path.startswith("~/") else "" if path == "~" else path
    return _Place(login.machine, login.user, absolute(path or ".", home), login)


def _copy(call: Call, source: _Place, target: _Place, operand: str, *, is_recursive: bool) -> int:
    if source.login is not None and target.login is not None:
        return call.fail("copying between two other computers is not available; copy to this one first")
    login = source.login or target.login
    if login is None:
        return call.command(["cp", *(["-r"] if is_recursive else []), source.path, target.path], call.user)
    try:
        parcels = _parcels(source, target, is_recursive=is_recursive)
    except FileError as reason:
        return call.fail(f"{operand}: {reason}")
    call.budget.spend(50 * len(parcels))
    outcome = send(call, TransferKind.COPY, login.route, parcels, is_inbound=source.login is not None)
    for error in outcome.errors if outcome else ():
        call.fail(f"dest open {error}")
    return int(outcome is not None and not outcome.is_complete)


def _parcels(source: _Place, target: _Place, *, is_recursive: bool) -> list[Parcel]:
    files, landing_files = source.machine.files, target.machine.files
    if files.get(source.path, source.user).is_directory and not is_recursive:
        raise FileError("not a regular file")
    base = target.path
    if landing_files.is_directory(base):
        base = posixpath.join(base, posixpath.basename(source.path))
    if not landing_files.is_directory(posixpath.dirname(base)):
        raise FileError(NOT_FOUND)
    parcels: list[Parcel] = []
    for path in files.subtree(source.path):
        text = None if files.is_directory(path) else files.read(path, source.user)
        place = base + path[len(source.path) :]
        landing = Landing(target.machine.hostname, place, text, target.user)
        if text is not None and place == base:
            landing_files.check_writable(place, target.user)
        parcels.append(Parcel(path, text, landing))
    if len(parcels) > 1 and base in landing_files.nodes and not landing_files.is_directory(base):
        raise FileError(IS_DIRECTORY)
    return parcels


@COMMANDS.add("ssh-keygen", summary="make a pair of keys for ssh: ssh-keygen [-t ed25519] [-f FILE] [-N '']")
def ssh_keygen(call: Call) -> int:
    """Make keys; there is never a passphrase."""
    options = call.options("qy", "tfNCbP")
    path = call.path(options.value("f") or f"{call.machine.home(call.user.name)}/.ssh/id_ed25519")
    folder = posixpath.dirname(path)
    if not call.files.is_directory(folder):
        call.files.make_directory(folder, call.user)
    keys = key_pair(f"{call.user.name}@{call.machine.hostname}:{path}:{call.journal.time_s}")
    call.files.write(path, keys.private, call.user)
    call.files.set_mode(path, 0o600, call.user)
    call.files.write(path + ".pub", keys.public, call.user)
    call.out.line(f"Your identification has been saved in {path}\nYour public key has been saved in {path}.pub")
    return 0
