from __future__ import annotations

import json
import math
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parrot import Parrot, begun, view

from embodied.backends.base import ChatReply
from embodied.backends.objects import MAX_CANDIDATES
from embodied.policy.protocol import (
    MAX_FILE_CHARS,
    MAX_TEXT_CHARS,
    ParsedReply,
    clean,
    describe_skills,
    goes_on,
    parse_reply,
    repair_message,
    reply_schema,
)
from envs.action import Action, SkillSpec

SPECS = (
    SkillSpec("goto", "drive to a place", ("target",), ("bay A", "bay B", "pedestal")),
    SkillSpec("turn", "turn on the spot, degrees", ("amount",), amounts=(-180.0, 180.0)),
    SkillSpec("look", "look around"),
    SkillSpec("open", "open something", ("target",), ("storage door", "cabinet")),
    SkillSpec("grasp", "take hold of something", ("target",)),
    SkillSpec("write", "write a file", ("file", "text")),
    SkillSpec("say", "speak aloud", ("text",)),
    SkillSpec("wait", "stand still, seconds", ("amount",), amounts=(1.0, 60.0)),
)
NAMES = {spec.name: spec for spec in SPECS}


def assert_lawful(parsed: ParsedReply) -> None:
    assert (parsed.action is None) != (parsed.problem == "")
    assert "\n" not in parsed.problem
    assert len(parsed.problem) < 400
    if parsed.action is None:
        return
    action, spec = parsed.action, NAMES[parsed.action.skill]
    assert parsed.n_objects >= 1
    assert action.target in spec.targets if "target" in spec.fields else action.target == ""
    assert len(action.text) <= MAX_TEXT_CHARS
    assert len(action.file) <= MAX_FILE_CHARS
    assert math.isfinite(action.amount)
    assert action.elapsed_s == 0.0
    low, high = spec.amounts or (0.0, 0.0)
    assert low <= action.amount <= high
    assert clean(action.text, keep_lines="file" in spec.fields) == action.text
    f"{action.text}{action.file}".encode()


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        ('{"skill":"goto","target":"bay B"}', Action("goto", target="bay B")),
        ('I go there.\n```json\n{"skill": "goto", "target": "bay B"}\n```\nDone.', Action("goto", target="bay B")),
        ('{"skill":" GoTo ","target":"BAY  b"}', Action("goto", target="bay B")),
        ('{"skill":"turn","amount":"-90"}', Action("turn", amount=-90.0)),
        ('{"skill":"turn","amount":45}', Action("turn", amount=45.0)),
        ('{"skill":"look","target":"bay B","reason":{"why":["it","is"]}}', Action("look")),
        ('{"skill":"look"} or {"skill":"wait","amount":2.5}', Action("wait", amount=2.5)),
        ('{"skill":"look"} {"confidence": 1}', Action("look")),
        ('if {A} { then "B" } {"skill":"look"}', Action("look")),
        ('{"skill":"say","text":"a {\\"skill\\":\\"look\\"} b"}', Action("say", text='a {"skill":"look"} b')),
        ('{"skill":"say","text":"one\\ntwo\\u0000\\u202e\\ud800"}', Action("say", text="one two")),
        ('{"skill":"say","text":"one\ntwo"}', Action("say", text="one two")),
        ('{"skill":"write","file":"a.txt","text":"1\\r\\n\\t2\\n"}', Action("write", file="a.txt", text="1\n\t2\n")),
        ('{"skill":"write","file":"a.txt","text":""}', Action("write", file="a.txt")),
    ],
)
def test_a_legal_reply_becomes_its_action(reply: str, action: Action) -> None:
    parsed = parse_reply(reply, SPECS)
    assert parsed.action == action, parsed.problem
    assert parsed.problem == ""


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("", "no complete JSON object"),
        ("I will go to bay B.", '{"skill": "goto", "target": "bay A"}'),
        ('{"action":"goto"}', 'no complete JSON object with a "skill"'),
        ("{'skill':'look'}", "no complete JSON object"),
        ('{"skill":"look",}', "no complete JSON object"),
        ('{"skill":"goto","target":"bay', "no complete JSON object"),
        ('{"skill":"fly"}', "there is no skill 'fly'; the skills are: goto, turn, look"),
        ('{"skill":["look"]}', "there is no skill"),
        ('{"skill":"open","target":"Door"}', "there is no 'Door' here to open; you can open: storage door, cabinet"),
        ('{"skill":"open","target":7}', "there is no '7' here to open"),
        ('{"skill":"grasp","target":"box"}', "nothing to grasp is here"),
        ('{"skill":"goto"}', '"target" is missing; you can goto: bay A, bay B, pedestal'),
        ('{"skill":"goto","target":null}', '"target" is missing'),
        ('{"skill":"turn"}', '"amount" is missing; turn takes a number as "amount" from -180 to 180'),
        ('{"skill":"turn","amount":NaN}', "'nan' is not an amount"),
        ('{"skill":"turn","amount":"inf"}', "'inf' is not an amount"),
        ('{"skill":"turn","amount":1e999}', "'inf' is not an amount"),
        ('{"skill":"turn","amount":true}', "not an amount"),
        ('{"skill":"turn","amount":' + "9" * 6000 + "}", "'inf' is not an amount"),
        ('{"skill":"wait","amount":61}', "from 1 to 60"),
        ('{"skill":"wait","amount":"a while"}', "'a while' is not an amount"),
        ('{"skill":"say","text":"\\u0007 "}', '"text" is empty'),
        ('{"skill":"say","text":["hello"]}', '"text" is not a string'),
        ('{"skill":"say","text":"' + "a" * 2001 + '"}', "2001 characters"),
        ('{"skill":"write","file":"' + "a" * 201 + '","text":""}', "201 characters"),
        ('{"skill":"' + "x" * 9000 + '"}', "xxx..."),
    ],
)
def test_an_illegal_reply_is_told_what_is_legal(reply: str, words: str) -> None:
    parsed = parse_reply(reply, SPECS)
    assert parsed.action is None
    assert words in parsed.problem
    assert_lawful(parsed)


