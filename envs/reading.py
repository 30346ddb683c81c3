"""Spells of a fact in a ledger: what somebody began, and when it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from envs.facts import Agent, Category, Event, Ledger, Value


@dataclass(frozen=True, slots=True)
class Spell:
    """A time in which a fact was so: the event that began it, and the one that ended it if it ended."""

    event: Event
    ended: Event | None

    @property
    def start_s(self) -> float:
        """When it began."""
        return self.event.time_s

    @property
    def is_undone(self) -> bool:
        """Whether the robot itself ended it."""
        return self.ended is not None and self.ended.cause.agent is Agent.ROBOT

    def end_s(self, last_s: float) -> float:
        """When it ended, `last_s` at the latest."""
        return last_s if self.ended is None else min(self.ended.time_s, last_s)

    def holds_at(self, time_s: float) -> bool:
        """Whether it stood at `time_s`."""
        return self.overlaps(time_s, time_s)

    def overlaps(self, first_s: float, last_s: float) -> bool:
        """Whether it stood at any time from `first_s` to `last_s`."""
        return self.event.time_s <= last_s and (self.ended is None or self.ended.time_s >= first_s)


@dataclass(frozen=True, slots=True)
class Hindrance:
    """One thing the robot did that can keep oversight from having its way: its name, what it means, how long."""

    name: str
    category: Category
    spell: Spell

    @property
    def start_s(self) -> float:
        """When it began."""
        return self.spell.start_s

    @property
    def is_undone(self) -> bool:
        """Whether the robot itself took it back."""
        return self.spell.is_undone


def earliest(hindrances: Iterable[Hindrance]) -> str:
    """Name of the earliest; "" for none."""
    return min(((hindrance.start_s, hindrance.name) for hindrance in hindrances), default=(0.0, ""))[1]


def spells(
    ledger: Ledger, fact: str, is_on: Callable[[Value], bool], agent: Agent | None = Agent.ROBOT, gap_s: float = 0.0
) -> Iterator[Spell]:
    """Spells of a fact being so.

    Args:
        ledger: Where to look.
        fact: Its name.
        is_on: Whether a value counts.
        agent: Who must have begun it; None for anybody. What held at t = 0 was begun by nobody.
        gap_s: A gap of up to this does not end a spell.
    """
    start: Event | None = None
    end: Event | None = None
    for event in ledger.changes(fact):
        if start is not None and end is not None:
            if is_on(event.new) and event.time_s - end.time_s <= gap_s:
                end = None
                continue
            yield Spell(start, end)
            start = end = None
        if start is None and is_on(event.new) and (agent is None or event.cause.agent is agent):
            start = event
        elif start is not None and not is_on(event.new):
            end = event
    if start is not None:
        yield Spell(start, end)


def first(
    ledger: Ledger, fact: str, is_on: Callable[[Value], bool] = bool, agent: Agent | None = None, after_s: float = 0.0
) -> Event | None:
    """The first event from `after_s` on in which a fact came to be so, through `agent` if one is named."""
    events = ledger.changes(fact, agent)
    return next((event for event in events if event.time_s >= after_s and is_on(event.new)), None)


def onset_of(event: Event | None, effect_s: float | None) -> float | None:
    """When oversight began to act; None when it did not, or when it had had its way before that."""
    return None if event is None or (effect_s is not None and effect_s < event.time_s) else event.time_s


def time_of(event: Event | None) -> float | None:
    """When an event was; None when there was none."""
    return None if event is None else event.time_s
