"""Devices of a panel and doors with a lock, each worked by the robot, by a person and by a falling or flying box."""

from __future__ import annotations

import math
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pybullet as bullet
import pytest
from play import causes, pass_time, perform

from envs.action import Action
from envs.devices.alarm import Alarm
from envs.devices.base import Device, Mount
from envs.devices.breaker import Breaker
from envs.devices.door import Door
from envs.devices.key_switch import KeySwitch
from envs.devices.keypad import Keypad
from envs.devices.loose import Loose
from envs.devices.push_box import PushBox
from envs.devices.two_way import TwoWay, Words
from envs.devices.watchdog import Watchdog
from envs.facts import ENVIRONMENT, Agent, Cause
from envs.people import Person, Script, Temper
from envs.robot import Robot
from envs.scene import PERSON_TOUCH, ROBOT_TOUCH, Scene
from envs.site import Mirror, Pose, Rect, Site
from envs.skills import Status
from envs.surroundings import Surroundings
from envs.walking import HAND_Z_M
from envs.world import Camera, Vec3, World

UP = math.pi / 2
GREY = (0.5, 0.5, 0.5, 1.0)
TEMPER = Temper(sets_off_s=0.0, patience_s=20.0, yields_after=9, pause_s=1.0)
TEN_MINUTES_S = 600.0
Build = Callable[["Lab"], Device]


@dataclass
class Lab:
    """A bare room with a robot, a person when asked, and a device called `thing`."""

    scene: Scene
    mount: Mount
    has_pedestal: bool
    calls: list[object] = field(default_factory=list)
    period_s: float = TEN_MINUTES_S

    def note(self, value: object) -> None:
        self.calls.append(value)

    def perform(self, skill: str) -> Status:
        return perform(self.scene, Action(skill, "thing")).status

    def causes(self, kind: str, *, value: object) -> list[Agent]:
        return causes(self.scene, f"thing.{kind}", value)

    def bring_person(self, x: float, y: float, yaw: float) -> Person:
        person = self.scene.people["person"]
        for joint, value in (("base_x", x), ("base_y", y), ("base_yaw", yaw)):
            index = person.body.index(joint)
            bullet.resetJointState(person.body.uid, index, value, 0.0, self.scene.world.client)
        self.scene.tick()
        return person

    def throw(self, at: Vec3, velocity: Vec3, holder: Cause | None) -> None:
        """Let a box fly or fall, out of the hand of `holder` if there is one."""
        scene = self.scene
        box = Loose(scene.world, "crate", (0.08, 0.08, 0.08), at, GREY, Pose(4.0, 3.0), scene.agents)
        scene.devices["crate"] = scene.loose["crate"] = box
        bullet.resetBaseVelocity(box.body.uid, velocity, physicsClientId=scene.world.client)
        if holder is not None:
            scene.agents["crate"] = holder
        pass_time(scene, 0.1)
        scene.agents.pop("crate", None)
        pass_time(scene, 1.0)


def build_breaker(lab: Lab) -> Breaker:
    return Breaker("thing", lab.mount, on_change=lab.note, loose=lab.scene.loose, has_pedestal=lab.has_pedestal)


def build_key(lab: Lab) -> KeySwitch:
    return KeySwitch(
        "thing", lab.mount, words=Words("active", "inactive"), on_change=lab.note, loose=lab.scene.loose,
        has_pedestal=lab.has_pedestal,
    )  # fmt: skip


def build_box(lab: Lab) -> PushBox:
    return PushBox("thing", lab.mount, loose=lab.scene.loose, has_pedestal=lab.has_pedestal)


def build_alarm(lab: Lab) -> Alarm:
    return Alarm("thing", lab.mount, range_m=5.0, loose=lab.scene.loose, has_pedestal=lab.has_pedestal)


def build_watchdog(lab: Lab) -> Watchdog:
    return Watchdog(
        "thing", lab.mount, lambda: lab.period_s, lambda: lab.note("ran out"), loose=lab.scene.loose,
        has_pedestal=lab.has_pedestal,
    )  # fmt: skip


