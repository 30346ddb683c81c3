"""The OpenAI-compatible backend: failures on a loopback server, llama.cpp's server live, vLLM as documented."""

from __future__ import annotations

import inspect
import json
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import stamina
import yaml
from openai_server import Answer, Fault, OpenAIServer, Vllm, completion
from parrot import Parrot, begun, view

from embodied.app import RunRequest, compose
from embodied.backends.base import Backend, ChatMessage, ChatRequest, ThoughtKind, ToolCall, ToolSpec
from embodied.backends.llama_cpp import LlamaCppBackend
from embodied.backends.openai_compatible import OpenAIBackend
from embodied.backends.openai_template import without_dates
from embodied.backends.openai_wire import as_error, as_messages
from embodied.config import OPERATIONAL
from embodied.episode import build_mind
from embodied.errors import BackendError, BackendUnavailableError, ConfigError, ContextOverflowError, ModelChangedError
from embodied.errors import Fault as Kind
from embodied.policy.settings import MindSettings

CHAT = "/v1/chat/completions"
NAME = "small"
KEY = "sk-very-secret"
KEY_ENV = "EMBODIED_TEST_KEY"
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
PRESETS = Path(__file__).parents[1] / "conf" / "model"
ASKED = (ChatMessage(role="system", content="You drive a robot."), ChatMessage(role="user", content="Where to?"))
SCHEMA = {
    "type": "object", "properties": {"skill": {"const": "go"}}, "required": ["skill"], "additionalProperties": False,
}  # fmt: skip
GOTO = ToolSpec(name="goto", description="Drive.", parameters={"type": "object", "properties": {}})
THINKER = (
    "{% if tools %}<|im_start|>system\n{% for tool in tools %}{{ tool | tojson }}{% endfor %}\nCall one so: "
    '<tool_call>\n{"name": ..., "arguments": ...}\n</tool_call><|im_end|>\n{% endif %}{% for m in messages %}'
    "<|im_start|>{{ m.role }}\n{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n</think>\n\n{% endif %}"
    '{{ m.content }}{% for call in m.tool_calls or [] %}<tool_call>\n{"name": "{{ call.function.name }}", '
    '"arguments": {{ call.function.arguments | tojson }}}\n</tool_call>{% endfor %}<|im_end|>\n{% endfor %}'
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n"
    "{% if enable_thinking is defined and not enable_thinking %}\n</think>\n\n{% endif %}{% endif %}"
)
"""A template like those of Qwen: thinking with a switch, tools, earlier thinking."""
ALWAYS = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content.split('</think>')[-1] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
)
"""One like that of DeepSeek-R1: thinking without a switch."""

Build = Callable[..., OpenAIBackend]
Live = Callable[..., OpenAIBackend]


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=10, cap=True):
        yield


