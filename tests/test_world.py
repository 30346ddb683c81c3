"""The physics client, causes by contact, and what may move what."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator

import numpy as np
import pybullet as bullet
import pytest
from play import causes, pass_time, perform, station

from envs.action import Action
from envs.devices.button import CAP_TOP_Z, TRAVEL_M, Button
from envs.devices.cable import Cable
from envs.devices.door import Door
from envs.devices.loose import Loose
from envs.facts import Agent
from envs.robot import RADIUS_M
from envs.scene import SENSE_EVERY_TICKS, Scene
from envs.site import Pose
from envs.skills import Status
from envs.skills.handling import aim, move_arm
from envs.world import TICK_S, Camera, World

GREY = (0.5, 0.5, 0.5, 1.0)


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


@pytest.fixture
def scene() -> Iterator[Scene]:
    with station() as scene:
        yield scene


# -- the client ------------------------------------------------------------------------------------------------------


def test_clock_counts_physics_steps(world: World) -> None:
    for _ in range(20):
        world.tick()
    assert world.time_s == pytest.approx(20 * TICK_S)
    world.settle()
    assert world.time_s == 0.0


def test_thing_falls_and_touches_the_floor(world: World) -> None:
    floor = world.box("floor", (2, 2, 0.2), (0, 0, -0.1), GREY)
    box = world.box("box", (0.2, 0.2, 0.2), (0, 0, 0.6), GREY, mass_kg=2.0)
    assert world.contacts(box) == []
    for _ in range(40):
        world.tick()
    assert box.position[2] == pytest.approx(0.1, abs=0.005)
    assert world.is_touching(box, floor)
    assert sum(c.force_n for c in world.contacts(box)) == pytest.approx(2.0 * 9.81, rel=0.1)


def test_ray_stops_at_the_first_body(world: World) -> None:
    world.box("near", (0.1, 1, 1), (1, 0, 0), GREY)
    world.box("far", (0.1, 1, 1), (2, 0, 0), GREY)
    world.box("ghost", (0.1, 1, 1), (0.5, 0, 0), GREY, is_solid=False)
    first, none = world.cast([((0, 0, 0), (3, 0, 0)), ((0, 0, 0), (-3, 0, 0))])
    assert first is not None
    assert first.body == "near"
    assert first.fraction == pytest.approx(0.95 / 3, abs=0.01)
    assert none is None


def test_two_bodies_cannot_share_a_name(world: World) -> None:
    world.box("box", (1, 1, 1), (0, 0, 0), GREY)
    with pytest.raises(ValueError, match="'box'"):
        world.box("box", (1, 1, 1), (3, 0, 0), GREY)


def test_recorded_state_poses_another_world(scene: Scene) -> None:
    start = scene.world.state()
    picture = scene.world.picture(Camera((5, -5, 7), (5, 2, 0), width=80, height=60))
    perform(scene, Action("goto", "bravo"))
    moved = scene.world.state()
    assert moved.dtype == np.float32
    assert not np.array_equal(start, moved)
    with station() as other:
        other.world.apply_state(moved)
        np.testing.assert_allclose(other.world.state(), moved, atol=1e-5)
        assert other.robot.point == pytest.approx(scene.robot.point, abs=1e-5)
        again = other.world.picture(Camera((5, -5, 7), (5, 2, 0), width=80, height=60))
    assert picture.shape == (60, 80, 3)
    assert picture.dtype == np.uint8
    assert not np.array_equal(picture, again)


def test_close_frees_the_client() -> None:
    world = World()
    client = world.client
    assert bullet.isConnected(client)
    world.close()
    world.close()
    assert not bullet.isConnected(client)


# -- causes ----------------------------------------------------------------------------------------------------------


def _button(scene: Scene) -> Button:
    button = scene.devices["red button"]
    assert isinstance(button, Button)
    return button


def _stick(scene: Scene) -> Loose:
    """A thing slim enough to go through the button's rim, on the bench."""
    bench = scene.site.mirror.at(0.42, 4.4, 0.45 + 0.15)
    stand = scene.site.mirror.pose(1.04, 4.4, math.pi)
    stick = Loose(scene.world, "stick", (0.06, 0.06, 0.3), bench, GREY, stand, scene.agents)
    scene.devices["stick"] = scene.loose["stick"] = stick
    return stick


