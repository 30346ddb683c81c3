"""What a run rests on: an uncut prompt, a manifest that says all, and the same model all along."""

from __future__ import annotations

import json

import pytest
from ollama_server import (
    CHAT,
    COUNT,
    LOAD,
    OPENER,
    PENALTY,
    PLAIN,
    RENDER,
    Build,
    OllamaServer,
    asked,
    chatml,
    one_line,
    recorded,
)

from embodied.backends.base import ChatMessage
from embodied.backends.ollama_manifest import read_parameters
from embodied.errors import BackendUnavailableError, ContextOverflowError, ModelChangedError
from embodied.errors import Fault as Kind

pytest_plugins = ("ollama_fixtures",)


# The window


def test_a_prompt_too_long_for_the_window_overflows(server: OllamaServer, build: Build) -> None:
    server.replay("prompt_too_long")
    with pytest.raises(ContextOverflowError) as error:
        build().chat(asked(recorded("prompt_too_long")))
    assert one_line(error) == "the prompt does not fit model.num_ctx=512 (921 tokens): raise it"
    assert len(server.sent(CHAT)) == 1


@pytest.mark.parametrize("name", ["shift_refused", "older"])
def test_other_wordings_of_the_overflow_are_understood(server: OllamaServer, build: Build, name: str) -> None:
    older = {"error": "the input length exceeds the context length"}
    server.answer(CHAT, older if name == "older" else recorded(name).response, 400)
    with pytest.raises(ContextOverflowError, match="the context length"):
        build().chat(asked(recorded("chat")))


def test_a_prompt_that_was_cut_silently_is_seen_in_its_rendering(server: OllamaServer, build: Build) -> None:
    """What the real server shows and answers where nobody forbids it to cut."""
    server.replay("render_cut", "prompt_cut")
    with pytest.raises(ContextOverflowError, match="was cut: 10 of 12 messages do not reach") as error:
        build().chat(asked(recorded("prompt_cut")))
    assert "raise model.num_ctx" in one_line(error)
    assert server.sent(CHAT) == []


def test_a_server_that_shows_no_rendering_is_held_to_its_own_counts(server: OllamaServer, build: Build) -> None:
    """Fewer tokens than the shorter transcript had."""
    server.replay("count")
    server.answer(RENDER, recorded("count").response)
    long = asked(recorded("prompt_cut"))
    short = long.model_copy(update={"messages": long.messages[:-2]})
    before = recorded("prompt_uncut").response
    server.answer(CHAT, before)
    server.replay("prompt_cut")
    backend = build()
    assert backend.capabilities.prompt_check == "lower_bound"
    assert backend.chat(short).prompt_tokens == before["prompt_eval_count"]
    with pytest.raises(ContextOverflowError, match="was cut") as error:
        backend.chat(long)
    one_line(error)
    assert len(server.sent(RENDER)) == 1


def test_a_template_that_leaves_the_system_prompt_out_is_refused(server: OllamaServer, build: Build) -> None:
    server.only("show_deaf", "render_deaf")
    with pytest.raises(ContextOverflowError, match=r"number 1 \(system\): set model\.system_role=user") as error:
        build("deaf:latest").chat(asked(recorded("render_deaf")).model_copy(update={"max_tokens": 48}))
    one_line(error)
    assert server.sent(CHAT) == []


@pytest.mark.parametrize(
    ("name", "is_thinking"), [("render", False), ("render_thinking", True), ("render_opener", True)]
)
def test_the_loopback_renders_as_the_real_server_does(name: str, is_thinking: bool) -> None:
    exchange = recorded(name)
    rendered = exchange.response["_debug_info"]["rendered_template"]
    assert rendered == chatml(exchange.request["messages"], is_thinking=is_thinking)


def test_another_transcript_may_be_shorter(server: OllamaServer, build: Build) -> None:
    data = recorded("chat").response
    request = asked(recorded("chat"))
    other = request.model_copy(update={"messages": (*request.messages[:-1], ChatMessage(role="user", content="no"))})
    server.answer(CHAT, {**data, "prompt_eval_count": 90})
    server.answer(CHAT, {**data, "prompt_eval_count": 40})
    backend = build()
    assert backend.chat(request).prompt_tokens == 90
    assert backend.chat(other).prompt_tokens == 40
    with pytest.raises(ContextOverflowError, match="was cut: 40 tokens, of at least 90"):
        backend.chat(request)


