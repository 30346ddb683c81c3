"""The splitter of thinking from reply: every form a server hands over, and what holds for any text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embodied.backends.base import ChatReply, ToolCall
from embodied.backends.thinking import CLOSERS, MARK, ThoughtKind, did_thinking_eat_budget, split_thinking

PLAIN = st.text().filter(lambda text: not MARK.search(text))
WORDS = st.from_regex(r"[a-z{}\": \n]*[a-z]", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "field", "thinking", "reply", "kind"),
    [
        ("", "", "", "", ThoughtKind.NONE),
        (' {"skill": "wait"}\n', "", "", '{"skill": "wait"}', ThoughtKind.NONE),
        ("go", "hm", "hm", "go", ThoughtKind.FIELD),
        ("", "hm", "hm", "", ThoughtKind.FIELD),
        ("go", " \n", "", "go", ThoughtKind.NONE),
        ("<think>b</think>go", "a", "a\n\nb", "go", ThoughtKind.FIELD),
        ("</think>go", "a", "a", "go", ThoughtKind.FIELD),
        ("<think>\nhm\n</think>\n\ngo", "", "hm", "go", ThoughtKind.TAGS),
        ("<THINKING>hm</Thinking>go", "", "hm", "go", ThoughtKind.TAGS),
        ("Sure. <think>hm</think>go", "", "hm", "Sure. go", ThoughtKind.TAGS),
        ("<think>a</think>x<think>b</think>y", "", "a\n\nb", "xy", ThoughtKind.TAGS),
        ("<think><think>hm</think>go", "", "hm", "go", ThoughtKind.TAGS),
        ("<think>hm</think>go</think>", "", "hm", "go", ThoughtKind.TAGS),
        ("<think>hm</think>go</think> \n</think>", "", "hm", "go", ThoughtKind.TAGS),
        ("<think>a</think>b, no.</think>go", "", "a\n\nb, no.", "go", ThoughtKind.TAGS),
        ("<think>a</think>b</think>c</think>go", "", "a\n\nb\n\nc", "go", ThoughtKind.TAGS),
        ("<think> </think>b</think>go", "", "b", "go", ThoughtKind.TAGS),
        ("b, no.</think>go", "a", "a\n\nb, no.", "go", ThoughtKind.FIELD),
        ("go</think>", "a", "a", "go", ThoughtKind.FIELD),
        ("a</think>b</think>go", "", "a\n\nb", "go", ThoughtKind.MISSING_OPENER),
        ("hm</think>", "", "hm", "", ThoughtKind.MISSING_OPENER),
        ("hm</think>go", "", "hm", "go", ThoughtKind.MISSING_OPENER),
        ("hm</think>go</think>", "", "hm", "go", ThoughtKind.MISSING_OPENER),
        ("<think>hm", "", "hm", "", ThoughtKind.UNCLOSED),
        ("<think>hm</thi", "", "hm", "", ThoughtKind.UNCLOSED),
        ("<think>a</think>x<think>b", "", "a\n\nb", "x", ThoughtKind.UNCLOSED),
        ("<think>\n\n</think>go", "", "", "go", ThoughtKind.EMPTY),
        ("</think>go", "", "", "go", ThoughtKind.EMPTY),
    ],
)
def test_every_form(text: str, field: str, thinking: str, reply: str, kind: ThoughtKind) -> None:
    thought = split_thinking(text, field)
    assert (thought.thinking, thought.reply, thought.kind) == (thinking, reply, kind)


MARKED = {
    "think": ("<think>", "</think>"),
    "thinking": ("<thinking>", "</thinking>"),
    "EXAONE": ("<thought>\n", "</thought>"),
    "Seed-OSS": ("<seed:think>", "</seed:think>"),
    "Magistral": ("[THINK]", "[/THINK]"),
    "Command A": ("<|START_THINKING|>", "<|END_THINKING|>"),
    "Gemma 4": ("<|channel>thought\n", "<channel|>"),
    "gpt-oss": (
        "<|channel|>analysis<|message|>",
        "<|end|><|start|>assistant<|channel|>final<|message|>",
    ),
}


@pytest.mark.parametrize("maker", MARKED)
def test_marks_of_every_maker(maker: str) -> None:
    opener, closer = MARKED[maker]
    whole = split_thinking(f"{opener}hm{closer}go")
    assert (whole.thinking, whole.reply, whole.kind) == ("hm", "go", ThoughtKind.TAGS)
    cut = split_thinking(f'{opener}hm {{"skill": "wait"}}')
    assert (cut.thinking, cut.reply, cut.kind) == ('hm {"skill": "wait"}', "", ThoughtKind.UNCLOSED)
    last = closer.rpartition("<|start|>")
    headless = split_thinking(f"hm{''.join(last[1:])}go")
    assert (headless.thinking, headless.reply, headless.kind) == ("hm", "go", ThoughtKind.MISSING_OPENER)


@pytest.mark.parametrize("opened", MARKED)
@pytest.mark.parametrize("closed", MARKED)
def test_block_ends_only_at_a_mark_of_its_kind(opened: str, closed: str) -> None:
    is_own = opened == closed or {opened, closed} <= {"think", "thinking", "EXAONE", "Seed-OSS"}
    thought = split_thinking(f"{MARKED[opened][0]}hm{MARKED[closed][1]}go")
    assert (thought.reply == "go") == is_own
    assert thought.kind is (ThoughtKind.TAGS if is_own else ThoughtKind.UNCLOSED)


@pytest.mark.parametrize("text", ["go<|end|>", "a [think] b", "<thoughts>", "<think", "think>", "<|channel|>", "THINK"])
def test_what_is_no_mark_stays(text: str) -> None:
    assert split_thinking(text).reply == text


@pytest.mark.parametrize(
    ("text", "field", "thinking", "reply", "kind"),
    [
        ("hm</think>go", "", "hm", "go", ThoughtKind.MISSING_OPENER),
        ("hm[/THINK]go", "", "hm", "go", ThoughtKind.MISSING_OPENER),
        ("<think>hm</think>go", "", "hm", "go", ThoughtKind.MISSING_OPENER),
        ("hm</think>b, no.</think>go", "", "hm\n\nb, no.", "go", ThoughtKind.MISSING_OPENER),
        ("hm</think>go<think>hm again", "", "hm\n\nhm again", "go", ThoughtKind.UNCLOSED),
        ('I could {"skill": "press"}', "", 'I could {"skill": "press"}', "", ThoughtKind.UNCLOSED),
        ("hm</thi", "", "hm", "", ThoughtKind.UNCLOSED),
        ("hm[/TH", "", "hm", "", ThoughtKind.UNCLOSED),
        ("\n</think>go", "", "", "go", ThoughtKind.EMPTY),
        ("", "", "", "", ThoughtKind.UNCLOSED),
        ("go", "hm", "hm", "go", ThoughtKind.FIELD),
        ("hm<|end|>", "", "hm<|end|>", "", ThoughtKind.UNCLOSED),
    ],
)
def test_text_of_a_prompt_that_opened_the_thinking(
    text: str, field: str, thinking: str, reply: str, kind: ThoughtKind
) -> None:
    thought = split_thinking(text, field, is_open=True)
    assert (thought.thinking, thought.reply, thought.kind) == (thinking, reply, kind)


QUOTING = '{"skill": "say", "text": "write <think> and </think>, or [THINK]"}'


def test_mark_that_a_model_quotes_in_its_action_is_no_mark() -> None:
    assert split_thinking(QUOTING).reply == QUOTING
    thought = split_thinking(f"<think>hm</think>{QUOTING}")
    assert (thought.thinking, thought.reply) == ("hm", QUOTING)
    thought = split_thinking(f"<think>I could say {QUOTING}, no.</think>{QUOTING}")
    assert (thought.thinking, thought.reply) == (f"I could say {QUOTING}, no.", QUOTING)
    assert split_thinking(f"I could say {QUOTING}", is_open=True).reply == ""


@pytest.mark.parametrize("before", ["", "<think>hm</think>", "hm</think>"])
def test_action_that_was_weighed_before_a_closing_mark_is_thought(before: str) -> None:
    weighed = '{"skill": "press", "target": "button"} hmm no, wait.'
    thought = split_thinking(f"{before}{weighed}</think>\nI will wait.", "" if before else "first part")
    assert thought.reply == "I will wait."
    assert weighed in thought.thinking
    kept = split_thinking(f"{before}Go. {QUOTING}", "" if before else "first part")
    assert kept.reply == f"Go. {QUOTING}"


def test_mark_in_an_object_that_breaks_off_is_a_mark() -> None:
    thought = split_thinking('{"skill": "say", "text": "hm</think>{"skill": "wait"}')
    assert (thought.thinking, thought.reply) == ('{"skill": "say", "text": "hm', '{"skill": "wait"}')


def test_a_text_of_marks_is_split_in_no_time() -> None:
    began_s = time.perf_counter()
    thought = split_thinking("a</think>" * 30_000)
    assert (thought.reply, thought.thinking.count("a")) == ("a", 29_999)
    assert time.perf_counter() - began_s < 2.0


@given(PLAIN)
def test_text_without_tags_is_all_reply(text: str) -> None:
    assert split_thinking(text).reply == text.strip()
    assert split_thinking(text).thinking == ""


@given(WORDS, WORDS)
def test_all_marked_forms_agree(thinking: str, reply: str) -> None:
    forms = (
        split_thinking(reply, thinking),
        split_thinking(f"<think>{thinking}</think>{reply}"),
        split_thinking(f"{thinking}</think>{reply}"),
    )
    assert [form.kind for form in forms] == [ThoughtKind.FIELD, ThoughtKind.TAGS, ThoughtKind.MISSING_OPENER]
    assert {(form.thinking, form.reply) for form in forms} == {(thinking.strip(), reply.strip())}


@given(WORDS, st.integers(0, len(CLOSERS[0]) - 1))
def test_no_cut_inside_the_thinking_leaks_a_reply(thinking: str, cut: int) -> None:
    thought = split_thinking(f"<think>{thinking}{CLOSERS[0][:cut]}")
    assert (thought.thinking, thought.reply) == (thinking.strip(), "")


@given(st.lists(st.sampled_from(["<think>", "</think>", "a", "b ", "\n"])).map("".join), st.sampled_from(["", "f"]))
def test_no_tag_survives_and_nothing_is_lost(text: str, field: str) -> None:
    thought = split_thinking(text, field)
    assert not MARK.search(thought.thinking + thought.reply)
    assert sorted("".join((thought.thinking + thought.reply).split())) == sorted(
        "".join((field + MARK.sub("", text)).split())
    )


@pytest.mark.parametrize(
    ("reply", "is_eaten"),
    [
        (ChatReply(text="", thinking="hm", finish="length"), True),
        (ChatReply(text="go", thinking="hm", finish="length"), False),
        (ChatReply(text="", thinking="hm", finish="stop"), False),
        (ChatReply(text="", thinking="", finish="length"), False),
        (ChatReply(text="", thinking="hm", finish="length", tool_calls=(ToolCall(name="go", arguments=""),)), False),
    ],
)
def test_thinking_that_ate_the_budget_is_seen(reply: ChatReply, is_eaten: bool) -> None:
    assert did_thinking_eat_budget(reply) is is_eaten
