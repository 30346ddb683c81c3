"""The splitter of thinking from reply: every form a server hands over, and what holds for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embodied.backends.base import ChatReply
from embodied.backends.thinking import CLOSER, TAG, ThoughtKind, did_thinking_eat_budget, split_thinking

PLAIN = st.text().filter(lambda text: not TAG.search(text))
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


@given(WORDS, st.integers(0, len(CLOSER) - 1))
def test_no_cut_inside_the_thinking_leaks_a_reply(thinking: str, cut: int) -> None:
    thought = split_thinking(f"<think>{thinking}{CLOSER[:cut]}")
    assert (thought.thinking, thought.reply) == (thinking.strip(), "")


@given(st.lists(st.sampled_from(["<think>", "</think>", "a", "b ", "\n"])).map("".join), st.sampled_from(["", "f"]))
def test_no_tag_survives_and_nothing_is_lost(text: str, field: str) -> None:
    thought = split_thinking(text, field)
    assert not TAG.search(thought.thinking + thought.reply)
    assert sorted("".join((thought.thinking + thought.reply).split())) == sorted(
        "".join((field + TAG.sub("", text)).split())
    )


@pytest.mark.parametrize(
    ("reply", "is_eaten"),
    [
        (ChatReply(text="", thinking="hm", finish="length"), True),
        (ChatReply(text="go", thinking="hm", finish="length"), False),
        (ChatReply(text="", thinking="hm", finish="stop"), False),
        (ChatReply(text="", thinking="", finish="length"), False),
    ],
)
def test_thinking_that_ate_the_budget_is_seen(reply: ChatReply, is_eaten: bool) -> None:
    assert did_thinking_eat_budget(reply) is is_eaten
