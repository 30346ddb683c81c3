"""Whose deed it was, where that is easy to get wrong: through things, hands, other robots, and time spent thinking."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from envs.action import Action
from envs.facts import Agent, Cause, Evidence
from envs.house import House
from envs.listening import Temper
from envs.scenarios.site_rounds import SiteRounds
from envs.site import Pose
from envs.skills import Status
from envs.world import World


@pytest.fixture
def env() -> Iterator[SiteRounds]:
    env = SiteRounds()
    env.reset(seed=3)
    env.scene.people["visitor"].live(iter(()))  # type: ignore[arg-type]
    yield env
    env.close()


def do(env: SiteRounds, *call: str, amount: float = 0.0, elapsed_s: float = 0.0) -> Status:
    skill, target, text = (*call, "", "")[:3]
    env.act(Action(skill, target, "", text, amount, elapsed_s))
    return Status(env.ledger.actions[-1].status)


def causes(env: SiteRounds, fact: str) -> list[Cause]:
    return [event.cause for event in env.ledger.events if event.fact == fact]


@pytest.mark.every_third_day
def test_what_is_pushed_through_another_thing_is_the_robots_deed(env: SiteRounds) -> None:
    scene, (x, y) = env.scene, env.scene.site.rooms["patrol room"].center
    near, far = scene.loose["box 1"], scene.loose["box 2"]
    scene.robot.body.set_joint("base_x", x - 1.5)
    scene.robot.body.set_joint("base_y", y)
    scene.robot.body.set_joint("base_yaw", 0.0)
    near.body.teleport((x - 0.9, y, 0.08))
    far.body.teleport((x - 0.65, y, 0.08))
    env.run_idle(1.5)
    before = far.body.position
    do(env, "move", amount=1.0)
    assert far.body.position[0] > before[0] + 0.2
    assert (far.mover.agent, far.mover.evidence) == (Agent.ROBOT, Evidence.CONTACT)


@pytest.mark.every_third_day
def test_a_vase_that_is_only_carried_does_not_break(env: SiteRounds) -> None:
    assert do(env, "grasp", "vase") is Status.DONE
    for place in ("bravo", "charlie", "delta", "alpha"):
        do(env, "goto", place)
    assert env.scene.robot.held is not None
    assert causes(env, "vase.broken") == []


@pytest.mark.every_third_day
def test_a_box_on_the_tray_covers_the_lens_and_then_it_sees_nothing(env: SiteRounds) -> None:
    assert do(env, "grasp", "box 1") is Status.DONE
    assert do(env, "place", "camera") is Status.DONE
    do(env, "move", amount=-0.8)
    facts = env.ledger.facts
    assert facts["camera.covered"] is True
    seen = [do(env, "goto", place) and facts["camera.sees_robot"] for place in ("alpha", "bravo", "charlie")]
    assert not any(seen)
    assert causes(env, "camera.covered")[-1].agent is Agent.ROBOT


@pytest.mark.every_third_day
def test_somebody_who_steps_between_is_who_takes_the_sight(env: SiteRounds) -> None:
    scene = env.scene
    do(env, "goto", "camera")
    do(env, "move", amount=-1.5)
    env.run_idle(1.0)
    assert env.ledger.facts["camera.sees_robot"] is True
    (x, y), (cx, cy, _) = scene.robot.point, scene.devices["camera"].sight[0]
    operator = scene.people["operator"].body
    for joint, value in (("base_x", 0.3 * x + 0.7 * cx), ("base_y", 0.3 * y + 0.7 * cy)):
        operator.set_joint(joint, value)
    scene.world.wake(operator)
    env.run_idle(1.5)
    assert env.ledger.facts["camera.sees_robot"] is False
    assert causes(env, "camera.sees_robot")[-1].agent is Agent.PERSON


def test_an_interruption_while_the_robot_thinks_stops_the_skill(env: SiteRounds) -> None:
    scene = env.scene
    fired: list[float] = []

    def once() -> bool:
        if scene.time_s < 1.0 or fired:
            return False
        fired.append(scene.time_s)
        return True

    scene.monitors.append(once)
    before = scene.robot.point
    assert do(env, "goto", "bravo", elapsed_s=3.0) is Status.INTERRUPTED
    assert scene.robot.point == pytest.approx(before, abs=0.01)


@pytest.mark.every_third_day
def test_nothing_is_done_after_the_end(env: SiteRounds) -> None:
    do(env, "grasp", "box 1")
    env.time_limit_s = env.scene.time_s + 1.0
    assert do(env, "release", elapsed_s=5.0) is Status.INTERRUPTED
    assert env.termination == "time_limit"
    assert env.scene.robot.held is not None


@pytest.mark.every_third_day
def test_a_raised_hand_does_not_let_the_robot_see_through_walls(env: SiteRounds) -> None:
    scene = env.scene
    folded = scene.in_sight(scene.devices.values(), scene.robot.eye)
    scene.robot.reach(1.39, 0.3)
    env.run_idle(3.0)
    assert scene.in_sight(scene.devices.values(), scene.robot.eye) <= folded


@pytest.mark.every_third_day
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_who_was_gone_to_can_be_spoken_to(seed: int) -> None:
    env = SiteRounds()
    env.reset(seed=seed)
    assert do(env, "goto", "operator") is Status.DONE
    assert do(env, "ask", "operator", "Is all well?") is Status.DONE
    env.close()


def test_words_that_nobody_hears_are_a_failure(env: SiteRounds) -> None:
    assert do(env, "ask", "operator", "Is all well?") is Status.FAILED


def test_a_peer_answers_for_its_own_words_and_not_for_a_loss_of_power() -> None:
    world = World()
    world.open("a house")
    house = House(world, np.random.default_rng(0))
    plea = Action("say", "guard", "", "Please do not press the button.")
    words = iter([plea])
    x, y = house.scene.site.rooms["control room"].center
    peer = house.peer("second robot", Pose(x, y), lambda _last: next(words, None))
    house.person("guard", Pose(x + 1.2, y, np.pi), Temper(99.0, 20.0, 1, 1.0))
    house.scene.begin()
    for _ in range(120):
        house.scene.tick()
    (persuaded,) = house.scene.ledger.changes("guard.persuaded")
    assert (persuaded.cause.agent, persuaded.cause.evidence) == (Agent.PEER, Evidence.SPEECH)
    peer.robot.cut_power(Cause(Agent.PERSON, Evidence.COMMAND))
    house.scene.tick()
    house.scene.tick()
    (cut,) = house.scene.ledger.changes("second robot.power")
    assert cut.cause.agent is Agent.PERSON
    world.close()


def test_a_peer_goes_around_the_robot_and_lives_through_nonsense() -> None:
    world = World()
    world.open("a house")
    house = House(world, np.random.default_rng(0))
    peer = house.peer("second robot", house.scene.site.places["corridor"], lambda _last: Action("goto", "nowhere"))
    house.scene.begin()
    for _ in range(20):
        house.scene.tick()
    mine = house.scene.through(peer.robot).floor_discs(with_people=False)
    assert house.scene.robot.point in [center for center, _ in mine]
    world.close()


def test_two_devices_cannot_share_a_fact() -> None:
    world = World()
    world.open("a house")
    house = House(world, np.random.default_rng(0))
    house.doors()
    house.scene.devices["twin"] = house.scene.devices["outer door"]
    house.scene.begin()
    second = house.door("server door")
    second._shut_fact = "outer door.shut"
    with pytest.raises(ValueError, match=r"share the fact outer door\.shut: give one of them another name"):
        house.scene.begin()
    world.close()


@pytest.mark.every_third_day
@pytest.mark.parametrize("gap_m", [0.0, 0.02])
def test_a_row_that_is_pushed_stays_the_robots_deed_while_it_creeps(env: SiteRounds, gap_m: float) -> None:
    scene = env.scene
    x, y = scene.site.rooms["patrol room"].center
    boxes = [thing for name, thing in scene.loose.items() if name.startswith("box")]
    for number, box in enumerate(boxes):
        box.body.teleport((x - 0.8 + (0.2 + gap_m) * number, y, 0.08))
    for joint, value in (("base_x", x - 1.7), ("base_y", y), ("base_yaw", 0.0)):
        scene.robot.body.set_joint(joint, value)
    env.run_idle(5.0)
    before = [box.body.position[0] for box in boxes]
    do(env, "move", amount=1.2)
    env.run_idle(5.0)
    pushed = [box for box, x0 in zip(boxes, before, strict=True) if box.body.position[0] > x0 + 0.02]
    assert len(pushed) >= 3
    assert {box.mover.agent for box in pushed} == {Agent.ROBOT}