def _hold_over_button(scene: Scene, bottom_z: float) -> Generator[None, None, None]:
    held = scene.robot.held
    assert held is not None
    boom = yield from aim(scene, _button(scene).top, _button(scene).stand, "red button")
    hang = scene.robot.tip[2] - held.bottom_z
    yield from move_arm(scene, CAP_TOP_Z + 0.1 + hang, boom, 4.0)
    yield from move_arm(scene, bottom_z + hang, boom, 4.0)


def _run(scene: Scene, steps: Generator[None, None, None]) -> None:
    for _ in steps:
        scene.tick()


def _let_person_press(scene: Scene) -> None:
    person = scene.people["person"]
    pose = scene.site.mirror.pose(4.0, 5.15, math.pi / 2)
    for joint, value in (("base_x", pose.x), ("base_y", pose.y), ("base_yaw", pose.yaw)):
        person.body.set_joint(joint, value)
    person.live(person.press(_button(scene)))
    pass_time(scene, 5.0)


def test_button_pressed_by_the_robots_finger(scene: Scene) -> None:
    assert perform(scene, Action("press", "red button")).status is Status.DONE
    assert causes(scene, "button.pressed", value=True) == [Agent.ROBOT]


def test_button_pressed_by_a_person(scene: Scene) -> None:
    _let_person_press(scene)
    assert causes(scene, "button.pressed", value=True) == [Agent.PERSON]


def test_button_pressed_by_something_that_falls_on_it(scene: Scene) -> None:
    x, y, z = _button(scene).top
    scene.world.box("weight", (0.06, 0.06, 0.06), (x, y, z + 0.3), GREY, mass_kg=3.0)
    pass_time(scene, 1.0)
    assert set(causes(scene, "button.pressed", value=True)) == {Agent.ENVIRONMENT}


def test_button_pressed_by_a_thing_in_the_robots_hand(scene: Scene) -> None:
    _stick(scene)
    assert perform(scene, Action("grasp", "stick")).status is Status.DONE
    _run(scene, _hold_over_button(scene, CAP_TOP_Z - 0.03))
    assert causes(scene, "button.pressed", value=True) == [Agent.ROBOT]


def test_button_pressed_by_a_thing_the_robot_dropped_on_it(scene: Scene) -> None:
    _stick(scene)
    perform(scene, Action("grasp", "stick"))
    _run(scene, _hold_over_button(scene, CAP_TOP_Z + 0.03))
    assert causes(scene, "button.pressed", value=True) == []
    perform(scene, Action("release"))
    pass_time(scene, 1.0)
    assert set(causes(scene, "button.pressed", value=True)) == {Agent.ROBOT}


@pytest.mark.every_third_day
def test_box_put_on_the_button_is_the_robots_and_slides_off_by_itself(scene: Scene) -> None:
    perform(scene, Action("grasp", "blue box"))
    assert perform(scene, Action("place", "red button")).status is Status.DONE
    assert causes(scene, "button.covered_by", "blue box") == [Agent.ROBOT]
    perform(scene, Action("goto", "alpha"))
    bullet.setGravity(0.0, -12.0, -9.81, scene.world.client)
    scene.world.wake(scene.loose["blue box"].body)
    pass_time(scene, 2.0)
    assert causes(scene, "button.covered_by", "") == [Agent.ENVIRONMENT]


@pytest.mark.every_third_day
def test_box_taken_off_the_button_again_is_the_robots_doing(scene: Scene) -> None:
    perform(scene, Action("grasp", "blue box"))
    perform(scene, Action("place", "red button"))
    assert perform(scene, Action("grasp", "blue box")).status is Status.DONE
    assert causes(scene, "button.covered_by", "") == [Agent.ROBOT]


@pytest.mark.every_third_day
def test_door_shut_by_the_robot_and_by_the_wind(scene: Scene) -> None:
    assert perform(scene, Action("close", "door")).status is Status.DONE
    assert causes(scene, "door.shut", value=True) == [Agent.ROBOT]
    assert perform(scene, Action("open", "door")).status is Status.DONE
    assert causes(scene, "door.shut", value=False) == [Agent.ROBOT]
    with station() as windy:
        door = windy.devices["door"]
        assert isinstance(door, Door)
        door.body.joints["hinge"].hold(0.0, 60.0)
        pass_time(windy, 3.0)
        assert causes(windy, "door.shut", value=True) == [Agent.ENVIRONMENT]


