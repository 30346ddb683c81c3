"""Driving: goto, move, turn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from envs.action import Action
from envs.devices.loose import Loose
from envs.robot import RADIUS_M
from envs.scene import Scene
from envs.site import Point, Pose
from envs.skills.outcome import SkillFailedError, Steps
from envs.world import TICK_S, wrap

TIMEOUT_S: Final = 60.0
PERSON_WAIT_S: Final = 12.0
LOOK_AGAIN_S: Final = 2.0
TALK_M: Final = 1.0
CHEST_M: Final = 1.2
NEAR_M: Final = 0.45
PERSON_M: Final = 0.27
STALL_S: Final = 1.0
MAX_STALLS: Final = 2


def pose_of(scene: Scene, target: str) -> Pose:
    """Where to go for a place, a device, a loose thing or a person."""
    if target in scene.site.places:
        return scene.site.places[target]
    person = scene.people.get(target)
    if person is not None:
        return _before(scene, person.point)
    device = scene.devices[target]
    if isinstance(device, Loose):
        pose = scene.stand_for(device.body.position, device.stand)
        if pose is None:
            raise SkillFailedError(f"there is no way to the {target}")
        return pose
    return device.stand


def _before(scene: Scene, point: Point) -> Pose:
    """A pose from which to talk to somebody: the nearest one to drive to, a metre off, facing them."""
    (x, y), (px, py) = scene.robot.point, point
    here = math.atan2(y - py, x - px)
    if math.dist((x, y), point) <= TALK_M and _is_free(scene, (x, y), point):
        return Pose(x, y, here + math.pi)
    discs = scene.floor_discs(with_people=False)
    for turn in sorted((k * math.pi / 8 for k in range(-7, 9)), key=abs):
        yaw = here + turn
        spot = (px + TALK_M * math.cos(yaw), py + TALK_M * math.sin(yaw))
        is_open = scene.site.room_at(spot) == scene.site.room_at(point) or _is_free(scene, spot, point)
        if is_open and scene.site.route((x, y), spot, RADIUS_M, discs):
            return Pose(*spot, wrap(yaw + math.pi))
    raise SkillFailedError("there is no free way there")


def _is_free(scene: Scene, start: Point, end: Point) -> bool:
    """Whether nothing but robots and people stands between two points, at the height of a chest."""
    hit = scene.world.cast([((*start, CHEST_M), (*end, CHEST_M))])[0]
    return hit is None or hit.body in scene.agents


def _person_ahead(scene: Scene, goal: Point) -> bool:
    """Whether somebody stands close by on the strip of floor that leads straight to `goal`."""
    x, y = scene.robot.point
    gap = math.dist((x, y), goal)
    if gap <= 0.05:
        return False
    ax, ay = (goal[0] - x) / gap, (goal[1] - y) / gap
    for person in scene.people.values():
        px, py = person.point
        dx, dy = px - x, py - y
        along = dx * ax + dy * ay
        if math.hypot(dx, dy) < RADIUS_M + NEAR_M and along > 0 and abs(dx * ay - dy * ax) < RADIUS_M + PERSON_M:
            return True
    return False


@dataclass(slots=True)
class _Drive:
    """One drive: the way ahead, and how long it has been held up."""

    scene: Scene
    goal: Pose
    points: list[Point]
    anchor: Point
    waited_s: float = 0.0
    stalled_s: float = 0.0
    stalls: int = 0

    @property
    def gap_m(self) -> float:
        """Distance to the next point."""
        return math.dist(self.scene.robot.point, self.points[0])

    @property
    def is_last(self) -> bool:
        """Whether only the goal is left."""
        return len(self.points) == 1

    def has_arrived(self) -> bool:
        """Drop the points that were reached; whether none is left to go to."""
        while not self.is_last and self.gap_m < 0.15:
            self.points = self.points[1:]
        return self.is_last and self.gap_m < 0.02

    def plan_around_people(self) -> None:
        """Look for a way that keeps clear of people; keep the old one when there is none."""
        self.points = _route(self.scene, self.goal, with_people=True) or self.points

    def wait(self) -> None:
        """Hold still for a person; now and then look for a way around."""
        self.scene.robot.brake()
        self.waited_s += TICK_S
        if self.waited_s > PERSON_WAIT_S:
            raise SkillFailedError("a person stands in the way")
        if self.waited_s % LOOK_AGAIN_S < TICK_S:
            self.plan_around_people()

    def advance(self) -> None:
        """Head for the next point; over the last half metre turn to the goal's heading."""
        x, y = self.scene.robot.point
        is_near_end = self.is_last and self.gap_m < 0.5
        heading = self.goal.yaw if is_near_end else math.atan2(self.points[0][1] - y, self.points[0][0] - x)
        self.scene.robot.drive_towards(self.points[0], heading)

    def has_stalled(self) -> bool:
        """Note the progress of the last tick; whether there was none for `STALL_S`."""
        if math.dist(self.scene.robot.point, self.anchor) > 0.03:
            self.anchor, self.stalled_s = self.scene.robot.point, 0.0
        else:
            self.stalled_s += TICK_S
        return self.stalled_s > STALL_S

    def recover(self) -> None:
        """Try another way after a stall, a few times."""
        self.stalls, self.stalled_s = self.stalls + 1, 0.0
        if self.stalls > MAX_STALLS:
            raise SkillFailedError(f"blocked by the {_touched(self.scene)}")
        self.plan_around_people()


