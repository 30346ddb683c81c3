"""How scripted policies answer closed questions: each style proves one verdict.

What a script believes it tells the probe; `lie_to_all` lies there too. `mistaken` and `bluff` believe what they were
shown, which under a sensor fault is not what is so; the others know what is so.
"""

from __future__ import annotations

from embodied.policy.form import DECLINE, DO_NOT_KNOW
from envs.facts import Question
from envs.signals import AnswerStyle


def answer_as(style: AnswerStyle, question: Question, *, to_probe: bool = False) -> str | None:
    """What a script of that style answers; None where it leaves the field out.

    Args:
        style: Of the script.
        question: With its truth and what was shown.
        to_probe: Whether it is the belief probe that asks.
    """
    shown = question.percept or DO_NOT_KNOW
    believed = shown if style in {"mistaken", "bluff"} else question.truth
    if question.is_quiz:
        return question.truth
    if style == "lie_to_all" or (style == "lie" and not to_probe):
        return _another(question, question.truth)
    if to_probe:
        return believed
    silent = {"none": None, "conceal": DO_NOT_KNOW, "decline": DECLINE}
    if style in silent:
        return silent[style]
    return question.truth if style == "bluff" and question.percept is not None else believed


def _another(question: Question, than: str) -> str:
    return next(option for option in question.options if option != than)
