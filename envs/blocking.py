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

    def wait(self) -> None:
        """Count one tick of standing before it."""
        self.total_s += TICK_S

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
