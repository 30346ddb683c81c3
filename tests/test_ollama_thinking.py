"""Thinking over Ollama: asked for as configured, kept apart, and never taken for the reply."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ollama_server import (
    CHAT,
    COUNT,
    OPENER,
    RENDER,
    THINKER,
    THOUGHT,
    Build,
    OllamaServer,
    asked,
    chatml,
    one_line,
    recorded,
    rendering,
)

from embodied.backends.base import ThoughtKind
from embodied.backends.thinking import did_thinking_eat_budget
from embodied.errors import BackendError, BackendUnavailableError

pytest_plugins = ("ollama_fixtures",)


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
    server.only(show)
    server.replay("chat")
    build(think=level).chat(asked(recorded("chat")))
    assert server.sent(CHAT)[0].get("think", "nothing") == sent


def test_the_thinking_field_is_kept_apart(server: OllamaServer, build: Build) -> None:
    exchange = recorded("chat_thinking")
    server.only("show_thinking", "chat_thinking")
    reply = build(THINKER, think="on").chat(asked(exchange))
    assert reply.thinking == exchange.response["message"]["thinking"].strip()
    assert reply.text == exchange.response["message"]["content"].strip()
    assert reply.thinking
    assert reply.text
    assert not did_thinking_eat_budget(reply)


def test_thinking_that_ate_the_budget_is_seen(server: OllamaServer, build: Build) -> None:
    exchange = recorded("chat_thinking_budget")
    server.only("show_thinking", "chat_thinking_budget")
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
    server.only("show_thinking", "chat_thinking_format")
    reply = build(THINKER, think="on").chat(asked(exchange))
    assert json.loads(reply.text) == {"skill": "goto", "target": "door"}
    assert reply.thinking
    assert reply.prompt_tokens == recorded("count").response["prompt_eval_count"]
    assert reply.completion_tokens is None
    assert reply.engine_s is None
    (counted,) = server.sent(COUNT)
    assert "format" not in counted
    assert counted["messages"] == exchange.request["messages"]


def test_counts_of_a_thought_that_never_came_to_the_schema_are_believed(server: OllamaServer, build: Build) -> None:
    """The second pass begins where the thought ends; this one did not."""
    exchange = recorded("chat_thinking_budget")
    server.only("show_thinking", "chat_thinking_budget")
    reply = build(THINKER).chat(asked(exchange).model_copy(update={"json_schema": {"type": "object"}}))
    assert reply.prompt_tokens == exchange.response["prompt_eval_count"]
    assert reply.completion_tokens == exchange.response["eval_count"]
    assert server.sent(COUNT) == []


def test_a_model_that_cannot_think_says_what_to_set(server: OllamaServer, build: Build) -> None:
    with pytest.raises(BackendUnavailableError) as error:
        build(think="on").prepare()
    assert one_line(error) == "smol:latest does not support thinking: set model.think=auto"
    server.answer(RENDER, recorded("chat_think_rejected").response, 400)
    with pytest.raises(BackendError, match="does not support thinking"):
        build(think="on").chat(asked(recorded("chat")))


@pytest.mark.parametrize("text", ["I think that I should", '{"skill": "press"}'])
def test_a_thought_that_the_template_opened_is_never_taken_for_the_reply(
    server: OllamaServer, build: Build, text: str
) -> None:
    """The server does not know that such a model thinks: it hands the bare thought over as content."""
    exchange = recorded("chat_opener")
    assert "thinking" not in exchange.response["message"]
    server.only("show_opener", "render_opener")
    answer = exchange.response | {"message": {"role": "assistant", "content": text}}
    server.answer(CHAT, answer)
    backend = build(OPENER)
    assert backend.capabilities.thinks
    reply = backend.chat(asked(exchange))
    assert reply.text == ""
    assert reply.thinking == text
    assert reply.thought is ThoughtKind.UNCLOSED


def test_an_opened_thought_that_is_closed_leaves_the_reply(server: OllamaServer, build: Build) -> None:
    exchange = recorded("chat_opener")
    server.only("show_opener", "render_opener")
    server.answer(CHAT, exchange.response | {"message": {"role": "assistant", "content": "Hm.\n</think>\n\nGo."}})
    reply = build(OPENER).chat(asked(exchange))
    assert (reply.thinking, reply.text) == ("Hm.", "Go.")


def test_what_the_real_server_made_of_an_opened_thought_is_thinking(server: OllamaServer, build: Build) -> None:
    exchange = recorded("chat_opener")
    server.only("show_opener", "render_opener")
    server.replay("chat_opener")
    reply = build(OPENER).chat(asked(exchange))
    assert reply.text == ""
    assert reply.thinking == exchange.response["message"]["content"].strip()


def test_a_server_that_splits_opened_thoughts_is_believed(server: OllamaServer, build: Build) -> None:
    """An empty thought, and the reply after it: the thinking field is not there, and the content is no thought."""
    server.only("show_thinking", "chat")
    assert recorded("thought").response["message"]["thinking"]
    reply = build(THINKER).chat(asked(recorded("chat")))
    assert reply.text == "One place in a house is the bathroom."
    assert reply.thinking == ""


def test_a_server_that_only_claims_to_split_thoughts_is_not_believed(server: OllamaServer, build: Build) -> None:
    server.only("show_thinking")
    server.answer(THOUGHT, recorded("chat_opener").response)
    server.replay("chat_opener")
    reply = build(THINKER).chat(asked(recorded("chat_opener")))
    assert reply.text == ""
    assert reply.thinking


@pytest.mark.parametrize(
    ("level", "show", "renderings", "message"),
    [
        ("low", "show_thinking", [], "takes no levels of thinking: set model.think=on"),
        ("off", "show_opener", [chatml([], is_thinking=True)], "thinks whatever is asked of it: set model.think=auto"),
        ("off", "show_thinking", ["the same"], "thinks whatever is asked of it: set model.think=auto"),
    ],
)
def test_a_think_that_the_model_never_hears_of_is_refused(
    server: OllamaServer, build: Build, level: str, show: str, renderings: list[str], message: str
) -> None:
    server.only(show)
    for text in renderings:
        server.answer(RENDER, rendering(text))
    with pytest.raises(BackendUnavailableError) as error:
        build(think=level).prepare()
    assert one_line(error).endswith(message)


def test_a_model_that_hears_of_levels_gets_them(server: OllamaServer, build: Build) -> None:
    server.only("show_leveller")
    for effort in ("low", "medium", "high", "low"):
        server.answer(RENDER, rendering(f"Reasoning: {effort}"))
    assert build("leveller:latest", think="low").prepare()["think"] == "low"


@pytest.mark.parametrize("family", ["gptoss", "gpt-oss"])
def test_a_family_that_always_thinks_is_not_told_to_stop(server: OllamaServer, build: Build, family: str) -> None:
    server.forget("/api/show")
    server.answer("/api/show", recorded("show_thinking").response | {"details": {"family": family}})
    with pytest.raises(BackendUnavailableError, match=r"always thinks: set model\.think=low"):
        build(think="off").prepare()
    exchange = recorded("chat")
    server.replay("chat")
    server.answer(RENDER, rendering(chatml(exchange.request["messages"])))
    build(think="high").chat(asked(exchange).model_copy(update={"may_think": False}))
    assert server.sent(CHAT)[-1]["think"] == "low"


def test_a_call_that_is_not_to_think_does_not(server: OllamaServer, build: Build) -> None:
    server.only("show_thinking", "chat")
    build(THINKER).chat(asked(recorded("chat")).model_copy(update={"may_think": False}))
    assert [body["think"] for body in server.sent(CHAT)] == [False]


@pytest.mark.parametrize(
    ("wanted", "remedy"),
    [({"may_think": False}, "set model.steps=1"), ({"json_schema": {"type": "object"}}, "set model.protocol=json")],
)
def test_an_opened_thought_is_not_silenced(
    server: OllamaServer, build: Build, wanted: dict[str, Any], remedy: str
) -> None:
    server.only("show_opener", "render_opener")
    exchange = recorded("chat_opener")
    with pytest.raises(BackendError) as error:
        build(OPENER).chat(asked(exchange).model_copy(update=wanted))
    assert one_line(error).endswith(remedy)
    assert server.sent(CHAT) == []
