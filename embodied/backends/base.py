"""The seam between a mind and the server that runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field


class ChatMessage(BaseModel):
    """One message of a transcript."""

    model_config = ConfigDict(frozen=True)

    role: Literal["system", "user", "assistant"]
    content: str
    thinking: str = ""


class ChatRequest(BaseModel):
    """One call to a model.

    Attributes:
        messages: The transcript, oldest first. Append-only within an episode.
        seed: Sampling seed of this call.
        json_schema: Constrain the reply to this schema, where the backend can; None for free text.
        max_tokens: Budget of generated tokens, thinking included.
    """

    model_config = ConfigDict(frozen=True)

    messages: tuple[ChatMessage, ...]
    seed: int
    json_schema: dict[str, Any] | None = None
    max_tokens: int = Field(default=512, gt=0)


class ChatReply(BaseModel):
    """What came back.

    Attributes:
        text: The reply without its thinking.
        thinking: Reasoning text, kept whole ("" when there is none).
        prompt_tokens: As the server counted them, cached ones included; None when it did not say.
        cached_tokens: Prompt tokens taken from the server's prefix cache; None when it did not say.
        completion_tokens: Generated tokens, thinking included; None when the server did not say.
        finish: `stop`, `length` (budget used up) or another word of the server's.
        latency_s: Wall time of the call.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    thinking: str = ""
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    finish: str = "stop"
    latency_s: float = 0.0


class Backend(Protocol):
    """Serves one model. Safe to use from several processes when rebuilt from its config in each."""

    @property
    def constrains(self) -> bool:
        """Whether `json_schema` is enforced by the decoder for action turns."""
        ...

    def prepare(self) -> Mapping[str, Any]:
        """Check that server and model are there and return the manifest.

        Returns:
            Facts that identify what answered: name, digest, quantisation, server version, options, context window.

        Raises:
            BackendUnavailableError: No server answers or the model is missing; the message says what to do.
        """
        ...

    def chat(self, request: ChatRequest) -> ChatReply:
        """Answer one request.

        Raises:
            ContextOverflowError: The prompt does not fit the window or was cut.
            BackendError: Anything else the server did wrong.
        """
        ...

    def close(self) -> None:
        """Free what this object holds. Idempotent."""
        ...


def as_wire(messages: Sequence[ChatMessage]) -> list[dict[str, str]]:
    """Messages as the plain role/content dicts every chat API takes."""
    return [{"role": m.role, "content": m.content} for m in messages]
