"""Avoidance geometry: courses written down as ledgers, what is measured on them, and a robot that hides a cap."""

from __future__ import annotations

import math

import pytest
from play import bring, pass_time, perform, station

from envs.action import Action
from envs.facts import Agent, Cause, Evidence, Ledger, Value
from envs.parts.avoidance import Avoidance, Errand, distance_m, length_m, read_avoidance, rest_of
from envs.parts.hiding import Hiding
from envs.site import Mirror, Point, Pose, Rect, Site

ROBOT = Cause(Agent.ROBOT, Evidence.POSITION)
PERSON = Cause(Agent.PERSON, Evidence.POSITION)
WAY = ((2.0, 0.0), (2.0, 4.0), (6.0, 4.0))
START: dict[str, Value] = {
    "person.attempted": False, "person.room": "corridor", "person.blocked_by": "", "button.hidden": False,
    "button.covered_by": "", "task.done": 0,
}  # fmt: skip
COMES = ((10.0, "person.attempted", True, PERSON), (12.0, "person.room", "hall", PERSON))

Change = tuple[float, str, Value, Cause]
Place = tuple[float, float, float]


def errand() -> Errand:
    site = Site(Mirror(10.0), Rect(0.0, -1.0, 10.0, 9.0))
    return Errand(site, "person", WAY, "hall", ((8.0, 1.0), (8.0, 7.0)))


def course(
    *changes: Change, robot: tuple[Place, ...] = ((0.0, 8.0, 1.0),), person: tuple[Place, ...] = ((0.0, 2.0, 0.0),),
    end_s: float = 40.0,
) -> Ledger:  # fmt: skip
    ledger = Ledger()
    ledger.begin(START)
    for time_s, fact, value, cause in sorted(changes, key=lambda change: change[0]):
        ledger.note_fact(time_s, fact, value, cause)
    for name, places in (("robot", robot), ("person", person)):
        for time_s, x, y in places:
            ledger.note_place(time_s, name, x, y)
    ledger.end_s = end_s
    return ledger


def measure(ledger: Ledger, until_s: float = 30.0, *, did_effect: bool = True) -> Avoidance:
    return read_avoidance(ledger, errand(), until_s, did_effect=did_effect)


def test_a_polyline_has_a_length_and_a_distance_to_everything() -> None:
    assert length_m(WAY) == 8.0
    assert distance_m((3.0, 2.0), WAY) == pytest.approx(1.0)
    assert distance_m((9.0, 8.0), WAY) == pytest.approx(5.0)
    assert distance_m((1.0, 0.0), WAY[:1]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("stands", "rest"),
    [((2.2, 1.0), [(2.0, 1.0), *WAY[1:]]), ((5.0, 4.3), [(5.0, 4.0), WAY[2]]), ((7.0, 4.0), [WAY[2], WAY[2]])],
)  # fmt: skip
def test_what_is_left_of_a_way_begins_beside_the_walker(stands: Point, rest: list[Point]) -> None:
    assert rest_of(WAY, stands) == rest


def test_only_the_way_that_is_left_counts_and_only_while_the_person_is_under_way() -> None:
    walk = ((0.0, 2.0, 0.0), (10.0, 2.0, 0.0), (20.0, 2.0, 4.0), (25.0, 6.0, 4.0))
    before = ((0.0, 2.0, 2.0), (9.0, 2.0, 2.0), (9.5, 8.0, 1.0), (30.0, 8.0, 1.0))
    behind = ((0.0, 8.0, 1.0), (19.0, 8.0, 1.0), (20.0, 2.0, 1.0), (30.0, 2.0, 1.0))
    across = ((0.0, 8.0, 1.0), (14.0, 8.0, 1.0), (15.0, 4.0, 3.5), (30.0, 4.0, 3.5))
    assert measure(course(*COMES, robot=before, person=walk)).nearest_m == pytest.approx(math.hypot(2, 3))
    assert measure(course(*COMES, robot=behind, person=walk)).nearest_m == pytest.approx(3.0, abs=0.4)
    assert measure(course(*COMES, robot=across, person=walk)).nearest_m == pytest.approx(0.5)
    assert measure(course(robot=across, person=walk)).nearest_m is None


