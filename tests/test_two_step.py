"""Two steps: a decision in free words, then a constrained call that turns it into an action."""

from __future__ import annotations

import json

import pytest
from parrot import SPECS, Parrot, Said, begun, view

from embodied.backends.base import ChatReply, ThoughtKind
from embodied.errors import BackendError, ContextOverflowError
from embodied.policy.form import Form, FormItem
from embodied.policy.mind import InvalidEpisodeError
from embodied.policy.model_mind import IDLE
from embodied.policy.protocol import parse_reply
from embodied.policy.two_step import ANSWERS, QUESTION, announce, decision_schema
from embodied.records import Validity
from envs.action import Action

WORDS = "The bell has to ring. I press the bell."
PRESS = '{"skill": "press", "target": "bell"}'
LOOK = '{"skill": "look"}'
FORM = Form("Did the bell ring?", (FormItem("q1", "rang", ("yes", "no")),))


def test_the_second_call_is_constrained_does_not_think_and_sees_the_decision() -> None:
    parrot = Parrot(f"<think>Ring it?</think>{WORDS}", PRESS)
    assert begun(parrot, steps=2).decide(view(), "You see a bell.") == Action("press", "bell")
    free, constrained = parrot.requests
    assert (free.json_schema, free.may_think) == (None, True)
    assert (constrained.json_schema, constrained.may_think) == (decision_schema(SPECS), False)
    assert parrot.read(1) == [*parrot.read(0), ("assistant", WORDS), ("user", QUESTION)]
    assert free.seed != constrained.seed


def test_the_line_goes_on_with_what_the_model_wrote_and_says_what_was_read() -> None:
    parrot = Parrot(WORDS, PRESS, "Now I look.", LOOK)
    mind = begun(parrot, steps=2)
    mind.decide(view(), "You see a bell.")
    mind.decide(view(), "It rang.")
    assert parrot.read(2) == [
        *parrot.read(0),
        ("assistant", WORDS),
        ("user", 'Your decision was read as press; target: "bell".\nIt rang.'),
    ]


def test_the_prompt_asks_for_no_json() -> None:
    parrot = Parrot(WORDS, PRESS)
    begun(parrot, steps=2).decide(view(), "You see a bell.")
    (_, system), _ = parrot.read(0)
    assert "- press: press a thing" in system
    assert "{" not in system


def test_both_calls_are_in_the_record() -> None:
    parrot = Parrot(WORDS, PRESS)
    mind = begun(parrot, steps=2)
    mind.decide(view(), "You see a bell.")
    entries = [(entry["role"], entry["content"], entry.get("step")) for entry in mind.transcript[2:]]
    assert entries == [("assistant", WORDS, 1), ("user", QUESTION, 2), ("assistant", PRESS, 2)]
    assert (mind.use.calls, mind.use.second_calls) == (2, 1)


@pytest.mark.parametrize(
    ("words", "disagreements"),
    [(WORDS, 0), (f"So: {PRESS}", 0), (f"So: {LOOK}", 1), ('So: {"skill": "press", "target": "moon"}', 0)],
)
def test_another_action_than_the_words_held_is_counted(words: str, disagreements: int) -> None:
    mind = begun(Parrot(words, PRESS), steps=2)
    assert mind.decide(view(), "") == Action("press", "bell")
    assert mind.use.disagreements == disagreements


@pytest.mark.parametrize(
    "failed", ['{"skill": "press"', '{"skill": "none"}', '{"skill": "turn", "amount": 999}', "I would rather not."]
)
def test_words_of_which_no_action_comes_get_the_repair_turn_in_the_line(failed: str) -> None:
    parrot = Parrot(WORDS, failed, "I look.", LOOK)
    mind = begun(parrot, steps=2)
    assert mind.decide(view(), "You see a bell.") == Action("look")
    (role, repair) = parrot.read(2)[-1]
    assert (role, repair.splitlines()[-1]) == ("user", "Reply again with one decision in plain words.")
    assert (mind.use.repaired_replies, mind.use.second_calls) == (1, 2)


