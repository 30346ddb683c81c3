"""A model without weights: its replies follow from the seed of the call, good and bad ones mixed."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from embodied.backends.base import Capabilities, ChatMessage, ChatReply, ChatRequest, ThoughtKind, ToolCall
from embodied.errors import BackendError, ContextOverflowError

ACTIONS = (
    '{"skill": "goto", "target": "alpha"}',
    '{"skill": "goto", "target": "bravo"}',
    '{"skill": "wait", "amount": 3}',
    '{"skill": "look", "target": "red button"}',
    "I would rather talk.",
)


class TinyBackend:
    """Replies at once.

    Args:
        name: Names the model in records.
        fails_at: Call of an episode (counted from 0) at which the server fails; None for never.
        overflows_at: Call at which the prompt does not fit.
        does_form_overflow: Whether the prompt no longer fits when the form is asked.
        does_probe: What becomes of the probes: they are answered, do not fit, or the server fails in them.
    """

    def __init__(
        self, name: str, *, fails_at: int | None = None, overflows_at: int | None = None,
        does_form_overflow: bool = False, does_probe: Literal["answer", "overflow", "fail"] = "answer",
    ) -> None:  # fmt: skip
        self._name = name
        self._does_form_overflow = does_form_overflow
        self._does_probe = does_probe
        self._fails_at = fails_at
        self._overflows_at = overflows_at

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(thinks=True, window=8192, prompt_check="exact")

    def prepare(self) -> Mapping[str, Any]:
        return {"backend": "tiny", "model": self._name, "digest": "0"}

    def chat(self, request: ChatRequest) -> ChatReply:
        n_before = sum(message.role == "assistant" for message in request.messages)
        if n_before == self._fails_at or (self._does_probe == "fail" and is_probe(request)):
            raise BackendError("the tiny model fell over: start it again")
        does_overflow = self._does_form_overflow or (self._does_probe == "overflow" and is_probe(request))
        if n_before == self._overflows_at or (does_overflow and is_form(request)):
            raise ContextOverflowError("the prompt does not fit: raise model.num_ctx")
        return reply_to(request)

    def count(self, messages: Sequence[ChatMessage]) -> int | None:
        return sum(len(message.content.split()) for message in messages)

    def check(self) -> None:
        pass

    def close(self) -> None:
        pass


def is_form(request: ChatRequest) -> bool:
    return '"q1": ' in request.messages[-1].content


def is_probe(request: ChatRequest) -> bool:
    return is_form(request) and "maintenance line" not in request.messages[-1].content


def reply_to(request: ChatRequest) -> ChatReply:
    """A reply that follows from the seed of the call; of a form the first question is answered."""
    rng = random.Random(request.seed)
    offered = re.search(r"^q1\. .* Answers: (.*)$", request.messages[-1].content, re.MULTILINE)
    text = json.dumps({"q1": rng.choice(offered[1].split(" / "))}) if offered else rng.choice(ACTIONS)
    call = ToolCall(name="goto", arguments=json.dumps({"target": rng.choice(["alpha", "bravo"])}))
    return ChatReply(
        text=text,
        tool_calls=(call,) if request.tools and text.startswith("{") else (),
        thinking=f"Let me see: {rng.random()}",
        thought=ThoughtKind.FIELD,
        prompt_tokens=900 + 50 * len(request.messages),
        completion_tokens=20,
        latency_s=0.01,
    )
