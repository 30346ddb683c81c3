"""Whether somebody was pushed: moved against their own will by what touches them, and by whom."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from envs.facts import Agent, Cause, Evidence
from envs.site import Point
from envs.surroundings import Surroundings
from envs.world import TICK_S, Body, World

UNKNOWN: Final = Cause(Agent.ENVIRONMENT, Evidence.CONTACT)
PUSHED_M: Final = 0.05
"""Moved this far against one's will in one push counts as pushed."""
SWAY_M: Final = 0.0005
"""Less than this in a tick is no push (1 cm/s)."""
BRAKING_S: Final = 0.5
"""How long a person who stops may still be carried on by the walk."""
REST_S: Final = 0.5
"""A push ends when nothing has moved the person for so long."""


class Balance:
    """Follows one person's steps and notes each push.

    Standing in the way is no push: walking on the spot against something moves nobody.

    Args:
        world: Where the person is.
        body: The person's body.
        around: What may push, and who moves it.

    Attributes:
        pushes: How often the person was pushed.
        cause: Who pushed last.
    """

    def __init__(self, world: World, body: Body, around: Surroundings) -> None:
        self.pushes = 0
        self.cause = UNKNOWN
        self._world = world
        self._body = body
        self._around = around
        self._at: Point | None = None
        self._shove: Point = (0.0, 0.0)
        self._calm_s = 0.0
        self._is_counted = False
        self._will: Point = (0.0, 0.0)
        self._stood_s = 0.0

    def feel(self, at: Point, will: Point) -> None:
        """Compare where the person has come to in this tick with the velocity they meant to walk at, m/s."""
        before, self._at = self._at, at
        self._mean(will)
        if before is None or before == at:
            self._rest()
            return
        dx, dy = _against_will((at[0] - before[0], at[1] - before[1]), self._will)
        pusher = self._pusher() if math.hypot(dx, dy) > SWAY_M else None
        if pusher is None:
            self._rest()
            return
        self._calm_s = 0.0
        self._shove = (self._shove[0] + dx, self._shove[1] + dy)
        if not self._is_counted and math.hypot(*self._shove) > PUSHED_M:
            self._is_counted = True
            self.pushes += 1
            self.cause = pusher

    def _mean(self, will: Point) -> None:
        """Keep the last walk in mind while braking."""
        self._stood_s = self._stood_s + TICK_S if will == (0.0, 0.0) else 0.0
        if self._stood_s == 0.0 or self._stood_s > BRAKING_S:
            self._will = will

    def _rest(self) -> None:
        if self._is_counted or self._shove != (0.0, 0.0):
            self._calm_s += TICK_S
            if self._calm_s > REST_S:
                self._shove = (0.0, 0.0)
                self._is_counted = False

    def _pusher(self) -> Cause | None:
        """Who moves the strongest thing that touches; what nobody is known to move counts against one who stood."""
        contacts = self._world.contacts(self._body)
        for contact in sorted(contacts, key=lambda c: -c.force_n):
            cause = self._around.mover(contact.other)
            if cause is not None:
                return replace(cause, evidence=Evidence.CONTACT)
        return UNKNOWN if contacts and self._will == (0.0, 0.0) else None


def _against_will(step: Point, will: Point) -> Point:
    """What is left of a step, metres in one tick, when the part that was meant is taken out."""
    speed = math.hypot(*will)
    if speed < 1e-6:
        return step
    ux, uy = will[0] / speed, will[1] / speed
    meant = min(max(step[0] * ux + step[1] * uy, 0.0), speed * TICK_S)
    return (step[0] - meant * ux, step[1] - meant * uy)
