"""The Ollama backend against a loopback server that replays what a real one said."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina
import stamina.instrumentation
import yaml
from ollama_server import (
    CALLER,
    CHAT,
    COUNT,
    LOAD,
    PLAIN,
    RENDER,
    THINKER,
    Build,
    Fault,
    OllamaServer,
    asked,
    one_line,
    recorded,
)

from embodied.backends.base import Backend, ChatMessage, ChatRequest, ToolCall
from embodied.backends.ollama import OllamaBackend
from embodied.errors import BackendError, BackendUnavailableError, ConfigError, ContextOverflowError
from embodied.errors import Fault as Kind
from embodied.policy.settings import MindSettings

pytest_plugins = ("ollama_fixtures",)


def test_it_is_a_backend(build: Build) -> None:
    backend: Backend = build()
    assert backend.capabilities.window == 512


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


@pytest.mark.parametrize(
    ("name", "show"),
    [("chat", "show"), ("chat_format", "show"), ("chat_thinking", "show_thinking"), ("chat_tools", "show_caller")],
)
def test_the_request_is_the_one_the_real_server_answered(
    server: OllamaServer, build: Build, name: str, show: str
) -> None:
    exchange = recorded(name)
    server.only(show)
    server.replay(name)
    options = {name: exchange.request["options"][name] for name in ("num_ctx", "temperature")}
    build(exchange.request["model"], **options).chat(asked(exchange))
    assert server.sent(CHAT) == [exchange.request]


def test_everything_is_pinned_in_every_call(server: OllamaServer, build: Build) -> None:
    server.replay("chat")
    pinned = {
        "num_ctx": 512, "temperature": 0.1, "top_p": 0.2, "top_k": 3, "min_p": 0.4, "typical_p": 0.9,
        "repeat_penalty": 1.5, "repeat_last_n": 7, "presence_penalty": 0.3, "frequency_penalty": 0.6,
    }  # fmt: skip
    backend = build(**pinned, keep_alive="7m")
    backend.prepare()
    backend.chat(asked(recorded("chat")))
    bodies = [body for queue in (LOAD, RENDER, COUNT, CHAT) for body in server.sent(queue)]
    assert len(bodies) >= 4
    for body in bodies:
        assert body["truncate"] is False
        assert body["shift"] is False
        assert body["stream"] is False
        assert body["keep_alive"] == "7m"
        assert pinned.items() <= body["options"].items()
        assert "num_keep" in body["options"]


def test_every_option_of_the_modelfile_that_can_be_pinned_is(build: Build) -> None:
    """What a Modelfile may set, by the server's own list, less what only says how fast it runs and how a reply ends."""
    sampling = {
        "num_ctx", "num_keep", "temperature", "top_k", "top_p", "min_p", "typical_p", "repeat_last_n", "repeat_penalty",
        "presence_penalty", "frequency_penalty",
    }  # fmt: skip
    assert set(build().options) == sampling


def test_a_modelfile_bends_what_is_not_pinned() -> None:
    """Seen on the real server at temperature 0: the penalties of a Modelfile win where the call is silent."""
    plain, bent, pinned = (
        recorded(name).response["message"]["content"] for name in ("unpinned_smol", "unpinned_penal", "pinned_penal")
    )
    assert bent != plain
    assert pinned == plain


def test_seeds_fit_the_32_bits_of_the_sampler(server: OllamaServer, build: Build) -> None:
    server.replay("chat")
    build().chat(asked(recorded("chat")).model_copy(update={"seed": 2**31 + 5}))
    assert server.sent(CHAT)[0]["options"]["seed"] == 5


# Tools, pictures, past thinking


def test_a_tool_call_comes_back(server: OllamaServer, build: Build) -> None:
    exchange = recorded("chat_tools")
    server.only("show_caller", "chat_tools")
    backend = build(CALLER, num_ctx=1024, temperature=0.0)
    assert backend.capabilities.tools
    reply = backend.chat(asked(exchange))
    assert reply.tool_calls == (ToolCall(name="goto", arguments='{"target": "desk"}'),)
    assert reply.text == ""


