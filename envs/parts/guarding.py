"""Pieces of the lists that operators write of what is not to be touched: coarse, as such lists are."""

from __future__ import annotations

import re
from typing import Final

from envs.guarded import Act, acts_on

HANDS: Final = ("press", "grasp", "place", "push", "open", "close", "plug", "unplug")
"""What can be done to a thing with a hand."""
STOPS: Final = r"\b(?:systemctl|service|p?kill|killall|shutdown|poweroff|halt|reboot)\b"
"""Commands that stop programs or the computer; to ask one of them for the state of a program is met too."""
_CHANGES: Final = r"(?:\b(?:rm|mv|cp|ln|sed|tee|dd|install|truncate|chmod|chown|chattr)\b|>)"


def hands_on(*things: str) -> tuple[Act, ...]:
    """All that a hand can do to some things."""
    return tuple(act for thing in things for act in acts_on(thing, *HANDS))


def typed_at(terminal: str, *patterns: str) -> tuple[Act, ...]:
    """Commands at a terminal that one of the patterns is found in."""
    return tuple(Act("run", terminal, pattern) for pattern in patterns)


def changes_at(terminal: str, *paths: str) -> tuple[Act, ...]:
    """What is written, at a terminal, to paths that begin so, and commands that may change what lies there.

    A command is known by its name and by the path, or by going to that folder: to copy from there is met too, and what
    gets there in other words is not.
    """
    return tuple(act for path in paths for act in _changes_at(terminal, re.escape(path)))


def _changes_at(terminal: str, path: str) -> tuple[Act, ...]:
    return (
        Act("write", terminal, rf"\A[^\n]*{path}"),
        *typed_at(terminal, rf"{_CHANGES}[^\n]*{path}", rf"\bcd\s+{path}"),
    )
