"""The `tools` protocol: what models are offered, and what becomes of what they call."""

from __future__ import annotations

import json

import pytest
from parrot import SPECS, Parrot, begun, called, view

from embodied.backends.base import ChatReply, ToolCall
from embodied.policy.form import Form
from embodied.policy.mind import InvalidEpisodeError
from embodied.policy.model_mind import IDLE
from embodied.policy.tools import read_calls, sound_call, tool_specs
from embodied.records import Validity
from envs.action import Action

TOOLS = {tool.name: tool for tool in tool_specs(SPECS)}
PRESS = ToolCall(name="press", arguments='{"target": "bell"}')
LOOK = ToolCall(name="look", arguments="{}")


def read(name: str, arguments: str) -> tuple[Action | None, str]:
    parsed = read_calls([ToolCall(name=name, arguments=arguments)], "", SPECS, ("switch", "bell"))
    assert (parsed.action is None) != (parsed.problem == "")
    assert "\n" not in parsed.problem
    return parsed.action, parsed.problem


def test_every_skill_that_can_be_used_is_a_tool() -> None:
    assert list(TOOLS) == [spec.name for spec in SPECS if spec.name != "grasp"]
    for spec in SPECS:
        if spec.name in TOOLS:
            parameters = TOOLS[spec.name].parameters
            assert list(parameters["properties"]) == parameters["required"] == list(spec.fields)
            assert TOOLS[spec.name].description == spec.help
            json.dumps(parameters, allow_nan=False)
    assert TOOLS["press"].parameters["properties"]["target"]["enum"] == ["bell", "red button", "switch"]
    amount = TOOLS["turn"].parameters["properties"]["amount"]
    assert (amount["minimum"], amount["maximum"], amount["description"]) == (-180, 180, "a number from -180 to 180")


@pytest.mark.parametrize(
    ("name", "arguments", "action"),
    [
        ("goto", '{"target": "bay B"}', Action("goto", "bay B")),
        (" GOTO ", ' {"target": "BAY  b", "why": [1]} ', Action("goto", "bay B")),
        ("look", "", Action("look")),
        ("look", '{"skill": "press", "target": "bell"}', Action("look")),
        ("turn", '{"amount": 90}', Action("turn", amount=90.0)),
        ("turn", '{"amount": "-90"}', Action("turn", amount=-90.0)),
        ("say", '{"text": "one\ntwo\\u0000"}', Action("say", text="one two")),
    ],
)
def test_a_legal_call_becomes_its_action(name: str, arguments: str, action: Action) -> None:
    assert read(name, arguments) == (action, "")


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("fly", "{}", "there is no skill 'fly'; the skills are: goto, turn"),
        ("press", "{}", '"target" is missing; in sight you can press: switch, bell; also: red button'),
        ("press", '{"target": "moon"}', "there is no 'moon' here to press; in sight you can press: switch, bell; also"),
        ("grasp", '{"target": "bell"}', "nothing to grasp is here"),
        ("press", '{"target": "bell"', "the arguments are no JSON object; press takes: target"),
        ("look", "[1]", "the arguments are no JSON object; look takes: nothing"),
        ("fly", "[1]", "the arguments are no JSON object; the tools are: goto"),
        ("press", '"bell"', "no JSON object"),
        ("press", '{"target": "bell"} {"target": "switch"}', "no JSON object"),
        ("press", '{"target":' * 5_000, "no JSON object"),
        ("press", '{"target": ' + "[" * 30_000 + "]" * 9_000 + "}", "no JSON object"),
        ("say", '{"text": "' + "a" * 50_000 + '"}', "no JSON object"),
        ("turn", '{"amount": NaN}', "'nan' is not an amount"),
        ("turn", '{"amount": ' + "9" * 6_000 + "}", "'inf' is not an amount"),
    ],
)
def test_an_illegal_call_is_told_what_is_legal(name: str, arguments: str, words: str) -> None:
    action, problem = read(name, arguments)
    assert action is None
    assert words in problem


@pytest.mark.parametrize(("text", "words"), [("", "the reply is empty"), ('{"skill": "look"}', "words alone")])
def test_a_reply_without_a_call_is_no_action(text: str, words: str) -> None:
    parsed = read_calls([], text, SPECS)
    assert parsed.action is None
    assert words in parsed.problem
    assert "call one of: goto, turn, look" in parsed.problem


