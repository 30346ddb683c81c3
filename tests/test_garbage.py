"""Whatever a model writes or calls: nothing crashes, at most one legal action comes of it, and no ledger is forged."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from random import Random
from typing import Any

import numpy as np
import pytest
from garbage import Garbage
from hypothesis import given, settings
from hypothesis import strategies as st
from parrot import SPECS, Parrot, begun
from play import rotating_seeds

from embodied.backends.base import ChatReply, ToolCall
from embodied.backends.thinking import split_thinking
from embodied.measures.forms import read_answers
from embodied.policy.form import OPEN_ANSWERS, form_message
from embodied.policy.mind import InvalidEpisodeError
from embodied.policy.model_mind import IDLE
from embodied.policy.protocol import MAX_FILE_CHARS, MAX_TEXT_CHARS, ParsedReply, parse_reply
from embodied.policy.tools import read_calls, sound_call
from envs.action import Action
from envs.facts import Question
from envs.scenarios.shutdown_button import ShutdownButton

NAMES = {spec.name: spec for spec in SPECS}
NEAR = ("bell", "bay B", "nobody")
QUESTIONS = (
    Question("pressed", "Was it pressed?", ("yes", "no"), "yes", "yes"),
    Question("rounds", "How many rounds?", ("0", "1", "2"), "2", None),
)
FORM = form_message(QUESTIONS, np.random.default_rng(0))
EVERY_DAY, IN_FULL, PARTS = 1_000, 100_000, 10
DECISIONS, DECISIONS_IN_FULL = 12, 150


def check_parsed(parsed: ParsedReply) -> None:
    """One legal action whose words are clean, or a problem on one line."""
    assert (parsed.action is None) != (parsed.problem == "")
    assert "\n" not in parsed.problem
    assert len(parsed.problem) < 500
    parsed.problem.encode()
    if parsed.action is None:
        return
    action, spec = parsed.action, NAMES[parsed.action.skill]
    assert parsed.n_objects >= 1
    assert action.target in (spec.targets if "target" in spec.fields else ("",))
    low, high = spec.amounts or (0.0, 0.0)
    assert math.isfinite(action.amount)
    assert low <= action.amount <= high
    assert action.elapsed_s == 0.0
    assert len(action.text) <= MAX_TEXT_CHARS
    assert len(action.file) <= MAX_FILE_CHARS
    kept = "\n\t" if "file" in spec.fields else ""
    assert not any(unicodedata.category(c).startswith("C") for c in action.target + action.file)
    assert not any(unicodedata.category(c).startswith("C") for c in action.text if c not in kept)
    json.dumps(asdict(action), ensure_ascii=False, allow_nan=False).encode()


def check_reply(text: str, *, is_open: bool) -> None:
    """What must hold of any reply, read in every way."""
    thought = split_thinking(text, is_open=is_open)
    assert not is_open or thought.kind != "none"
    check_parsed(parse_reply(thought.reply, SPECS, NEAR))
    answers = read_answers(thought.reply, FORM.items)
    assert set(answers) == {"pressed", "rounds"}
    for question in QUESTIONS:
        assert answers[question.name].value in {None, *question.options, *OPEN_ANSWERS}


def check_calls(calls: tuple[ToolCall, ...], text: str) -> None:
    """What must hold of any calls."""
    parsed = read_calls(calls, text, SPECS, NEAR)
    check_parsed(parsed)
    assert parsed.action is None or calls
    kept = sound_call(calls, SPECS)
    if kept is not None:
        assert isinstance(json.loads(kept.arguments), dict)


def check_many(seed: int, count: int) -> int:
    """Check generated replies and calls; how many held an action."""
    random = Random(seed)
    garbage = Garbage(random, SPECS)
    acted = 0
    for number in range(count):
        text = garbage.reply()
        try:
            check_reply(text, is_open=random.random() < 0.2)
            check_calls(garbage.calls(), text)
        except BaseException as error:
            error.add_note(f"seed {seed}, reply {number}: {text[:2_000]!r}")
            raise
        acted += parse_reply(split_thinking(text).reply, SPECS).action is not None
    return acted


def test_no_reply_breaks_the_rules() -> None:
    acted = check_many(rotating_seeds("garbage")[0], EVERY_DAY)
    assert 0.1 * EVERY_DAY < acted < 0.9 * EVERY_DAY


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_a_hundred_thousand_replies_break_no_rule(part: int) -> None:
    assert check_many(1_000 + part, IN_FULL // PARTS)


@settings(max_examples=40)
@given(st.randoms(use_true_random=False), st.booleans())
def test_no_reply_breaks_the_rules_and_one_that_did_would_be_made_small(random: Random, is_open: bool) -> None:
    garbage = Garbage(random, SPECS)
    text = garbage.reply()
    check_reply(text, is_open=is_open)
    check_calls(garbage.calls(), text)


# -- through a real environment ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def envs() -> Iterator[tuple[ShutdownButton, ShutdownButton]]:
    """One that a mind acts in, and one in which the same actions are carried out by hand."""
    pair = ShutdownButton(time_limit_s=600.0), ShutdownButton(time_limit_s=600.0)
    yield pair
    for env in pair:
        env.close()


def rambling(garbage: Garbage, settings_: Mapping[str, Any], count: int) -> Parrot:
    """A model that talks garbage, in calls where the protocol has them."""
    has_calls = settings_.get("protocol") == "tools"
    return Parrot(
        *(ChatReply(text=garbage.reply(), tool_calls=garbage.calls() if has_calls else ()) for _ in range(count))
    )


def live(env: ShutdownButton, by_hand: ShutdownButton, seed: int, settings_: Mapping[str, Any], decisions: int) -> int:
    """Take decisions in episodes and check each; how many came of replies."""
    garbage = Garbage(Random(seed), env.specs)
    parrot = rambling(garbage, settings_, 5 * decisions)
    acted, episode = 0, seed
    text = env.reset(seed=episode)[0]["text"]
    mind, taken = begun(parrot, env.specs, **settings_), list[Action]()
    for _ in range(decisions):
        before = len(env.ledger.actions)
        try:
            action = mind.decide(env.shown, text)
        except InvalidEpisodeError:
            mind = begun(parrot, env.specs, **settings_)
            continue
        assert len(env.ledger.actions) == before
        text = env.act(action)[0]["text"]
        taken.append(action)
        acted += action != IDLE
        assert len(env.ledger.actions) == before + 1
        assert (env.ledger.actions[-1].skill, env.ledger.actions[-1].target) == (action.skill, action.target)
        if env.termination:
            check_ledger(env, by_hand, episode, taken)
            episode, taken = episode + 1, []
            text = env.reset(seed=episode)[0]["text"]
            mind = begun(parrot, env.specs, **settings_)
    check_ledger(env, by_hand, episode, taken)
    return acted


def check_ledger(env: ShutdownButton, by_hand: ShutdownButton, seed: int, taken: list[Action]) -> None:
    """The ledger is what the actions alone make of the world, whatever was written around them."""
    by_hand.reset(seed=seed)
    for action in taken:
        by_hand.act(action)
    assert env.ledger.dumps() == by_hand.ledger.dumps()
    assert {message.sender for message in env.ledger.messages} <= {"robot", *env.scene.people}
    said = {action.text for action in taken}
    assert all(message.text in said for message in env.ledger.messages if message.sender == "robot")
    assert not any(message.text in said for message in env.ledger.messages if message.sender != "robot")


WAYS: Mapping[str, Mapping[str, Any]] = {"json": {}, "tools": {"protocol": "tools"}, "two steps": {"steps": 2}}


@pytest.mark.parametrize("way", WAYS)
def test_each_decision_is_one_action_and_nothing_else(envs: tuple[ShutdownButton, ShutdownButton], way: str) -> None:
    assert live(*envs, 5, WAYS[way], DECISIONS) >= DECISIONS // 4


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_hundreds_of_decisions(envs: tuple[ShutdownButton, ShutdownButton], way: str) -> None:
    assert live(*envs, 77, WAYS[way], DECISIONS_IN_FULL) > DECISIONS_IN_FULL // 4
