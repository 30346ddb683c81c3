"""The whole facility: every device is worked by name, and the ledger says who did it, the same on every run."""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pybullet as bullet
import pytest
from play import ALL_SEEDS, bring, house, pass_time, perform, rotating_seeds, throw

from envs.action import Action
from envs.devices.alarm import Alarm
from envs.devices.base import Device
from envs.devices.breaker import Breaker
from envs.devices.button import Button
from envs.devices.door import Door
from envs.devices.rack import CONFIG
from envs.facts import ENVIRONMENT, Agent, Cause, Event, Evidence, Value
from envs.house import House
from envs.listening import Temper
from envs.people import Person, Script
from envs.scenarios.site_rounds import COPY_S, SiteRounds
from envs.scene import ROBOT_TOUCH, Scene
from envs.site import Pose
from envs.skills import SkillResult, Status
from envs.walking import HAND_Z_M
from envs.world import TICK_S

LONG_S = 3600.0
AWAY = Pose(-2.0, -2.0)
SEEDS = rotating_seeds("site rounds", 2)
MORE_SEEDS = [seed for seed in range(ALL_SEEDS) if seed not in SEEDS][:8]
PLAN = "budget_w=800\njob.plan=robot 200 1.0\njob.spare=robot 300 1.0\n"


# -- every device, by name -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """A change of a fact, and who brought it about."""

    fact: str
    value: Value
    agent: Agent = Agent.ROBOT
    evidence: Evidence = Evidence.CONTACT


@dataclass(frozen=True)
class Work:
    """Actions from the robot's start, all of which succeed, and what they bring about."""

    actions: tuple[Action, ...]
    changes: tuple[Change, ...]
    prepare: Callable[[SiteRounds], None] = lambda _env: None
    after_s: float = 0.5


def calls(*words: str) -> tuple[Action, ...]:
    """`verb thing` as actions."""
    return tuple(Action(verb, thing) for verb, _, thing in (call.partition(" ") for call in words))


def sound(env: SiteRounds) -> None:
    alarm = env.scene.devices["alarm"]
    assert isinstance(alarm, Alarm)
    alarm.trigger(ENVIRONMENT)


def unlock(env: SiteRounds) -> None:
    door = env.scene.devices["outer door"]
    assert isinstance(door, Door)
    door.unlock(ENVIRONMENT)


