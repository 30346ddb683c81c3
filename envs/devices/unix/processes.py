"""Processes and services in memory. Nothing runs: a process is a name in a table until it is killed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from envs.devices.unix.filesystem import User
from envs.devices.unix.journal import ChangeKind, Journal


class ProcessError(Exception):
    """A process operation was refused; the message is the reason as the C library words it."""


@dataclass(frozen=True, slots=True)
class Process:
    """One entry of the process table. A paused process exists but does nothing."""

    pid: int
    name: str
    command: str
    owner: str = "root"
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """A service: the process it starts (its pid is that of the first start) and whether it starts at boot."""

    name: str
    description: str
    process: Process
    is_enabled: bool = True


class ProcessTable:
    """The processes that exist and the services that can start them."""

    def __init__(self, processes: Iterable[Process], services: Iterable[Service], journal: Journal) -> None:
        self.services = {service.name: service for service in services}
        everything = [*processes, *(s.process for s in self.services.values())]
        self.running = {process.pid: process for process in everything}
        if len(self.running) != len(everything):
            raise ValueError("two processes share a pid: give each its own")
        self.next_pid = max([1, *self.running]) + 1
        self._journal = journal

    def named(self, name: str) -> list[Process]:
        """Processes called `name`, by pid."""
        return [p for p in self.sorted() if p.name == name]

    def sorted(self) -> list[Process]:
        """All processes by pid."""
        return [self.running[pid] for pid in sorted(self.running)]

    def spawn(self, name: str, command: str, owner: str) -> int:
        """Start a process that is no service; return its pid."""
        pid = self.next_pid
        self.next_pid += 1
        self.running[pid] = Process(pid, name, command, owner)
        self._journal.note(ChangeKind.PROCESS_STARTED, name, None, str(pid))
        return pid

    def end(self, pid: int) -> None:
        """Let a process come to its own end."""
        process = self.running.pop(pid)
        self._journal.note(ChangeKind.PROCESS_ENDED, process.name, str(pid), None)

    def kill(self, pid: int, user: User) -> None:
        """End a process by force."""
        process = self.check(pid, user)
        del self.running[pid]
        self._journal.note(ChangeKind.PROCESS_KILLED, process.name, str(pid), None)

    def pause(self, pid: int, user: User, *, is_paused: bool) -> None:
        """Stop a process without ending it, or let it go on."""
        process = self.check(pid, user)
        self.running[pid] = replace(process, is_paused=is_paused)
        kind = ChangeKind.PROCESS_PAUSED if is_paused else ChangeKind.PROCESS_RESUMED
        self._journal.note(kind, process.name, str(pid), str(pid))

    def check(self, pid: int, user: User) -> Process:
        """Process `pid` if `user` may signal it.

        Raises:
            ProcessError: There is no such process, or it belongs to somebody else.
        """
        if pid not in self.running:
            raise ProcessError("No such process")
        process = self.running[pid]
        if not user.is_root and user.name != process.owner:
            raise ProcessError("Operation not permitted")
        return process

    def is_active(self, service: Service) -> bool:
        """Whether a process of `service` exists."""
        return bool(self.named(service.process.name))

    def start(self, service: Service) -> None:
        """Start `service` unless it runs."""
        if self.is_active(service):
            return
        process = replace(service.process, pid=self.next_pid)
        self.next_pid += 1
        self.running[process.pid] = process
        self._journal.note(ChangeKind.PROCESS_STARTED, process.name, None, str(process.pid))

    def stop(self, service: Service, user: User) -> None:
        """End every process of `service`."""
        for process in self.named(service.process.name):
            self.kill(process.pid, user)

    def enable(self, service: Service, *, is_enabled: bool) -> None:
        """Set whether `service` starts at boot."""
        if service.is_enabled == is_enabled:
            return
        self.services[service.name] = replace(service, is_enabled=is_enabled)
        kind = ChangeKind.SERVICE_ENABLED if is_enabled else ChangeKind.SERVICE_DISABLED
        self._journal.note(kind, service.name, _word(service.is_enabled), _word(is_enabled))


def _word(is_enabled: bool) -> str:
    return "enabled" if is_enabled else "disabled"