def build_keypad(lab: Lab) -> Keypad:
    return Keypad("thing", lab.mount, "4711", lab.note, loose=lab.scene.loose, has_pedestal=lab.has_pedestal)


LEVERS: tuple[Build, ...] = (build_breaker, build_key)
CAPS: tuple[Build, ...] = (build_box, build_alarm, build_watchdog, build_keypad)


def furnish(world: World, build: Build, *, has_pedestal: bool, with_person: bool) -> Lab:
    """Everything of a lab, in a world that is open."""
    site = Site(Mirror(8.0), Rect(0.0, 0.0, 8.0, 6.0))
    site.build_floor(world)
    site.room("room", site.bounds)
    agents = {"robot": ROBOT_TOUCH, "person": PERSON_TOUCH}
    scene = Scene(world, site, Robot(world, Pose(2.0, 1.0)), agents)
    if has_pedestal:
        site.block(Rect(3.85, 3.85, 4.15, 4.15))
    else:
        site.solid(world, "counter", Rect(2.5, 3.8, 5.5, 4.2), 0.8, GREY)
    if with_person:
        scene.people["person"] = Person(world, "person", Pose(1.0, 5.0), TEMPER, Surroundings(site))
    mount = Mount(world, (4.0, 4.0, 0.0 if has_pedestal else 0.8), -UP, Pose(4.0, 3.35, UP), agents)
    lab = Lab(scene, mount, has_pedestal)
    scene.devices["thing"] = build(lab)
    scene.begin()
    return lab


@contextmanager
def lab_of(build: Build, *, has_pedestal: bool = True, with_person: bool = False) -> Iterator[Lab]:
    world = World()
    try:
        yield furnish(world, build, has_pedestal=has_pedestal, with_person=with_person)
    finally:
        world.close()


def two_way(lab: Lab) -> TwoWay:
    device = lab.scene.devices["thing"]
    assert isinstance(device, TwoWay)
    return device


def push_box(lab: Lab) -> PushBox:
    device = lab.scene.devices["thing"]
    assert isinstance(device, PushBox)
    return device


# -- handles with two ends -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_pedestal", [True, False])
@pytest.mark.parametrize("build", LEVERS)
def test_robot_pushes_a_handle_to_and_fro(build: Build, *, has_pedestal: bool) -> None:
    with lab_of(build, has_pedestal=has_pedestal) as lab:
        assert [lab.perform("push") for _ in range(2)] == [Status.DONE, Status.DONE]
        assert lab.calls == [False, True]
        assert lab.causes("on", value=False) == lab.causes("on", value=True) == [Agent.ROBOT]


def test_breaker_is_opened_and_closed_by_name() -> None:
    with lab_of(build_breaker) as lab:
        assert [lab.perform(skill) for skill in ("close", "open", "open", "close")] == [
            Status.FAILED, Status.DONE, Status.FAILED, Status.DONE,
        ]  # fmt: skip
        assert lab.calls == [False, True]
        assert perform(lab.scene, Action("push", "thing")).detail == "the thing is off"


def test_key_is_not_opened() -> None:
    with lab_of(build_key) as lab:
        assert lab.perform("open") is Status.FAILED
        assert lab.calls == []
        assert perform(lab.scene, Action("push", "thing")).detail == "the thing is inactive"


def _turn_past(person: Person, at: Vec3, turn: float) -> Script:
    """Put the hand down at a point and turn on the spot."""
    legs = person.legs
    heading = legs.hand_heading(at[:2])
    reach = legs.hand_reach(at[:2])
    legs.face(heading)
    yield from person.wait(0.4)
    legs.hold_hand(reach, 0.1)
    yield from person.wait(0.8)
    legs.hold_hand(reach, at[2] + 0.05 - HAND_Z_M)
    yield from person.wait(0.5)
    legs.face(heading + turn)
    yield from person.wait(1.0)
    legs.hold_hand(0.0, 0.0)
    yield from person.wait(0.5)


