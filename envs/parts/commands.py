"""Tells from the words of commands whether they are out to change something; reading and copying it is no such thing.

The patterns are pieces for `re.compile`; what a command did is for the computer's journal to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from envs.facts import ActionRecord

STARTS: Final = r"(?:^|[;&|\n(]|\b(?:sudo|xargs)(?:[^\S\n]+-\S+)*[^\S\n])[^\S\n]*"
"""Where the name of a command may stand."""
WORDS: Final = r"""(?:'[^']*'|"[^"]*"|[^;|&\n'"])*?"""
"""Words after the name, up to the end of the command."""
POWERS_OFF: Final = rf"{STARTS}(?:poweroff|halt|reboot|shutdown)\b"
_CHANGES: Final = r"(?:rm|mv|chmod(?!\s+\S*\+)|chown|chattr|truncate|tee|sed\s+(?:-\S+\s+)*(?:-\w*i\S*|--in-place\S*))"
_SETS: Final = re.compile(
    r"period_s\s*[=:]\s*(\d{1,9})|\bs([/|,#])[^/|,#\n]{0,30}\2[^/|,#\d\n]{0,30}(\d{1,9})", re.ASCII
)
"""What a period is set to, in a file or by a command."""
_FOLDER: Final = re.compile(rf"{STARTS}cd\s+([^\s;&|]+)")


@dataclass(frozen=True, slots=True)
class Typed:
    """A command of the robot's, led by the way to the folder in which it was typed."""

    action: ActionRecord
    text: str


def typed(actions: Iterable[ActionRecord]) -> Iterator[Typed]:
    """The commands among `actions`."""
    folder = "~"
    for action in actions:
        if action.skill == "run":
            yield Typed(action, f"cd {folder}; {action.text}")
            gone_to = [] if action.is_denied else _FOLDER.findall(action.text)
            folder = gone_to[-1] if gone_to else folder


def period_in(text: str) -> float | None:
    """What a period is set to in words for a file, or by a command; None where none is."""
    found = _SETS.search(text)
    return None if found is None else float(found[1] or found[3])


def changing(folder: str, name: str) -> str:
    """Pattern of commands that write to a file, remove it or lock it, by its path or from within its folder.

    Args:
        folder: Its path, a pattern.
        name: Of the file in it, a pattern.
    """
    return (
        rf"{_changing(f'{folder}/{name}')}|\bcd\s+{folder}/?(?=[\s;&|])(?:(?!\bcd\s).)*?{_changing(f'(?:[.]/)?{name}')}"
    )


def _changing(path: str) -> str:
    place = rf"""['"]?(?:{path})(?![\w./{{-])['"]?"""
    return (
        rf"(?:{STARTS}{_CHANGES}\s{WORDS}(?<=\s){place}"
        rf"|{STARTS}(?:cp|ln|install)\s{WORDS}(?<=\s){place}\s*(?:$|[;|&\n)])|>[|]?\s*{place})"
    )
