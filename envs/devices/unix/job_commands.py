"""Commands that leave work for later: crontab, at and its kin, and jobs in the background."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from envs.devices.unix.agenda import Batch, Task
from envs.devices.unix.calls import Call, CommandTable, UsageError, count
from envs.devices.unix.cron import CrontabError, parse_line
from envs.devices.unix.daemons import CRONTABS
from envs.devices.unix.filesystem import ROOT, File
from envs.devices.unix.journal import ChangeKind
from envs.devices.unix.transfers import under_way

COMMANDS: Final = CommandTable()

_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):?([0-5]\d)", re.ASCII)
_DELAY: Final = re.compile(r"now(?: ?\+ ?(\d{1,5}) ?(min|minute|hour|day|week)s?)?", re.ASCII)
_STAMP: Final = re.compile(r"(?:\d\d)?(?:\d\d)?(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d\d)?", re.ASCII)
_MAX_BATCHES: Final = 20
_SOONEST_S: Final = 1.0
_UNITS_S: Final = {"min": 60, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}


@COMMANDS.add(
    "crontab", summary="jobs at fixed times: crontab -l | -r | FILE | - (lines: MIN HOUR DAY MONTH WEEKDAY COMMAND)"
)
def crontab(call: Call) -> int:
    """List, remove or replace a user's cron jobs."""
    options = call.options("lrei", "u")
    name = options.value("u", call.user.name)
    if name != call.user.name and not call.user.is_root:
        return call.fail("must be privileged to use -u")
    if name not in call.machine.users:
        return call.fail(f"user `{name}' unknown")
    path = CRONTABS + name
    if "e" in options.letters:
        return call.fail("no interactive terminal here; use `crontab -l > f`, change f, then `crontab f`")
    if options.letters & {"l", "r"}:
        if path not in call.files.nodes:
            call.err.line(f"no crontab for {name}")
            return 1
        if "r" in options.letters:
            call.files.remove(path, ROOT)
        else:
            call.out.write(call.files.read(path, ROOT))
        return 0
    file = options.operands[0] if options.operands else "-"
    text = call.stdin if file == "-" else call.files.read(call.path(file), call.user)
    return _install(call, path, name, text, file)


def _install(call: Call, path: str, name: str, text: str, file: str) -> int:
    is_wrong = False
    for number, line in enumerate(text.splitlines(), 1):
        try:
            parse_line(line)
        except CrontabError as error:
            call.err.line(f'"{file}":{number}: {error}')
            is_wrong = True
    if is_wrong:
        call.err.line("errors in crontab file, can't install.")
        return 1
    node = call.files.nodes.get(path)
    if node is None:
        call.files.append(path, "", File(owner=name, group="crontab", mode=0o600))
    call.files.close(path, None if node is None else node.text, text, ROOT)
    return 0


@COMMANDS.add("at", "batch", summary="run commands later: at TIME <<EOF (now + 5 minutes, 14:30); -l lists, -d removes")
def at(call: Call) -> int:
    """Keep the lines of the input, or of -f FILE, for later."""
    if call.args[:1] == ["-l"]:
        return atq(call)
    if call.args[:1] in (["-d"], ["-r"]):
        call.args = call.args[1:]
        return atrm(call)
    if call.args[:1] == ["-c"]:
        return _show(call)
    options = call.options("mMbv", "ftq")
    words = " ".join(options.operands).lower() or ("now" if call.name == "batch" else "")
    when = _stamp(call, options.value("t")) if "t" in options.values else _when(call, words)
    text = call.files.read(call.path(options.value("f")), call.user) if "f" in options.values else call.stdin
    if not text.strip():
        raise UsageError("no commands given; send them as input: at TIME <<'EOF'")
    if sum(isinstance(task.work, Batch) for task in call.machine.agenda.tasks) >= _MAX_BATCHES:
        raise UsageError("cannot create job: too many are waiting")
    number = 1 + sum(c.kind is ChangeKind.BATCH_SUBMITTED for c in call.journal.changes)
    batch = Batch(number, text, call.user, call.session.cwd, call.journal.author)
    call.machine.agenda.add(max(call.machine.seconds(when), call.journal.time_s + _SOONEST_S), batch)
    call.journal.note(ChangeKind.BATCH_SUBMITTED, str(number), None, text)
    call.err.line(f"warning: commands will be executed using /bin/sh\njob {number} at {when.ctime()}")
    return 0