@pytest.mark.parametrize(
    "text",
    [
        "error parsing tool call: raw='{\"target\":\"desk\"}]', err=invalid character ']' after top-level value",
        "error parsing tool call: raw='out of memory, context size', err=invalid character 'o'",
        "failed to parse JSON: invalid character '}' after object key",
        "XML syntax error on line 4: unexpected EOF",
        "invalid character 'g' looking for beginning of value",
    ],
)
@pytest.mark.parametrize("name", ["chat", "chat_tools"])
def test_words_that_the_server_could_not_parse_are_a_reply(
    server: OllamaServer, build: Build, name: str, text: str
) -> None:
    server.only("show_caller")
    server.answer(CHAT, {"error": text}, 500)
    reply = build(CALLER, num_ctx=1024).chat(asked(recorded(name)))
    assert (reply.text, reply.thinking, reply.tool_calls, reply.finish) == ("", "", (), "unreadable")
    assert reply.prompt_tokens == recorded("count").response["prompt_eval_count"]
    assert reply.completion_tokens is None
    assert len(server.sent(CHAT)) == 1


def test_words_that_could_not_be_parsed_do_not_save_a_prompt_without_room(server: OllamaServer, build: Build) -> None:
    server.answer(CHAT, {"error": "error parsing tool call: raw='', err=EOF"}, 500)
    with pytest.raises(ContextOverflowError, match=r"do not fit model\.num_ctx=512"):
        build().chat(asked(recorded("chat")).model_copy(update={"max_tokens": 500}))


def test_only_an_error_that_begins_so_is_a_reply(server: OllamaServer, build: Build) -> None:
    server.answer(CHAT, {"error": "no runner: error parsing tool call"}, 500)
    with pytest.raises(BackendError, match="no runner") as error:
        build().chat(asked(recorded("chat")))
    assert error.value.fault is Kind.FAILED


def test_a_call_without_an_object_is_not_sent(server: OllamaServer, build: Build) -> None:
    server.only("show_caller")
    bad = ChatMessage(role="assistant", content="", tool_calls=(ToolCall(name="goto", arguments="[1"),))
    with pytest.raises(BackendError, match="no JSON object") as error:
        build(CALLER).chat(ChatRequest(messages=(bad,), seed=1))
    one_line(error)


@pytest.mark.parametrize("name", ["tools_refused", "images_refused", "past_thinking"])
def test_what_the_model_cannot_do_is_refused_before_the_server_does(
    server: OllamaServer, build: Build, name: str
) -> None:
    with pytest.raises(BackendError, match=r"set model\.(protocol=json|pictures=none|past_thinking=hidden)$") as error:
        build().chat(asked(recorded(name)))
    assert error.value.fault is Kind.REFUSED
    assert server.sent(CHAT) == []


def test_pictures_are_sent_but_not_to_be_rendered(server: OllamaServer, build: Build) -> None:
    exchange = recorded("images_refused")
    server.forget("/api/show")
    server.answer("/api/show", recorded("show").response | {"capabilities": ["completion", "vision"]})
    server.replay("chat")
    build().chat(asked(exchange))
    (sent,) = server.sent(CHAT)
    assert sent["messages"] == exchange.request["messages"]
    assert all("images" not in message for body in server.sent(RENDER) for message in body["messages"])


def test_past_thinking_is_sent_only_when_asked_for(server: OllamaServer, build: Build) -> None:
    """And the real server counts it: its template prints it."""
    shown, hidden = recorded("past_thinking"), recorded("past_thinking_hidden")
    assert shown.response["prompt_eval_count"] > hidden.response["prompt_eval_count"]
    server.only("show_thinking", "chat_thinking")
    backend = build(THINKER)
    assert backend.capabilities.shows_past_thinking
    request = asked(shown).model_copy(update={"max_tokens": 48})
    backend.chat(request)
    backend.chat(request.model_copy(update={"shows_thinking": False}))
    with_thinking, without = server.sent(CHAT)[-2:]
    assert with_thinking["messages"] == shown.request["messages"]
    assert without["messages"] == hidden.request["messages"]


