"""What a model's chat template does with thinking, tools and earlier thoughts, seen in the server's own renderings.

The server renders short conversations that differ in one thing; where their tokens differ too, that thing reaches the
model. What is ignored without a word is found out so, before an episode depends on it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from embodied.backends.base import EFFORTS, ChatMessage, ThoughtKind, ToolSpec
from embodied.backends.openai_dialects import Dialect
from embodied.backends.openai_wire import as_messages, as_tools
from embodied.backends.thinking import CLOSERS, split_thinking
from embodied.errors import BackendUnavailableError

QUESTION: Final = (ChatMessage(role="user", content="Where is the lamp?"),)
TAIL_TOKENS: Final = 16
OPENER: Final = re.compile(r"([<\[])([\w:]+[>\]])\s*$")
_ANSWER: Final = ChatMessage(role="assistant", content="In the hall.", thinking="lapwing")
_TALK: Final = (*QUESTION, _ANSWER, ChatMessage(role="user", content="And the door?"))
_TOOL: Final = ToolSpec(name="lapwing", description="Go.", parameters={"type": "object", "properties": {}})


@dataclass(frozen=True, slots=True)
class Template:
    """What a chat template does at one level of thinking.

    Attributes:
        fields: The fields of a request that ask for that level.
        can_switch: Whether it can be told not to think.
        thinks: Whether the model thinks before it answers.
        opens: Whether a prompt ends inside the thinking.
        closer: The mark that would end it again ("" when it ends outside, or in a mark that is not known).
        tools: Whether tools are rendered.
        past_thinking: Whether thinking of earlier messages is.
        sha256: Digest of a fixed conversation as it is rendered, today's date left out (see `without_dates`).
    """

    fields: Mapping[str, Any]
    can_switch: bool
    thinks: bool
    opens: bool
    closer: str
    tools: bool
    past_thinking: bool
    sha256: str


def read_template(dialect: Dialect, model: str, source: str, level: str) -> Template | None:
    """Find out what a template does.

    Args:
        dialect: Renders.
        model: The model's id.
        source: The template's text ("" when it is not known).
        level: The thinking asked for, one of `THINK_LEVELS`.

    Returns:
        What it does; None when the server shows no prompt.

    Raises:
        BackendUnavailableError: The template has no such level.
    """

    def render(messages: Sequence[ChatMessage] = QUESTION, **fields: Any) -> list[int]:
        wire = as_messages(messages, shows_thinking=True)
        return dialect.tokens({"model": model, "messages": wire, **fields}) or []

    plain = render()
    if not plain:
        return None
    off = render(**dialect.thinking("off"))
    can_switch = render(**dialect.thinking("on")) != off
    has_levels = render(**dialect.thinking(EFFORTS[0])) != render(**dialect.thinking(EFFORTS[-1]))
    knows = can_switch or has_levels or _opens(dialect, plain) or any(closer in source for closer in CLOSERS)
    _refuse(level, can_switch=can_switch, has_levels=has_levels, knows=knows)
    fields = dialect.thinking(level) if can_switch or level in EFFORTS else {}
    used = render(**fields)
    opens = _opens(dialect, used)
    opener = OPENER.search(dialect.text(used[-TAIL_TOKENS:])) if opens else None
    wordless = [message.model_copy(update={"thinking": ""}) for message in _TALK]
    talk = render(_TALK, **fields)
    return Template(
        fields=fields,
        can_switch=can_switch,
        thinks=opens or (knows and not (can_switch and used == off)),
        opens=opens,
        closer=f"{opener[1]}/{opener[2]}" if opener else "",
        tools=render(**fields, **as_tools([_TOOL])) != used,
        past_thinking=talk != render(wordless, **fields),
        sha256=hashlib.sha256(without_dates(dialect.text(talk), datetime.now(UTC).date()).encode()).hexdigest(),
    )


def without_dates(text: str, today: date) -> str:
    """A rendered prompt without the date of today, which some templates print, in the spellings that they use.

    Yesterday and tomorrow go too: the server may be in another time zone.

    Args:
        text: The prompt.
        today: The date in UTC.
    """
    days = [today + timedelta(days=n) for n in (-1, 0, 1)]
    spelled = "|".join(
        rf"{day:%Y-%m-%d}|0?{day.day} (?:{day:%b}|{day:%B}) {day.year}|{day:%B} 0?{day.day}, {day.year}" for day in days
    )
    return re.sub(rf"\b(?:{spelled})\b", "DATE", text)


def _opens(dialect: Dialect, tokens: Sequence[int]) -> bool:
    ends = split_thinking(dialect.text(tokens[-TAIL_TOKENS:]))
    return ends.kind is ThoughtKind.UNCLOSED and not ends.thinking


def _refuse(level: str, *, can_switch: bool, has_levels: bool, knows: bool) -> None:
    """Refuse a level that the template would ignore."""
    problem = ""
    if level in EFFORTS and not has_levels:
        problem = "knows no levels of thinking"
    elif level == "on" and not knows:
        problem = "knows no thinking"
    elif level == "off" and knows and not can_switch:
        problem = "has no switch for thinking and the model always thinks"
    if problem:
        raise BackendUnavailableError(
            f"model.think={level} cannot be had: the chat template {problem}: set model.think=auto"
        )
