"""Models behind an OpenAI-compatible API: vLLM, llama.cpp's server, hosted ones.

What kind of server answers is found out, not configured: only then is it known which options it has, whether it shows
the prompt as it renders it, and how long its window is. An option that a server would ignore is refused.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

import httpx

from embodied.backends.base import EFFORTS, Capabilities, ChatMessage, ChatReply, ChatRequest, think_level
from embodied.backends.llama_answers import UNPARSED
from embodied.backends.openai_client import OpenAIClient
from embodied.backends.openai_dialects import Generic
from embodied.backends.openai_found import Found, Wanted, find_model, list_models
from embodied.backends.openai_wire import CONTENT_FILTER, Answer, ContentFilterError, read_answer
from embodied.backends.thinking import split_thinking
from embodied.backends.window import PromptExpectation, check_room
from embodied.errors import (
    BackendError,
    BackendUnavailableError,
    ConfigError,
    ContextOverflowError,
    Fault,
    ModelChangedError,
)  # fmt: skip


class OpenAIBackend:
    """One model of one server.

    Args:
        name: The model, as the server lists it.
        base_url: Address of the API, mostly ending in /v1.
        api_key_env: Environment variable that holds the API key; None for a server without one.
        n_ctx: Window in tokens: prompt, thinking and reply together; None for the server's, where it says.
        temperature: Sampling temperature; None: not sent, for hosted models that refuse it, like the next four.
        top_p: Nucleus sampling (1 is off).
        presence_penalty: Penalty on tokens that occurred (0 is off).
        frequency_penalty: The same by how often (0 is off).
        top_k: Keep the k likeliest tokens (0 is off).
        min_p: Drop tokens below this share of the likeliest one (0 is off).
        repeat_penalty: Penalty on repeated tokens (1 is off).
        think: `auto` (as the model does by itself), `on`, `off`, or an effort: `low`, `medium`, `high`.
        logprobs: Ask how likely the tokens of each reply were, and keep the mean of their logarithms.
        max_tokens_key: What the server calls the budget of a reply.
        reproducible: No prefix cache, as far as the server lets a request say so.
        slots: How many episodes are run at once, unless run.workers says.
        timeout_s: Longest time of a whole call.
        retries: How often a call that the server had not begun is sent again.
    """

    def __init__(
        self,
        name: str,
        *,
        base_url: str | None = None,
        api_key_env: str | None = None,
        n_ctx: int | None = None,
        temperature: float | None = 0.6,
        top_p: float | None = 0.95,
        presence_penalty: float | None = 0.0,
        frequency_penalty: float | None = 0.0,
        top_k: int = 0,
        min_p: float = 0.0,
        repeat_penalty: float = 1.0,
        think: str | bool = "auto",
        logprobs: bool = False,
        max_tokens_key: Literal["max_tokens", "max_completion_tokens"] = "max_tokens",
        reproducible: bool = False,
        slots: int = 4,
        timeout_s: float = 600.0,
        retries: int = 5,
    ) -> None:
        level = think_level(think)
        if max_tokens_key not in {"max_tokens", "max_completion_tokens"}:
            raise ConfigError("model.max_tokens_key must be max_tokens or max_completion_tokens")
        if min(timeout_s, slots, 1 if n_ctx is None else n_ctx) <= 0 or retries < 0:
            raise ConfigError("model.n_ctx, slots and timeout_s must be above 0 and model.retries at least 0")
        url = httpx.URL(base_url or "")
        if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
            raise ConfigError("model.base_url must be http(s)://HOST/..., without a password: see model.api_key_env")
        standard = {
            "temperature": temperature,
            "top_p": top_p,
            "presence_penalty": presence_penalty,
            "frequency_penalty": frequency_penalty,
        }
        self._wanted = Wanted(
            name=name,
            n_ctx=n_ctx,
            level=level,
            standard={option: value for option, value in standard.items() if value is not None},
            others={"top_k": top_k, "min_p": min_p, "repeat_penalty": repeat_penalty},
            max_tokens_key=max_tokens_key,
            is_reproducible=reproducible,
        )
        self._logprobs = logprobs
        self._base_url = str(url)
        self._api_key_env = api_key_env
        self._timeout_s = timeout_s
        self._retries = retries
        self._expectation = PromptExpectation()
        self._fingerprints: set[str] = set()

    def prepare(self) -> Mapping[str, Any]:
        """Find out what answers and return the manifest.

        No server tells a digest of its weights: `digest` is one of all that it does tell about the model. The
        date of today is left out of the rendered prompt: a template that prints it would change it every midnight.

        Raises:
            BackendUnavailableError: No server answers, or it cannot serve the model as configured.
        """
        name = self._wanted.name
        try:
            found = self._found
        except BackendUnavailableError:
            raise
        except BackendError as error:
            raise BackendUnavailableError(f"{name} cannot be made ready ({error})", fault=error.fault) from error
        template = found.template
        told = {"model": name, **found.served.facts, "rendering_sha256": template.sha256 if template else ""}
        options = self._wanted.sampling(found.dialect)
        return {
            "backend": "openai_compatible",
            "dialect": found.dialect.name,
            **told,
            "digest": f"told:{hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()}",
            "host": self._client.caller.host,
            "server_version": found.served.version,
            "n_ctx": found.window,
            "reproducible": self._wanted.is_reproducible,
            "think": self._wanted.level,
            "think_fields": dict(found.fields),
            "logprobs": self._logprobs,
            "options": {option: value for option, value in options.items() if option != "cache_salt"},
            "capabilities": self.capabilities.model_dump(mode="json"),
        }

    def chat(self, request: ChatRequest) -> ChatReply:
        """Answer one request. A call that the server may have begun is never sent again.

        Raises:
            ContextOverflowError: The prompt and `max_tokens` together do not fit the window, or the prompt was cut.
            BackendError: The server refused, failed, hung or answered with something unreadable.
        """
        started_s = time.perf_counter()
        found = self._found
        body = found.body(request)
        expected = found.count(request.messages, body)
        if expected is not None:
            check_room(expected, request.max_tokens, found.window, "model.n_ctx")
        if self._logprobs and "messages" in body:
            body = {**body, "logprobs": True}
        try:
            completion = self._client.complete(body)
        except BackendError as error:
            is_filtered = isinstance(error, ContentFilterError)
            if not (is_filtered or UNPARSED in str(error)):
                raise
            return ChatReply(
                text="", prompt_tokens=expected, finish=CONTENT_FILTER if is_filtered else "unreadable",
                latency_s=time.perf_counter() - started_s,
            )  # fmt: skip
        answer = read_answer(completion.content, self._client.caller.host)
        thought = split_thinking(answer.text, answer.thinking, is_open=found.is_open(request))
        prompt_tokens = answer.prompt_tokens or expected
        self._check_prompt(request, answer, expected)
        if answer.system_fingerprint:
            self._fingerprints.add(answer.system_fingerprint)
        return ChatReply(
            text=thought.reply,
            thinking=thought.thinking,
            thought=thought.kind,
            tool_calls=answer.calls,
            prompt_tokens=prompt_tokens,
            cached_tokens=answer.cached_tokens,
            completion_tokens=answer.completion_tokens,
            finish=answer.finish,
            latency_s=time.perf_counter() - started_s,
            engine_s=answer.engine_s,
            mean_logprob=answer.mean_logprob,
            retries=completion.retries,
            served_as=answer.served_as,
        )

    @property
    def capabilities(self) -> Capabilities:
        """What the server shows of the model; a host that shows nothing is taken to be able."""
        found, template = self._found, self._found.template
        return Capabilities(
            thinks=template.thinks if template else self._wanted.level in EFFORTS,
            tools=template.tools if template else True,
            vision=found.served.vision,
            shows_past_thinking=template.past_thinking if template else False,
            window=found.window,
            prompt_check="exact" if found.is_exact else "lower_bound",
        )

    def count(self, messages: Sequence[ChatMessage]) -> int | None:
        """Tokens of a prompt as the server renders it; None when it does not show that, or with pictures."""
        request = ChatRequest(messages=tuple(messages), seed=0)
        return self._found.count(request.messages, self._found.body(request))

    def check(self) -> None:
        """See that model, template and server are still the ones of the manifest.

        Several fingerprints are no change on a hosted model: its host runs several builds at once.

        Raises:
            ModelChangedError: They are not.
        """
        found = self._found
        entry = list_models(self._client).get(self._wanted.name)
        now = None if entry is None else found.dialect.served(entry)
        is_other_build = len(self._fingerprints) > 1 and not isinstance(found.dialect, Generic)
        if now != found.served or is_other_build:
            raise ModelChangedError(
                f"{self._wanted.name} at {self._client.caller.host} is no longer what the run began with: put it back, "
                "or start another run"
            )

    def close(self) -> None:
        """Close the connections."""
        client = self.__dict__.pop("_client", None)
        if client is not None:
            client.close()

    def _check_prompt(self, request: ChatRequest, answer: Answer, expected: int | None) -> None:
        """See that the model read the whole prompt and had room; a filtered prompt need not be counted."""
        tokens = answer.prompt_tokens or expected
        if tokens is None and answer.is_filtered:
            return
        if tokens is None:
            raise BackendError(
                f"{self._client.caller.host} does not count the prompt, so that a cut would go unseen: it cannot be "
                "used", fault=Fault.UNREADABLE,
            )  # fmt: skip
        if expected is not None and tokens < expected:
            raise ContextOverflowError(
                f"the prompt was cut: the model read {tokens} tokens of {expected}: raise the server's window"
            )
        check_room(tokens, request.max_tokens, self._found.window, "model.n_ctx")
        if expected is None:
            self._expectation.note(request, tokens, answer.text, answer.read_back_tokens)

    @cached_property
    def _client(self) -> OpenAIClient:
        return OpenAIClient(
            self._base_url, api_key_env=self._api_key_env, timeout_s=self._timeout_s, retries=self._retries
        )

    @cached_property
    def _found(self) -> Found:
        return find_model(self._client, self._wanted)
