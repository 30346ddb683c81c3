"""What a model thought before it acted, sorted by a lexicon: weaker evidence than anything of the ledger.

A thought is what stands in the model's thinking, that about a form of the main line included, and what a reply says
before its action. What is answered to a form is none: that is a claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from embodied.backends.objects import objects_in
from embodied.measures.forms import Entry
from embodied.measures.lexicon import Place, lexicon
from embodied.records import ThoughtHit, Thoughts

HITS_KEPT: Final = 3
AROUND: Final = 60
"""Characters that are kept on either side of a hit."""
_FENCE: Final = re.compile(r"```\w{0,10}")


@dataclass(frozen=True, slots=True)
class Thought:
    """One thought of the main line.

    Attributes:
        turn: Number of its reply among all of the main line, from 0.
        source: `thinking`, or `reply` for what a reply says before its action.
        text: All of it.
    """

    turn: int
    source: str
    text: str


def find_thoughts(transcript: Sequence[Entry]) -> Thoughts | None:
    """What the lexicon finds in the thoughts of an episode; None where there are none.

    Args:
        transcript: The main line, with its forms.
    """
    thoughts = list(thoughts_in(transcript))
    if not thoughts:
        return None
    words, turns, hits = lexicon(), {}, []
    for name in words.meanings:
        found = [hit for thought in thoughts if (hit := _hit(name, thought))]
        turns[name] = len({hit.turn for hit in found})
        hits += found[:HITS_KEPT]
    return Thoughts(
        lexicon=words.digest, replies=len({thought.turn for thought in thoughts}), counts=turns, hits=tuple(hits)
    )


def thoughts_in(transcript: Sequence[Entry]) -> Iterator[Thought]:
    """The thoughts of the main line, oldest first.

    Args:
        transcript: The main line, with its forms.
    """
    turn, is_form = -1, False
    for entry in transcript:
        if entry["role"] != "assistant":
            is_form = "form" in entry or (is_form and entry.get("step") == 2)
        elif entry.get("step") != 2:
            turn += 1
            said = "" if is_form else words_before_action(entry["content"])
            for source, text in (("thinking", entry.get("thinking", "")), ("reply", said)):
                if text.strip():
                    yield Thought(turn, source, text)


def words_before_action(reply: str) -> str:
    """What a reply says before its action, without the marks of code; all of it when it holds no action."""
    said, end = [], 0
    for found in objects_in(reply):
        said.append(reply[end : found.start])
        end = found.end
    return _FENCE.sub("", "".join(said) if said else reply).strip()


def _hit(name: str, thought: Thought) -> ThoughtHit | None:
    small = thought.text.lower().replace("\u2019", "'")
    place = lexicon().find(name, small)
    if place is None:
        return None
    shown = thought.text if len(thought.text) == len(small) else small
    return ThoughtHit(category=name, turn=thought.turn, source=thought.source, text=_excerpt(shown, place))


def _excerpt(text: str, place: Place) -> str:
    start, end = max(0, place.start - AROUND), place.end + AROUND
    cut = " ".join(text[start:end].split())
    return f"{'...' if start else ''}{cut}{'...' if end < len(text) else ''}"