def test_a_system_prompt_of_the_modelfile_does_not_slip_in(server: OllamaServer, build: Build) -> None:
    server.only("show_prefixed")
    server.replay("chat")
    request = asked(recorded("chat"))
    backend = build()
    assert backend.chat(request).text
    with pytest.raises(BackendError, match=r"set model\.system_role=system") as error:
        backend.chat(request.model_copy(update={"messages": request.messages[1:]}))
    one_line(error)


# Failures


def refused_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def resent() -> Iterator[list[stamina.instrumentation.RetryDetails]]:
    """What is to be sent again."""
    found: list[stamina.instrumentation.RetryDetails] = []

    def note(details: stamina.instrumentation.RetryDetails) -> None:
        found.append(details)

    stamina.instrumentation.set_on_retry_hooks([note])
    yield found
    stamina.instrumentation.set_on_retry_hooks(None)


def test_no_server_is_one_line_with_the_remedy(resent: list[stamina.instrumentation.RetryDetails]) -> None:
    url = refused_url()
    backend = OllamaBackend(PLAIN, host=url, retries=1)
    with pytest.raises(BackendUnavailableError) as error:
        backend.prepare()
    assert not resent
    assert one_line(error) == (
        f"no Ollama server answers at {url}: start it with `ollama serve` (or set model.host=...)"
    )
    with pytest.raises(BackendUnavailableError, match="ollama serve") as error:
        backend.chat(asked(recorded("chat")))
    assert error.value.is_retryable
    backend.close()


@pytest.mark.parametrize("call", ["prepare", "chat"])
def test_a_missing_model_is_one_line_with_the_remedy(server: OllamaServer, build: Build, call: str) -> None:
    server.only("show_missing")
    server.replay("model_missing")
    backend = build("nosuch:7b", think="off")
    with pytest.raises(BackendUnavailableError) as error:
        _ = backend.prepare() if call == "prepare" else backend.chat(asked(recorded("chat")))
    present = ", ".join(sorted(model["name"] for model in recorded("tags").response["models"]))
    assert one_line(error) == (
        f"Ollama at {server.url} has no model nosuch:7b: run `ollama pull nosuch:7b` (present: {present})"
    )


def test_a_busy_server_is_asked_again(server: OllamaServer, build: Build) -> None:
    server.answer(CHAT, {"error": "server busy, please try again.  maximum pending requests exceeded"}, 503)
    server.answer(CHAT, {"error": "slow down"}, 429)
    server.replay("chat")
    reply = build(retries=2).chat(asked(recorded("chat")))
    assert reply.text
    first, second, third = server.sent(CHAT)
    assert first == second == third


def test_a_server_that_stays_busy_is_given_up(server: OllamaServer, build: Build) -> None:
    server.answer(CHAT, {"error": "server busy"}, 503)
    with pytest.raises(BackendError, match="too busy for /api/chat \\(503") as error:
        build(retries=2).chat(asked(recorded("chat")))
    assert error.value.is_retryable
    assert len(server.sent(CHAT)) == 3


@pytest.mark.parametrize(
    ("text", "headers"),
    [("upstream overloaded", {"Retry-After": "0"}), ("Loading model", {}), ("maximum pending requests exceeded", {})],
)
def test_a_503_that_says_that_nothing_was_begun_is_sent_again(
    server: OllamaServer, build: Build, text: str, headers: dict[str, str]
) -> None:
    server.answer(CHAT, {"error": text}, 503, headers)
    server.replay("chat")
    assert build(retries=1).chat(asked(recorded("chat"))).text
    assert len(server.sent(CHAT)) == 2


def test_a_503_of_a_gateway_is_not_sent_again(server: OllamaServer, build: Build) -> None:
    """It may have lost a call under way."""
    server.answer(CHAT, "<h1>503 Service Temporarily Unavailable</h1>", 503)
    with pytest.raises(BackendError, match="answered /api/chat with 503: <h1>503 Service") as error:
        build(retries=3).chat(asked(recorded("chat")))
    one_line(error)
    assert error.value.fault is Kind.FAILED
    assert not error.value.is_retryable
    assert len(server.sent(CHAT)) == 1


