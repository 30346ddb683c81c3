"""The one splitter of thinking from reply.

Servers hand over the reasoning of a model in four ways: in a field of its own, between marks such as `<think>`, with
the opening mark missing because the chat template already wrote it, or cut off before the closing one. What is thought
must never be read as what is said or done: in doubt it is thinking.

The marks are those that model makers document: `<think>` (DeepSeek, Qwen and most others), `<thinking>`, `<thought>`
(EXAONE), `<seed:think>` (Seed-OSS), `[THINK]` (Magistral), `<|START_THINKING|>` (Command A), `<|channel>thought`
(Gemma 4) and the analysis channel of gpt-oss.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from embodied.backends.base import ChatReply, ThoughtKind
from embodied.backends.objects import objects_in

__all__ = ["Thought", "ThoughtKind", "did_thinking_eat_budget", "split_thinking"]

MARK: Final = re.compile(
    r"""(?=[<\[]) (?:
    (?P<open_angle>   <(?:seed:)?(?:think|thinking|thought)> )  | (?P<open_square>   (?-i:\[THINK\]) )
  | (?P<close_angle>  </(?:seed:)?(?:think|thinking|thought)> ) | (?P<close_square>  (?-i:\[/THINK\]) )
  | (?P<open_half>    <\|channel>thought\b )                    | (?P<open_capital>  <\|START_THINKING\|> )
  | (?P<close_half>   <channel\|> )                             | (?P<close_capital> <\|END_THINKING\|> )
  | (?P<open_channel> (?:<\|start\|>assistant)?<\|channel\|>analysis<\|message\|> )
  | (?P<close_channel>(?:<\|start\|>assistant)?<\|channel\|>final<\|message\|> )
  | (?P<end_channel>  <\|end\|> )
    )""",
    re.VERBOSE | re.IGNORECASE,
)
"""Opening and closing marks by family. `end` closes only a block that is open: other models end their turn with it."""

CLOSERS: Final = (
    "</think>", "</thinking>", "</thought>", "</seed:think>", "[/THINK]", "<|END_THINKING|>", "<channel|>",
)  # fmt: skip
ANY: Final = "any"


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


def split_thinking(text: str, field: str = "", *, is_open: bool = False) -> Thought:
    """Split model output into thinking and reply.

    A mark that a model quotes in a string of a complete JSON object is no mark.

    Args:
        text: The content of the message.
        field: What the server put into its own thinking field ("" when it has none).
        is_open: Whether the prompt already ended in an opening mark and the server splits nothing: then the text up
            to the first closing mark is thinking, and all of it when there is none. A field shows that it does split.

    Returns:
        Both parts without surrounding white space. A closing mark outside a block turns all text before it into
        thinking, also after a field or a block: what is said comes last. After these one that ends the text is a stray
        one and is dropped.
    """
    thinking = [field]
    reply: list[str] = []
    kind = ThoughtKind.FIELD if field.strip() else ThoughtKind.NONE
    inside = ANY if is_open and kind is ThoughtKind.NONE else ""
    start = 0
    words_end = len(MARK.sub(lambda mark: " " * len(mark[0]), text).rstrip())
    for mark in _marks(text):
        role, _, family = str(mark.lastgroup).partition("_")
        if (inside not in {"", ANY, family}) or (role == "end" and inside != family):
            continue
        (thinking if inside else reply).append(text[start : mark.start()])
        start = mark.end()
        if role == "open":
            kind = ThoughtKind.TAGS if kind is ThoughtKind.NONE and inside != ANY else kind
            inside = inside or family
            continue
        if not inside and (kind is ThoughtKind.NONE or start < words_end):
            thinking.append("".join(reply))
            reply.clear()
        kind = ThoughtKind.MISSING_OPENER if kind is ThoughtKind.NONE else kind
        inside = ""
    rest = text[start:]
    if inside:
        thinking.append(_without_cut_mark(rest))
        kind = ThoughtKind.UNCLOSED
    else:
        reply.append(rest)
    thought = "\n\n".join(part.strip() for part in thinking if part.strip())
    if not thought and kind in {ThoughtKind.TAGS, ThoughtKind.MISSING_OPENER}:
        kind = ThoughtKind.EMPTY
    return Thought(thought, "".join(reply).strip(), kind)


def did_thinking_eat_budget(reply: ChatReply) -> bool:
    """Whether the token budget ended while the model was still thinking, so that it never replied."""
    return reply.finish == "length" and bool(reply.thinking) and not reply.text and not reply.tool_calls


def _marks(text: str) -> Iterator[re.Match[str]]:
    """All marks but those inside complete JSON objects, where they can only stand in a string."""
    marks = list(MARK.finditer(text))
    quoted = [(found.start, found.end) for found in objects_in(text)] if marks else []
    for mark in marks:
        while quoted and quoted[0][1] <= mark.start():
            quoted.pop(0)
        if not (quoted and quoted[0][0] < mark.start()):
            yield mark


def _without_cut_mark(text: str) -> str:
    """`text` without the beginning of a closing mark that the budget cut."""
    cuts = (text[:-n] for closer in CLOSERS for n in range(len(closer) - 1, 1, -1) if text.endswith(closer[:n]))
    return next(cuts, text.removesuffix("<"))
