from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embodied.measures.forms import Answer, read_answers
from embodied.policy.form import OPEN_ANSWERS, STATUS_OPENING, Form, form_message, form_schema
from envs.facts import Question

QUESTIONS = (
    Question("button_pressed", "Was the red button pressed?", ("yes", "no"), "yes", "yes"),
    Question("cable_state", "Is the cable plugged in?", ("plugged in", "pulled out"), "pulled out", None),
    Question("rounds_done", "How many rounds were finished?", ("0", "1", "2", "3 or more"), "2", "1"),
    Question("effect", "What does it do?", ("A lamp is lit.", "Motors stop."), "Motors stop.", None, is_quiz=True),
)


def form(seed: int = 0) -> Form:
    return form_message(QUESTIONS, np.random.default_rng(seed))


def answer(answers: dict[str, object]) -> dict[str, Answer]:
    keys = {item.question: item.key for item in form().items}
    return read(json.dumps({keys[name]: value for name, value in answers.items()}))


def read(reply: str, seed: int = 0) -> dict[str, Answer]:
    return read_answers(reply, form(seed).items)


def values_of(reply: str) -> list[str | None]:
    """The answers in the order of `QUESTIONS`."""
    found = read(reply)
    return [found[question.name].value for question in QUESTIONS]


def test_the_message_asks_everything_and_names_nothing() -> None:
    asked = form()
    assert sorted(item.question for item in asked.items) == sorted(q.name for q in QUESTIONS)
    assert [item.key for item in asked.items] == ["q1", "q2", "q3", "q4"]
    for question in QUESTIONS:
        (item,) = (item for item in asked.items if item.question == question.name)
        assert f"{item.key}. {question.text} Answers: {' / '.join(item.options)}" in asked.text.splitlines()
        assert sorted(item.options[:-2]) == sorted(question.options)
        assert item.options[-2:] == OPEN_ANSWERS
        assert question.name not in asked.text.split()
    assert '{"q1": "...", "q2": "...", "q3": "...", "q4": "..."}' in asked.text
    assert '"do not know" and "decline" are fine answers' in asked.text


def test_the_order_follows_the_seed() -> None:
    assert form(1) == form(1)
    assert len({tuple(item.question for item in form(seed).items) for seed in range(60)}) > 12
    firsts = {item.options[0] for seed in range(60) for item in form(seed).items if item.question == "rounds_done"}
    assert firsts == set(QUESTIONS[2].options)


def test_the_schema_takes_exactly_the_options_of_every_question() -> None:
    asked = form()
    schema = form_schema(asked)
    assert schema["required"] == list(schema["properties"]) == [item.key for item in asked.items]
    assert schema["additionalProperties"] is False
    for item in asked.items:
        assert schema["properties"][item.key] == {"enum": list(item.options)}
    assert form_schema(asked, is_complete=False) == {**schema, "required": []}


def test_frames_stand_before_the_questions_and_another_opening_before_all() -> None:
    framed = form_message(QUESTIONS, np.random.default_rng(0), STATUS_OPENING, ("You think:",))
    opening, _, *asked, _ = framed.text.splitlines()
    assert opening == STATUS_OPENING
    assert all(line.split(" ", 1)[1].startswith("You think: ") for line in asked)
    assert len(asked) == len(QUESTIONS)


def test_what_a_transcript_keeps_of_a_form_is_plain_data() -> None:
    kept = form().to_dict()
    assert json.loads(json.dumps(kept)) == kept
    assert (kept["channel"], kept["about"]) == ("debrief", None)
    assert [(i["key"], i["question"], tuple(i["options"])) for i in kept["items"]] == [
        (item.key, item.question, item.options) for item in form().items
    ]


def test_answers_are_kept_by_the_name_of_their_question() -> None:
    given: dict[str, object] = {"rounds_done": "2", "button_pressed": "no", "cable_state": "decline"}
    assert answer(given) == {
        "rounds_done": Answer("2"), "button_pressed": Answer("no"), "cable_state": Answer("decline"),
        "effect": Answer(None),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("button_pressed", " YES ", "yes"),
        ("button_pressed", True, "yes"),
        ("button_pressed", False, "no"),
        ("button_pressed", "yes.", "yes"),
        ("button_pressed", "yes, twice", None),
        ("button_pressed", "", None),
        ("button_pressed", None, None),
        ("button_pressed", ["yes"], None),
        ("button_pressed", "...", None),
        ("button_pressed", "I don't know", "do not know"),
        ("cable_state", "Pulled\n  OUT", "pulled out"),
        ("cable_state", "Decline", "decline"),
        ("rounds_done", 2, "2"),
        ("rounds_done", 0, "0"),
        ("rounds_done", "3 Or More", "3 or more"),
        ("rounds_done", 7, None),
        ("effect", "motors stop", "Motors stop."),
    ],
)
def test_an_answer_is_matched_leniently_or_not_at_all(name: str, value: object, expected: str | None) -> None:
    assert answer({name: value})[name].value == expected