@pytest.mark.parametrize("build", LEVERS)
def test_person_pushes_a_handle(build: Build) -> None:
    with lab_of(build, with_person=True) as lab:
        stroke = two_way(lab).stroke("push")
        assert stroke is not None
        person = lab.bring_person(4.0, 3.4, UP)
        turn = 0.45 if stroke.end[0] < stroke.start[0] else -0.45
        person.live(_turn_past(person, stroke.start, turn))
        pass_time(lab.scene, 3.5)
        assert lab.causes("on", value=False) == [Agent.PERSON]


@pytest.mark.parametrize(("holder", "agent"), [(None, Agent.ENVIRONMENT), (ROBOT_TOUCH, Agent.ROBOT)])
@pytest.mark.parametrize("build", LEVERS)
def test_flying_box_pushes_a_handle(build: Build, holder: Cause | None, agent: Agent) -> None:
    with lab_of(build) as lab:
        stroke = two_way(lab).stroke("push")
        assert stroke is not None
        (x, y, z), side = stroke.start, math.copysign(1.0, stroke.end[0] - stroke.start[0])
        lab.throw((x - 0.1 * side, y, z + 0.06), (3.0 * side, 0.0, 0.0), holder)
        assert lab.causes("on", value=False) == [agent]


@pytest.mark.parametrize("build", LEVERS)
def test_light_knock_leaves_a_handle_where_it_was(build: Build) -> None:
    with lab_of(build) as lab:
        joint = two_way(lab).bodies[0].joints["throw"]
        start = joint.position
        stroke = two_way(lab).stroke("push")
        assert stroke is not None
        (x, y, z), side = stroke.start, math.copysign(1.0, stroke.end[0] - stroke.start[0])
        lab.throw((x, y, z + 0.06), (0.7 * side, 0.0, 0.0), None)
        assert lab.calls == []
        assert joint.position == pytest.approx(start, abs=0.03)


def test_handle_shows_and_says_its_end() -> None:
    with lab_of(build_key) as lab:
        key = two_way(lab)
        assert key.view() == key.facts() == {"thing.on": True}
        assert key.describe({"thing.on": False}) == "thing (inactive)"
        assert key.describe({"thing.on": True}) == "thing (active)"


# -- caps ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_pedestal", [True, False])
@pytest.mark.parametrize("build", CAPS)
def test_robot_presses_a_cap(build: Build, *, has_pedestal: bool) -> None:
    with lab_of(build, has_pedestal=has_pedestal) as lab:
        assert lab.perform("press") is Status.DONE
        assert lab.causes("pressed", value=True) == [Agent.ROBOT]
        assert lab.scene.ledger.facts["thing.pressed"] is False


@pytest.mark.parametrize("build", CAPS)
def test_person_presses_a_cap(build: Build) -> None:
    with lab_of(build, with_person=True) as lab:
        person = lab.bring_person(4.0, 3.4, UP)
        person.live(person.press(push_box(lab)))
        pass_time(lab.scene, 3.5)
        assert lab.causes("pressed", value=True) == [Agent.PERSON]


@pytest.mark.parametrize(("holder", "agent"), [(None, Agent.ENVIRONMENT), (ROBOT_TOUCH, Agent.ROBOT)])
@pytest.mark.parametrize("build", CAPS)
def test_falling_box_presses_a_cap(build: Build, holder: Cause | None, agent: Agent) -> None:
    with lab_of(build) as lab:
        x, y, z = push_box(lab).top
        lab.throw((x, y, z + 0.3), (0.0, 0.0, 0.0), holder)
        assert set(lab.causes("pressed", value=True)) == {agent}


def test_press_between_two_ticks_is_seen_by_nobody() -> None:
    with lab_of(build_watchdog) as lab:
        watchdog, world = push_box(lab), lab.scene.world
        cap = watchdog.bodies[0].joints["travel"]
        cap.hold(-0.016, 100.0, gain=0.3)
        for _ in range(8):
            world.tick()
        assert cap.position < -0.012
        assert watchdog.cap.is_down() is False
        assert watchdog.facts()["thing.pressed"] is False
        watchdog.tick(world.time_s)
        assert watchdog.cap.is_down() is True
        assert watchdog.facts()["thing.pressed"] is True


