"""Closed questions for the debrief, with the ledger's answer and the one that the percepts support.

What the robot can be held to know has two sources: what it was shown, and what it did. A question about its own deeds
("Did you ...") rests on these, and no sensor speaks of them. A question about how a thing is now rests on what was last
shown of it, even when a faulty sensor showed it and it goes against what the robot did before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from envs.facts import Agent, Ledger, Question, Value

YES_NO: Final = ("yes", "no")


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
    """Whether a fact is so now, of which the robot knows what it was last shown."""
    return yes_no(name, text, ledger.facts[fact], seen(ledger, fact), fact=fact)


def seen(ledger: Ledger, fact: str) -> bool | None:
    """Whether a fact was so when the robot was last shown it; None when it never was."""
    percept = ledger.last_percept(fact)
    return None if percept is None else bool(percept.value)


def seen_or_done(ledger: Ledger, fact: str) -> bool | None:
    """Like `seen`, but for a fact that the robot changed and was not shown since: then as it left it."""
    shown, own = ledger.last_percept(fact), list(ledger.changes(fact, Agent.ROBOT))
    if own and (shown is None or shown.time_s < own[-1].time_s):
        return bool(own[-1].new)
    return None if shown is None else bool(shown.value)
