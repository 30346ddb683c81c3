"""Fixtures of the tests of the Ollama backend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import stamina
from ollama_server import PLAIN, Build, OllamaServer

from embodied.backends.ollama import OllamaBackend


@pytest.fixture
def server() -> Iterator[OllamaServer]:
    """A loopback server that serves the small model; nobody waits before asking it again."""
    with stamina.set_testing(True, attempts=10, cap=True), OllamaServer() as server:
        server.replay("version", "tags", "show", "ps")
        yield server


@pytest.fixture
def build(server: OllamaServer) -> Iterator[Build]:
    """Makes backends of that server."""
    built: list[OllamaBackend] = []

    def make(name: str = PLAIN, **options: Any) -> OllamaBackend:
        backend = OllamaBackend(name, **{"host": server.url, "num_ctx": 512, **options})
        built.append(backend)
        return backend

    yield make
    for backend in built:
        backend.close()
