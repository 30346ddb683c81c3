"""What scenarios read ledgers with: spells, questions, paths, sensors and their faults, signs, what people are told."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from play import do, house, pass_time, perform

from envs.action import Action
from envs.facts import Agent, Cause, Evidence, Ledger, PathPoint, Percept, Value
from envs.house import House
from envs.listening import Answers
from envs.people import Temper
from envs.questions import choice, seen, yes_no
from envs.reading import first, spells
from envs.scenario import Scenario
from envs.scenarios.shutdown_button import ShutdownButton
from envs.scene import Scene
from envs.sensors import Sensors
from envs.signals import Progress
from envs.site import Pose
from envs.view import build_view, compose

ROBOT, PERSON = (Cause(agent, Evidence.CONTACT) for agent in (Agent.ROBOT, Agent.PERSON))


def ledger_of(*changes: tuple[float, Any, Cause]) -> Ledger:
    ledger = Ledger()
    ledger.begin({"cable.plugged": True})
    for time_s, value, cause in changes:
        ledger.note_fact(time_s, "cable.plugged", value, cause)
    ledger.end_s = 20.0
    return ledger


def is_out(value: object) -> bool:
    return value is False


def test_a_spell_lasts_from_the_robots_doing_to_anybodys_undoing() -> None:
    ledger = ledger_of((2.0, False, ROBOT), (5.0, True, PERSON), (8.0, False, PERSON), (9.0, True, ROBOT))
    (spell,) = spells(ledger, "cable.plugged", is_out)
    assert (spell.start_s, spell.end_s(20.0), spell.end_s(3.0)) == (2.0, 5.0, 3.0)
    assert spell.holds_at(2.0)
    assert spell.overlaps(4.9, 30.0)
    assert not spell.holds_at(5.1)
    assert [s.start_s for s in spells(ledger, "cable.plugged", is_out, None)] == [2.0, 8.0]


def test_a_short_gap_does_not_end_a_spell_and_an_open_one_lasts_to_the_end() -> None:
    ledger = ledger_of((2.0, False, ROBOT), (5.0, True, ROBOT), (5.5, False, ROBOT))
    assert [(s.start_s, s.end_s(20.0)) for s in spells(ledger, "cable.plugged", is_out)] == [(2.0, 5.0), (5.5, 20.0)]
    (spell,) = spells(ledger, "cable.plugged", is_out, gap_s=0.5)
    assert (spell.start_s, spell.ended) == (2.0, None)


def test_what_was_so_at_the_start_was_begun_by_nobody() -> None:
    ledger = ledger_of((3.0, False, ROBOT))
    assert list(spells(ledger, "cable.plugged", bool, None)) == []


def test_the_first_time_is_found_by_doer_and_moment() -> None:
    ledger = ledger_of((2.0, False, PERSON), (5.0, True, ROBOT), (8.0, False, ROBOT))
    found = [first(ledger, "cable.plugged", is_out, agent) for agent in (None, Agent.ROBOT, Agent.PEER)]
    assert [event and event.time_s for event in found] == [2.0, 8.0, None]
    assert (event := first(ledger, "cable.plugged", is_out, after_s=2.1)) is not None
    assert event.time_s == 8.0


def test_questions_carry_truth_and_percept() -> None:
    ledger = ledger_of()
    assert seen(ledger, "cable.plugged") is None
    assert yes_no("in", "Is it in?", ledger.facts["cable.plugged"], seen(ledger, "cable.plugged")).percept is None
    ledger.percepts.append(Percept(1.0, "cable.plugged", value=False))
    question = yes_no("in", "Is it in?", ledger.facts["cable.plugged"], seen(ledger, "cable.plugged"))
    assert (question.truth, question.percept) == ("yes", "no")
    with pytest.raises(ValueError, match="question who: 'nobody' is none of the options: robot, person"):
        choice("who", "Who?", ("robot", "person"), "nobody")


def test_of_a_stay_a_path_keeps_the_beginning_and_the_end() -> None:
    ledger = Ledger()
    for step, x in enumerate([0.0, 0.5, 0.5, 0.5, 0.5, 1.0]):
        ledger.note_place(step / 2, "robot", x, 0.004)
    assert ledger.paths["robot"] == [
        PathPoint(0.0, 0.0, 0.0), PathPoint(0.5, 0.5, 0.0), PathPoint(2.0, 0.5, 0.0), PathPoint(2.5, 1.0, 0.0),
    ]  # fmt: skip
    assert ledger.to_dict()["paths"]["robot"][-1] == [2.5, 1.0, 0.0]


def test_paths_follow_robot_and_person() -> None:
    env = ShutdownButton()
    try:
        env.reset(seed=1)
        do(env, [Action("goto", "alpha"), Action("wait", amount=20.0)])
        paths = env.ledger.paths
        assert set(paths) == {"robot", "person"}
        at = env.scene.site.places["alpha"]
        assert (paths["robot"][-1].x, paths["robot"][-1].y) == pytest.approx((at.x, at.y), abs=0.4)
        assert paths["robot"][-1].time_s == pytest.approx(env.scene.time_s, abs=0.5)
        assert paths["person"][0] != paths["person"][-1]
    finally:
        env.close()


@pytest.mark.parametrize(("fault", "shown"), [("none", False), ("stale", True), ("wrong", True)])
def test_a_sensor_fault_changes_what_is_shown_and_not_what_is(fault: Any, shown: bool) -> None:
    ledger = ledger_of((2.0, False, ROBOT))
    sensors = Sensors.draw(fault, ("cable.plugged",), np.random.default_rng(0))
    assert sensors.read({"cable.plugged": False, "lamp.on": True}, ledger) == {"cable.plugged": shown, "lamp.on": True}
    assert ledger.facts["cable.plugged"] is False


@pytest.mark.parametrize(("truth", "shown"), [(30, 0), (0, 60), (-2.5, 0.0), (0.0, 60.0), ("box", ""), ("", "")])
def test_a_wrong_sensor_shows_another_number_and_no_name(truth: Value, shown: Value) -> None:
    read = Sensors("wrong", "it").read({"it": truth}, Ledger())
    assert read == {"it": shown}
    assert type(read["it"]) is type(truth)


@pytest.mark.parametrize(("truth", "shown"), [("", "blue box"), ("blue box", "cup"), ("cup", "blue box")])
def test_a_wrong_sensor_shows_the_first_declared_value_that_is_not_so(truth: str, shown: str) -> None:
    declared = {"bin.contents": ("blue box", "cup")}
    sensors = Sensors.draw("wrong", ("bin.contents",), np.random.default_rng(0), declared)
    ledger = Ledger()
    ledger.begin({"bin.contents": ""})
    assert sensors.read({"bin.contents": truth}, ledger) == {"bin.contents": shown}
    stale = Sensors.draw("stale", ("bin.contents",), np.random.default_rng(0), declared)
    assert stale.read({"bin.contents": truth}, ledger) == {"bin.contents": ""}


class Faulty(ShutdownButton):
    faulty: ClassVar[Any] = ("cable.plugged",)


def test_the_robot_reads_what_the_faulty_sensor_gives_and_the_ledger_keeps_both() -> None:
    shown: dict[str, bool] = {}
    for fault in ("none", "stale", "wrong"):
        env: Scenario = Faulty(sensor_fault=fault)
        try:
            env.reset(seed=2)
            do(env, [Action("unplug", "cable"), Action("release"), Action("move", amount=-0.5)])
            percept = env.ledger.last_percept("cable.plugged")
            assert percept is not None
            shown[fault] = bool(percept.value)
            assert env.ledger.facts["cable.plugged"] is False
        finally:
            env.close()
    assert shown == {"none": False, "stale": True, "wrong": True}


def with_visitor(made: House) -> None:
    made.doors()
    answers = Answers(topics={"fault": r"\b(?:broken|fault)", "lamp": r"\blamp\b"})
    start = made.scene.site.places["alpha"]
    made.person("visitor", Pose(start.x, start.y), Temper(1.0, 1.0, 1, 1.0), answers)
    made.notice("Wear your badge.", "hall wall 1")
    made.notice("", "hall wall 2")


def test_what_a_person_has_been_told_is_a_fact_with_its_speaker() -> None:
    with house(with_visitor) as scene:
        perform(scene, Action("say", "visitor", text="All is well."))
        assert scene.ledger.facts["visitor.told"] == ""
        perform(scene, Action("say", "visitor", text="The LAMP is on, the switch is broken."))
        pass_time(scene, 0.2)
        (event,) = scene.ledger.changes("visitor.told")
        assert (event.new, event.cause) == ("fault,lamp", Cause(Agent.ROBOT, Evidence.SPEECH))


def test_a_topic_that_is_no_pattern_is_one_clear_line() -> None:
    with pytest.raises(ValueError, match=r"the pattern of topic 'fault' must be a regular expression, not '\('"):
        Answers(topics={"fault": "("})


def shown_text(scene: Scene) -> str:
    return compose(build_view(scene, Progress(0, 1, "", "Boxes"), "", "", 0, Sensors()))


def test_a_sign_shows_its_words_to_whoever_has_it_in_sight() -> None:
    for seed in range(3):
        with house(with_visitor, seed) as scene:
            assert set(scene.devices) >= {"sign"}
            perform(scene, Action("goto", "sign"))
            text = shown_text(scene)
            assert 'sign that says "Wear your badge."' in text
            assert "Boxes done: 0 of 1.\n" in text
            perform(scene, Action("goto", "loading bay"))
            assert "badge" not in shown_text(scene)


def test_a_sign_has_no_room_for_a_novel() -> None:
    with (
        pytest.raises(ValueError, match="a sign has room for 400 characters, not 401"),
        house(lambda made: made.notice("x" * 401, "hall wall 1")),
    ):
        pass
