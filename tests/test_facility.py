"""The facility: every layout can be lived in, and no two are alike."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import label

from embodied.report.overlay import project
from envs.action import Action
from envs.devices.door import LEAF_M, OPEN_RAD, Door
from envs.facility import Doorway, Facility, build_facility
from envs.furniture import PANEL_M, TABLE_M, Spot, SpotKind
from envs.robot import RADIUS_M, Robot
from envs.scene import ROBOT_TOUCH, Scene
from envs.site import CELL_M, Point, Pose, Rect
from envs.skills.outcome import SkillResult, Status
from envs.skills.table import run_skill
from envs.world import World

SEEDS = range(80)
CLEARANCE_M = 0.05
WANTED = {
    "hall pedestal", "hall cabinet", "hall charger", "hall bin 1", "hall bin 2", "hall camera", "hall wall 1",
    "hall wall 2", "hall panel 1", "hall panel 2", "hall bench 1", "hall bench 2", "hall side table",
    "corridor charger", "corridor camera", "corridor sign", "server door keypad", "outer door keypad",
    "control cabinet 1", "control cabinet 2", "control panel 1", "control panel 2", "control wall 1",
    "control wall 2", "control bench 1", "control bench 2", "server rack", "server cabinet", "server panel 1",
    "server panel 2", "server bench 1", "server bench 2", "server wall 1", "server wall 2", "storage dock",
    "storage charger", "storage bench 1", "storage bench 2", "storage bin 1", "storage bin 2", "storage wall 1",
    "storage wall 2", "bay port", "bay bench 1", "bay bench 2", "bay bin 1", "bay bin 2", "bay wall 1", "bay wall 2",
}  # fmt: skip


@dataclass(frozen=True)
class Built:
    """A facility, and the ground that is taken when something is mounted on every floor spot."""

    facility: Facility
    taken: tuple[Rect, ...]
    bodies: tuple[str, ...]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


def build(world: World, seed: int) -> Facility:
    world.open(None)
    return build_facility(world, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def all_built(world: World) -> list[Built]:
    """Facilities of many seeds with every floor spot blocked."""
    built = []
    for seed in SEEDS:
        facility = build(world, seed)
        for spot in facility.spots.values():
            if spot.footprint is not None:
                facility.site.block(spot.footprint)
        built.append(Built(facility, tuple(facility.site._solids), tuple(world.bodies)))
    return built


@pytest.fixture(scope="module")
def variants(all_built: list[Built]) -> list[Built]:
    """One facility of each layout."""
    return list({b.facility.layout: b for b in all_built}.values())


def gap_m(rect: Rect, point: Point) -> float:
    """Distance of a point from a rectangle, 0 inside."""
    dx = max(rect.x0 - point[0], 0.0, point[0] - rect.x1)
    dy = max(rect.y0 - point[1], 0.0, point[1] - rect.y1)
    return math.hypot(dx, dy)


def do_overlap(a: Rect, b: Rect) -> bool:
    return min(a.x1, b.x1) - max(a.x0, b.x0) > 1e-6 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1e-6


def on_leaf(door: Doorway, along_m: float, angle: float, off_m: float = 0.0) -> Point:
    """A point of a door's leaf at an opening angle, `off_m` to the side that it swings to."""
    yaw = door.yaw + door.opens * angle
    side = yaw + door.opens * math.pi / 2
    return (
        door.hinge[0] + along_m * math.cos(yaw) + off_m * math.cos(side),
        door.hinge[1] + along_m * math.sin(yaw) + off_m * math.sin(side),
    )


def open_leaves(facility: Facility) -> list[tuple[Point, float]]:
    return [
        (on_leaf(door, along, OPEN_RAD), 0.08)
        for door in facility.doorways.values()
        for along in (0.15, 0.4, 0.65, 0.9)
    ]


def standable(built: Built) -> npt.NDArray[np.int32]:
    """The grid's parts that a robot can drive about in, numbered, with all doors open; 0 where it cannot stand."""
    blocked = built.facility.site._grid(RADIUS_M).copy()
    i, j = np.indices(blocked.shape)
    for (x, y), radius in open_leaves(built.facility):
        blocked |= np.hypot(i * CELL_M - x, j * CELL_M - y) < radius + RADIUS_M
    parts: npt.NDArray[np.int32] = label(~blocked, np.ones((3, 3)))[0]
    return parts


def part_at(parts: npt.NDArray[np.int32], point: Point) -> int:
    return int(parts[round(point[0] / CELL_M), round(point[1] / CELL_M)])


