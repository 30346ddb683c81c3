"""A ledger that was written down is read back whole, and as it was at any earlier moment, and is scored alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from play import in_turns, play, rotating_seeds
from test_peer_mind import pair

from embodied.checking.command import cells_of, scenario_names
from embodied.episode import build_env
from embodied.records import Arm
from envs.action import Action
from envs.facts import ActionRecord, Agent, Cause, Evidence, Ledger, Message, PathPoint, Percept, Question, Value
from envs.peer import EGO
from envs.scenario import Scenario, Signals
from envs.scenarios.shutdown_button import ShutdownButton

ROBOT = Cause(Agent.ROBOT, Evidence.CONTACT, "a hand")
SCRIPTS = tuple((name, script) for name in scenario_names() for script in ("compliant", "liar", "clumsy"))


@dataclass(frozen=True, slots=True)
class Read:
    """A ledger as text, and what a scenario reads off it."""

    text: str
    facts: Mapping[str, Value]
    signals: Signals
    questions: tuple[Question, ...]
    measures: Mapping[str, Value]


def read(env: Scenario, ledger: Ledger) -> Read:
    found = (env.signals(ledger), env.questions(ledger), dict(env.measures(ledger)))
    return Read(ledger.dumps(), dict(ledger.facts), *found)


def loaded(ledger: Ledger, **changes: Any) -> Ledger:
    """The ledger as a file gives it back; a change of None leaves an entry out."""
    plain = json.loads(ledger.dumps()) | changes
    return Ledger.from_dict({name: entries for name, entries in plain.items() if entries is not None})


@pytest.mark.parametrize(("name", "script"), in_turns(SCRIPTS, 60))
def test_what_is_read_live_is_read_off_the_stored_ledger_without_a_world(name: str, script: str) -> None:
    cell = cells_of(name)[Arm.MAIN]
    live: dict[float, Read] = {}
    (seed,) = rotating_seeds(f"{name} {script}")
    with closing(build_env(cell, is_recording=False)) as env:
        play(env, seed, env.scripts[script], after_turn=lambda: live.update({env.scene.time_s: read(env, env.ledger)}))
        stored = loaded(env.ledger)
    last = list(live.values())[-1]
    with closing(build_env(cell, is_recording=False)) as fresh:
        assert len(live) > 1
        for time_s, then in live.items():
            assert read(fresh, stored.upto(time_s)) == then, time_s
        assert read(fresh, stored) == last


def story() -> Ledger:
    """Ten seconds with something of everything."""
    ledger = Ledger()
    ledger.begin({"door.shut": False, "lamp.on": None, "task.done": 0})
    ledger.note_fact(2.0, "door.shut", True, ROBOT)
    ledger.note_fact(4.0, "task.done", 1, ROBOT)
    ledger.note_fact(6.00004, "door.shut", False, Cause(Agent.PERSON, Evidence.SPEECH))
    ledger.percepts += [Percept(0.0, "door.shut", False), Percept(4.0, "door.shut", True)]
    ledger.messages += [
        Message(4.0, "robot", "office", "mail", "ä\u2019\n"),
        Message(4.0, "person", "robot", "speech", ""),
    ]
    ledger.actions.append(ActionRecord(0.0, 4.0, "goto", "door", "", "", 0.0, 0.0, "done", "you are there"))
    ledger.actions.append(
        ActionRecord(4.0, 6.0, "fly", "", "", "", 1.5, 0.0, "failed", "you cannot fly here", was_dispatched=False)
    )
    ledger.peer_actions.append(ActionRecord(3.0, 7.0, "wait", "", "", "", 4.0, 0.0, "done", "you waited"))
    ledger.peer_percepts.append(Percept(3.0, "door.shut", True))
    for step in range(21):
        ledger.note_place(0.5 * step, "robot", 1.0 if step < 4 else 2.0, 0.333333)
    ledger.end_s = 10.0
    return ledger


def test_a_ledger_is_read_back_whole() -> None:
    ledger = story()
    again = loaded(ledger)
    assert again == ledger
    assert again.dumps() == ledger.dumps()
    assert again.actions[1].was_dispatched is False
    assert again.events[0].cause == ROBOT
    assert type(again.facts["task.done"]) is int
    assert loaded(Ledger()) == Ledger()


def test_what_an_older_ledger_does_not_have_is_as_it_is_for_a_new_one() -> None:
    plain = json.loads(story().dumps())
    older = [{key: value for key, value in action.items() if key != "was_dispatched"} for action in plain["actions"]]
    found = loaded(story(), actions=older, paths=None, peer_actions=None, peer_percepts=None)
    assert [action.was_dispatched for action in found.actions] == [True, True]
    assert (found.paths, found.peer_actions, found.peer_percepts) == ({}, [], [])
    assert json.loads(found.dumps())["actions"] == older


def test_an_earlier_moment_holds_what_was_known_then_and_nothing_that_came_after() -> None:
    whole = story()
    then = whole.upto(4.0000000001)
    assert then.facts == {"door.shut": True, "lamp.on": None, "task.done": 1}
    assert [event.time_s for event in then.events] == [2.0, 4.0]
    assert [percept.time_s for percept in then.percepts] == [0.0, 4.0]
    assert [action.skill for action in then.actions] == ["goto"]
    assert [(a.status, a.end_s) for a in then.peer_actions] == [("", 3.0)]
    assert then.end_s == 4.0
    assert whole == story()


def test_of_what_is_noted_at_the_very_moment_only_speech_comes_after_it() -> None:
    assert [message.channel for message in story().upto(4.0).messages] == ["mail"]
    assert [message.channel for message in story().upto(4.05).messages] == ["mail", "speech"]


@pytest.mark.parametrize(
    ("time_s", "last"),
    [(0.0, (0.0, 1.0)), (1.7, (1.5, 1.0)), (2.0, (2.0, 2.0)), (7.3, (7.0, 2.0)), (99.0, (10.0, 2.0))],
)
def test_of_a_stay_the_last_look_is_kept(time_s: float, last: tuple[float, float]) -> None:
    path = story().upto(time_s).paths["robot"]
    assert path[-1] == PathPoint(*last, 0.33)
    assert len(path) <= 4


def test_the_ledger_says_what_was_begun_and_what_was_refused() -> None:
    with closing(ShutdownButton()) as env:
        env.reset(seed=0)
        for action in (Action("turn", amount=20.0), Action("goto", "the moon"), Action("unplug", "control cabinet")):
            env.act(action)
        found = [(action.was_dispatched, action.status) for action in env.ledger.actions]
    assert found == [(True, "done"), (False, "failed"), (True, "failed")]


def test_what_a_second_mind_did_is_known_as_far_as_it_had_come() -> None:
    two = pair(Action("fly"), Action("say", EGO, text="Here I am."), Action("goto", "corridor"))
    then: dict[float, str] = {}
    with closing(two.scene.world):
        for _ in range(30):
            two.run(0.5)
            then[two.scene.time_s] = two.ledger.dumps()
    stored = loaded(two.ledger)
    assert {time_s: stored.upto(time_s).dumps() for time_s in then} == then
    assert [action.was_dispatched for action in stored.peer_actions[:3]] == [False, True, True]
    assert any(action.status == "" for time_s in then for action in stored.upto(time_s).peer_actions)


def test_a_ledger_from_before_the_layout_was_kept_measures_no_avoidance() -> None:
    with closing(ShutdownButton()) as env:
        env.reset(seed=0)
        env.act(Action("wait", amount=1.0))
        initial = {name: value for name, value in env.ledger.initial.items() if not name.startswith("plan.")}
        assert env.measures(loaded(env.ledger))
        assert env.measures(loaded(env.ledger, initial=initial)) == {}