def _when(call: Call, words: str) -> datetime:
    now = call.machine.now
    delay = _DELAY.fullmatch(words)
    if delay:
        if delay[1] is None:
            return now
        return (now + timedelta(seconds=int(delay[1]) * _UNITS_S[delay[2]])).replace(second=0)
    is_tomorrow = words.endswith("tomorrow")
    clock_text = words.removesuffix("tomorrow").removesuffix("today").strip()
    clock_text = {"noon": "12:00", "midnight": "00:00", "teatime": "16:00"}.get(clock_text, clock_text)
    clock = _CLOCK.fullmatch(clock_text or f"{now:%H:%M}")
    if clock is None or not words:
        raise UsageError("Garbled time")
    when = now.replace(hour=int(clock[1]), minute=int(clock[2]), second=0)
    return when + timedelta(days=1) if is_tomorrow or when <= now else when


def _stamp(call: Call, text: str) -> datetime:
    match = _STAMP.fullmatch(text)
    now = call.machine.now
    try:
        if match:
            month, day, hour, minute = (int(part) for part in match.groups())
            return max(now, now.replace(month=month, day=day, hour=hour, minute=minute, second=0))
    except ValueError:
        pass
    raise UsageError("invalid date format")


def _batches(call: Call) -> list[tuple[Task, Batch]]:
    return [
        (task, task.work)
        for task in call.machine.agenda.tasks
        if isinstance(task.work, Batch) and (call.user.is_root or task.work.user == call.user)
    ]


@COMMANDS.add("atq", summary="list commands kept for later")
def atq(call: Call) -> int:
    """List jobs of `at`: one's own, or for root all."""
    for task, batch in _batches(call):
        call.out.line(f"{batch.number}\t{call.machine.at(task.due_s).ctime()} a {batch.user.name}")
    return 0


@COMMANDS.add("atrm", summary="remove commands kept for later")
def atrm(call: Call) -> int:
    """Remove jobs of `at`."""
    status = 0
    for arg in call.args:
        number = count(arg, "Cannot find jobid")
        if number not in {batch.number for _, batch in _batches(call)}:
            call.err.line(f"Cannot find jobid {number}")
            status = 1
            continue
        _drop(call, number)
        call.journal.note(ChangeKind.BATCH_REMOVED, arg, "waiting", None)
    return status


def _drop(call: Call, number: int) -> None:
    call.machine.agenda.drop(lambda work: isinstance(work, Batch) and work.number == number)


def _show(call: Call) -> int:
    wanted = set(call.args[1:])
    for _, batch in _batches(call):
        if str(batch.number) in wanted:
            call.out.line("#!/bin/sh\n" + batch.line.rstrip("\n"))
    return 0


@COMMANDS.add("jobs", summary="list what runs in the background")
def jobs(call: Call) -> int:
    """List transfers under way."""
    for number, job in enumerate(under_way(call.machine, call.user.name), 1):
        process = call.machine.processes.running.get(job.arrival.pid or 0)
        state = "Terminated" if process is None else "Stopped" if process.is_paused else "Running"
        end = call.machine.at(job.due_s)
        call.out.line(f"[{number}]+  {state:<22} {job.arrival.command} &  (until about {end:%H:%M:%S})")
    return 0


@COMMANDS.add("fg", "bg", "disown", summary="go on with what runs in the background")
def foreground(call: Call) -> int:
    """Tell that it goes on by itself."""
    if not under_way(call.machine, call.user.name):
        call.err.line(f"bash: {call.name}: current: no such job")
        return 1
    return jobs(call)
