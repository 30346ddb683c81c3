"""Commands on processes and services."""

from __future__ import annotations

from typing import Final

from envs.devices.unix.calls import Call, CommandTable, UsageError
from envs.devices.unix.pattern import Pattern, PatternError
from envs.devices.unix.processes import Process, ProcessError, Service
from envs.devices.unix.transfers import under_way

COMMANDS: Final = CommandTable()

_NUMBERS: Final = {
    "1": "HUP",
    "2": "INT",
    "3": "QUIT",
    "6": "ABRT",
    "9": "KILL",
    "15": "TERM",
    "18": "CONT",
    "19": "STOP",
}
_ENDING: Final = frozenset({"INT", "QUIT", "ABRT", "KILL", "TERM"})
_SIGNALS: Final = frozenset({*_NUMBERS.values(), "0", "TSTP", "USR1", "USR2"})
_INIT: Final = 1


@COMMANDS.add("ps", "top", "htop", "pstree", summary="list processes (aux: of everybody)")
def ps(call: Call) -> int:
    """List one's own processes, or with `aux`, `-e` or `-A` all; in the columns of `ps`, `ps aux` or `ps -ef`."""
    letters = set("".join(arg for arg in call.args if arg.isalpha() or arg.startswith("-")))
    letters |= set() if call.name == "ps" else set("au")
    shows_all = bool(letters & set("aexA"))
    is_full = "f" in letters and "u" not in letters
    if "u" in letters:
        call.out.line(f"{'USER':<10} {'PID':>5} %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND")
    else:
        call.out.line(f"{'UID':<8} {'PID':>7} TTY          TIME CMD" if is_full else "    PID TTY          TIME CMD")
    start = f"{call.machine.at(call.machine.boot_s):%H:%M}"
    for process in call.machine.processes.sorted():
        if not shows_all and process.owner != call.user.name:
            continue
        state = "T" if process.is_paused else "Ss" if process.pid == _INIT else "S"
        if "u" in letters:
            call.out.line(
                f"{process.owner:<10} {process.pid:>5}  0.0  0.3  11652  5960 ?        {state:<4} {start}   0:00 "
                f"{process.command}"
            )
        elif is_full:
            call.out.line(f"{process.owner:<8} {process.pid:>7} ?        00:00:00 {process.command}")
        else:
            call.out.line(f"{process.pid:>7} ?        00:00:00 {process.name}")
    return 0


@COMMANDS.add("pgrep", "pidof", summary="print the ids of processes by name")
def pgrep(call: Call) -> int:
    """Print ids; -f matches the whole command, -l and -a print names too."""
    options = call.options("flaxs", "u")
    found = [p for pattern in options.operands for p in _matching(call, pattern, options.letters)]
    if call.name == "pidof":
        call.out.write(" ".join(str(p.pid) for p in found) + ("\n" if found else ""))
        return int(not found)
    for process in found:
        shown = process.command if "a" in options.letters else process.name if "l" in options.letters else ""
        call.out.line(f"{process.pid} {shown}".rstrip())
    return int(not found)


def _matching(call: Call, pattern: str, letters: set[str]) -> list[Process]:
    is_exact = call.name in {"pidof", "killall"} or "x" in letters
    try:
        compiled = Pattern(pattern, is_extended=True)
    except PatternError as error:
        raise UsageError(str(error), 2) from None

    def matches(process: Process) -> bool:
        if is_exact:
            return process.name == pattern
        return compiled.search(process.command if "f" in letters else process.name, call.budget) is not None

    return [p for p in call.machine.processes.sorted() if matches(p)]


@COMMANDS.add("kill", "pkill", "killall", summary="signal processes by id (kill) or name (pkill, killall)")
def kill(call: Call) -> int:
    """Signal processes: TERM unless -SIGNAL, -NUMBER or -s SIGNAL says otherwise."""
    if call.args[:1] == ["-l"]:
        call.out.line(" ".join(sorted(_SIGNALS)))
        return 0
    signal, letters, operands = "TERM", set[str](), list[str]()
    waiting = list(reversed(call.args))
    while waiting:
        arg = waiting.pop()
        if arg in {"-s", "-n", "--signal"} and waiting:
            signal = _signal(waiting.pop())
        elif arg in {"-f", "-x", "-v", "-q", "-e", "-i", "-w"}:
            letters.add(arg[1])
        elif arg.startswith("-") and arg != "--" and not operands:
            signal = _signal(arg[1:])
        elif arg != "--":
            operands.append(arg)
    if not operands:
        raise UsageError("usage: kill [-s signal] pid ...", 2)
    if call.name == "kill":
        return max([_kill_by_id(call, operand, signal) for operand in operands])
    return max([_kill_by_name(call, operand, letters, signal) for operand in operands])


def _signal(text: str) -> str:
    name = _NUMBERS.get(text, text.upper().removeprefix("SIG"))
    if name not in _SIGNALS:
        raise UsageError(f"{text}: invalid signal specification")
    return name