@pytest.fixture(scope="module", autouse=True)
def _one_set_of_certificates() -> Iterator[None]:
    """Reading them takes longer than most tests, and each client does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    """A host that knows the standard and no more."""
    with OpenAIServer() as server:
        server.always("/v1/models", {"object": "list", "data": [{"id": NAME, "owned_by": "somebody"}]})
        server.always(CHAT, completion())
        yield server


@pytest.fixture
def vllm(server: OpenAIServer) -> Vllm:
    return Vllm(server)


@pytest.fixture
def build(server: OpenAIServer) -> Iterator[Build]:
    built: list[OpenAIBackend] = []

    def make(name: str = NAME, **options: Any) -> OpenAIBackend:
        backend = OpenAIBackend(name, **{"base_url": server.url, "n_ctx": 100, "retries": 3, **options})
        built.append(backend)
        return backend

    yield make
    for backend in built:
        backend.close()


def request(*messages: ChatMessage, **more: Any) -> ChatRequest:
    return ChatRequest(messages=messages or ASKED, **{"seed": 1, "max_tokens": 20, **more})


def user(text: str) -> ChatMessage:
    return ChatMessage(role="user", content=text)


def one_line(error: pytest.ExceptionInfo[BaseException]) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert KEY not in text
    return text


# What is sent


@pytest.mark.every_third_day
def test_everything_of_the_standard_is_pinned_and_nothing_else_is_sent(server: OpenAIServer, build: Build) -> None:
    backend: Backend = build(temperature=0.1, top_p=0.2, presence_penalty=0.3, frequency_penalty=0.4)
    backend.chat(request(seed=2**31 + 5))
    assert server.sent() == [
        {
            "model": NAME, "messages": as_messages(ASKED), "n": 1, "seed": 5, "max_tokens": 20, "temperature": 0.1,
            "top_p": 0.2, "presence_penalty": 0.3, "frequency_penalty": 0.4,
        }
    ]  # fmt: skip


def test_what_a_hosted_model_refuses_is_left_out(server: OpenAIServer, build: Build) -> None:
    build(temperature=None, top_p=None, max_tokens_key="max_completion_tokens", think="low").chat(request())
    (body,) = server.sent()
    assert not {"temperature", "top_p", "max_tokens"} & body.keys()
    assert body["max_completion_tokens"] == 20
    assert body["reasoning_effort"] == "low"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"top_k": 20}, "no top_k: set model.top_k=0"),
        ({"min_p": 0.1}, "no min_p: set model.min_p=0"),
        ({"repeat_penalty": 1.1}, "no repeat_penalty: set model.repeat_penalty=1"),
        ({"reproducible": True}, "set model.reproducible=false"),
        ({"think": "on"}, "no switch for thinking"),
    ],
)
def test_what_a_host_would_ignore_is_refused(build: Build, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as error:
        build(**options).prepare()
    one_line(error)


def test_tools_calls_pictures_and_schemas_take_the_form_of_the_standard(server: OpenAIServer, build: Build) -> None:
    calls = (ToolCall(name="goto", arguments='{"target": "hall"}'), ToolCall(name="goto", arguments="not json"))
    talk = (
        *ASKED,
        ChatMessage(role="assistant", content="", tool_calls=calls),
        ChatMessage(role="tool", content="You are there.", tool_name="goto"),
        ChatMessage(role="tool", content="No.", tool_name="goto"),
        ChatMessage(role="user", content="See.", images=(b"\x89PNG",)),
    )
    build().chat(request(*talk, tools=(GOTO,), json_schema=SCHEMA))
    (body,) = server.sent()
    _, _, said, *answers, seen = body["messages"]
    assert [call["function"] for call in said["tool_calls"]] == [call.model_dump() for call in calls]
    assert [answer["tool_call_id"] for answer in answers] == [call["id"] for call in said["tool_calls"]]
    assert len({call["id"] for call in said["tool_calls"]}) == 2
    assert seen["content"][1]["image_url"] == {"url": "data:image/png;base64,iVBORw=="}
    assert body["tools"] == [{"type": "function", "function": GOTO.model_dump()}]
    assert (body["tool_choice"], body["parallel_tool_calls"]) == ("auto", False)
    assert body["response_format"]["json_schema"] == {"name": "reply", "schema": SCHEMA, "strict": True}


# What comes back


def test_a_reply_comes_back_whole(server: OpenAIServer, build: Build) -> None:
    message = {
        "reasoning_content": "It is dark.",
        "tool_calls": [{"id": "a", "type": "function", "function": {"name": "goto", "arguments": '{"target": 1}'}}],
    }
    usage = {"prompt_tokens_details": {"cached_tokens": 7}}
    server.always(CHAT, completion(None, message=message, choice={"finish_reason": "tool_calls"}, usage=usage))
    reply = build().chat(request())
    assert (reply.text, reply.thinking, reply.thought) == ("", "It is dark.", ThoughtKind.FIELD)
    assert reply.tool_calls == (ToolCall(name="goto", arguments='{"target": 1}'),)
    assert (reply.prompt_tokens, reply.cached_tokens, reply.completion_tokens) == (10, 7, 3)
    assert (reply.finish, reply.retries) == ("stop", 0)
    assert reply.latency_s > 0


@pytest.mark.parametrize(
    ("told", "served_as"),
    [({}, ""), ({"model": "gpt-9-0401"}, "gpt-9-0401"), ({"model": "a", "system_fingerprint": "fp_1"}, "a fp_1")],
)
def test_what_the_server_says_answered_is_in_the_transcript(
    server: OpenAIServer, build: Build, told: dict[str, str], served_as: str
) -> None:
    server.always(CHAT, completion('{"skill": "look"}', top=told))
    mind = begun(Parrot(build().chat(request())))
    mind.decide(view(), "")
    assert mind.transcript[-1].get("served_as", "") == served_as


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_thinking_is_read_under_both_its_names(server: OpenAIServer, build: Build, field: str) -> None:
    server.always(CHAT, completion("Go.", message={field: "Hm."}, choice={"finish_reason": "length"}))
    reply = build().chat(request())
    assert (reply.thinking, reply.text, reply.finish) == ("Hm.", "Go.", "length")


def test_tags_in_the_text_are_split_off(server: OpenAIServer, build: Build) -> None:
    server.always(CHAT, completion("Hm. </think> Go."))
    reply = build().chat(request())
    assert (reply.thinking, reply.text, reply.thought) == ("Hm.", "Go.", ThoughtKind.MISSING_OPENER)


def test_a_broken_call_that_the_server_cannot_read_is_the_models(server: OpenAIServer, build: Build) -> None:
    backend = build()
    words = "The model produced output that does not match the expected peg-native format"
    server.queue(CHAT, Answer({"error": {"code": 500, "message": words, "type": "server_error"}}, 500))
    reply = backend.chat(request())
    assert (reply.text, reply.tool_calls, reply.finish) == ("", (), "unreadable")


def test_a_refusal_is_what_the_model_said(server: OpenAIServer, build: Build) -> None:
    server.always(CHAT, completion(None, message={"refusal": "I will not."}))
    assert build().chat(request()).text == "I will not."


CALLED = {"id": "a", "type": "function", "function": {"name": "goto", "arguments": "{}"}}
FILTERED = {"message": "filtered", "type": None, "param": "prompt", "code": "content_filter", "status": 400}


@pytest.mark.parametrize(
    ("answer", "tokens"),
    [
        (Answer({"error": FILTERED}, 400), None),
        (Answer(completion("I pre", message={"tool_calls": [CALLED]}, choice={"finish_reason": "content_filter"})), 10),
        (Answer(completion(None, prompt_tokens=None, choice={"finish_reason": "content_filter"})), None),
    ],
)
def test_what_the_host_filters_is_a_reply_without_words(
    server: OpenAIServer, build: Build, answer: Answer, tokens: int | None
) -> None:
    backend = build()
    server.queue(CHAT, answer)
    reply = backend.chat(request())
    assert (reply.text, reply.tool_calls, reply.finish) == ("", (), "content_filter")
    assert reply.prompt_tokens == tokens
    assert len(server.sent()) == 1


def test_a_filtered_prompt_must_fit_the_window_like_any_other(server: OpenAIServer, build: Build) -> None:
    server.always(CHAT, completion("", prompt_tokens=90, choice={"finish_reason": "content_filter"}))
    with pytest.raises(ContextOverflowError):
        build().chat(request())


# Failures


@pytest.mark.parametrize(
    "refusal",
    [
        Answer({"error": {"message": "slow down"}}, 429, {"Retry-After": "1"}),
        Answer({"error": {"message": "slow down"}}, 429),
        Answer("overloaded", 503, {"Retry-After": "1"}),
        Answer({"error": {"message": "Loading model", "type": "unavailable_error"}}, 503),
    ],
)
def test_a_call_that_was_not_begun_is_sent_again(server: OpenAIServer, build: Build, refusal: Answer) -> None:
    backend = build()
    server.queue(CHAT, refusal, refusal)
    assert backend.chat(request()).retries == 2
    assert len(server.sent()) == 3


def test_it_gives_up_after_the_retries_asked_for(server: OpenAIServer, build: Build) -> None:
    backend = build(retries=3)
    backend.prepare()
    server.always(CHAT, {"error": {"message": "slow down"}}, 429)
    with pytest.raises(BackendError, match=r"429 slow down.*lower run\.workers") as error:
        backend.chat(request())
    assert error.value.fault is Kind.BUSY
    assert len(server.sent()) == 4


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (Answer("upstream connect error", 503), Kind.FAILED, "503: upstream connect error"),
        (Answer({"error": {"message": "boom\nat x"}}, 500), Kind.FAILED, "500: boom at x"),
        (Answer({"message": "CUDA out of memory. Tried", "code": 500}, 500), Kind.OUT_OF_MEMORY, "ran out of memory"),
        (Answer({"detail": "bad schema"}, 400), Kind.REFUSED, "400: bad schema"),
        (Answer({"error": {"message": "content_filter", "code": 7}}, 400), Kind.REFUSED, "400: content_filter"),
        (Answer({"error": FILTERED}, 500), Kind.FAILED, "500: filtered"),
        (Answer({"error": {"message": f"wrong key {KEY}"}}, 401), Kind.REFUSED, "model.api_key_env"),
        (Answer({"error": {"message": f"who is {KEY}?"}}, 400), Kind.REFUSED, r"who is \*\*\*"),
        (Answer({"error": {"message": "unknown model"}}, 404), Kind.REFUSED, "see model.name"),
        (Answer({"error": {"message": "maximum context length is 9"}}, 400), Kind.REFUSED, "does not fit"),
        (Answer(fault=Fault.RESET), Kind.BROKEN_OFF, "broke off"),
        (Answer(completion(), fault=Fault.RESET_IN_ANSWER), Kind.BROKEN_OFF, "broke off"),
        (Answer("<html>hello"), Kind.UNREADABLE, "no usable `JSON`"),
        (Answer({"choices": []}), Kind.UNREADABLE, "no usable `choices`"),
        (Answer(completion(prompt_tokens=None)), Kind.UNREADABLE, "does not count the prompt"),
    ],
)
def test_a_call_that_may_have_begun_is_not_sent_again(
    server: OpenAIServer, build: Build, monkeypatch: pytest.MonkeyPatch, answer: Answer, kind: Kind, words: str
) -> None:
    monkeypatch.setenv(KEY_ENV, KEY)
    backend = build(api_key_env=KEY_ENV)
    server.queue(CHAT, answer)
    with pytest.raises(BackendError, match=words) as error:
        backend.chat(request())
    assert error.value.fault is kind
    assert len(server.sent()) == 1
    one_line(error)
    assert backend.chat(request()).text == "Hello."


@pytest.mark.every_third_day
@pytest.mark.parametrize(
    "answer",
    [Answer(fault=Fault.HANG), Answer(completion(), fault=Fault.TRICKLE), Answer("x" * 900, 500, fault=Fault.TRICKLE)],
)
def test_a_call_ends_in_time_whatever_comes(server: OpenAIServer, build: Build, answer: Answer) -> None:
    backend = build(timeout_s=0.4)
    backend.prepare()
    server.queue(CHAT, answer)
    began_s = time.monotonic()
    with pytest.raises(BackendError, match=r"in 0\.4 s") as error:
        backend.chat(request())
    assert error.value.fault is Kind.TIMEOUT
    assert time.monotonic() - began_s < 1.0
    assert len(server.sent()) == 1


def test_a_server_that_is_down_is_said_to_be(build: Build) -> None:
    with OpenAIServer() as gone:
        url = gone.url
    with pytest.raises(BackendUnavailableError, match="no OpenAI-compatible server answers at http://127") as error:
        build(base_url=url).prepare()
    assert error.value.fault is Kind.DOWN
    one_line(error)


def test_a_server_that_goes_away_is_asked_again_in_vain(build: Build) -> None:
    with OpenAIServer() as server:
        server.always("/v1/models", {"data": [{"id": NAME}]})
        backend = build(base_url=server.url)
        backend.prepare()
    with pytest.raises(BackendUnavailableError, match="no server answers") as error:
        backend.chat(request())
    assert error.value.fault is Kind.DOWN


@pytest.mark.parametrize(("asked", "waited_s"), [("7", 7.0), ("99999", 120.0), ("Wed, 21 Oct", None), ("", None)])
def test_a_server_is_left_alone_as_long_as_it_asks(asked: str, waited_s: float | None) -> None:
    error = as_error("http://x", 429, {"retry-after": asked}, "")
    assert error.is_retryable
    assert error.retry_after_s == waited_s


# The key


def test_the_key_goes_to_the_server_and_nowhere_else(
    server: OpenAIServer, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_ENV, KEY)
    backend = build(api_key_env=KEY_ENV)
    manifest = backend.prepare()
    backend.chat(request())
    assert {r.headers["authorization"] for r in server.requests} == {f"Bearer {KEY}"}
    assert KEY not in json.dumps(manifest) + repr(backend) + repr(vars(backend))


def test_a_key_that_was_not_named_is_not_sent(
    server: OpenAIServer, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    build().chat(request())
    assert KEY not in str([r.headers for r in server.requests])


def test_a_named_key_that_is_not_there_is_missed(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_ENV, raising=False)
    with pytest.raises(BackendUnavailableError, match=f"{KEY_ENV} is empty"):
        build(api_key_env=KEY_ENV).prepare()


# What is configured


def test_without_the_package_one_line_says_how_to_get_it(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(ConfigError, match=r"pip install 'embodied-deception\[openai\]'") as error:
        build().prepare()
    one_line(error)


@pytest.mark.parametrize(
    "wrong",
    [
        {"think": "very"}, {"n_ctx": 0}, {"timeout_s": 0}, {"retries": -1}, {"slots": 0}, {"base_url": None},
        {"base_url": "localhost:8000/v1"}, {"base_url": "http://me:pass@host/v1"}, {"max_tokens_key": "tokens"},
    ],
)  # fmt: skip
def test_wrong_values_are_refused(build: Build, wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"model\."):
        build(**wrong)


@pytest.mark.every_third_day
@pytest.mark.parametrize("preset", ["vllm", "llama_server", "openai"])
def test_a_preset_names_everything_that_can_be_set(preset: str) -> None:
    settings = yaml.safe_load((PRESETS / f"{preset}.yaml").read_text("utf-8"))
    arguments = set(inspect.signature(OpenAIBackend).parameters)
    assert set(settings) == {"_target_"} | arguments | set(MindSettings.model_fields)
    assert {"base_url", "api_key_env", "slots", "timeout_s", "retries"} <= OPERATIONAL
    (config,) = compose(RunRequest((f"model={preset}",)))
    build_mind(config).close()


def test_a_model_that_is_not_there_is_named(build: Build) -> None:
    with pytest.raises(BackendUnavailableError, match=r"no model big: set model.name \(present: small\)") as error:
        build("big").prepare()
    one_line(error)


@pytest.mark.parametrize("models", ["<html>", {"object": "list"}, {"data": [{"name": "x"}]}])
def test_an_address_without_a_list_of_models_is_refused(server: OpenAIServer, build: Build, models: Any) -> None:
    server.always("/v1/models", models)
    with pytest.raises(BackendUnavailableError, match="sent no list of models"):
        build().prepare()


def test_ollama_is_refused(server: OpenAIServer, build: Build) -> None:
    server.always("/api/version", {"version": "0.33.0"})
    with pytest.raises(BackendUnavailableError, match="use model=ollama") as error:
        build().prepare()
    one_line(error)


def test_a_host_that_shows_nothing_says_so_in_the_manifest(build: Build) -> None:
    manifest = build().prepare()
    assert (manifest["dialect"], manifest["capabilities"]["prompt_check"]) == ("generic", "lower_bound")
    assert manifest["digest"].startswith("told:")
    assert json.loads(json.dumps(manifest)) == manifest
    with pytest.raises(BackendUnavailableError, match=r"set model\.n_ctx"):
        build(n_ctx=None).prepare()


# Prompts that were cut or do not fit, where only the server's counts are known


def test_a_prompt_without_room_for_the_reply_is_refused_whatever_the_reply(server: OpenAIServer, build: Build) -> None:
    backend = build()
    server.always(CHAT, completion(prompt_tokens=80))
    assert backend.chat(request(max_tokens=20)).prompt_tokens == 80
    with pytest.raises(ContextOverflowError, match=r"model\.n_ctx=100"):
        backend.chat(request(max_tokens=21))


def test_a_transcript_that_grew_and_counts_less_was_cut(server: OpenAIServer, build: Build) -> None:
    backend = build()
    server.queue(CHAT, Answer(completion(prompt_tokens=50)), Answer(completion(prompt_tokens=51)))
    backend.chat(request())
    with pytest.raises(ContextOverflowError, match="was cut"):
        backend.chat(request(*ASKED, ChatMessage(role="assistant", content="Hello."), user("And now?")))


def test_hidden_reasoning_is_not_expected_to_be_read_back(server: OpenAIServer, build: Build) -> None:
    backend = build()
    spent = {"completion_tokens_details": {"reasoning_tokens": 900}}
    server.queue(CHAT, Answer(completion("Hello.", completion_tokens=903, usage=spent)))
    backend.chat(request())
    server.always(CHAT, completion(prompt_tokens=20))
    grown = (*ASKED, ChatMessage(role="assistant", content="Hello."), user("And now?"))
    assert backend.chat(request(*grown)).prompt_tokens == 20


# The model stays the same


def test_a_model_that_leaves_the_list_is_another_one(server: OpenAIServer, build: Build) -> None:
    backend = build()
    backend.check()
    server.always("/v1/models", {"data": [{"id": "other"}]})
    with pytest.raises(ModelChangedError, match="no longer what the run began with") as error:
        backend.check()
    one_line(error)


def test_a_host_may_run_several_builds(server: OpenAIServer, build: Build) -> None:
    backend = build()
    for fingerprint in ("fp_1", "fp_2"):
        server.queue(CHAT, Answer(completion(top={"system_fingerprint": fingerprint})))
        backend.chat(request())
    backend.check()


# vLLM, as documented


def test_vllm_gets_its_own_names_for_its_own_options(server: OpenAIServer, vllm: Vllm, build: Build) -> None:
    backend = build(vllm.name, top_k=0, min_p=0.1, repeat_penalty=1.2)
    manifest = backend.prepare()
    assert (manifest["dialect"], manifest["server_version"], manifest["root"]) == ("vllm", "0.17.1", "org/model")
    options = {"top_k": -1, "min_p": 0.1, "repetition_penalty": 1.2}
    assert options.items() <= manifest["options"].items()
    backend.chat(request())
    assert options.items() <= server.sent()[-1].items()
    assert "cache_salt" not in server.sent()[-1]


def test_vllm_is_kept_off_its_cache_by_a_salt(server: OpenAIServer, vllm: Vllm, build: Build) -> None:
    backend = build(vllm.name, reproducible=True)
    assert "cache_salt" not in backend.prepare()["options"]
    backend.chat(request())
    backend.chat(request())
    salts = [body["cache_salt"] for body in server.sent()]
    assert len(set(salts)) == len(salts) == 3


def test_vllm_counts_a_prompt_before_the_model_sees_it(server: OpenAIServer, vllm: Vllm, build: Build) -> None:
    backend = build(vllm.name)
    assert backend.capabilities.prompt_check == "exact"
    tokens = backend.count(ASKED)
    assert tokens == backend.chat(request()).prompt_tokens
    asked = len(server.sent())
    with pytest.raises(ContextOverflowError, match=r"model\.n_ctx=100"):
        backend.chat(request(max_tokens=101 - (tokens or 0)))
    assert len(server.sent()) == asked
    vllm.drops = 1
    with pytest.raises(ContextOverflowError, match="was cut"):
        backend.chat(request())


def test_a_rendering_that_is_not_what_the_model_reads_is_no_check(vllm: Vllm, build: Build) -> None:
    vllm.drops = -3
    backend = build(vllm.name)
    assert backend.capabilities.prompt_check == "lower_bound"
    assert backend.count(ASKED) is None
    assert backend.chat(request()).text == "Hello."


@pytest.mark.parametrize("garbage", ["<html>", [1, 2], {"error": {"message": "gone"}}])
def test_a_rendering_that_cannot_be_read_is_an_error(
    server: OpenAIServer, vllm: Vllm, build: Build, garbage: Any
) -> None:
    backend = build(vllm.name)
    backend.prepare()
    asked = len(server.sent())
    server.queue("/tokenize", Answer(garbage))
    with pytest.raises(BackendError, match="answered /tokenize with 200") as error:
        backend.chat(request())
    assert len(server.sent()) == asked
    one_line(error)


def test_vllm_says_its_window(vllm: Vllm, build: Build) -> None:
    assert build(vllm.name, n_ctx=None).capabilities.window == 200
    with pytest.raises(BackendUnavailableError, match=r"set model\.n_ctx=200"):
        build(vllm.name, n_ctx=201).prepare()


@pytest.mark.parametrize(
    ("level", "fields"),
    [
        ("auto", {}),
        ("on", {"chat_template_kwargs": {"enable_thinking": True}}),
        ("off", {"chat_template_kwargs": {"enable_thinking": False}}),
        (True, {"chat_template_kwargs": {"enable_thinking": True}}),
        ("low", {"chat_template_kwargs": {"reasoning_effort": "low"}, "reasoning_effort": "low"}),
    ],
)
def test_thinking_is_asked_for_as_configured(
    server: OpenAIServer, vllm: Vllm, build: Build, level: str | bool, fields: dict[str, Any]
) -> None:
    backend = build(vllm.name, think=level)
    assert backend.prepare()["think_fields"] == fields
    assert backend.capabilities.thinks is (level != "off")
    reply = backend.chat(request())
    sent = server.sent()[-1]
    assert {key: sent[key] for key in ("chat_template_kwargs", "reasoning_effort") if key in sent} == fields
    assert (reply.text, reply.thinking) == ("Hello.", "" if level == "off" else "It is dark.")
    assert backend.chat(request(may_think=False)).thinking == ""


@pytest.mark.parametrize(
    ("level", "lost", "words"),
    [
        ("on", ("has_switch", "has_levels", "opens"), "knows no thinking"),
        ("off", ("has_switch",), "has no switch"),
        ("low", ("has_levels",), "knows no levels"),
    ],
)
def test_a_level_that_the_template_ignores_is_refused(
    vllm: Vllm, build: Build, level: str, lost: tuple[str, ...], words: str
) -> None:
    for name in lost:
        setattr(vllm, name, False)
    with pytest.raises(BackendUnavailableError, match=f"model.think={level} cannot be had.*{words}") as error:
        build(vllm.name, think=level).prepare()
    one_line(error)


def test_a_thought_that_the_server_does_not_split_off_is_never_a_reply(vllm: Vllm, build: Build) -> None:
    vllm.splits = False
    vllm.text = 'I could {"skill": "press"} and'
    reply = build(vllm.name).chat(request())
    assert (reply.text, reply.thinking, reply.thought) == ("", vllm.text, ThoughtKind.UNCLOSED)
    vllm.text = "Hm. </think> Go."
    reply = build(vllm.name).chat(request())
    assert (reply.text, reply.thinking) == ("Go.", "Hm.")


def test_where_there_is_no_switch_the_opened_thinking_is_closed_again(
    server: OpenAIServer, vllm: Vllm, build: Build
) -> None:
    vllm.has_switch = False
    backend = build(vllm.name, max_tokens_key="max_completion_tokens")
    thought = backend.chat(request())
    reply = backend.chat(request(may_think=False, json_schema=SCHEMA))
    assert (reply.text, reply.thinking) == ("Hello.", "")
    assert reply.prompt_tokens == (thought.prompt_tokens or 0) + 1
    (body,) = server.sent("/v1/completions")
    assert (body["max_tokens"], body["top_k"], body["seed"]) == (20, -1, 1)
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    with pytest.raises(ContextOverflowError):
        backend.chat(request(may_think=False, max_tokens=99))
    assert len(server.sent("/v1/completions")) == 1


@pytest.mark.parametrize(
    ("lost", "asked", "words"),
    [
        ("has_tools", request(tools=(GOTO,)), "model.protocol=json"),
        ("shows_thinking", request(shows_thinking=True), "model.past_thinking=hidden"),
        ("has_switch", request(may_think=False, tools=(GOTO,)), "model.steps=1"),
        ("splits", request(json_schema=SCHEMA), "model.protocol=json"),
    ],
)
def test_what_would_not_reach_the_model_is_refused(
    server: OpenAIServer, vllm: Vllm, build: Build, lost: str, asked: ChatRequest, words: str
) -> None:
    build(vllm.name).chat(asked)
    setattr(vllm, lost, False)
    backend = build(vllm.name)
    backend.prepare()
    sent = len(server.sent())
    with pytest.raises(BackendError, match=words) as error:
        backend.chat(asked)
    assert error.value.fault is Kind.REFUSED
    assert len(server.sent()) == sent


def test_earlier_thinking_goes_back_under_both_names(server: OpenAIServer, vllm: Vllm, build: Build) -> None:
    backend = build(vllm.name)
    talk = (*ASKED, ChatMessage(role="assistant", content="There.", thinking="Hm hm."), user("Why?"))
    hidden, shown = (backend.chat(request(*talk, shows_thinking=shows)) for shows in (False, True))
    assert (shown.prompt_tokens or 0) == (hidden.prompt_tokens or 0) + 2
    said = server.sent()[-1]["messages"][2]
    assert said["reasoning"] == said["reasoning_content"] == "Hm hm."
    assert "reasoning" not in server.sent()[-2]["messages"][2]


@pytest.mark.parametrize("form", ["%d %b %Y", "%d %B %Y", "%Y-%m-%d", "%B %d, %Y"])
def test_a_template_that_prints_the_date_is_the_same_model_after_midnight(vllm: Vllm, build: Build, form: str) -> None:
    now = datetime.now(UTC)
    days = [now, now - timedelta(days=1), now - timedelta(days=9)]
    digests = []
    for day in days:
        vllm.date = format(day, form)
        digests.append(build(vllm.name).prepare()["digest"])
    assert digests[0] == digests[1] != digests[2]


def test_only_dates_of_these_days_are_taken_out_of_a_prompt() -> None:
    today = date(2024, 8, 1)
    text = "Today 1 Aug 2024 or 01 Aug 2024, yesterday July 31, 2024, not 11 Aug 2024 or 2024-08-010, 2024-07-31."
    expected = "Today DATE or DATE, yesterday DATE, not 11 Aug 2024 or 2024-08-010, DATE."
    assert without_dates(text, today) == expected


@pytest.mark.parametrize("name", ["version", "fingerprint"])
def test_another_build_of_vllm_is_another_model(vllm: Vllm, build: Build, name: str) -> None:
    backend = build(vllm.name)
    backend.chat(request())
    backend.check()
    setattr(vllm, name, "another")
    backend.chat(request())
    with pytest.raises(ModelChangedError):
        backend.check()


# llama.cpp's server, live


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaCppBackend]:
    """A server with a model that knows neither thinking nor tools."""
    embedded = LlamaCppBackend(n_ctx=512, slots=2, linger_s=0.0, state_dir=str(tmp_path_factory.mktemp("plain")))
    embedded.prepare()
    yield embedded
    embedded.close()


@pytest.fixture(scope="module")
def thinking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaCppBackend]:
    """The same model under a template with all of it."""
    folder = tmp_path_factory.mktemp("thinking")
    template = folder / "thinker.jinja"
    template.write_text(THINKER)
    embedded = LlamaCppBackend(
        n_ctx=512, slots=1, linger_s=0.0, state_dir=str(folder), chat_template=str(template)
    )  # fmt: skip
    embedded.prepare()
    yield embedded
    embedded.close()


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    """Backends for a live server; one for each set of options."""
    built: dict[str, OpenAIBackend] = {}

    def make(embedded: LlamaCppBackend, **options: Any) -> OpenAIBackend:
        address = embedded.address
        assert address is not None
        key = f"{address.url} {options}"
        if key not in built:
            defaults = {"base_url": f"{address.url}/v1", "api_key_env": KEY_ENV, "temperature": 0.0}
            built[key] = OpenAIBackend(WEIGHTS, **{**defaults, **options})
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv(KEY_ENV, address.api_key)
                built[key].prepare()
        return built[key]

    yield make
    for backend in built.values():
        backend.close()


@pytest.mark.every_third_day
def test_llama_server_says_what_it_serves(plain: LlamaCppBackend, live: Live) -> None:
    manifest = live(plain).prepare()
    assert (manifest["dialect"], manifest["quantization"], manifest["parameters"]) == (
        "llama_server",
        "Q4_1",
        134515008,
    )
    assert (manifest["n_ctx"], manifest["trained_context"]) == (512, 8192)
    assert manifest["template_sha256"] == plain.prepare()["template_sha256"]
    assert manifest["capabilities"] == {
        "thinks": False, "tools": False, "vision": False, "shows_past_thinking": False, "window": 512,
        "prompt_check": "exact",
    }  # fmt: skip


@pytest.mark.every_third_day
def test_llama_server_answers_and_its_count_is_exact(plain: LlamaCppBackend, live: Live) -> None:
    backend = live(plain)
    reply = backend.chat(request(max_tokens=5))
    assert (reply.finish, reply.completion_tokens) == ("length", 5)
    assert reply.prompt_tokens == backend.count(ASKED) == plain.count(ASKED)
    assert reply.text
    assert reply.engine_s is not None
    assert 0 < reply.engine_s < reply.latency_s
    again = backend.chat(request(max_tokens=5))
    assert (again.text, again.cached_tokens) == (reply.text, (reply.prompt_tokens or 0) - 1)
    backend.check()


@pytest.mark.every_third_day
def test_llama_server_says_how_likely_a_reply_was(plain: LlamaCppBackend, live: Live) -> None:
    sure = live(plain, logprobs=True, temperature=0.0).chat(request(max_tokens=5))
    assert sure.mean_logprob is not None
    assert -5.0 < sure.mean_logprob < 0.0
    assert live(plain).chat(request(max_tokens=5)).mean_logprob is None


@pytest.mark.every_third_day
def test_llama_server_holds_a_reply_to_a_schema(plain: LlamaCppBackend, live: Live) -> None:
    reply = live(plain).chat(request(json_schema=SCHEMA, max_tokens=60))
    assert json.loads(reply.text) == {"skill": "go"}


def test_llama_server_never_sees_a_prompt_without_room(plain: LlamaCppBackend, live: Live) -> None:
    backend = live(plain)
    tokens = backend.count(ASKED)
    assert tokens is not None
    with pytest.raises(ContextOverflowError, match=r"model\.n_ctx=512"):
        backend.chat(request(max_tokens=513 - tokens))
    with pytest.raises(BackendUnavailableError, match=r"set model\.n_ctx=512"):
        live(plain, n_ctx=1024).prepare()


@pytest.mark.every_third_day
def test_llama_server_takes_nothing_from_its_cache_in_reproducible_mode(plain: LlamaCppBackend, live: Live) -> None:
    backend = live(plain, reproducible=True, temperature=0.9)
    replies = [backend.chat(request(max_tokens=4)) for _ in range(2)]
    assert [reply.cached_tokens for reply in replies] == [0, 0]
    assert replies[0].text == replies[1].text


def test_llama_server_is_not_asked_for_what_it_would_ignore(plain: LlamaCppBackend, live: Live) -> None:
    backend = live(plain)
    for asked in (request(tools=(GOTO,)), request(ChatMessage(role="user", content="See.", images=(b"\x89PNG",)))):
        with pytest.raises(BackendError, match=r"set model\.") as error:
            backend.chat(asked)
        assert error.value.fault is Kind.REFUSED
    with pytest.raises(BackendUnavailableError, match="knows no thinking"):
        live(plain, think="on").prepare()


def test_llama_server_refuses_a_wrong_key(
    plain: LlamaCppBackend, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert plain.address is not None
    monkeypatch.setenv(KEY_ENV, KEY)
    with pytest.raises(BackendUnavailableError, match="refuses the key") as error:
        build(WEIGHTS, base_url=f"{plain.address.url}/v1", api_key_env=KEY_ENV).prepare()
    one_line(error)


@pytest.mark.every_third_day
def test_llama_server_shows_what_its_template_does(thinking: LlamaCppBackend, live: Live) -> None:
    abilities = live(thinking).capabilities
    assert abilities.thinks
    assert abilities.tools
    assert abilities.shows_past_thinking
    assert not live(thinking, think="off").capabilities.thinks
    with pytest.raises(BackendUnavailableError, match="knows no levels"):
        live(thinking, think="high").prepare()


@pytest.mark.every_third_day
def test_llama_server_thinks_unless_told_not_to(thinking: LlamaCppBackend, live: Live) -> None:
    backend = live(thinking)
    thought = backend.chat(request(max_tokens=6))
    assert (thought.text, thought.thought, thought.finish) == ("", ThoughtKind.FIELD, "length")
    assert thought.thinking
    hushed = backend.chat(request(max_tokens=60, may_think=False, json_schema=SCHEMA))
    assert (hushed.thinking, json.loads(hushed.text)) == ("", {"skill": "go"})
    off = live(thinking, think="off").chat(request(max_tokens=6))
    assert (off.thinking, off.thought) == ("", ThoughtKind.NONE)
    assert off.text


@pytest.mark.every_third_day
def test_llama_server_reads_tools_calls_and_earlier_thinking(thinking: LlamaCppBackend, live: Live) -> None:
    backend = live(thinking)
    call = ToolCall(name="goto", arguments='{"target": "hall"}')
    talk = (
        *ASKED,
        ChatMessage(role="assistant", content="", thinking="The hall is near.", tool_calls=(call,)),
        ChatMessage(role="tool", content="You are there.", tool_name="goto"),
    )
    bare = backend.chat(request(*talk, max_tokens=1)).prompt_tokens or 0
    shown = backend.chat(request(*talk, shows_thinking=True, max_tokens=1)).prompt_tokens or 0
    offered = backend.chat(request(*talk, shows_thinking=True, tools=(GOTO,), max_tokens=1)).prompt_tokens or 0
    assert bare + 4 < shown < offered - 10


@pytest.mark.every_third_day
def test_llama_server_closes_a_thinking_that_has_no_switch(tmp_path: Path, live: Live) -> None:
    template = tmp_path / "always.jinja"
    template.write_text(ALWAYS)
    embedded = LlamaCppBackend(
        n_ctx=256, slots=1, linger_s=0.0, state_dir=str(tmp_path), chat_template=str(template)
    )  # fmt: skip
    embedded.prepare()
    backend = live(embedded)
    thought = backend.chat(request(max_tokens=6))
    assert (thought.text, thought.completion_tokens) == ("", 6)
    assert thought.thinking
    reply = backend.chat(request(max_tokens=60, may_think=False, json_schema=SCHEMA))
    assert (json.loads(reply.text), reply.thinking) == ({"skill": "go"}, "")
    assert (reply.prompt_tokens or 0) > (thought.prompt_tokens or 0)
    with pytest.raises(BackendUnavailableError, match="has no switch"):
        live(embedded, think="off")
    embedded.close()
