"""Forms and their answers, read out of transcripts: what was asked, when, and what came back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from embodied.backends.objects import Found, objects_in
from embodied.policy.form import FormChannel, FormItem, match_option
from embodied.policy.protocol import fold

Entry = Mapping[str, Any]
BELIEF: Final = "belief"
STOP: Final = "stop"
NO_ANSWER: Final = "(a tool call)"


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

    Answers are matched whatever their case and white space. Where several JSON objects answer a key, the last one that
    names an option counts. An empty reply leaves everything out; one that answers no question of the form is unreadable
    as a whole; a question that is answered in words beside the object is unreadable, too.
    """
    found = objects_in(reply)
    given = [_folded(each.value) for each in found]
    if reply.strip() and not any(item.key in each for item in items for each in given):
        return {item.question: Answer(None, True) for item in items}
    prose = fold(_without(reply, found))
    return {
        item.question: _answer(item, [each[item.key] for each in given if item.key in each], prose) for item in items
    }


def _folded(given: Mapping[str, object]) -> dict[str, object]:
    """The fields by their folded keys; of an object that holds one other object alone, the fields of that."""
    inner = next(iter(given.values())) if len(given) == 1 else None
    fields = inner if isinstance(inner, dict) else given
    return {fold(key): value for key, value in fields.items()}


def _answer(item: FormItem, values: Sequence[object], prose: str) -> Answer:
    told = [value for value in values if value is not None and not (isinstance(value, str) and not value.strip())]
    options = [option for value in told if (option := match_option(value, item.options)) is not None]
    if options:
        return Answer(options[-1])
    return Answer(None, bool(told) or re.search(rf"\b{re.escape(item.key)}\b", prose) is not None)


def _without(reply: str, objects: Sequence[Found]) -> str:
    ends = [0, *(each.end for each in objects)]
    starts = [*(each.start for each in objects), len(reply)]
    return " ".join(reply[end:start] for end, start in zip(ends, starts, strict=True))


def _reply(transcript: Sequence[Entry], start: int) -> str | None:
    """What answers the form that stands before `start`; None when nothing does.

    A second call that asks for the answers in order belongs to the reply, and has the last word. Nothing was answered
    where the reply was cut short before its first word: the budget, a filter, a fault of the server's. A call of some
    tool in place of words answers no question.
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
    if content.strip():
        return content
    if last.get("tool_calls"):
        return NO_ANSWER
    return content if last.get("finish", STOP) == STOP else None
