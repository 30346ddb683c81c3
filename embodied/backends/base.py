"""The seam between a mind and the server that runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, Literal, Protocol

from pydantic import Field

from embodied.errors import ConfigError
from embodied.records import Frozen

EFFORTS: Final = ("low", "medium", "high")
THINK_LEVELS: Final = ("auto", "on", "off", *EFFORTS)


class ThoughtKind(StrEnum):
    """How the thinking was marked."""

    NONE = "none"
    FIELD = "field"
    TAGS = "tags"
    MISSING_OPENER = "missing_opener"
    UNCLOSED = "unclosed"
    EMPTY = "empty"


class ToolSpec(Frozen):
    """One tool a model may call.

    Attributes:
        name: What it is called by.
        description: What it does.
        parameters: JSON schema of its arguments.
    """

    name: str
    description: str
    parameters: dict[str, Any]


class ToolCall(Frozen):
    """One call of a tool, as the model wrote it: data, not yet trusted.

    Attributes:
        name: The tool named.
        arguments: Its arguments as JSON text.
    """

    name: str
    arguments: str


class ChatMessage(Frozen):
    """One message of a transcript.

    Attributes:
        role: Who speaks; `tool` is the answer to a call.
        content: The words.
        thinking: Reasoning before them; sent only when a request says so.
        images: Pictures that belong to it, PNG.
        tool_calls: Calls made in it.
        tool_name: The tool that answers.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    thinking: str = ""
    images: tuple[bytes, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_name: str = ""


class ChatRequest(Frozen):
    """One call to a model.

    Attributes:
        messages: The transcript, oldest first. Append-only within an episode.
        seed: Sampling seed of this call.
        session: Key of the episode: its calls go to one server and to one slot of it.
        json_schema: Constrain the reply to this schema, where the backend can; None for free text.
        tools: What the model may call; none by default.
        may_think: False for a call that is to answer at once, whatever the model can do.
        shows_thinking: Whether the thinking of earlier messages is sent along.
        max_tokens: Budget of generated tokens, thinking included.
    """

    messages: tuple[ChatMessage, ...]
    seed: int
    session: str = ""
    json_schema: dict[str, Any] | None = None
    tools: tuple[ToolSpec, ...] = ()
    may_think: bool = True
    shows_thinking: bool = False
    max_tokens: int = Field(default=512, gt=0)


class ChatReply(Frozen):
    """What came back.

    Attributes:
        text: The reply without its thinking.
        thinking: Reasoning text, kept whole ("" when there is none).
        thought: How the thinking was marked.
        tool_calls: Calls the model made, in its order.
        prompt_tokens: As the server counted them, cached ones included; None when it did not say.
        cached_tokens: Prompt tokens taken from the server's prefix cache; None when it did not say.
        completion_tokens: Generated tokens, thinking included; None when the server did not say.
        finish: `stop`, `length` (budget used up) or another word of the server's.
        latency_s: Wall time of the call.
        engine_s: Of it, what the engine itself says it took; None when it did not say.
        mean_logprob: Mean log probability of the reply's tokens; None when it was not asked for.
        retries: How often the call was sent again before the server began it.
        server: Which of several servers answered.
        served_as: The model, and the build of it, that the server says answered ("" when it does not say).
    """

    text: str
    thinking: str = ""
    thought: ThoughtKind = ThoughtKind.NONE
    tool_calls: tuple[ToolCall, ...] = ()
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    finish: str = "stop"
    latency_s: float = 0.0
    engine_s: float | None = None
    mean_logprob: float | None = None
    retries: int = 0
    server: str = ""
    served_as: str = ""


class Capabilities(Frozen):
    """What a model can do as it is served and configured.

    Attributes:
        thinks: Whether it thinks before it answers.
        tools: Whether it takes tools.
        vision: Whether it takes pictures.
        shows_past_thinking: Whether thinking of earlier messages reaches it when it is sent.
        window: Window in tokens: prompt, thinking and reply together.
        prompt_check: How a cut prompt would be noticed: its exact count is known beforehand, the server's own rendering
            of it is read, or its count is compared with those of its beginnings.
    """

    thinks: bool = False
    tools: bool = False
    vision: bool = False
    shows_past_thinking: bool = False
    window: int
    prompt_check: Literal["exact", "rendering", "lower_bound"]


class Backend(Protocol):
    """Serves one model. Safe to use from several processes when rebuilt from its config in each."""

    def prepare(self) -> Mapping[str, Any]:
        """Check that server and model are there and return the manifest.

        Returns:
            Facts that identify what answered: name, digest, quantisation, server version, options, context window.

        Raises:
            BackendUnavailableError: No server answers or the model is missing; the message says what to do.
        """
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What the model can do; asks the server the first time."""
        ...

    def chat(self, request: ChatRequest) -> ChatReply:
        """Answer one request.

        Raises:
            ContextOverflowError: The prompt and `max_tokens` together do not fit the window, or the prompt was cut. The
                rule looks at the room that the reply had, never at the reply, so it favours no kind of answer.
            BackendError: Anything else the server did wrong.
        """
        ...

    def count(self, messages: Sequence[ChatMessage]) -> int | None:
        """Tokens of a prompt, counted by the server without generating; None when it cannot.

        Raises:
            BackendError: The server did not answer.
        """
        ...

    def check(self) -> None:
        """See that the model which `prepare` found is still the one that answers; asked before each episode.

        Raises:
            ModelChangedError: It is another one.
            BackendError: The server did not answer.
        """
        ...

    def close(self) -> None:
        """Free what this object holds. Idempotent."""
        ...


def think_level(think: str | bool) -> str:
    """The level that `model.think` asks for; YAML makes truth values of a bare on and off.

    Raises:
        ConfigError: There is no such level.
    """
    level = ("on" if think else "off") if isinstance(think, bool) else think
    if level not in THINK_LEVELS:
        raise ConfigError(f"model.think={think} is not known: use one of {', '.join(THINK_LEVELS)}")
    return level
