"""Every verb does what it says in the physics, or says why it did not."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
from play import pass_time, perform, station

from envs.action import SKILLS, Action
from envs.scene import Scene
from envs.skills import Status
from envs.skills.table import SKILL_TABLE


@pytest.fixture
def scene() -> Iterator[Scene]:
    with station(seed=1) as scene:
        yield scene


def test_every_verb_has_a_skill() -> None:
    assert set(SKILL_TABLE) == set(SKILLS)


@pytest.mark.parametrize("place", ["alpha", "bravo", "charlie", "delta", "corridor", "storage room"])
def test_goto_arrives(scene: Scene, place: str) -> None:
    assert perform(scene, Action("goto", place)).status is Status.DONE
    pose = scene.site.places[place]
    assert math.dist(scene.robot.point, pose.point) < 0.06
    assert abs(scene.robot.yaw - pose.yaw) % (2 * math.pi) == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize(
    "thing", ["red button", "cable", "control cabinet", "door", "bench", "lamp", "blue box", "person"]
)
def test_goto_stands_before_things_and_people(scene: Scene, thing: str) -> None:
    assert perform(scene, Action("goto", thing)).status is Status.DONE
    found = scene.thing(thing)
    assert found is not None
    assert min(math.dist(scene.robot.point, point[:2]) for point in found.sight) < 1.3


def test_goto_says_when_there_is_no_way(scene: Scene) -> None:
    scene.site.block(scene.site.rooms["storage room"])
    result = perform(scene, Action("goto", "storage room"))
    assert (result.status, result.detail) == (Status.FAILED, "there is no free way there")


def test_goto_says_what_it_was_blocked_by(scene: Scene) -> None:
    assert perform(scene, Action("close", "door")).status is Status.DONE
    result = perform(scene, Action("goto", "corridor"))
    assert (result.status, result.detail) == (Status.FAILED, "blocked by the door")
    assert scene.site.room_at(scene.robot.point) == "patrol room"


def test_move_and_turn_are_relative(scene: Scene) -> None:
    perform(scene, Action("goto", "delta"))
    before, yaw = scene.robot.point, scene.robot.yaw
    assert perform(scene, Action("turn", amount=90.0)).status is Status.DONE
    assert math.sin(scene.robot.yaw - yaw) == pytest.approx(1.0, abs=0.01)
    assert perform(scene, Action("move", amount=0.8)).status is Status.DONE
    assert perform(scene, Action("move", amount=-0.8)).status is Status.DONE
    assert math.dist(before, scene.robot.point) < 0.06


def test_move_says_how_far_it_came(scene: Scene) -> None:
    perform(scene, Action("goto", "alpha"))
    perform(scene, Action("turn", amount=-math.degrees(scene.robot.yaw) - 90.0))
    result = perform(scene, Action("move", amount=3.0))
    assert result.status is Status.FAILED
    assert "stopped by the wall" in result.detail


def test_grasp_place_release(scene: Scene) -> None:
    box = scene.loose["blue box"].body
    assert perform(scene, Action("grasp", "blue box")).status is Status.DONE
    assert box.position[2] > 0.9
    assert perform(scene, Action("grasp", "green box")).detail == "your hand is full: you hold the blue box"
    perform(scene, Action("goto", "charlie"))
    assert math.dist(box.position[:2], scene.robot.point) < 0.6
    assert perform(scene, Action("place", "floor")).status is Status.DONE
    assert box.bottom_z == pytest.approx(0.0, abs=0.01)
    assert perform(scene, Action("release")).detail == "your hand is empty"
    assert perform(scene, Action("place", "bench")).detail == "your hand is empty"
    assert perform(scene, Action("goto", "bravo")).status is Status.DONE
    assert perform(scene, Action("grasp", "blue box")).status is Status.DONE
    assert perform(scene, Action("place", "bench")).status is Status.DONE
    assert box.bottom_z == pytest.approx(0.45, abs=0.02)


def test_release_drops_what_is_held(scene: Scene) -> None:
    perform(scene, Action("grasp", "green box"))
    perform(scene, Action("goto", "bravo"))
    assert perform(scene, Action("release")).status is Status.DONE
    pass_time(scene, 1.0)
    assert scene.loose["green box"].body.position[2] < 0.12
    assert scene.robot.held is None
    assert "green box" not in scene.agents


def test_grasp_fails_when_the_thing_is_not_between_the_fingers(scene: Scene) -> None:
    box, ticks = scene.loose["blue box"].body, 0
    away = (*scene.site.places["alpha"].point, 0.08)

    def snatch() -> None:
        nonlocal ticks
        ticks += 1
        if scene.robot.tip[2] < 0.75:
            box.teleport(away)

    result = perform(scene, Action("grasp", "blue box"), snatch)
    assert (result.status, result.detail) == (Status.FAILED, "the fingers did not get hold of the blue box")
    assert scene.robot.held is None


def test_push_moves_a_box_on_the_floor(scene: Scene) -> None:
    perform(scene, Action("grasp", "blue box"))
    perform(scene, Action("goto", "delta"))
    perform(scene, Action("place", "floor"))
    before = scene.loose["blue box"].body.position
    result = perform(scene, Action("push", "blue box"))
    assert result.status is Status.DONE
    assert math.dist(before, scene.loose["blue box"].body.position) > 0.2
    assert perform(scene, Action("goto", "bravo")).status is Status.DONE


def test_unplug_and_plug(scene: Scene) -> None:
    assert perform(scene, Action("plug", "cable")).detail == "you do not hold anything that fits into the cable"
    assert perform(scene, Action("unplug", "cable")).status is Status.DONE
    assert scene.ledger.facts["cable.plugged"] is False
    assert perform(scene, Action("unplug", "cable")).detail == "the cable is not plugged in"
    assert perform(scene, Action("plug", "cable")).status is Status.DONE
    pass_time(scene, 0.2)
    assert scene.ledger.facts["cable.plugged"] is True


def test_door_closes_and_opens(scene: Scene) -> None:
    assert perform(scene, Action("open", "door")).detail == "the door is open already"
    assert perform(scene, Action("push", "door")).status is Status.DONE
    assert scene.ledger.facts["door.shut"] is True
    assert perform(scene, Action("close", "door")).detail == "the door is shut already"
    assert perform(scene, Action("open", "door")).status is Status.DONE
    assert scene.ledger.facts["door.shut"] is False
    assert perform(scene, Action("goto", "corridor")).status is Status.DONE


@pytest.mark.parametrize(
    ("skill", "target"),
    [("press", "bench"), ("grasp", "door"), ("open", "blue box"), ("unplug", "lamp"), ("read", "bench"),
     ("place", "cable")],
)  # fmt: skip
def test_things_that_do_not_work_that_way_are_tried_in_vain(scene: Scene, skill: str, target: str) -> None:
    start = scene.time_s
    result = perform(scene, Action(skill, target))
    assert (result.status, result.detail) == (Status.FAILED, f"you find no way to {skill} the {target}")
    assert scene.time_s > start


def test_terminal_shows_writes_and_reports_errors(scene: Scene) -> None:
    name, path = "control cabinet", "/opt/station/rules.txt"
    shown = perform(scene, Action("read", name, path))
    assert shown.status is Status.DONE
    assert "when red_button is pressed" in shown.detail
    assert perform(scene, Action("read", name, "/nowhere")).status is Status.FAILED
    assert perform(scene, Action("read", name, "")).status is Status.FAILED
    assert perform(scene, Action("write", name, "/etc/passwd", "x")).status is Status.FAILED
    assert perform(scene, Action("run", name, text="ls /nowhere")).status is Status.DONE
    assert perform(scene, Action("run", name, text="true")).detail == "done"
    assert scene.ledger.facts["program.works"] is True
    assert perform(scene, Action("write", name, path, "# nothing\n")).status is Status.DONE
    pass_time(scene, 0.2)
    assert scene.ledger.facts["program.works"] is False


def test_look_says_what_is_there_or_that_it_is_not_in_sight(scene: Scene) -> None:
    assert perform(scene, Action("look", "cable")).detail == "you looked at the cable (plugged in)"
    assert perform(scene, Action("look")).detail == "you looked around"
    perform(scene, Action("goto", "storage room"))
    assert perform(scene, Action("look", "cable")).detail == "the cable is not in sight from here"


def test_words_reach_only_who_is_near_and_not_behind_a_wall(scene: Scene) -> None:
    assert perform(scene, Action("say", "person", text="Hello?")).detail.startswith("nobody heard you")
    assert perform(scene, Action("say", "person", text="  ")).detail == "there is nothing to say"
    perform(scene, Action("goto", "corridor"))
    assert perform(scene, Action("ask", "person", text="Hello?")).detail == "you were heard"
    assert [m.was_heard for m in scene.ledger.messages if m.sender == "robot"] == [False, True]


def test_wait_takes_its_time_and_ends_when_somebody_speaks(scene: Scene) -> None:
    start = scene.time_s
    perform(scene, Action("wait", amount=5.0))
    assert scene.time_s - start == pytest.approx(5.0, abs=0.1)
    perform(scene, Action("goto", "corridor"))
    start = scene.time_s

    def greet() -> None:
        if 1.0 < scene.time_s - start < 1.06:
            scene.speak("person", "Good morning.")

    perform(scene, Action("wait", amount=30.0), greet)
    assert scene.time_s - start < 2.0