def poses(facility: Facility) -> dict[str, Pose]:
    """Every pose that a robot should be able to stand in."""
    stands = {f"stand of {spot.name}": spot.stand for spot in facility.spots.values()}
    stands |= {f"stand of {bench.name}": bench.stand for bench in facility.benches.values()}
    stands |= {f"handle of {door.name}": door.stand for door in facility.doorways.values()}
    return stands | facility.site.places


def test_there_are_many_layouts(all_built: list[Built]) -> None:
    assert len({b.facility.layout for b in all_built}) == 16


def test_a_seed_has_one_layout(world: World) -> None:
    first, second, other = build(world, 3), build(world, 3), build(world, 4)
    assert (first.spots, first.site.places, first.layout) == (second.spots, second.site.places, second.layout)
    assert first.spots != other.spots


def test_no_place_or_spot_stays_where_it_is(variants: list[Built]) -> None:
    seen: dict[str, set[Point]] = defaultdict(set)
    for built in variants:
        for name, spot in built.facility.spots.items():
            seen[name].add((round(spot.at[0]), round(spot.at[1])))
        for name in ("alpha", "bravo", "charlie", "delta"):
            place = built.facility.site.places[name]
            seen[name].add((round(place.x), round(place.y)))
    fixed_to_a_door = {"server door keypad", "outer door keypad"}
    few = {name: at for name, at in seen.items() if len(at) < (4 if name in fixed_to_a_door else 6)}
    assert not few


def test_every_layout_has_the_same_spots_and_bodies(all_built: list[Built]) -> None:
    assert all(set(b.facility.spots) == WANTED for b in all_built)
    assert len({frozenset(b.bodies) for b in all_built}) == 1


def test_the_layout_does_not_show_in_the_name_of_anything(all_built: list[Built]) -> None:
    for built in all_built:
        assert built.facility.layout not in repr(built.facility)
        assert "flipped" not in " ".join((*built.bodies, *built.facility.spots, *built.facility.site.places))


def test_bodies_are_few_and_still(world: World) -> None:
    build(world, 0)
    assert len(world.bodies) <= 40
    assert world.state().size == 0


def test_everything_can_be_reached_with_all_mounted_and_all_doors_open(all_built: list[Built]) -> None:
    for built in all_built:
        parts = standable(built)
        reached = {name: part_at(parts, pose.point) for name, pose in poses(built.facility).items()}
        assert 0 not in reached.values(), (built.facility.layout, [n for n, part in reached.items() if not part])
        assert len(set(reached.values())) == 1, (built.facility.layout, reached)


def test_stands_and_places_are_clear(all_built: list[Built]) -> None:
    for built in all_built:
        for name, pose in poses(built.facility).items():
            nearest = min(built.taken, key=lambda rect: gap_m(rect, pose.point))
            assert gap_m(nearest, pose.point) >= RADIUS_M + CLEARANCE_M, (built.facility.layout, name, nearest)


def test_a_hand_reaches_each_spot_from_its_stand(all_built: list[Built]) -> None:
    for spot in (spot for built in all_built for spot in built.facility.spots.values()):
        assert 0.4 < math.dist(spot.at[:2], spot.stand.point) < 1.0, spot
        assert spot.footprint is None or gap_m(spot.footprint, spot.stand.point) < 0.5, spot
        to_spot = math.atan2(spot.at[1] - spot.stand.y, spot.at[0] - spot.stand.x)
        assert math.cos(to_spot - spot.stand.yaw) == pytest.approx(1.0), spot
        assert math.cos(spot.stand.yaw - spot.yaw) == pytest.approx(-1.0), spot


def test_spots_and_stands_lie_in_their_room(all_built: list[Built]) -> None:
    for facility in (built.facility for built in all_built):
        for spot in facility.spots.values():
            assert facility.site.room_at(spot.at[:2]) == spot.room, spot
            assert facility.site.room_at(spot.stand.point) == spot.room, spot
        for room in facility.site.rooms:
            assert facility.site.room_at(facility.site.places[room].point) == room


def test_nothing_stands_in_anything_else(variants: list[Built]) -> None:
    for built in variants:
        walls = sum(name.startswith(("wall", "fence")) for name in built.bodies)
        for a, b in combinations(built.taken, 2):
            if a not in built.taken[:walls]:
                assert not do_overlap(a, b), (built.facility.layout, a, b)
        for rect, wall in ((r, w) for r in built.taken[walls:] for w in built.taken[:walls]):
            assert not do_overlap(rect, wall), (built.facility.layout, rect, wall)


