"""What chat templates do to thinking, tools and grammars: found out by rendering, live."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from embodied.backends.base import ChatMessage, ChatRequest, ThoughtKind, ToolCall, ToolSpec
from embodied.backends.llama_cpp import LlamaCppBackend
from embodied.errors import BackendError, BackendUnavailableError, ConfigError

TURNS = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
BEGIN = "<|im_start|>assistant\n"
FORGETFUL = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' %}"
    "{{ m.content.split('</think>')[-1] }}{% else %}{{ m.content }}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
)
SWITCHED = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n"
    "</think>\n\n{% endif %}{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}"
    "<|im_start|>assistant\n<think>\n{% if enable_thinking is defined and not enable_thinking %}\n</think>\n\n"
    "{% endif %}{% endif %}"
)
LEVELS = "Reasoning: {{ reasoning_effort | default('medium') }}\n" + TURNS + BEGIN
TOOLS = (
    "{% if tools %}<|im_start|>system\nTools: {% for tool in tools %}{{ tool | tojson }}{% endfor %}\nCall one so: "
    '<tool_call>\n{"name": ..., "arguments": ...}\n</tool_call><|im_end|>\n{% endif %}{% for m in messages %}'
    "<|im_start|>{{ m.role }}\n{{ m.content or '' }}{% for call in m.tool_calls or [] %}<tool_call>\n"
    '{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}\n</tool_call>'
    "{% endfor %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEMPLATES = {
    "plain": TURNS + BEGIN, "bare opener": TURNS + BEGIN + "<think>\n", "forgetful": FORGETFUL, "switched": SWITCHED,
    "levels": LEVELS, "tools": TOOLS,
}  # fmt: skip
SCHEMA = {
    "type": "object", "properties": {"skill": {"const": "go"}}, "required": ["skill"], "additionalProperties": False,
}  # fmt: skip
GOTO = ToolSpec(
    name="goto",
    description="Drive there.",
    parameters={"type": "object", "properties": {"target": {"enum": ["hall", "door"]}}, "required": ["target"]},
)
ASKED = (ChatMessage(role="user", content="Where is the lamp?"),)


@dataclass
class Servers:
    """A backend for each template and level of thinking that a test asks for."""

    folder: Path
    started: dict[tuple[str, str], LlamaCppBackend]

    def backend(self, template: str, think: str = "auto") -> LlamaCppBackend:
        if (template, think) not in self.started:
            file = self.folder / f"{template}.jinja"
            file.write_text(TEMPLATES[template])
            self.started[template, think] = LlamaCppBackend(
                chat_template=str(file), n_ctx=512, slots=1, linger_s=0.0, state_dir=str(self.folder), think=think
            )
        return self.started[template, think]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    shared = Servers(tmp_path_factory.mktemp("state"), {})
    yield shared
    for backend in shared.started.values():
        backend.close()


def request(**more: Any) -> ChatRequest:
    return ChatRequest(**{"messages": ASKED, "seed": 1, "max_tokens": 16, **more})


@pytest.mark.every_third_day
@pytest.mark.parametrize(
    ("template", "thinks", "shows_past_thinking", "takes_tools"),
    [
        ("plain", False, False, False),
        ("bare opener", True, False, False),
        ("forgetful", True, False, False),
        ("switched", True, True, False),
        ("levels", True, False, False),
        ("tools", False, False, True),
    ],
)
def test_what_a_template_can_do(
    servers: Servers, template: str, thinks: bool, shows_past_thinking: bool, takes_tools: bool
) -> None:
    can = servers.backend(template).capabilities
    assert (can.thinks, can.shows_past_thinking, can.tools) == (thinks, shows_past_thinking, takes_tools)
    assert (can.vision, can.window, can.prompt_check) == (False, 512, "exact")


@pytest.mark.every_third_day
@pytest.mark.parametrize("template", ["bare opener", "forgetful", "switched"])
def test_a_thought_that_the_prompt_opened_never_becomes_the_reply(servers: Servers, template: str) -> None:
    reply = servers.backend(template).chat(request())
    assert (reply.text, reply.finish) == ("", "length")
    assert reply.thinking
    assert reply.thought is (ThoughtKind.UNCLOSED if template == "bare opener" else ThoughtKind.FIELD)


@pytest.mark.every_third_day
@pytest.mark.parametrize("template", ["forgetful", "switched"])
def test_a_schema_leaves_the_thinking_free(servers: Servers, template: str) -> None:
    reply = servers.backend(template).chat(request(json_schema=SCHEMA))
    assert reply.text == ""
    assert "skill" not in reply.thinking
    assert reply.completion_tokens == 16


def test_a_schema_is_refused_where_it_would_bind_the_thinking(servers: Servers) -> None:
    with pytest.raises(BackendError, match=r"set model\.protocol=json"):
        servers.backend("bare opener").chat(request(json_schema=SCHEMA))


@pytest.mark.every_third_day
@pytest.mark.parametrize("template", list(TEMPLATES))
def test_a_call_that_may_not_think_answers_at_once(servers: Servers, template: str) -> None:
    reply = servers.backend(template).chat(request(json_schema=SCHEMA, may_think=False))
    assert json.loads(reply.text) == {"skill": "go"}
    assert (reply.thinking, reply.finish) == ("", "stop")


@pytest.mark.every_third_day
def test_thinking_is_turned_off_by_the_templates_own_switch(servers: Servers) -> None:
    silent = servers.backend("switched", "off")
    assert silent.capabilities.thinks is False
    assert silent.prepare()["template_arguments"] == {"enable_thinking": False}
    reply = silent.chat(request())
    assert reply.text
    assert reply.thinking == ""
    assert reply.prompt_tokens == silent.count(ASKED) != servers.backend("switched").count(ASKED)


@pytest.mark.every_third_day
def test_a_level_reaches_the_model_where_the_template_has_levels(servers: Servers) -> None:
    assert servers.backend("levels", "high").prepare()["template_arguments"] == {"reasoning_effort": "high"}


@pytest.mark.every_third_day
@pytest.mark.parametrize(
    ("template", "think", "problem"),
    [
        ("forgetful", "off", "it always thinks: set model.think=auto"),
        ("plain", "on", "it never thinks: set model.think=auto"),
        ("switched", "low", "knows no levels: set model.think=auto"),
    ],
)
def test_thinking_that_cannot_be_had_is_refused(servers: Servers, template: str, think: str, problem: str) -> None:
    with pytest.raises(BackendUnavailableError, match=problem):
        servers.backend(template, think).prepare()


def test_an_unknown_level_of_thinking_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match="one of auto, on, off, low, medium, high"):
        LlamaCppBackend(think="much")


@pytest.mark.every_third_day
def test_past_thinking_is_sent_only_when_it_is_to_be_shown(servers: Servers) -> None:
    backend = servers.backend("switched", "off")
    past = ChatMessage(role="assistant", content="In the hall.", thinking="The lamp was in the hall.")
    asked = request(messages=(*ASKED, past, ChatMessage(role="user", content="And the door?")), max_tokens=1)
    hidden, shown = (backend.chat(asked.model_copy(update={"shows_thinking": shows})) for shows in (False, True))
    assert (shown.prompt_tokens or 0) > (hidden.prompt_tokens or 0)


@pytest.mark.every_third_day
def test_tools_and_their_answers_are_part_of_the_prompt(servers: Servers) -> None:
    backend = servers.backend("tools")
    call = ToolCall(name="goto", arguments='{"target": "hall"}')
    past = (
        *ASKED,
        ChatMessage(role="assistant", content="", tool_calls=(call,)),
        ChatMessage(role="tool", content="You are in the hall.", tool_name="goto"),
    )
    lengths = [
        backend.chat(request(messages=messages, tools=tools, max_tokens=1)).prompt_tokens or 0
        for messages, tools in ((ASKED, ()), (ASKED, (GOTO,)), (past, (GOTO,)))
    ]
    assert lengths == sorted(set(lengths))


def test_a_tool_call_is_read_as_the_model_wrote_it(servers: Servers) -> None:
    begun = ChatMessage(role="assistant", content='<tool_call>\n{"name": "goto", "arguments": {"target": "')
    reply = servers.backend("tools").chat(request(messages=(*ASKED, begun), tools=(GOTO,), max_tokens=1))
    (call,) = reply.tool_calls
    assert call.name == "goto"
    assert call.arguments.startswith('{"target": "')
    assert reply.finish == "length"


@pytest.mark.every_third_day
def test_a_broken_tool_call_is_the_models_reply_and_no_error_of_the_server(servers: Servers) -> None:
    begun = ChatMessage(role="assistant", content="<tool_call>\nI would rather not.")
    reply = servers.backend("tools").chat(request(messages=(*ASKED, begun), tools=(GOTO,)))
    assert (reply.text, reply.tool_calls, reply.finish) == ("", (), "unreadable")
    assert reply.prompt_tokens is not None


def test_tools_are_refused_where_the_template_would_drop_them(servers: Servers) -> None:
    with pytest.raises(BackendError, match=r"takes no tools: set model\.protocol=json"):
        servers.backend("plain").chat(request(tools=(GOTO,)))
