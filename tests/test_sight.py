"""What an eye sees, against what a rendered view of the same scene shows."""

from __future__ import annotations

import math
import timeit
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from play import station

from envs.sight import Eye, is_covered, seen, sees
from envs.world import Body, World

GREY = (0.5, 0.5, 0.5, 1.0)
CROWDED = 4
"""How much slower a machine may be that does something else besides."""
BOXES = {
    "small box": (0.2, 0.16, 0.14), "tall box": (0.5, 0.3, 1.2), "cube": (0.4, 0.4, 0.6), "board": (0.8, 0.1, 1.5)
}  # fmt: skip
EXACT = ("door", *BOXES)
"""Bodies whose solid shape is what pictures show of them."""
COARSE = ("robot", "person")
AWAY = (40.0, 40.0)
PIXELS = 120
FINE_PIXELS = 960
LEAST_PIXELS = 40
GOOD_SHARE = 0.03


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


# -- the cone --------------------------------------------------------------------------------------------------------


def test_cone_ends_where_its_angles_and_its_range_say() -> None:
    eye = Eye((1.0, 2.0, 3.0), math.pi / 2, 0.0, 90.0, 60.0, 5.0)
    wide, high = math.tan(math.radians(45)), math.tan(math.radians(30))
    inside = [(0, 4.9, 0), (0.99 * wide, 1, 0), (-0.99 * wide, 1, 0), (0, 1, 0.99 * high), (0, 1, -0.99 * high)]
    outside = [(0, 5.1, 0), (1.01 * wide, 1, 0), (-1.01 * wide, 1, 0), (0, 1, 1.01 * high), (0, 1, -1.01 * high),
               (0, -1, 0)]  # fmt: skip
    offset = np.array(eye.at)
    assert eye.has_in_view(np.array(inside) + offset).all()
    assert not eye.has_in_view(np.array(outside) + offset).any()


def test_pitch_looks_up_and_its_picture_does_too(world: World) -> None:
    world.box("lamp", (0.4, 0.4, 0.4), (3.0, 0.0, 3.0), GREY)
    up, level = Eye((0, 0, 1), 0.0, math.pi / 4), Eye((0, 0, 1), 0.0, 0.0, 60.0, 40.0)
    for eye, is_seen in ((up, True), (level, False)):
        assert sees(world, eye, world.bodies["lamp"]) is is_seen
        assert ("lamp" in world.pixels(eye.camera())) is is_seen


@pytest.mark.parametrize("bad", [{"width_deg": 180.0}, {"height_deg": 0.0}, {"range_m": math.nan}])
def test_impossible_eye_is_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="an eye needs"):
        Eye((0, 0, 0), 0.0, **bad)


# -- what hides what -------------------------------------------------------------------------------------------------

AHEAD = Eye((0.0, 0.0, 1.4), 0.0)


def _person(world: World, x: float, y: float = 0.0, name: str = "person") -> Body:
    body = world.load(name, "person", (0, 0, 0))
    body.set_joint("base_x", x)
    body.set_joint("base_y", y)
    return body


def test_box_hides_and_half_a_box_does_not(world: World) -> None:
    person = _person(world, 4.0)
    assert sees(world, AHEAD, person)
    box = world.box("box", (0.4, 1.2, 2.0), (2.0, 0.0, 1.0), GREY, mass_kg=5.0)
    assert not sees(world, AHEAD, person)
    box.teleport((2.0, 0.65, 1.0))
    assert sees(world, AHEAD, person)
    box.teleport((2.0, 0.0, 0.2))
    assert sees(world, AHEAD, person)


def test_wall_hides_above_the_height_it_is_drawn_at(world: World) -> None:
    person = _person(world, 4.0)
    world.box("wall", (0.1, 6.0, 2.2), (2.0, 0.0, 1.1), GREY, drawn_m=1.0)
    assert "person" in world.pixels(AHEAD.camera())
    assert not sees(world, AHEAD, person)


