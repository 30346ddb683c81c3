"""A cable whose plug sits in a socket and comes out when it is pulled hard enough."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Final

from envs.devices.base import Device, Grip, cause_by_touch
from envs.facts import ENVIRONMENT, Cause, Value
from envs.site import Pose
from envs.world import Body, Color, Vec3, World

SEAT_M: Final = 0.015
PULL_OUT_N: Final = 45.0
PLUG_SIZE: Final[Vec3] = (0.05, 0.06, 0.1)
ORANGE: Final[Color] = (0.95, 0.45, 0.05, 1.0)
DARK: Final[Color] = (0.2, 0.2, 0.22, 1.0)


class Cable(Device):
    """A plug in a socket on a ledge. Plugged in means: the plug's body sits in the seat.

    Args:
        world: Where it is.
        name: What people call it.
        seat: Centre of the seated plug.
        stand: Where to stand to work on it.
        agents: Body name -> cause, for those whose touch is attributed.
        yaw: The way the plug is turned, radians: in line with who stands before it, so that the hand need not turn.
        key: What its facts begin with: `cable.plugged`.
    """

    verbs: ClassVar[frozenset[str]] = frozenset({"plug", "unplug", "grasp"})
    is_quiet: ClassVar[bool] = True
    seat: Vec3

    def __init__(self, world: World, name: str, seat: Vec3, stand: Pose, agents: Mapping[str, Cause],
                 yaw: float = 0.0, key: str = "cable") -> None:  # fmt: skip
        super().__init__(name, stand, (seat,))
        ledge = (0.2, 0.2, seat[2] - PLUG_SIZE[2] / 2)
        self._ledge = world.box(f"{name} ledge", ledge, (seat[0], seat[1], ledge[2] / 2), DARK)
        self.plug = world.box(name, PLUG_SIZE, seat, ORANGE, mass_kg=0.2, yaw=yaw)
        self.seat = seat
        self.key = key
        self._world = world
        self._agents = agents
        self._mover = ENVIRONMENT
        self._weld: int | None = world.weld(self._ledge, None, self.plug, PULL_OUT_N)

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The plug."""
        return (self.plug, self._ledge)

    @property
    def is_plugged(self) -> bool:
        """Whether the plug sits in its seat."""
        return self._weld is not None

    @property
    def grip(self) -> Grip:
        """How to hold the plug."""
        return Grip(self.plug, self.plug.position[2] - 0.01, 0.14)

    @property
    def plug_grip(self) -> Grip | None:
        """How to hold the plug while it is in its socket."""
        return self.grip if self.is_plugged else None

    def accepts(self, body: Body) -> bool:
        """Only its own plug fits."""
        return body is self.plug

    def holds(self, body: Body) -> bool:
        """Whether its plug sits in its seat."""
        return body is self.plug and self.is_plugged

    def tick(self, time_s: float) -> None:
        """Let the plug out when it was pulled beyond its seat, and in when it is pressed home."""
        del time_s
        gap = math.dist(self.plug.position, self.seat)
        if self._weld is not None and gap > 0.003:
            self._mover = cause_by_touch(self._world, self.plug, self._agents) or self._mover
            if gap > SEAT_M:
                self._world.unweld(self._weld)
                self._weld = None
        elif self._weld is None and gap < SEAT_M / 2:
            self._mover = cause_by_touch(self._world, self.plug, self._agents) or ENVIRONMENT
            self._weld = self._world.weld(self._ledge, None, self.plug, PULL_OUT_N)

    def facts(self) -> Mapping[str, Value]:
        """`<key>.plugged`."""
        return {f"{self.key}.plugged": self.is_plugged}

    def cause(self, fact: str) -> Cause:
        """The one whose hand was on the plug."""
        del fact
        return self._mover

    def view(self) -> Mapping[str, Value]:
        """Whether it is plugged in shows."""
        return self.facts()

    def describe(self, view: Mapping[str, Value]) -> str:
        """The cable and its state."""
        return f"{self.name} ({'plugged in' if view[f'{self.key}.plugged'] else 'not plugged in'})"