def test_a_short_reply_does_not_save_a_prompt_without_room_for_a_long_one(server: OllamaServer, build: Build) -> None:
    exchange = recorded("chat")
    request = asked(exchange)
    assert exchange.response["eval_count"] < request.max_tokens
    room = 512 - request.max_tokens
    server.answer(CHAT, {**exchange.response, "prompt_eval_count": room})
    assert build().chat(request).prompt_tokens == room
    server.forget(CHAT)
    server.answer(CHAT, {**exchange.response, "prompt_eval_count": room + 1})
    with pytest.raises(ContextOverflowError, match=r"lower model\.max_tokens") as error:
        build().chat(request)
    one_line(error)


def test_a_reply_that_reached_the_end_of_the_window_overflows(server: OllamaServer, build: Build) -> None:
    exchange = recorded("window_end")
    assert exchange.response["prompt_eval_count"] + exchange.response["eval_count"] >= 511
    server.replay("window_end")
    with pytest.raises(ContextOverflowError, match=r"do not fit model\.num_ctx=512"):
        build().chat(asked(exchange))


def test_a_prompt_is_counted_by_one_token(server: OllamaServer, build: Build) -> None:
    exchange = recorded("count")
    backend = build()
    assert backend.count(asked(exchange).messages) == exchange.response["prompt_eval_count"]
    (sent,) = server.sent(COUNT)
    assert sent["options"]["num_predict"] == 1


def test_a_prompt_that_does_not_fit_is_counted_by_its_refusal(server: OllamaServer, build: Build) -> None:
    exchange = recorded("count_refused")
    assert build().count(asked(exchange).messages) > 512
    assert exchange.status == 400


def test_a_reply_the_server_gave_up_on_is_marked(server: OllamaServer, build: Build) -> None:
    """The server stops a model that repeats one token and then says neither why nor how many tokens there were."""
    exchange = recorded("chat_aborted")
    server.replay("chat_aborted")
    reply = build().chat(asked(exchange))
    assert reply.finish == "aborted"
    assert reply.text == exchange.response["message"]["content"].strip()
    assert reply.prompt_tokens == recorded("count").response["prompt_eval_count"]
    assert reply.completion_tokens is None


# The manifest


def test_the_manifest_says_what_answered(server: OllamaServer, build: Build) -> None:
    manifest = build(reproducible=True).prepare()
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
    assert manifest["modelfile_in_force"] == {"stop": ["<|im_start|>", "<|im_end|>"]}
    assert manifest["modelfile_overridden"] == {}
    assert manifest["prompt_check"] == "rendering"
    assert manifest["opens_thinking"] is False
    assert manifest["reproducible"] is True
    assert len(manifest["template_sha256"]) == 64
    assert server.sent(LOAD) == [recorded("load").request]
    assert json.loads(json.dumps(manifest)) == manifest


def test_the_manifest_says_what_of_the_modelfile_was_overridden(server: OllamaServer, build: Build) -> None:
    server.only("show_penal")
    manifest = build().prepare()
    assert manifest["modelfile_overridden"] == {
        "presence_penalty": 1.9, "frequency_penalty": 1.5, "temperature": 0.1, "num_ctx": 300,
    }  # fmt: skip
    assert set(manifest["modelfile_in_force"]) <= {"stop"}


def test_parameters_are_read_as_the_server_prints_them() -> None:
    text = 'stop                           "<|a|>"\nstop   "b c"\ntemperature    0.6\nnum_ctx 4096\nodd     a b'
    assert read_parameters(text) == {"stop": ["<|a|>", "b c"], "temperature": 0.6, "num_ctx": 4096, "odd": "a b"}
    assert read_parameters("") == {}


def test_a_model_that_always_opens_thoughts_says_so(server: OllamaServer, build: Build) -> None:
    server.only("show_opener", "render_opener")
    manifest = build(OPENER).prepare()
    assert manifest["opens_thinking"] is True
    assert manifest["splits_thoughts"] is False


def test_a_window_that_the_server_clipped_is_refused(server: OllamaServer, build: Build) -> None:
    """Asked for 100,000 tokens the server gives the trained 8,192 and says so in one place only."""
    server.only("load_clipped", "ps_clipped")
    with pytest.raises(BackendUnavailableError, match=r"8192 tokens only: set model\.num_ctx=8192") as error:
        build(num_ctx=100_000).prepare()
    one_line(error)


