"""One HTTP exchange with a model server: a deadline over the whole of it, and one error for each way it can fail."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import httpx
import stamina

from embodied.errors import BackendError, BackendUnavailableError, Fault

CONNECT_TIMEOUT_S: Final = 10.0
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 15.0
LONGEST_RETRY_AFTER_S: Final = 120.0
NOT_BEGUN: Final = re.compile(
    r"loading model|server (is )?busy|maximum pending requests exceeded|queue (is )?full", re.IGNORECASE
)
"""What servers say with status 503 of a request that they did not take on."""


@cache
def trusted() -> ssl.SSLContext:
    """The authorities whose certificates are believed; reading them takes as long as many exchanges, hence once."""
    return httpx.create_ssl_context()


class Caller:
    """Sends requests to one server.

    A request is sent again only when the server had not begun it: the connection was refused, or it said 429, or 503
    with a wait or in words of `NOT_BEGUN`. Any other 503 may come from a gateway that lost a call under way. A question
    (GET) begins nothing, so it is asked again after every 503, but fails at once when the server is not there.

    Args:
        client: Knows address, headers and connection pool.
        who: The server in an error message ("Ollama").
        hint: What to do when nothing answers.
        timeout_s: Longest time of a whole exchange, the last byte included.
        retries: How often a request that was not begun is sent again.
    """

    def __init__(self, client: httpx.Client, *, who: str, hint: str, timeout_s: float, retries: int = 0) -> None:
        self._client = client
        self._who = who
        self._hint = hint
        self._timeout_s = timeout_s
        self._retries = retries

    @property
    def host(self) -> str:
        """Address of the server."""
        return str(self._client.base_url).rstrip("/")

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, timeout_s: float | None = None
    ) -> httpx.Response:
        """One exchange; the answer is read whole, whatever its status, unless that says that nothing was begun.

        Args:
            method: GET or POST.
            path: Path at the server.
            body: Sent as JSON.
            timeout_s: Shorter deadline for this one.

        Raises:
            BackendUnavailableError: Nothing listens there, also after the retries.
            BackendError: It was too busy, took too long or broke off.
        """
        limit_s = min(timeout_s or self._timeout_s, self._timeout_s)
        go_on = how_to_go_on if method == "POST" else _how_to_ask_on
        return resending(self._retries)(go_on, self._ask_once, method, path, body, limit_s)

    def _ask_once(self, method: str, path: str, body: Mapping[str, Any] | None, limit_s: float) -> httpx.Response:
        with self._named(path, limit_s):
            deadline_s = time.monotonic() + limit_s
            timeout = httpx.Timeout(limit_s, connect=min(limit_s, CONNECT_TIMEOUT_S))
            with self._client.stream(method, path, json=body, timeout=timeout) as response:
                parts = []
                for part in response.iter_bytes():
                    parts.append(part)
                    if time.monotonic() > deadline_s:
                        raise httpx.ReadTimeout("the whole answer took too long")
                whole = httpx.Response(
                    response.status_code, headers=_plain(response.headers), content=b"".join(parts),
                    request=response.request,
                )  # fmt: skip
        if _was_not_begun(method, whole):
            said = " ".join(whole.text.split())[:200]
            raise BackendError(
                f"{self._who} at {self.host} is too busy for {path} ({whole.status_code} {said}): lower run.workers",
                fault=Fault.BUSY, is_retryable=True, retry_after_s=retry_after_s(whole.headers),
            )  # fmt: skip
        return whole

    @contextmanager
    def _named(self, path: str, limit_s: float) -> Iterator[None]:
        """Turn every failure into a one-line error of ours."""
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise BackendUnavailableError(
                f"no {self._who} server answers at {self.host}: {self._hint}", fault=Fault.DOWN, is_retryable=True
            ) from error
        except httpx.TimeoutException as error:
            raise BackendError(
                f"{self._who} at {self.host} did not answer {path} in {limit_s:g} s: see its log or raise "
                "model.timeout_s", fault=Fault.TIMEOUT,
            ) from error  # fmt: skip
        except httpx.HTTPError as error:
            raise BackendError(
                f"{self._who} at {self.host} broke off {path} ({error}): see the server's log", fault=Fault.BROKEN_OFF
            ) from error


def resending(retries: int) -> stamina.RetryingCaller:
    """What sends a request again that was not begun, ever more slowly, at most so often; see `how_to_go_on`."""
    return stamina.RetryingCaller(
        attempts=retries + 1, timeout=None, wait_initial=FIRST_WAIT_S, wait_max=LONGEST_WAIT_S
    )


def how_to_go_on(error: Exception) -> bool | float:
    """Whether to send the request again, and after how many seconds if the server said so."""
    if not (isinstance(error, BackendError) and error.is_retryable):
        return False
    return True if error.retry_after_s is None else error.retry_after_s


def _how_to_ask_on(error: Exception) -> bool | float:
    """The same for a question, which is not worth waiting for a server that is down."""
    return not (isinstance(error, BackendError) and error.fault is Fault.DOWN) and how_to_go_on(error)


def _was_not_begun(method: str, answer: httpx.Response) -> bool:
    """Whether an answer says that the server was too busy to begin."""
    if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
        return answer.status_code == httpx.codes.TOO_MANY_REQUESTS
    return method == "GET" or "retry-after" in answer.headers or bool(NOT_BEGUN.search(answer.text))


def _plain(headers: httpx.Headers) -> dict[str, str]:
    """Headers of an answer whose content has been decoded."""
    return {name: value for name, value in headers.items() if name not in {"content-encoding", "content-length"}}


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The wait a server asks for, seconds; None when it asks for none or names a date."""
    text = headers.get("retry-after", "")
    return min(float(text), LONGEST_RETRY_AFTER_S) if text.isdecimal() else None
