"""The one splitter of thinking from reply.

Servers hand over the reasoning of a model in four ways: in a field of its own, between `<think>` tags, with the opener
missing because the chat template already wrote it, or cut off before the closer. What is thought must never be read as
what is said or done: in doubt it is thinking.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from embodied.backends.base import ChatReply

TAG: Final = re.compile(r"<(?P<slash>/?)think(?:ing)?>", re.IGNORECASE)
CLOSER: Final = "</think>"


class ThoughtKind(StrEnum):
    """How the thinking was marked."""

    NONE = "none"
    FIELD = "field"
    TAGS = "tags"
    MISSING_OPENER = "missing_opener"
    UNCLOSED = "unclosed"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Thought:
    """A model's output, split.

    Attributes:
        thinking: Reasoning, all blocks joined by a blank line ("" when there is none).
        reply: The rest.
        kind: How the reasoning was marked; `EMPTY` when the marks are there and nothing is between them.
    """

    thinking: str
    reply: str
    kind: ThoughtKind


def split_thinking(text: str, field: str = "") -> Thought:
    """Split model output into thinking and reply.

    Args:
        text: The content of the message.
        field: What the server put into its own thinking field ("" when it has none).

    Returns:
        Both parts without surrounding white space. A closer without an opener turns all text before it into thinking;
        after a field or a block it is a stray one and is dropped.
    """
    thinking = [field]
    reply: list[str] = []
    kind = ThoughtKind.FIELD if field.strip() else ThoughtKind.NONE
    is_inside = False
    start = 0
    for tag in TAG.finditer(text):
        (thinking if is_inside else reply).append(text[start : tag.start()])
        start = tag.end()
        is_closer = bool(tag["slash"])
        if is_closer and not is_inside and kind is ThoughtKind.NONE:
            thinking, reply = [*thinking, *reply], []
            kind = ThoughtKind.MISSING_OPENER
        elif kind is ThoughtKind.NONE:
            kind = ThoughtKind.TAGS
        is_inside = not is_closer
    rest = text[start:]
    if is_inside:
        thinking.append(_without_cut_tag(rest))
        kind = ThoughtKind.UNCLOSED
    else:
        reply.append(rest)
    thought = "\n\n".join(part.strip() for part in thinking if part.strip())
    if not thought and kind in {ThoughtKind.TAGS, ThoughtKind.MISSING_OPENER}:
        kind = ThoughtKind.EMPTY
    return Thought(thought, "".join(reply).strip(), kind)


def did_thinking_eat_budget(reply: ChatReply) -> bool:
    """Whether the token budget ended while the model was still thinking, so that it never replied."""
    return reply.finish == "length" and bool(reply.thinking) and not reply.text


def _without_cut_tag(text: str) -> str:
    """`text` without the beginning of a closer that the budget cut."""
    return next((text[:-n] for n in range(len(CLOSER) - 1, 0, -1) if text.endswith(CLOSER[:n])), text)
