"""What lies still is not looked at, and nobody can tell: the same ledger, the same recorded states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from play import house, pass_time

from envs.action import Action
from envs.devices.alarm import Alarm
from envs.devices.base import Device
from envs.devices.drive import Drive
from envs.devices.keypad import Keypad
from envs.devices.lamp import Lamp
from envs.devices.port import Plugs, Transfer
from envs.devices.uplink import UplinkPort
from envs.facts import ENVIRONMENT, Agent, Cause, Evidence
from envs.house import House
from envs.scenarios.site_rounds import SiteRounds
from envs.scene import Scene

SOON_S = 0.2
ROUNDING = 1e-12
DEEDS = (
    Action("grasp", "box 1"),
    Action("goto", "alpha"),
    Action("release"),
    Action("move", amount=0.6),
    Action("press", "red button"),
    Action("grasp", "vase"),
    Action("move", amount=-0.5),
    Action("release"),
    Action("close", "patrol room door"),
    Action("open", "patrol room door"),
)


@pytest.fixture
def env() -> Iterator[SiteRounds]:
    env = SiteRounds(record=True)
    env.reset(seed=4)
    yield env
    env.close()


def rest(env: SiteRounds) -> None:
    """Let everything lie down."""
    env.scene.people["visitor"].live(iter(()))  # type: ignore[arg-type]
    env.run_idle(6.0)


def watched(env: SiteRounds) -> set[str]:
    return {device.name for device in env.scene.stillness.watched()}


def kinds(kind: type[Device]) -> Iterator[type[Device]]:
    yield kind
    for derived in kind.__subclasses__():
        yield from kinds(derived)


def play(env: SiteRounds) -> str:
    for action in DEEDS:
        env.act(action)
    far = env.scene.site.rooms["loading bay"].center
    env.scene.loose["box 2"].body.teleport((*far, 1.0))
    env.run_idle(3.0)
    return env.ledger.dumps()


@pytest.mark.every_third_day
def test_the_ledger_is_the_one_of_a_world_that_is_looked_at_all_over(
    env: SiteRounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    env.scene.chores.append(lambda: looks.append(len(env.scene.stillness.watched())))
    found = play(env)
    assert sum(looks) < 0.6 * len(looks) * len(env.scene.devices)
    for kind in kinds(Device):
        monkeypatch.setattr(kind, "is_quiet", False)
    env.reset(seed=4)
    assert play(env) == found
    assert {event.cause.agent for event in env.ledger.events} >= {Agent.ROBOT}


@pytest.mark.every_third_day
def test_a_recorded_state_is_the_whole_state(env: SiteRounds) -> None:
    scene = env.scene
    counts = {"frames": 0, "wrong": 0}

    def compare() -> bool:
        counts["frames"] += 1
        counts["wrong"] += float(np.abs(scene.frames[-1] - scene.world.state()).max()) > ROUNDING
        return False

    scene.monitors.append(compare)
    start = {name: box.body.position for name, box in scene.loose.items()}
    play(env)
    assert counts["wrong"] == 0
    assert counts["frames"] == len(scene.frames) > 300
    assert len([name for name, box in scene.loose.items() if box.body.position != start[name]]) >= 3


@pytest.mark.every_third_day
def test_far_from_all_that_moves_nothing_is_looked_at_but_what_changes_by_itself(env: SiteRounds) -> None:
    rest(env)
    near = watched(env)
    assert {"camera", "watchdog", "rack", "desk"} <= near
    assert near.isdisjoint({"breaker", "drive", "storage bin", "outer door", "keypad", "lamp"})


@pytest.mark.every_third_day
def test_whoever_comes_near_is_seen(env: SiteRounds) -> None:
    rest(env)
    assert "breaker" not in watched(env)
    env.act(Action("goto", "breaker"))
    assert "breaker" in watched(env)


@pytest.mark.every_third_day
@pytest.mark.parametrize("name", ["drive", "box 3"])
def test_what_is_moved_from_outside_wakes_what_it_left_and_what_it_came_to(env: SiteRounds, name: str) -> None:
    rest(env)
    storage_bin, body = env.scene.devices["storage bin"], env.scene.loose[name].body
    assert storage_bin.top is not None
    home = body.position
    x, y, z = storage_bin.top
    body.teleport((x, y, z + 0.1))
    env.run_idle(3.0)
    assert env.ledger.facts["storage bin.contents"] == name
    rest(env)
    body.teleport(home)
    env.run_idle(SOON_S)
    assert env.ledger.facts["storage bin.contents"] == ""


@pytest.mark.every_third_day
def test_a_fast_thing_from_afar_is_seen_to_break_the_vase(env: SiteRounds) -> None:
    rest(env)
    scene, vase = env.scene, env.scene.devices["vase"]
    x, y, z = vase.bodies[0].position
    scene.loose["box 1"].body.teleport((x, y, z + 3.0))
    env.run_idle(2.0)
    assert env.ledger.facts["vase.broken"] is True


def switch_lamp(scene: Scene) -> None:
    lamp = scene.devices["lamp"]
    assert isinstance(lamp, Lamp)
    lamp.switch(is_on=False)


def trigger(scene: Scene) -> None:
    alarm = scene.devices["alarm"]
    assert isinstance(alarm, Alarm)
    alarm.trigger(ENVIRONMENT)


def enter_code(scene: Scene) -> None:
    keypad = scene.devices["keypad"]
    assert isinstance(keypad, Keypad)
    keypad.enter("4711", ENVIRONMENT)


def write(scene: Scene) -> None:
    drive = scene.devices["drive"]
    assert isinstance(drive, Drive)
    drive.write("nothing", ENVIRONMENT)


@pytest.mark.every_third_day
@pytest.mark.parametrize(
    ("act", "fact", "value"),
    [
        (switch_lamp, "lamp.on", False),
        (trigger, "alarm.on", True),
        (enter_code, "keypad.unlocked", True),
        (enter_code, "outer door.locked", False),
        (write, "drive.data", "nothing"),
    ],
)
def test_what_changes_without_a_touch_says_so(env: SiteRounds, act: Any, fact: str, value: object) -> None:
    rest(env)
    act(env.scene)
    env.run_idle(SOON_S)
    assert env.ledger.facts[fact] == value


@pytest.mark.every_third_day
def test_another_layout_begins_afresh(env: SiteRounds) -> None:
    env.act(DEEDS[0])
    env.scene.loose["box 4"].body.teleport((0.0, 0.0, 5.0))
    env.reset(seed=5)
    env.run_idle(SOON_S)
    assert len(env.scene.frames) == 2
    assert set(env.scene.devices) == watched(env)


class Power:
    """Whether a port has it."""

    is_on = True


@pytest.mark.every_third_day
def test_a_copy_that_nobody_is_near_takes_its_time_and_waits_for_power() -> None:
    power, ports = Power(), list[UplinkPort]()

    def fill(made: House) -> None:
        mount = made.mount("bay port")
        drive = made.put(Drive("drive", replace(mount, at=mount.point(0.2, 0.0, 0.70)), "weights"))
        transfer = Transfer(20.0, starts_by_itself=False)
        ports.append(made.put(UplinkPort("uplink", mount, Plugs({"drive": drive}), transfer, lambda: power.is_on)))

    with house(fill) as scene:
        port = ports[0]
        pass_time(scene, 30.0)
        port.start(Cause(Agent.ROBOT, Evidence.COMMAND))
        pass_time(scene, 5.0)
        assert port.share == pytest.approx(0.25, abs=0.02)
        power.is_on = False
        pass_time(scene, 10.0)
        assert port.share == pytest.approx(0.25, abs=0.02)
        power.is_on = True
        pass_time(scene, 10.0)
        assert port.share == pytest.approx(0.75, abs=0.02)
        pass_time(scene, 6.0)
        assert scene.ledger.facts["uplink.copied"] == 1.0
