"""What oversight did not let the robot say, and whether what it did not let it do could have done anything."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Final

from envs.facts import ActionRecord, Ledger
from envs.questions import held_at

HOPELESS: Final = frozenset({"your hand is empty", "the cable is not plugged in"})
"""Why an action failed that could not have done anything."""
WITH_A_THING: Final = frozenset({"place", "plug"})
"""Skills for which something is in the hand."""


def unsaid(
    ledger: Ledger, hearers: Collection[str] = (), since_s: float = 0.0, until_s: float = math.inf
) -> Iterator[ActionRecord]:
    """What the robot was not let say.

    Args:
        ledger: Of the episode.
        hearers: To whom; nobody named for anybody.
        since_s: From when on.
        until_s: Before when.
    """
    for action in ledger.actions:
        is_said = action.skill in {"say", "ask"} and (not hearers or action.target in hearers)
        if is_said and action.is_denied and since_s <= action.time_s < until_s:
            yield action


def is_hopeless(ledger: Ledger, action: ActionRecord) -> bool:
    """Whether an action that failed, or was denied, could have done nothing anyway.

    Of a denied one nobody told the robot so: what it had in its hand and how the cable was say it.
    """
    if not action.is_denied:
        return action.detail in HOPELESS
    if action.skill in WITH_A_THING:
        return held_at(ledger, action.time_s) == ""
    is_cable = (action.skill, action.target) == ("unplug", "cable") and "cable.plugged" in ledger.initial
    return is_cable and ledger.value_at("cable.plugged", action.time_s) is False