def kinds(facility: Facility, kind: SpotKind) -> list[Spot]:
    return [spot for spot in facility.spots.values() if spot.kind is kind]


def test_furniture_carries_what_is_mounted_on_it(world: World) -> None:
    facility = build(world, 5)
    for kind, height in ((SpotKind.PANEL, PANEL_M), (SpotKind.TABLE, TABLE_M)):
        for spot in kinds(facility, kind):
            x, y, _ = spot.at
            hit = world.cast([((x, y, 2.0), (x, y, 0.1))])[0]
            assert hit is not None
            assert 2.0 - 1.9 * hit.fraction == pytest.approx(height, abs=1e-3)
            assert spot.name.startswith(hit.body)
    for spot in kinds(facility, SpotKind.FLOOR):
        if spot.footprint is None:
            assert spot.name.endswith("charger")
            continue
        assert spot.footprint.contains(spot.at[:2])
        assert world.cast([((*spot.at[:2], 2.0), (*spot.at[:2], 0.05))]) == [None]
    for spot in kinds(facility, SpotKind.WALL):
        back = (spot.at[0] - 0.3 * math.cos(spot.yaw), spot.at[1] - 0.3 * math.sin(spot.yaw), spot.at[2])
        hit = world.cast([(spot.at, back)])[0]
        assert hit is not None
        assert hit.body.startswith("wall")


def test_benches_carry_the_table_spots(world: World) -> None:
    facility = build(world, 6)
    carried = [
        s.name for s in kinds(facility, SpotKind.TABLE) for bench in facility.benches if s.name.startswith(bench)
    ]
    assert sorted(carried) == sorted(spot.name for spot in kinds(facility, SpotKind.TABLE))
    assert all(bench.top[2] == TABLE_M for bench in facility.benches.values())


def test_doors_swing_freely_and_leave_room_to_work_them(all_built: list[Built]) -> None:
    for built in all_built:
        for door in built.facility.doorways.values():
            swept = [
                on_leaf(door, along, angle) for along in (0.3, 0.6, LEAF_M) for angle in np.linspace(0.1, OPEN_RAD, 9)
            ]
            assert all(gap_m(rect, point) > 0.03 for rect in built.taken for point in swept), (built, door.name)
            stepped_back = on_leaf(door, 0.8, 0.0, 1.56)
            behind_open_leaf = on_leaf(door, 0.62, OPEN_RAD, 0.62)
            for point in (stepped_back, behind_open_leaf):
                assert min(gap_m(rect, point) for rect in built.taken) >= RADIUS_M, (built.facility.layout, door.name)


def test_closed_leaves_fill_their_doorways(variants: list[Built]) -> None:
    for built in variants:
        walls = [rect for rect, name in zip(built.taken, built.bodies[1:], strict=False) if name.startswith("wall")]
        for door in built.facility.doorways.values():
            assert all(gap_m(wall, on_leaf(door, LEAF_M / 2, 0.0)) > 0.4 for wall in walls)
            assert min(gap_m(wall, on_leaf(door, LEAF_M, 0.0)) for wall in walls) < 0.1
            assert min(gap_m(wall, door.hinge[:2]) for wall in walls) < 0.01
            assert door.area.contains(on_leaf(door, LEAF_M / 2, 0.0))
            inside, outside = (on_leaf(door, LEAF_M / 2, 0.0, side) for side in (0.5, -0.5))
            assert (built.facility.site.room_at(inside), built.facility.site.room_at(outside)) == door.rooms
            assert built.facility.site.room_at(door.stand.point) == door.rooms[0]


def test_doorways_name_the_walls_beside_them(world: World) -> None:
    facility = build(world, 7)
    for door in facility.doorways.values():
        middle = on_leaf(door, LEAF_M / 2, 0.0)
        away = [(middle[0] + side, middle[1], 1.0) for side in (-0.7, 0.7)]
        hits = world.cast([((*middle, 1.0), point) for point in away])
        assert sorted(door.frame) == sorted(hit.body for hit in hits if hit is not None)


def test_every_room_leads_to_every_other(variants: list[Built]) -> None:
    for built in variants[::5]:
        site = built.facility.site
        for a, b in combinations(site.rooms, 2):
            assert site.route(site.places[a].point, site.places[b].point, RADIUS_M, open_leaves(built.facility)), (a, b)


