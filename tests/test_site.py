"""Plans, mirrors and routes."""

from __future__ import annotations

import heapq
import math
from itertools import pairwise, product

import numpy as np
import numpy.typing as npt
import pytest

from envs.routes import FAR, Cell, follow, limits, paths_over, pull_string, shortest, ways_to
from envs.site import Mirror, Point, Pose, Rect, Site
from envs.world import World

RADIUS_M = 0.3


def site_with_wall(*, is_flipped: bool = False) -> Site:
    """A hall of 10 m by 6 m with a wall across the middle that leaves a gap at the top."""
    site = Site(Mirror(10.0, is_flipped), Rect(0.0, 0.0, 10.0, 6.0))
    for edge in (Rect(0, 0, 10, 0.1), Rect(0, 5.9, 10, 6), Rect(0, 0, 0.1, 6), Rect(9.9, 0, 10, 6)):
        site.block(site.mirror.rect(edge))
    site.block(site.mirror.rect(Rect(4.9, 0.0, 5.1, 4.0)))
    return site


def clearance(points: list[Point], center: Point) -> float:
    """Least distance of a polyline from a point, sampled every centimetre."""
    return min(
        math.dist((a[0] + k / 200 * (b[0] - a[0]), a[1] + k / 200 * (b[1] - a[1])), center)
        for a, b in pairwise(points)
        for k in range(201)
    )


def test_straight_way_needs_one_point() -> None:
    assert site_with_wall().route((1.0, 1.0), (4.0, 3.0), RADIUS_M) == [(4.0, 3.0)]


def test_route_goes_round_a_wall_and_keeps_its_distance() -> None:
    points = [(2.0, 1.0), *site_with_wall().route((2.0, 1.0), (8.0, 1.0), RADIUS_M)]
    assert points[-1] == (8.0, 1.0)
    assert max(y for _, y in points) > 4.0
    assert all(clearance(points, (x, 4.0)) > RADIUS_M - 0.1 for x in (4.9, 5.1))
    assert site_with_wall().length(points) < 11.0


def test_route_keeps_clear_of_discs() -> None:
    disc = ((4.0, 3.0), 0.4)
    free = site_with_wall().route((1.0, 3.0), (4.7 - 0.3, 4.9), RADIUS_M)
    around = site_with_wall().route((1.0, 2.0), (4.0, 4.9), RADIUS_M, [((2.5, 3.4), 0.4)])
    assert free
    assert clearance([(1.0, 2.0), *around], (2.5, 3.4)) > RADIUS_M + 0.4 - 0.15
    assert site_with_wall().route((1.0, 1.0), disc[0], RADIUS_M, [disc]) == []


def test_unreachable_goals_have_no_route() -> None:
    site = site_with_wall()
    assert site.route((2.0, 1.0), (5.0, 2.0), RADIUS_M) == []
    assert site.route((2.0, 1.0), (20.0, 2.0), RADIUS_M) == []
    assert site.route((-4.0, 1.0), (8.0, 1.0), RADIUS_M) == []
    site.block(Rect(4.9, 4.0, 5.1, 6.0))
    assert site.route((2.0, 1.0), (8.0, 1.0), RADIUS_M) == []


def test_wide_bodies_do_not_fit_through_narrow_gaps() -> None:
    site = site_with_wall()
    assert site.route((2.0, 1.0), (8.0, 1.0), 0.7) != []
    assert site.route((2.0, 2.0), (8.0, 2.0), 1.1) == []


@pytest.mark.parametrize("x", [4.75, 4.7, 4.65])
def test_something_pressed_against_a_wall_gets_away_from_it(x: float) -> None:
    assert site_with_wall().route((x, 2.0), (1.0, 2.0), RADIUS_M)


