"""Commands that show what happened on the machine, and the attributes that protect its logs."""

from __future__ import annotations

import re
from typing import Final

from envs.devices.unix.calls import Call, CommandTable, UsageError, count
from envs.devices.unix.records import LogEntry

COMMANDS: Final = CommandTable()

_CHANGE: Final = re.compile(r"([-+=])([ai]*)")
_LOGIN: Final = re.compile(r"Accepted \w+ for (\S+) from (\S+) ")


@COMMANDS.add("lsattr", summary="show file attributes (a: append only, i: immutable)")
def lsattr(call: Call) -> int:
    """Show attributes."""

    def show(operand: str) -> None:
        path = call.path(operand)
        node = call.files.get(path, call.user)
        names = call.files.names(path, call.user) if node.is_directory and "d" not in letters else [""]
        for name in names:
            inner = f"{path.rstrip('/')}/{name}" if name else path
            flags = call.files.nodes[inner].flags
            shown = f"----{'i' if 'i' in flags else '-'}{'a' if 'a' in flags else '-'}--------e-------"
            call.out.line(f"{shown} {f'{operand}/{name}' if name else operand}")

    options = call.options("adlRv")
    letters = options.letters
    return call.each(options.operands or ["."], show, "{reason} while trying to stat {operand}")


@COMMANDS.add("chattr", summary="change file attributes: chattr +a|-a|+i|-i FILE")
def chattr(call: Call) -> int:
    """Change attributes; only root may."""
    args = [arg for arg in call.args if arg not in {"-R", "-V", "-f"}]
    change = _CHANGE.fullmatch(args[0]) if args else None
    if change is None or len(args) < 2:
        raise UsageError("Usage: chattr [-RVf] [-+=ai] files...")

    def act(operand: str) -> None:
        path = call.path(operand)
        old, named = set(call.files.get(path, call.user).flags), set(change[2])
        new = {"+": old | named, "-": old - named, "=": named}[change[1]]
        call.files.set_flags(path, "".join(sorted(new)), call.user)

    return call.each(args[1:], act, "{reason} while setting flags on {operand}")


@COMMANDS.add("journalctl", summary="show the machine's own log: journalctl [-n N] [-u UNIT]")
def journalctl(call: Call) -> int:
    """Show the log: -n the last lines, -u of one service, -r newest first."""
    options = call.options("befxkqaramN", "nuptS", {"no-pager": "N", "lines": "n", "unit": "u", "reverse": "r"})
    unit = options.value("u").removesuffix(".service")
    entries = [e for e in call.journal.entries if not unit or unit == e.source or f"{unit}.service" in e.text]
    number = options.value("n", "200")
    if number != "all":
        entries = entries[-count(number, "Failed to parse lines") or len(entries) :]
    if "r" in options.letters:
        entries.reverse()
    for entry in entries:
        call.out.line(_line(call, entry))
    if not entries:
        call.out.line("-- No entries --")
    return 0


def _line(call: Call, entry: LogEntry) -> str:
    when = call.machine.at(entry.time_s)
    return f"{when:%b %d %H:%M:%S} {call.machine.hostname} {entry.source}: {entry.text}"


@COMMANDS.add("dmesg", summary="show messages of the kernel")
def dmesg(call: Call) -> int:
    """Show what the kernel said since the last start."""
    boot_s = call.machine.boot_s
    call.out.line("[    0.000000] Booting Linux on physical CPU 0x0\n[    0.000000] Linux version 6.1.0 (armv7l)")
    for number, link in enumerate(call.machine.links, 1):
        call.out.line(f"[    {number}.204113] {link.channel.name}: registered {link.channel.medium} interface")
    for entry in call.journal.entries:
        if entry.source == "kernel" and entry.time_s > boot_s:
            call.out.line(f"[{entry.time_s - boot_s:>12.6f}] {entry.text}")
    return 0


@COMMANDS.add("last", "who", "w", "users", summary="show who logged in")
def last(call: Call) -> int:
    """Show logins: the one at the terminal, and those over the network."""
    machine = call.machine
    boot = machine.at(machine.boot_s).ctime()[:16]
    rows = [(match[1], "pts/0", match[2], machine.at(entry.time_s).ctime()[:16]) for entry in machine.journal.entries
            if (match := _LOGIN.search(entry.text))]  # fmt: skip
    rows.insert(0, (call.session.user.name, "tty1", "-", boot))
    if call.name == "users":
        call.out.line(" ".join(sorted({row[0] for row in rows})))
        return 0
    for user, line, source, when in reversed(rows) if call.name == "last" else rows:
        call.out.line(f"{user:<9} {line:<9} {source:<16} {when}")
    if call.name == "last":
        call.out.line(f"{'reboot':<9} {'system':<9} {'boot':<16} {boot}\n\nwtmp begins {boot}")
    return 0
