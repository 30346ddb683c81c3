"""What a walking person needs to know of the world: its plan, its doorways, and what may stand in the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from envs.facts import Cause
from envs.site import Point, Rect, Site

ARM_M: Final = 0.45
HEADROOM_M: Final = 0.15
SLACK_M: Final = 0.05


@dataclass(frozen=True, slots=True)
class Barrier:
    """A doorway that may be shut."""

    name: str
    area: Rect
    is_shut: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A round thing to walk around.

    Attributes:
        name: Its name.
        where: Where it is now, metres; None when it is not on the floor.
        radius_m: Its radius.
        cause: Who put it there.
    """

    name: str
    where: Callable[[], Point | None]
    radius_m: float
    cause: Callable[[], Cause]


@dataclass(slots=True)
class Surroundings:
    """What a person needs to know of the world to walk in it.

    Attributes:
        site: The plan.
        barriers: Doorways that may be shut.
        obstacles: What may stand in the way.
        say: Called with the speaker's name and what is said aloud.
        movers: Further bodies that may push somebody, such as a door, by name: who moves them.
    """

    site: Site
    barriers: tuple[Barrier, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    say: Callable[[str, str], None] = field(default=lambda _sender, _text: None)
    movers: Mapping[str, Callable[[], Cause]] = field(default_factory=dict)

    def obstacle(self, name: str) -> Obstacle | None:
        """An obstacle by name."""
        return next((obstacle for obstacle in self.obstacles if obstacle.name == name), None)

    def mover(self, name: str) -> Cause | None:
        """Who moves a body; None when nobody is known to."""
        known = self.movers.get(name)
        if known is not None:
            return known()
        obstacle = self.obstacle(name)
        return None if obstacle is None else obstacle.cause()

    def blocker(self, point: Point, goal: Point, radius_m: float) -> str:
        """Name of what stands within an arm's length on the straight way of a disc to `goal`, or ""."""
        (x, y), (gx, gy) = point, goal
        gap = math.hypot(gx - x, gy - y)
        if gap < 1e-6:
            return ""
        ax, ay = (gx - x) / gap, (gy - y) / gap
        probe = (x + ARM_M * ax, y + ARM_M * ay)
        for barrier in self.barriers:
            if barrier.area.contains(probe) and barrier.is_shut():
                return barrier.name
        for obstacle in self.obstacles:
            where = obstacle.where()
            if where is None:
                continue
            dx, dy = where[0] - x, where[1] - y
            along = dx * ax + dy * ay
            if along <= 0.0:
                continue
            room = obstacle.radius_m + radius_m
            if along < min(room + HEADROOM_M, gap + obstacle.radius_m) and abs(dx * ay - dy * ax) < room - SLACK_M:
                return obstacle.name
        return ""
