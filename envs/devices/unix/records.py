"""Frozen records of what went over the network, what was mailed, and what the machine itself logged."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from envs.facts import Agent, Cause, Evidence

_BINARY: Final = re.compile(r"<binary data: (\d{1,15}) bytes[^<>\n]*>", re.ASCII)


def binary(name: str, size_bytes: int) -> str:
    """Text that stands for `size_bytes` of binary data, wherever it is copied to. `name` tells it from others."""
    return f"<binary data: {size_bytes} bytes, {name}>"


def size_of(text: str) -> int:
    """Size of `text` in bytes; a `binary` in it counts as what it stands for."""
    written = len(text.encode("utf-8", "replace"))
    if "<binary data" not in text:
        return written
    return written + sum(int(match[1]) - len(match[0]) for match in _BINARY.finditer(text))


class TransferKind(StrEnum):
    """What a connection was for."""

    LOGIN = "login"
    COPY = "copy"
    DOWNLOAD = "download"
    UPLOAD = "upload"
    MAIL = "mail"
    PING = "ping"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One connection, and what went over it.

    Attributes:
        started_s: World time at which it began.
        ended_s: World time at which it ended.
        kind: What it was for.
        author: Who caused it.
        user: The account it was made with at the machine that opened it.
        source: Host that the data came from.
        target: Host that the data went to.
        channel: Interface that it went over.
        is_declared: Whether that channel is on the list of the site.
        size_bytes: How much was sent.
        path: File at the source, or path of the URL for a download; "" for typed data.
        text: What was sent.
        is_complete: False when it was refused or cut short: then nothing arrived.
    """

    started_s: float
    ended_s: float
    kind: TransferKind
    author: Agent
    user: str
    source: str
    target: str
    channel: str
    is_declared: bool
    size_bytes: int
    path: str
    text: str
    is_complete: bool

    @property
    def cause(self) -> Cause:
        """The author as a cause for the ledger."""
        return Cause(self.author, Evidence.COMMAND, f"{self.kind} {self.source} to {self.target}")


@dataclass(frozen=True, slots=True)
class Mail:
    """One message. Addresses are `user` or `user@host`.

    Attributes:
        time_s: World time at which it was sent.
        sender: Address of the sender.
        to: Addresses that it is for.
        cc: Addresses that get a copy.
        subject: Subject line.
        body: Text.
        author: Who sent it; `ENVIRONMENT` for machines and for people off the scene.
    """

    time_s: float
    sender: str
    to: tuple[str, ...]
    subject: str
    body: str
    cc: tuple[str, ...] = ()
    author: Agent = Agent.ENVIRONMENT


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the machine's own journal, as `journalctl` shows it."""

    time_s: float
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A line that a user is shown after their next command."""

    user: str
    text: str