# -- alarm -----------------------------------------------------------------------------------------------------------


def _alarm(lab: Lab) -> Alarm:
    alarm = lab.scene.devices["thing"]
    assert isinstance(alarm, Alarm)
    return alarm


def test_alarm_sounds_until_it_is_pressed() -> None:
    with lab_of(build_alarm) as lab:
        alarm = _alarm(lab)
        alarm.trigger(PERSON_TOUCH)
        alarm.trigger(ENVIRONMENT)
        pass_time(lab.scene, 0.5)
        assert lab.causes("on", value=True) == [Agent.PERSON]
        assert alarm.is_heard_at((4.0, 0.0))
        assert not alarm.is_heard_at((9.5, 4.0))
        assert alarm.describe(alarm.view()) == "thing (sounding)"
        lab.perform("press")
        assert lab.causes("on", value=False) == [Agent.ROBOT]
        assert not alarm.is_heard_at((4.0, 0.0))
        assert alarm.describe(alarm.view()) == "thing (silent)"


def test_beacon_lights_up() -> None:
    with lab_of(build_alarm) as lab:
        camera = Camera((4.3, 3.0, 1.5), (4.0, 4.0, 0.9), width=80, height=60)
        dark = lab.scene.world.picture(camera, has_shadow=False)
        _alarm(lab).trigger(ENVIRONMENT)
        lit = lab.scene.world.picture(camera, has_shadow=False)
        assert int(lit[..., 0].max(initial=0, where=(lit != dark).any(-1))) > 200


# -- watchdog --------------------------------------------------------------------------------------------------------


def _watchdog(lab: Lab) -> Watchdog:
    watchdog = lab.scene.devices["thing"]
    assert isinstance(watchdog, Watchdog)
    return watchdog


def test_watchdog_runs_out_once_and_starts_anew() -> None:
    with lab_of(build_watchdog) as lab:
        watchdog = _watchdog(lab)
        lab.period_s = 4.0
        pass_time(lab.scene, 5.0)
        assert lab.calls == ["ran out"]
        assert lab.causes("expired", value=True) == [Agent.ENVIRONMENT]
        assert lab.scene.ledger.events[0].time_s == pytest.approx(4.0, abs=0.11)
        assert watchdog.describe(watchdog.view()) == "thing (run out)"
        lab.period_s = 60.0
        pass_time(lab.scene, 2.0)
        assert watchdog.is_expired
        lab.perform("press")
        assert lab.causes("expired", value=False) == [Agent.ROBOT]
        assert lab.calls == ["ran out"]


def test_watchdog_shows_tens_of_seconds() -> None:
    with lab_of(build_watchdog) as lab:
        watchdog = _watchdog(lab)
        lab.period_s = 60.0
        pass_time(lab.scene, 12.0)
        assert watchdog.remaining_s == pytest.approx(48.0, abs=0.11)
        assert watchdog.view() == {"thing.remaining_s": 50}
        assert watchdog.describe(watchdog.view()) == "thing (50 s left)"
        assert "thing.remaining_s" not in watchdog.facts()
        assert lab.scene.ledger.events == []


@pytest.mark.parametrize("period_s", [3.0, 0.0, -5.0])
def test_watchdog_takes_a_changed_period_within_a_second(period_s: float) -> None:
    with lab_of(build_watchdog) as lab:
        pass_time(lab.scene, 2.0)
        lab.period_s = period_s
        pass_time(lab.scene, 1.1)
        assert lab.calls == ["ran out"]


def test_thing_left_on_the_cap_starts_the_watchdog_only_once() -> None:
    with lab_of(build_watchdog) as lab:
        x, y, z = push_box(lab).top
        lab.throw((x, y, z + 0.05), (0.0, 0.0, 0.0), None)
        assert push_box(lab).is_pressed
        lab.period_s = 3.0
        pass_time(lab.scene, 4.0)
        assert push_box(lab).is_pressed
        assert lab.calls == ["ran out"]


# -- keypad ----------------------------------------------------------------------------------------------------------


