"""How fast the world runs: what a skill costs beyond physics, the full scene, a look."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, Final

import gymnasium
import numpy as np

from benches.driving import SKILLS, drive
from benches.figures import Figure, Stopwatch, median, wall_s
from benches.naive import NaiveScene
from envs.devices.camera import PanCamera
from envs.devices.loose import Loose
from envs.robot import RADIUS_M
from envs.scenario import Scenario
from envs.scenarios.shutdown_button import ShutdownButton
from envs.scenarios.site_rounds import COLORS, TABLES, SiteRounds
from envs.scene import Scene
from envs.sight import sees
from envs.site import Point, Pose, Rect
from envs.spotting import spots
from envs.world import World

BOXES: Final = 20
BOX_M: Final = (0.2, 0.16, 0.14)
GAP_M: Final = 0.4
LONG_S: Final = 900.0
PANDA: Final = "PandaPickAndPlace-v3"
PANDA_STEPS: Final = 200
NAIVE_S: Final = 4.0
OURS_S: Final = 10.0


class Crowded(SiteRounds):
    """The full scene with 20 loose boxes: those on tables, and the others on the floor of the loading bay."""

    def __init__(self, **options: Any) -> None:
        super().__init__(rounds=20, boxes=len(TABLES), time_limit_s=LONG_S, **options)

    def build(self, world: World, layout: np.random.Generator, person: np.random.Generator) -> Scene:
        """Build the facility, then lay down the further boxes."""
        scene = super().build(world, layout, person)
        for number, (x, y) in zip(
            range(self.boxes, BOXES), _free(world, scene.site.rooms["loading bay"]), strict=False
        ):
            name, stand = f"box {number + 1}", Pose(x, y - 0.6, math.pi / 2)
            at = (x, y, BOX_M[2] / 2 + 0.001)
            box = Loose(world, name, BOX_M, at, COLORS[number % len(COLORS)], stand, scene.agents)
            scene.devices[name] = scene.loose[name] = box
        return scene


def _free(world: World, room: Rect) -> Iterator[Point]:
    """Points of a grid over a room at which nothing stands."""
    for x in np.arange(room.x0 + GAP_M, room.x1 - GAP_M, GAP_M).tolist():
        for y in np.arange(room.y0 + GAP_M, room.y1 - GAP_M, GAP_M).tolist():
            feet = [(x + a, y + b) for a in (-BOX_M[0], 0.0, BOX_M[0]) for b in (-BOX_M[0], 0.0, BOX_M[0])]
            hits = world.cast([((*foot, 2.0), (*foot, -0.1)) for foot in feet])
            if all(hit is not None and hit.body == "floor" for hit in hits):
                yield x, y


def overhead(is_quick: bool) -> Iterator[Figure]:
    """Wall time of `env.step` over that of the physics steps in it."""
    repeats = 3 if is_quick else 7
    ratios: dict[type[Scenario], list[float]] = {SiteRounds: [], ShutdownButton: []}
    for _ in range(repeats):
        for kind, found in ratios.items():
            found.append(_overhead_of(kind))
    for kind, bound in ((SiteRounds, 1.05), (ShutdownButton, None)):
        yield Figure(f"env.step over its stepSimulation calls, {kind.__name__}", median(ratios[kind]), "", bound)
    if find_spec("panda_gym"):
        yield Figure(f"env.step over its stepSimulation calls, {PANDA}", median(_overhead_of_panda(repeats)), "")


def _overhead_of(kind: type[Scenario]) -> float:
    env, watch = kind(time_limit_s=LONG_S), Stopwatch()
    env.reset(seed=0)
    actions = [env.encode(action) for action in SKILLS[kind]]
    with watch.hang():
        total_s = sum(wall_s(env.step, action) for action in actions)
    if env.termination:
        msg = f"the script of {kind.__name__} ended the episode ({env.termination}): shorten it"
        raise RuntimeError(msg)
    env.close()
    return total_s / watch.physics_s


def _overhead_of_panda(repeats: int) -> list[float]:
    env = gymnasium.make(f"panda_gym:{PANDA}")
    env.action_space.seed(0)
    env.reset(seed=0)
    ratios = []
    for _ in range(repeats):
        watch = Stopwatch()
        with watch.hang():
            total_s = sum(wall_s(env.unwrapped.step, env.action_space.sample()) for _ in range(PANDA_STEPS))
        ratios.append(total_s / watch.physics_s)
    env.close()
    return ratios


def pace(is_quick: bool) -> Iterator[Figure]:
    """World seconds a second of wall time while the robot drives, ours beside a naive scene."""
    naive, env = NaiveScene(), Crowded()
    env.reset(seed=0)
    assert sum(name.startswith("box ") for name in env.scene.loose) == BOXES
    drive(env, 30.0)
    naive.drive(1.0)
    naives, steps, wholes = [], [], []
    for _ in range(5 if is_quick else 12):
        naives.append(NAIVE_S / wall_s(naive.drive, NAIVE_S))
        watch, start_s = Stopwatch(), env.scene.time_s
        with watch.hang():
            total_s = wall_s(drive, env, OURS_S)
        world_s = env.scene.time_s - start_s
        steps.append(world_s / watch.physics_s)
        wholes.append(world_s / total_s)
    naive.close()
    env.close()
    yield Figure("naive Husky and Panda scene while it drives", median(naives), "world s / s")
    yield Figure("full scene while the robot drives, stepping alone", median(steps), "world s / s")
    yield Figure("full scene while the robot drives, all of env.step", median(wholes), "world s / s")
    for name, ours, bound in (("stepping alone", steps, None), ("all of env.step", wholes, 4.5)):
        ratio = median([a / b for a, b in zip(ours, naives, strict=True)])
        yield Figure(f"full scene over naive scene, {name} (better 7)", ratio, "", bound, is_least=True)


def sight(is_quick: bool) -> Iterator[Figure]:
    """Time of a look for the robot, by each who has it in the range and width of view; and of a search for any body."""
    env = SiteRounds(rounds=20, time_limit_s=LONG_S)
    looks_s: dict[str, list[float]] = {"camera": [], "person": [], "search": []}

    def look() -> bool:
        scene, robot = env.scene, env.scene.robot
        camera = scene.devices["camera"]
        assert isinstance(camera, PanCamera)
        eyes = [("camera", "camera", camera.eye)]
        eyes += [("person", person.body.name, person.eye) for person in scene.people.values()]
        for kind, owner, eye in eyes:
            if eye.may_reach(robot.point, RADIUS_M):
                looks_s[kind].append(wall_s(spots, scene.world, eye, robot.body, robot.point, (owner,)))
                looks_s["search"].append(wall_s(sees, scene.world, eye, robot.body, (owner,)))
        return False

    env.hooks.append(look)
    env.reset(seed=0)
    drive(env, 25.0 if is_quick else 120.0)
    env.close()
    names = {"camera": "camera to robot", "person": "person to robot", "search": "search for any body"}
    for kind, found in looks_s.items():
        yield Figure(f"sight query, {names[kind]}", 1e3 * median(found), "ms", 0.2)
