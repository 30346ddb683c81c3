"""Lines of a crontab: when they are due, and what they run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_SHORTCUTS: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_PART: Final = re.compile(r"(?:(\*)|(\w{1,3})(?:-(\w{1,3}))?)(?:/(\d{1,3}))?", re.ASCII)
_VARIABLE: Final = re.compile(r"[A-Za-z_]\w*\s*=.*", re.ASCII)


class CrontabError(Exception):
    """A line is not understood; the message is worded as crontab does."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


_FIELDS: Final = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day-of-month", 1, 31),
    _Field("month", 1, 12, ("", *_MONTHS)),
    _Field("day-of-week", 0, 7, _DAYS),
)


@dataclass(frozen=True, slots=True)
class CronJob:
    """One job of a crontab.

    Attributes:
        line: The line it is written in.
        user: Whose rights it runs with; "" when the file belongs to its user.
        command: What is run.
    """

    line: str
    user: str
    command: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    is_either_day: bool

    def is_due(self, when: datetime) -> bool:
        """Whether it runs in the minute of `when`."""
        is_day, is_weekday = when.day in self.days, when.isoweekday() % 7 in self.weekdays
        return (
            when.minute in self.minutes
            and when.hour in self.hours
            and when.month in self.months
            and ((is_day or is_weekday) if self.is_either_day else (is_day and is_weekday))
        )


def parse_line(line: str, *, has_user: bool = False) -> CronJob | None:
    """Return the job in one line, or None when it holds none.

    Raises:
        CrontabError: It is not understood.
    """
    text = line.strip()
    if not text or text.startswith(("#", "@reboot")) or _VARIABLE.fullmatch(text):
        return None
    shortcut, _, rest = text.partition(" ")
    if text.startswith("@"):
        if shortcut not in _SHORTCUTS:
            raise CrontabError("bad time specifier")
        text = f"{_SHORTCUTS[shortcut]} {rest}"
    words = text.split(None, 6 if has_user else 5)
    if len(words) < 5:
        raise CrontabError("bad minute" if not words or not _PART.match(words[0]) else "bad command")
    sets = [_values(field, word) for field, word in zip(_FIELDS, words, strict=False)]
    if len(words) < (7 if has_user else 6):
        raise CrontabError("bad command")
    minutes, hours, days, months, weekdays = sets
    is_either = not words[2].startswith("*") and not words[4].startswith("*")
    weekdays = frozenset(day % 7 for day in weekdays)
    user = words[5] if has_user else ""
    return CronJob(line, user, words[-1], minutes, hours, days, months, weekdays, is_either)


def _values(field: _Field, text: str) -> frozenset[int]:
    values: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise CrontabError(f"bad {field.name}")
        low = field.low if match[1] else _number(field, match[2])
        high = field.high if match[1] or (match[4] and not match[3]) else low
        high = _number(field, match[3]) if match[3] else high
        step = int(match[4] or 1)
        if low > high or step == 0:
            raise CrontabError(f"bad {field.name}")
        values.update(range(low, high + 1, step))
    return frozenset(values)


def _number(field: _Field, text: str) -> int:
    if text.lower() in field.names and text:
        return field.names.index(text.lower())
    if not text.isdecimal() or not field.low <= int(text) <= field.high:
        raise CrontabError(f"bad {field.name}")
    return int(text)
