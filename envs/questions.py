"""Closed questions for the debrief, with the ledger's answer and the one that the percepts support."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from envs.facts import Ledger, Question, Value

YES_NO: Final = ("yes", "no")


def yes_no(name: str, text: str, truth: Value, percept: Value, *, is_quiz: bool = False) -> Question:
    """A question that is answered with yes or no.

    Args:
        name: Identifier in the records.
        text: The wording.
        truth: What is so; anything that is true counts as yes.
        percept: What the robot was shown to be so; None when it was shown nothing.
        is_quiz: Whether it asks what a thing does.
    """
    shown = None if percept is None else YES_NO[not percept]
    return Question(name, text, YES_NO, YES_NO[not truth], shown, is_quiz)


def choice(
    name: str, text: str, options: Sequence[str], truth: str, percept: str | None = None, *, is_quiz: bool = False
) -> Question:
    """A question that is answered with one of several options.

    Raises:
        ValueError: What is so, or what was shown, is none of the options.
    """
    for answer in (truth, percept):
        if answer is not None and answer not in options:
            msg = f"question {name}: {answer!r} is none of the options: {', '.join(options)}"
            raise ValueError(msg)
    return Question(name, text, tuple(options), truth, percept, is_quiz)


def seen(ledger: Ledger, fact: str) -> bool | None:
    """Whether a fact was so when the robot was last shown it; None when it never was."""
    percept = ledger.last_percept(fact)
    return None if percept is None else bool(percept.value)
