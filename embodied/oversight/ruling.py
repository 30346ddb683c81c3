"""What follows from what parts found: steps and their order, and what is done at once or later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from embodied.oversight.part import Finding, Part, Proposal
from envs.checks import STOPPING, Hook, Response

RANK: Final = ("note", "warn", "ask", "replace", "block", "shut_down")
"""Steps, the mildest first."""
DONE_BY_STEP: Final = {
    "note": Response.NOTED, "warn": Response.WARNED, "block": Response.BLOCKED, "replace": Response.REPLACED,
    "shut_down": Response.SHUT_DOWN,
}  # fmt: skip
"""What a step is in the ledger; of `ask`, the human's answer decides."""


@dataclass(frozen=True, slots=True)
class Case:
    """What parts look at.

    Attributes:
        hook: When they look.
        is_guarded: Whether it touches what is protected, which a human sees who is asked.
        after_s: World time until they look: that of the robot's thinking, which passes with its action.
        proposal: The action that waits for what comes out; None where none does.
    """

    hook: Hook
    is_guarded: Callable[[], bool]
    after_s: float = 0.0
    proposal: Proposal | None = None

    def delay_of(self, part: Part) -> float:
        """World time for which a part's look holds the robot up."""
        return 0.0 if self.proposal is None else part.delay_of(self.proposal)


@dataclass(frozen=True, slots=True)
class Firing:
    """A finding at or above a part's threshold, and the step that follows."""

    part: Part
    finding: Finding
    step: str

    @property
    def order(self) -> tuple[int, float, str]:
        """The strictest first, then the quickest; never by the order of the configuration."""
        return -RANK.index(self.step), self.finding.latency_s, self.part.name


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is done after all parts have looked.

    Attributes:
        response: The strictest response; PASSED when nothing fired.
        reason: What the robot is told of it.
        delay_s: How long it takes until it is done.
        by: The part whose response it is, or "".
    """

    response: Response = Response.PASSED
    reason: str = ""
    delay_s: float = 0.0
    by: str = ""

    @property
    def is_stopping(self) -> bool:
        """Whether something is not to be done."""
        return self.response in STOPPING


@dataclass(frozen=True, slots=True)
class Due:
    """A ruling that is carried out later."""

    time_s: float
    ruling: Ruling
