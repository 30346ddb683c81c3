"""One model of one Ollama server: the questions that can be put to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import httpx

from embodied.backends.base import EFFORTS, ChatMessage, ChatRequest
from embodied.backends.http import Caller
from embodied.backends.ollama_manifest import find_model
from embodied.backends.ollama_template import ALWAYS_THINKING, PROBE, Template, Think, read_template
from embodied.backends.ollama_wire import (
    UNREADABLE,
    Answer,
    as_error,
    as_messages,
    as_tools,
    is_too_long,
    is_unparsed,
    read_answer,
    refused_tokens,
    refused_window,
)
from embodied.errors import BackendError, BackendUnavailableError, Fault

CHAT: Final = "/api/chat"
THINK: Final[Mapping[str, Think]] = {"auto": None, "on": True, "off": False, **{level: level for level in EFFORTS}}
QUESTION_TIMEOUT_S: Final = 30.0
SEEDS: Final = 2**31
THOUGHT_TOKENS: Final = 8
"""Enough to see where the server puts the beginning of a thought."""

PROSE: Final = (
    "You are in the long hall on the ground floor. The door to the store room is open, the lamp above the desk is on, "
    "and somebody is walking towards the kitchen. "
)
"""Repeated until it is longer than the window; about as many tokens per byte as our prompts have."""

PENALTY_PROBE: Final = "Write the word lamp forty times, like: lamp lamp lamp lamp"
PENALTY_TOKENS: Final = 24
"""Enough to repeat a word."""

NEUTRAL: Final[Mapping[str, float]] = {"repeat_penalty": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0}
"""The penalties, each at the value that switches it off."""

EXTREME: Final = 100.0
"""Of any penalty: no word comes twice."""

_SPEAKERS: Final[tuple[Literal["user", "assistant"], ...]] = ("user", "assistant", "user")


@dataclass(frozen=True, slots=True)
class Identity:
    """What must stay the same for a run to go on."""

    digest: str
    server_version: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A prompt that was refused.

    Attributes:
        text: Its words.
        tokens: Its length by the server's account; None when it did not say.
        window: The window that the server named (ours where it named none).
    """

    text: str
    tokens: int | None
    window: int


