"""The server of the embedded model: shared, replaced when it dies, ended after its last user; each user has a slot."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest
from llama import ACTIONS, N_CTX, address_of, backend, request, room_of, runs, served, wait_until

from embodied.backends.base import ChatMessage
from embodied.backends.llama_cpp import LlamaCppBackend
from embodied.backends.llama_room import Address, Room, ServerSpec
from embodied.backends.weights import find_weights
from embodied.errors import (
    BackendError,
    BackendUnavailableError,
    Fault,
)  # fmt: skip

ROOT = Path(__file__).parents[1]


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
    with served(folder) as shared:
        yield shared


@pytest.mark.every_third_day
def test_conversations_keep_to_their_own_slots(mind: LlamaCppBackend, folder: Path) -> None:
    other, third = backend(folder), backend(folder)
    first = request("Patrol from hall to door. " * 10, constrained=False, max_tokens=8)
    reply = mind.chat(first)
    other.chat(first)
    more = (*first.messages, ChatMessage(role="assistant", content=reply.text), ChatMessage(role="user", content="?"))
    other.chat(request("Something else.", max_tokens=2))
    grown = mind.chat(first.model_copy(update={"messages": more}))
    assert reply.prompt_tokens is not None
    assert (grown.cached_tokens or 0) >= reply.prompt_tokens - 2
    assert json.loads(third.chat(request()).text) in ACTIONS
    users = [json.loads(file.read_text()) for file in (room_of(folder).folder / "users").iterdir()]
    assert sorted(str(user["slot"]) for user in users) == ["0", "1", "None"]
    other.close()
    third.close()


def test_only_the_key_opens_the_server(mind: LlamaCppBackend) -> None:
    address = address_of(mind)
    assert address.url.startswith("http://127.0.0.1:")
    stranger = httpx.post(f"{address.url}/v1/chat/completions", json={"messages": []}, trust_env=False)
    assert stranger.status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.every_third_day
def test_processes_share_one_server(mind: LlamaCppBackend, folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        results = list(pool.map(act_elsewhere, [folder] * 4, range(4)))
    assert {pid for pid, _ in results} == {address_of(mind).pid}
    assert all(json.loads(text) in ACTIONS for _, text in results)
    assert len(list(folder.glob("*/address.json"))) == 1
    assert (room_of(folder).folder / "address.json").stat().st_mode & 0o077 == 0


@pytest.mark.every_third_day
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


@pytest.mark.every_third_day
def test_a_call_that_the_server_had_begun_is_not_sent_again(tmp_path: Path) -> None:
    mind = backend(tmp_path)
    mind.prepare()
    first = address_of(mind)
    long = request("Tell me everything.", max_tokens=300, constrained=False)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(mind.chat, long)
        time.sleep(0.3)
        psutil.Process(first.pid).kill()
        with pytest.raises(BackendError, match="broke off /v1/chat/completions") as caught:
            call.result()
    assert caught.value.fault is Fault.BROKEN_OFF
    assert room_of(tmp_path).address() == first
    assert json.loads(mind.chat(request()).text) in ACTIONS
    assert address_of(mind).pid != first.pid
    mind.close()


@pytest.mark.every_third_day
def test_a_server_found_dead_is_replaced_before_the_call(tmp_path: Path) -> None:
    mind = backend(tmp_path)
    mind.prepare()
    first = address_of(mind)
    psutil.Process(first.pid).kill()
    assert wait_until(lambda: not runs(first))
    assert json.loads(mind.chat(request()).text) in ACTIONS
    assert address_of(mind).pid != first.pid
    mind.close()


@pytest.mark.every_third_day
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


@pytest.mark.every_third_day
def test_server_ends_when_its_only_user_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time\nfrom embodied.backends.llama_cpp import LlamaCppBackend\n"
        f"mind = LlamaCppBackend(n_ctx={N_CTX}, slots=2, linger_s=0, state_dir=sys.argv[1])\n"
        "mind.prepare()\nprint('ready', flush=True)\ntime.sleep(600)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    path = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=path) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "ready\n"
        address = room_of(tmp_path).address()
        assert address is not None
        assert runs(address)
        owner.kill()
    assert wait_until(lambda: not runs(address))


@pytest.mark.every_third_day
def test_a_server_that_cannot_start_names_its_log(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(find_weights().read_bytes()[:4096])
    with pytest.raises(BackendUnavailableError, match=r"broken\.gguf did not start: see .*server\.log"):
        backend(tmp_path, path=str(broken)).prepare()
    (log,) = tmp_path.glob("*/server.log")
    assert "broken.gguf" in log.read_text()
