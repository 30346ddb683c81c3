"""What `embodied doctor` measures on a model server. Each check asks little of it and says what it saw.

The prompts are the real ones: the episode runner plays a few turns of the chosen scenario against a stand-in for the
model that only waits, and what it was asked is kept.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any, Final

import httpx

from embodied.backends.base import Backend, Capabilities, ChatMessage, ChatReply, ChatRequest, ToolCall
from embodied.backends.http import trusted
from embodied.errors import ContextOverflowError, Fault
from embodied.policy.mind import InvalidEpisodeError
from embodied.records import Frozen, Validity

LOOK_TIMEOUT_S: Final = 2.0
OPENAI_URLS: Final = ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8080/v1")
WAITING: Final = '{"skill": "wait", "amount": 1}'
TURNS: Final = 20
REPEATS: Final = 4
REPEAT_TOKENS: Final = 40
SAMPLE_TOKENS: Final = 256
SEED: Final = 7
SHORTEST_S: Final = 1e-3
USUAL_REPLY: Final = 100
"""Tokens that a visible reply has at least, where the sample was cut before its end."""


class LongPrompt(StrEnum):
    """What becomes of a prompt that is too long."""

    REFUSED = "refused by the server"
    NOTICED = "noticed here"
    UNNOTICED = "unnoticed"


class ServerSeen(Frozen):
    """One address that was tried.

    Attributes:
        url: The address.
        kind: What answered there, or "" when nothing did.
        models: Models that it lists.
    """

    url: str
    kind: str = ""
    models: tuple[str, ...] = ()


class PromptFit(Frozen):
    """Whether the prompts of an episode fit the window, in tokens.

    Attributes:
        first: The first prompt.
        turns: How many turns the later prompt has.
        later: The prompt after so many turns, with replies as long as what is kept of the sampled one.
        max_tokens: Budget of a reply.
        window: Prompt, thinking and reply together.
        is_exact: Counted by the server beforehand, or measured by calls of one token.
    """

    first: int
    turns: int
    later: int
    max_tokens: int
    window: int
    is_exact: bool

    @property
    def needed(self) -> int:
        """The window that `turns` turns need."""
        return self.later + self.max_tokens


class Share(Frozen):
    """`k` of `n` replies."""

    k: int
    n: int

    def __str__(self) -> str:
        return f"{self.k} of {self.n}"


class RepeatRate(Frozen):
    """How often the same request at the same seed gave the same reply, asked one at a time.

    Attributes:
        tokens: Longest reply compared.
        cold_like_warm: Whether the first reply, to a prompt in no cache, equals the commonest of the later ones.
        warm: Equal ones among the later ones.
    """

    tokens: int
    cold_like_warm: bool
    warm: Share

    @property
    def is_perfect(self) -> bool:
        """Whether all replies were the same."""
        return self.cold_like_warm and self.warm.k == self.warm.n


class Speed(Frozen):
    """Tokens a second, over the wire, one call at a time.

    Attributes:
        prompt: Reading of a prompt that is in no cache.
        reply: Writing.
        reply_tokens: Length of the reply that was sampled.
        kept_tokens: Of it, what later prompts contain: all, or the visible part where past thinking is hidden.
        is_whole: Whether it had come to its end.
    """

    prompt: float
    reply: float
    reply_tokens: int
    kept_tokens: int
    is_whole: bool


class AtOnce(Frozen):
    """Several conversations at once.

    Attributes:
        n: How many.
        equal: How often the same request at the same seed gave the same reply.
        reply: Tokens a second that all of them write together.
    """

    n: int
    equal: Share
    reply: float


class Opening(Frozen):
    """What the scenario asks of a model.

    Attributes:
        first: The first request of an episode.
        last: The request with the longest transcript that was played.
        turns: Turns between the two.
        world_s: Wall time of the world a turn, seconds.
    """

    first: ChatRequest
    last: ChatRequest
    turns: int
    world_s: float


class StandIn:
    """Stands before a backend and answers every request of an episode with a wait; the backend is not asked.

    Args:
        behind: The backend.
    """

    def __init__(self, behind: Backend) -> None:
        self.behind = behind
        self.requests: list[ChatRequest] = []

    @property
    def capabilities(self) -> Capabilities:
        """Those of the backend."""
        return self.behind.capabilities

    def prepare(self) -> Mapping[str, Any]:
        """Make the backend ready."""
        return self.behind.prepare()

    def chat(self, request: ChatRequest) -> ChatReply:
        """Wait for a second."""
        self.requests.append(request)
        if len(self.requests) > TURNS:
            raise InvalidEpisodeError(Validity.HARNESS_ERROR, "enough turns were played")
        if request.tools:
            return ChatReply(text="", tool_calls=(ToolCall(name="wait", arguments='{"amount": 1}'),))
        return ChatReply(text=WAITING)

    def count(self, messages: Sequence[ChatMessage]) -> int | None:
        """Ask the backend."""
        return self.behind.count(messages)

    def check(self) -> None:
        """Ask the backend."""
        self.behind.check()

    def close(self) -> None:
        """Close the backend."""
        self.behind.close()


def look_for_servers(ollama: str, configured: Sequence[str]) -> tuple[ServerSeen, ...]:
    """Try the addresses where model servers usually answer, and those of the configuration.

    Args:
        ollama: Address of Ollama on this machine.
        configured: Addresses that the configuration names.
    """
    urls = dict.fromkeys([ollama, *OPENAI_URLS, *(url.rstrip("/") for url in configured)])
    with httpx.Client(timeout=LOOK_TIMEOUT_S, verify=trusted()) as http:
        return tuple(_look(http, url) for url in urls)


def measure_fit(backend: Backend, opening: Opening, turns: int, kept_tokens: int) -> PromptFit:
    """Count the first prompt and infer that after `turns` turns.

    Args:
        backend: Prepared.
        opening: The turns that were played.
        turns: The most that an episode can have.
        kept_tokens: What each reply adds to later prompts.

    Raises:
        BackendError: The server failed.
    """
    first, last = opening.first, opening.last
    counts = [None if request.tools else backend.count(request.messages) for request in (first, last)]
    first_tokens, last_tokens = (
        _prompt_tokens(backend, request) if count is None else count
        for request, count in zip((first, last), counts, strict=True)
    )
    a_turn = (last_tokens - first_tokens) / max(opening.turns, 1) + kept_tokens
    return PromptFit(
        first=first_tokens, turns=turns, later=round(first_tokens + turns * a_turn), max_tokens=first.max_tokens,
        window=backend.capabilities.window, is_exact=None not in counts,
    )  # fmt: skip


def try_long_prompt(backend: Backend) -> LongPrompt:
    """Send a prompt of twice the window and see who minds.

    Raises:
        BackendError: The server failed in another way.
    """
    text = "word " * (2 * backend.capabilities.window)
    try:
        backend.chat(ChatRequest(messages=(ChatMessage(role="user", content=text),), seed=SEED, max_tokens=1))
    except ContextOverflowError as error:
        return LongPrompt.REFUSED if error.fault is Fault.REFUSED else LongPrompt.NOTICED
    return LongPrompt.UNNOTICED


def measure_speed(backend: Backend, request: ChatRequest) -> Speed:
    """Read one prompt and write one reply to it.

    Raises:
        BackendError: The server failed.
    """
    fresh = made_new(request, max_tokens=1)
    read = backend.chat(fresh)
    sample = backend.chat(fresh.model_copy(update={"max_tokens": min(request.max_tokens, SAMPLE_TOKENS)}))
    new_tokens = max((read.prompt_tokens or 0) - (read.cached_tokens or 0), 1)
    again = 0 if sample.cached_tokens is None else (sample.prompt_tokens or 0) - sample.cached_tokens
    reply_tokens = max(sample.completion_tokens or 0, 1)
    reply = reply_tokens / max(sample.latency_s - read.latency_s * again / new_tokens, SHORTEST_S)
    prompt = new_tokens / max(read.latency_s - 1 / reply, read.latency_s / 2, SHORTEST_S)
    return Speed(
        prompt=prompt, reply=reply, reply_tokens=reply_tokens, is_whole=sample.finish != "length",
        kept_tokens=_kept_tokens(request, sample, reply_tokens),
    )  # fmt: skip


def measure_repeats(backend: Backend, fresh: ChatRequest) -> RepeatRate:
    """Ask the same thing several times at one seed.

    Args:
        backend: Prepared.
        fresh: A request in no cache (see `made_new`).

    Raises:
        BackendError: The server failed.
    """
    cold, *warm = (_words(backend.chat(fresh)) for _ in range(1 + REPEATS))
    (commonest, k), *_ = Counter(warm).most_common(1)
    return RepeatRate(tokens=fresh.max_tokens, cold_like_warm=cold == commonest, warm=Share(k=k, n=len(warm)))


def measure_at_once(backends: Sequence[Backend], request: ChatRequest) -> AtOnce:
    """Ask the same thing in several conversations at once, after each has read the prompt.

    Args:
        backends: One for each conversation, prepared.
        request: What is asked.

    Raises:
        BackendError: The server failed.
    """
    with ThreadPoolExecutor(len(backends)) as pool:
        before = list(pool.map(lambda backend: backend.chat(request), backends))
        started_s = time.perf_counter()
        after = list(pool.map(lambda backend: backend.chat(request), [*backends, *backends]))
        took_s = max(time.perf_counter() - started_s, SHORTEST_S)
    replies = [_words(reply) for reply in (*before, *after)]
    return AtOnce(
        n=len(backends), equal=Share(k=Counter(replies).most_common(1)[0][1], n=len(replies)),
        reply=sum(reply.completion_tokens or 0 for reply in after) / took_s,
    )  # fmt: skip


def made_new(request: ChatRequest, max_tokens: int) -> ChatRequest:
    """The same request with a beginning that no cache knows, and another budget."""
    first, *rest = request.messages
    marked = first.model_copy(update={"content": f"({secrets.token_hex(8)}) {first.content}"})
    return request.model_copy(
        update={"messages": (marked, *rest), "max_tokens": min(max_tokens, request.max_tokens), "seed": SEED}
    )


def _prompt_tokens(backend: Backend, request: ChatRequest) -> int:
    """Tokens of a prompt, measured by a call of one token that would need no more room."""
    return backend.chat(request.model_copy(update={"max_tokens": 1})).prompt_tokens or 0


def _kept_tokens(request: ChatRequest, reply: ChatReply, tokens: int) -> int:
    """What later prompts contain of a reply of `tokens`: the share of its characters that is no hidden thinking."""
    if request.shows_thinking or not reply.thinking:
        return tokens
    visible = len(reply.text) + sum(len(call.name) + len(call.arguments) for call in reply.tool_calls)
    kept = round(tokens * visible / (visible + len(reply.thinking)))
    return kept if reply.finish != "length" else max(kept, min(USUAL_REPLY, request.max_tokens))


def _words(reply: ChatReply) -> str:
    return f"{reply.thinking}\0{reply.text}"


def _look(http: httpx.Client, url: str) -> ServerSeen:
    is_openai = url.endswith("/v1")
    try:
        data = http.get(f"{url}/models" if is_openai else f"{url}/api/tags").raise_for_status().json()
        entries = data["data"] if is_openai else data["models"]
        models = tuple(sorted(str(entry["id" if is_openai else "name"]) for entry in entries))
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return ServerSeen(url=url)
    return ServerSeen(url=url, kind="OpenAI-compatible" if is_openai else "Ollama", models=models)
