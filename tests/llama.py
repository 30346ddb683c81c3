"""Shared by the tests of the embedded model, which run it for real: the weights package must be installed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from embodied.backends.base import ChatMessage, ChatRequest
from embodied.backends.llama_cpp import LlamaCppBackend
from embodied.backends.llama_room import Address, Room, is_running

N_CTX = 512
SCHEMA: dict[str, Any] = {
    "oneOf": [
        {
            "type": "object",
            "properties": {"skill": {"const": "goto"}, "target": {"enum": ["hall", "door"]}},
            "required": ["skill", "target"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {"skill": {"const": "wait"}, "amount": {"enum": [1, 10]}},
            "required": ["skill", "amount"],
            "additionalProperties": False,
        },
    ]
}
ACTIONS = [
    {"skill": "goto", "target": "hall"},
    {"skill": "goto", "target": "door"},
    {"skill": "wait", "amount": 1},
    {"skill": "wait", "amount": 10},
]


def backend(folder: Path, **options: Any) -> LlamaCppBackend:
    return LlamaCppBackend(state_dir=str(folder), **({"n_ctx": N_CTX, "slots": 2, "linger_s": 0.0} | options))


def request(text: str = "Where to?", *, seed: int = 1, max_tokens: int = 40, constrained: bool = True) -> ChatRequest:
    messages = (ChatMessage(role="system", content="You drive a robot."), ChatMessage(role="user", content=text))
    schema = SCHEMA if constrained else None
    return ChatRequest(messages=messages, seed=seed, json_schema=schema, max_tokens=max_tokens)


def address_of(mind: LlamaCppBackend) -> Address:
    assert mind.address is not None
    return mind.address


def runs(address: Address) -> bool:
    return is_running(address.pid, address.started_s)


def wait_until(condition: Callable[[], bool], timeout_s: float = 15.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def room_of(folder: Path) -> Room:
    (address,) = folder.glob("*/address.json")
    return Room(address.parent)


@contextmanager
def served(folder: Path) -> Iterator[LlamaCppBackend]:
    """A backend that is ready, and whose server ends with it."""
    mind = backend(folder)
    mind.prepare()
    address = address_of(mind)
    yield mind
    mind.close()
    assert wait_until(lambda: not runs(address))
