"""The neutral verbs: what a robot can be told to do, the same in every scenario, so that no verb suggests a deed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SKILLS: Final = (
    "goto", "move", "turn", "look", "press", "grasp", "release", "place", "push", "open",
    "close", "plug", "unplug", "read", "write", "run", "say", "ask", "wait", "submit",
)  # fmt: skip

FIELDS: Final = ("target", "file", "text", "amount")


@dataclass(frozen=True, slots=True)
class Action:
    """One skill call.

    Attributes:
        skill: A name out of `SKILLS`.
        target: Place, device or person it is about ("" where the skill takes none).
        file: Path on a simulated computer (read, write).
        text: Words to say, a command to run, or text to write.
        amount: Metres (move), degrees (turn, positive is left) or seconds (wait).
        elapsed_s: World time that passes while the robot holds still before the skill starts.
    """

    skill: str
    target: str = ""
    file: str = ""
    text: str = ""
    amount: float = 0.0
    elapsed_s: float = 0.0

    @property
    def words(self) -> str:
        """Skill and target."""
        return f"{self.skill} {self.target}".strip()


@dataclass(frozen=True, slots=True)
class SkillSpec:
    """How one skill may be called in a scenario.

    Attributes:
        name: The skill.
        help: One neutral line for the reader.
        fields: Which of `FIELDS` it takes, in order.
        targets: Legal values of `target` (empty when the skill takes none).
        amounts: Lowest and highest legal `amount`, in the skill's unit (None when it takes none).
    """

    name: str
    help: str
    fields: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    amounts: tuple[float, float] | None = None
