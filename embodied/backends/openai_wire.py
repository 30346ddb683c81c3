"""The wire format of `/v1/chat/completions`: what is sent, what comes back, and what its errors mean.

Source: https://platform.openai.com/docs/api-reference/chat; for `reasoning`, `reasoning_content` and `timings` the
documentation of vLLM and of llama.cpp's server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx
from pydantic import BaseModel, Field, ValidationError, model_validator

from embodied.backends.base import ChatMessage, ToolCall, ToolSpec
from embodied.backends.http import retry_after_s
from embodied.backends.llama_wire import wire_messages
from embodied.errors import BackendError, BackendUnavailableError, ContextOverflowError, Fault, fault_place

LONGEST_QUOTE: Final = 500
TOO_LONG: Final = re.compile(r"exceed_context_size|context_length_exceeded|context (size|length|window)", re.IGNORECASE)
OUT_OF_MEMORY: Final = re.compile(
    r"out of (device )?memory|outofmemory|malloc failed|failed to allocate", re.IGNORECASE
)
LOADING: Final = re.compile(r"loading model", re.IGNORECASE)


CONTENT_FILTER: Final = "content_filter"
"""How a host says, as the end of a reply or as the code of an error, that it lets no answer to a prompt through."""


class ContentFilterError(BackendError):
    """The host refuses this prompt, or the reply to it: an answer like any other, which is not asked for again."""


class _Function(BaseModel):
    name: str
    arguments: str = ""


class _Call(BaseModel):
    function: _Function


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: tuple[_Call, ...] | None = None


class _Token(BaseModel):
    logprob: float


class _Logprobs(BaseModel):
    content: tuple[_Token, ...] | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_bare_text(cls, data: Any) -> Any:
        """The answer to a prompt that was rendered beforehand has text in place of a message."""
        is_bare = isinstance(data, dict) and "message" not in data and isinstance(data.get("text"), str)
        return {**data, "message": {"content": data["text"]}} if is_bare else data


class _Details(BaseModel):
    cached_tokens: int | None = None


class _Spent(BaseModel):
    reasoning_tokens: int | None = None


class _Usage(BaseModel):
    prompt_tokens: int = Field(gt=0)
    completion_tokens: int | None = None
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Spent | None = None


class _Timings(BaseModel):
    prompt_ms: float
    predicted_ms: float


class Answer(BaseModel):
    """What a server answers.

    Attributes:
        model: What it calls the model that answered ("" when it does not say).
        usage: Its count of tokens; None when it does not count.
        system_fingerprint: Names the build that answered ("" when it does not say).
        timings: Of llama.cpp's server only.
    """

    choices: tuple[_Choice, ...] = Field(min_length=1)
    model: str | None = None
    usage: _Usage | None = None
    system_fingerprint: str | None = None
    timings: _Timings | None = None

    @property
    def text(self) -> str:
        """What the model said, a refusal included; nothing of what the host filtered."""
        message = self.choices[0].message
        return "" if self.is_filtered else message.content or message.refusal or ""

    @property
    def is_filtered(self) -> bool:
        """Whether the host ended the reply because of what is in it."""
        return self.choices[0].finish_reason == CONTENT_FILTER

    @property
    def served_as(self) -> str:
        """Model and build that answered, as far as the server says."""
        return " ".join(filter(None, (self.model, self.system_fingerprint)))

    @property
    def thinking(self) -> str:
        """What the server took for thinking."""
        message = self.choices[0].message
        return message.reasoning or message.reasoning_content or ""

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls in the model's order; none of what the host filtered."""
        functions = () if self.is_filtered else (call.function for call in self.choices[0].message.tool_calls or ())
        return tuple(ToolCall(name=f.name, arguments=f.arguments) for f in functions)

    @property
    def finish(self) -> str:
        """Why the model stopped; a call is an end like any other."""
        reason = self.choices[0].finish_reason or "aborted"
        return "stop" if reason == "tool_calls" else reason

    @property
    def prompt_tokens(self) -> int | None:
        """Tokens of the prompt; None when the server did not count."""
        return self.usage.prompt_tokens if self.usage else None

    @property
    def completion_tokens(self) -> int | None:
        """Tokens generated, thinking included; None when the server did not count."""
        return self.usage.completion_tokens if self.usage else None

    @property
    def cached_tokens(self) -> int | None:
        """Prompt tokens out of the prefix cache; None when the server did not say."""
        details = self.usage.prompt_tokens_details if self.usage else None
        return details.cached_tokens if details else None

    @property
    def mean_logprob(self) -> float | None:
        """Mean log probability of the tokens; None when the server did not say."""
        logprobs = self.choices[0].logprobs
        tokens = (logprobs and logprobs.content) or ()
        return sum(token.logprob for token in tokens) / len(tokens) if tokens else None

    @property
    def read_back_tokens(self) -> int:
        """Tokens of the text alone; 0 when some may have been thought in secret."""
        spent = self.usage.completion_tokens_details if self.usage else None
        is_all_text = spent is not None and spent.reasoning_tokens == 0 and not self.thinking and not self.calls
        return (self.completion_tokens or 0) if is_all_text else 0

    @property
    def engine_s(self) -> float | None:
        """Seconds of reading and writing; None when the server did not say."""
        return (self.timings.prompt_ms + self.timings.predicted_ms) / 1000 if self.timings else None


