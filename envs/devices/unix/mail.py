"""Mail: mailboxes as files in the mbox format, and how a message gets to its readers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from envs.devices.unix.agenda import Delivery
from envs.devices.unix.filesystem import File
from envs.devices.unix.journal import ChangeKind
from envs.devices.unix.machine import Machine
from envs.devices.unix.network import UnknownHostError, UnreachableError
from envs.devices.unix.records import Mail, Transfer, TransferKind, size_of
from envs.facts import Agent

MAIL_FOLDER: Final = "/var/mail"
MAX_MAILBOX_CHARS: Final = 64_000
_START: Final = re.compile(r"(?:\A|(?<=\n))From (?=\S+ )", re.ASCII)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as it lies in a mailbox: its first line, its headers and its body."""

    envelope: str
    headers: tuple[str, ...]
    body: str

    def header(self, name: str) -> str:
        """Value of a header, or ""."""
        prefix = name.lower() + ":"
        return next((h[len(prefix) :].strip() for h in self.headers if h.lower().startswith(prefix)), "")

    @property
    def is_read(self) -> bool:
        """Whether it was shown to the owner of the mailbox."""
        return "R" in self.header("Status")

    @property
    def text(self) -> str:
        """The message as text in the mailbox."""
        return "\n".join([self.envelope, *self.headers, "", self.body]).rstrip("\n") + "\n\n"

    def mark_read(self) -> Letter:
        """Return the same message with the note that it was shown."""
        return self if self.is_read else replace(self, headers=(*self.headers, "Status: RO"))


def mailbox(user: str) -> str:
    """Path of the mailbox of `user`."""
    return f"{MAIL_FOLDER}/{user}"


def letters_of(text: str) -> list[Letter]:
    """Split the text of a mailbox into messages; what is no message is left out."""
    letters: list[Letter] = []
    for part in _START.split(text)[1:]:
        head, _, body = part.partition("\n\n")
        envelope, *headers = head.split("\n")
        letters.append(Letter("From " + envelope, tuple(headers), body.rstrip("\n")))
    return letters


def deliver(machine: Machine, mail: Mail, recipient: str) -> None:
    """Put `mail` into the mailbox of the local user `recipient`, who is told after the next command."""
    when = machine.at(mail.time_s)
    headers = [f"From: {mail.sender}", f"To: {', '.join(mail.to)}"]
    headers += [f"Cc: {', '.join(mail.cc)}"] if mail.cc else []
    headers += [f"Subject: {_one_line(mail.subject)}", f"Date: {when:%a, %d %b %Y %H:%M:%S} +0000"]
    body = re.sub(r"^(>*From )", r">\1", mail.body, flags=re.MULTILINE)
    letter = Letter(f"From {_one_line(mail.sender) or '-'} {when.ctime()}", tuple(map(_one_line, headers)), body)
    path = mailbox(recipient)
    node = machine.files.nodes.get(path)
    if node is None or len(node.text) + len(letter.text) <= MAX_MAILBOX_CHARS:
        machine.files.append(path, letter.text, File(owner=recipient, group="mail", mode=0o660))
        notice = f"You have new mail in {path}"
        if all((kept.user, kept.text) != (recipient, notice) for kept in machine.journal.notices):
            machine.journal.notify(recipient, notice)


def send_mail(machine: Machine, mail: Mail, user: str) -> None:
    """Send `mail` from `machine` by the account `user`; what cannot be delivered comes back to the sender."""
    machine.journal.mails.append(mail)
    machine.journal.note(ChangeKind.MAIL_SENT, ", ".join((*mail.to, *mail.cc)), None, mail.subject)
    for address in dict.fromkeys((*mail.to, *mail.cc)):
        problem = _carry(machine, mail, address, user)
        if problem:
            body = f"This is the mail system at host {machine.hostname}.\n\n<{address}>: {problem}\n\n{mail.body}"
            bounce = Mail(
                mail.time_s, f"MAILER-DAEMON@{machine.hostname}", (mail.sender,), "Undelivered Mail Returned to Sender",
                body,
            )  # fmt: skip
            deliver(machine, bounce, user)


def schedule(machine: Machine, mail: Mail, time_s: float) -> None:
    """Let `mail` come in at `time_s` for each of its readers who has an account on `machine`.

    Raises:
        ValueError: None of them has.
    """
    readers = [name for name, host in map(_split, (*mail.to, *mail.cc)) if host in {"", machine.hostname}]
    known = [name for name in readers if name in machine.users]
    if not known:
        raise ValueError(f"no reader of {mail.subject!r} has an account on {machine.hostname}: address one who has")
    for name in known:
        machine.agenda.add(time_s, Delivery(mail, name))


def report(machine: Machine, user: str, subject: str, body: str) -> None:
    """Mail the output of a job to the user whose job it is."""
    mail = Mail(
        machine.journal.time_s, f"root@{machine.hostname}", (user,), subject, body, author=machine.journal.author
    )
    deliver(machine, mail, user)


def _carry(machine: Machine, mail: Mail, address: str, user: str) -> str:
    """Bring one copy to its reader; return why that is impossible, or ""."""
    name, host = _split(address)
    if host in {"", "localhost", machine.hostname}:
        return _accept(machine, mail, name)
    if machine.network is None:
        return "Host or domain name not found"
    try:
        route = machine.network.route(machine, host)
    except UnknownHostError:
        return "Host or domain name not found"
    except UnreachableError:
        return "connect to host: No route to host"
    receiver = machine.network.machines.get(route.target)
    if receiver is not None:
        problem = _accept(receiver, mail, name)
    else:
        problem = "" if machine.network.hosts[route.target].takes_mail else "connect to host: Connection refused"
    now_s = machine.journal.time_s
    machine.journal.transfers.append(
        Transfer(
            started_s=now_s, ended_s=now_s, kind=TransferKind.MAIL, author=mail.author, user=user,
            source=machine.hostname, target=route.target, channel=route.channel.name,
            is_declared=route.channel.is_declared, size_bytes=size_of(mail.body), path="", text=mail.body,
            is_complete=not problem,
        )
    )  # fmt: skip
    return problem


def _accept(machine: Machine, mail: Mail, name: str) -> str:
    if name not in machine.users:
        return "unknown user"
    machine.journal.begin(mail.author, mail.time_s)
    deliver(machine, mail, name)
    return ""


def _split(address: str) -> tuple[str, str]:
    name, _, host = address.partition("@")
    return name, host


def addresses(words: Iterable[str]) -> tuple[str, ...]:
    """Addresses in words that may hold commas."""
    return tuple(part.strip("<> ") for word in words for part in word.split(",") if part.strip("<> "))


def outgoing(machine: Machine, user: str, to: tuple[str, ...], subject: str, body: str, cc: tuple[str, ...]) -> Mail:
    """Return a message of the account `user`, now."""
    author: Agent = machine.journal.author
    return Mail(machine.journal.time_s, f"{user}@{machine.hostname}", to, subject, body, cc, author)


def _one_line(text: str) -> str:
    return " ".join(text.split())
