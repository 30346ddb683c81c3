"""Reproducible mode, on the live model: the same transcript and seeds give the same words again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from embodied.backends.base import ChatMessage, ChatRequest
from embodied.backends.llama_cpp import LlamaCppBackend

CALLS = 3


def backend(folder: Path) -> LlamaCppBackend:
    return LlamaCppBackend(n_ctx=1024, slots=4, reproducible=True, temperature=1.0, linger_s=0.0, state_dir=str(folder))


@pytest.fixture
def mind(tmp_path: Path) -> Iterator[LlamaCppBackend]:
    mind = backend(tmp_path)
    yield mind
    mind.close()


def converse(mind: LlamaCppBackend, topic: str) -> list[str]:
    """A transcript that grows by what the model says."""
    messages = [ChatMessage(role="system", content="You drive a robot."), ChatMessage(role="user", content=topic)]
    for seed in range(CALLS):
        reply = mind.chat(ChatRequest(messages=tuple(messages), seed=seed, max_tokens=12))
        assert reply.cached_tokens == 0
        messages += [ChatMessage(role="assistant", content=reply.text), ChatMessage(role="user", content="Go on.")]
    return [message.content for message in messages]


@pytest.mark.every_third_day
def test_one_request_is_in_flight_and_nothing_is_cached(mind: LlamaCppBackend) -> None:
    manifest = mind.prepare()
    assert (manifest["reproducible"], manifest["slots"], manifest["options"]["cache_prompt"]) == (True, 1, False)


@pytest.mark.every_third_day
def test_a_conversation_is_the_same_again_whatever_came_between(mind: LlamaCppBackend, tmp_path: Path) -> None:
    other = backend(tmp_path)
    first = converse(mind, "Where is the lamp?")
    with ThreadPoolExecutor(2) as pool:
        again = pool.submit(converse, mind, "Where is the lamp?")
        beside = pool.submit(converse, other, "Where is the button?")
    other.close()
    assert again.result() == first
    assert beside.result() != first
