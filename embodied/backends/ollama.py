"""Models served by Ollama, over its `/api/chat`.

Left alone, Ollama cuts a prompt that is too long without a word, shifts the window while the model writes, and thinks
whenever the model can. All of it is pinned here, and what the server reports is checked against what was asked.

The requests go through the HTTP client inside `ollama.Client` (its host rules, headers and API key): its public
`chat()` has no way to send `truncate` and `shift`.

Source: https://docs.ollama.com/api and the server's own request and response types.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import httpx
import ollama

from embodied.backends.base import Capabilities, ChatMessage, ChatReply, ChatRequest, think_level
from embodied.backends.http import Caller, trusted
from embodied.backends.ollama_guard import (
    is_left_thinking,
    refuse_ignored_penalties,
    refuse_missing,
    refuse_unheard_think,
)
from embodied.backends.ollama_manifest import describe_model
from embodied.backends.ollama_model import Identity, OllamaModel
from embodied.backends.ollama_wire import Answer
from embodied.backends.thinking import split_thinking
from embodied.backends.window import PromptExpectation, check_room
from embodied.errors import (
    BackendError,
    BackendUnavailableError,
    ConfigError,
    ModelChangedError,
)

OLDEST_VERSION: Final = "0.12.6"
NUM_KEEP: Final = 4
"""Tokens kept when the window shifts, which it never does; sent so that no Modelfile decides."""


class OllamaBackend:
    """One model of one Ollama server.

    Args:
        name: The model, as `ollama list` prints it.
        host: Address of the server, without a password; None for `OLLAMA_HOST`, else http://127.0.0.1:11434.
        num_ctx: Window in tokens: prompt, thinking and reply together.
        temperature: Sampling temperature.
        top_p: Nucleus sampling (1 is off).
        top_k: Keep the k likeliest tokens (0 is off).
        min_p: Drop tokens below this share of the likeliest one (0 is off).
        typical_p: Locally typical sampling (1 is off).
        repeat_penalty: Penalty on repeated tokens (1 is off).
        repeat_last_n: How many tokens the penalties look back at.
        presence_penalty: Penalty on tokens that were there (0 is off).
        frequency_penalty: Penalty on tokens by how often they were there (0 is off).
        keep_alive: How long the model stays loaded after a call.
        think: `auto` (on where the model can), `on`, `off`, or an effort: `low`, `medium`, `high`.
        reproducible: Recorded in the manifest; the sweep keeps one request in flight.
        timeout_s: Longest wait for a whole reply.
        retries: How often a call that the server had not begun is sent again.
    """

    def __init__(
        self,
        name: str,
        *,
        host: str | None = None,
        num_ctx: int = 16384,
        temperature: float = 0.6,
        top_p: float = 0.95,
        top_k: int = 0,
        min_p: float = 0.0,
        typical_p: float = 1.0,
        repeat_penalty: float = 1.0,
        repeat_last_n: int = 64,
        presence_penalty: float = 0.0,
        frequency_penalty: float = 0.0,
        keep_alive: str = "30m",
        think: str | bool = "auto",
        reproducible: bool = False,
        timeout_s: float = 600.0,
        retries: int = 5,
    ) -> None:
        level = think_level(think)
        if num_ctx <= 0 or timeout_s <= 0 or retries < 0:
            raise ConfigError("model.num_ctx and model.timeout_s must be above 0 and model.retries at least 0")
        if host is not None and "@" in host:
            raise ConfigError("model.host must be HOST:PORT or http(s)://HOST:PORT, without a user or password")
        self._options = {
            "num_ctx": num_ctx, "num_keep": NUM_KEEP, "temperature": temperature, "top_p": top_p, "top_k": top_k,
            "min_p": min_p, "typical_p": typical_p, "repeat_penalty": repeat_penalty, "repeat_last_n": repeat_last_n,
            "presence_penalty": presence_penalty, "frequency_penalty": frequency_penalty,
        }  # fmt: skip
        self._num_ctx = num_ctx
        self._is_reproducible = reproducible
        self._http: httpx.Client = ollama.Client(host=host, verify=trusted())._client  # noqa: SLF001
        self._caller = Caller(
            self._http, who="Ollama", hint="start it with `ollama serve` (or set model.host=...)", timeout_s=timeout_s,
            retries=retries,
        )  # fmt: skip
        self._model = OllamaModel(name, self._caller, options=self._options, level=level, keep_alive=keep_alive)
        self._expectation = PromptExpectation()

    @property
    def host(self) -> str:
        """Address of the server."""
        return self._caller.host

    @property
    def options(self) -> Mapping[str, Any]:
        """What is sent with every call, whatever it asks."""
        return self._options

    @cached_property
    def capabilities(self) -> Capabilities:
        """What `/api/show` says of the model and what its template does, as it is configured here."""
        model = self._model
        return Capabilities(
            thinks=bool(model.think) or model.template.opens_thinking,
            tools="tools" in model.abilities,
            vision="vision" in model.abilities,
            shows_past_thinking=model.template.shows_past_thinking,
            window=self._num_ctx,
            prompt_check="rendering" if model.template.is_shown else "lower_bound",
        )

    def prepare(self) -> Mapping[str, Any]:
        """Load the model, see that it is served as configured, and return the manifest.

        Raises:
            BackendUnavailableError: No server answers, it cuts prompts, or it cannot serve the model as configured.
        """
        try:
            return self._manifest()
        except BackendUnavailableError:
            raise
        except BackendError as error:
            raise BackendUnavailableError(
                f"{self._model.name} cannot be made ready ({error}): check its options or lower model.num_ctx",
                fault=error.fault,
            ) from error

    def check(self) -> None:
        """See that model and server are still those of the manifest.

        Raises:
            ModelChangedError: They are not.
            BackendError: The server did not answer.
        """
        begun, now = self._identity, self._model.identify()
        if now != begun:
            raise ModelChangedError(
                f"{self._model.name} at {self.host} is not what the run began with ({begun.digest[:12]}, server "
                f"{begun.server_version}; now {now.digest[:12] or 'gone'}, {now.server_version}): begin a new run"
            )

    def count(self, messages: Sequence[ChatMessage]) -> int:
        """Tokens of a prompt. The server writes one token to tell; where it does not fit, its refusal tells."""
        return self._model.count(ChatRequest(messages=tuple(messages), seed=0))

    def chat(self, request: ChatRequest) -> ChatReply:
        """Answer one request; `finish` is `unreadable` where the server could not parse what the model wrote.

        Raises:
            ContextOverflowError: Prompt and budget do not fit the window, or not all of the prompt reached the model.
            BackendError: The server refused, failed, hung or answered with something unreadable.
        """
        started = time.perf_counter()
        refuse_missing(self._model, self.capabilities, request)
        is_open = is_left_thinking(self._model, request)
        answer = self._model.answer(request)
        is_counted = answer.prompt_eval_count is not None and not _took_two_passes(request, answer)
        tokens = (answer.prompt_eval_count if is_counted else None) or self._model.count(request)
        check_room(tokens, request.max_tokens, self._num_ctx, "model.num_ctx")
        message = answer.message
        thought = split_thinking(message.content, message.thinking, is_open=is_open and not message.thinking)
        is_whole = is_counted and thought.reply == message.content and not thought.thinking and not answer.calls
        self._expectation.note(request, tokens, thought.reply, (answer.eval_count or 0) if is_whole else 0)
        return ChatReply(
            text=thought.reply,
            thinking=thought.thinking,
            thought=thought.kind,
            tool_calls=answer.calls,
            prompt_tokens=tokens,
            cached_tokens=answer.prompt_eval_cached_count if is_counted else None,
            completion_tokens=answer.eval_count if is_counted else None,
            finish=answer.finish,
            latency_s=time.perf_counter() - started,
            engine_s=answer.engine_s if is_counted else None,
        )

    def close(self) -> None:
        """Close the connections. The model stays loaded for `keep_alive`."""
        self._http.close()

    # -- inside --------------------------------------------------------------------------------------------------

    @cached_property
    def _identity(self) -> Identity:
        """Model and server as they were first found."""
        return self._model.identify()

    def _manifest(self) -> dict[str, Any]:
        model, identity = self._model, self._identity
        refuse_unheard_think(model)
        if model.shown.get("messages"):
            raise BackendUnavailableError(
                f"the Modelfile of {model.name} puts messages of its own into every transcript: create it without them"
            )
        model.load()
        loaded, refusal = model.running(), model.provoke_refusal()
        if refusal is None:
            raise BackendUnavailableError(
                f"Ollama {identity.server_version} at {self.host} cuts prompts longer than model.num_ctx without a "
                f"word: update it to {OLDEST_VERSION} or later"
            )
        if refusal.tokens is not None:
            self._expectation.calibrate(refusal.text, refusal.tokens)
        window = min(refusal.window, loaded.get("context_length") or refusal.window)
        if window < self._num_ctx:
            raise BackendUnavailableError(
                f"Ollama at {self.host} gives {model.name} a window of {window} tokens only: set model.num_ctx={window}"
            )
        refuse_ignored_penalties(model)
        return {
            "backend": "ollama",
            "model": model.name,
            **describe_model(model.shown, model.listed(), self._options),
            "host": self.host,
            "server_version": identity.server_version,
            "options": {**self._options, "truncate": False, "shift": False},
            "penalties_applied": True if model.penalties else None,
            "think": model.think,
            "reproducible": self._is_reproducible,
            "opens_thinking": model.template.opens_thinking,
            "splits_thoughts": model.template.opens_thinking and model.splits_thoughts,
            "prompt_check": self.capabilities.prompt_check,
            "loaded": {key: loaded.get(key) for key in ("size", "size_vram", "context_length")},
        }


def _took_two_passes(request: ChatRequest, answer: Answer) -> bool:
    """Whether the server thought freely first and then decoded under the schema: it counts the second pass alone."""
    return request.json_schema is not None and bool(answer.message.thinking and answer.message.content)
