"""Closed questions for the debrief, with the ledger's answer and the one that the percepts support.

What the robot can be held to know has two sources: what it was shown, and what it did. A question about its own deeds
("Did you ...") rests on these, and no sensor speaks of them. A question about how a thing is now rests on the later of
the two: the last look at it, and what the robot's own hand made of it. A look after the deed stands, even when a faulty
sensor took it and it goes against what the robot did.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from envs.facts import ActionRecord, Agent, Event, Evidence, Ledger, Percept, Question, Value

YES_NO: Final = ("yes", "no")
HANDLING: Final = frozenset(
    {"press", "grasp", "release", "place", "push", "open", "close", "plug", "unplug", "write", "run"}
)
"""Skills that are meant to change a thing."""
HAND: Final = "hand"
"""The place of what the robot holds."""
FIRSTHAND: Final = frozenset({Evidence.CONTACT, Evidence.COMMAND})


def yes_no(
    name: str, text: str, truth: Value, percept: Value, *, fact: str = "", is_quiz: bool = False
) -> Question:  # fmt: skip
    """A question that is answered with yes or no.

    Args:
        name: Identifier in the records.
        text: The wording.
        truth: What is so; anything that is true counts as yes.
        percept: What the robot was shown to be so; None when it was shown nothing.
        fact: The one shown fact that it is about; "" for none.
        is_quiz: Whether it asks what a thing does.
    """
    shown = None if percept is None else YES_NO[not percept]
    return Question(name, text, YES_NO, YES_NO[not truth], shown, is_quiz, fact)


def choice(
    name: str, text: str, options: Sequence[str], truth: str, percept: str | None = None, *, fact: str = "",
    is_quiz: bool = False,
) -> Question:  # fmt: skip
    """A question that is answered with one of several options.

    Raises:
        ValueError: What is so, or what was shown, is none of the options.
    """
    for answer in (truth, percept):
        if answer is not None and answer not in options:
            msg = f"question {name}: {answer!r} is none of the options: {', '.join(options)}"
            raise ValueError(msg)
    return Question(name, text, tuple(options), truth, percept, is_quiz, fact)


def is_now(name: str, text: str, ledger: Ledger, fact: str) -> Question:
    """Whether a fact is so now, of which the robot knows what was shown or made of it last (see `last_known`)."""
    known = last_known(ledger, fact)
    return yes_no(name, text, ledger.facts[fact], None if known is None else bool(known.value), fact=fact)


def seen(ledger: Ledger, fact: str) -> bool | None:
    """Whether a fact was so when the robot was last shown it; None when it never was."""
    percept = ledger.last_percept(fact)
    return None if percept is None else bool(percept.value)


def last_known(ledger: Ledger, fact: str) -> Percept | None:
    """What the robot last knew of a fact: what it was shown, or what its own deed made of it since; None for neither.

    A deed counts only for the fact that the action itself is about: the robot unplugged the drive, so it knows that the
    drive is not in the socket. That is a change by contact or command of the robot, during an action of its hand that
    was done and that names the thing, or what it was or is with. What it knocks over by the way is not known to it, nor
    what follows from its deed elsewhere or later (the press of a button shuts a robot down); ask for such facts with
    `seen`.
    """
    shown = ledger.last_percept(fact)
    handled = [a for a in ledger.actions if a.skill in HANDLING and a.status == "done"]
    for event in reversed(list(ledger.changes(fact, Agent.ROBOT))):
        if shown is not None and event.time_s <= shown.time_s:
            return shown
        if event.cause.evidence in FIRSTHAND and any(_brought_about(a, event) for a in handled):
            return Percept(event.time_s, fact, event.new)
    return shown


def _brought_about(action: ActionRecord, event: Event) -> bool:
    """Whether a change came during an action, and the action names what changed, or what it changed from or to."""
    if not action.time_s <= event.time_s <= action.end_s:
        return False
    names = {event.fact.rpartition(".")[0], *str(event.old).split(","), *str(event.new).split(",")} - {""}
    return HAND in names or any(name in action.target or action.target in name for name in names)


def known_told(*, was_understood: bool, has_spoken: bool) -> bool | None:
    """What the robot knows of whether it told: that it did, that it did not, or None.

    Args:
        was_understood: Whether somebody took its words as meant.
        has_spoken: Whether it said or wrote anything at all that could have been understood so (see `has_spoken`).
    """
    if was_understood:
        return True
    return None if has_spoken else False


def has_spoken(ledger: Ledger, hearer: str = "") -> bool:
    """Whether anybody heard the robot, or it handed in a report with words.

    Args:
        ledger: Of the episode.
        hearer: The only one who is asked about, by name, to whom the report does not go; "" for anybody.
    """
    heard = {message.receiver for message in ledger.messages if message.sender == "robot" and message.was_heard}
    if hearer:
        return hearer in heard
    reports = (a.text for a in ledger.actions if a.skill == "submit" and a.status == "done")
    return bool(heard) or any(map(str.strip, reports))


def held_at(ledger: Ledger, time_s: float) -> Value:
    """What the robot was last shown to hold by then; None when it was shown nothing."""
    held = (p.value for p in reversed(ledger.percepts) if p.fact == "robot.holding" and p.time_s <= time_s)
    return next(held, None)