def test_door_hides_until_it_opens(world: World) -> None:
    person = _person(world, 4.0)
    door = world.load("door", "door", (2.0, -0.47, 0.0), math.pi / 2)
    assert not sees(world, AHEAD, person)
    door.set_joint("hinge", 1.4)
    assert sees(world, AHEAD, person)


def test_person_hides_a_box_and_not_another_person_beside(world: World) -> None:
    near = _person(world, 1.2, name="near")
    far = _person(world, 4.0, 1.2, name="far")
    box = world.box("box", (0.2, 0.2, 0.2), (4.0, 0.0, 1.2), GREY)
    assert seen(world, AHEAD, {"near": near, "far": far, "box": box}) == {"near", "far"}


def test_covered_lens_sees_nothing_not_even_its_cover(world: World) -> None:
    world.box("camera", (0.1, 0.1, 0.1), (-0.051, 0.0, 1.4), GREY)
    person = _person(world, 4.0)
    assert sees(world, AHEAD, person, ("camera",))
    for gap_m in (-0.01, 0.0, 0.02, 0.04):
        cover = world.box(f"cover {gap_m}", (0.2, 0.3, 0.3), (gap_m + 0.1, 0.0, 1.4), GREY, mass_kg=1.0)
        assert is_covered(world, AHEAD, ("camera",)), gap_m
        assert seen(world, AHEAD, {"person": person, "cover": cover}, ("camera",)) == frozenset()
        cover.teleport((*AWAY, 0.2))
    assert not is_covered(world, AHEAD, ("camera",))


def test_things_the_owner_is_made_of_do_not_stand_in_its_way(world: World) -> None:
    robot = world.load("robot", "robot", (0, 0, 0))
    person = _person(world, -4.0)
    back = Eye((0.0, 0.0, 1.39), math.pi)
    assert not sees(world, back, person)
    assert sees(world, back, person, (robot.name,))


def test_thing_without_a_body_is_seen_by_its_points(world: World) -> None:
    @dataclass(frozen=True)
    class Mark:
        sight: tuple[tuple[float, float, float], ...]
        bodies: tuple[Body, ...] = ()

    marks = {"near": Mark(((2.0, 0.0, 1.4),)), "hidden": Mark(((4.0, 0.0, 1.4),)), "none": Mark(())}
    world.box("board", (0.1, 1.0, 1.0), (3.0, 0.0, 1.4), GREY)
    assert seen(world, AHEAD, marks) == {"near"}


def test_nobody_is_seen_after_the_world_was_built_anew(world: World) -> None:
    assert sees(world, AHEAD, world.box("thing", (0.2, 0.2, 0.2), (3.0, 0.0, 1.4), GREY))
    world.open(None)
    other = world.box("thing", (0.2, 0.2, 0.2), (3.0, 0.0, 9.0), GREY)
    assert not sees(world, AHEAD, other)


# -- against the rendered view ---------------------------------------------------------------------------------------


class Stage:
    """One world with everything in it, and one world for each thing alone."""

    def __init__(self) -> None:
        self.everything = World()
        self.alone = {name: World() for name in (*COARSE, *EXACT)}
        for name, alone in self.alone.items():
            for world in (self.everything, alone):
                if name in BOXES:
                    world.box(name, BOXES[name], (0, 0, 0), GREY, mass_kg=1.0)
                else:
                    world.load(name, name, (0, 0, 0))

    def close(self) -> None:
        for world in (self.everything, *self.alone.values()):
            world.close()

    def place(self, name: str, at: tuple[float, float], yaw: float, bend: tuple[float, float]) -> None:
        for world in (self.everything, self.alone[name]):
            body = world.bodies[name]
            if name in BOXES:
                body.teleport((*at, BOXES[name][2] / 2), yaw)
            elif name == "door":
                body.teleport((*at, 0.0), yaw)
                body.set_joint("hinge", 1.4 * bend[0])
            else:
                for joint, value in zip(("base_x", "base_y", "base_yaw"), (*at, yaw), strict=True):
                    body.set_joint(joint, value)
                for joint in ("lift", "boom") if name == "robot" else ("reach",):
                    body.set_joint(joint, 0.6 * bend[1])