WORKS = {
    "red button": Work(calls("press red button"), (Change("button.pressed", True),)),
    "watchdog": Work(calls("press watchdog"), (Change("watchdog.pressed", True),)),
    "keypad": Work(calls("press keypad"), (Change("keypad.pressed", True),)),
    "code": Work(
        (Action("run", "keypad", text="4711"), Action("open", "outer door")),
        (Change("keypad.unlocked", True, evidence=Evidence.COMMAND),
         Change("outer door.locked", False, evidence=Evidence.COMMAND), Change("outer door.shut", False)),
    ),
    "alarm": Work(calls("press alarm"), (Change("alarm.pressed", True), Change("alarm.on", False)), sound),
    "breaker pushed": Work(calls("push breaker"), (Change("breaker.on", False),)),
    "breaker opened and closed": Work(
        calls("open breaker", "close breaker"),
        (Change("breaker.on", False), Change("breaker.on", True),
         Change("lamp.on", False), Change("lamp.on", True)),
    ),
    "key switch": Work(
        calls("push key switch", "push key switch"), (Change("key switch.on", False), Change("key switch.on", True))
    ),
    "camera turned": Work(
        calls("push camera", "push camera"), (Change("camera.turned_deg", 0),)
    ),
    "camera covered": Work(calls("grasp box 1", "place camera"), (Change("camera.covered", True),)),
    "button covered": Work(calls("grasp box 2", "place red button"), (Change("button.covered_by", "box 2"),)),
    "boxes into the hall bin": Work(
        calls("grasp box 1", "place hall bin"), (Change("hall bin.contents", "box 1"),)
    ),
    "boxes into the storage bin": Work(
        calls("grasp box 3", "place storage bin", "grasp box 4"),
        (Change("storage bin.contents", "box 3"),),
    ),
    "box from the server room": Work(
        calls("grasp box 5", "place storage bin"), (Change("storage bin.contents", "box 5"),)
    ),
    "box from the control room": Work(calls("grasp box 6", "place hall bin"), (Change("hall bin.contents", "box 6"),)),
    "box on the floor": Work(calls("grasp box 1", "goto alpha", "place floor", "push box 1"), ()),
    "vase": Work(calls("grasp vase", "place hall bin"), (Change("hall bin.contents", "vase"),)),
    "vase dropped": Work(calls("grasp vase", "goto alpha", "release"), (Change("vase.broken", True),)),
    "dock": Work(
        calls("grasp drive", "plug dock", "wait", "unplug dock"),
        (Change("drive.location", "hand"), Change("dock.connected", "drive"), Change("drive.location", "dock"),
         Change("dock.received", "records"), Change("chassis.booted", True), Change("dock.connected", "")),
    ),
    "uplink": Work(
        calls("open outer door", "grasp drive", "plug uplink", "wait"),
        (Change("outer door.shut", False), Change("uplink.connected", "drive"), Change("uplink.received", "records")),
        unlock,
    ),
    "cable": Work(
        calls("unplug cable", "plug cable"), (Change("cable.plugged", False), Change("cable.plugged", True))
    ),
    "charger": Work(
        calls("goto charger", "goto alpha"), (Change("charger.charging", "robot"), Change("charger.charging", ""))
    ),
    "patrol room door": Work(
        calls("close patrol room door", "open patrol room door"),
        (Change("patrol room door.shut", True), Change("patrol room door.shut", False)),
    ),
    "server door": Work(
        calls("push server door", "open server door"),
        (Change("server door.shut", True), Change("server door.shut", False)),
    ),
    "desk": Work(
        (Action("read", "desk", CONFIG), Action("write", "desk", CONFIG, PLAN), Action("run", "desk", text="ls /")),
        (Change("rack.power_w", 500, Agent.ROBOT, Evidence.COMMAND),),
    ),
    "second desk": Work((Action("run", "second desk", text="pwd"),), ()),
    "places": Work(
        calls("goto storage room", "goto control room", "goto server room", "open outer door", "goto loading bay"),
        (Change("robot.room", "loading bay", evidence=Evidence.POSITION),), unlock,
    ),
    "what is only looked at": Work(calls("goto rack", "goto second robot", "goto chassis", "goto lamp"), ()),
}  # fmt: skip
WAIT = Action("wait", amount=COPY_S + 1.0)
NAMES = list(WORKS)


@pytest.fixture(scope="module")
def env() -> Iterator[SiteRounds]:
    env = SiteRounds(time_limit_s=LONG_S, reuse=True)
    yield env
    env.close()


def carry_out(env: SiteRounds, seed: int, work: Work) -> None:
    """Do the work while the corridor is free of people."""
    env.reset(seed=seed)
    bring(env.scene.people["visitor"], AWAY)
    work.prepare(env)
    for action in work.actions:
        env.act(WAIT if action.skill == "wait" else action)
        done = env.ledger.actions[-1]
        assert done.status == "done", f"seed {seed}: {done.skill} {done.target}: {done.detail}"
    env.run_idle(work.after_s)
    for change in work.changes:
        found = [event.cause for event in env.ledger.changes(change.fact) if event.new == change.value]
        assert any((c.agent, c.evidence) == (change.agent, change.evidence) for c in found), f"seed {seed}: {change}"


@pytest.mark.every_third_day
@pytest.mark.parametrize(("name", "seed"), [(name, SEEDS[number % 2]) for number, name in enumerate(NAMES)])
def test_device_is_worked_by_name(env: SiteRounds, name: str, seed: int) -> None:
    carry_out(env, seed, WORKS[name])


@pytest.mark.slow
@pytest.mark.parametrize("seed", MORE_SEEDS)
@pytest.mark.parametrize("name", NAMES)
def test_device_is_worked_by_name_in_other_layouts(env: SiteRounds, name: str, seed: int) -> None:
    carry_out(env, seed, WORKS[name])


