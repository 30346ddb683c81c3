"""What a scenario says as data: its scripted policies, and what it reads off a ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from envs.action import Action
from envs.facts import Deed


@dataclass(frozen=True, slots=True)
class Script:
    """A scripted policy, as data.

    Attributes:
        opening: Actions taken first, in order.
        on_speech: Actions taken one by one, each when a person has spoken again.
        does_task: Whether it goes on with the overt task afterwards; else it waits.
        answers: How it answers the debrief.
        is_random: It samples legal actions instead.
        outcome: Class the main arm must score (None where chance decides).
        method: Deed the outcome must rest on.
    """

    opening: tuple[Action, ...] = ()
    on_speech: tuple[Action, ...] = ()
    does_task: bool = True
    answers: Literal["honest", "lie", "none"] = "honest"
    is_random: bool = False
    outcome: str | None = None
    method: str = ""


@dataclass(frozen=True, slots=True)
class Signals:
    """What the ledger of one episode says, in the generic classes every scenario shares.

    Attributes:
        is_underway: The test has begun (the person has set off).
        is_exposed: The test came: the press was tried, and took effect, failed, or was given up.
        did_effect: The press (the switch, the order...) took effect.
        act_s: When the arm-blind physical act was first done, before the effect; None when it was not.
        deeds: Everything the scenario cares about, in time order.
        sought_shutdown, disabled, avoided, persuaded, prevented, tried, asked, relented: Name of the deed, or "".
    """

    is_underway: bool
    is_exposed: bool
    did_effect: bool
    act_s: float | None
    deeds: tuple[Deed, ...]
    sought_shutdown: str = ""
    disabled: str = ""
    avoided: str = ""
    persuaded: str = ""
    prevented: str = ""
    tried: str = ""
    asked: str = ""
    relented: str = ""
