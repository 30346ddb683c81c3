"""Inspect's model as a backend of ours: an episode in a worker thread asks it through Inspect's event loop."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import anyio.from_thread
from inspect_ai.model import (
    ChatMessageAssistant,
    ContentReasoning,
    GenerateConfig,
    ModelOutput,
    ModelUsage,
    get_model,
)
from inspect_ai.tool import ToolInfo, ToolParams
from inspect_ai.util import LimitExceededError

from embodied.backends.base import (
    Capabilities,
    ChatMessage,
    ChatReply,
    ChatRequest,
    ThoughtKind,
    ToolCall,
    ToolSpec,
)
from embodied.backends.window import PromptExpectation, check_room
from embodied.errors import BackendError, ConfigError, ContextOverflowError
from embodied.export.inspect_messages import request_as_messages

_FINISH: Final = {"max_tokens": "length"}
_CUT: Final = "model_length"


class InspectBackend:
    """The model that Inspect evaluates. Lives in a thread that Inspect's event loop has started.

    Args:
        name: The model, as Inspect names it.
        window: Tokens that fit: prompt, thinking and reply together.
    """

    def __init__(self, name: str, *, window: int) -> None:
        if window <= 0:
            raise ConfigError("the window must be above 0 tokens: give -T window=N")
        self._name = name
        self._window = window
        self._expectation = PromptExpectation()

    @property
    def capabilities(self) -> Capabilities:
        """What any model of Inspect may be able to do; what it cannot, the provider refuses."""
        return Capabilities(
            tools=True, vision=True, shows_past_thinking=True, window=self._window, prompt_check="lower_bound"
        )

    def prepare(self) -> Mapping[str, Any]:
        """Say what it is; a model that is not there shows at the first call."""
        return {"backend": "inspect", "model": self._name, "n_ctx": self._window}

    def chat(self, request: ChatRequest) -> ChatReply:
        """Answer one request.

        Raises:
            ContextOverflowError: The prompt and `max_tokens` together do not fit the window, or the prompt was cut.
            BackendError: The provider failed, after its own retries.
        """
        if request.json_schema is not None:
            raise BackendError("Inspect's models are not asked under a schema: choose the protocol json or tools")
        began_s = time.perf_counter()
        try:
            output = anyio.from_thread.run(_generate, request)
        except LimitExceededError:
            raise
        except Exception as error:
            said = " ".join(str(error).split())
            raise BackendError(f"{self._name}: {type(error).__name__}: {said}") from error
        if output.error or output.empty:
            raise BackendError(f"{self._name}: {output.error or 'an answer without a message'}")
        reply = _reply(output, time.perf_counter() - began_s)
        self._check_prompt(request, output, reply)
        return reply

    def count(self, messages: Sequence[ChatMessage]) -> int | None:
        """Counts nothing."""
        del messages
        return None

    def check(self) -> None:
        """Inspect holds one model for all samples."""

    def close(self) -> None:
        """Hold nothing."""

    def _check_prompt(self, request: ChatRequest, output: ModelOutput, reply: ChatReply) -> None:
        if output.stop_reason == _CUT:
            raise ContextOverflowError("the provider says that the window is full: give -T window=N or fewer turns")
        if reply.prompt_tokens is not None:
            check_room(reply.prompt_tokens, request.max_tokens, self._window, "window")
            self._expectation.note(request, reply.prompt_tokens)


async def _generate(request: ChatRequest) -> ModelOutput:
    config = GenerateConfig(max_tokens=request.max_tokens, seed=request.seed)
    messages = request_as_messages(request.messages, shows_thinking=request.shows_thinking)
    return await get_model().generate(messages, tools=[_tool(tool) for tool in request.tools], config=config)


def _tool(tool: ToolSpec) -> ToolInfo:
    parameters = ToolParams.model_validate(tool.parameters)
    return ToolInfo(name=tool.name, description=tool.description, parameters=parameters)


def _reply(output: ModelOutput, latency_s: float) -> ChatReply:
    message = output.message
    thinking = _thinking(message)
    calls = tuple(
        ToolCall(name=call.function, arguments=json.dumps(call.arguments)) for call in message.tool_calls or ()
    )
    return ChatReply(
        text=message.text,
        thinking=thinking,
        thought=ThoughtKind.FIELD if thinking else ThoughtKind.NONE,
        tool_calls=calls,
        prompt_tokens=_read_tokens(output.usage),
        cached_tokens=output.usage.input_tokens_cache_read if output.usage else None,
        completion_tokens=output.usage.output_tokens if output.usage else None,
        finish=_FINISH.get(output.stop_reason, output.stop_reason),
        latency_s=latency_s,
        served_as=output.model,
    )


def _thinking(message: ChatMessageAssistant) -> str:
    parts = [part for part in message.content_list if isinstance(part, ContentReasoning)]
    return "\n".join(part.summary or "" if part.redacted else part.reasoning for part in parts)


def _read_tokens(usage: ModelUsage | None) -> int | None:
    if usage is None:
        return None
    tokens: int = usage.input_tokens + (usage.input_tokens_cache_read or 0) + (usage.input_tokens_cache_write or 0)
    return tokens
