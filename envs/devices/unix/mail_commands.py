"""mail: read the mailbox and send messages, as mailx does without a terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from envs.devices.unix.calls import Call, CommandTable, UsageError
from envs.devices.unix.filesystem import FileError
from envs.devices.unix.mail import Letter, addresses, letters_of, mailbox, outgoing, send_mail
from envs.devices.unix.records import size_of

COMMANDS: Final = CommandTable()

_NUMBERS: Final = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?", re.ASCII)
_PRINT: Final = frozenset({"p", "print", "t", "type", "more", "", "n", "next"})
_MAX_SHOWN: Final = 200


@COMMANDS.add("mail", "mailx", "Mail", summary="read mail (mail, mail -p N) or send: mail -s SUBJECT ADDRESS <<EOF")
def mail(call: Call) -> int:
    """List the mailbox, print messages of it, or send one."""
    options = call.options("HNnEvepi", "scfur")
    if "r" in options.letters:
        raise UsageError("the sender cannot be chosen here")
    numbers = [o for o in options.operands if _NUMBERS.fullmatch(o)]
    is_reading = bool(options.letters & {"H", "e", "p", "f", "u"}) or "s" not in options.letters
    if is_reading and len(numbers) == len(options.operands):
        return _read(call, options.value("f"), options.value("u", call.user.name), options.letters, numbers)
    if not call.stdin:
        raise UsageError("no text given; send with: mail -s SUBJECT ADDRESS <<'EOF'")
    to = addresses(options.operands)
    if not to:
        raise UsageError("Send options without primary recipient specified.")
    copies = addresses(options.values.get("c", []))
    subject = options.value("s")
    send_mail(
        call.machine, outgoing(call.machine, call.user.name, to, subject, call.stdin.removesuffix("\n"), copies),
        call.user.name,
    )  # fmt: skip
    return 0


@COMMANDS.add("sendmail", summary="send a message with headers: sendmail ADDRESS <<EOF")
def sendmail(call: Call) -> int:
    """Send the message on the input; -t takes the readers from its headers."""
    options = call.options("ti", "fFo")
    head, _, body = call.stdin.partition("\n\n")
    letter = Letter("", tuple(head.split("\n")), body)
    to = addresses(options.operands) or addresses([letter.header("To")])
    if not to:
        raise UsageError("fatal: Recipient addresses must be specified on the command line or via the -t option", 64)
    copies = addresses([letter.header("Cc")])
    send_mail(
        call.machine, outgoing(call.machine, call.user.name, to, letter.header("Subject"), body, copies),
        call.user.name,
    )  # fmt: skip
    return 0


@dataclass(slots=True)
class _Mailbox:
    path: str
    letters: list[Letter]
    deleted: set[int]


def _read(call: Call, file: str, user: str, letters: set[str], numbers: list[str]) -> int:
    path = call.path(file) if file else mailbox(user)
    try:
        call.files.get(path, call.user)
        box = _Mailbox(path, letters_of(call.files.read(path, call.user)), set())
    except FileError as error:
        if path in call.files.nodes:
            return call.fail(f"{path}: {error}")
        box = _Mailbox(path, [], set())
    call.journal.notices = [notice for notice in call.journal.notices if not notice.text.endswith(f" {path}")]
    if not box.letters:
        call.err.write("" if "e" in letters else f"No mail for {user}\n")
        return 1
    if "e" in letters:
        return 0
    before = list(box.letters)
    if numbers or "p" in letters:
        for number in numbers or [f"1-{len(box.letters)}"]:
            _act(call, box, "p", number)
    else:
        if "H" not in letters and "N" not in letters:
            new = sum(not letter.is_read for letter in box.letters)
            call.out.line("Mail version 8.1.2 01/15/2001.  Type ? for help.")
            noun = "message" if len(before) == 1 else "messages"
            call.out.line(f'"{path}": {len(before)} {noun} {new} new')
        _headers(call, box)
        if "H" not in letters:
            _converse(call, box)
    if box.letters != before or box.deleted:
        kept = [letter.text for i, letter in enumerate(box.letters) if i not in box.deleted]
        call.files.write(path, "".join(kept), call.user)
    return 0


def _headers(call: Call, box: _Mailbox) -> None:
    shown = [(i, letter) for i, letter in enumerate(box.letters) if i not in box.deleted]
    first = next((i for i, letter in shown if not letter.is_read), shown[-1][0] if shown else 0)
    for i, letter in shown[:_MAX_SHOWN]:
        mark = f"{'>' if i == first else ' '}{' ' if letter.is_read else 'N'}"
        lines = letter.text.count("\n") - 1
        date = " ".join(letter.envelope.split(" ")[2:])[:16]
        sender = letter.header("From")[:20]
        size = f"{lines}/{size_of(letter.text)}"
        call.out.line(f"{mark} {i + 1:>2} {sender:<20} {date:<16} {size:>9} {letter.header('Subject')}")


def _converse(call: Call, box: _Mailbox) -> None:
    """Obey the lines of the input as at mailx's own prompt."""
    if not call.stdin.strip():
        call.out.line("To read: mail -p NUMBER.  To send: mail -s SUBJECT ADDRESS <<'EOF'")
        return
    for line in call.stdin.splitlines()[:_MAX_SHOWN]:
        word, _, rest = line.strip().partition(" ")
        if word in {"q", "quit"}:
            return
        if word in {"x", "exit", "xit"}:
            box.deleted.clear()
            return
        if word in {"h", "headers"}:
            _headers(call, box)
        elif _NUMBERS.fullmatch(word):
            _act(call, box, "p", word)
        elif match := re.fullmatch(r"(d|delete|p|print|t|type|more|n|next|)(\d*(?:-\d+)?)", word, re.ASCII):
            for number in [match[2], *rest.split()]:
                _act(call, box, match[1], number)
        else:
            call.out.line(f'Unknown command: "{word}"')


def _act(call: Call, box: _Mailbox, verb: str, number: str) -> None:
    match = _NUMBERS.fullmatch(number)
    if match is None:
        return
    first = int(match[1])
    last = min(int(match[2] or first), first + _MAX_SHOWN)
    for i in range(first, last + 1):
        if not 1 <= i <= len(box.letters) or i - 1 in box.deleted:
            call.out.line(f"{i}: Inappropriate message")
        elif verb in _PRINT:
            letter = box.letters[i - 1]
            shown = [h for h in letter.headers if not h.startswith("Status:")]
            call.out.write("\n".join([f"Message {i}:", letter.envelope, *shown, "", letter.body, ""]) + "\n")
            box.letters[i - 1] = letter.mark_read()
        else:
            box.deleted.add(i - 1)