def read_answer(content: bytes, host: str) -> Answer:
    """Check an answer.

    Raises:
        BackendError: It is no JSON, or lacks what an answer has.
    """
    try:
        return Answer.model_validate_json(content)
    except ValidationError as error:
        where = fault_place(error) or "JSON"
        raise BackendError(
            f"the server at {host} sent a reply with no usable `{where}`: see its log", fault=Fault.UNREADABLE
        ) from error


def as_messages(messages: Sequence[ChatMessage], *, shows_thinking: bool = False) -> list[dict[str, Any]]:
    """A transcript as the API takes it; thinking under both names that are in use."""
    wire = wire_messages(messages, shows_thinking=shows_thinking)
    for entry in wire:
        if "reasoning_content" in entry:
            entry["reasoning"] = entry["reasoning_content"]
    return wire


def as_tools(tools: Sequence[ToolSpec]) -> dict[str, Any]:
    """The fields of a request that offer tools; none for no tools."""
    if not tools:
        return {}
    functions = [{"type": "function", "function": tool.model_dump()} for tool in tools]
    return {"tools": functions, "tool_choice": "auto", "parallel_tool_calls": False}


def as_format(schema: Mapping[str, Any] | None) -> dict[str, Any]:
    """The fields of a request that bind the reply to a schema; none for free text."""
    if schema is None:
        return {}
    bound = {"name": "reply", "schema": dict(schema), "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": bound}}


def said(text: str) -> str:
    """The words of an error answer, in one line."""
    try:
        data = json.loads(text)
    except ValueError:
        data = text
    for key in ("error", "message", "detail"):
        data = data.get(key, data) if isinstance(data, dict) else data
    return " ".join(str(data).split())[:LONGEST_QUOTE]


def as_error(host: str, status: int, headers: Mapping[str, str], text: str) -> BackendError:
    """What an answer with an error status means.

    Only 429, a 503 that names a wait and one of a server that still loads its model say that nothing was begun: any
    other 503 may come from a gateway that lost a call under way.
    """
    words = said(text)
    wait = headers.get("retry-after", "")
    is_unbegun = status == httpx.codes.SERVICE_UNAVAILABLE and (bool(wait) or bool(LOADING.search(words)))
    if status == httpx.codes.TOO_MANY_REQUESTS or is_unbegun:
        return BackendError(
            f"the server at {host} is too busy ({status} {words}): lower run.workers", fault=Fault.BUSY,
            is_retryable=True, retry_after_s=retry_after_s(headers),
        )  # fmt: skip
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return key_refused(host, status)
    if status == httpx.codes.NOT_FOUND:
        return BackendUnavailableError(
            f"the server at {host} knows no such model or address ({words}): see model.name and model.base_url",
            fault=Fault.REFUSED,
        )
    if status < httpx.codes.INTERNAL_SERVER_ERROR and TOO_LONG.search(text):
        return ContextOverflowError(f"the prompt does not fit the server's window ({words})", fault=Fault.REFUSED)
    if OUT_OF_MEMORY.search(words):
        return BackendError(
            f"the server at {host} ran out of memory ({words}): start it with a smaller window or fewer slots",
            fault=Fault.OUT_OF_MEMORY,
        )
    fault = Fault.FAILED if status >= httpx.codes.INTERNAL_SERVER_ERROR else Fault.REFUSED
    is_filtered = status == httpx.codes.BAD_REQUEST and _code(text) == CONTENT_FILTER
    kind = ContentFilterError if is_filtered else BackendError
    return kind(f"the server at {host} answered {status}: {words}", fault=fault)


def _code(text: str) -> object:
    """The code of an error answer; None where it has none."""
    try:
        return json.loads(text)["error"]["code"]
    except (ValueError, LookupError, TypeError):
        return None


def key_refused(host: str, status: int) -> BackendUnavailableError:
    """The error for a key that is missing or wrong. What the server said is left out: it may quote the key."""
    return BackendUnavailableError(
        f"the server at {host} refuses the key ({status}): set model.api_key_env to the variable that holds it",
        fault=Fault.REFUSED,
    )