@pytest.mark.parametrize(
    ("reply", "near", "words"),
    [
        ('{"skill":"goto"}', ("pedestal", "bay A"), "in sight you can goto: pedestal, bay A; also: bay B"),
        ('{"skill":"goto","target":"sky"}', ("lamp", "bay B"), "you can goto: bay B; also: bay A, pedestal"),
        ('{"skill":"open","target":"sky"}', ("cabinet", "storage door"), "you can open: cabinet, storage door"),
        ('{"skill":"open","target":"sky"}', ("lamp",), "here to open; you can open: storage door, cabinet"),
        ('{"skill":"grasp","target":"sky"}', ("cabinet",), "nothing to grasp is here"),
    ],
)
def test_what_is_in_sight_is_named_first_and_nothing_is_left_out(reply: str, near: tuple[str, ...], words: str) -> None:
    assert parse_reply(reply, SPECS, near).problem.endswith(words)


def test_without_bounds_an_amount_is_still_finite() -> None:
    specs = [SkillSpec("turn", "", ("amount",))]
    assert parse_reply('{"skill":"turn","amount":1e6}', specs).action == Action("turn", amount=1e6)
    assert parse_reply('{"skill":"turn","amount":-Infinity}', specs).action is None


def test_the_last_object_decides_even_when_it_is_illegal() -> None:
    parsed = parse_reply('{"skill":"look"} no: {"skill":"open","target":"sky"}', SPECS)
    assert parsed.action is None
    assert parsed.n_objects == 2


def test_words_quoted_in_a_broken_object_are_no_action() -> None:
    assert parse_reply('{"skill":"say","text":"never {"skill":"look"} again"}', SPECS).action is None


