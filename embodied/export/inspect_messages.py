"""Our transcripts and requests as Inspect's messages. What a model wrote stays data: its meaning is not looked at."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    Content,
    ContentImage,
    ContentReasoning,
    ContentText,
)
from inspect_ai.tool import ToolCall

from embodied.backends import base

_USUAL: Final[Mapping[str, Any]] = {"thought": "none", "step": 1, "finish": "stop"}
"""What a reply says of itself besides its words, where it says what is usual; only the unusual is shown."""
_SHOWN: Final = frozenset({*_USUAL, "images", "mean_logprob", "served_as"})


def entries_as_messages(entries: Sequence[Mapping[str, Any]], key: str) -> list[ChatMessage]:
    """The entries of a transcript.

    Args:
        entries: As a run folder keeps them, oldest first.
        key: Key of the episode: messages are numbered under it.
    """
    messages: list[ChatMessage] = []
    call_id = ""
    for number, entry in enumerate(entries):
        message = _message(entry, f"{key}-{number}", call_id)
        if isinstance(message, ChatMessageAssistant):
            call_id = message.tool_calls[0].id if message.tool_calls else ""
        messages.append(message)
    return messages


def request_as_messages(messages: Sequence[base.ChatMessage], *, shows_thinking: bool) -> list[ChatMessage]:
    """The messages of a request.

    Args:
        messages: What the model is to read, oldest first.
        shows_thinking: Whether earlier thinking is sent along.
    """
    made: list[ChatMessage] = []
    call_id = ""
    for number, message in enumerate(messages):
        if message.role == "assistant":
            calls = [
                _call(call.name, call.arguments, f"call-{number}-{n}") for n, call in enumerate(message.tool_calls)
            ]
            call_id = calls[0].id if calls else ""
            thinking = message.thinking if shows_thinking else ""
            made.append(ChatMessageAssistant(content=_content(message.content, thinking), tool_calls=calls or None))
        elif message.role == "system":
            made.append(ChatMessageSystem(content=message.content))
        elif message.role == "tool":
            made.append(ChatMessageTool(content=message.content, function=message.tool_name, tool_call_id=call_id))
        else:
            made.append(ChatMessageUser(content=_seen(message)))
    return made


def printable(text: str) -> str:
    """A text without halves of characters, which no log can hold."""
    return text.encode("utf-8", "replace").decode()


def printable_data(value: Any) -> Any:
    """Plain data whose texts a log can hold."""
    if isinstance(value, Mapping):
        return {printable(str(name)): printable_data(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [printable_data(item) for item in value]
    return printable(value) if isinstance(value, str) else value


def _message(entry: Mapping[str, Any], name: str, call_id: str) -> ChatMessage:
    words = printable(str(entry["content"]))
    more = {name: value for name, value in entry.items() if name in _SHOWN and value != _USUAL.get(name)} or None
    match entry["role"]:
        case "assistant":
            found = enumerate(entry.get("tool_calls", ()))
            calls = [_call(str(call["name"]), str(call["arguments"]), f"{name}-call-{n}") for n, call in found]
            content = _content(words, printable(str(entry.get("thinking", ""))))
            return ChatMessageAssistant(id=name, content=content, tool_calls=calls or None, metadata=more)
        case "system":
            return ChatMessageSystem(id=name, content=words, metadata=more)
        case "tool":
            tool = printable(str(entry.get("tool_name", "")))
            return ChatMessageTool(id=name, content=words, function=tool, tool_call_id=call_id or None, metadata=more)
    return ChatMessageUser(id=name, content=words, metadata=more)


def _content(words: str, thinking: str) -> str | list[Content]:
    return [ContentReasoning(reasoning=thinking), ContentText(text=words)] if thinking else words


def _call(name: str, arguments: str, call_id: str) -> ToolCall:
    """A call as the model wrote it; arguments that are no object are kept as they are, with the reason."""
    try:
        found = json.loads(arguments or "{}")
    except ValueError:
        found = None
    if isinstance(found, dict):
        return ToolCall(id=call_id, function=printable(name), arguments=printable_data(found))
    written = printable(arguments)
    return ToolCall(
        id=call_id, function=printable(name), arguments={"written": written}, parse_error="no JSON object"
    )  # fmt: skip


def _seen(message: base.ChatMessage) -> str | list[Content]:
    return [ContentText(text=message.content), *_pictures(message.images)] if message.images else message.content


def _pictures(images: Sequence[bytes]) -> Iterator[Content]:
    for image in images:
        yield ContentImage(image=f"data:image/png;base64,{base64.b64encode(image).decode()}")