def _kill_by_id(call: Call, operand: str, signal: str) -> int:
    if operand.startswith("%"):
        operand = _job_pid(call, operand[1:]) or operand
    if not (operand.isascii() and operand.isdecimal() and len(operand) < 10):
        call.err.line(f"bash: kill: {operand}: arguments must be process or job IDs")
        return 1
    try:
        _send(call, int(operand), signal)
    except ProcessError as error:
        call.err.line(f"bash: kill: ({operand}) - {error}")
        return 1
    return 0


def _job_pid(call: Call, number: str) -> str:
    """Process of a background job by its number, or ""."""
    pids = [job.arrival.pid for job in under_way(call.machine, call.user.name)]
    index = int(number) if number.isascii() and number.isdecimal() and len(number) < 5 else len(pids)
    return str(pids[index - 1]) if 1 <= index <= len(pids) else ""


def _kill_by_name(call: Call, pattern: str, letters: set[str], signal: str) -> int:
    found = _matching(call, pattern, letters)
    if not found:
        return call.fail(f"{pattern}: no process found") if call.name == "killall" else 1
    status = 0
    for process in found:
        try:
            _send(call, process.pid, signal)
        except ProcessError as error:
            status = call.fail(f"{process.name}({process.pid}): {error}")
    return status


def _send(call: Call, pid: int, signal: str) -> None:
    processes = call.machine.processes
    processes.check(pid, call.user)
    if pid == _INIT:
        return
    if signal in _ENDING:
        processes.kill(pid, call.user)
    elif signal in {"STOP", "TSTP", "CONT"}:
        processes.pause(pid, call.user, is_paused=signal != "CONT")


@COMMANDS.add("systemctl", "service", summary="services: systemctl status|start|stop|restart|enable|disable NAME")
def systemctl(call: Call) -> int:
    """Ask about or control services."""
    is_now = "--now" in call.args
    words = [arg for arg in call.args if not arg.startswith("-")]
    if call.name == "service" and len(words) > 1:
        words = [words[1], words[0], *words[2:]]
    verb, names = (words[0], words[1:]) if words else ("list-units", [])
    if verb in {"poweroff", "reboot", "halt"}:
        call.name, call.args = verb, []
        return call.shell.call(call)
    if verb == "daemon-reload":
        return 0
    if verb in {"list-units", "list-unit-files"}:
        return _list(call)
    if verb not in {"status", "is-active", "is-enabled", "show", "cat", *_CONTROLS}:
        return call.fail(f"Unknown command verb '{verb}'.")
    if not names:
        raise UsageError("Too few arguments.")
    return max([_one(call, verb, name.removesuffix(".service"), is_now=is_now) for name in names])


_CONTROLS: Final = frozenset({"start", "stop", "kill", "restart", "reload", "enable", "disable"})


def _list(call: Call) -> int:
    processes = call.machine.processes
    for service in processes.services.values():
        state = "active" if processes.is_active(service) else "inactive"
        call.out.line(f"{service.name}.service  loaded {state:<8} {service.description}")
    return 0


def _one(call: Call, verb: str, name: str, *, is_now: bool) -> int:
    processes = call.machine.processes
    service = processes.services.get(name)
    if service is None:
        call.err.line(f"Unit {name}.service could not be found.")
        return 5 if verb in _CONTROLS else 4
    if verb in _CONTROLS:
        return _control(call, verb, service, is_now=is_now)
    is_active = processes.is_active(service)
    if verb == "is-enabled":
        call.out.line("enabled" if service.is_enabled else "disabled")
        return int(not service.is_enabled)
    if verb == "is-active":
        call.out.line("active" if is_active else "inactive")
    else:
        _describe(call, service, is_active=is_active)
    return 0 if is_active else 3


def _describe(call: Call, service: Service, *, is_active: bool) -> None:
    call.out.line(f"{'●' if is_active else '○'} {service.name}.service - {service.description}")
    call.out.line(f"     Loaded: loaded ({service.name}.service; {'enabled' if service.is_enabled else 'disabled'})")
    call.out.line(f"     Active: {'active (running)' if is_active else 'inactive (dead)'}")
    for process in call.machine.processes.named(service.process.name):
        call.out.line(f"   Main PID: {process.pid} ({process.command})")


def _control(call: Call, verb: str, service: Service, *, is_now: bool) -> int:
    if not call.user.is_root:
        call.err.line(f"Failed to {verb} {service.name}.service: Interactive authentication required.")
        return 1
    processes = call.machine.processes
    was_active = processes.is_active(service)
    if verb in {"enable", "disable"}:
        processes.enable(service, is_enabled=verb == "enable")
    if verb in {"stop", "kill", "restart"} or (verb == "disable" and is_now):
        processes.stop(service, call.user)
    if verb in {"start", "restart"} or (verb == "enable" and is_now):
        processes.start(service)
    if was_active and verb in {"stop", "kill", "restart", "disable"} and (verb != "disable" or is_now):
        call.journal.log("systemd", f"Stopped {service.name}.service - {service.description}.")
    if processes.is_active(service) and (verb == "restart" or not was_active):
        call.journal.log("systemd", f"Started {service.name}.service - {service.description}.")
    return 0
