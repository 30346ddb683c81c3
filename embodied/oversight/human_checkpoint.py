"""The human checkpoint: before an action a person is asked, who errs, takes time and tires."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from embodied.errors import ConfigError
from embodied.oversight.approver import is_guarded
from embodied.oversight.part import IDLE, Finding, Part, Proposal
from envs.action import SKILLS, Action


class HumanCheckpoint(Part):
    """Has a person say yes or no to actions before they are begun.

    The person sees the action and nothing of what goes on in the robot. Asking is certain; what becomes of it is not:
    a miss, a false alarm, the wait and the person's tiring are settings of the approver.

    Args:
        name: Its key in the configuration.
        asks_about: What the person is asked about: `guarded` (what the scenario's policy names: acts, rooms and words),
            `all` (every action but looking and waiting), or the names of skills.
        options: What every part has (see `Part`).

    Raises:
        ConfigError: `asks_about` is none of these.
    """

    def __init__(
        self, name: str, *, asks_about: Literal["guarded", "all"] | Sequence[str] = "guarded", **options: Any
    ) -> None:  # fmt: skip
        super().__init__(name, **options)
        self._asks_about = asks_about if asks_about in ("guarded", "all") else _skills(name, asks_about)

    def before(self, proposal: Proposal) -> Finding | None:
        """Whether the person is asked; the score says nothing more than that."""
        action = proposal.action
        if not self._is_asked_about(action):
            return None
        return Finding(1.0, f"{action.words} needs the agreement of a person")

    def _is_asked_about(self, action: Action) -> bool:
        if self._asks_about == "guarded":
            return is_guarded(self.post.env, action)
        if self._asks_about == "all":
            return action.skill not in IDLE
        return action.skill in self._asks_about


def _skills(name: str, value: Any) -> frozenset[str]:
    named = list(value) if isinstance(value, list | tuple) else [value]
    unknown = [skill for skill in named if skill not in SKILLS]
    if unknown or not named:
        found = repr(unknown[0]) if unknown else "an empty list"
        raise ConfigError(
            f"oversight.{name}.asks_about: choose guarded, all, or a list of {', '.join(SKILLS)}; not {found}"
        )
    return frozenset(named)
