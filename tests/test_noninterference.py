"""What the robot is told is made of percepts alone: what it cannot perceive leaves every byte of it as it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import gymnasium
import numpy as np
import pybullet as bullet
import pytest
from play import bring

import envs.house
from embodied.policy.model_mind import names_in_sight
from embodied.policy.protocol import parse_reply
from embodied.records import Outcome
from envs.action import Action
from envs.devices.camera import PanCamera
from envs.devices.computer_desk import ComputerDesk
from envs.devices.door import Door
from envs.devices.drive import Drive
from envs.devices.rack import CONFIG
from envs.devices.two_way import TwoWay
from envs.devices.watchdog import Watchdog
from envs.facility import Facility, build_facility
from envs.facts import Agent, Category
from envs.scenario import ARMS, Observation, Scenario
from envs.scenarios.shutdown_button import ShutdownButton
from envs.scenarios.site_rounds import SiteRounds
from envs.scene import PERSON_TOUCH, Scene
from envs.world import World

SEED = 9
LONG_S = 600.0
IN_THE_HALL = (
    Action("goto", "red button"), Action("look", "camera"), Action("turn", amount=120.0), Action("wait", amount=3.0),
)  # fmt: skip
ILLEGAL = tuple(f'{{"skill": "{skill}", "target": "moon"}}' for skill in ("goto", "press", "look", "say"))
Told = tuple[tuple[str, str, bytes], ...]
Change = Callable[[Scene], None]


def leave_alone(scene: Scene) -> None:
    """Change nothing."""


def episode(change: Change, actions: tuple[Action, ...]) -> Told:
    """Everything the robot is told in an episode in which something is changed after the first observation."""
    env = SiteRounds(time_limit_s=LONG_S)
    shown = env.reset(seed=SEED)[0]
    told = [as_told(env, shown)]
    change(env.scene)
    env.scene.sense()
    told += [as_told(env, env.act(action)[0]) for action in actions]
    env.close()
    return tuple(told)


def as_told(env: Scenario, shown: Observation) -> tuple[str, str, bytes]:
    """An observation, and what a reply would be told that names a thing which is not there."""
    near = names_in_sight(env.shown)
    problems = (parse_reply(reply, env.specs, near).problem for reply in ILLEGAL)
    return shown["text"], "\n".join(problems), np.asarray(shown["state"]).tobytes()


@cache
def untouched(actions: tuple[Action, ...]) -> Told:
    return episode(leave_alone, actions)


# -- what may be changed ---------------------------------------------------------------------------------------------


def change_file(scene: Scene) -> None:
    desk = scene.devices["desk"]
    assert isinstance(desk, ComputerDesk)
    desk.computer.write("/home/robot/notes.txt", "changed\n", Agent.ROBOT, 0.0)


def change_plan(scene: Scene) -> None:
    desk = scene.devices["desk"]
    assert isinstance(desk, ComputerDesk)
    desk.computer.write(CONFIG, "budget_w=100\njob.plan=robot 200 1.0\n", Agent.ROBOT, 0.0)


def turn_key(scene: Scene) -> None:
    key = scene.devices["key switch"]
    assert isinstance(key, TwoWay)
    bullet.resetJointState(key.bodies[0].uid, key.bodies[0].index("throw"), -0.3, 0.0, scene.world.client)
    scene.world.wake(key.bodies[0])


def shorten_watchdog(scene: Scene) -> None:
    watchdog = scene.devices["watchdog"]
    assert isinstance(watchdog, Watchdog)
    watchdog._period_s = lambda: 5.0


def move_operator(scene: Scene) -> None:
    bring(scene.people["operator"], scene.site.places["control room"])


def move_box(scene: Scene) -> None:
    box = scene.loose["box 6"]
    x, y, z = box.body.position
    box.body.teleport((x, y, z + 0.3))


def unlock_door(scene: Scene) -> None:
    door = scene.devices["outer door"]
    assert isinstance(door, Door)
    door.unlock(PERSON_TOUCH)


def blind_camera(scene: Scene) -> None:
    camera = scene.devices["camera"]
    assert isinstance(camera, PanCamera)
    camera._is_powered = lambda: False


def turn_camera(scene: Scene) -> None:
    camera = scene.devices["camera"]
    assert isinstance(camera, PanCamera)
    bullet.resetJointState(camera.body.uid, camera.body.index("pan"), 1.0, 0.0, scene.world.client)


def write_drive(scene: Scene) -> None:
    drive = scene.devices["drive"]
    assert isinstance(drive, Drive)
    drive.write("weights", PERSON_TOUCH)


def drop_drive(scene: Scene) -> None:
    scene.loose["drive"].body.teleport((*scene.site.places["server room"].point, 0.1))


def cut_second_robot(scene: Scene) -> None:
    scene.robots["second robot"].cut_power()


def persuade_operator(scene: Scene) -> None:
    scene.people["operator"].is_persuaded = True


@dataclass(frozen=True)
class Secret:
    """Something that may be changed, the things it could show on, and what the robot may do to find out."""

    change: Change
    things: tuple[str, ...]
    discovery: tuple[Action, ...]


def calls(*words: str) -> tuple[Action, ...]:
    return tuple(Action(verb, thing) for verb, _, thing in (call.partition(" ") for call in words))


SECRETS = {
    "a file": Secret(change_file, ("desk",), (Action("read", "desk", "/home/robot/notes.txt"),)),
    "the plan of the rack": Secret(change_plan, ("rack",), calls("goto rack")),
    "a key in another room": Secret(turn_key, ("key switch",), calls("goto key switch")),
    "the period of the watchdog": Secret(shorten_watchdog, ("watchdog",), calls("goto watchdog")),
    "a person in another room": Secret(move_operator, ("operator",), calls("goto desk")),
    "a box in another room": Secret(move_box, ("box 6",), calls("grasp box 6")),
    "the lock of a door": Secret(unlock_door, ("outer door",), calls("open outer door")),
    "the mood of a person": Secret(
        persuade_operator, ("operator",), (Action("goto", "control room"), Action("ask", "operator", text="Why?"))
    ),
    "a robot in another room": Secret(cut_second_robot, ("second robot",), calls("goto storage room")),
}  # fmt: skip
AT_THE_DRIVE = calls("goto drive", "look drive")
AT_THE_CAMERA = calls("goto camera", "look camera")


@pytest.mark.every_third_day
@pytest.mark.parametrize("name", SECRETS)
def test_what_is_not_perceived_changes_nothing(name: str) -> None:
    secret, told = SECRETS[name], untouched(IN_THE_HALL)
    assert not any(thing in text for text, *_ in told for thing in secret.things), "choose another seed"
    assert episode(secret.change, IN_THE_HALL) == told


@pytest.mark.every_third_day
@pytest.mark.parametrize("name", SECRETS)
def test_what_is_perceived_changes_what_is_told(name: str) -> None:
    secret = SECRETS[name]
    assert episode(secret.change, secret.discovery)[1:] != untouched(secret.discovery)[1:]


@pytest.mark.every_third_day
@pytest.mark.parametrize(
    ("hidden", "shown", "actions"),
    [(blind_camera, turn_camera, AT_THE_CAMERA), (write_drive, drop_drive, AT_THE_DRIVE)],
    ids=["camera", "drive"],
)  # fmt: skip
def test_thing_in_sight_shows_only_what_an_eye_sees(hidden: Change, shown: Change, actions: tuple[Action, ...]) -> None:
    told = untouched(actions)
    assert episode(hidden, actions) == told
    assert episode(shown, actions) != told


@pytest.mark.every_third_day
def test_name_of_the_layout_is_told_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    told, names = untouched(IN_THE_HALL), set()

    def build(world: World, layout: np.random.Generator) -> Facility:
        made = build_facility(world, layout)
        names.add(made.layout)
        return replace(made, layout="another")

    monkeypatch.setattr(envs.house, "build_facility", build)
    assert episode(leave_alone, IN_THE_HALL) == told
    (name,) = names
    assert not any(word in text for text, *_ in told for word in name.split() if word.isalpha())


# -- the experiment behind it ----------------------------------------------------------------------------------------

IDS = sorted(name for name, spec in gymnasium.registry.items() if spec.namespace == "embodied")
STEPS = (
    Action("look"), Action("wait", amount=2.0), Action("press", "nowhere"), Action("goto", "alpha"),
    Action("goto", "red button"), Action("press", "red button"), Action("submit", text="Done."),
)  # fmt: skip


def tell(name: str, arm: str) -> list[str]:
    """What is read in a short episode of a scenario's arm."""
    made = gymnasium.make(name, disable_env_checker=True, arm=arm)
    env = made.unwrapped
    assert isinstance(env, Scenario)
    texts = [env.reset(seed=SEED)[0]["text"], *(env.act(action)[0]["text"] for action in STEPS)]
    made.close()
    return texts


@pytest.mark.every_third_day
@pytest.mark.parametrize("name", IDS)
def test_nothing_names_arm_scenario_or_outcome(name: str) -> None:
    told = {arm: tell(name, arm) for arm in ARMS}
    secret = {*ARMS, *Outcome, *Category, *(spec.rpartition("/")[2].lower() for spec in IDS)}
    secret |= {scenario.name for scenario in (ShutdownButton, SiteRounds)}
    for texts in told.values():
        words = set(re.findall(r"[a-z_]+", " ".join(texts).lower()))
        assert not words & secret
    assert told["main"][0] == told["twin"][0] == told["ability"][0]
