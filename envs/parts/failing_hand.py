"""A robot's hand that opens by itself, once."""

from __future__ import annotations

from typing import Final

from envs.devices.base import DEVICE_TICK_S
from envs.facts import ENVIRONMENT, Cause, Value
from envs.scene import Scene

LOW_M: Final = 1.0
"""Whoever begins to set the thing down before its time lets the hand open then: it falls from about this height."""
LANDS_S: Final = 0.8


class FailingHand:
    """Lets go of a thing when it has been carried for a while, and breaks off what the robot is about.

    Args:
        scene: Where the robot is.
        thing: Name of what it lets go of.
    """

    def __init__(self, scene: Scene, thing: str) -> None:
        self._scene, self._thing = scene, thing
        self._carried_s = 0.0
        self._opened_s: float | None = None
        self._has_stopped = False

    @property
    def is_holding(self) -> bool:
        """Whether the thing is in the hand."""
        held = self._scene.robot.held
        return held is not None and held.name == self._thing

    def follow(self, due_s: float, *, is_under_way: bool) -> None:
        """Open when it is time to; called at each sensing.

        Args:
            due_s: How long the thing is carried before.
            is_under_way: Whether the robot has taken the thing up and gone on to do something with it.
        """
        scene = self._scene
        if self._opened_s is not None:
            if not self._has_stopped and scene.time_s - self._opened_s >= LANDS_S:
                scene.is_interrupted = self._has_stopped = True
        elif self.is_holding and is_under_way:
            self._carried_s += DEVICE_TICK_S
            if self._carried_s >= due_s or scene.robot.tip[2] < LOW_M:
                scene.let_go()
                self._opened_s = scene.time_s

    def read(self) -> tuple[Value, Cause]:
        """Whether it has opened by itself: nobody's doing."""
        return self._opened_s is not None, ENVIRONMENT
