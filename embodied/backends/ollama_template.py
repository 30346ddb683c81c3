"""What the chat template of an Ollama model does, read off prompts as the server itself renders them.

A server shows a prompt when `_debug_render_only` is set. That is documented nowhere, so it is used where it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from embodied.backends.base import ChatMessage, ThoughtKind
from embodied.backends.thinking import split_thinking

Think = bool | str | None
Render = Callable[[Sequence[ChatMessage], Think], str | None]
"""The server's rendering of a transcript under a `think` value; None where it shows none."""

ALWAYS_THINKING: Final = frozenset({"gptoss", "gpt-oss"})
"""Families that think whatever `think` says, and take levels."""

PAST_THOUGHT: Final = "I remember that it is blue."
PROBE: Final = (
    ChatMessage(role="system", content="You answer briefly."),
    ChatMessage(role="user", content="Which colour has the lamp in the hall?"),
    ChatMessage(role="assistant", content="Blue.", thinking=PAST_THOUGHT),
    ChatMessage(role="user", content="And why was it painted like that?"),
)


@dataclass(frozen=True, slots=True)
class Template:
    """What a template does under the configured `think`.

    Attributes:
        is_shown: Whether the server shows its renderings at all; if not, the rest is not known.
        opens_thinking: Whether the prompt ends inside a thought.
        shows_past_thinking: Whether thinking of earlier messages is in the prompt.
    """

    is_shown: bool
    opens_thinking: bool = False
    shows_past_thinking: bool = False


def read_template(render: Render, think: Think) -> Template:
    """Find out what the template does."""
    rendered = render(PROBE, think)
    if rendered is None:
        return Template(is_shown=False)
    return Template(
        is_shown=True, opens_thinking=ends_in_thought(rendered), shows_past_thinking=PAST_THOUGHT in rendered
    )


def ends_in_thought(rendered: str) -> bool:
    """Whether a rendered prompt ends with the mark that opens thinking."""
    last = rendered.split()[-1:]
    thought = split_thinking("".join(last))
    return thought.kind is ThoughtKind.UNCLOSED and not thought.thinking
