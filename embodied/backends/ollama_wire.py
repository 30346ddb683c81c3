"""Ollama's wire format: what is sent to `/api/chat`, what comes back, and what its errors mean.

Source: https://docs.ollama.com/api and the server's own request and response types.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx
from pydantic import BaseModel, Field, ValidationError

from embodied.backends.base import ChatMessage, ToolCall, ToolSpec
from embodied.errors import BackendError, ContextOverflowError, Fault, fault_place

LONGEST_QUOTE: Final = 500
TOO_LONG: Final = re.compile(r"exceed_context_size|context (size|length|window)", re.IGNORECASE)
OUT_OF_MEMORY: Final = re.compile(
    r"out.of.(device.)?memory|more system memory|[a-z]+malloc failed|failed to allocate|allocation failed"
    r"|(not enough|insufficient) memory|outofdevicememory", re.IGNORECASE,
)  # fmt: skip
RUNNER_DIED: Final = re.compile(
    r"runner has unexpectedly|process has terminated|unexpected EOF|forcibly closed", re.IGNORECASE
)
UNPARSED: Final = re.compile(
    r"error parsing tool call|failed to parse JSON|empty function name|XML syntax error|invalid character "
    r"|unexpected end of JSON input"
)
"""How the server's error begins, with status 500, when the model's own words began a tool call and ended as none.

Source: https://github.com/ollama/ollama, `harmony` and `model/parsers`.
"""


class _Function(BaseModel):
    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)


class _Call(BaseModel):
    function: _Function


class _Message(BaseModel):
    content: str
    thinking: str = ""
    tool_calls: tuple[_Call, ...] = ()


class Answer(BaseModel):
    """What `/api/chat` answers.

    Attributes:
        done: False when the server gave up on the model, which it does without saying so.
        prompt_eval_count: Tokens of the prompt, cached ones included.
        prompt_eval_cached_count: Of them, those from the prefix cache; only newer servers say.
        eval_count: Tokens generated, thinking included.
        prompt_eval_duration: Nanoseconds.
        eval_duration: Nanoseconds.
    """

    message: _Message
    done: bool
    done_reason: str = ""
    prompt_eval_count: int | None = Field(default=None, gt=0)
    prompt_eval_cached_count: int | None = None
    eval_count: int | None = None
    prompt_eval_duration: int | None = None
    eval_duration: int | None = None

    @property
    def finish(self) -> str:
        """Why the model stopped."""
        return self.done_reason or "stop" if self.done else "aborted"

    @property
    def engine_s(self) -> float | None:
        """Seconds of reading and writing; None when the server did not say."""
        if self.prompt_eval_duration is None or self.eval_duration is None:
            return None
        return (self.prompt_eval_duration + self.eval_duration) / 1e9

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls in the model's order."""
        functions = (call.function for call in self.message.tool_calls)
        return tuple(ToolCall(name=f.name, arguments=json.dumps(f.arguments, ensure_ascii=False)) for f in functions)


UNREADABLE: Final = Answer(message=_Message(content=""), done=True, done_reason="unreadable")
"""Stands for words that the server could not parse. What it quotes of them is dropped: nothing says what it was."""


def read_answer(data: Mapping[str, Any]) -> Answer:
    """Check an answer.

    Raises:
        BackendError: It lacks what an answer has.
    """
    try:
        answer = Answer.model_validate(data)
    except ValidationError as error:
        where = fault_place(error)
        raise BackendError(
            f"Ollama sent a reply with no usable `{where}`: see the server's log", fault=Fault.UNREADABLE
        ) from error
    if answer.done and answer.prompt_eval_count is None:
        raise BackendError(
            "Ollama did not count the prompt, so a cut would go unseen: update the server", fault=Fault.UNREADABLE
        )
    return answer


def as_messages(messages: Sequence[ChatMessage], *, shows_thinking: bool) -> list[dict[str, Any]]:
    """A transcript as `/api/chat` takes it."""
    return [_as_message(message, shows_thinking=shows_thinking) for message in messages]


def as_tools(tools: Sequence[ToolSpec]) -> list[dict[str, Any]]:
    """Tools as `/api/chat` takes them."""
    return [{"type": "function", "function": tool.model_dump()} for tool in tools]


def said(response: httpx.Response) -> str:
    """The text of an error answer, in one line."""
    try:
        data = response.json()
    except ValueError:
        data = response.text
    return " ".join(str(data.get("error", data) if isinstance(data, dict) else data).split())[:LONGEST_QUOTE]


def is_unparsed(response: httpx.Response) -> bool:
    """Whether the server failed at the model's words: to it an error, but they are the model's, and so data."""
    return response.status_code == httpx.codes.INTERNAL_SERVER_ERROR and bool(UNPARSED.match(said(response)))


def is_too_long(response: httpx.Response) -> bool:
    """Whether the server refused a prompt because it does not fit."""
    return response.status_code == httpx.codes.BAD_REQUEST and bool(TOO_LONG.search(said(response)))


def refused_tokens(response: httpx.Response) -> int | None:
    """How many tokens a prompt has that the server refused as too long; None when it did not say."""
    counted = re.search(r"(\d+) tokens", said(response))
    return int(counted[1]) if counted and is_too_long(response) else None


def refused_window(response: httpx.Response) -> int | None:
    """The window that such a refusal names, tokens; None when it names none."""
    named = re.search(r"context size \((\d+) tokens\)", said(response))
    return int(named[1]) if named else None


def as_error(path: str, response: httpx.Response, num_ctx: int) -> BackendError:
    """What an answer with an error status means."""
    text = said(response)
    if is_too_long(response):
        tokens = refused_tokens(response)
        size = text if tokens is None else f"{tokens} tokens"
        return ContextOverflowError(
            f"the prompt does not fit model.num_ctx={num_ctx} ({size}): raise it", fault=Fault.REFUSED
        )
    if OUT_OF_MEMORY.search(text):
        return BackendError(
            f"Ollama ran out of memory ({text}): lower model.num_ctx or take a smaller model", fault=Fault.OUT_OF_MEMORY
        )
    if response.is_server_error and RUNNER_DIED.search(text):
        return BackendError(f"Ollama's model process died ({text}): see the server's log", fault=Fault.BROKEN_OFF)
    fault = Fault.FAILED if response.is_server_error else Fault.REFUSED
    return BackendError(f"Ollama answered {path} with {response.status_code}: {text}", fault=fault)


def _as_message(message: ChatMessage, *, shows_thinking: bool) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": message.content}
    if shows_thinking and message.thinking:
        wire["thinking"] = message.thinking
    if message.images:
        wire["images"] = [base64.b64encode(image).decode() for image in message.images]
    if message.tool_calls:
        wire["tool_calls"] = [
            {"function": {"name": call.name, "arguments": _as_object(call)}} for call in message.tool_calls
        ]
    if message.tool_name:
        wire["tool_name"] = message.tool_name
    return wire


def _as_object(call: ToolCall) -> dict[str, Any]:
    """A call's arguments as the object that the server demands."""
    try:
        arguments = json.loads(call.arguments)
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        raise BackendError(
            f"the call of {call.name} has arguments that are no JSON object: Ollama cannot be shown it",
            fault=Fault.REFUSED,
        )
    return arguments