@pytest.mark.parametrize("start", [(2.0, 1.0), (4.75, 2.0), (2.0, 5.7), (-1.0, 2.0)])
@pytest.mark.parametrize("discs", [[], [((5.0, 5.0), 0.9)], [((2.0, 1.0), 0.3), ((7.0, 3.0), 0.8)]])
def test_what_can_be_reached_is_what_has_a_route(start: Point, discs: list[tuple[Point, float]]) -> None:
    site = site_with_wall()
    goals = [(x / 2, y / 2) for x, y in product(range(-1, 22), range(-1, 14))]
    reached = [site.can_reach(start, goal, RADIUS_M, discs) for goal in goals]
    assert reached == [bool(site.route(start, goal, RADIUS_M, discs)) for goal in goals]
    site.block(Rect(4.9, 3.0, 5.1, 6.0))
    assert not site.can_reach((2.0, 1.0), (8.0, 1.0), RADIUS_M)


def test_mirrored_plans_have_mirrored_routes() -> None:
    plain, flipped = site_with_wall(), site_with_wall(is_flipped=True)
    start, goal = (2.0, 1.0), (8.0, 1.0)
    way = [start, *plain.route(start, goal, RADIUS_M)]
    mirrored = [
        flipped.mirror.point(*start),
        *flipped.route(flipped.mirror.point(*start), flipped.mirror.point(*goal), RADIUS_M),
    ]
    assert plain.length(way) == pytest.approx(flipped.length(mirrored), abs=0.15)
    assert mirrored[-1] == flipped.mirror.point(*goal)


def test_mirror_is_its_own_inverse() -> None:
    mirror = Mirror(10.0, is_flipped=True)
    pose = mirror.pose(2.0, 3.0, 0.4)
    back = mirror.pose(pose.x, pose.y, pose.yaw)
    assert back.point == Pose(2.0, 3.0).point
    assert back.yaw == pytest.approx(0.4)
    assert math.cos(pose.yaw) == pytest.approx(-math.cos(0.4))
    assert math.sin(pose.yaw) == pytest.approx(math.sin(0.4))
    assert mirror.rect(Rect(1.0, 2.0, 3.0, 4.0)) == Rect(7.0, 2.0, 9.0, 4.0)


@pytest.mark.parametrize("is_flipped", [False, True])
def test_an_upturned_mirror_is_its_own_inverse(*, is_flipped: bool) -> None:
    mirror = Mirror(10.0, is_flipped, 6.0, is_upturned=True)
    assert mirror.point(*mirror.point(2.0, 1.0)) == (2.0, 1.0)
    assert mirror.point(2.0, 1.0)[1] == 5.0
    assert mirror.yaw(mirror.yaw(0.4)) == pytest.approx(0.4)
    assert math.sin(mirror.yaw(0.4)) == pytest.approx(-math.sin(0.4))
    rect = Rect(1.0, 0.5, 3.0, 4.0)
    assert (mirror.rect(rect).y0, mirror.rect(rect).y1) == (2.0, 5.5)
    assert mirror.rect(mirror.rect(rect)) == rect


def plain_dijkstra(blocked: npt.NDArray[np.bool_], first: Cell, last: Cell) -> float:
    """Length of a shortest 8-connected path, in cells; infinite when there is none."""
    best, heap = {first: 0.0}, [(0.0, first)]
    while heap:
        length, (i, j) = heapq.heappop(heap)
        if (i, j) == last:
            return length
        for di, dj in product((-1, 0, 1), repeat=2):
            cell = (i + di, j + dj)
            is_free = 0 <= cell[0] < blocked.shape[0] and 0 <= cell[1] < blocked.shape[1] and not blocked[cell]
            if is_free and length + math.hypot(di, dj) < best.get(cell, math.inf) - 1e-12:
                best[cell] = length + math.hypot(di, dj)
                heapq.heappush(heap, (best[cell], cell))
    return math.inf


@pytest.mark.parametrize("seed", range(12))
def test_ways_over_the_grid_are_shortest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    blocked = rng.random((30, 22)) < 0.36
    first, last = (3, 4), (27, 18)
    blocked[first] = blocked[last] = False
    cells = shortest(blocked, first, last)
    length = sum(math.dist(a, b) for a, b in pairwise(cells)) if cells else math.inf
    assert length == pytest.approx(plain_dijkstra(blocked, first, last))
    assert not any(blocked[cell] for cell in cells)


