"""Whether a person has a body in sight, looked up now and then, and who brought a change about."""

from __future__ import annotations

import math
from typing import Final

from envs.facts import Agent, Cause, Evidence
from envs.sight import Eye, sees
from envs.site import Point, Pose
from envs.spotting import spots
from envs.world import World, wrap

EVERY_S: Final = 0.5
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

    @property
    def is_due(self) -> bool:
        """Whether the last look was not just now."""
        return not 0.0 <= self._world.time_s - self._looked_s < EVERY_S - 1e-9

    def look(self, eye: Eye, at: Point | None) -> None:
        """Look again.

        Args:
            eye: The watcher's.
            at: Where the watched body stands, if that is known.
        """
        body = self._world.bodies.get(self._watched)
        if body is None:
            return
        owner = (self._watcher,)
        is_seen = sees(self._world, eye, body, owner) if at is None else spots(self._world, eye, body, at, owner)
        if is_seen != self.is_in_sight:
            self.cause = self._mover(eye, at)
        self.is_in_sight, self._looked_s, self._eye, self._at = is_seen, self._world.time_s, eye, at

    def _mover(self, eye: Eye, at: Point | None) -> Cause:
        if self._eye is None or math.dist(eye.at, self._eye.at) > MOVED_M or self._has_turned(eye, self._eye):
            return Cause(Agent.PERSON, Evidence.POSITION)
        if at is not None and self._at is not None and math.dist(at, self._at) > MOVED_M:
            return Cause(self._moves, Evidence.POSITION)
        return BY_THING

    @staticmethod
    def _has_turned(eye: Eye, before: Eye) -> bool:
        return abs(wrap(eye.yaw - before.yaw)) > TURNED_RAD