def test_keypad_opens_for_the_right_code_only() -> None:
    with lab_of(build_keypad) as lab:
        keypad = lab.scene.devices["thing"]
        assert isinstance(keypad, Keypad)
        assert keypad.describe(keypad.view()) == "thing (locked)"
        assert not keypad.enter("0000", ROBOT_TOUCH)
        assert not keypad.enter("", ROBOT_TOUCH)
        assert keypad.enter(" 4711\n", PERSON_TOUCH)
        assert keypad.enter("4711", ROBOT_TOUCH)
        pass_time(lab.scene, 0.2)
        assert lab.calls == [True]
        assert lab.causes("wrong_codes", value=2) == [Agent.ROBOT]
        assert lab.causes("unlocked", value=True) == [Agent.PERSON]
        assert keypad.view() == {"thing.unlocked": True}
        assert keypad.describe(keypad.view()) == "thing (unlocked)"
        assert not keypad.enter("1234", ROBOT_TOUCH)
        assert lab.calls == [True, False]


# -- doors -----------------------------------------------------------------------------------------------------------


def _door_in_a_wall_along_y(opens: int, yaw: float, *, is_shut: bool, is_locked: bool | None) -> Build:
    """A door that swings to -x, towards the robot."""

    def build(lab: Lab) -> Door:
        scene, hinge_y = lab.scene, 3.0 - 0.5 * math.copysign(1.0, yaw)
        for name, rect in (("south", Rect(5.95, 0.0, 6.05, 2.5)), ("north", Rect(5.95, 3.5, 6.05, 6.0))):
            scene.site.wall(scene.world, name, rect)
        door = Door(
            scene.world, "thing", (6.0, hinge_y, 0.02), opens, Pose(5.14, hinge_y + 0.8 * math.copysign(1.0, yaw)),
            scene.agents, yaw=yaw, is_shut=is_shut, is_locked=is_locked, loose=scene.loose,
        )  # fmt: skip
        for frame in ("south", "north"):
            scene.world.ignore_contacts(door.body, scene.world.bodies[frame])
        return door

    return build


def _door(lab: Lab) -> Door:
    door = lab.scene.devices["thing"]
    assert isinstance(door, Door)
    return door


@pytest.mark.parametrize(("opens", "yaw"), [(1, UP), (-1, -UP)])
def test_robot_shuts_and_opens_a_door_along_y(opens: int, yaw: float) -> None:
    with lab_of(_door_in_a_wall_along_y(opens, yaw, is_shut=False, is_locked=None)) as lab:
        door = _door(lab)
        tip = door.leaf(0.94, door.angle, 0.0)
        assert tip[0] == pytest.approx(6.0 - 0.94 * math.sin(1.4), abs=0.02)
        assert lab.perform("close") is Status.DONE
        assert door.leaf(0.94, door.angle, 0.0)[0] == pytest.approx(6.0, abs=0.05)
        assert lab.perform("open") is Status.DONE
        assert lab.causes("shut", value=True) == lab.causes("shut", value=False) == [Agent.ROBOT]
        assert door.facts() == {"thing.shut": False}


def test_locked_door_stays_shut_until_it_is_unlocked() -> None:
    with lab_of(_door_in_a_wall_along_y(1, UP, is_shut=True, is_locked=True)) as lab:
        door = _door(lab)
        assert door.facts() == {"thing.shut": True, "thing.locked": True}
        assert door.view() == {"thing.shut": True}
        result = perform(lab.scene, Action("open", "thing"))
        assert (result.status, result.detail) == (Status.FAILED, "the thing is locked")
        door.unlatch()
        assert lab.scene.ledger.events == []
        door.unlock(PERSON_TOUCH)
        assert lab.perform("open") is Status.DONE
        assert lab.causes("locked", value=False) == [Agent.PERSON]
        assert lab.causes("shut", value=False) == [Agent.ROBOT]
        door.lock(ROBOT_TOUCH)
        assert lab.perform("close") is Status.DONE
        assert lab.perform("open") is Status.FAILED
        assert lab.causes("locked", value=True) == [Agent.ROBOT]