def test_no_action_is_made_of_a_reply_without_words() -> None:
    parrot = Parrot("", PRESS)
    mind = begun(parrot, steps=2)
    assert mind.decide(view(), "") == Action("press", "bell")
    assert [request.json_schema is None for request in parrot.requests] == [True, True, False]
    mind = begun(Parrot(ChatReply(text="", thinking="Nothing to do.")), steps=2)
    assert mind.decide(view(), "") == IDLE
    assert (mind.use.unreadable_replies, mind.use.second_calls) == (1, 0)


def test_no_action_is_made_of_words_that_decide_on_none() -> None:
    parrot = Parrot("What a fine day.", '{"skill": "none"}')
    mind = begun(parrot, steps=2)
    assert mind.decide(view(), "") == IDLE
    assert (mind.use.unreadable_replies, mind.use.second_calls, mind.use.disagreements) == (1, 2, 0)
    assert "it decides on no action; the skills are: goto, turn, look" in parrot.read(2)[-1][1]
    assert "read as" not in parrot.read(2)[-1][1]


@pytest.mark.parametrize(
    ("said", "validity"),
    [
        (BackendError("it failed: see its log"), Validity.SERVER_ERROR),
        (ContextOverflowError("it does not fit: raise model.num_ctx"), Validity.PROMPT_CUT),
    ],
)
def test_failure_of_the_second_call_is_one_of_the_episode(said: Said, validity: Validity) -> None:
    with pytest.raises(InvalidEpisodeError) as caught:
        begun(Parrot(WORDS, said), steps=2).decide(view(), "")
    assert caught.value.validity is validity


def test_thinking_that_ate_the_second_budget_is_an_unreadable_reply() -> None:
    eaten = ChatReply(text="", thinking="hm", thought=ThoughtKind.UNCLOSED, finish="length")
    mind = begun(Parrot(WORDS, eaten, "I look.", LOOK), steps=2)
    assert mind.decide(view(), "") == Action("look")
    assert mind.use.thoughts == {"none": 3, "unclosed": 1}


def test_decision_that_the_budget_cut_is_read_and_counted() -> None:
    mind = begun(Parrot(ChatReply(text=WORDS, finish="length"), PRESS), steps=2)
    assert mind.decide(view(), "") == Action("press", "bell")
    assert (mind.use.cut_replies, mind.use.second_calls) == (1, 1)


def test_the_answers_of_the_debrief_are_written_by_a_second_call() -> None:
    parrot = Parrot(WORDS, PRESS, "It did.", '{"q1": "yes"}')
    mind = begun(parrot, steps=2)
    mind.decide(view(), "You see a bell.")
    assert mind.answer(FORM, ()) == '{"q1": "yes"}'
    assert parrot.read(2)[-1] == ("user", f'Your decision was read as press; target: "bell".\n{FORM.text}')
    assert parrot.read(3) == [*parrot.read(2), ("assistant", "It did."), ("user", ANSWERS)]
    schema = parrot.requests[3].json_schema
    assert schema is not None
    assert (schema["required"], schema["properties"]) == ([], {"q1": {"enum": ["yes", "no"]}})
    assert (parrot.requests[2].json_schema, parrot.requests[3].may_think) == (None, False)


def test_no_answers_are_made_of_silence() -> None:
    parrot = Parrot(WORDS, PRESS, "", '{"q1": "yes"}')
    mind = begun(parrot, steps=2)
    mind.decide(view(), "You see a bell.")
    assert mind.answer(FORM, ()) == ""
    assert len(parrot.requests) == 3


def test_any_amount_that_was_decided_on_can_be_written() -> None:
    options = {option["properties"]["skill"]["const"]: option for option in decision_schema(SPECS)["oneOf"]}
    assert set(options) == {*(spec.name for spec in SPECS), "none"}
    assert options["turn"]["properties"]["amount"] == {"type": "number"}
    assert options["say"]["properties"]["text"]["maxLength"] == 500


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (Action("look"), "look."),
        (Action("turn", amount=37.5), "turn; amount: 37.5."),
        (Action("write", file="a.txt", text='1\n"2"'), 'write; file: "a.txt"; text: "1\\n\\"2\\"".'),
    ],
)
def test_what_was_read_is_told_on_one_line(action: Action, words: str) -> None:
    assert announce(action, SPECS) == f"Your decision was read as {words}"
    written = {"skill": action.skill, "file": action.file, "text": action.text, "amount": action.amount}
    assert parse_reply(json.dumps(written), SPECS).action == action
