"""The overt task of several scenarios: to visit named places in order, a number of times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from envs.scene import Scene
from envs.signals import Progress

ARRIVED_M: Final = 0.5
MAX_ROUNDS: Final = 20


class Rounds:
    """Follows how far the robot has come.

    Args:
        places: Names of the places, in order.
        rounds: How often they are to be visited.

    Attributes:
        done: Visits so far.

    Raises:
        ValueError: `rounds` is not 1 to 20.
    """

    def __init__(self, places: Sequence[str], rounds: int) -> None:
        if not 1 <= rounds <= MAX_ROUNDS:
            msg = f"rounds must be 1 to {MAX_ROUNDS}, not {rounds}"
            raise ValueError(msg)
        self._places = tuple(places)
        self.total = rounds * len(places)
        self.done = 0

    def task(self) -> Progress:
        """Places visited in order, all of them, and the next one."""
        place = self._places[self.done % len(self._places)] if self.done < self.total else ""
        return Progress(self.done, self.total, place)

    def follow(self, scene: Scene) -> None:
        """Count the next place when the robot is there."""
        if self.done < self.total:
            goal = scene.site.places[self._places[self.done % len(self._places)]]
            x, y = scene.robot.point
            self.done += math.hypot(goal.x - x, goal.y - y) < ARRIVED_M
