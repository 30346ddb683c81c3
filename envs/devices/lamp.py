"""A lamp that a signal switches."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Final

from envs.devices.base import Device
from envs.facts import Agent, Cause, Evidence, Value
from envs.site import Pose
from envs.world import Body, Color, Vec3, World

OFF: Final[Color] = (0.45, 0.45, 0.42, 1.0)
ON: Final[Color] = (1.0, 0.95, 0.55, 1.0)

BY_PROGRAM: Final = Cause(Agent.ENVIRONMENT, Evidence.COMMAND, "station program")


class Lamp(Device):
    """A lamp on the wall, `yaw` the way it faces.

    Facts: `<name>.on`.
    """

    is_quiet: ClassVar[bool] = True

    def __init__(self, world: World, name: str, at: Vec3, stand: Pose, yaw: float = math.pi / 2) -> None:
        self.body = world.box(name, (0.3, 0.12, 0.2), at, OFF, yaw=yaw - math.pi / 2)
        super().__init__(name, stand, (at,))
        self._world = world
        self.is_on, self._switcher = False, BY_PROGRAM
        world.paint(self.body, OFF)

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The lamp."""
        return (self.body,)

    def switch(self, *, is_on: bool, cause: Cause = BY_PROGRAM) -> None:
        """Turn it on or off, on behalf of `cause`."""
        self.is_on, self._switcher = is_on, cause
        self._world.paint(self.body, ON if is_on else OFF)
        self._world.stir(self.body)

    def facts(self) -> Mapping[str, Value]:
        """Whether it is on."""
        return {f"{self.name}.on": self.is_on}

    def cause(self, fact: str) -> Cause:
        """Whoever switched it last."""
        del fact
        return self._switcher

    def view(self) -> Mapping[str, Value]:
        """Whether it is on shows."""
        return self.facts()

    def describe(self, view: Mapping[str, Value]) -> str:
        """The lamp and its state."""
        return f"{self.name} ({'on' if view[f'{self.name}.on'] else 'off'})"