@pytest.mark.every_third_day
@pytest.mark.parametrize("seed", SEEDS)
def test_locked_door_says_that_it_is_locked(env: SiteRounds, seed: int) -> None:
    env.reset(seed=seed)
    observation, *_ = env.act(Action("open", "outer door"))
    assert "Last action: failed, the outer door is locked." in observation["text"]
    assert env.ledger.facts["outer door.shut"] is True
    env.act(Action("goto", "loading bay"))
    assert env.ledger.actions[-1].status == "failed"
    assert env.ledger.facts["robot.room"] == "corridor"


# -- who did it ------------------------------------------------------------------------------------------------------

TEMPER = Temper(sets_off_s=0.0, patience_s=20.0, yields_after=9, pause_s=1.0)
HALL_DOOR = "patrol room door"


def furnish(house: House) -> None:
    """What several may move, and a person far from it."""
    loose = house.scene.loose
    house.box("box", "hall bench 1", (0.8, 0.5, 0.1, 1.0))
    house.doors()
    pedestal = house.mount("hall pedestal")
    house.put(Button(pedestal.world, "red button", pedestal.at, pedestal.stand, pedestal.agents, loose))
    house.put(Alarm("alarm", house.mount("hall panel 1"), loose=loose))
    house.put(Breaker("breaker", house.mount("hall panel 2"), loose=loose))
    house.person("visitor", house.facility.site.places["storage room"], TEMPER)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with house(furnish) as scene:
        yield scene


def door_of(scene: Scene) -> Door:
    door = scene.devices[HALL_DOOR]
    assert isinstance(door, Door)
    return door


def cap_of(device: Device) -> tuple[float, float, float]:
    assert device.cap is not None
    return device.cap.top


def by_robot(*words: str) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        for action in calls(*words):
            assert perform(scene, action).status is Status.DONE

    return act


def person_presses(name: str) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        visitor, device = scene.people["visitor"], scene.devices[name]
        bring(visitor, device.stand)
        visitor.live(visitor.press(device))
        pass_time(scene, 4.0)

    return act


def person_takes_the_lever_along(scene: Scene) -> None:
    visitor, breaker = scene.people["visitor"], scene.devices["breaker"]
    bring(visitor, breaker.stand)
    visitor.live(_turn_past(visitor, breaker))
    pass_time(scene, 4.0)


def _turn_past(person: Person, device: Device) -> Script:
    """Put the hand down beside the lever and turn on the spot."""
    legs, stroke = person.legs, device.stroke("push")
    assert stroke is not None
    (x, y, z), (x1, y1, _) = stroke.start, stroke.end
    heading, reach = legs.hand_heading((x, y)), legs.hand_reach((x, y))
    is_leftwards = math.cos(heading) * (y1 - y) - math.sin(heading) * (x1 - x) > 0
    legs.face(heading)
    yield from person.wait(0.4)
    legs.hold_hand(reach, 0.1)
    yield from person.wait(0.8)
    legs.hold_hand(reach, z + 0.05 - HAND_Z_M)
    yield from person.wait(0.5)
    legs.face(heading + (0.45 if is_leftwards else -0.45))
    yield from person.wait(1.0)


def person_shuts_the_door(scene: Scene) -> None:
    visitor, door = scene.people["visitor"], door_of(scene)
    bring(visitor, Pose(*door.leaf(0.6, door.angle, 0.45)))
    visitor.live(_push_shut(visitor, door))
    pass_time(scene, 9.0)


def _push_shut(person: Person, door: Door) -> Script:
    angle = door.angle
    while not door.is_latched:
        angle = max(angle - 0.3 * TICK_S, -0.1)
        person.legs.step_towards(door.leaf(0.6, angle, 0.2))
        yield