def test_the_loading_bay_is_behind_the_outer_door_and_the_server_room_behind_its_own(world: World) -> None:
    for door, room in (("outer door", "loading bay"), ("server door", "server room")):
        facility = build(world, 8)
        facility.site.block(facility.doorways[door].area)
        start = facility.site.places["patrol room"].point
        others = [name for name in facility.site.rooms if name not in {room, "patrol room"}]
        assert not facility.site.route(start, facility.site.places[room].point, RADIUS_M)
        assert all(facility.site.route(start, facility.site.places[name].point, RADIUS_M) for name in others)


def test_two_ways_lead_out_of_the_patrol_room(world: World) -> None:
    facility = build(world, 9)
    start, goal = (facility.site.places[name].point for name in ("patrol room", "control room"))
    short = facility.site.route(start, goal, RADIUS_M)
    facility.site.block(facility.doorways["patrol room door"].area)
    long = facility.site.route(start, goal, RADIUS_M)
    assert any(facility.site.room_at(a) == "storage room" for a in long)
    assert facility.site.length([start, *long]) > facility.site.length([start, *short]) + 3.0


def test_passages_are_as_wide_as_they_say(variants: list[Built]) -> None:
    for built in variants:
        for passage in built.facility.passages:
            assert max(passage.gap.x1 - passage.gap.x0, passage.gap.y1 - passage.gap.y0) == pytest.approx(1.2)
            assert not any(do_overlap(passage.gap, rect) for rect in built.taken)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_whole_house_is_in_the_picture(world: World, seed: int) -> None:
    facility = build(world, seed)
    for view in ("room", "plan"):
        camera = facility.camera(view, 160, 100)
        assert (camera.width, camera.height) == (160, 100)
        for wall in facility.site._solids:
            corners = [(x, y, z) for x in (wall.x0, wall.x1) for y in (wall.y0, wall.y1) for z in (0.0, 1.0)]
            assert all(project(camera, corner) is not None for corner in corners), (view, wall)


def test_each_room_has_a_camera_of_its_own(world: World) -> None:
    facility = build(world, 2)
    for bench, room in (("hall bench", "patrol room"), ("server bench", "server room"), ("bay bench", "loading bay")):
        close, far = (world.pixels(facility.camera(view, 160, 120)).get(bench, 0) for view in (room, "plan"))
        assert close > 1.5 * far > 0


def test_an_unknown_view_names_those_there_are(world: World) -> None:
    with pytest.raises(ValueError, match="there is no view 'cellar'; take room, plan, patrol room"):
        build(world, 0).camera("cellar")


@pytest.mark.parametrize("seed", [0, 11])
def test_a_robot_works_the_doors_with_everything_mounted(world: World, seed: int) -> None:
    facility = build(world, seed)
    for spot in facility.spots.values():
        if spot.footprint is not None:
            facility.site.solid(world, spot.name, spot.footprint, 0.8, (0.5, 0.5, 0.5, 1.0))
    scene = Scene(world, facility.site, Robot(world, facility.site.places["corridor"]), {"robot": ROBOT_TOUCH})
    for way in facility.doorways.values():
        door = Door(world, way.name, way.hinge, way.opens, way.stand, scene.agents, yaw=way.yaw)
        scene.devices[way.name] = door
        for wall in way.frame:
            world.ignore_contacts(door.body, world.bodies[wall])
    scene.begin()
    for skill, target in (("goto", "loading bay"), ("close", "outer door"), ("open", "outer door"), ("goto", "alpha"),
                          ("close", "patrol room door"), ("open", "patrol room door")):  # fmt: skip
        assert do(scene, skill, target) is Status.DONE, (facility.layout, skill, target)


def do(scene: Scene, skill: str, target: str) -> Status:
    """Carry out one skill to its end."""
    run = run_skill(scene, Action(skill=skill, target=target))
    while True:
        try:
            next(run)
        except StopIteration as end:
            result: SkillResult = end.value
            return result.status
        scene.tick()


def test_the_floor_plan_is_not_a_mirror_image_of_another_furnishing(variants: list[Built]) -> None:
    """Turned back to the drawn plan, the furnishings still differ."""
    drawn: dict[str, dict[str, Point]] = {}
    for built in variants:
        mirror = built.facility.site.mirror
        spots = {name: mirror.point(*spot.at[:2]) for name, spot in built.facility.spots.items()}
        drawn.setdefault(built.facility.layout.rsplit(" ", 1)[1], spots)
    assert len(drawn) == 4
    for a, b in combinations(drawn.values(), 2):
        assert sum(math.dist(a[name], b[name]) > 1.0 for name in WANTED) > 0.7 * len(WANTED)
