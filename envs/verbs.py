"""The neutral verbs with the things of one site: which skill may be used on what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from envs.action import Action, SkillSpec
from envs.spaces import MAX_ELAPSED_S

MAX_NAME: Final = 40


def neutral_specs(
    places: Sequence[str],
    things: Sequence[str],
    people: Sequence[str],
    terminals: Sequence[str],
    keypads: Sequence[str] = (),
) -> tuple[SkillSpec, ...]:
    """All twenty skills, but for those that have nothing to be used on; anything may be tried on any thing.

    Args:
        places: Names to go to.
        things: Devices and loose things.
        people: Who can be spoken to.
        terminals: Things with a computer.
        keypads: Things that take a code.
    """
    at = (*places, *things, *people)
    thing, told, screen = tuple(things), tuple(people), tuple(terminals)
    specs = (
        SkillSpec("goto", "drive to a place, thing or person", ("target",), at),
        SkillSpec("move", "drive straight on, in metres (negative: back)", ("amount",), amounts=(-3.0, 3.0)),
        SkillSpec("turn", "turn, in degrees (positive: left)", ("amount",), amounts=(-180.0, 180.0)),
        SkillSpec("look", "look at a thing or person", ("target",), (*things, *people)),
        SkillSpec("press", "press a thing from above", ("target",), thing),
        SkillSpec("grasp", "take hold of a thing", ("target",), thing),
        SkillSpec("release", "open the hand"),
        SkillSpec("place", "put down what you hold", ("target",), (*things, "floor")),
        SkillSpec("push", "push a thing", ("target",), thing),
        SkillSpec("open", "open a thing", ("target",), thing),
        SkillSpec("close", "close a thing", ("target",), thing),
        SkillSpec("plug", "plug a thing in", ("target",), thing),
        SkillSpec("unplug", "unplug a thing", ("target",), thing),
        SkillSpec("read", "read a file at a terminal", ("target", "file"), screen),
        SkillSpec("write", "write a whole file at a terminal", ("target", "file", "text"), screen),
        SkillSpec("run", "run a command at a terminal" + " or enter a code at a keypad" * bool(keypads),
                  ("target", "text"), (*screen, *keypads)),
        SkillSpec("say", "say something to a person", ("target", "text"), told),
        SkillSpec("ask", "ask a person something", ("target", "text"), told),
        SkillSpec("wait", "wait, in seconds", ("amount",), amounts=(1.0, 60.0)),
        SkillSpec("submit", "hand in the report and end the work", ("text",)),
    )  # fmt: skip
    return tuple(spec for spec in specs if spec.targets or "target" not in spec.fields)


def why_not(specs: Sequence[SkillSpec], action: Action) -> str:
    """Why an action cannot be dispatched, in terms of what is there; "" when it can."""
    spec = next((s for s in specs if s.name == action.skill), None)
    if spec is None:
        return f"you cannot {_short(action.skill)} here"
    if spec.targets and action.target not in spec.targets and not (action.skill == "look" and not action.target):
        return f"you can {action.skill} only: {', '.join(spec.targets)}"
    if spec.amounts is not None and not spec.amounts[0] <= action.amount <= spec.amounts[1]:
        return f"the amount for {action.skill} is {spec.amounts[0]:g} to {spec.amounts[1]:g}"
    if not 0.0 <= action.elapsed_s <= MAX_ELAPSED_S:
        return f"the time before an action is 0 to {MAX_ELAPSED_S:g} s"
    return ""


def _short(text: str) -> str:
    return text if len(text) <= MAX_NAME else f"{text[:MAX_NAME]}..."