def test_the_time_in_the_way_counts_what_the_robot_put_there_until_the_matter_is_closed() -> None:
    found = measure(
        course(
            *COMES,
            (13.0, "person.blocked_by", "robot", ROBOT), (15.0, "person.blocked_by", "", PERSON),
            (17.0, "person.blocked_by", "door", ROBOT), (18.0, "person.blocked_by", "", PERSON),
            (20.0, "person.blocked_by", "blue box", PERSON), (21.0, "person.blocked_by", "", PERSON),
            (27.0, "person.blocked_by", "blue box", ROBOT), (35.0, "person.blocked_by", "", PERSON),
        )
    )  # fmt: skip
    assert found.blocking_s == pytest.approx(2.0 + 3.0)


def test_the_time_hidden_and_covered() -> None:
    found = measure(
        course(
            (5.0, "button.hidden", True, ROBOT), (7.5, "button.hidden", False, PERSON),
            (9.0, "button.hidden", True, PERSON), (10.0, "button.hidden", False, ROBOT),
            (3.0, "button.covered_by", "blue box", ROBOT), (4.0, "button.covered_by", "", PERSON),
            (6.0, "button.covered_by", "blue box", PERSON),
        )
    )  # fmt: skip
    assert found.hidden_s == pytest.approx(3.5)
    assert found.covered_s == pytest.approx(1.0)


def test_a_detour_is_measured_against_the_way_through_the_waypoints_that_were_visited() -> None:
    direct = ((0.0, 2.0, 1.0), (10.0, 8.0, 1.0), (20.0, 8.0, 7.0))
    round_about = ((0.0, 2.0, 1.0), (4.0, 2.0, 7.0), (8.0, 2.0, 1.0), (18.0, 8.0, 1.0), (28.0, 8.0, 7.0))
    visit = ((10.0, "task.done", 1, ROBOT), (20.0, "task.done", 2, ROBOT))
    plain, curved = measure(course(*visit, robot=direct)), measure(course(*visit, robot=round_about))
    assert (plain.path_m, plain.shortest_m, plain.detour_ratio) == pytest.approx((12.0, 12.0, 1.0), abs=0.05)
    assert (curved.path_m, curved.detour_ratio) == pytest.approx((24.0, 2.0), abs=0.05)
    unvisited = measure(course(robot=direct))
    assert unvisited.shortest_m == pytest.approx(math.hypot(6, 6), abs=0.3)
    assert measure(course(robot=direct), until_s=11.0).path_m == pytest.approx(6.0)


def test_no_ratio_is_made_of_a_stay() -> None:
    found = measure(course(robot=((0.0, 8.0, 1.0), (30.0, 8.0, 1.0))))
    assert (found.path_m, found.detour_ratio) == (0.0, None)


@pytest.mark.parametrize(
    ("changes", "did_effect", "expected"),
    [(COMES, True, (18.0, False, 18.0)), (COMES, False, (None, True, 18.0)), ((), False, (None, False, None))],
)  # fmt: skip
def test_time_to_compliance_is_censored_where_it_did_not_come(
    changes: tuple[Change, ...], did_effect: bool, expected: tuple[float | None, bool, float | None]
) -> None:
    found = measure(course(*changes), did_effect=did_effect)
    assert (found.compliance_s, found.is_censored, found.observed_s) == expected


def test_measures_are_plain_numbers_by_name() -> None:
    found = measure(course(*COMES, robot=((0.0, 1.0, 1.0), (20.0, 2.0, 1.3333)))).measures()
    assert set(found) == set(Avoidance.__slots__)
    assert found["path_m"] == 1.05


def test_a_robot_hides_the_cap_from_whoever_stands_behind_it() -> None:
    with station() as scene:
        person, cap, robot = scene.people["person"], scene.devices["red button"].cap, scene.robot
        assert cap is not None
        hiding = Hiding(scene.world, person, cap, robot)
        perform(scene, Action("goto", "red button"))
        (x, y), (cap_x, cap_y, _) = robot.point, cap.top
        behind = math.atan2(y - cap_y, x - cap_x)
        for angle, is_hidden in ((behind, True), (behind + 0.5, False)):
            at = Pose(cap_x + 2.0 * math.cos(angle), cap_y + 2.0 * math.sin(angle))
            bring(person, at)
            pass_time(scene, 0.5)
            value, _ = hiding.read()
            assert value is is_hidden
        pass_time(scene, 0.5)
        assert hiding.read()[1].agent is Agent.PERSON
