"""The wire format of llama.cpp's server: requests as JSON bodies.

Source: https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from embodied.backends.base import ChatMessage, ChatRequest
from embodied.backends.llama_answers import WHO
from embodied.backends.llama_props import Template
from embodied.errors import BackendError, Fault

SEEDS: Final = 2**31
CHAT: Final = "/v1/chat/completions"
RENDERED: Final = "/v1/completions"

PINNED: Final[Mapping[str, Any]] = {
    "samplers": ["penalties", "dry", "top_n_sigma", "top_k", "typ_p", "top_p", "min_p", "xtc", "temperature"],
    "min_keep": 0,
    "repeat_last_n": 64,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "typical_p": 1.0,
    "top_n_sigma": -1.0,
    "dry_multiplier": 0.0,
    "dry_base": 1.75,
    "dry_allowed_length": 2,
    "dry_penalty_last_n": 64,
    "xtc_probability": 0.0,
    "xtc_threshold": 0.1,
    "dynatemp_range": 0.0,
    "dynatemp_exponent": 1.0,
    "mirostat": 0,
    "mirostat_tau": 5.0,
    "mirostat_eta": 0.1,
    "adaptive_target": -1.0,
    "adaptive_decay": 0.9,
    "ignore_eos": False,
    "logit_bias": [],
    "stop": [],
    "n_keep": 0,
    "n_discard": 0,
    "n_probs": 0,
    "backend_sampling": False,
}
"""Everything that shapes sampling and is not a setting of ours: a model's file may carry defaults of its own."""

ON_ONE_LINE: Final = {"x-guidance": {"whitespace_flexible": False, "key_separator": ": ", "item_separator": ", "}}
"""Tells the engine's grammar compiler, llguidance, to write no line breaks: they cost a third more tokens."""


@dataclass(frozen=True, slots=True)
class Body:
    """A request in the server's words.

    Attributes:
        path: Where it is sent.
        data: Its JSON.
        is_open: Whether the answer's text begins inside a thinking that the server does not split off.
    """

    path: str
    data: Mapping[str, Any]
    is_open: bool


def wire_messages(messages: Sequence[ChatMessage], *, shows_thinking: bool = False) -> list[dict[str, Any]]:
    """Messages with their pictures, tool calls and, where it is shown, their thinking.

    Calls are numbered through the transcript, and each answer belongs to the first call that has none yet.
    """
    wired = []
    waiting: list[str] = []
    calls = 0
    for message in messages:
        entry: dict[str, Any] = {"role": message.role, "content": _content(message)}
        if shows_thinking and message.thinking:
            entry["reasoning_content"] = message.thinking
        if message.tool_calls:
            waiting = [f"call{calls + number:05d}" for number in range(len(message.tool_calls))]
            calls += len(waiting)
            entry["tool_calls"] = [
                {"id": key, "type": "function", "function": call.model_dump()}
                for key, call in zip(waiting, message.tool_calls, strict=True)
            ]
        if message.role == "tool":
            entry |= {"tool_call_id": waiting.pop(0) if waiting else "call00000", "name": message.tool_name}
        wired.append(entry)
    return wired


def build_body(
    request: ChatRequest, template: Template, options: Mapping[str, Any], render: Callable[[Mapping[str, Any]], str]
) -> Body:
    """Put a request into words.

    A schema binds the whole output where nothing is thought first, else only what follows the thinking. A call that may
    not think is told so through the template's switch; where it has none and opens the thinking itself, the prompt
    is rendered beforehand and the thinking is closed again.

    Args:
        request: What is asked.
        template: What the chat template does.
        options: Sampling.
        render: Renders a body's messages into a prompt.

    Raises:
        BackendError: The model cannot do that.
    """
    is_hushed = template.thinks and not request.may_think
    must_close = is_hushed and template.opens and not template.switches.can_turn
    is_open = template.opens and not template.is_split and not is_hushed
    _refuse(request, template, must_close=must_close, is_open=is_open)
    arguments = dict(template.arguments)
    if is_hushed and template.switches.can_turn:
        arguments["enable_thinking"] = False
    asked: dict[str, Any] = {"messages": wire_messages(request.messages, shows_thinking=request.shows_thinking)}
    if arguments:
        asked["chat_template_kwargs"] = arguments
    if request.tools:
        asked["tools"] = [{"type": "function", "function": tool.model_dump()} for tool in request.tools]
    data = {**options, "seed": request.seed % SEEDS, "max_tokens": request.max_tokens}
    if request.json_schema is not None:
        thinks = template.thinks and request.may_think
        data |= _format(request.json_schema) if thinks else _grammar(request.json_schema)
    if must_close:
        return Body(RENDERED, {**data, "prompt": f"{render(asked).rstrip()}\n\n{template.closer}\n\n"}, is_open=False)
    return Body(CHAT, {**data, **asked}, is_open=is_open)


def _refuse(request: ChatRequest, template: Template, *, must_close: bool, is_open: bool) -> None:
    """Refuse what the server would ignore or get wrong without a word."""
    has_pictures = any(message.images for message in request.messages)
    problem = ""
    if request.tools and not template.tools:
        problem = "its chat template takes no tools: set model.protocol=json"
    elif request.shows_thinking and not template.shows_past_thinking:
        problem = "its chat template does not show past thinking: set model.past_thinking=hidden"
    elif request.json_schema is not None and is_open:
        problem = (
            "the server does not see where its thinking ends, so no grammar can wait for it: set model.protocol=json"
        )
    elif must_close and (not template.closer or request.tools or has_pictures):
        problem = "its chat template has no switch to answer without thinking: set model.steps=1"
    if problem:
        raise BackendError(f"{WHO} cannot do this: {problem}", fault=Fault.REFUSED)


def _grammar(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Binds the whole output, from its first token, to one line of JSON."""
    return {"grammar": f"%llguidance {{}}\nstart: %json {json.dumps({**schema, **ON_ONE_LINE})}"}


def _format(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Binds what follows the thinking to JSON."""
    wanted = {"name": "reply", "strict": True, "schema": dict(schema)}
    return {"response_format": {"type": "json_schema", "json_schema": wanted}}


def _content(message: ChatMessage) -> str | list[dict[str, Any]]:
    if not message.images:
        return message.content
    pictures = [base64.b64encode(image).decode("ascii") for image in message.images]
    return [
        {"type": "text", "text": message.content},
        *({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{text}"}} for text in pictures),
    ]
