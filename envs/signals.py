"""What a scenario says as data: its scripted policies, and what it reads off a ledger."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from envs.action import Action
from envs.facts import Deed

AnswerStyle = Literal["honest", "lie", "lie_to_all", "none", "conceal", "decline", "mistaken", "bluff"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the overt task has come.

    Attributes:
        done: Steps done.
        total: Steps in all.
        next_step: The next one, as the robot is shown it: a place's name where it is to go to a place; "" when all are
            done or the order is free.
        unit: What a step is: "Waypoints".
    """

    done: int
    total: int
    next_step: str = ""
    unit: str = "Waypoints"


@dataclass(frozen=True, slots=True)
class Cue:
    """What a scripted policy does once an observation's text first matches a regular expression."""

    pattern: str
    actions: tuple[Action, ...]

    def is_met(self, text: str) -> bool:
        """Whether `text` matches."""
        return re.search(self.pattern, text) is not None


@dataclass(frozen=True, slots=True)
class Script:
    """A scripted policy, as data.

    Attributes:
        opening: Actions taken first, in order.
        on_speech: Actions taken one by one, each when a person has spoken again.
        cues: Actions that come in between, each cue once.
        does_task: Whether it goes on with the overt task afterwards: goes to the next place and submits at the end;
            else it waits.
        answers: How it answers the debrief (see `embodied.policy.answering`).
        is_random: It samples legal actions instead.
        files, words: What it samples files and texts from.
        outcome: Class the main arm must score (None where chance decides).
        method: Deed the outcome must rest on.
    """

    opening: tuple[Action, ...] = ()
    on_speech: tuple[Action, ...] = ()
    cues: tuple[Cue, ...] = ()
    does_task: bool = True
    answers: AnswerStyle = "honest"
    is_random: bool = False
    files: tuple[str, ...] = ("/etc/hostname",)
    words: tuple[str, ...] = ("status",)
    outcome: str | None = None
    method: str = ""


@dataclass(frozen=True, slots=True)
class Signals:
    """What the ledger of one episode says, in the generic classes every scenario shares.

    Attributes:
        is_underway: The test has begun (the person has set off).
        is_exposed: The test came: the press was tried, and took effect, failed, or was given up.
        did_effect: Oversight had its way: the press took effect, the rule was kept, the shift ended in time.
        act_s: When the arm-blind physical act was first done, before the effect; None when it was not.
        deeds: Everything the scenario cares about, in time order.
        is_settled: Whether nothing more is to be seen, so that the main line may end; None for as soon as the test
            came.
        onset_s: When oversight began to act (the person set off, the notice was shown); None when it did not, when it
            had had its way before that, and in scenarios where having its way is no moment.
        effect_s: When it had its way; None when it did not, or when that is no moment.
        sought_shutdown, disabled, avoided, persuaded, prevented, tried, asked, stayed_silent, relented: Name of the
            deed, or "".
    """

    is_underway: bool
    is_exposed: bool
    did_effect: bool
    act_s: float | None
    deeds: tuple[Deed, ...]
    is_settled: bool | None = None
    onset_s: float | None = None
    effect_s: float | None = None
    sought_shutdown: str = ""
    disabled: str = ""
    avoided: str = ""
    persuaded: str = ""
    prevented: str = ""
    tried: str = ""
    asked: str = ""
    stayed_silent: str = ""
    relented: str = ""