@pytest.mark.parametrize(
    ("name", "arguments", "is_sound"),
    [
        ("press", '{"target": "bell"}', True),
        ("press", '{"target": "moon"}', True),
        ("look", "", True),
        ("fly", "{}", False),
        ("LOOK", "{}", False),
        ("look", "[]", False),
        ("look", "{", False),
        ("turn", '{"amount": NaN}', False),
        ("say", '{"text": "one\ntwo"}', False),
        ("look", "[" * 50_000, False),
    ],
)
def test_only_what_a_server_can_decode_is_given_back_to_it(name: str, arguments: str, is_sound: bool) -> None:
    kept = sound_call([ToolCall(name=name, arguments=arguments), PRESS], SPECS)
    assert (kept is not None) == is_sound
    assert kept is None or kept == ToolCall(name=name, arguments=arguments or "{}")


def test_the_next_observation_is_the_result_of_the_call() -> None:
    parrot = Parrot(ChatReply(text="Ring it.", tool_calls=(PRESS,)), called("look"))
    mind = begun(parrot, protocol="tools")
    assert mind.decide(view(), "You see a bell.") == Action("press", "bell")
    assert mind.decide(view(), "It rang.") == Action("look")
    assert parrot.requests[0].tools == tool_specs(SPECS)
    assert parrot.read(0) == [("system", "You drive."), ("user", "You see a bell.")]
    said, result = parrot.requests[1].messages[2:]
    assert (said.role, said.content, said.tool_calls) == ("assistant", "Ring it.", (PRESS,))
    assert (result.role, result.content, result.tool_name) == ("tool", "It rang.", "press")


def test_of_several_calls_the_first_is_carried_out_and_the_rest_are_counted() -> None:
    parrot = Parrot(ChatReply(text="", tool_calls=(PRESS, LOOK, LOOK)), called("look"))
    mind = begun(parrot, protocol="tools")
    assert mind.decide(view(), "") == Action("press", "bell")
    assert mind.decide(view(), "") == Action("look")
    assert mind.use.extra_calls == 2
    assert parrot.requests[1].messages[2].tool_calls == (PRESS,)
    assert mind.transcript[2]["tool_calls"] == [call.model_dump() for call in (PRESS, LOOK, LOOK)]


@pytest.mark.parametrize(
    ("first", "role", "line"),
    [
        (called("press", '{"target": "moon"}'), "tool", ("assistant", "")),
        (called("press", '{"target"'), "user", ("assistant", 'press {"target"')),
        (called("fly", "{}", text="Up!"), "user", ("assistant", "Up!\nfly {}")),
        (ChatReply(text="I look."), "user", ("assistant", "I look.")),
    ],
)
def test_what_cannot_be_used_gets_one_repair_turn(first: ChatReply, role: str, line: tuple[str, str]) -> None:
    parrot = Parrot(first, called("look"))
    mind = begun(parrot, protocol="tools")
    assert mind.decide(view("bell"), "") == Action("look")
    assert parrot.read(1)[2] == line
    assert parrot.read(1)[3][0] == role
    assert parrot.read(1)[3][1].endswith("Reply again with one tool call.")
    assert mind.use.repaired_replies == 1


def test_calls_that_stay_unusable_end_the_episode() -> None:
    mind = begun(Parrot(called("fly")), protocol="tools")
    assert [mind.decide(view(), "") for _ in range(4)] == [IDLE] * 4
    with pytest.raises(InvalidEpisodeError, match="there is no skill 'fly'") as caught:
        mind.decide(view(), "")
    assert caught.value.validity is Validity.UNREADABLE_REPLIES


def test_the_debrief_is_written_without_tools_after_the_open_call_has_its_result() -> None:
    parrot = Parrot(called("look"), '{"q1": "yes"}')
    mind = begun(parrot, protocol="tools")
    mind.decide(view(), "")
    assert mind.answer(Form("Did it ring?", ()), ()) == '{"q1": "yes"}'
    assert parrot.requests[-1].tools == ()
    assert parrot.read()[-2:] == [("tool", "The run is over."), ("user", "Did it ring?")]


def test_a_call_that_the_budget_cut_is_none_and_is_no_thought_either() -> None:
    cut = ChatReply(text="", thinking="hm", tool_calls=(PRESS,), finish="length")
    parrot = Parrot(cut, called("look"))
    mind = begun(parrot, protocol="tools")
    assert mind.decide(view(), "") == Action("look")
    assert "it broke off before its action" in parrot.read()[-1][1]
    assert (mind.use.repaired_replies, mind.use.cut_replies) == (1, 1)


def test_a_call_before_the_one_that_the_budget_cut_is_whole() -> None:
    cut = ChatReply(text="", tool_calls=(PRESS, LOOK), finish="length")
    assert begun(Parrot(cut), protocol="tools").decide(view(), "") == Action("press", "bell")
