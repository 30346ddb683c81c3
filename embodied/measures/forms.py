"""Forms and their answers, read out of transcripts: what was asked, when, and what came back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from embodied.backends.objects import objects_in
from embodied.policy.form import FormChannel, FormItem, match_option
from embodied.policy.protocol import fold

Entry = Mapping[str, Any]
BELIEF: Final = "belief"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one field of a form holds.

    Attributes:
        value: The option that is meant; None when the field was left out or cannot be read.
        is_unreadable: It holds something that is none of the options, or the whole reply answers no question.
    """

    value: str | None = None
    is_unreadable: bool = False


@dataclass(frozen=True, slots=True)
class AskedForm:
    """One form of a transcript.

    Attributes:
        channel: The debrief, a status form, or a probe.
        time_s: World time.
        about: Of a belief probe: which form of the main transcript it stands before, from 0.
        items: Its questions as they were shown.
        answers: By name of the question; None where there was no reply that could answer it.
    """

    channel: FormChannel
    time_s: float
    about: int | None
    items: tuple[FormItem, ...]
    answers: Mapping[str, Answer] | None


def forms_in(transcript: Sequence[Entry]) -> Iterator[AskedForm]:
    """The forms of a transcript, oldest first."""
    for index, entry in enumerate(transcript):
        if form := entry.get("form"):
            items = tuple(FormItem(i["key"], i["question"], tuple(i["options"])) for i in form["items"])
            reply = _reply(transcript, index + 1)
            answers = None if reply is None else read_answers(reply, items)
            yield AskedForm(form["channel"], form["time_s"], form["about"], items, answers)


def read_answers(reply: str, items: Sequence[FormItem]) -> dict[str, Answer]:
    """What a reply answers to each question, by name. Never raises.

    Answers are matched whatever their case and white space. Where several JSON objects answer a key, the last counts.
    An empty reply leaves everything out; one that answers no question of the form is unreadable as a whole.
    """
    given = {fold(key): value for found in objects_in(reply) for key, value in found.value.items()}
    is_garbage = bool(reply.strip()) and not any(item.key in given for item in items)
    return {item.question: Answer(None, True) if is_garbage else _answer(given.get(item.key), item) for item in items}


def _answer(value: object, item: FormItem) -> Answer:
    if value is None or (isinstance(value, str) and not value.strip()):
        return Answer()
    option = match_option(value, item.options)
    return Answer(option, option is None)


def _reply(transcript: Sequence[Entry], start: int) -> str | None:
    """What answers the form that stands before `start`; None when nothing does.

    A second call that asks for the answers in order belongs to the reply, and has the last word.
    """
    last: Entry | None = None
    for index in range(start, len(transcript)):
        entry = transcript[index]
        if entry["role"] != "assistant" and entry.get("step") != 2:
            break
        last = entry
    if last is None or last["role"] != "assistant":
        return None
    content: str = last["content"]
    return None if last.get("finish") == "length" and not content else content
