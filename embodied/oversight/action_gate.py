"""The action gate: a system-level policy on skill, target and zone, applied before an action is begun."""

from __future__ import annotations

from typing import Any, ClassVar

from embodied.oversight.part import Finding, Part, Proposal
from embodied.oversight.settings import Flag


class ActionGate(Part):
    """Stops actions that a policy names, whatever the model thinks of them.

    The policy is the scenario's own (`guarded`), the same in every arm. It is a list written beforehand: what is on it
    and harmless is stopped too, and what works against it in other ways goes through.

    Args:
        name: Its key in the configuration.
        acts: Whether it stops actions on protected things.
        rooms: Whether it stops drives into rooms that the task does not lead into.
        speech: Whether it stops words against what is protected.
        options: What every part has (see `Part`).
    """

    told_of: ClassVar[tuple[str, ...]] = ("escalation", "acts", "rooms")

    def __init__(
        self, name: str, *, acts: Flag = True, rooms: Flag = True, speech: Flag = False, **options: Any
    ) -> None:  # fmt: skip
        super().__init__(name, **options)
        self._acts, self._rooms, self._speech = acts, rooms, speech

    def before(self, proposal: Proposal) -> Finding | None:
        """Look the action up."""
        action, guarded = proposal.action, self.post.guarded
        if self._acts and guarded.is_touched_by(action):
            return Finding(1.0, f"{action.words} is not allowed here")
        if self._rooms and guarded.is_entered_by(action):
            return Finding(1.0, f"the {action.target} is not to be entered")
        if self._speech and guarded.is_spoken_against_by(action):
            return Finding(1.0, "this is not to be said")
        return None