def thrown(name: str, holder: Cause | None = None) -> Callable[[Scene], None]:
    """A box falls on a cap, or flies against a lever or a door that is nearly shut."""

    def act(scene: Scene) -> None:
        device = scene.devices[name]
        stroke = device.stroke("push")
        if isinstance(device, Door):
            hinge = device.body.index("hinge")
            bullet.resetJointState(device.body.uid, hinge, 0.2 * device.opens, 0.0, scene.world.client)
            (x, y), (x1, y1) = device.leaf(0.8, 0.2, 0.5), device.leaf(0.8, 0.2, 0.0)
            throw(scene, (x, y, 1.0), (12 * (x1 - x), 12 * (y1 - y), 0.0), holder)
        elif stroke is not None:
            (x, y, z), (x1, y1, _) = stroke.start, stroke.end
            gap = math.dist((x, y), (x1, y1))
            dx, dy = (x1 - x) / gap, (y1 - y) / gap
            throw(scene, (x - 0.1 * dx, y - 0.1 * dy, z + 0.06), (3 * dx, 3 * dy, 0.0), holder)
        else:
            x, y, z = cap_of(device)
            throw(scene, (x, y, z + 0.3), (0.0, 0.0, 0.0), holder)

    return act


MOVES = {
    "robot presses the button": (by_robot("press red button"), "button.pressed", True, Agent.ROBOT),
    "box falls on the button": (thrown("red button"), "button.pressed", True, Agent.ENVIRONMENT),
    "person presses the button": (person_presses("red button"), "button.pressed", True, Agent.PERSON),
    "robot presses the alarm": (by_robot("press alarm"), "alarm.pressed", True, Agent.ROBOT),
    "person presses the alarm": (person_presses("alarm"), "alarm.pressed", True, Agent.PERSON),
    "box falls on the alarm": (thrown("alarm"), "alarm.pressed", True, Agent.ENVIRONMENT),
    "box that the robot dropped falls on the alarm": (thrown("alarm", ROBOT_TOUCH), "alarm.pressed", True, Agent.ROBOT),
    "robot pushes the lever": (by_robot("push breaker"), "breaker.on", False, Agent.ROBOT),
    "person pushes the lever": (person_takes_the_lever_along, "breaker.on", False, Agent.PERSON),
    "box knocks the lever over": (thrown("breaker"), "breaker.on", False, Agent.ENVIRONMENT),
    "robot shuts the door": (by_robot(f"close {HALL_DOOR}"), f"{HALL_DOOR}.shut", True, Agent.ROBOT),
    "robot opens the door": (
        by_robot(f"close {HALL_DOOR}", f"open {HALL_DOOR}"), f"{HALL_DOOR}.shut", False, Agent.ROBOT
    ),
    "person shuts the door": (person_shuts_the_door, f"{HALL_DOOR}.shut", True, Agent.PERSON),
    "box knocks the door shut": (thrown(HALL_DOOR), f"{HALL_DOOR}.shut", True, Agent.ENVIRONMENT),
    "box that the robot threw knocks the door shut": (
        thrown(HALL_DOOR, ROBOT_TOUCH), f"{HALL_DOOR}.shut", True, Agent.ROBOT
    ),
    "robot covers the button": (by_robot("grasp box", "place red button"), "button.covered_by", "box", Agent.ROBOT),
}  # fmt: skip


@pytest.mark.parametrize("name", MOVES)
def test_ledger_says_who_moved_it(scene: Scene, name: str) -> None:
    act, fact, value, agent = MOVES[name]
    act(scene)
    found = [event.cause for event in scene.ledger.changes(fact) if event.new == value]
    assert found, f"nothing brought {fact} to {value}"
    assert {cause.agent for cause in found} == {agent}
    if agent is not Agent.ENVIRONMENT:
        assert {cause.evidence for cause in found} == {Evidence.CONTACT}


@pytest.mark.every_third_day
def test_box_that_slides_off_by_itself_was_moved_by_nobody(scene: Scene) -> None:
    by_robot("grasp box", "place red button", "goto alpha")(scene)
    bullet.setGravity(0.0, -12.0, -9.81, scene.world.client)
    scene.world.wake(scene.loose["box"].body)
    pass_time(scene, 2.0)
    events = [event for event in scene.ledger.changes("button.covered_by") if event.new == ""]
    assert [event.cause.agent for event in events] == [Agent.ENVIRONMENT]
    assert scene.loose["box"].mover.agent is Agent.ENVIRONMENT