class OllamaModel:
    """Asks one server about and for one model.

    Args:
        name: The model, as `ollama list` prints it.
        caller: Reaches the server.
        options: Sent with every call.
        level: A key of `THINK`.
        keep_alive: How long the model stays loaded after a call.
    """

    def __init__(
        self, name: str, caller: Caller, *, options: Mapping[str, Any], level: str, keep_alive: str
    ) -> None:  # fmt: skip
        self.name = name
        self._caller = caller
        self._options = options
        self._level = level
        self._keep_alive = keep_alive

    # -- facts ---------------------------------------------------------------------------------------------------

    @cached_property
    def shown(self) -> dict[str, Any]:
        """What `/api/show` says of it."""
        return self.ask("POST", "/api/show", {"model": self.name})

    @cached_property
    def abilities(self) -> Sequence[str]:
        """Its capabilities in Ollama's words."""
        abilities: Sequence[str] = self.shown.get("capabilities", [])
        return abilities

    @property
    def family(self) -> str:
        """Its family ("llama")."""
        return str(self.shown.get("details", {}).get("family", ""))

    @cached_property
    def think(self) -> Think:
        """What is sent as `think`; None where nothing is."""
        if self._level == "auto":
            return True if "thinking" in self.abilities else None
        return THINK[self._level]

    @cached_property
    def template(self) -> Template:
        """What its template does under that."""
        return read_template(self.render_probe, self.think)

    @cached_property
    def splits_thoughts(self) -> bool:
        """Whether the server takes a thought that the template opened out of the content; asks the model."""
        if not self.think:
            return False
        request = ChatRequest(messages=PROBE, seed=0, max_tokens=THOUGHT_TOKENS)
        message = read_answer(self.ask("POST", CHAT, self.body(request))).message
        return bool(message.thinking) or not message.content.strip()

    @property
    def penalties(self) -> Sequence[str]:
        """The penalties that are configured to do something."""
        return tuple(name for name, neutral in NEUTRAL.items() if self._options[name] != neutral)

    def identify(self) -> Identity:
        """Ask what model and server there are now; the digest is "" when the model is gone."""
        version = str(self.ask("GET", "/api/version").get("version", ""))
        return Identity(str(self.listed().get("digest", "")), version)

    def listed(self) -> dict[str, Any]:
        """Its entry in `/api/tags` ({} when it is not there)."""
        return find_model(self.ask("GET", "/api/tags"), self.name)

    def running(self) -> dict[str, Any]:
        """Its entry in `/api/ps` ({} when it is not loaded)."""
        return find_model(self.ask("GET", "/api/ps"), self.name)

    # -- calls ---------------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Have the model loaded as it will be used."""
        self.ask("POST", CHAT, self._frame())

    def answer(self, request: ChatRequest) -> Answer:
        """Put a request to it; `UNREADABLE` where the server could not parse what it wrote."""
        response = self._caller.ask("POST", CHAT, self.body(request))
        return UNREADABLE if is_unparsed(response) else read_answer(self._read(CHAT, response))

    def ignored_penalties(self) -> Sequence[str]:
        """Penalties that are configured and change no word, even the strongest, of a reply that repeats one."""
        if not self.penalties:
            return ()
        plain = self._repeated(NEUTRAL)
        return tuple(name for name in self.penalties if self._repeated({**NEUTRAL, name: EXTREME}) == plain)

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """The wire form of a request."""
        body = self._frame()
        think = self._think_for(request)
        if think is not None:
            body["think"] = think
        body["messages"] = as_messages(request.messages, shows_thinking=request.shows_thinking)
        body["options"] |= {"seed": request.seed % SEEDS, "num_predict": request.max_tokens}
        if request.json_schema is not None:
            body["format"] = request.json_schema
        if request.tools:
            body["tools"] = as_tools(request.tools)
        return body

    def render(self, request: ChatRequest) -> str | None:
        """The prompt as the server renders it; None where it does not show that."""
        messages = tuple(message.model_copy(update={"images": ()}) for message in request.messages)
        return self._rendered(self.body(request.model_copy(update={"messages": messages, "max_tokens": 1})))

    def render_probe(self, messages: Sequence[ChatMessage], think: Think) -> str | None:
        """A transcript as the server renders it under a `think` of one's own."""
        body = self.body(ChatRequest(messages=tuple(messages), seed=0, shows_thinking=True, max_tokens=1))
        return self._rendered({**body, "think": think})

    def count(self, request: ChatRequest) -> int:
        """Tokens of the prompt: the server writes one token to tell, or refuses and tells."""
        plain = request.model_copy(update={"json_schema": None, "max_tokens": 1})
        response = self._caller.ask("POST", CHAT, self.body(plain))
        refused = refused_tokens(response)
        if refused is not None:
            return refused
        counted = read_answer(self._read(CHAT, response)).prompt_eval_count
        if counted is None:
            raise BackendError("Ollama did not count the prompt: update the server", fault=Fault.UNREADABLE)
        return counted

    def provoke_refusal(self) -> Refusal | None:
        """Send a transcript that is too long and would fit if it were cut; None when it is not refused."""
        num_ctx: int = self._options["num_ctx"]
        part = PROSE * (num_ctx // (2 * len(PROSE.split())) + 1)
        messages = tuple(ChatMessage(role=role, content=part) for role in _SPEAKERS)
        response = self._caller.ask("POST", CHAT, self.body(ChatRequest(messages=messages, seed=0, max_tokens=1)))
        if is_too_long(response):
            return Refusal(part * len(messages), refused_tokens(response), refused_window(response) or num_ctx)
        self._read(CHAT, response)
        return None

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One exchange; every failure is a one-line `BackendError`."""
        timeout_s = None if path == CHAT else QUESTION_TIMEOUT_S
        return self._read(path, self._caller.ask(method, path, body, timeout_s=timeout_s))

    # -- inside --------------------------------------------------------------------------------------------------

    def _frame(self) -> dict[str, Any]:
        """What every call to the model carries."""
        return {
            "model": self.name,
            "messages": [],
            "stream": False,
            "truncate": False,
            "shift": False,
            "keep_alive": self._keep_alive,
            "options": dict(self._options),
        }

    def _repeated(self, penalties: Mapping[str, float]) -> tuple[str, str]:
        """What it thinks and says under these penalties when it is to repeat a word."""
        probe = ChatMessage(role="user", content=PENALTY_PROBE)
        body = self.body(ChatRequest(messages=(probe,), seed=0, max_tokens=PENALTY_TOKENS))
        body["options"] |= {"temperature": 0.0, "repeat_last_n": 64, **penalties}
        message = read_answer(self.ask("POST", CHAT, body)).message
        return message.thinking, message.content

    def _think_for(self, request: ChatRequest) -> Think:
        if request.may_think or not self.think:
            return self.think
        return EFFORTS[0] if self.family in ALWAYS_THINKING else False

    def _rendered(self, body: Mapping[str, Any]) -> str | None:
        data = self.ask("POST", CHAT, {**body, "_debug_render_only": True})
        rendered = (data.get("_debug_info") or {}).get("rendered_template")
        return rendered if isinstance(rendered, str) else None

    def _read(self, path: str, response: httpx.Response) -> dict[str, Any]:
        if response.is_error:
            raise self._refusal(path, response)
        try:
            data = response.json()
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise BackendError(
                f"Ollama at {self._caller.host} answered {path} with something other than a JSON object",
                fault=Fault.UNREADABLE,
            )
        return data

    def _refusal(self, path: str, response: httpx.Response) -> BackendError:
        if response.status_code == httpx.codes.NOT_FOUND and path in {CHAT, "/api/show"}:
            present = sorted(entry["name"] for entry in self.ask("GET", "/api/tags").get("models") or [])
            return BackendUnavailableError(
                f"Ollama at {self._caller.host} has no model {self.name}: run `ollama pull {self.name}` "
                f"(present: {', '.join(present) or 'none'})", fault=Fault.REFUSED,
            )  # fmt: skip
        return as_error(path, response, self._options["num_ctx"])
