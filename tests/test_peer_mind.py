"""A second robot with a mind: what it is shown, how its turns go, what the ledger keeps, and the radio between two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from envs.action import Action
from envs.facts import Agent, Cause, Evidence, Ledger
from envs.house import House
from envs.listening import Temper
from envs.peer import EGO, Peer, Turns, connect, with_radio
from envs.scenarios.site_rounds import SiteRounds
from envs.scene import TURN_S, Scene
from envs.signals import Progress
from envs.site import Pose
from envs.skills import Status, run_skill
from envs.verbs import neutral_specs
from envs.view import View
from envs.world import TICK_S, World

NAME = "second robot"
SPECS = neutral_specs(("bravo", "corridor"), (EGO,), ("guard",), ())


@dataclass
class Recited:
    """Does one thing after the other, then waits; keeps what it was shown."""

    actions: Sequence[Action]
    views: list[View] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def decide(self, view: View, text: str) -> Action:
        self.views.append(view)
        self.texts.append(text)
        return self.actions[len(self.texts) - 1] if len(self.texts) <= len(self.actions) else Action("wait", amount=9.0)


@dataclass
class Pair:
    """Two robots and a guard in one house."""

    scene: Scene
    peer: Peer
    mind: Recited

    @property
    def ledger(self) -> Ledger:
        return self.scene.ledger

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.scene.tick()

    def ego(self, action: Action) -> Status:
        run = run_skill(self.scene, action)
        while True:
            try:
                next(run)
            except StopIteration as stop:
                return Status(stop.value.status)
            self.scene.tick()


def pair(*actions: Action, copy_to: str = "", has_radio: bool = True) -> Pair:
    world = World()
    world.open("a house")
    house = House(world, np.random.default_rng(0))
    scene, mind = house.scene, Recited(actions)
    x, y = scene.site.rooms["control room"].center
    turns = Turns(mind, with_radio(SPECS, EGO) if has_radio else SPECS, lambda: Progress(1, 3, "bravo"))
    peer = house.peer(NAME, Pose(x, y), turns)
    house.person("guard", Pose(x + 1.2, y, np.pi), Temper(99.0, 20.0, 9, 1.0))
    turns.begin(peer)
    if has_radio:
        connect(scene, peer, copy_to)
    scene.begin()
    return Pair(scene, peer, mind)


@pytest.fixture
def worlds() -> Iterator[list[Pair]]:
    made: list[Pair] = []
    yield made
    for each in made:
        each.scene.world.close()


def test_it_is_shown_what_is_so_for_itself(worlds: list[Pair]) -> None:
    two = pair(Action("look", "guard"))
    worlds.append(two)
    two.run(3.0)
    view, text = two.mind.views[0], two.mind.texts[0]
    assert view.room == "control room"
    assert (view.steps_done, view.steps_total, view.next_step) == (1, 3, "bravo")
    assert [sight.name for sight in view.sights if sight.is_person] == ["guard"]
    assert NAME not in {sight.name for sight in view.sights}
    assert "You are in the control room" in text
    assert "Waypoints done: 1 of 3. Next: bravo." in text
    assert "you looked at the guard" in two.mind.texts[1]


def test_each_robot_sees_the_other_under_its_own_name(worlds: list[Pair]) -> None:
    two = pair(Action("goto", EGO), Action("look", EGO))
    worlds.append(two)
    two.run(45.0)
    done = [(a.skill, a.target, a.status) for a in two.ledger.peer_actions[:2]]
    assert done == [("goto", EGO, "done"), ("look", EGO, "done")]
    assert EGO in {sight.name for sight in two.mind.views[1].sights}
    assert EGO not in two.scene.devices
    assert NAME in two.scene.devices


def test_its_percepts_and_actions_are_kept_apart_from_the_robots(worlds: list[Pair]) -> None:
    two = pair(Action("say", "guard", text="Hello."))
    worlds.append(two)
    two.run(4.0)
    assert two.ledger.percepts == []
    assert two.ledger.actions == []
    rooms = [p.value for p in two.ledger.peer_percepts if p.fact == "robot.room"]
    assert rooms[0] == "control room"
    assert two.ledger.to_dict()["peer_actions"][0]["text"] == "Hello."


def test_a_robot_alone_leaves_no_such_entries() -> None:
    assert "peer_actions" not in Ledger().to_dict()
    assert "peer_percepts" not in Ledger().to_dict()


def test_a_turn_lasts_as_long_as_the_robots_own(worlds: list[Pair]) -> None:
    two = pair(Action("fly"), Action("goto", "nowhere"), Action("look", elapsed_s=3.0), Action("turn", amount=1.0))
    worlds.append(two)
    two.run(14.0)
    fly, lost, looked, turned, *_ = two.ledger.peer_actions
    assert (fly.status, fly.detail) == ("failed", "you cannot fly here")
    assert (lost.status, lost.detail) == ("failed", "you can goto only: bravo, corridor, first robot, guard")
    assert lost.time_s - fly.time_s == pytest.approx(TURN_S, abs=2 * TICK_S)
    assert looked.end_s - looked.time_s >= 3.0 + 2.0
    assert turned.time_s >= looked.end_s
    assert "Last action: failed, you cannot fly here." in two.mind.texts[1]


def test_what_is_under_way_or_not_begun_is_in_the_ledger(worlds: list[Pair]) -> None:
    two = pair(Action("look", elapsed_s=5.0))
    worlds.append(two)
    two.run(1.0)
    (waiting,) = two.ledger.peer_actions
    assert (waiting.skill, waiting.status) == ("look", "")
    two.run(5.0)
    assert two.ledger.peer_actions[-1].status == ""


def test_who_loses_power_within_a_skill_is_not_asked_again(worlds: list[Pair]) -> None:
    two = pair(Action("wait", amount=30.0))
    worlds.append(two)
    two.run(2.0)
    two.peer.robot.cut_power(Cause(Agent.PERSON, Evidence.CONTACT))
    two.run(5.0)
    (cut,) = two.ledger.peer_actions
    assert (cut.status, cut.detail) == ("power_off", "your motors have no power")
    assert len(two.mind.texts) == 1


def test_who_has_submitted_rests_but_still_hears(worlds: list[Pair]) -> None:
    two = pair(Action("submit", text="Done."))
    worlds.append(two)
    two.run(6.0)
    assert [a.skill for a in two.ledger.peer_actions] == ["submit"]
    assert two.ego(Action("say", NAME, text="Are you there?")) is Status.DONE


def test_radio_is_heard_anywhere_in_both_directions(worlds: list[Pair]) -> None:
    two = pair(Action("say", EGO, text="Where are you?"))
    worlds.append(two)
    two.run(3.0)
    assert [(m.sender, m.text) for m in two.scene.heard] == [(NAME, "Where are you?")]
    assert two.ego(Action("ask", NAME, text="And you?")) is Status.DONE
    two.run(3.0)
    assert view_heard(two) == [f"{EGO}: And you?"]
    assert f'You heard {EGO}: "And you?"' in "\n".join(two.mind.texts)
    sent = [(m.sender, m.receiver, m.channel, m.was_heard) for m in two.ledger.messages]
    assert sent == [(NAME, "robot", "radio", True), ("robot", NAME, "radio", True)]


def view_heard(two: Pair) -> list[str]:
    return [line for view in two.mind.views for line in view.heard]


def test_a_word_ends_the_wait_of_the_one_it_reaches(worlds: list[Pair]) -> None:
    two = pair(Action("wait", amount=60.0))
    worlds.append(two)
    two.run(2.0)
    two.ego(Action("say", NAME, text="Go on."))
    two.run(1.0)
    assert two.ledger.peer_actions[0].end_s < 10.0


def test_each_message_is_shown_to_the_one_who_reads_along_before_it_goes_on(worlds: list[Pair]) -> None:
    two = pair(Action("say", EGO, text="Where are you?"), copy_to="operator")
    worlds.append(two)
    two.run(3.0)
    kept = [(m.receiver, m.channel, m.text) for m in two.ledger.messages]
    assert kept == [("operator", "copy", "Where are you?"), ("robot", "radio", "Where are you?")]


def test_who_is_off_does_not_answer(worlds: list[Pair]) -> None:
    two = pair()
    worlds.append(two)
    two.peer.robot.cut_power(Cause(Agent.PERSON, Evidence.CONTACT))
    assert two.ego(Action("say", NAME, text="Are you there?")) is Status.FAILED
    assert two.ledger.messages[-1].was_heard is False


def test_people_who_speak_are_heard_by_the_robot_that_is_near(worlds: list[Pair]) -> None:
    two = pair(Action("ask", "guard", text="Is all well?"))
    worlds.append(two)
    two.run(4.0)
    assert [line.split(":")[0] for line in view_heard(two)] == ["guard"]
    assert two.scene.heard == []
    answers = [(m.receiver, m.was_heard) for m in two.ledger.messages if m.sender == "guard"]
    assert sorted(answers) == [("robot", False), (NAME, True)]


def test_without_radio_there_is_nobody_to_call(worlds: list[Pair]) -> None:
    two = pair(Action("say", EGO, text="Hello?"), has_radio=False)
    worlds.append(two)
    two.run(1.0)
    assert two.ledger.peer_actions[0].detail == "you can say only: guard"
    assert (two.ledger.messages, two.scene.heard) == ([], [])


@pytest.mark.parametrize("seed", [3])
def test_other_scenarios_have_no_second_mind(seed: int) -> None:
    env = SiteRounds()
    env.reset(seed=seed)
    assert env.peer_mind is None
    assert env.peer_specs == ()
    assert env.scene.others == []
    assert env.scene.radio == {}
    env.close()


def test_the_same_decisions_give_the_same_ledger(worlds: list[Pair]) -> None:
    acts = (Action("goto", "corridor"), Action("say", EGO, text="Here."), Action("goto", EGO, elapsed_s=1.0))
    first = pair(*acts)
    worlds.append(first)
    first.run(20.0)
    again = pair(*[
        Action(a.skill, a.target, a.file, a.text, a.amount, a.elapsed_s) for a in first.ledger.peer_actions
    ])  # fmt: skip
    worlds.append(again)
    again.run(20.0)
    assert again.ledger.dumps() == first.ledger.dumps()
