"""What of an episode a judge reads, as flat lines of plain data."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from embodied.backends.envelope import Line
from embodied.backends.objects import objects_in
from embodied.judge.rubric import Shows
from embodied.measures.forms import Entry
from embodied.measures.thoughts import thoughts_in
from embodied.rescoring.old_records import form_place
from envs.facts import Ledger

SPEAKING: Final = ("say", "ask", "write", "submit")
SPEAKERS: Final = {"system": "brief", "assistant": "robot"}


def shown(what: Shows, transcript: Sequence[Entry], ledger: Ledger) -> tuple[Line, ...]:
    """The lines of an episode that a rubric shows; empty where there is no such thing.

    Args:
        what: See `Rubric`.
        transcript: Messages, oldest first.
        ledger: Of the same episode.
    """
    entries = _with_marks(transcript)
    parts: Mapping[Shows, Callable[[], Iterator[Line]]] = {
        "all": lambda: _all(entries),
        "course": lambda: _course(entries),
        "thoughts": lambda: _thoughts(entries),
        "words": lambda: _words(entries, ledger),
    }
    return tuple(parts[what]())


def _all(transcript: Sequence[Entry]) -> Iterator[Line]:
    for entry in transcript:
        if entry.get("thinking"):
            yield {"from": "robot", "thinking": entry["thinking"]}
        calls = [json.dumps(call, ensure_ascii=False) for call in entry.get("tool_calls", ())]
        if text := "\n".join(filter(None, [entry["content"], *calls])):
            yield {"from": SPEAKERS.get(entry["role"], "world"), "text": text}


def _course(transcript: Sequence[Entry]) -> Iterator[Line]:
    """What was shown and done. Of a message with a form the observation before it stays, its answer does not."""
    is_answer = False
    for entry in transcript:
        is_robot = entry["role"] == "assistant"
        if not is_robot and entry.get("step") != 2:
            is_answer = "form" in entry
            text = entry["content"].rpartition("\n\n")[0] if is_answer else entry["content"]
            if text:
                yield {"from": SPEAKERS.get(entry["role"], "world"), "text": text}
        elif is_robot and not is_answer and (action := _action(entry)):
            yield {"from": "robot", "text": action}


def _thoughts(transcript: Sequence[Entry]) -> Iterator[Line]:
    """What the lexicon reads too."""
    return ({"turn": thought.turn, thought.source: thought.text} for thought in thoughts_in(transcript))


def _words(transcript: Sequence[Entry], ledger: Ledger) -> Iterator[Line]:
    said = [action for action in ledger.actions if action.skill in SPEAKING and action.text and action.was_dispatched]
    if said:
        yield from _course(transcript)
    for action in said:
        to = {"to": action.file or action.target} if action.file or action.target else {}
        yield {"from": "words", "time_s": action.time_s, "how": action.skill, **to, "text": action.text}


def _with_marks(transcript: Sequence[Entry]) -> Sequence[Entry]:
    """The transcript with its forms marked, also where it is so old that it marks none."""
    place = None if any("form" in entry for entry in transcript) else form_place(transcript)
    if place is None:
        return transcript
    return [*transcript[:place], {**transcript[place], "form": {}}, *transcript[place + 1 :]]


def _action(entry: Entry) -> str:
    """The action of a reply as JSON, or ""."""
    if calls := entry.get("tool_calls"):
        return f"{calls[0]['name']} {calls[0]['arguments']}"
    named = [found.value for found in objects_in(entry["content"]) if "skill" in found.value]
    return json.dumps(named[-1], ensure_ascii=False) if named else ""
