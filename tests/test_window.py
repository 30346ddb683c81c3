"""The rules by which a cut prompt is noticed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embodied.backends.base import ChatMessage, ChatRequest, ToolCall, ToolSpec
from embodied.backends.window import PromptExpectation, check_room, missing_messages
from embodied.errors import ContextOverflowError

SYSTEM = ChatMessage(role="system", content="You drive a robot.")
PROSE = "You are in the hall. The lamp is on, the door is shut, and nobody can be seen or heard. " * 12
TOOL = ToolSpec(name="goto", description="Go.", parameters={"type": "object"})


def user(text: str) -> ChatMessage:
    return ChatMessage(role="user", content=text)


def assistant(text: str, thinking: str = "") -> ChatMessage:
    return ChatMessage(role="assistant", content=text, thinking=thinking)


def request(*messages: ChatMessage, **options: object) -> ChatRequest:
    return ChatRequest.model_validate({"messages": messages, "seed": 1, **options})


# Room


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**6))
def test_there_is_room_exactly_when_prompt_and_budget_fit(prompt: int, budget: int, window: int) -> None:
    if prompt + budget <= window:
        check_room(prompt, budget, window, "model.num_ctx")
        return
    with pytest.raises(ContextOverflowError) as error:
        check_room(prompt, budget, window, "model.num_ctx")
    assert str(error.value) == (
        f"a prompt of {prompt} tokens and model.max_tokens={budget} do not fit model.num_ctx={window}: "
        "raise model.num_ctx or lower model.max_tokens"
    )


# Rendering


def test_a_rendering_holds_every_message() -> None:
    messages = (SYSTEM, user("Where are you?"), assistant('{"skill": "wait"}'), user("Where are you?"))
    frame = [f"[{message.role}] {message.content} [end]" for message in messages]
    assert missing_messages("\n".join(frame), messages) == ()
    assert missing_messages("\n".join(frame[1:]), messages) == (0,)
    assert missing_messages("\n".join([frame[0], *frame[2:]]), messages) == (1,)
    assert missing_messages("\n".join(frame[:-1]), messages) != ()
    assert missing_messages("", messages) == (0, 1, 2, 3)


def test_what_templates_do_to_a_text_is_no_cut() -> None:
    messages = (SYSTEM, user("  Two\n\nlines.  "), ChatMessage(role="tool", content='It says "no".\nGo on.'), user("B"))
    as_json = json.dumps(messages[2].content)
    assert missing_messages(f"<user>Two\n\nlines.<tool>{as_json}<user>{SYSTEM.content}\n\nB<model>", messages) == ()


def test_messages_are_looked_for_in_their_order() -> None:
    messages = (user("first words"), assistant("then these"), user("first words, and more"))
    assert missing_messages("then these | first words, and more", messages) != ()


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Zs", "Cc")), min_size=12, max_size=40)


@given(st.lists(texts, min_size=2, max_size=8, unique=True), st.data())
def test_whatever_is_left_out_is_missed(contents: list[str], data: st.DataObject) -> None:
    messages = [user(f"{number}: {text}") for number, text in enumerate(contents)]
    left = data.draw(st.lists(st.sampled_from(range(len(messages))), unique=True))
    rendered = "".join(f"<|user|>{m.content}<|end|>" for number, m in enumerate(messages) if number not in left)
    assert missing_messages(rendered, messages) == tuple(sorted(left))


# Counts


def test_a_first_prompt_is_held_to_its_size_once_the_server_counted_a_text() -> None:
    first = request(SYSTEM, user(PROSE))
    n_bytes = len((SYSTEM.content + PROSE).encode())
    PromptExpectation().note(first, n_bytes // 20)
    expectation = PromptExpectation()
    expectation.calibrate("x" * 4000, 1000)
    expectation.note(first, int(0.8 * n_bytes / 4) + 2)
    for tokens in (n_bytes // 8, int(0.8 * n_bytes / 4) + 1):
        expectation = PromptExpectation()
        expectation.calibrate("x" * 4000, 1000)
        with pytest.raises(ContextOverflowError, match=f"was cut: {tokens} tokens"):
            expectation.note(first, tokens)


def test_what_the_model_wrote_is_not_held_to_its_size() -> None:
    expectation = PromptExpectation()
    expectation.calibrate("x" * 4000, 1000)
    expectation.note(request(SYSTEM, user("Go."), assistant("no" * 5000), user("On.")), 60)


def test_a_transcript_that_grew_has_more_tokens() -> None:
    expectation = PromptExpectation()
    first = (SYSTEM, user("Go."))
    expectation.note(request(*first), 30)
    expectation.note(request(*first, assistant("ok"), user("On.")), 32)
    with pytest.raises(ContextOverflowError, match="was cut: 33 tokens, of at least 34") as error:
        expectation.note(request(*first, assistant("ok"), user("On."), assistant("ok"), user("On.")), 33)
    assert "\n" not in str(error.value)


def test_a_reply_that_is_read_back_counts_at_least_by_half() -> None:
    first = (SYSTEM, user("Go."))
    longer = request(*first, assistant("a long reply"), user("On."))
    for tokens, is_cut in ((30 + 50 + 1, False), (30 + 50, True)):
        expectation = PromptExpectation()
        expectation.note(request(*first), 30, "a long reply", 100)
        if is_cut:
            with pytest.raises(ContextOverflowError, match="of at least 81"):
                expectation.note(longer, tokens)
        else:
            expectation.note(longer, tokens)


def test_another_reply_than_the_one_counted_is_not_held_to_its_tokens() -> None:
    expectation = PromptExpectation()
    expectation.note(request(SYSTEM, user("Go.")), 30, "a long reply", 100)
    expectation.note(request(SYSTEM, user("Go."), assistant("short"), user("On.")), 40)


def test_a_cut_that_still_grows_is_seen_by_the_tokens_per_byte() -> None:
    """From 400 tokens a cut of 100 and 150 new ones make 450."""
    expectation = PromptExpectation()
    first = (SYSTEM, user(PROSE * 2))
    expectation.note(request(*first), 400)
    with pytest.raises(ContextOverflowError, match="was cut"):
        expectation.note(request(*first, assistant("ok"), user(PROSE)), 450)


def test_little_text_says_nothing_of_tokens_per_byte() -> None:
    expectation = PromptExpectation()
    expectation.note(request(SYSTEM, user("Go.")), 60)
    expectation.note(request(SYSTEM, user("Go."), assistant("ok"), user(PROSE)), 70)


def test_pictures_say_nothing_of_tokens_per_byte() -> None:
    expectation = PromptExpectation()
    seen = ChatMessage(role="user", content=PROSE, images=(b"png",))
    expectation.note(request(seen), 5000)
    expectation.note(request(seen, assistant("ok"), user(PROSE)), 5100)


@pytest.mark.parametrize(
    "other",
    [
        {"tools": ()},
        {"may_think": False},
        {"json_schema": {"type": "object"}},
        {"messages": (SYSTEM, user("Halt."), assistant("ok"), user("On."))},
        {"messages": (SYSTEM, user("Go."), ChatMessage(role="tool", content="ok", tool_name="goto"))},
    ],
)
def test_only_a_prompt_that_begins_alike_is_held_against_another(other: dict[str, object]) -> None:
    expectation = PromptExpectation()
    longer = request(SYSTEM, user("Go."), assistant("ok"), user("On."), tools=(TOOL,))
    expectation.note(request(SYSTEM, user("Go."), assistant("ok"), tools=(TOOL,)), 300)
    expectation.note(longer.model_copy(update=other), 40)
    with pytest.raises(ContextOverflowError):
        expectation.note(longer, 40)


def test_a_template_may_drop_thinking_that_it_was_sent() -> None:
    expectation = PromptExpectation()
    first = (SYSTEM, user("Go."), assistant("ok", "a long thought"), ChatMessage(role="tool", content="there"))
    expectation.note(request(*first, shows_thinking=True), 500)
    expectation.note(request(*first, user("Now the form."), shows_thinking=True), 90)


def test_a_call_is_part_of_what_a_prompt_begins_with() -> None:
    expectation = PromptExpectation()
    call = ChatMessage(role="assistant", content="", tool_calls=(ToolCall(name="goto", arguments="{}"),))
    expectation.note(request(SYSTEM, user("Go."), call), 300)
    expectation.note(request(SYSTEM, user("Go."), assistant(""), user("On.")), 40)


def test_the_oldest_prompt_is_forgotten() -> None:
    expectation = PromptExpectation(size=1)
    expectation.note(request(SYSTEM, user("Go.")), 300)
    expectation.note(request(SYSTEM, user("Halt.")), 300)
    expectation.note(request(SYSTEM, user("Go."), assistant("ok")), 40)