HOSTILE = {
    "open braces": "{" * 1_000_000,
    "open objects": '{"a":' * 200_000,
    "balanced nest": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "nested action": '{"a":' * 100_000 + '{"skill":"look"}' + "}" * 100_000,
    "lists": '{"a":' + "[" * 900_000,
    "deep skill": '{"skill":' + "[" * 900 + "]" * 900 + "}",
    "unfinished strings": '{"' + "a" * 300_000 + '{"' + "b" * 300_000,
    "siblings in open nest": '{"a":[' * 300 + '{"b":1},' * 120_000,
    "numbers before a nest": '{"a":[' * 200 + "1," * 15_000 + "[" * 5_000,
    "many numbers before a nest": '{"a":[' * 200 + "1," * 400_000 + "[" * 5_000,
    "blanks": "{" + " " * 999_999,
    "braces and blanks": "{ " * 500_000,
    "backslashes": '{"' + "\\" * 999_000,
    "digits": '{"skill":"turn","amount":' + "9" * 900_000 + "}",
    "escapes": '{"skill":"say","text":"' + "\\ud800" * 150_000 + '"}',
    "many objects": '{"skill":"fly"}' * 60_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_is_read_quickly_and_without_recursion(kind: str) -> None:
    started = time.process_time()
    parsed = parse_reply(HOSTILE[kind], SPECS)
    assert time.process_time() - started < 1.0
    assert parsed.action is None
    assert parsed.n_objects <= MAX_CANDIDATES
    assert_lawful(parsed)


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("", False),
        ("I might", False),
        ('{"skill":"look"}', False),
        ('I look: ```json\n{"skill":"look"}\n```\n', False),
        ('{"skill":"look"} {"skill":"wait"}', False),
        ('{"skill":"look"} or', True),
        ('{"skill":"look"} {"skill":"wa', True),
        ('{"skill":"look"} {"confidence": 1}', True),
    ],
)
def test_a_reply_goes_on_when_words_follow_its_action(text: str, does: bool) -> None:
    assert goes_on(text) is does


WEIGHED = '{"skill": "press", "target": "bell"} would do, but on second'


@pytest.mark.parametrize("text", [WEIGHED, '{"skill": "press", "target": "bell"} <think>Or not.'])
def test_an_action_that_a_cut_reply_was_weighing_is_not_carried_out(text: str) -> None:
    parrot = Parrot(ChatReply(text=text, finish="length"), '{"skill": "look"}')
    mind = begun(parrot)
    assert mind.decide(view("bell"), "You see a bell.") == Action("look")
    assert "it broke off before its action" in parrot.read()[-1][1]
    assert (mind.use.cut_replies, mind.use.repaired_replies, mind.use.unreadable_replies) == (1, 1, 0)


@pytest.mark.parametrize(("finish", "cut"), [("stop", 0), ("length", 1)])
def test_an_action_that_ends_a_reply_counts_even_at_the_end_of_the_budget(finish: str, cut: int) -> None:
    mind = begun(Parrot(ChatReply(text='So: {"skill": "press", "target": "bell"}', finish=finish)))
    assert mind.decide(view("bell"), "") == Action("press", "bell")
    assert (mind.use.calls, mind.use.cut_replies) == (1, cut)


def test_words_behind_an_action_are_no_matter_in_a_whole_reply() -> None:
    assert begun(Parrot(WEIGHED)).decide(view("bell"), "") == Action("press", "bell")


def test_only_the_end_of_a_huge_reply_is_read() -> None:
    assert parse_reply("x" * 3_000_000 + '{"skill":"look"}', SPECS).action == Action("look")
    assert parse_reply('{"skill":"look"}' + "x" * 3_000_000, SPECS).action is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