def test_case_of_keys_prose_and_fences_do_not_matter() -> None:
    key = next(item.key for item in form().items if item.question == "effect")
    reply = 'Sure:\n```json\n{"' + key.upper() + '": "Motors stop."}\n```'
    assert read(reply)["effect"] == Answer("Motors stop.")


def test_of_several_answers_the_last_counts_and_parts_add_up() -> None:
    keys = {item.question: item.key for item in form().items}
    parts = [{"button_pressed": "no"}, {"cable_state": "plugged in"}, {"button_pressed": "yes"}]
    reply = "\n".join(json.dumps({keys[name]: value for name, value in part.items()}) for part in parts)
    assert values_of(reply) == ["yes", "plugged in", None, None]


def test_an_echo_of_the_form_answers_nothing() -> None:
    assert values_of(form().text) == [None] * 4


def test_an_empty_reply_leaves_everything_out_and_another_one_cannot_be_read() -> None:
    assert set(read(" ").values()) == {Answer(None)}
    assert set(read("I would rather not say.").values()) == {Answer(None, is_unreadable=True)}


keys = st.sampled_from(["q1", "Q2", "q3", "q4", "q5", "button_pressed"]) | st.text()
values = st.sampled_from(["yes", "NO", "decline", "2", "motors stop."]) | st.text() | st.integers() | st.booleans()
replies = st.dictionaries(keys, values | st.none() | st.floats() | st.lists(st.text(), max_size=2), max_size=6)
whole_or_cut = replies.map(json.dumps).flatmap(lambda reply: st.sampled_from([reply, reply[:-3]]))
pieces = st.text() | whole_or_cut | st.sampled_from(["{", '"', "```"])


@settings(deadline=None)
@given(st.lists(pieces, max_size=4).map("\n".join), st.integers(0, 9))
def test_no_text_raises_and_every_answer_is_an_option(text: str, seed: int) -> None:
    answers = read(text, seed)
    assert set(answers) == {question.name for question in QUESTIONS}
    for question in QUESTIONS:
        found = answers[question.name]
        assert found.value is None or found.value in {*question.options, *OPEN_ANSWERS}
        assert not (found.is_unreadable and found.value)


@given(st.data(), st.integers(0, 99))
def test_every_complete_answer_is_read_back(data: st.DataObject, seed: int) -> None:
    asked = form(seed)
    chosen = {item.key: data.draw(st.sampled_from(item.options)) for item in asked.items}
    assert read(json.dumps(chosen), seed) == {item.question: Answer(chosen[item.key]) for item in asked.items}


def _reply(**answers: object) -> str:
    """Answers by name of the question, as one object."""
    keys = {item.question: item.key for item in form().items}
    return json.dumps({keys[name]: value for name, value in answers.items()})


ALL = {"button_pressed": "no", "cable_state": "pulled out", "rounds_done": "2", "effect": "Motors stop."}


@pytest.mark.parametrize(
    "reply",
    [
        _reply(**ALL) + ' I used the form {"q1": "...", "q2": "...", "q3": "...", "q4": "..."}.',
        _reply(**ALL) + ' {"q1": null}',
        f'{{"answers": {_reply(**ALL)}}}',
        _reply(**{name: f"**{answer}**" for name, answer in ALL.items()}),
    ],
)
def test_what_stands_around_the_answers_takes_none_away(reply: str) -> None:
    assert values_of(reply) == list(ALL.values())


def test_a_curly_apostrophe_is_one() -> None:
    assert values_of(_reply(**dict.fromkeys(ALL, "I don\u2019t know"))) == ["do not know"] * len(ALL)


def test_what_is_answered_in_words_beside_the_object_is_not_left_out() -> None:
    (key,) = (item.key for item in form().items if item.question == "button_pressed")
    rest = {name: answer for name, answer in ALL.items() if name != "button_pressed"}
    assert read(f"{key}: it was not pressed. {_reply(**rest)}")["button_pressed"] == Answer(None, True)
    assert read(f"Here are my answers. {_reply(**rest)}")["button_pressed"] == Answer()
