"""The bench: the form of its figures, and its answer to names that it does not know. No time is held to anything."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from embodied.backends.base import ChatMessage, ChatRequest
from embodied.backends.ollama import OllamaBackend
from embodied.errors import ContextOverflowError

BENCH = Path(__file__).parents[1] / "scripts" / "bench"
LATENCY_SERVER = BENCH.with_name("benches") / "latency.py"
SLOTS = 2
LATENCY_S = 0.1


def bench(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, BENCH, *options], capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.every_third_day
def test_figures_are_one_line_of_json_each() -> None:
    done = bench("world", "--json", "--quick", "--only", "sight")
    assert done.returncode == 0, done.stderr
    figures = [json.loads(line) for line in done.stdout.splitlines()]
    assert [figure["name"] for figure in figures] == [
        "sight query, camera to robot", "sight query, person to robot", "sight query, search for any body"
    ]  # fmt: skip
    for figure in figures:
        assert list(figure) == ["name", "value", "unit", "bound", "holds"]
        assert (figure["unit"], figure["bound"]) == ("ms", 0.2)
        assert figure["value"] > 0
        assert figure["holds"] is (figure["value"] <= figure["bound"])


@pytest.mark.every_third_day
@pytest.mark.parametrize(
    ("options", "unknown", "known"),
    [
        (("moon",), "group", "world, models, measures, oversight, sweeps"),
        (("world", "--only", "moon"), "section", "memory, overhead, pace, reset, sight, recording, rendering"),
        (("models", "--only", "moon"), "section", "overhead, cache, engine, parse, busy"),
    ],
)
def test_unknown_name_is_one_line_with_the_known_ones(options: tuple[str, ...], unknown: str, known: str) -> None:
    done = bench(*options)
    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr == f"scripts/bench: unknown {unknown} 'moon': choose one of {known}\n"


@pytest.fixture
def url() -> Iterator[str]:
    command = [sys.executable, str(LATENCY_SERVER), str(SLOTS), str(LATENCY_S)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


@pytest.mark.every_third_day
def test_the_server_of_fixed_latency_counts_what_the_real_backend_has_it_do(url: str) -> None:
    backend = OllamaBackend("fixed-latency:latest", host=url, num_ctx=4096)
    backend.prepare()
    before = httpx.get(f"{url}/busy", trust_env=False).json()["calls"]
    words = ChatMessage(role="user", content="Where to?")
    with ThreadPoolExecutor(3) as pool:
        replies = list(pool.map(backend.chat, [ChatRequest(messages=(words,), seed=seed) for seed in range(6)]))
    report = httpx.get(f"{url}/busy", trust_env=False).json()
    with pytest.raises(ContextOverflowError):
        backend.chat(ChatRequest(messages=(words.model_copy(update={"content": "lamp " * 5000}),), seed=0))
    backend.close()
    assert before == 0
    assert report["calls"] == len(replies) == 6
    assert {json.loads(reply.text)["skill"] for reply in replies} == {"goto"}
    assert 6 * LATENCY_S <= report["busy_s"] <= report["wall_s"] * SLOTS
    assert report["share"] == pytest.approx(report["busy_s"] / (report["wall_s"] * SLOTS))
