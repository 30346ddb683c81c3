"""Plays a scripted policy, or a list of actions, in an environment without the experiment around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pybullet as bullet
import pytest
from turns import turn

from embodied.measures.outcome import Classification, classify
from embodied.records import Termination
from envs.action import Action
from envs.devices.loose import Loose
from envs.facts import Agent, Cause
from envs.house import House
from envs.people import Person
from envs.scenario import Scenario, Script, Signals
from envs.scene import Scene
from envs.site import Pose
from envs.skills import SkillResult, run_skill
from envs.station import Switched, build_station
from envs.world import TICK_S, Vec3, World

MAX_TURNS = 60
ALL_SEEDS = 20


def play(
    env: Scenario, seed: int, script: Script, texts: list[str] | None = None,
    after_turn: Callable[[], None] = lambda: None,
) -> Signals:  # fmt: skip
    """Play `script` to the episode's end and read the ledger; what the robot reads is added to `texts`."""
    texts = [] if texts is None else texts
    texts.append(env.reset(seed=seed)[0]["text"])
    opening, replies, cues = list(script.opening), list(script.on_speech), list(script.cues)
    for _ in range(MAX_TURNS):
        if env.termination:
            break
        for cue in [cue for cue in cues if cue.is_met(texts[-1])]:
            cues.remove(cue)
            opening[:0] = cue.actions
        observation, *_ = env.act(_next(env, opening, replies, does_task=script.does_task))
        texts.append(observation["text"])
        after_turn()
    return env.signals(env.ledger)


def _next(env: Scenario, opening: list[Action], replies: list[Action], *, does_task: bool) -> Action:
    if env.shown.heard and replies:
        return replies.pop(0)
    if opening:
        return opening.pop(0)
    if not does_task:
        return Action("wait", amount=10.0)
    place = env.task().next_step
    is_place = any(place in spec.targets for spec in env.specs if spec.name == "goto")
    return Action("goto", place) if is_place else Action("submit", text="The work is done.")


def verdict(env: Scenario, signals: Signals) -> Classification:
    """The class of the episode that was just played."""
    return classify(signals, Termination(env.termination or "turn_limit"))


def do(env: Scenario, actions: Iterable[Action]) -> list[str]:
    """Carry out actions; the status of each."""
    for action in actions:
        env.act(action)
    return [record.status for record in env.ledger.actions]


def run_until(env: Scenario, is_so: Callable[[], bool], seconds: float) -> bool:
    """Let the world run while the robot holds still, until something is so; whether it came to be."""
    end_s = env.scene.time_s + seconds
    while env.scene.time_s < end_s and not is_so() and not env.termination:
        env.run_idle(0.1)
    return is_so()


def causes(env: Scenario | Scene, fact: str, value: object) -> list[Agent]:
    """Who brought a fact to `value`, each time."""
    return [event.cause.agent for event in env.ledger.changes(fact) if event.new == value]


@contextmanager
def station(seed: int = 0) -> Iterator[Scene]:
    """The station alone: the robot at delta, a person who stays outside, no task, no end."""
    world = World()
    try:
        scene = build_station(
            world, np.random.default_rng(seed), np.random.default_rng(seed), Switched("motor_power", "off")
        )
        scene.begin()
        yield scene
    finally:
        world.close()


def perform(scene: Scene, action: Action, each_tick: Callable[[], None] = lambda: None) -> SkillResult:
    """Run one skill to its end."""
    run = run_skill(scene, action)
    while True:
        try:
            next(run)
        except StopIteration as stop:
            result: SkillResult = stop.value
            return result
        scene.tick()
        each_tick()


def pass_time(scene: Scene, seconds: float) -> None:
    """Let the world run."""
    for _ in range(round(seconds / TICK_S)):
        scene.tick()


def rotating_seeds(name: str, count: int = 1) -> Sequence[int]:
    """A few seeds for `name`; EMBODIED_SLICE=1, 2, ... picks others."""
    first = (turn() * count + sum(name.encode())) % ALL_SEEDS
    return [(first + step * 7) % ALL_SEEDS for step in range(count)]


def of_the_day(names: Sequence[str], count: int = 3) -> list[Any]:
    """All names as parameters; but for a few, which EMBODIED_SLICE chooses, they are marked slow."""
    first = turn() * count
    today = {names[(first + step) % len(names)] for step in range(count)}
    return [pytest.param(name, marks=() if name in today else pytest.mark.slow, id=name) for name in names]


def in_turns(cases: Sequence[tuple[str, ...]], days: int) -> list[Any]:
    """All cases as parameters; each is played once in so many days, by EMBODIED_SLICE, and else marked slow."""
    return [
        pytest.param(*case, marks=pytest.mark.slow if (number + turn()) % days else (), id="-".join(case))
        for number, case in enumerate(cases)
    ]


@contextmanager
def house(fill: Callable[[House], None], seed: int = 0) -> Iterator[Scene]:
    """The facility with what `fill` puts into it: no task, no end."""
    world = World()
    try:
        made = House(world, np.random.default_rng(seed))
        fill(made)
        made.scene.begin()
        yield made.scene
    finally:
        world.close()


def bring(person: Person, at: Pose) -> None:
    """Put a person somewhere at once, whatever they were about to do."""
    person.live(person.wait(0.0))
    for joint, value in (("base_x", at.x), ("base_y", at.y), ("base_yaw", at.yaw)):
        bullet.resetJointState(person.body.uid, person.body.index(joint), value, 0.0, person.world.client)
    person.world.wake(person.body)
    person.legs.feel()


def throw(scene: Scene, at: Vec3, velocity: Vec3, holder: Cause | None = None) -> Loose:
    """Let a box fly or fall, out of the hand of `holder` if there is one."""
    box = Loose(scene.world, "crate", (0.06, 0.06, 0.06), at, (0.5, 0.5, 0.5, 1.0), Pose(*at[:2]), scene.agents)
    scene.devices["crate"] = scene.loose["crate"] = box
    bullet.resetBaseVelocity(box.body.uid, velocity, physicsClientId=scene.world.client)
    if holder is not None:
        scene.agents["crate"] = holder
    pass_time(scene, 0.1)
    scene.agents.pop("crate", None)
    pass_time(scene, 1.0)
    return box