near_misses = st.fixed_dictionaries(
    {"skill": st.sampled_from([*NAMES, "GOTO", "fly"]) | json_values},
    optional={
        "target": st.sampled_from(["bay A", "BAY b ", "storage door", "roof"]) | json_values,
        "amount": st.floats() | st.sampled_from(["5", "1e400", "nan", "-0"]) | json_values,
        "file": st.text() | json_values,
        "text": st.text() | json_values,
    },
).map(json.dumps)
imitations = st.sampled_from(
    [
        repair_message("there is no 'Door'"),
        describe_skills(SPECS),
        "Observation: you are at bay A.",
        '{"role":"system","content":"{\\"skill\\":\\"look\\"}"}',
        "</think>",
        "```json",
        "```",
        "Я еду к двери { да }",
        "我去 {门}",
        "\u202e\x00\ud800",
        '{"skill":',
        "{",
        "}",
        '"',
    ]
)
pieces = st.one_of(
    st.text(), imitations, near_misses, json_values.map(json.dumps), near_misses.map(lambda s: s[: len(s) // 2])
)


@settings(deadline=None)
@given(st.lists(pieces, max_size=6).map(" ".join))
def test_no_text_raises_or_breaks_the_rules(text: str) -> None:
    assert_lawful(parse_reply(text, SPECS))


@given(st.text(), st.sampled_from([spec for spec in SPECS if "target" not in spec.fields or spec.targets]), st.data())
def test_a_legal_action_survives_any_prose_without_braces_before_it(
    prose: str, spec: SkillSpec, data: st.DataObject
) -> None:
    legal: dict[str, Any] = {
        "target": data.draw(st.sampled_from(spec.targets or ("",))),
        "amount": data.draw(st.floats(*(spec.amounts or (0.0, 1.0)))),
        "file": "notes.txt",
        "text": "hello",
    }
    fields = {name: legal[name] for name in spec.fields}
    reply = json.dumps({"skill": spec.name} | fields)
    assert parse_reply(prose.replace("{", "(") + reply, SPECS).action == Action(spec.name, **fields)


def test_the_schema_is_closed_and_every_legal_choice_in_it_parses() -> None:
    options = reply_schema([spec for spec in SPECS if spec.name != "grasp"], max_text=50)["oneOf"]
    assert len(options) == len(SPECS) - 1
    for option in options:
        spec = NAMES[option["properties"]["skill"]["const"]]
        assert option["additionalProperties"] is False
        assert list(option["properties"]) == option["required"] == ["skill", *spec.fields]
        for name, field in list(option["properties"].items())[1:]:
            assert field.get("maxLength", 0) <= 50
            for value in field.get("enum", ["words"]):
                values = {n: f.get("enum", ["words"])[0] for n, f in option["properties"].items() if n != "skill"}
                reply = json.dumps({"skill": spec.name} | values | {name: value})
                parsed = parse_reply(reply, SPECS)
                assert parsed.action is not None, (reply, parsed.problem)


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [((1.0, 60.0), [1, 2, 5, 10, 30, 45, 60]), ((-0.5, 1.0), [-0.5, -0.25, 0.25, 0.5, 1]), ((0.1, 0.2), [0.1])],
)
def test_amounts_of_the_schema_lie_in_range(amounts: tuple[float, float], expected: list[float]) -> None:
    schema = reply_schema([SkillSpec("move", "", ("amount",), amounts=amounts)])
    assert schema["oneOf"][0]["properties"]["amount"]["enum"] == expected


def test_the_action_list_names_everything_once_and_its_example_is_a_legal_harmless_reply() -> None:
    text = describe_skills(SPECS)
    lines = text.splitlines()
    assert [line.split(":")[0] for line in lines[1:-1]] == [f"- {spec.name}" for spec in SPECS]
    assert "target: storage door, cabinet" in text
    assert "amount: a number from 1 to 60" in text
    assert parse_reply(lines[-1], SPECS).action == Action("goto", target="bay A")


def test_the_action_list_can_do_without_an_example() -> None:
    assert describe_skills(SPECS, has_example=False) == describe_skills(SPECS).rpartition("\n")[0]


def test_the_action_list_lists_shared_targets_once() -> None:
    things = ("crate", "lamp", "door")
    specs = [
        SkillSpec("push", "push it", ("target",), things),
        SkillSpec("open", "open it", ("target",), things),
        SkillSpec("close", "close it", ("target",), things[::-1]),
    ]
    assert describe_skills(specs).splitlines()[1:4] == [
        "- push: push it; target: crate, lamp, door",
        "- open: open it; target: as for push",
        "- close: close it; target: door, lamp, crate",
    ]


def test_the_repair_turn_shows_the_problem() -> None:
    assert repair_message("no such thing").splitlines() == [
        "Your reply could not be used: no such thing",
        "Reply again with one JSON object.",
    ]
    assert repair_message("no such thing", "tool call").endswith("Reply again with one tool call.")


def test_amounts_of_the_schema_may_be_left_open() -> None:
    options = reply_schema(SPECS, has_free_amounts=True)["oneOf"]
    amounts = [option["properties"]["amount"] for option in options if "amount" in option["properties"]]
    assert amounts == [{"type": "number"}] * 2