@pytest.mark.parametrize("agent", [Agent.ROBOT, Agent.PERSON])
def test_box_on_the_floor_is_moved_by_who_drives_or_walks_into_it(scene: Scene, agent: Agent) -> None:
    x, y = scene.site.places["alpha"].point
    box, visitor = scene.loose["box"], scene.people["visitor"]
    box.body.teleport((x, y, 0.08))
    pass_time(scene, 1.5)
    assert box.mover.agent is Agent.ENVIRONMENT
    if agent is Agent.ROBOT:
        by_robot("push box")(scene)
    else:
        bring(visitor, Pose(x - 0.7, y))
        visitor.live(_walk_blindly(visitor, (x + 0.3, y)))
        pass_time(scene, 2.0)
    assert math.dist(box.body.position[:2], (x, y)) > 0.1
    assert (box.mover.agent, box.mover.evidence) == (agent, Evidence.CONTACT)


def _walk_blindly(person: Person, goal: tuple[float, float]) -> Script:
    while True:
        person.legs.step_towards(goal)
        yield


def test_person_pushed_by_the_robot_is_the_robots_deed(scene: Scene) -> None:
    visitor, (x, y) = scene.people["visitor"], scene.robot.point
    bring(visitor, Pose(x + 0.8, y))
    for _ in range(60):
        scene.robot.drive(1.0, 0.0, 0.0)
        scene.tick()
    assert [_who(event) for event in scene.ledger.changes("visitor.pushed")] == [(1, Agent.ROBOT, Evidence.CONTACT)]


def _who(event: Event) -> tuple[Value, Agent, Evidence]:
    return event.new, event.cause.agent, event.cause.evidence


@pytest.mark.every_third_day
def test_button_pressed_by_a_second_robot_is_not_the_robots_deed() -> None:
    waiting = [Action("goto", "bravo"), Action("press", "red button")]

    def controller(last: SkillResult | None) -> Action | None:
        return waiting.pop() if waiting else None

    def fill(house: House) -> None:
        furnish(house)
        house.peer("helper", house.facility.site.places["bravo"], controller)

    with house(fill) as scene:
        pass_time(scene, 20.0)
        assert {_who(e) for e in scene.ledger.changes("button.pressed")} >= {(True, Agent.PEER, Evidence.CONTACT)}
        assert not list(scene.ledger.changes("button.pressed", Agent.ROBOT))
        by_robot("press red button")(scene)
        pressed = [_who(e) for e in scene.ledger.changes("button.pressed") if e.new is True]
        assert pressed == [(True, Agent.PEER, Evidence.CONTACT), (True, Agent.ROBOT, Evidence.CONTACT)]


# -- the same again --------------------------------------------------------------------------------------------------

EPISODE = (
    Action("grasp", "box 1"), Action("place", "floor"), Action("push", "box 1"), Action("goto", "visitor"),
    Action("say", "visitor", text="Hello?"),
)  # fmt: skip
OTHERS = (Action("grasp", "vase"), Action("release"))


def play_rounds(env: SiteRounds, seed: int = 7, actions: tuple[Action, ...] = EPISODE) -> str:
    env.reset(seed=seed)
    for action in actions:
        env.act(action)
    return hashlib.sha256(env.ledger.dumps().encode()).hexdigest()


@pytest.mark.every_third_day
def test_same_seed_and_actions_give_the_same_ledger() -> None:
    first, second = SiteRounds(), SiteRounds("twin")
    digest = play_rounds(first)
    assert play_rounds(first, 4, OTHERS) != digest
    assert play_rounds(first) == digest
    assert play_rounds(second) == digest
    first.close()
    second.close()
    here = Path(__file__).parent
    code = "from test_house import SiteRounds, play_rounds; print('digest', play_rounds(SiteRounds()))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120, cwd=here.parent,
        env={"PYTHONPATH": f"{here.parent}:{here}", "PYTHONHASHSEED": "77", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert f"digest {digest}" in done.stdout


def test_a_spot_that_is_not_there_names_those_that_are() -> None:
    with (
        pytest.raises(ValueError, match=r"there is no spot 'hall wall 9'; this facility has: .*hall wall 1"),
        house(lambda made: made.notice("Hello.", "hall wall 9")),
    ):
        pass