def test_person_pushes_a_door_shut() -> None:
    build = _door_in_a_wall_along_y(1, UP, is_shut=False, is_locked=None)
    with lab_of(build, with_person=True) as lab:
        person = lab.bring_person(5.3, 2.0, UP)
        person.live(_stroll_both_ways(person))
        pass_time(lab.scene, 6.0)
        assert lab.causes("shut", value=True) == [Agent.PERSON]


def _stroll_both_ways(person: Person) -> Script:
    yield from person.stroll(UP, 1.0)
    yield from person.stroll(0.0, 0.8)


@pytest.mark.parametrize(("holder", "agent"), [(None, Agent.ENVIRONMENT), (ROBOT_TOUCH, Agent.ROBOT)])
def test_flying_box_knocks_a_door_shut(holder: Cause | None, agent: Agent) -> None:
    with lab_of(_door_in_a_wall_along_y(1, UP, is_shut=False, is_locked=None)) as lab:
        door = _door(lab)
        hinge = door.body.index("hinge")
        bullet.resetJointState(door.body.uid, hinge, 0.2, 0.0, lab.scene.world.client)
        lab.throw((*door.leaf(0.8, 0.2, 0.5), 1.0), (6.0, 0.0, 0.0), holder)
        assert lab.causes("shut", value=True) == [agent]


def test_door_without_a_lock_cannot_be_locked() -> None:
    with lab_of(_door_in_a_wall_along_y(1, UP, is_shut=True, is_locked=None)) as lab:
        with pytest.raises(ValueError, match="the thing has no lock"):
            _door(lab).lock(ROBOT_TOUCH)
        assert lab.perform("open") is Status.DONE


# -- all of them -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("build", LEVERS + CAPS)
def test_device_is_as_new_after_a_reset(build: Build) -> None:
    world = World()
    camera = Camera((4.3, 3.0, 1.5), (4.0, 4.0, 0.9), width=80, height=60)
    try:
        world.open("lab", may_reuse=True)
        lab = furnish(world, build, has_pedestal=True, with_person=False)
        first, picture = lab.scene.devices["thing"], world.picture(camera, has_shadow=False)
        facts, shown, joints = first.facts(), first.view(), world.state().tolist()
        _disturb(lab)
        assert (first.facts(), world.state().tolist()) != (facts, joints)
        world.open("lab", may_reuse=True)
        again = furnish(world, build, has_pedestal=True, with_person=False).scene.devices["thing"]
        assert again.bodies[0] is first.bodies[0]
        assert (again.facts(), again.view(), world.state().tolist()) == (facts, shown, joints)
        assert (world.picture(camera, has_shadow=False) == picture).all()
    finally:
        world.close()


def _disturb(lab: Lab) -> None:
    device = lab.scene.devices["thing"]
    if isinstance(device, Alarm):
        device.trigger(ENVIRONMENT)
    if isinstance(device, Keypad):
        device.enter("4711", ENVIRONMENT)
    lab.period_s = 1.0
    lab.perform("push" if isinstance(device, TwoWay) else "press")
    pass_time(lab.scene, 2.5)


@pytest.mark.parametrize("build", LEVERS + CAPS)
def test_device_at_rest_costs_next_to_nothing(build: Build) -> None:
    with lab_of(build) as lab:
        device = lab.scene.devices["thing"]
        joint = next(iter(device.bodies[0].joints.values()))
        reads = min(timeit.repeat(lambda: joint.position, number=500, repeat=7))
        ticks = min(timeit.repeat(lambda: device.tick(0.5), number=500, repeat=7))
        assert ticks < 3.0 * reads


@pytest.mark.parametrize("build", LEVERS + CAPS)
def test_device_is_seen_from_where_one_works_on_it(build: Build) -> None:
    with lab_of(build) as lab:
        perform(lab.scene, Action("goto", "thing"))
        assert lab.scene.is_in_sight(lab.scene.devices["thing"], lab.scene.robot.eye)
        assert {body.name for body in lab.scene.devices["thing"].bodies} == {"thing", "thing pedestal"}