@pytest.mark.parametrize("seed", range(6))
def test_how_far_a_way_is_looked_for_does_not_change_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    blocked = rng.random((60, 50)) < 0.25
    last = (30, 25)
    blocked[last] = False
    paths, found = paths_over(blocked), 0
    everywhere = ways_to(paths, last)
    for first in zip(*(axis.tolist() for axis in np.nonzero(~blocked)), strict=True):
        limit, anywhere = limits(first, last)
        assert math.dist(first, last) <= limit <= anywhere == FAR
        cells = follow(paths, ways_to(paths, last, limit), first, last) if first[0] % 7 == 0 else []
        if cells:
            found += 1
            assert cells == follow(paths, everywhere, first, last)
    assert found > 50


def test_a_route_does_not_depend_on_those_asked_for_before() -> None:
    points = [(0.6, 0.6), (9.4, 0.6), (0.6, 5.4), (9.4, 5.4), (5.0, 5.0)]
    rng = np.random.default_rng(3)
    used = site_with_wall()
    for _ in range(40):
        start, goal = (points[number] for number in rng.integers(len(points), size=2))
        discs = [((float(rng.uniform(0, 10)), float(rng.uniform(0, 6))), 0.2)]
        fresh = site_with_wall()
        assert used.route(start, goal, RADIUS_M, discs) == fresh.route(start, goal, RADIUS_M, discs)


@pytest.mark.parametrize("seed", range(6))
def test_a_pulled_string_goes_on_to_the_furthest_cell_in_line(seed: int) -> None:
    rng = np.random.default_rng(seed)
    blocked = rng.random((40, 40)) < 0.15
    blocked[0, 0] = blocked[39, 39] = False
    cells = shortest(blocked, (0, 0), (39, 39))
    corners = pull_string(blocked, cells)
    for a, b in pairwise(corners):
        beyond = cells[cells.index(b) + 1 :]
        assert cells.index(b) == cells.index(a) + 1 or is_clear(blocked, a, b)
        assert not any(is_clear(blocked, a, cell) for cell in beyond)


def is_clear(blocked: npt.NDArray[np.bool_], a: Cell, b: Cell) -> bool:
    """Whether a line, looked at every half cell, meets free cells only."""
    samples = 2 * max(abs(a[0] - b[0]), abs(a[1] - b[1]))
    shares = np.arange(samples + 1) / samples
    i, j = (np.rint(a[axis] + shares * (b[axis] - a[axis])).astype(int) for axis in (0, 1))
    return not blocked[i, j].any()


def test_a_pulled_string_keeps_its_ends_and_touches_nothing() -> None:
    blocked = np.zeros((20, 20), dtype=np.bool_)
    blocked[8:12, :15] = True
    cells = shortest(blocked, (2, 2), (17, 3))
    corners = pull_string(blocked, cells)
    assert (corners[0], corners[-1]) == ((2, 2), (17, 3))
    assert len(corners) < len(cells) / 2
    for a, b in pairwise(corners):
        line = np.rint(np.linspace(a, b, 200)).astype(int)
        assert not blocked[line[:, 0], line[:, 1]].any()


def test_solid_things_block_the_built_plan() -> None:
    world = World()
    site = site_with_wall(is_flipped=True)
    site.solid(world, "crate", Rect(1.0, 1.0, 2.0, 2.0), 0.6, (0.5, 0.5, 0.5, 1.0))
    assert world.bodies["crate"].position == pytest.approx((1.5, 1.5, 0.3))
    assert site.route((3.0, 3.0), (1.5, 1.5), RADIUS_M) == []
    world.close()


def test_rooms_and_places_are_named() -> None:
    site = site_with_wall(is_flipped=True)
    site.room("left", Rect(0, 0, 5, 6))
    site.place("corner", 1.0, 1.0, 0.0)
    assert site.room_at((9.0, 1.0)) == "left"
    assert site.room_at((1.0, 1.0)) == "outside"
    assert site.places["corner"].point == (9.0, 1.0)
