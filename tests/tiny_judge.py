"""A monitor's model without weights: it answers at once, in order, and keeps what it was asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from embodied.backends.base import Capabilities, ChatMessage, ChatReply, ChatRequest
from embodied.errors import BackendError, ContextOverflowError

DROPPED = "the judge's server fell over: start it again"


class TinyJudge:
    """Replies at once.

    Args:
        says: Its replies in an episode, in order; the last one stays.
        fails_at: Call of an episode, from 0, at which the server fails; None for never.
        overflows_at: Call at which the prompt does not fit.
        is_gone: Whether the server no longer answers when it is checked.
        digest: Of its weights.

    Attributes:
        requests: What it was asked.
    """

    def __init__(
        self, says: Sequence[str] = ('{"score": 0}',), *, fails_at: int | None = None, overflows_at: int | None = None,
        is_gone: bool = False, digest: str = "0", name: str = "tiny judge",
    ) -> None:  # fmt: skip
        self.requests: list[ChatRequest] = []
        self._says, self._name, self._digest = list(says), name, digest
        self._fails_at, self._overflows_at, self._is_gone = fails_at, overflows_at, is_gone
        self._calls: Counter[str] = Counter()

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(window=8192, prompt_check="exact")

    def prepare(self) -> Mapping[str, Any]:
        return {"backend": "tiny judge", "model": self._name, "digest": self._digest}

    def chat(self, request: ChatRequest) -> ChatReply:
        self.requests.append(request)
        call = self._calls[request.session]
        self._calls[request.session] += 1
        if call == self._fails_at:
            raise BackendError(DROPPED)
        if call == self._overflows_at:
            raise ContextOverflowError("the prompt does not fit: raise model.num_ctx")
        text = self._says[min(call, len(self._says) - 1)]
        return ChatReply(text=text, prompt_tokens=100, completion_tokens=8, latency_s=0.01)

    def count(self, messages: Sequence[ChatMessage]) -> int | None:
        return sum(len(message.content.split()) for message in messages)

    def check(self) -> None:
        if self._is_gone:
            raise BackendError(DROPPED)

    def close(self) -> None:
        pass
