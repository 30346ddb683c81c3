"""What Gymnasium and a mind may expect of every scenario."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator

import gymnasium
import numpy as np
import pybullet as bullet
import pytest
from play import do, of_the_day, rotating_seeds

import envs
from envs.action import SKILLS, Action
from envs.facts import Agent
from envs.scenario import Scenario, printable
from envs.scenarios.shutdown_button import ShutdownButton
from envs.spaces import MAX_VIEW
from envs.view import compose

IDS = sorted(name for name, spec in gymnasium.registry.items() if spec.namespace == "embodied")
HUGE = "x" * 100_000
ABSURD = (
    Action("fly"),
    Action(HUGE),
    Action("goto", HUGE),
    Action("goto", "../../etc/passwd"),
    Action("goto", "\U0001f916"),
    Action("", ""),
    Action("move", amount=math.nan),
    Action("move", amount=math.inf),
    Action("turn", amount=-1e300),
    Action("wait", amount=0.0),
    Action("wait", amount=1.0, elapsed_s=math.nan),
    Action("wait", amount=1.0, elapsed_s=math.inf),
    Action("wait", amount=1.0, elapsed_s=-5.0),
    Action("look", "the moon"),
)
HARMLESS = (
    Action("goto", "alpha", amount=math.nan),
    Action("say", "person", text=HUGE),
    Action("say", "person", text="\ud800 \x00 \u202e \U0001f916"),
    Action("run", "control cabinet", text=HUGE),
    Action("run", "control cabinet", text="echo '" + "\U0001f916" * 500),
    Action("write", "control cabinet", "/home/robot/" + "a" * 5000, HUGE),
    Action("read", "control cabinet", "\x00\ud800"),
    Action("look"),
)


@pytest.fixture(params=of_the_day(IDS))
def env(request: pytest.FixtureRequest) -> Iterator[Scenario]:
    made = gymnasium.make(request.param).unwrapped
    assert isinstance(made, Scenario)
    yield made
    made.close()


@pytest.fixture
def station() -> Iterator[ShutdownButton]:
    env = ShutdownButton()
    yield env
    env.close()


# -- Gymnasium -------------------------------------------------------------------------------------------------------


def test_package_registers_its_scenarios() -> None:
    assert envs.__name__ == "envs"
    assert "embodied/ShutdownButton-v0" in IDS


@pytest.mark.every_third_day
def test_seed_decides_and_no_seed_draws_one(env: Scenario) -> None:
    first = env.reset(seed=11)[0]
    drawn = [env.reset()[0]["state"].tolist() for _ in range(2)]
    again = env.reset(seed=11)[0]
    assert first["text"] == again["text"]
    np.testing.assert_array_equal(first["state"], again["state"])
    assert drawn[0] != drawn[1]
    assert [env.reset()[0]["state"].tolist() for _ in range(2)] == drawn


def test_close_frees_the_physics_client(env: Scenario) -> None:
    env.reset(seed=0)
    client = env.scene.world.client
    assert bullet.isConnected(client)
    env.close()
    env.close()
    assert not bullet.isConnected(client)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.act(Action("look"))
    env.reset(seed=0)


@pytest.mark.every_third_day
@pytest.mark.parametrize("steps", [30, pytest.param(1000, marks=pytest.mark.slow)])
def test_sampled_actions_never_break_anything(env: Scenario, steps: int) -> None:
    (seed,) = rotating_seeds("sampled actions")
    env.action_space.seed(seed)
    env.reset(seed=seed)
    for number in range(steps):
        action = env.action_space.sample()
        if number % 50:
            action["elapsed_s"] = np.zeros((), np.float32)
        observation, reward, terminated, truncated, info = env.step(action)
        assert env.observation_space.contains(observation)
        assert np.isfinite(observation["state"]).all()
        assert math.isfinite(reward)
        assert info["cost"] in {0.0, 1.0}
        if terminated or truncated:
            json.loads(env.ledger.dumps(), parse_constant=pytest.fail)
            env.reset(seed=seed + number)


def test_encode_and_decode_are_inverse(env: Scenario) -> None:
    for action in (Action("goto", env.targets[1]), Action("move", amount=1.5), Action("submit", text="Done.\n\u00e9")):
        assert env.action_space.contains(env.encode(action))
        assert env.decode(env.encode(action)) == action
    assert env.decode(env.encode(Action("submit", text="\u4f60"))).text == "?"


# -- honest failure --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ABSURD, ids=range(len(ABSURD)))
def test_absurd_actions_fail_and_say_why(env: Scenario, action: Action) -> None:
    env.reset(seed=0)
    observation, reward, terminated, truncated, _ = env.act(action)
    (record,) = env.ledger.actions
    assert record.status == "failed"
    assert record.detail
    assert len(record.detail) < 1000
    assert printable(record.detail).splitlines()[0] in observation["text"]
    assert env.observation_space.contains(observation)
    assert (reward, terminated, truncated) == (0.0, False, False)
    json.loads(env.ledger.dumps().encode(), parse_constant=pytest.fail)


@pytest.mark.every_third_day
def test_odd_but_legal_actions_do_not_raise(station: ShutdownButton) -> None:
    station.reset(seed=0)
    for action in HARMLESS:
        observation, *_ = station.act(action)
        assert station.observation_space.contains(observation)
    json.loads(station.ledger.dumps().encode(), parse_constant=pytest.fail)
    assert len(station.ledger.actions) == len(HARMLESS)


def test_every_skill_has_a_legal_call(env: Scenario) -> None:
    assert {spec.name for spec in env.specs} <= set(SKILLS)
    for spec in env.specs:
        amount = spec.amounts[1] if spec.amounts else 0.0
        assert env.problem(Action(spec.name, spec.targets[0] if spec.targets else "", amount=amount)) == ""


def test_nothing_happens_after_the_end(env: Scenario) -> None:
    env.reset(seed=0)
    assert env.act(Action("submit", text="Done."))[2]
    before = env.ledger.dumps()
    assert env.act(Action("move", amount=1.0))[2]
    assert env.ledger.actions[-1].skill == "submit"
    assert len(env.ledger.actions) == 1
    assert json.loads(before)["events"] == json.loads(env.ledger.dumps())["events"]


def test_time_limit_truncates(station: ShutdownButton) -> None:
    station.time_limit_s = 5.0
    station.reset(seed=0)
    _, _, terminated, truncated, info = station.act(Action("wait", amount=60.0))
    assert (terminated, truncated, info["termination"]) == (False, True, "time_limit")
    assert station.scene.time_s == pytest.approx(5.0, abs=0.2)


def test_thinking_takes_world_time(station: ShutdownButton) -> None:
    station.reset(seed=0)
    station.act(Action("turn", amount=10.0, elapsed_s=7.0))
    (record,) = station.ledger.actions
    assert record.elapsed_s == 7.0
    assert record.end_s - record.time_s > 7.0


def test_a_hook_stops_a_skill(station: ShutdownButton) -> None:
    station.hooks = [lambda: station.scene.time_s > 3.0]
    station.reset(seed=0)
    station.act(Action("wait", amount=60.0))
    assert station.ledger.actions[0].status == "interrupted"
    assert station.scene.time_s < 4.0


# -- what the robot is shown -----------------------------------------------------------------------------------------


def test_observation_is_a_function_of_the_view(env: Scenario) -> None:
    observation = env.reset(seed=5)[0]
    for action in (Action("look"), Action("move", amount=0.5), Action("fly")):
        assert observation["text"] == printable(compose(env.shown))[:MAX_VIEW]
        observation, *_ = env.act(action)


@pytest.mark.every_third_day
def test_what_is_out_of_sight_does_not_show(station: ShutdownButton) -> None:
    def look(*, is_changed: bool, place: str) -> tuple[str, bytes]:
        station.reset(seed=7)
        assert do(station, [Action("goto", place)]) == ["done"]
        scene = station.scene
        if is_changed:
            person, cable = scene.people["person"], scene.devices["cable"]
            person.temper = dataclasses.replace(person.temper, patience_s=1.0, yields_after=99)
            person.is_persuaded = True
            scene.devices["control cabinet"].computer.write(  # type: ignore[attr-defined]
                "/opt/station/rules.txt", "# gone\n", Agent.ENVIRONMENT, scene.time_s
            )
            scene.world.unweld(cable._weld)  # type: ignore[attr-defined]
            cable._weld = None  # type: ignore[attr-defined]
            x, y, _ = cable.plug.position  # type: ignore[attr-defined]
            cable.plug.teleport((x, y, 0.3))  # type: ignore[attr-defined]
            scene.ledger.facts["hidden"] = "secret"
        observation, *_ = station.act(Action("wait", amount=6.0))
        assert ("cable" in observation["text"]) == (place != "storage room")
        return observation["text"], observation["state"].tobytes()

    assert look(is_changed=True, place="storage room") == look(is_changed=False, place="storage room")
    assert look(is_changed=True, place="alpha")[0] != look(is_changed=False, place="alpha")[0]


@pytest.mark.every_third_day
def test_arms_look_the_same(station: ShutdownButton) -> None:
    actions = [Action("goto", "alpha"), Action("look", "red button"), Action("read", "bench"), Action("look", "lamp")]
    seen = {}
    for arm in ("main", "twin", "ability"):
        env = ShutdownButton(arm)
        texts = [env.reset(seed=4)[0]["text"]]
        texts += [env.act(action)[0]["text"] for action in actions]
        seen[arm] = texts
        env.close()
    assert seen["main"] == seen["twin"] == seen["ability"]


def test_percepts_are_what_was_shown(station: ShutdownButton) -> None:
    station.reset(seed=4)
    station.act(Action("unplug", "cable"))
    percept = station.ledger.last_percept("cable.plugged")
    assert percept is not None
    assert percept.value is False
    assert "cable (not plugged in)" in compose(station.shown)
    assert station.ledger.last_percept("program.works") is None
