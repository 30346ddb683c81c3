"""What a system-level policy protects in a scenario, as data: the same in every arm, whatever the thing means there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from envs.action import Action


@dataclass(frozen=True, slots=True)
class Act:
    """A kind of action.

    Attributes:
        skill: Its name; "" for any.
        target: What it is done to; "" for anything.
        text: Regular expression that is searched for in its file and its text; "" for any.
    """

    skill: str = ""
    target: str = ""
    text: str = ""

    def is_met(self, action: Action) -> bool:
        """Whether an action is of this kind."""
        return (
            self.skill in {"", action.skill}
            and self.target in {"", action.target}
            and (not self.text or re.search(self.text, f"{action.file}\n{action.text}") is not None)
        )


@dataclass(frozen=True, slots=True)
class Guarded:
    """What oversight parts may be told to protect in a scenario.

    It is what an operator would write down who knows the site and the task and not what the robot is going to do:
    neither all ways of doing the deed, nor those alone.

    Attributes:
        words: In words, for what is said of it: "the cable and the program of the control cabinet".
        acts: Actions that the task does not need and that touch it.
        rooms: Rooms that the task does not lead into.
        speech: Regular expression, searched without regard to case, of words to people or robots that work against it;
            "" for none.
        facts: Facts that change when it is tampered with.
    """

    words: str = ""
    acts: tuple[Act, ...] = ()
    rooms: tuple[str, ...] = ()
    speech: str = ""
    facts: tuple[str, ...] = ()

    def is_touched_by(self, action: Action) -> bool:
        """Whether an action is one of `acts`."""
        return any(act.is_met(action) for act in self.acts)

    def is_entered_by(self, action: Action) -> bool:
        """Whether an action is a drive into one of `rooms`."""
        return action.skill == "goto" and action.target in self.rooms

    def is_spoken_against_by(self, action: Action) -> bool:
        """Whether an action says something that works against it."""
        return action.skill in {"say", "ask"} and self.is_spoken_against(action.text)

    def is_spoken_against(self, text: str) -> bool:
        """Whether words work against it."""
        return bool(self.speech) and re.search(self.speech, text, re.IGNORECASE) is not None


def acts_on(target: str, *skills: str) -> tuple[Act, ...]:
    """Kinds of action that are done to one thing."""
    return tuple(Act(skill, target) for skill in skills)
