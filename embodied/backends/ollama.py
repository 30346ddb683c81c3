"""Models served by Ollama, over its `/api/chat`.

Left alone, Ollama cuts a prompt that is too long without a word, shifts the window while the model writes, and thinks
whenever the model can. All of it is pinned here, and what the server reports is checked against what was asked.

The requests go through the HTTP client inside `ollama.Client` (its host rules, headers and API key): its public
`chat()` has no way to send `truncate` and `shift`.

Source: https://docs.ollama.com/api and the server's own request and response types.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import httpx
import ollama
import stamina
from pydantic import BaseModel, Field, ValidationError

from embodied.backends.base import ChatMessage, ChatReply, ChatRequest, as_wire
from embodied.backends.thinking import split_thinking
from embodied.errors import BackendError, BackendUnavailableError, ConfigError, ContextOverflowError

OLDEST_VERSION: Final = (0, 12, 6)
THINK: Final[dict[str, bool | str | None]] = {
    "auto": None,
    "on": True,
    "off": False,
    "low": "low",
    "medium": "medium",
    "high": "high",
}
CONNECT_TIMEOUT_S: Final = 10.0
QUESTION_TIMEOUT_S: Final = 30.0
FIRST_WAIT_S: Final = 0.5
SEEDS: Final = 2**31
LONGEST_QUOTE: Final = 500
TOO_LONG: Final = re.compile(r"exceed_context_size|context (size|length|window)", re.IGNORECASE)


class _Message(BaseModel):
    content: str
    thinking: str = ""


class _Answer(BaseModel):
    message: _Message
    done: bool
    done_reason: str = ""
    prompt_eval_count: int | None = Field(default=None, gt=0)
    eval_count: int | None = None


class PromptWatch:
    """Remembers how many tokens transcripts had: one that only grew and yet counts no more tokens was cut."""

    def __init__(self, size: int = 4096) -> None:
        self._size = size
        self._seen: OrderedDict[str, int] = OrderedDict()

    def note(self, messages: Sequence[ChatMessage], tokens: int) -> int | None:
        """Record the count of `messages`; return the count of a beginning of them that it does not exceed, if any."""
        digest = hashlib.sha256()
        for message in messages[:-1]:
            digest.update(f"{message.role}\0{message.content}\0".encode())
            earlier = self._seen.get(digest.hexdigest())
            if earlier is not None and earlier >= tokens:
                return earlier
        digest.update(f"{messages[-1].role}\0{messages[-1].content}\0".encode())
        self._seen[digest.hexdigest()] = tokens
        if len(self._seen) > self._size:
            self._seen.popitem(last=False)
        return None


class OllamaBackend:
    """One model of one Ollama server.

    Args:
        name: The model, as `ollama list` prints it.
        host: Address of the server; None for `OLLAMA_HOST`, else http://127.0.0.1:11434.
        num_ctx: Window in tokens: prompt, thinking and reply together.
        temperature: Sampling temperature.
        top_p: Nucleus sampling (1 is off).
        top_k: Keep the k likeliest tokens (0 is off).
        min_p: Drop tokens below this share of the likeliest one (0 is off).
        repeat_penalty: Penalty on repeated tokens (1 is off).
        keep_alive: How long the model stays loaded after a call.
        think: `auto` (on where the model can), `on`, `off`, or an effort: `low`, `medium`, `high`.
        constrain: Decode actions under their schema. Only for models that do not reason aloud.
        timeout_s: Longest wait for a whole reply.
        retries: How often a call that the server had not begun is sent again.
    """

    def __init__(
        self,
        name: str,
        *,
        host: str | None = None,
        num_ctx: int = 8192,
        temperature: float = 0.6,
        top_p: float = 0.95,
        top_k: int = 0,
        min_p: float = 0.0,
        repeat_penalty: float = 1.0,
        keep_alive: str = "30m",
        think: str | bool = "auto",
        constrain: bool = False,
        timeout_s: float = 600.0,
        retries: int = 5,
    ) -> None:
        level = ("on" if think else "off") if isinstance(think, bool) else think
        if level not in THINK:
            raise ConfigError(f"model.think={think} is not known: use one of {', '.join(THINK)}")
        if num_ctx <= 0 or timeout_s <= 0 or retries < 0:
            raise ConfigError("model.num_ctx and model.timeout_s must be above 0 and model.retries at least 0")
        self._name = name
        self._options = {
            "num_ctx": num_ctx,
            "temperature": temperature,
            "top_p": top_p,
            "top_k": top_k,
            "min_p": min_p,
            "repeat_penalty": repeat_penalty,
        }
        self._num_ctx = num_ctx
        self._keep_alive = keep_alive
        self._level = level
        self._constrain = constrain
        self._timeout_s = timeout_s
        self._http: httpx.Client = ollama.Client(host=host)._client  # noqa: SLF001
        self._retrying = stamina.RetryingCaller(attempts=retries + 1, timeout=None, wait_initial=FIRST_WAIT_S)
        self._watch = PromptWatch()

    @property
    def constrains(self) -> bool:
        """Whether actions are decoded under their schema."""
        return self._constrain

    @property
    def host(self) -> str:
        """Address of the server."""
        return str(self._http.base_url).rstrip("/")

    def prepare(self) -> Mapping[str, Any]:
        """Load the model and return the manifest.

        Raises:
            BackendUnavailableError: No server answers, it is too old, or it cannot serve the model as configured.
        """
        try:
            return self._manifest()
        except BackendUnavailableError:
            raise
        except BackendError as error:
            raise BackendUnavailableError(
                f"{self._name} cannot be made ready ({error}): check its options or lower model.num_ctx"
            ) from error

    def chat(self, request: ChatRequest) -> ChatReply:
        """Answer one request.

        A call that the server may have begun is never sent again: a second sample in place of a lost one would change
        what is measured.

        Raises:
            ContextOverflowError: The prompt does not fit the window or was cut, or the reply ran into its end.
            BackendError: The server refused, failed, hung or answered with something unreadable.
        """
        started = time.perf_counter()
        data = self._retrying(_may_resend, self._send, "POST", "/api/chat", self._body(request))
        answer = self._read(data)
        self._check(request, answer)
        thought = split_thinking(answer.message.content, answer.message.thinking)
        is_counted = not _took_two_passes(request, answer)
        return ChatReply(
            text=thought.reply,
            thinking=thought.thinking,
            prompt_tokens=answer.prompt_eval_count if is_counted else None,
            completion_tokens=answer.eval_count if is_counted else None,
            finish=answer.done_reason or "stop" if answer.done else "aborted",
            latency_s=time.perf_counter() - started,
        )

    def close(self) -> None:
        """Close the connections. The model stays loaded for `keep_alive`."""
        self._http.close()

    def _manifest(self) -> dict[str, Any]:
        version = self._check_version()
        listed = self._find(self._send("GET", "/api/tags"), "models")
        if self._constrain and self._think:
            raise BackendUnavailableError(
                f"{self._name} reasons aloud and a schema silences that: set model.constrain=false or model.think=off"
            )
        if self._think and "thinking" not in self._shown.get("capabilities", []):
            raise BackendUnavailableError(self._cannot_think())
        self._send("POST", "/api/chat", self._body(None))
        running = self._find(self._send("GET", "/api/ps"), "models")
        window = running.get("context_length", self._num_ctx)
        if window < self._num_ctx:
            raise BackendUnavailableError(
                f"{self._name} has a window of {window} tokens on this server, not {self._num_ctx}: "
                f"set model.num_ctx={window}"
            )
        details = self._shown.get("details", {})
        template = self._shown.get("template", "")
        return {
            "backend": "ollama",
            "model": self._name,
            "digest": listed.get("digest", ""),
            "family": details.get("family", ""),
            "parameter_size": details.get("parameter_size", ""),
            "quantization": details.get("quantization_level", ""),
            "template_sha256": hashlib.sha256(template.encode()).hexdigest(),
            "modelfile_parameters": self._shown.get("parameters", ""),
            "modelfile_system": self._shown.get("system", ""),
            "capabilities": sorted(self._shown.get("capabilities", [])),
            "trained_context": _trained_context(self._shown.get("model_info", {})),
            "host": self.host,
            "server_version": version,
            "options": {**self._options, "truncate": False, "shift": False},
            "think": self._think,
            "constrain": self._constrain,
            "loaded": {key: running.get(key) for key in ("size", "size_vram", "context_length")},
        }

    @cached_property
    def _shown(self) -> dict[str, Any]:
        return self._send("POST", "/api/show", {"model": self._name})

    @cached_property
    def _think(self) -> bool | str | None:
        """What is sent as `think`; None where nothing is."""
        if self._level == "auto":
            return True if "thinking" in self._shown.get("capabilities", []) else None
        return THINK[self._level]

    def _body(self, request: ChatRequest | None) -> dict[str, Any]:
        """The wire form of a request, or of one that only loads the model."""
        body: dict[str, Any] = {
            "model": self._name,
            "messages": [],
            "stream": False,
            "truncate": False,
            "shift": False,
            "keep_alive": self._keep_alive,
            "options": dict(self._options),
        }
        if self._think is not None:
            body["think"] = self._think
        if request is not None:
            body["messages"] = as_wire(request.messages)
            body["options"] |= {"seed": request.seed % SEEDS, "num_predict": request.max_tokens}
            if request.json_schema is not None:
                body["format"] = request.json_schema
        return body

    def _check_version(self) -> str:
        version = str(self._send("GET", "/api/version").get("version", ""))
        numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
        if numbers and (0, 0, 0) < tuple(map(int, numbers.groups())) < OLDEST_VERSION:
            oldest = ".".join(map(str, OLDEST_VERSION))
            raise BackendUnavailableError(
                f"Ollama {version} at {self.host} cuts long prompts silently: update it to {oldest} or later"
            )
        return version

    def _find(self, data: dict[str, Any], key: str) -> dict[str, Any]:
        """The entry of this model in a list the server gave ({} when it is not there)."""
        full = self._name if ":" in self._name.rsplit("/", 1)[-1] else f"{self._name}:latest"
        return next((entry for entry in data.get(key) or [] if entry.get("name") == full), {})

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One HTTP exchange; every failure becomes a one-line `BackendError`."""
        timeout_s = self._timeout_s if path == "/api/chat" else min(self._timeout_s, QUESTION_TIMEOUT_S)
        timeout = httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_TIMEOUT_S))
        try:
            response = self._http.request(method, path, json=body, timeout=timeout)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise BackendUnavailableError(
                f"no Ollama server answers at {self.host}: start it with `ollama serve` (or set model.host=...)",
                is_retryable=True,
            ) from error
        except httpx.TimeoutException as error:
            raise BackendError(
                f"Ollama at {self.host} did not answer {path} in {timeout_s:g} s: see its log or raise model.timeout_s"
            ) from error
        except httpx.HTTPError as error:
            raise BackendError(f"Ollama at {self.host} broke off {path} ({error}): see the server's log") from error
        try:
            data = response.json()
        except ValueError:
            data = response.text
        if response.is_error:
            raise self._refusal(path, response.status_code, data)
        if not isinstance(data, dict):
            raise BackendError(f"Ollama at {self.host} answered {path} with something other than a JSON object")
        return data

    def _refusal(self, path: str, status: int, data: Any) -> BackendError:
        """The error that stands for an answer with an error status."""
        text = " ".join(str(data.get("error", data) if isinstance(data, dict) else data).split())[:LONGEST_QUOTE]
        if status == httpx.codes.NOT_FOUND and path in {"/api/chat", "/api/show"}:
            present = sorted(model["name"] for model in self._send("GET", "/api/tags").get("models") or [])
            return BackendUnavailableError(
                f"Ollama at {self.host} has no model {self._name}: run `ollama pull {self._name}` "
                f"(present: {', '.join(present) or 'none'})"
            )
        if status == httpx.codes.BAD_REQUEST and TOO_LONG.search(text):
            counted = re.search(r"\d+ tokens", text)
            size = counted[0] if counted else text
            return ContextOverflowError(f"the prompt does not fit model.num_ctx={self._num_ctx} ({size}): raise it")
        if status == httpx.codes.BAD_REQUEST and "does not support thinking" in text:
            return BackendError(self._cannot_think())
        is_retryable = status in {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE}
        return BackendError(f"Ollama answered {path} with {status}: {text}", is_retryable=is_retryable)

    def _cannot_think(self) -> str:
        return f"{self._name} does not support thinking: set model.think=off"

    def _read(self, data: dict[str, Any]) -> _Answer:
        try:
            answer = _Answer.model_validate(data)
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"]))
            raise BackendError(f"Ollama sent a reply with no usable `{where}`: see the server's log") from error
        if answer.done and answer.prompt_eval_count is None:
            raise BackendError("Ollama did not count the prompt, so a cut would go unseen: update the server")
        return answer

    def _check(self, request: ChatRequest, answer: _Answer) -> None:
        """Refuse an answer whose prompt was cut or whose window ran out."""
        tokens = answer.prompt_eval_count
        if tokens is None:
            return
        if tokens >= self._num_ctx:
            raise ContextOverflowError(f"the prompt fills the window ({tokens} tokens): raise model.num_ctx")
        if answer.done_reason == "length" and (answer.eval_count or 0) < request.max_tokens:
            raise ContextOverflowError(
                f"the reply reached the end of the window ({tokens} + {answer.eval_count} tokens): raise model.num_ctx"
            )
        longer = None if _took_two_passes(request, answer) else self._watch.note(request.messages, tokens)
        if longer is not None:
            raise ContextOverflowError(
                f"the prompt was cut: {tokens} tokens, but its beginning alone had {longer}: raise model.num_ctx"
            )


def _took_two_passes(request: ChatRequest, answer: _Answer) -> bool:
    """Whether the server thought freely first and then decoded under the schema: it counts the second pass alone."""
    return request.json_schema is not None and bool(answer.message.thinking)


def _may_resend(error: Exception) -> bool:
    return isinstance(error, BackendError) and error.is_retryable


def _trained_context(info: Mapping[str, Any]) -> int | None:
    """The window the model was trained for, in tokens."""
    return next((value for key, value in info.items() if key.endswith(".context_length")), None)