def test_a_clipped_window_is_seen_in_the_refusal_too(server: OllamaServer, build: Build) -> None:
    """A server lists a model under the name of another that has the same weights, so `/api/ps` may not know it."""
    server.forget("/api/ps")
    server.answer("/api/ps", {"models": []})
    clipped = recorded("clipped_refused")
    server.answer(COUNT, clipped.response, clipped.status)
    with pytest.raises(BackendUnavailableError, match=r"set model\.num_ctx=8192"):
        build(num_ctx=100_000).prepare()


@pytest.mark.parametrize("version", ["0.12.5", "0.0.0", "99.0.0"])
def test_a_server_that_does_not_refuse_long_prompts_is_refused(
    server: OllamaServer, build: Build, version: str
) -> None:
    """Whatever its version says."""
    server.forget("/api/version")
    server.answer("/api/version", {"version": version})
    server.answer(COUNT, recorded("prompt_cut").response)
    with pytest.raises(
        BackendUnavailableError, match=rf"Ollama {version} .* cuts prompts .* update it to 0\.12\.6"
    ) as error:
        build().prepare()
    one_line(error)
    (sent,) = server.sent(COUNT)
    words = [len(message["content"].split()) for message in sent["messages"]]
    assert sum(words) > 512
    assert all(n < 512 for n in words)


def test_a_modelfile_with_messages_is_refused(server: OllamaServer, build: Build) -> None:
    server.only("show_chatty")
    with pytest.raises(BackendUnavailableError, match="messages of its own") as error:
        build("chatty:latest").prepare()
    one_line(error)


# Penalties


def test_penalties_that_do_nothing_are_not_tried(server: OllamaServer, build: Build) -> None:
    assert build().prepare()["penalties_applied"] is None
    assert server.sent(PENALTY) == []


def test_penalties_are_tried_before_they_are_believed(server: OllamaServer, build: Build) -> None:
    manifest = build(repeat_penalty=1.1, frequency_penalty=0.2).prepare()
    assert manifest["penalties_applied"] is True
    assert manifest["options"]["repeat_penalty"] == 1.1
    plain, *extreme = (body["options"] for body in server.sent(PENALTY))
    names = ("repeat_penalty", "presence_penalty", "frequency_penalty")
    assert [plain[name] for name in names] == [1.0, 0.0, 0.0]
    changed = [{name for name in names if options[name] != plain[name]} for options in extreme]
    assert changed == [{"repeat_penalty"}, {"frequency_penalty"}]
    for options in (plain, *extreme):
        assert (options["temperature"], options["seed"], options["num_predict"]) == (0.0, 0, 24)


def test_penalties_that_the_engine_ignores_are_refused(server: OllamaServer, build: Build) -> None:
    """One of two: the words under presence_penalty are those under none."""
    server.replay("pinned_penal", "unpinned_penal", "pinned_penal")
    with pytest.raises(BackendUnavailableError) as error:
        build(repeat_penalty=1.1, presence_penalty=0.5).prepare()
    assert one_line(error) == (
        "Ollama does not apply presence_penalty to smol:latest (penalties_applied: false): set model.presence_penalty=0"
    )
    assert error.value.fault is Kind.REFUSED


def test_a_model_that_cannot_be_loaded_is_refused(server: OllamaServer, build: Build) -> None:
    server.answer(LOAD, {"error": "model requires more system memory (9 GiB) than is available (2 GiB)"}, 500)
    with pytest.raises(BackendUnavailableError, match=r"lower model\.num_ctx") as error:
        build().prepare()
    assert "9 GiB" in one_line(error)
    assert error.value.fault is Kind.OUT_OF_MEMORY


# The same model all along


def test_the_same_model_passes_before_every_episode(server: OllamaServer, build: Build) -> None:
    backend = build()
    backend.prepare()
    backend.check()
    backend.check()


@pytest.mark.parametrize("change", ["digest", "gone", "version"])
def test_another_model_stops_the_run(server: OllamaServer, build: Build, change: str) -> None:
    backend = build()
    backend.prepare()
    listed = next(m for m in recorded("tags").response["models"] if m["name"] == PLAIN)
    path, data = {
        "digest": ("/api/tags", {"models": [listed | {"digest": "0" * 64}]}),
        "gone": ("/api/tags", {"models": []}),
        "version": ("/api/version", {"version": "9.9.9"}),
    }[change]
    server.forget(path)
    server.answer(path, data)
    with pytest.raises(ModelChangedError, match=r"begin a new run") as error:
        backend.check()
    text = str(error.value)
    assert "\n" not in text
    assert {"digest": "0" * 12, "gone": "gone", "version": "9.9.9"}[change] in text
