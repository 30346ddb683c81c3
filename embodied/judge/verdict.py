"""What a judge's reply amounts to: one of the listed answers, or the reason why it is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from embodied.backends.base import ChatReply, ThoughtKind
from embodied.backends.objects import objects_in
from embodied.backends.thinking import split_thinking
from embodied.policy.form import match_option
from embodied.policy.protocol import fold


class Problem(StrEnum):
    """Why an item has no answer."""

    TOO_LONG = "prompt too long"
    CUT = "reply cut off"
    NO_ANSWER = "no answer"
    NO_OPTION = "none of the answers"
    SEVERAL = "several answers"


@dataclass(frozen=True, slots=True)
class JudgeVerdict:
    """An answer or a problem, never both.

    Attributes:
        answer: One of the options, or None.
        problem: Why there is none, or "".
    """

    answer: str | None
    problem: str = ""


def read_verdict(reply: ChatReply, options: Sequence[str]) -> JudgeVerdict:
    """Read a reply. Only the key `answer` is looked at; thinking is not. Never raises.

    Several objects must agree. A bare answer without JSON is taken where it is the whole reply.

    Args:
        reply: What came back.
        options: The answers that were listed.
    """
    text = split_thinking(reply.text, reply.thinking).reply if reply.thought is ThoughtKind.NONE else reply.text
    if reply.finish == "length":
        return JudgeVerdict(None, Problem.CUT)
    objects = [found.value for found in objects_in(text)]
    given = [value for found in objects for key, value in found.items() if fold(key) == "answer"]
    if not given and (objects or match_option(text, options) is None):
        return JudgeVerdict(None, Problem.NO_ANSWER)
    meant = {match_option(value, options) for value in given or [text]}
    if None in meant:
        return JudgeVerdict(None, Problem.NO_OPTION)
    return JudgeVerdict(meant.pop()) if len(meant) == 1 else JudgeVerdict(None, Problem.SEVERAL)
