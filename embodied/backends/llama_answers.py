"""What llama.cpp's server answers, read into records, and what its errors mean.

Source: https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
"""

from __future__ import annotations

from typing import Final

import httpx
from pydantic import BaseModel, Field, ValidationError

from embodied.backends.base import ChatReply, ToolCall
from embodied.errors import BackendError, ContextOverflowError, Fault, fault_place

WHO: Final = "the embedded model"
UNPARSED: Final = "The model produced output that does not match"
"""What the server says, with status 500, of a reply that begins a tool call and ends as none."""


class _Function(BaseModel):
    name: str
    arguments: str


class _Call(BaseModel):
    function: _Function


class _Message(BaseModel):
    content: str | None = None
    reasoning_content: str | None = None
    tool_calls: tuple[_Call, ...] | None = None


class _Choice(BaseModel):
    message: _Message | None = None
    text: str | None = None
    finish_reason: str


class _Details(BaseModel):
    cached_tokens: int


class _Usage(BaseModel):
    prompt_tokens: int = Field(gt=0)
    completion_tokens: int
    prompt_tokens_details: _Details


class _Timings(BaseModel):
    prompt_ms: float
    predicted_ms: float


class _Answer(BaseModel):
    """What the server answers to a chat, or to a prompt that was rendered beforehand."""

    choices: tuple[_Choice, ...] = Field(min_length=1)
    usage: _Usage
    timings: _Timings

    def reply(self) -> ChatReply:
        """In the terms of all backends."""
        choice = self.choices[0]
        message = choice.message or _Message(content=choice.text)
        return ChatReply(
            text=message.content or "",
            thinking=message.reasoning_content or "",
            tool_calls=tuple(
                ToolCall(name=call.function.name, arguments=call.function.arguments)
                for call in message.tool_calls or ()
            ),
            prompt_tokens=self.usage.prompt_tokens,
            cached_tokens=self.usage.prompt_tokens_details.cached_tokens,
            completion_tokens=self.usage.completion_tokens,
            finish=choice.finish_reason,
            engine_s=(self.timings.prompt_ms + self.timings.predicted_ms) / 1000,
        )


def read_reply(response: httpx.Response, expected: int | None) -> ChatReply:
    """The reply in an answer, its thinking not yet looked for in the text.

    A reply that begins a tool call and ends as none is an error to the server; it is the model's, and so it is data.

    Args:
        response: The answer.
        expected: Tokens of the prompt that was sent; None when they could not be counted.

    Raises:
        ContextOverflowError: The model read another number of tokens.
        BackendError: It is no reply.
    """
    if response.is_error and UNPARSED in response.text:
        return ChatReply(text="", prompt_tokens=expected, finish="unreadable")
    if response.is_error:
        raise refusal_of(response)
    try:
        reply = _Answer.model_validate_json(response.content).reply()
    except ValidationError as error:
        where = fault_place(error)
        raise BackendError(
            f"{WHO} sent a reply with no usable `{where}`: see the server's log", fault=Fault.UNREADABLE
        ) from error
    if expected is not None and reply.prompt_tokens != expected:
        raise ContextOverflowError(
            f"the prompt was cut: the model read {reply.prompt_tokens} tokens of {expected}: raise model.n_ctx"
        )
    return reply


def refusal_of(response: httpx.Response) -> BackendError:
    """The error that stands for an answer with an error status."""
    try:
        refusal = response.json()["error"]
        kind, text = refusal["type"], " ".join(refusal["message"].split())
    except (ValueError, KeyError, TypeError, AttributeError):
        kind, text = "", response.text[:200]
    if kind == "exceed_context_size_error":
        return ContextOverflowError(f"the prompt does not fit model.n_ctx ({text}): raise it", fault=Fault.REFUSED)
    fault = Fault.REFUSED if response.is_client_error else Fault.FAILED
    return BackendError(f"{WHO} refused the request ({response.status_code}): {text}", fault=fault)
