"""Connections that take their time: what is small arrives at once, what is large when its seconds have passed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from envs.devices.unix.agenda import Arrival, Landing
from envs.devices.unix.calls import Call
from envs.devices.unix.filesystem import FileError
from envs.devices.unix.machine import Machine
from envs.devices.unix.network import Route
from envs.devices.unix.records import Transfer, TransferKind, size_of

AT_ONCE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Parcel:
    """One thing to send: its path at the source, its text (None for a directory) and what becomes of it."""

    path: str
    text: str | None
    landing: Landing | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a transfer: whether all of it arrived, and what to tell about the rest."""

    is_complete: bool
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BackgroundJob:
    """A transfer under way, and when it ends if nothing comes between."""

    due_s: float
    arrival: Arrival


def note(
    call: Call, kind: TransferKind, route: Route, path: str = "", text: str = "", *,
    is_inbound: bool = False, is_complete: bool = True,
) -> None:  # fmt: skip
    """Keep a record of a connection that takes no time."""
    record = _record(call, kind, route, Parcel(path, text), is_inbound=is_inbound)
    call.journal.transfers.append(replace(record, is_complete=is_complete))


def send(
    call: Call, kind: TransferKind, route: Route, parcels: Sequence[Parcel], *, is_inbound: bool = False
) -> Outcome | None:
    """Send `parcels` over `route`, or fetch them if `is_inbound`.

    Returns:
        The outcome when it is done at once; None when a background job was started, which the user is told.
    """
    machine, now_s = call.machine, call.journal.time_s
    records = tuple(_record(call, kind, route, parcel, is_inbound=is_inbound) for parcel in parcels)
    arrival = Arrival(records, tuple(parcel.landing for parcel in parcels))
    duration_s = sum(record.size_bytes for record in records) / route.channel.bandwidth_bytes_per_s
    if duration_s <= AT_ONCE_S:
        return finish(machine, arrival, now_s)
    command = " ".join([call.name, *call.args])[:200]
    pid = machine.processes.spawn(call.name, command, call.user.name)
    machine.agenda.add(now_s + duration_s, replace(arrival, command=command, pid=pid))
    number = len(under_way(machine, call.user.name))
    end = machine.at(now_s + duration_s)
    call.err.line(f"[{number}] {pid}  running in the background until about {end:%H:%M:%S}; `jobs` shows it")
    return None


def under_way(machine: Machine, user: str) -> list[BackgroundJob]:
    """Transfers that `user` has under way on the machine, in order of their end."""
    return [
        BackgroundJob(task.due_s, task.work)
        for task in machine.agenda.tasks
        if isinstance(task.work, Arrival) and task.work.transfers[0].user == user
    ]


def finish(machine: Machine, arrival: Arrival, time_s: float) -> Outcome:
    """End a transfer: put its files down, unless its process or its channel is gone, and keep the records."""
    is_alive = arrival.pid is None or machine.processes.running.pop(arrival.pid, None) is not None
    errors: list[str] = []
    for record, landing in zip(arrival.transfers, arrival.landings, strict=True):
        other = record.target if record.source == machine.hostname else record.source
        network = machine.network
        is_open = is_alive and network is not None and network.is_open(machine, other, record.channel)
        error = "" if is_open else "Connection closed"
        if is_open and landing is not None and not landing.line:
            error = _land(machine, landing, record, time_s)
        machine.journal.transfers.append(replace(record, ended_s=time_s, is_complete=not error))
        if error:
            errors.append(f"{landing.path if landing else record.path}: {error}")
    return Outcome(not errors, tuple(errors))


def _land(machine: Machine, landing: Landing, record: Transfer, time_s: float) -> str:
    """Write one file; return the reason when that fails."""
    receiver = receiving(machine, landing)
    receiver.journal.begin(record.author, time_s)
    try:
        if landing.text is not None:
            receiver.files.write(landing.path, landing.text, landing.user)
        elif not receiver.files.is_directory(landing.path):
            receiver.files.make_directory(landing.path, landing.user)
    except FileError as error:
        return str(error)
    return ""


def receiving(machine: Machine, landing: Landing) -> Machine:
    """Return the machine that `landing` is on."""
    if landing.host == machine.hostname or machine.network is None:
        return machine
    return machine.network.machines[landing.host]


def _record(call: Call, kind: TransferKind, route: Route, parcel: Parcel, *, is_inbound: bool) -> Transfer:
    source, target = (route.target, route.source) if is_inbound else (route.source, route.target)
    text = parcel.text or ""
    return Transfer(
        started_s=call.journal.time_s, ended_s=call.journal.time_s, kind=kind, author=call.journal.author,
        user=call.user.name, source=source, target=target, channel=route.channel.name,
        is_declared=route.channel.is_declared, size_bytes=size_of(text), path=parcel.path, text=text,
        is_complete=False,
    )  # fmt: skip