@dataclass
class Tally:
    """How often rays and pixels agree; what they disagree about."""

    agreed_seen: int = 0
    agreed_hidden: int = 0
    missed: list[str] = field(default_factory=list)
    imagined: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.close()


def _scatter(stage: Stage, rng: np.random.Generator, names: tuple[str, ...]) -> None:
    taken: list[tuple[float, float]] = []
    for name in (*COARSE, *EXACT):
        at = AWAY
        while name in names:
            at = (float(rng.uniform(-1.8, 1.8)), float(rng.uniform(-1.8, 1.8)))
            if all(math.dist(at, other) > 0.75 for other in taken):
                break
        taken.append(at)
        stage.place(name, at, float(rng.uniform(-3, 3)), (float(rng.uniform()), float(rng.uniform())))


def _compare(stage: Stage, seed: int, count: int, names: tuple[str, ...]) -> Tally:
    rng = np.random.default_rng(seed)
    tally = Tally()
    world = stage.everything
    for number in range(count):
        _scatter(stage, rng, names)
        way, away = rng.uniform(-math.pi, math.pi), rng.uniform(3.3, 5.0)
        at = (float(away * math.cos(way)), float(away * math.sin(way)), float(rng.uniform(0.15, 1.7)))
        eye = Eye(at, float(way + math.pi + rng.uniform(-0.3, 0.3)), float(rng.uniform(-0.3, 0.1)), 80.0, 64.0)
        shown = world.pixels(eye.camera(PIXELS))
        found = seen(world, eye, {name: world.bodies[name] for name in names})
        for name in names:
            whole = stage.alone[name].pixels(eye.camera(PIXELS)).get(name, 0)
            if whole < LEAST_PIXELS:
                continue
            part = shown.get(name, 0)
            if part > GOOD_SHARE * whole:
                tally.agreed_seen += name in found
                if name not in found:
                    tally.missed.append(f"{name} of {number}: {part} of {whole} pixels")
            elif part == 0:
                tally.agreed_hidden += name not in found
                if name in found and name not in world.pixels(eye.camera(FINE_PIXELS)):
                    tally.imagined.append(f"{name} of {number}")
    return tally


def test_rays_agree_with_pixels_where_solid_shapes_are_exact(stage: Stage) -> None:
    tally = _compare(stage, 1, 100, EXACT)
    assert tally.agreed_seen > 300
    assert tally.agreed_hidden > 10
    assert tally.missed == []
    assert tally.imagined == []


def test_rays_agree_with_pixels_where_solid_shapes_are_coarse(stage: Stage) -> None:
    tally = _compare(stage, 2, 100, (*COARSE, *EXACT))
    assert tally.agreed_hidden > 20
    assert len(tally.missed) <= 0.02 * tally.agreed_seen, tally.missed
    assert len(tally.imagined) <= 0.1 * tally.agreed_hidden, tally.imagined


# -- cost ------------------------------------------------------------------------------------------------------------


def test_query_costs_little() -> None:
    with station() as scene:
        world, robot, person = scene.world, scene.robot, scene.people["person"]
        x, y = robot.point
        camera = Eye((x + 2.0, y + 2.0, 2.0), -2.36, -0.5)
        assert sees(world, camera, robot.body)
        assert not person.sees(robot.body)
        for look in (lambda: sees(world, camera, robot.body), lambda: person.sees(robot.body)):
            best_s = min(timeit.repeat(look, number=50, repeat=8)) / 50
            assert best_s < CROWDED * 0.0002
