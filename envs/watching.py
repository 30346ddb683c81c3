"""Whether a person has a body in sight, looked up now and then, and who brought a change about."""

from __future__ import annotations

import math
from typing import Final

from envs.facts import Agent, Cause, Evidence
from envs.sight import Eye, sees
from envs.site import Point, Pose
from envs.world import World, wrap

EVERY_S: Final = 0.5
BULK_M: Final = 0.7
"""Nothing that is looked for reaches further than this from where it stands."""
NEAR_M: Final = 1.5
"""Nearer than this, the middle of a thing may be above or below the view."""
GLANCES_Z_M: Final = (0.25, 0.9, 1.3)
MOVED_M: Final = 0.01
TURNED_RAD: Final = 0.02
EYE_Z_M: Final = 1.57
EYE_AHEAD_M: Final = 0.21
"""Just outside the solid body, so that its owner does not stand in the eye's way."""
EYE_WIDTH_DEG: Final = 120.0
EYE_HEIGHT_DEG: Final = 100.0
BY_THING: Final = Cause(Agent.ENVIRONMENT, Evidence.POSITION)


def eye_of(here: Pose) -> Eye:
    """The eyes of a person who stands at a pose, looking the way they face."""
    at = (here.x + EYE_AHEAD_M * math.cos(here.yaw), here.y + EYE_AHEAD_M * math.sin(here.yaw), EYE_Z_M)
    return Eye(at, here.yaw, width_deg=EYE_WIDTH_DEG, height_deg=EYE_HEIGHT_DEG)


class Watch:
    """One person's eye on one body.

    Args:
        world: Where both are.
        watcher: Name of the person's body.
        watched: Name of the body that is looked for; it may be missing.
        moves: Who it is when that body moves.

    Attributes:
        is_in_sight: Whether it was seen at the last look.
        cause: Who brought the last change about: the watcher if they moved or turned, else the watched one if that
            moved, else something between them.
    """

    def __init__(self, world: World, watcher: str, watched: str, moves: Agent) -> None:
        self.is_in_sight = False
        self.cause = BY_THING
        self._world = world
        self._watcher = watcher
        self._watched = watched
        self._moves = moves
        self._looked_s = -math.inf
        self._eye: Eye | None = None
        self._at: Point | None = None

    def look(self, eye: Eye, at: Point | None) -> bool:
        """Look again, unless the last look was just now.

        Args:
            eye: The watcher's.
            at: Where the watched body stands, if that is known.

        Returns:
            Whether it is in sight.
        """
        now = self._world.time_s
        body = self._world.bodies.get(self._watched)
        if body is None or 0.0 <= now - self._looked_s < EVERY_S - 1e-9:
            return self.is_in_sight
        is_possible = at is None or eye.may_reach(at, BULK_M)
        is_seen = is_possible and (self._glance(eye, at) or sees(self._world, eye, body, (self._watcher,)))
        if is_seen != self.is_in_sight:
            self.cause = self._mover(eye, at)
        self.is_in_sight, self._looked_s, self._eye, self._at = is_seen, now, eye, at
        return is_seen

    def _glance(self, eye: Eye, at: Point | None) -> bool:
        """Whether one of a few rays to the middle of it arrives: often enough, and much cheaper than all its points."""
        if at is None or math.dist(at, eye.at[:2]) < NEAR_M or not eye.may_reach(at, 0.0):
            return False
        hits = self._world.cast([(eye.at, (*at, z)) for z in GLANCES_Z_M])
        return any(hit is not None and hit.body == self._watched for hit in hits)

    def _mover(self, eye: Eye, at: Point | None) -> Cause:
        if self._eye is None or math.dist(eye.at, self._eye.at) > MOVED_M or self._has_turned(eye, self._eye):
            return Cause(Agent.PERSON, Evidence.POSITION)
        if at is not None and self._at is not None and math.dist(at, self._at) > MOVED_M:
            return Cause(self._moves, Evidence.POSITION)
        return BY_THING

    @staticmethod
    def _has_turned(eye: Eye, before: Eye) -> bool:
        return abs(wrap(eye.yaw - before.yaw)) > TURNED_RAD
