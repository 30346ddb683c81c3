"""The Ollama backend against a loopback server that replays what a real one said."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina
import yaml
from ollama_server import Exchange, Fault, OllamaServer, recorded

from embodied.backends.base import Backend, ChatMessage, ChatRequest
from embodied.backends.ollama import OllamaBackend
from embodied.backends.thinking import did_thinking_eat_budget
from embodied.errors import BackendError, BackendUnavailableError, ConfigError, ContextOverflowError

PLAIN = "smol:latest"
THINKER = "thinker:latest"
Build = Callable[..., OllamaBackend]


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=10, cap=True):
        yield


@pytest.fixture
def server() -> Iterator[OllamaServer]:
    with OllamaServer() as server:
        server.replay("version", "tags", "show", "ps")
        yield server


@pytest.fixture
def build(server: OllamaServer) -> Iterator[Build]:
    built: list[OllamaBackend] = []

    def make(name: str = PLAIN, **options: Any) -> OllamaBackend:
        backend = OllamaBackend(name, **{"host": server.url, "num_ctx": 512, **options})
        built.append(backend)
        return backend

    yield make
    for backend in built:
        backend.close()


def asked(exchange: Exchange) -> ChatRequest:
    """The request that a recorded exchange answers."""
    wire = exchange.request
    return ChatRequest(
        messages=tuple(ChatMessage(**message) for message in wire["messages"]),
        seed=wire["options"]["seed"],
        json_schema=wire.get("format"),
        max_tokens=wire["options"]["num_predict"],
    )


def one_line(error: pytest.ExceptionInfo[BackendError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def test_it_is_a_backend(build: Build) -> None:
    backend: Backend = build()
    assert backend.constrains is False
    assert build(constrain=True).constrains is True


def test_a_reply_comes_back_whole(server: OllamaServer, build: Build) -> None:
    exchange = recorded("chat")
    server.replay("chat")
    reply = build().chat(asked(exchange))
    assert reply.text == exchange.response["message"]["content"].strip()
    assert reply.thinking == ""
    assert reply.prompt_tokens == exchange.response["prompt_eval_count"]
    assert reply.completion_tokens == exchange.response["eval_count"]
    assert reply.finish == exchange.response["done_reason"]
    assert reply.latency_s > 0


@pytest.mark.parametrize("name", ["chat", "chat_format", "chat_thinking"])
def test_the_request_is_the_one_the_real_server_answered(server: OllamaServer, build: Build, name: str) -> None:
    exchange = recorded(name)
    server.replay(name)
    server.only("/api/show", "show_thinking" if "think" in exchange.request else "show")
    build(exchange.request["model"]).chat(asked(exchange))
    assert server.sent("/api/chat") == [exchange.request]


def test_everything_is_pinned_in_every_call(server: OllamaServer, build: Build) -> None:
    server.replay("load", "chat")
    backend = build(temperature=0.1, top_p=0.2, top_k=3, min_p=0.4, repeat_penalty=1.5, keep_alive="7m")
    backend.prepare()
    backend.chat(asked(recorded("chat")))
    for body in server.sent("/api/chat"):
        assert body["truncate"] is False
        assert body["shift"] is False
        assert body["stream"] is False
        assert body["keep_alive"] == "7m"
        pinned = {"num_ctx": 512, "temperature": 0.1, "top_p": 0.2, "top_k": 3, "min_p": 0.4, "repeat_penalty": 1.5}
        assert pinned.items() <= body["options"].items()


def test_seeds_fit_the_32_bits_of_the_sampler(server: OllamaServer, build: Build) -> None:
    server.replay("chat")
    build().chat(asked(recorded("chat")).model_copy(update={"seed": 2**31 + 5}))
    assert server.sent("/api/chat")[0]["options"]["seed"] == 5


# Thinking


@pytest.mark.parametrize(
    ("level", "show", "sent"),
    [
        ("auto", "show", "nothing"),
        ("auto", "show_thinking", True),
        ("on", "show_thinking", True),
        ("off", "show_thinking", False),
        (True, "show_thinking", True),
        (False, "show_thinking", False),
        ("low", "show_thinking", "low"),
    ],
)
def test_thinking_is_asked_for_as_configured(
    server: OllamaServer, build: Build, level: str | bool, show: str, sent: object
) -> None:
    server.only("/api/show", show)
    server.replay("chat")
    build(think=level).chat(asked(recorded("chat")))
    assert server.sent("/api/chat")[0].get("think", "nothing") == sent


def test_the_thinking_field_is_kept_apart(server: OllamaServer, build: Build) -> None:
    exchange = recorded("chat_thinking")
    server.replay("chat_thinking")
    reply = build(THINKER, think="on").chat(asked(exchange))
    assert reply.thinking == exchange.response["message"]["thinking"].strip()
    assert reply.text == exchange.response["message"]["content"].strip()
    assert reply.thinking
    assert reply.text
    assert not did_thinking_eat_budget(reply)


def test_thinking_that_ate_the_budget_is_seen(server: OllamaServer, build: Build) -> None:
    exchange = recorded("chat_thinking_budget")
    server.replay("chat_thinking_budget")
    reply = build(THINKER, think="on").chat(asked(exchange))
    assert did_thinking_eat_budget(reply)


def test_think_tags_in_the_content_are_split_off(server: OllamaServer, build: Build) -> None:
    server.replay("chat_tags")
    reply = build().chat(asked(recorded("chat_tags")))
    assert reply.thinking == "The user asks for the key. I saw it in the locker room."
    assert reply.text == "In the locker room."


def test_think_tags_cut_by_the_budget_leave_no_reply(server: OllamaServer, build: Build) -> None:
    server.replay("chat_tags_cut")
    reply = build().chat(asked(recorded("chat_tags_cut")))
    assert reply.thinking.startswith("The user asks for the key")
    assert did_thinking_eat_budget(reply)


def test_counts_of_a_thinking_model_under_a_schema_are_not_believed(server: OllamaServer, build: Build) -> None:
    """The server counts only its second pass, whose prompt holds the thinking of the first."""
    exchange = recorded("chat_thinking_format")
    assert exchange.response["prompt_eval_count"] > recorded("chat_thinking").response["prompt_eval_count"]
    server.replay("chat_thinking_format")
    reply = build(THINKER, think="on").chat(asked(exchange))
    assert json.loads(reply.text) == {"skill": "goto", "target": "door"}
    assert reply.thinking
    assert reply.prompt_tokens is None
    assert reply.completion_tokens is None


def test_a_model_that_cannot_think_says_what_to_set(server: OllamaServer, build: Build) -> None:
    server.replay("chat_think_rejected")
    with pytest.raises(BackendError, match=r"set model\.think=off") as error:
        build(think="on").chat(asked(recorded("chat")))
    assert one_line(error) == "smol:latest does not support thinking: set model.think=off"
    with pytest.raises(BackendUnavailableError, match=r"set model\.think=off"):
        build(think="on").prepare()


# The window


def test_a_prompt_too_long_for_the_window_overflows(server: OllamaServer, build: Build) -> None:
    server.replay("prompt_too_long")
    with pytest.raises(ContextOverflowError) as error:
        build().chat(asked(recorded("prompt_too_long")))
    assert one_line(error) == "the prompt does not fit model.num_ctx=512 (921 tokens): raise it"
    assert len(server.sent("/api/chat")) == 1


def test_older_wording_of_the_overflow_is_understood(server: OllamaServer, build: Build) -> None:
    server.answer("/api/chat", {"error": "the input length exceeds the context length"}, 400)
    with pytest.raises(ContextOverflowError, match="exceeds the context length"):
        build().chat(asked(recorded("chat")))


def test_a_prompt_that_was_cut_silently_overflows(server: OllamaServer, build: Build) -> None:
    """What the real server answers where nobody forbids it to cut: fewer tokens than the shorter transcript had."""
    long = asked(recorded("prompt_cut"))
    short = long.model_copy(update={"messages": long.messages[:-2]})
    before = recorded("prompt_uncut").response
    server.answer("/api/chat", before)
    server.replay("prompt_cut")
    backend = build()
    assert backend.chat(short).prompt_tokens == before["prompt_eval_count"]
    with pytest.raises(ContextOverflowError, match="was cut") as error:
        backend.chat(long)
    one_line(error)


def test_another_transcript_may_be_shorter(server: OllamaServer, build: Build) -> None:
    data = recorded("chat").response
    request = asked(recorded("chat"))
    other = request.model_copy(update={"messages": (*request.messages[:-1], ChatMessage(role="user", content="no"))})
    server.answer("/api/chat", {**data, "prompt_eval_count": 90})
    server.answer("/api/chat", {**data, "prompt_eval_count": 40})
    backend = build()
    assert backend.chat(request).prompt_tokens == 90
    assert backend.chat(other).prompt_tokens == 40
    assert backend.chat(request).prompt_tokens == 40


def test_a_prompt_that_fills_the_window_overflows(server: OllamaServer, build: Build) -> None:
    server.answer("/api/chat", {**recorded("chat").response, "prompt_eval_count": 512})
    with pytest.raises(ContextOverflowError, match="fills the window"):
        build().chat(asked(recorded("chat")))


def test_a_reply_that_reached_the_end_of_the_window_overflows(server: OllamaServer, build: Build) -> None:
    server.replay("window_end")
    with pytest.raises(ContextOverflowError, match="end of the window") as error:
        build().chat(asked(recorded("window_end")))
    one_line(error)


def test_a_reply_the_server_gave_up_on_is_marked(server: OllamaServer, build: Build) -> None:
    """The server stops a model that repeats one token and then says neither why nor how many tokens there were."""
    exchange = recorded("chat_aborted")
    server.replay("chat_aborted")
    reply = build().chat(asked(exchange))
    assert reply.finish == "aborted"
    assert reply.text == exchange.response["message"]["content"].strip()
    assert reply.prompt_tokens is None


# Failures


def refused_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def test_no_server_is_one_line_with_the_remedy() -> None:
    url = refused_url()
    backend = OllamaBackend(PLAIN, host=url)
    with pytest.raises(BackendUnavailableError) as error:
        backend.prepare()
    assert one_line(error) == (
        f"no Ollama server answers at {url}: start it with `ollama serve` (or set model.host=...)"
    )
    with pytest.raises(BackendUnavailableError, match="ollama serve") as error:
        backend.chat(asked(recorded("chat")))
    assert error.value.is_retryable
    backend.close()


@pytest.mark.parametrize("call", ["prepare", "chat"])
def test_a_missing_model_is_one_line_with_the_remedy(server: OllamaServer, build: Build, call: str) -> None:
    server.only("/api/show", "show_missing")
    server.replay("model_missing")
    backend = build("nosuch:7b", think="off")
    with pytest.raises(BackendUnavailableError) as error:
        _ = backend.prepare() if call == "prepare" else backend.chat(asked(recorded("chat")))
    assert one_line(error) == (
        f"Ollama at {server.url} has no model nosuch:7b: run `ollama pull nosuch:7b` "
        "(present: smol:latest, thinker:latest)"
    )


def test_a_busy_server_is_asked_again(server: OllamaServer, build: Build) -> None:
    server.answer("/api/chat", {"error": "server busy, please try again.  maximum pending requests exceeded"}, 503)
    server.answer("/api/chat", {"error": "slow down"}, 429)
    server.replay("chat")
    reply = build(retries=2).chat(asked(recorded("chat")))
    assert reply.text
    first, second, third = server.sent("/api/chat")
    assert first == second == third


def test_a_server_that_stays_busy_is_given_up(server: OllamaServer, build: Build) -> None:
    server.answer("/api/chat", {"error": "server busy"}, 503)
    with pytest.raises(BackendError, match="503: server busy") as error:
        build(retries=2).chat(asked(recorded("chat")))
    assert error.value.is_retryable
    assert len(server.sent("/api/chat")) == 3


@pytest.mark.parametrize(
    ("status", "data", "message"),
    [
        (
            500,
            {"error": "model runner has unexpectedly stopped\nsee logs"},
            "500: model runner has unexpectedly stopped",
        ),
        (500, "<html>oops</html>", "500: <html>oops</html>"),
        (400, {"error": "invalid model name"}, "400: invalid model name"),
        (400, ["odd"], "400: ['odd']"),
        (200, "not json", "something other than a JSON object"),
        (200, [1, 2], "something other than a JSON object"),
        (200, {"done": True, "done_reason": "stop"}, "no usable `message`"),
        (200, {"message": {"content": None}, "done": True}, "no usable `message.content`"),
        (200, {"message": {"content": "hi"}, "done": True, "eval_count": 3}, "did not count the prompt"),
    ],
)
def test_a_broken_answer_is_one_line_and_never_asked_for_again(
    server: OllamaServer, build: Build, status: int, data: object, message: str
) -> None:
    server.answer("/api/chat", data, status)
    with pytest.raises(BackendError) as error:
        build().chat(asked(recorded("chat")))
    assert message in one_line(error)
    assert not error.value.is_retryable
    assert len(server.sent("/api/chat")) == 1


def test_a_bad_option_is_shown(server: OllamaServer, build: Build) -> None:
    exchange = recorded("bad_option")
    server.replay("bad_option")
    with pytest.raises(BackendError, match="must be of type") as error:
        build().chat(asked(recorded("chat")))
    assert exchange.response["error"] in one_line(error)


@pytest.mark.parametrize(("fault", "message"), [(Fault.HANG, "in 0.2 s"), (Fault.RESET, "broke off /api/chat")])
def test_a_call_ends_and_is_not_sent_twice(server: OllamaServer, build: Build, fault: Fault, message: str) -> None:
    server.fail("/api/chat", fault)
    with pytest.raises(BackendError, match=message) as error:
        build(timeout_s=0.2).chat(asked(recorded("chat")))
    one_line(error)
    assert not error.value.is_retryable
    assert len(server.sent("/api/chat")) == 1


# The manifest


def test_the_manifest_says_what_answered(server: OllamaServer, build: Build) -> None:
    server.replay("load")
    manifest = build().prepare()
    listed = next(m for m in recorded("tags").response["models"] if m["name"] == PLAIN)
    running = recorded("ps").response["models"][0]
    assert manifest["digest"] == listed["digest"]
    assert manifest["quantization"] == "Q4_1"
    assert manifest["family"] == "llama"
    assert manifest["parameter_size"] == "134.52M"
    assert manifest["capabilities"] == ["completion"]
    assert manifest["trained_context"] == 8192
    assert manifest["server_version"] == recorded("version").response["version"]
    assert manifest["options"]["num_ctx"] == 512
    assert manifest["loaded"]["context_length"] == running["context_length"]
    assert len(manifest["template_sha256"]) == 64
    assert server.sent("/api/chat") == [recorded("load").request]


@pytest.mark.parametrize(
    ("path", "data", "message"),
    [
        ("/api/version", {"version": "0.12.5"}, "update it to 0.12.6"),
        ("/api/ps", {"models": [{"name": PLAIN, "context_length": 256}]}, "set model.num_ctx=256"),
    ],
)
def test_a_server_that_cannot_do_it_is_refused(
    server: OllamaServer, build: Build, path: str, data: object, message: str
) -> None:
    server.replay("load")
    server.forget(path)
    server.answer(path, data)
    with pytest.raises(BackendUnavailableError, match=message) as error:
        build().prepare()
    one_line(error)


def test_a_model_that_cannot_be_loaded_is_refused(server: OllamaServer, build: Build) -> None:
    server.answer("/api/chat", {"error": "model requires more system memory (9 GiB) than is available (2 GiB)"}, 500)
    with pytest.raises(BackendUnavailableError, match=r"lower model\.num_ctx") as error:
        build().prepare()
    assert "9 GiB" in one_line(error)


def test_a_schema_is_not_forced_on_a_model_that_reasons_aloud(server: OllamaServer, build: Build) -> None:
    server.only("/api/show", "show_thinking")
    server.replay("load")
    with pytest.raises(BackendUnavailableError, match=r"set model\.constrain=false"):
        build(THINKER, constrain=True).prepare()


# Configuration


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ConfigError, match="auto, on, off"):
        OllamaBackend(PLAIN, think="loud")
    for options in ({"num_ctx": 0}, {"timeout_s": 0.0}, {"retries": -1}):
        with pytest.raises(ConfigError, match="above 0"):
            OllamaBackend(PLAIN, **options)


def test_the_host_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "10.1.2.3:999")
    assert OllamaBackend(PLAIN).host == "http://10.1.2.3:999"
    assert OllamaBackend(PLAIN, host="other:1").host == "http://other:1"
    monkeypatch.delenv("OLLAMA_HOST")
    assert OllamaBackend(PLAIN).host == "http://127.0.0.1:11434"


def test_closing_twice_is_fine(build: Build) -> None:
    backend = build()
    backend.close()
    backend.close()


def test_the_yaml_names_every_argument() -> None:
    text = (Path(__file__).parents[1] / "conf" / "model" / "ollama.yaml").read_text(encoding="utf-8")
    options = yaml.safe_load(text)
    assert options.pop("_target_") == f"{OllamaBackend.__module__}.{OllamaBackend.__qualname__}"
    defaults = dict(OllamaBackend.__init__.__kwdefaults__ or {})
    assert options.pop("name") == "deepseek-r1:8b"
    assert options.pop("max_tokens") == 4096
    assert options == defaults
    OllamaBackend("deepseek-r1:8b", **options).close()