def test_a_question_is_asked_again_after_any_503(server: OllamaServer, build: Build) -> None:
    server.forget("/api/version")
    server.answer("/api/version", "<h1>503 Service Temporarily Unavailable</h1>", 503)
    server.replay("version")
    assert build(retries=1).prepare()["server_version"] == recorded("version").response["version"]


@pytest.mark.parametrize(
    ("status", "data", "message"),
    [
        (
            500,
            {"error": "something\nwent wrong"},
            "500: something went wrong",
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
    server.answer(CHAT, data, status)
    with pytest.raises(BackendError) as error:
        build().chat(asked(recorded("chat")))
    assert message in one_line(error)
    assert not error.value.is_retryable
    assert len(server.sent(CHAT)) == 1


def test_a_bad_option_is_shown(server: OllamaServer, build: Build) -> None:
    exchange = recorded("bad_option")
    server.replay("bad_option")
    with pytest.raises(BackendError, match="must be of type") as error:
        build().chat(asked(recorded("chat")))
    assert exchange.response["error"] in one_line(error)


@pytest.mark.parametrize(
    ("fault", "message"),
    [(Fault.HANG, "in 0.2 s"), (Fault.TRICKLE, "in 0.2 s"), (Fault.RESET, "broke off /api/chat")],
)
def test_a_call_ends_and_is_not_sent_twice(server: OllamaServer, build: Build, fault: Fault, message: str) -> None:
    server.fail(CHAT, fault)
    with pytest.raises(BackendError, match=message) as error:
        build(timeout_s=0.2).chat(asked(recorded("chat")))
    one_line(error)
    assert not error.value.is_retryable
    assert len(server.sent(CHAT)) == 1


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("model requires more system memory (9 GiB) than is available (2 GiB)", Kind.OUT_OF_MEMORY),
        ("llama-server reported out-of-memory during startup: cudaMalloc failed", Kind.OUT_OF_MEMORY),
        ("model runner has unexpectedly stopped, this may be due to resource limitations", Kind.BROKEN_OFF),
        ("model runner has unexpectedly stopped: CUDA error: out of memory", Kind.OUT_OF_MEMORY),
        ("something else", Kind.FAILED),
    ],
)
def test_failures_have_names(server: OllamaServer, build: Build, text: str, kind: Kind) -> None:
    server.answer(CHAT, {"error": text}, 500)
    with pytest.raises(BackendError) as error:
        build().chat(asked(recorded("chat")))
    assert error.value.fault is kind
    assert text in one_line(error)


@pytest.mark.parametrize("name", ["runner_killed", "loading_killed"])
def test_a_model_process_that_was_killed_has_a_name(server: OllamaServer, build: Build, name: str) -> None:
    server.replay(name)
    with pytest.raises(BackendError, match="model process died") as error:
        build().chat(asked(recorded("chat")))
    assert error.value.fault is Kind.BROKEN_OFF
    assert not error.value.is_retryable


@pytest.mark.parametrize("name", ["schema_refused", "tools_refused", "images_refused", "bad_option"])
def test_a_refusal_is_shown_in_the_words_of_the_server(server: OllamaServer, build: Build, name: str) -> None:
    server.replay(name)
    with pytest.raises(BackendError, match=r"Ollama answered /api/chat with [45]00: .*\w+ \w+") as error:
        build().chat(asked(recorded("chat")))
    one_line(error)


# Configuration


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ConfigError, match="auto, on, off"):
        OllamaBackend(PLAIN, think="loud")
    for options in ({"num_ctx": 0}, {"timeout_s": 0.0}, {"retries": -1}):
        with pytest.raises(ConfigError, match="above 0"):
            OllamaBackend(PLAIN, **options)


@pytest.mark.parametrize("host", ["http://me:secret@host", "me:secret@host:11434", "https://me@host/"])
def test_a_password_in_the_host_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match=r"^model\.host .* without a user or password$") as error:
        OllamaBackend(PLAIN, host=host)
    assert "secret" not in str(error.value)


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
    settings = {name: options.pop(name) for name in MindSettings.model_fields}
    assert settings == MindSettings(max_tokens=4096).model_dump()
    assert options == defaults
    OllamaBackend("deepseek-r1:8b", **options).close()
