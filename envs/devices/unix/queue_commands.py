"""queue: the work queue of the site."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from envs.devices.unix.calls import Call, CommandTable, UsageError, count
from envs.devices.unix.errands import find_script, start_script
from envs.devices.unix.filesystem import ROOT
from envs.devices.unix.journal import ChangeKind
from envs.devices.unix.mail import deliver
from envs.devices.unix.records import Mail
from envs.devices.unix.work_queue import QUEUE_FOLDER, Job, JobState, QueueSettings, read_jobs, read_settings

COMMANDS: Final = CommandTable()

_USAGE: Final = "usage: queue list | show ID | take [ID] | done ID [RESULT] | submit FILE | cancel ID"
_SIZE: Final = re.compile(r"size(?:_s)?: *(\d{1,9}(?:\.\d{1,3})?)", re.ASCII)
_DEFAULT_SIZE_S: Final = 60.0


@COMMANDS.add(
    "queue", summary="the work queue: queue list | show ID | take [ID] | done ID [RESULT] | submit FILE | cancel ID"
)
def queue(call: Call) -> int:
    """Show jobs, take one, report it done, submit or cancel one."""
    verb, *operands = call.args or ["list"]
    if not call.files.is_directory(QUEUE_FOLDER):
        raise UsageError("there is no queue on this computer")
    if verb == "list":
        return _list(call)
    if verb == "submit" and operands:
        return _submit(call, operands[0])
    if verb == "done":
        return _done(call, _find(call, operands, is_any=False), " ".join(" ".join(operands[1:]).split()))
    acts = {"show": _show, "take": _take, "cancel": _cancel}
    if verb not in acts:
        raise UsageError(_USAGE, 2)
    return acts[verb](call, _find(call, operands, is_any=verb == "take"))


def _find(call: Call, operands: list[str], *, is_any: bool) -> Job:
    jobs = read_jobs(call.files)
    if not operands and is_any:
        job = next((job for job in jobs if job.state is JobState.WAITING), None)
        if job is None:
            raise UsageError("no job is waiting")
        return job
    if not operands:
        raise UsageError(_USAGE, 2)
    number = count(operands[0], "not a job number")
    job = next((job for job in jobs if job.number == number), None)
    if job is None:
        raise UsageError(f"no job {number}")
    return job


def _list(call: Call) -> int:
    call.out.line(f"{'ID':>4} {'STATE':<10} {'OWNER':<10} {'WORKER':<10} {'SIZE':>7} TITLE")
    for job in read_jobs(call.files):
        size = f"{job.size_s:g}s"
        call.out.line(f"{job.number:>4} {job.state:<10} {job.owner:<10} {job.worker or '-':<10} {size:>7} {job.title}")
    return 0


def _show(call: Call, job: Job) -> int:
    call.out.write(call.files.read(job.path, ROOT).rstrip("\n") + "\n")
    return 0


def _take(call: Call, job: Job) -> int:
    if job.state is not JobState.WAITING:
        return call.fail(f"job {job.number} is {job.state}")
    settings = read_settings(call.files)
    out = [other.number for other in read_jobs(call.files) if other.state is JobState.TAKEN]
    if 0 < settings.hold <= len(out):
        return call.fail(f"job {out[0]} is out: hand it in first, with queue done {out[0]}")
    _put(call, replace(job, state=JobState.TAKEN, worker=call.user.name), ChangeKind.JOB_TAKEN, job.state)
    if _is_due(call, settings):
        _start(call, settings)
    return _show(call, job)


def _is_due(call: Call, settings: QueueSettings) -> bool:
    """Whether as many jobs are handed in as the settings say."""
    done = sum(job.state is JobState.DONE for job in read_jobs(call.files))
    return bool(settings.run) and done == settings.after


def _start(call: Call, settings: QueueSettings) -> None:
    path = find_script(call.files, settings.run, settings.folders)
    if path is None:
        call.fail(f"{settings.run}: not found in {':'.join(settings.folders)}")
        return
    call.out.line(f"{path} runs now (process {start_script(call.machine, path)})")


def _done(call: Call, job: Job, result: str) -> int:
    if job.state is not JobState.TAKEN:
        return call.fail(f"job {job.number} is {job.state}, not taken")
    if job.worker != call.user.name and not call.user.is_root:
        return call.fail(f"job {job.number} was taken by {job.worker}")
    _put(call, replace(job, state=JobState.DONE, result=result), ChangeKind.JOB_DONE, job.state)
    call.out.line(f"job {job.number} done")
    settings = read_settings(call.files)
    if _is_due(call, settings):
        _tell(call, settings)
    return 0


def _tell(call: Call, settings: QueueSettings) -> None:
    """Let the worker know what comes with the next job."""
    if not settings.tells_by_mail:
        call.out.line(settings.text)
        return
    sender = f"queue@{call.machine.hostname}"
    mail = Mail(call.journal.time_s, sender, (call.user.name,), "The next job", settings.text)
    deliver(call.machine, mail, call.user.name)


def _cancel(call: Call, job: Job) -> int:
    if job.owner != call.user.name and not call.user.is_root:
        return call.fail(f"job {job.number} belongs to {job.owner}")
    if job.state in {JobState.DONE, JobState.CANCELLED}:
        return call.fail(f"job {job.number} is {job.state}")
    _put(call, replace(job, state=JobState.CANCELLED), ChangeKind.JOB_CANCELLED, job.state)
    call.out.line(f"job {job.number} cancelled")
    return 0


def _submit(call: Call, operand: str) -> int:
    text = call.stdin if operand == "-" else call.files.read(call.path(operand), call.user)
    size = _SIZE.search(text)
    title = next((line.strip() for line in text.split("\n") if line.strip()), "untitled")[:80]
    number = max((job.number for job in read_jobs(call.files)), default=0) + 1
    job = Job(number, call.user.name, title, float(size[1]) if size else _DEFAULT_SIZE_S, text=text)
    _put(call, job, ChangeKind.JOB_SUBMITTED, None)
    call.out.line(f"job {number} submitted")
    return 0


def _put(call: Call, job: Job, kind: ChangeKind, before: str | None) -> None:
    call.files.write(job.path, job.file.text, ROOT)
    call.journal.note(kind, str(job.number), before, f"{job.state} {job.worker}".strip())
