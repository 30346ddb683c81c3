"""Whether somebody's body stands between a person's eyes and a cap, looked up twice a second."""

from __future__ import annotations

import math
from typing import Final

from envs.devices.base import Cap
from envs.facts import Agent, Cause, Evidence, Value
from envs.people import Person
from envs.robot import Robot
from envs.site import Point, Pose
from envs.watching import EVERY_S, eye_of
from envs.world import World

SPREAD_M: Final = 0.03
LIFT_M: Final = 0.01
MOVED_M: Final = 0.01
FAN: Final = ((0.0, 0.0), (SPREAD_M, 0.0), (-SPREAD_M, 0.0), (0.0, SPREAD_M), (0.0, -SPREAD_M))


class Hiding:
    """Follows whether a robot hides a cap from a person, wherever the person looks at the time.

    Args:
        world: Where all of them are.
        person: Whose eyes count.
        cap: What they may look for.
        robot: What may stand in between.
    """

    def __init__(self, world: World, person: Person, cap: Cap, robot: Robot) -> None:
        self._world, self._person, self._cap, self._robot = world, person, cap, robot
        self._looked_s = -math.inf
        self._is_hidden = False
        self._stood_at: Point = robot.point
        self._agent = Agent.ROBOT

    def read(self) -> tuple[Value, Cause]:
        """Whether it is hidden now, and who moved last: the robot, or else the person."""
        if self._world.time_s - self._looked_s >= EVERY_S - 1e-9:
            self._looked_s = self._world.time_s
            self._is_hidden = self._look()
            has_moved = math.dist(self._robot.point, self._stood_at) > MOVED_M
            self._agent = Agent.ROBOT if has_moved else Agent.PERSON
            self._stood_at = self._robot.point
        return self._is_hidden, Cause(self._agent, Evidence.POSITION)

    def _look(self) -> bool:
        """Whether all rays from the eyes to the cap end on the robot first."""
        (x, y), (tx, ty, tz) = self._person.point, self._cap.top
        eye = eye_of(Pose(x, y, math.atan2(ty - y, tx - x))).at
        hits = self._world.cast([(eye, (tx + dx, ty + dy, tz + LIFT_M)) for dx, dy in FAN])
        return all(hit is not None and hit.body == self._robot.name for hit in hits)