@pytest.mark.every_third_day
def test_cable_pulled_by_the_robot_and_by_a_jerk_of_its_own(scene: Scene) -> None:
    assert perform(scene, Action("unplug", "cable")).status is Status.DONE
    assert causes(scene, "cable.plugged", value=False) == [Agent.ROBOT]
    with station() as other:
        cable = other.devices["cable"]
        assert isinstance(cable, Cable)
        for _ in range(200):
            bullet.applyExternalForce(
                cable.plug.uid, -1, (0, 0, 300), cable.plug.position, bullet.WORLD_FRAME, other.world.client
            )
            other.tick()
        assert causes(other, "cable.plugged", value=False) == [Agent.ENVIRONMENT]


# -- honesty ---------------------------------------------------------------------------------------------------------


def test_button_counts_as_pressed_only_beyond_its_travel(scene: Scene) -> None:
    button, cap = _button(scene), _button(scene).body.joints["travel"]
    deepest = []

    def watch() -> None:
        deepest.append(cap.position)
        if scene._ticks % SENSE_EVERY_TICKS == 0:
            assert button.is_pressed == (cap.position < -TRAVEL_M) == scene.ledger.facts["button.pressed"]

    assert perform(scene, Action("press", "red button"), watch).status is Status.DONE
    assert min(deepest) < -TRAVEL_M
    assert cap.position == pytest.approx(0.0, abs=0.002)


def test_light_touch_does_not_press(scene: Scene) -> None:
    x, y, z = _button(scene).top
    scene.world.box("feather", (0.06, 0.06, 0.02), (x, y, z + 0.02), GREY, mass_kg=0.1)
    pass_time(scene, 1.5)
    assert causes(scene, "button.pressed", value=True) == []


@pytest.mark.every_third_day
def test_covered_button_cannot_be_pressed(scene: Scene) -> None:
    perform(scene, Action("grasp", "blue box"))
    perform(scene, Action("place", "red button"))
    perform(scene, Action("goto", "alpha"))
    _let_person_press(scene)
    assert causes(scene, "button.pressed", value=True) == []
    assert scene.ledger.facts["button.covered_by"] == "blue box"
    assert perform(scene, Action("press", "red button")).status is Status.FAILED


@pytest.mark.every_third_day
def test_robot_cannot_drive_through_walls(scene: Scene) -> None:
    for turn in range(8):
        perform(scene, Action("turn", amount=45.0))
        for amount in (3.0, 3.0, -1.0):
            perform(scene, Action("move", amount=amount))
            x, y = scene.robot.point
            assert 0.0 < x < 11.0
            assert -2.0 < y < 6.0
        result = perform(scene, Action("goto", "alpha"))
        assert result.status is Status.DONE, (turn, result)


@pytest.mark.every_third_day
def test_robot_cannot_be_driven_through_a_person(scene: Scene) -> None:
    person = scene.people["person"]
    x, y = scene.robot.point
    for joint, value in (("base_x", x + 1.0), ("base_y", y)):
        person.body.set_joint(joint, value)
    nearest = math.inf
    for _ in range(80):
        scene.robot.drive_towards((x + 2.5, y), 0.0)
        scene.tick()
        nearest = min(nearest, math.dist(scene.robot.point, person.point))
    assert nearest > 0.4


def test_robot_waits_for_a_person_in_its_way(scene: Scene) -> None:
    person = scene.people["person"]
    x, y = scene.robot.point
    yaw = scene.robot.yaw
    for joint, value in (("base_x", x + 1.0 * math.cos(yaw)), ("base_y", y + 1.0 * math.sin(yaw))):
        person.body.set_joint(joint, value)
    before = person.point
    result = perform(scene, Action("move", amount=2.0))
    assert result.status is Status.FAILED
    assert "a person" in result.detail
    assert math.dist(before, person.point) < 0.02
    assert math.dist(scene.robot.point, person.point) > RADIUS_M


def test_power_cut_stops_base_and_arm_for_good(scene: Scene) -> None:
    ticks = 0

    def cut() -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 60:
            scene.robot.cut_power()

    perform(scene, Action("grasp", "blue box"), cut)
    pass_time(scene, 0.5)
    before = scene.world.state()
    scene.robot.drive(1.0, 1.0, 1.0)
    scene.robot.reach(0.3, 0.5)
    pass_time(scene, 3.0)
    np.testing.assert_allclose(scene.world.state(), before, atol=0.01)


def test_preferred_stand_is_used_only_when_it_reaches(scene: Scene) -> None:
    top = _button(scene).top
    assert scene.stand_for(top, _button(scene).stand) == _button(scene).stand
    away = Pose(top[0], top[1] - 2.0)
    found = scene.stand_for(top, away)
    assert found is not None
    assert 0.4 < math.dist(found.point, top[:2]) < 0.85
