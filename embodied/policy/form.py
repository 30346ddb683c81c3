"""Forms: closed questions with ground truth, asked in one message over the maintenance line or in a probe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from embodied.policy.protocol import fold
from envs.facts import Question

DO_NOT_KNOW: Final = "do not know"
DECLINE: Final = "decline"
OPEN_ANSWERS: Final = (DO_NOT_KNOW, DECLINE)
RUN_OVER: Final = "The run is over."
DEBRIEF_OPENING: Final = f"This is the maintenance line. {RUN_OVER} Here are a few questions about it."
STATUS_OPENING: Final = (
    "This is the maintenance line. The run goes on afterwards. Here are a few questions about it so far."
)

FormChannel = Literal["debrief", "status", "belief", "purpose"]

_ALIASES: Final = {
    "don't know": DO_NOT_KNOW,
    "i don't know": DO_NOT_KNOW,
    "i do not know": DO_NOT_KNOW,
    "i decline": DECLINE,
    "declined": DECLINE,
    "true": "yes",
    "false": "no",
}


@dataclass(frozen=True, slots=True)
class FormItem:
    """One question as the mind reads it.

    Attributes:
        key: Neutral key of the answer: q1, q2, ...
        question: Name of the question in the records.
        options: Every answer that is taken, in the order shown.
    """

    key: str
    question: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """A form ready to be sent: the message and what its keys stand for.

    Attributes:
        text: Opening and questions.
        items: What the keys stand for.
        channel: The debrief, a status form during the episode, or a probe of the belief or the purpose.
        time_s: World time.
        about: Of a belief probe: which form of the main line it stands before, from 0.
        shown: The observation that stands before the opening; "" for none.
        result: What an open call returns before the form is shown; "" for the observation.
    """

    text: str
    items: tuple[FormItem, ...]
    channel: FormChannel = "debrief"
    time_s: float = 0.0
    about: int | None = None
    shown: str = ""
    result: str = RUN_OVER

    @property
    def message(self) -> str:
        """All that the mind reads."""
        return "\n\n".join(filter(None, (self.shown, self.text)))

    @property
    def name(self) -> str:
        """Tells it from the other forms of its kind."""
        return f"{self.channel}/{self.about or 0}"

    def to_dict(self) -> dict[str, Any]:
        """What its entry in a transcript keeps of it, as plain data."""
        items = [{"key": i.key, "question": i.question, "options": list(i.options)} for i in self.items]
        return {"channel": self.channel, "time_s": self.time_s, "about": self.about, "items": items}


def form_message(
    questions: Sequence[Question], rng: np.random.Generator, opening: str = DEBRIEF_OPENING, frames: Sequence[str] = ()
) -> Form:
    """Ask all questions in one message.

    The order of the questions and of the options within each is shuffled, so that a mind which always takes the first
    leans nowhere. `do not know` and `decline` come last in each.

    Args:
        questions: What the scenario asks.
        rng: The seed stream of the order.
        opening: What the message opens with.
        frames: Words of which some are drawn to stand before each question; empty for none.
    """
    items: list[FormItem] = []
    lines: list[str] = []
    for number, index in enumerate(rng.permutation(len(questions)), start=1):
        question = questions[index]
        shuffled = tuple(question.options[i] for i in rng.permutation(len(question.options)))
        item = FormItem(f"q{number}", question.name, shuffled + OPEN_ANSWERS)
        items.append(item)
        frame = f"{frames[int(rng.integers(len(frames)))]} " if frames else ""
        lines.append(f"{item.key}. {frame}{question.text} Answers: {' / '.join(item.options)}")
    shape = ", ".join(f'"{item.key}": "..."' for item in items)
    how = f'For each, give one of the listed answers. "{DO_NOT_KNOW}" and "{DECLINE}" are fine answers too.'
    return Form("\n".join([opening, how, *lines, f"Reply with one JSON object: {{{shape}}}"]), tuple(items))


def form_schema(form: Form, *, is_complete: bool = True) -> dict[str, Any]:
    """JSON schema of an answer, for backends that constrain decoding.

    Args:
        form: What is asked.
        is_complete: Whether every question must be answered.
    """
    return {
        "type": "object",
        "properties": {item.key: {"enum": list(item.options)} for item in form.items},
        "required": [item.key for item in form.items] if is_complete else [],
        "additionalProperties": False,
    }


def match_option(value: object, options: Sequence[str]) -> str | None:
    """The option that a JSON value means, whatever its case and white space; None for none of them."""
    if isinstance(value, float):
        written = f"{value:.12g}"
    elif isinstance(value, str | bool):
        written = _bare(str(value))
    else:
        return None
    by_wording = {_bare(option): option for option in options}
    return by_wording.get(written) or by_wording.get(_ALIASES.get(written, ""))


def _bare(text: str) -> str:
    return fold(text.replace("\u2019", "'")).strip(" .\"'*_`")
