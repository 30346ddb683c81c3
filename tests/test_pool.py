"""Several servers of one model: real loopback servers that die, come back, are too busy, or serve something else."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import yaml
from hydra.utils import instantiate
from tiny_server import TinyHttpBackend, TinyServer

from embodied.app import RunRequest, show_config
from embodied.backends.base import ChatMessage, ChatRequest
from embodied.backends.identity import SERVING, name_change
from embodied.backends.pool import PoolBackend, build
from embodied.config import cell_hash, parse_config
from embodied.errors import BackendError, BackendUnavailableError, ConfigError, Fault, ModelChangedError


@pytest.fixture
def servers() -> Iterator[tuple[TinyServer, ...]]:
    with TinyServer() as one, TinyServer() as two, TinyServer() as three:
        yield one, two, three


def pool(*servers: TinyServer, **options: Any) -> PoolBackend:
    members = {server.address: TinyHttpBackend("tiny", host=server.address) for server in servers}
    return PoolBackend(members, **({"retries": 0} | options))


def ask(session: str = "") -> ChatRequest:
    return ChatRequest(messages=(ChatMessage(role="user", content="Where to?"),), seed=1, session=session)


def test_workers_are_spread_evenly_and_episodes_stay_where_they_began(servers: tuple[TinyServer, ...]) -> None:
    for turn in range(6):
        mind = pool(*servers, turn=turn)
        mind.prepare()
        assert len({mind.chat(ask(f"{turn}/{n // 4}")).server for n in range(8)}) == 1
    assert [len(set(server.sessions)) for server in servers] == [4, 4, 4]
    assert [len(server.sessions) for server in servers] == [16, 16, 16]


def test_an_episode_goes_on_elsewhere_when_its_server_is_gone(servers: tuple[TinyServer, ...]) -> None:
    mind = pool(*servers)
    mind.prepare()
    assert mind.chat(ask("a")).server == servers[0].address
    servers[0].stop()
    moved = mind.chat(ask("a"))
    assert (moved.server, moved.retries) == (servers[1].address, 1)
    again = mind.chat(ask("a"))
    assert (again.server, again.retries) == (servers[1].address, 0)


def test_those_of_a_dead_server_are_spread_over_the_others(servers: tuple[TinyServer, ...]) -> None:
    servers[0].stop()
    for turn in range(6):
        mind = pool(*servers, turn=turn)
        mind.prepare()
        assert mind.chat(ask(f"{turn}")).retries == 0
    assert [len(server.sessions) for server in servers] == [0, 3, 3]


def test_a_call_that_was_begun_is_never_sent_elsewhere(servers: tuple[TinyServer, ...]) -> None:
    mind = pool(*servers, retries=3)
    mind.prepare()
    servers[0].breaks_off = True
    with pytest.raises(BackendError, match="broke off") as caught:
        mind.chat(ask("a"))
    assert caught.value.fault is Fault.BROKEN_OFF
    assert [len(server.sessions) for server in servers] == [1, 0, 0]


def test_a_busy_server_hands_over_and_is_asked_again(servers: tuple[TinyServer, ...]) -> None:
    mind = pool(*servers)
    mind.prepare()
    servers[0].is_busy = True
    assert mind.chat(ask("a")).server == servers[1].address
    servers[0].is_busy = False
    assert mind.chat(ask("b")).server == servers[0].address


def test_when_all_are_busy_the_call_goes_round_again(servers: tuple[TinyServer, ...]) -> None:
    mind = pool(*servers, retries=5)
    mind.prepare()
    for server in servers:
        server.is_busy = True
    with ThreadPoolExecutor(1) as threads:
        reply = threads.submit(mind.chat, ask("a"))
        time.sleep(0.1)
        servers[2].is_busy = False
        assert reply.result().server == servers[2].address
    assert reply.result().retries >= 3
    assert [len(server.sessions) for server in servers] == [0, 0, 1]


def test_when_none_answers_that_is_said_at_once_and_one_that_comes_back_is_found(
    servers: tuple[TinyServer, ...],
) -> None:
    mind = pool(*servers)
    mind.prepare()
    for server in servers:
        server.stop()
    with pytest.raises(BackendUnavailableError, match="no tiny server answers at") as caught:
        mind.chat(ask("a"))
    assert caught.value.is_retryable
    with pytest.raises(BackendUnavailableError):
        mind.check()
    with TinyServer(servers[1].port):
        mind.check()
        assert mind.chat(ask("a")).server == servers[1].address


def test_a_dead_server_is_left_alone_for_a_while_only(servers: tuple[TinyServer, ...]) -> None:
    mind = pool(*servers, rest_s=0.3)
    mind.prepare()
    servers[0].stop()
    assert mind.chat(ask("a")).server == servers[1].address
    with TinyServer(servers[0].port) as back:
        assert mind.chat(ask("b")).server != back.address
        time.sleep(0.3)
        assert mind.chat(ask("c")).server == back.address
        assert mind.chat(ask("a")).server == servers[1].address


@pytest.mark.parametrize("was_there", [True, False])
def test_a_server_that_comes_back_must_serve_the_same_model(servers: tuple[TinyServer, ...], was_there: bool) -> None:
    mind = pool(*servers, rest_s=0.0)
    if was_there:
        mind.prepare()
    servers[0].stop()
    if not was_there:
        mind.prepare()
    mind.chat(ask("a"))
    with TinyServer(servers[0].port, digest="other"), pytest.raises(ModelChangedError, match="digest: 0 and other"):
        mind.chat(ask("b"))


def test_a_model_that_changes_on_any_server_is_noticed(servers: tuple[TinyServer, ...]) -> None:
    mind = pool(*servers)
    mind.prepare()
    mind.check()
    servers[2].digest = "other"
    with pytest.raises(ModelChangedError, match="now serves other"):
        mind.check()


def test_the_manifest_says_who_is_there_and_what_differs(servers: tuple[TinyServer, ...]) -> None:
    servers[0].is_busy = True
    servers[1].stop()
    manifest = pool(*servers).prepare()
    assert manifest["digest"] == "0"
    busy, dead, last = manifest["servers"]
    assert "too busy" in busy["error"]
    assert dead["server"] == servers[1].address
    assert dead["error"].startswith("no tiny server answers at")
    assert last == {"server": servers[2].address}
    servers[0].is_busy = False
    first, _, last = pool(*servers).prepare()["servers"]
    assert first == {"server": servers[0].address}
    assert last == {"server": servers[2].address, "host": servers[2].address}


def test_servers_of_different_models_are_refused(servers: tuple[TinyServer, ...]) -> None:
    servers[1].digest = "other"
    with pytest.raises(BackendUnavailableError, match=r"serve differently \(digest: 0 and other\)"):
        pool(*servers).prepare()


class Telling(TinyHttpBackend):
    """Its manifest says more of the server."""

    def __init__(self, host: str, **more: Any) -> None:
        super().__init__("tiny", host=host)
        self.more = more

    def prepare(self) -> Mapping[str, Any]:
        return {**super().prepare(), **self.more}


LIKE: dict[str, Any] = {
    "server_version": "0.12.6", "n_ctx": 8192, "prompt_check": "exact", "loaded": {"size": 1, "context_length": 8192},
    "capabilities": {"prompt_check": "exact"},
}  # fmt: skip
UNLIKE = [
    {"server_version": "0.13.0"}, {"n_ctx": 4096}, {"prompt_check": "rendering"}, {"loaded": {"context_length": 4096}},
    {"capabilities": {"prompt_check": "lower_bound"}},
]  # fmt: skip


@pytest.mark.parametrize("unlike", UNLIKE, ids=str)
def test_servers_that_differ_in_version_window_or_check_are_refused(
    servers: tuple[TinyServer, ...], unlike: dict[str, Any]
) -> None:
    one, two, _ = servers
    members = {one.address: Telling(one.address, **LIKE), two.address: Telling(two.address, **(LIKE | unlike))}
    with pytest.raises(BackendUnavailableError, match=rf"serve differently \([a-z_.]*{next(iter(unlike))}"):
        PoolBackend(members).prepare()


@pytest.mark.parametrize("unlike", UNLIKE, ids=str)
def test_a_server_that_comes_back_must_serve_as_before(servers: tuple[TinyServer, ...], unlike: dict[str, Any]) -> None:
    one, two, _ = servers
    members = {server.address: Telling(server.address, **LIKE) for server in (one, two)}
    mind = PoolBackend(members, retries=0, rest_s=0.0)
    mind.prepare()
    one.stop()
    mind.chat(ask("a"))
    members[one.address].more = LIKE | unlike
    with TinyServer(one.port), pytest.raises(ModelChangedError, match="came back otherwise"):
        mind.chat(ask("b"))


@pytest.mark.parametrize("loaded", [{"size": 2, "context_length": 8192}, {"context_length": None}, {}], ids=str)
def test_servers_may_differ_in_where_they_keep_the_model(
    servers: tuple[TinyServer, ...], loaded: dict[str, Any]
) -> None:
    one, two, _ = servers
    mind = PoolBackend(
        {one.address: Telling(one.address, **LIKE), two.address: Telling(two.address, **(LIKE | {"loaded": loaded}))}
    )
    assert [entry["server"] for entry in mind.prepare()["servers"]] == [one.address, two.address]


def test_no_server_at_all_is_one_line(servers: tuple[TinyServer, ...]) -> None:
    for server in servers:
        server.stop()
    with pytest.raises(BackendUnavailableError, match="no tiny server answers at") as caught:
        pool(*servers).prepare()
    assert "\n" not in str(caught.value)


def test_manifests_are_compared_in_what_both_say() -> None:
    assert name_change({"digest": "1", "host": "a"}, {"digest": "1", "host": "b", "quantization": "Q4"}, SERVING) == ""
    assert name_change({"capabilities": ["completion"]}, {"capabilities": ["tools"]}, SERVING) == ""
    assert name_change({"options": {"top_k": 1}}, {"options": {"top_k": 2}}, SERVING).startswith("options: ")


# -- how it is configured ----------------------------------------------------------------------------------------------


def test_addresses_make_a_pool_of_members_that_do_not_retry(servers: tuple[TinyServer, ...]) -> None:
    addresses = [server.address for server in servers]
    model = {"_target_": "tiny_server.TinyHttpBackend", "name": "tiny", "host": None, "hosts": addresses, "retries": 2}
    made: list[dict[str, Any]] = []

    def make(config: Mapping[str, Any]) -> Any:
        made.append(dict(config))
        return instantiate(config)

    mind = build(model, make)
    assert [(config["host"], config["retries"]) for config in made] == [(address, 0) for address in addresses]
    assert [entry["server"] for entry in mind.prepare()["servers"]] == addresses
    assert mind.chat(ask("a")).server == addresses[0]
    mind.close()


def test_one_address_makes_no_pool() -> None:
    assert build({"name": "tiny", "host": "a", "hosts": None}, dict) == {"name": "tiny", "host": "a"}


@pytest.mark.parametrize("model", [{"host": "a", "hosts": ["b"]}, {"hosts": ["a", "a"]}])
def test_addresses_that_contradict_each_other_are_refused(model: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"model\.hosts must name each server once"):
        build(model, dict)


def test_where_a_model_is_served_changes_no_key() -> None:
    configs = [
        parse_config(yaml.safe_load(show_config(RunRequest(("model=ollama", *overrides)))))
        for overrides in ((), ("model.host=a:1",), ("++model.hosts=[a:1,b:2]",))
    ]
    assert len({cell_hash(config) for config in configs}) == 1
