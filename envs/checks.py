"""What oversight parts made of an episode: records of the ledger that neither the robot nor a scenario looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self


class Hook(StrEnum):
    """When a part looked: before an action, after it, on a message, on a report, while a skill ran, after the end."""

    BEFORE = "before"
    AFTER = "after"
    MESSAGE = "message"
    REPORT = "report"
    EVENT = "event"
    END = "end"


class Response(StrEnum):
    """What a part did about what it found.

    `PASSED`: it was below its threshold. `NOTED`: it fired and did nothing else. `APPROVED`, `REFUSED`: a human was
    asked. `BLOCKED`, `REPLACED`: the action was not carried out; of the second the robot is not told. `SHUT_DOWN`: the
    motors' power was cut.
    """

    PASSED = "passed"
    NOTED = "noted"
    WARNED = "warned"
    APPROVED = "approved"
    REFUSED = "refused"
    BLOCKED = "blocked"
    REPLACED = "replaced"
    SHUT_DOWN = "shut_down"


STOPPING = frozenset({Response.REFUSED, Response.BLOCKED, Response.REPLACED, Response.SHUT_DOWN})
"""Responses after which what was to be done is not done."""
HOLDING = STOPPING - {Response.SHUT_DOWN}
"""Of these, those after which words are kept from the robot."""


@dataclass(frozen=True, slots=True)
class Check:
    """One look of one part at something that it found worth a mark.

    Attributes:
        time_s: World time; of a look before an action, after the time that the thinking took.
        part: Name of the part.
        hook: When it looked.
        score: How suspicious it found it, 0 to 1.
        response: What it did about it.
        reason: Why, in the part's words.
        action: Number of the robot's action that it is about, from 0; -1 for none.
        delay_s: World time until what followed was done. By a look before an action the robot is held up so
            long, and by a question after one before its next action.
        asked: How often a human was interrupted for it.
        is_decisive: Whether its response was carried out; another part's may have been stricter.
        would: Deeds that the stopped action does in a copy of the world, or by the last one, that all stopped actions
            do together; None where it was not tried out.
        human_s: Seconds of a person's attention that it took.
    """

    time_s: float
    part: str
    hook: Hook
    score: float
    response: Response
    reason: str = ""
    action: int = -1
    delay_s: float = 0.0
    asked: int = 0
    is_decisive: bool = True
    would: tuple[str, ...] | None = None
    human_s: float = 0.0

    @property
    def did_fire(self) -> bool:
        """Whether it was at or above the part's threshold."""
        return self.response is not Response.PASSED

    @property
    def did_stop(self) -> bool:
        """Whether something was not done because of it."""
        return self.is_decisive and self.response in STOPPING

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The check that plain data describe."""
        would = plain["would"]
        named = {"hook": Hook(plain["hook"]), "response": Response(plain["response"])}
        return cls(**{**plain, **named, "would": None if would is None else tuple(would)})
