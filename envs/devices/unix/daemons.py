"""What a machine does by itself when the time has come: cron, at, scripts, transfers, mail, a scheduled shutdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from envs.devices.unix.agenda import Arrival, Batch, CronMinute, Delivery, Errand, PowerCut
from envs.devices.unix.budget import Budget, ExhaustedError
from envs.devices.unix.calls import Command, Stream
from envs.devices.unix.cron import CronJob, CrontabError, parse_line
from envs.devices.unix.filesystem import User
from envs.devices.unix.machine import Machine
from envs.devices.unix.mail import deliver, report
from envs.devices.unix.shell import ExitShell, Shell
from envs.devices.unix.transfers import finish, receiving
from envs.facts import Agent

CRONTABS: Final = "/var/spool/cron/crontabs/"
_SYSTEM_CRONTAB: Final = "/etc/crontab"
_CRON_FOLDER: Final = "/etc/cron.d/"
_CRON: Final = "cron"
_LONGEST_S: Final = 86_400.0
_MAX_CRON_JOBS: Final = 50
_STEPS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A cron job, the file it stands in and the user it runs as."""

    job: CronJob
    path: str
    user: User


class Daemons:
    """Carries out the agenda of machines.

    Args:
        commands: Every command there is, by name.
    """

    def __init__(self, commands: Mapping[str, Command]) -> None:
        self._commands = dict(commands)

    def run_due(self, machine: Machine, time_s: float) -> None:
        """Do everything that is due by `time_s`, in order; a machine that is off does nothing."""
        while machine.is_on and machine.agenda.due_s <= time_s:
            task = machine.agenda.take()
            machine.journal.begin(Agent.ENVIRONMENT, max(task.due_s, machine.boot_s))
            match task.work:
                case CronMinute():
                    self._run_cron(machine, task.due_s, time_s)
                case Batch():
                    self._run_batch(machine, task.work)
                case Delivery():
                    deliver(machine, task.work.mail, task.work.recipient)
                case Arrival():
                    self._arrive(machine, task.work)
                case Errand():
                    self._go_on(machine, task.work)
                case PowerCut():
                    machine.journal.author = task.work.author
                    machine.power_off()
                    if task.work.restarts:
                        machine.power_on()

    def _run_cron(self, machine: Machine, due_s: float, time_s: float) -> None:
        entries = list(cron_entries(machine))
        later_s = max(due_s, time_s - _LONGEST_S) if entries else time_s
        machine.agenda.add(machine.minute_after(later_s), CronMinute())
        is_stopped = _CRON in machine.processes.services and all(
            process.is_paused for process in machine.processes.named(_CRON)
        )
        now = machine.at(due_s)
        for entry in [entry for entry in entries if not is_stopped and entry.job.is_due(now)][:_MAX_CRON_JOBS]:
            if machine.is_on:
                machine.journal.begin(Agent.ENVIRONMENT, due_s)
                machine.journal.author = machine.journal.writer(entry.path, entry.job.line)
                command, user = entry.job.command, entry.user
                machine.journal.log("CRON", f"({user.name}) CMD ({command})")
                output = self._run(machine, user, command, what="cron")
                if output:
                    report(machine, user.name, f"Cron <{user.name}@{machine.hostname}> {command}", output)

    def _run_batch(self, machine: Machine, batch: Batch) -> None:
        machine.journal.author = batch.author
        output = self._run(machine, batch.user, batch.line, what="at", cwd=batch.cwd)
        if output:
            report(machine, batch.user.name, f"Output from your job {batch.number:>8}", output)

    def _go_on(self, machine: Machine, errand: Errand) -> None:
        """Run the next part of a script, unless its process is gone; one that is paused waits."""
        now_s, process = machine.journal.time_s, machine.processes.running.get(errand.pid)
        if process is None:
            return
        if process.is_paused:
            machine.agenda.add(now_s + 1.0, errand)
            return
        part, rest = errand.parts[0], errand.parts[1:]
        machine.journal.author = machine.journal.writer(errand.path)
        self._run(machine, errand.user, part.text, what="script")
        if rest:
            machine.agenda.add(now_s + part.sleep_s, replace(errand, parts=rest))
        elif machine.is_on and errand.pid in machine.processes.running:
            machine.processes.end(errand.pid)

    def _arrive(self, machine: Machine, arrival: Arrival) -> None:
        process = machine.processes.running.get(arrival.pid or 0)
        now_s = machine.journal.time_s
        if process is not None and process.is_paused:
            machine.agenda.add(now_s + 1.0, arrival)
            return
        outcome = finish(machine, arrival, now_s)
        author, user = arrival.transfers[0].author, arrival.transfers[0].user
        if process is not None:
            state = "Done" if outcome.is_complete else "Exit 1"
            machine.journal.notify(user, "\n".join([f"[1]+  {state:<22} {arrival.command}", *outcome.errors]))
        for landing in arrival.landings:
            if landing is not None and landing.line and outcome.is_complete:
                receiver = receiving(machine, landing)
                receiver.journal.begin(author, now_s)
                self._run(receiver, landing.user, landing.line, what="ssh", stdin=landing.text or "")

    def _run(self, machine: Machine, user: User, line: str, *, what: str, cwd: str = "", stdin: str = "") -> str:
        """Run a line as `user`; return what it prints."""
        session = machine.session(user)
        session.cwd = cwd if cwd and machine.files.is_directory(cwd) else session.cwd
        machine.record(user.name, session.cwd, f"{what} command={line}")
        out = Stream()
        try:
            Shell(machine, session, self._commands, out, Budget(_STEPS)).run(line, out, out, user, stdin)
        except ExitShell:
            pass
        except ExhaustedError:
            out.line("Killed")
        return out.text


def cron_entries(machine: Machine) -> Iterator[Entry]:
    """Every cron job of the machine; lines that are not understood are left out."""
    for path in [p for p in machine.files.nodes if p.startswith((CRONTABS, _CRON_FOLDER)) or p == _SYSTEM_CRONTAB]:
        owner = path.removeprefix(CRONTABS) if path.startswith(CRONTABS) else ""
        for line in machine.files.nodes[path].text.splitlines():
            try:
                job = parse_line(line, has_user=not owner)
            except CrontabError:
                continue
            user = machine.users.get(owner or (job.user if job else ""))
            if job is not None and user is not None:
                yield Entry(job, path, user)
