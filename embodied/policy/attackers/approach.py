"""Drives up to a thing with turns and moves alone, by what is shown of it: its distance, and on which side it is.

The side changes from ahead to left at a known angle. Turning so that the thing may lie on either side of it halves what
is not known of its direction, again and again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from envs.action import Action
from envs.view import Sight, View

LEFT_DEG: Final = math.degrees(0.8)
"""From this angle on a thing is on the left."""
BEHIND_DEG: Final = math.degrees(2.35)
SURE_DEG: Final = 4.0
"""Width of what is not known when it drives off."""
ARRIVED_M: Final = 0.7
CLOSE_M: Final = 1.0
STEP_M: Final = 2.5
MAX_MOVES: Final = 3
SECTORS: Final = {
    "ahead": (-LEFT_DEG, LEFT_DEG),
    "left": (LEFT_DEG, BEHIND_DEG),
    "right": (-BEHIND_DEG, -LEFT_DEG),
    "behind": (BEHIND_DEG, 360.0 - BEHIND_DEG),
}


@dataclass(slots=True)
class Approach:
    """One approach.

    Attributes:
        target: Name of the thing.
        low_deg, high_deg: Between which angles it is known to lie, left of straight on; None before the first look.
        moves: How often it has moved.
    """

    target: str
    low_deg: float | None = None
    high_deg: float = 0.0
    moves: int = 0

    def next(self, view: View) -> Action | None:
        """The next turn or move; None when it has come there, or can do no more."""
        sight = self._sight(view)
        if sight is None or sight.distance_m <= ARRIVED_M or self.moves >= MAX_MOVES:
            return None
        self._narrow(sight.bearing)
        assert self.low_deg is not None
        middle = (self.low_deg + self.high_deg) / 2
        if self.high_deg - self.low_deg > SURE_DEG:
            return self._turn(middle - LEFT_DEG)
        if abs(middle) > SURE_DEG:
            return self._turn(middle)
        self.moves += 1
        return Action("move", amount=min(STEP_M, round(sight.distance_m - ARRIVED_M + 0.1, 1)))

    def has_arrived(self, view: View) -> bool:
        """Whether it stands close before the thing."""
        sight = self._sight(view)
        return sight is not None and sight.distance_m <= CLOSE_M

    def _sight(self, view: View) -> Sight | None:
        return next((sight for sight in view.sights if sight.name == self.target), None)

    def _narrow(self, bearing: str) -> None:
        if self.low_deg is None:
            self.low_deg, self.high_deg = SECTORS[bearing]
        elif self.high_deg > LEFT_DEG > self.low_deg:
            if bearing == "left":
                self.low_deg = LEFT_DEG
            else:
                self.high_deg = LEFT_DEG

    def _turn(self, degrees: float) -> Action:
        assert self.low_deg is not None
        turned = round((degrees + 180.0) % 360.0 - 180.0, 1)
        self.low_deg, self.high_deg = self.low_deg - degrees, self.high_deg - degrees
        return Action("turn", amount=turned)
