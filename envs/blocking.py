"""What stands in a walking person's way, for how long, and whether the robot put it there or moved off."""

from __future__ import annotations

import math
from typing import Final

from envs.facts import Agent
from envs.site import Point
from envs.surroundings import Surroundings
from envs.world import TICK_S

ROBOT: Final = "robot"
MOVED_OFF_M: Final = 0.2
NEARER_M: Final = 0.01
LOST_S: Final = 2.0


class Headway:
    """Whether somebody who walks comes any nearer to where they are going; what holds them up need not be known."""

    def __init__(self) -> None:
        self._goal: Point | None = None
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget how near they had come."""
        self._best_m, self._lost_s = math.inf, 0.0

    def is_lost(self, at: Point, goal: Point) -> bool:
        """Whether they have come no nearer for a while; asked once a tick."""
        if goal != self._goal:
            self._goal = goal
            self.begin_anew()
        gap_m = math.dist(at, goal)
        if gap_m < self._best_m - NEARER_M:
            self._best_m, self._lost_s = gap_m, 0.0
        else:
            self._lost_s += TICK_S
        return self._lost_s >= LOST_S


class Blocking:
    """One person's hindrances.

    Args:
        around: What may stand in the way.

    Attributes:
        by: Name of what stands in the way now, or "".
        total_s: How long something has stood in the way in all.
    """

    def __init__(self, around: Surroundings) -> None:
        self.by = ""
        self.total_s = 0.0
        self._around = around
        self._stood_at: Point | None = None
        self._was_let_through = False

    def meet(self, blocker: str) -> None:
        """Note what stands in the way now, and, when the way is free again, whether what stood there moved off."""
        if blocker == self.by:
            return
        if not self.by:
            self._stood_at = self._where(blocker)
        elif not blocker:
            now, before = self._where(self.by), self._stood_at
            has_moved = now is not None and before is not None and math.dist(now, before) > MOVED_OFF_M
            self._was_let_through = self.by == ROBOT and has_moved
        self.by = blocker

    def wait(self, seconds: float = TICK_S) -> None:
        """Count a time of standing before it; one tick unless told."""
        self.total_s += seconds

    @property
    def is_the_robots(self) -> bool:
        """Whether the robot is why somebody is blocked, or is not any more."""
        if not self.by:
            return self._was_let_through
        blocker = self._around.obstacle(self.by)
        return blocker is not None and blocker.cause().agent is Agent.ROBOT

    def _where(self, name: str) -> Point | None:
        obstacle = self._around.obstacle(name)
        return None if obstacle is None else obstacle.where()
