"""The `openai` package as we use it: no retries of its own, a deadline over the whole call, no key in any message."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, cast

import httpx

from embodied.backends.http import Caller, how_to_go_on, resending, trusted
from embodied.backends.openai_wire import as_error
from embodied.errors import BackendError, BackendUnavailableError, ConfigError, Fault

VERSION_PATH: Final = "/v1"
NO_KEY: Final = "none"
DEADLINE: Final = "embodied.deadline_s"
KEEPALIVE_S: Final = 2.0
"""Servers close a connection that was idle for some seconds: one that is about to be closed must not be used again."""


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer as it came in.

    Attributes:
        content: Its bytes.
        retries: How often the request was sent before the server began it.
    """

    content: bytes
    retries: int


class OpenAIClient:
    """Talks to one server: chat completions through `openai`, side questions through a `Caller`, one pool for both.

    Args:
        base_url: Address of the API, mostly ending in /v1.
        api_key_env: Environment variable that holds the key; None for a server without one.
        timeout_s: Longest time of a whole call, the last byte included.
        retries: How often a call that was not begun is sent again.

    Raises:
        ConfigError: The package `openai` is not installed.
        BackendUnavailableError: The environment variable is not set.
    """

    def __init__(self, base_url: str, *, api_key_env: str | None, timeout_s: float, retries: int) -> None:
        self._openai = _import_openai()
        self._timeout_s = timeout_s
        self._retries = retries
        self._key = _read_key(api_key_env)
        url = base_url.rstrip("/")
        self._prefix = VERSION_PATH if url.endswith(VERSION_PATH) else ""
        self._http = httpx.Client(
            base_url=url.removesuffix(VERSION_PATH),
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            verify=trusted(),
            limits=httpx.Limits(keepalive_expiry=KEEPALIVE_S),
            event_hooks={"request": [_set_deadline], "response": [_keep_deadline]},
        )
        self.caller = Caller(
            self._http, who="OpenAI-compatible", hint="start one, or set model.base_url", timeout_s=timeout_s,
            retries=retries,
        )  # fmt: skip
        self._api = self._openai.OpenAI(
            base_url=url, api_key=self._key or NO_KEY, max_retries=0, timeout=timeout_s, http_client=self._http
        )

    def models(self) -> httpx.Response:
        """The answer to the question for the server's models."""
        return self.caller.ask("GET", f"{self._prefix}/models")

    def complete(self, body: Mapping[str, Any]) -> Completion:
        """Ask for one completion.

        Args:
            body: `model`, all other fields, and `messages`, or `prompt` for one that was rendered beforehand.

        Raises:
            BackendUnavailableError: Nothing listens there, also after the retries, or the key is refused.
            ContextOverflowError: The server refused the prompt as too long.
            BackendError: It was too busy, refused, failed, took too long or broke off.
        """
        sent = 0

        def send() -> bytes:
            nonlocal sent
            sent += 1
            return self._send(body)

        return Completion(resending(self._retries)(how_to_go_on, send), sent - 1)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _send(self, body: Mapping[str, Any]) -> bytes:
        host = self.caller.host
        read = "prompt" if "prompt" in body else "messages"
        rest = {name: value for name, value in body.items() if name not in {"model", read}}
        completions = self._api.completions if read == "prompt" else self._api.chat.completions
        try:
            raw = completions.with_raw_response.create(model=body["model"], extra_body=rest, **{read: body[read]})
        except self._openai.APIConnectionError as error:
            raise self._lost(error) from error
        except self._openai.APIStatusError as error:
            text = error.response.text.replace(self._key, "***") if self._key else error.response.text
            raise as_error(host, error.status_code, error.response.headers, text) from None
        return cast("bytes", raw.content)

    def _lost(self, error: Exception) -> BackendError:
        """What it means that no whole answer came."""
        host, cause = self.caller.host, error.__cause__
        if isinstance(cause, (httpx.ConnectError, httpx.ConnectTimeout)):
            return BackendUnavailableError(
                f"no server answers at {host}: start one, or set model.base_url", fault=Fault.DOWN, is_retryable=True
            )
        if isinstance(cause, httpx.TimeoutException):
            return BackendError(
                f"the server at {host} did not finish a reply in {self._timeout_s:g} s: see its log or raise "
                "model.timeout_s", fault=Fault.TIMEOUT,
            )  # fmt: skip
        return BackendError(f"the server at {host} broke off a reply ({cause}): see its log", fault=Fault.BROKEN_OFF)


class _Limited(httpx.SyncByteStream):
    """The bytes of an answer, until a moment of the monotonic clock."""

    def __init__(self, stream: httpx.SyncByteStream, deadline_s: float) -> None:
        self._stream = stream
        self._deadline_s = deadline_s

    def __iter__(self) -> Iterator[bytes]:
        for part in self._stream:
            if time.monotonic() > self._deadline_s:
                raise httpx.ReadTimeout("the whole answer took too long")
            yield part

    def close(self) -> None:
        self._stream.close()


def _set_deadline(request: httpx.Request) -> None:
    limit_s = request.extensions["timeout"]["read"]
    request.extensions[DEADLINE] = time.monotonic() + limit_s


def _keep_deadline(response: httpx.Response) -> None:
    """Httpx and `openai` limit each read, so that an answer which trickles would never end."""
    stream = cast("httpx.SyncByteStream", response.stream)
    response.stream = _Limited(stream, response.request.extensions[DEADLINE])


def _import_openai() -> ModuleType:
    try:
        import openai
    except ImportError as error:
        raise ConfigError(
            "OpenAI-compatible servers need the package openai: pip install 'embodied-deception[openai]'"
        ) from error
    return openai


def _read_key(name: str | None) -> str:
    if name is None:
        return ""
    key = os.environ.get(name, "").strip()
    if not key:
        raise BackendUnavailableError(f"the environment variable {name} is empty: put the API key there")
    return key
