"""Whether an eye sees a robot: the cheap answer against the careful one, and against a rendered view."""

from __future__ import annotations

import math
import timeit
from collections.abc import Iterator

import numpy as np
import pytest

from envs.devices.door import Door
from envs.outlines import Outline
from envs.robot import RADIUS_M, Robot
from envs.scenarios.site_rounds import SiteRounds
from envs.scene import Scene
from envs.sight import Eye, is_covered, sees
from envs.site import Mirror, Point, Pose, Rect, Site
from envs.spotting import HAND_M, WRIST_M, are_between, spots
from envs.watching import eye_of
from envs.world import World

GREY = (0.5, 0.5, 0.5, 1.0)
PIXELS = 480
LOOKS = 250
LENS_Z = 1.17


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


@pytest.fixture(scope="module", params=[0, 3])
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    env = SiteRounds(boxes=9)
    env.reset(seed=request.param)
    yield env.scene
    env.close()


def bend(robot: Robot, at: Point, rng: np.random.Generator) -> None:
    """Stand a robot somewhere with its arm anyhow."""
    joints = {"base_x": at[0], "base_y": at[1], "base_yaw": rng.uniform(-3, 3), "wrist": rng.uniform(-3, 3),
              "lift": rng.uniform(0, 1.3), "boom": rng.integers(2) * rng.uniform(0, 0.6),
              "finger_left": rng.uniform(0, 0.13)}  # fmt: skip
    for joint, value in joints.items():
        robot.body.set_joint(joint, float(value))


def somewhere(site: Site, rng: np.random.Generator) -> Point:
    """A point of the floor with room about it."""
    while True:
        bounds = site.bounds
        point = (float(rng.uniform(bounds.x0, bounds.x1)), float(rng.uniform(bounds.y0, bounds.y1)))
        if site.route(point, point, RADIUS_M) and site.room_at(point) != "outside":
            return point


def some_eye(site: Site, rng: np.random.Generator) -> Eye:
    """A person's or a camera's."""
    at, yaw = somewhere(site, rng), float(rng.uniform(-math.pi, math.pi))
    return eye_of(Pose(*at, yaw)) if rng.integers(2) else Eye((*at, LENS_Z), yaw, -0.1, 80.0, 60.0, 14.0)


def test_it_answers_as_the_careful_search_does_all_over_the_site(scene: Scene) -> None:
    world, robot, rng = scene.world, scene.robot, np.random.default_rng(1)
    seen = hidden = 0
    for _ in range(LOOKS):
        eye, at = some_eye(scene.site, rng), somewhere(scene.site, rng)
        if math.dist(eye.at[:2], at) < 2 * RADIUS_M:
            continue
        bend(robot, at, rng)
        for door in scene.devices.values():
            if isinstance(door, Door):
                door.body.set_joint("hinge", float(rng.uniform(0.0, 1.4)))
        is_spotted, is_seen = spots(world, eye, robot.body, at), sees(world, eye, robot.body)
        assert is_spotted or not is_seen
        assert is_seen or not is_spotted or robot.name in world.pixels(eye.camera(PIXELS))
        seen, hidden = seen + is_seen, hidden + (not is_seen)
    assert seen > 15
    assert hidden > 100


def test_nothing_of_a_robot_reaches_further_than_its_hand(world: World) -> None:
    robot, rng = Robot(world, Pose(0.0, 0.0)), np.random.default_rng(2)
    for _ in range(40):
        bend(robot, (1.0, -2.0), rng)
        outline = Outline(world, robot.body)
        away = np.linalg.norm(np.concatenate([outline.corners(), outline.rest()])[:, :2] - (1.0, -2.0), axis=1)
        assert away.max() < WRIST_M + HAND_M + robot.body.joints["boom"].position


def test_covered_lens_spots_nothing(world: World) -> None:
    robot, eye = Robot(world, Pose(4.0, 0.0)), Eye((0.0, 0.0, 1.4), 0.0)
    assert spots(world, eye, robot.body, robot.point)
    cover = world.box("cover", (0.04, 0.3, 0.3), (0.0, 0.0, 1.4), GREY, mass_kg=1.0)
    for x in (0.0, 0.04, 0.06):
        cover.teleport((x, 0.0, 1.4))
        assert is_covered(world, eye)
        assert not spots(world, eye, robot.body, robot.point)


EYE = Eye((0.0, 0.0, 1.5), 0.0)
LOW, HIGH = Rect(1.9, -2.0, 2.0, 0.0), Rect(1.9, 0.0, 2.0, 2.0)


@pytest.mark.parametrize(
    ("walls", "is_hidden"),
    [
        ((LOW, HIGH), True),
        ((HIGH, LOW), True),
        ((LOW,), False),
        ((HIGH,), False),
        ((LOW, Rect(1.9, 0.02, 2.0, 2.0)), False),
        ((Rect(4.9, -2.0, 5.0, 2.0),), False),
        ((Rect(-2.0, -2.0, -1.9, 2.0),), False),
        ((Rect(1.0, -0.5, 2.0, 0.5),), True),
        ((Rect(-0.5, -0.5, 2.0, 0.5),), False),
        ((Rect(-3.0, 0.1, 1.0, 0.2), Rect(0.9, -0.6, 1.0, 0.2)), True),
    ],
)
def test_walls_hide_a_disc_when_their_shadows_leave_no_gap(walls: tuple[Rect, ...], *, is_hidden: bool) -> None:
    assert are_between(walls, EYE, (4.0, 0.0), 0.5) is is_hidden


def test_an_eye_above_the_walls_looks_over_them() -> None:
    assert not are_between((LOW, HIGH), Eye((0.0, 0.0, 2.5), 0.0, -0.3), (4.0, 0.0), 0.5)


def test_walls_are_known_where_they_were_built(world: World) -> None:
    robot, eye = Robot(world, Pose(4.0, 0.0)), EYE
    site = Site(Mirror(10.0), Rect(0.0, -5.0, 10.0, 5.0))
    site.wall(world, "wall", Rect(1.9, -2.0, 2.0, 2.0))
    assert not spots(world, eye, robot.body, robot.point)
    world.open(None)
    robot = Robot(world, Pose(4.0, 0.0))
    assert spots(world, eye, robot.body, robot.point)


@pytest.mark.parametrize("pitch", [-0.4, -0.1, 0.0, 0.3])
def test_what_an_eye_shows_is_in_its_cone_and_may_be_reached(pitch: float) -> None:
    eye, rng = Eye((1.0, 2.0, 1.4), 0.7, pitch, 80.0, 60.0, 6.0), np.random.default_rng(4)
    points = rng.uniform((-6, -5, 0), (8, 9, 2.4), (4000, 3))
    inside = eye.has_in_view(points)
    assert inside.sum() > 100
    for point, is_inside in zip(points.tolist(), inside.tolist(), strict=True):
        assert eye.shows(point) is is_inside
        assert not is_inside or eye.may_reach(point[:2], 0.0)


def test_a_look_costs_less_than_the_careful_search() -> None:
    env = SiteRounds()
    env.reset(seed=0)
    world, robot = env.scene.world, env.scene.robot
    x, y = robot.point
    eye = Eye((x + 2.0, y, LENS_Z), math.pi, -0.1)
    assert spots(world, eye, robot.body, robot.point)
    cheap_s, careful_s = (
        min(timeit.repeat(look, number=50, repeat=8))
        for look in (lambda: spots(world, eye, robot.body, robot.point), lambda: sees(world, eye, robot.body))
    )
    env.close()
    assert cheap_s < 0.8 * careful_s