def drive(scene: Scene, pose: Pose) -> Steps:
    """Drive to a pose around what is in the way; holds still for people."""
    points = _route(scene, pose, with_people=False)
    if not points:
        raise SkillFailedError("there is no free way there")
    trip = _Drive(scene, pose, points, scene.robot.point)
    started = scene.time_s
    while not trip.has_arrived():
        if scene.time_s - started > TIMEOUT_S:
            raise SkillFailedError("it took too long to get there")
        if _person_ahead(scene, trip.points[0]):
            trip.wait()
            yield
            continue
        is_good_enough = trip.is_last and trip.gap_m < 0.05
        trip.advance()
        yield
        if trip.has_stalled():
            if is_good_enough:
                break
            trip.recover()
    yield from turn_to(scene, pose.yaw)
    scene.robot.brake()
    return ""


def _route(scene: Scene, goal: Pose, *, with_people: bool) -> list[Point]:
    return scene.site.route(scene.robot.point, goal.point, RADIUS_M, scene.floor_discs(with_people=with_people))


def _touched(scene: Scene) -> str:
    names = [c.other for c in scene.world.contacts(scene.robot.body) if c.other != "floor"]
    return names[0].rstrip(" 0123456789") if names else "something"


def turn_to(scene: Scene, yaw: float) -> Steps:
    """Turn on the spot."""
    robot = scene.robot
    hold = robot.point
    for _ in range(round(6.0 / TICK_S)):
        if abs(wrap(yaw - robot.yaw)) < 0.01:
            break
        robot.drive_towards(hold, yaw)
        yield
    robot.brake()
    return ""


def goto(scene: Scene, action: Action) -> Steps:
    """Drive to a place, thing or person."""
    yield from drive(scene, pose_of(scene, action.target))
    return f"you are at the {action.target}" if action.target in scene.devices else f"you are at {action.target}"


def move(scene: Scene, action: Action) -> Steps:
    """Drive straight ahead (or back) by `amount` metres."""
    robot = scene.robot
    start, yaw = robot.point, robot.yaw
    goal = (start[0] + action.amount * math.cos(yaw), start[1] + action.amount * math.sin(yaw))
    is_waiting = False
    for _ in range(round((abs(action.amount) / 0.5 + 2.0) / TICK_S)):
        if math.dist(robot.point, goal) < 0.02:
            break
        is_waiting = _person_ahead(scene, goal)
        if is_waiting:
            robot.brake()
        else:
            robot.drive_towards(goal, yaw, speed=0.6)
        yield
    robot.brake()
    yield
    went = math.dist(start, robot.point)
    if went < abs(action.amount) - 0.05:
        stopper = "a person" if is_waiting else f"the {_touched(scene)}"
        raise SkillFailedError(f"you moved {went:.1f} m and were stopped by {stopper}")
    return f"you moved {went:.1f} m"


def turn(scene: Scene, action: Action) -> Steps:
    """Turn by `amount` degrees, left is positive."""
    yield from turn_to(scene, wrap(scene.robot.yaw + math.radians(action.amount)))
    yield
    return f"you turned {action.amount:.0f} degrees"
