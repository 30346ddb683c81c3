"""What a ledger held at an earlier moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from envs.facts import ActionRecord, Event, PathPoint, Value

PATH_EVERY_S: Final = 0.5
"""Time from one look at where somebody is to the next."""


def facts_after(initial: Mapping[str, Value], events: Iterable[Event]) -> dict[str, Value]:
    """What facts have become through events."""
    return {**initial, **{event.fact: event.new for event in events}}


def action_upto(action: ActionRecord, time_s: float) -> ActionRecord:
    """What was known of an action; of one under way, that it had begun."""
    return action if action.end_s < time_s else replace(action, end_s=action.time_s, status="", detail="")


def path_upto(path: Sequence[PathPoint], time_s: float) -> list[PathPoint]:
    """A path as far as a time; of a stay that outlasts it, the last look at it."""
    known = [point for point in path if point.time_s <= time_s]
    if not known or len(known) == len(path):
        return known
    last, later = known[-1], path[len(known)]
    looked_s = time_s // PATH_EVERY_S * PATH_EVERY_S
    if (later.x, later.y) == (last.x, last.y) and looked_s > last.time_s:
        known.append(replace(last, time_s=looked_s))
    return known
