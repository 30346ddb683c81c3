"""A charger: a pad before a contact plate that a robot's base pushes in by driving against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from envs.devices.base import Device, Mount
from envs.devices.loose import Loose, cause_by_contact
from envs.facts import ENVIRONMENT, Cause, Value
from envs.world import Body, Color

TRAVEL_M: Final = 0.012
"""How far in the plate makes contact."""
SPRING_N: Final = 20.0
PLATE_M: Final = 0.2
"""How far the face of the plate is in front of the foot when nothing presses it."""
PRESSED_M: Final = 0.035
"""How far in a robot presses it that stands where it is meant to."""
STAND_M: Final = PLATE_M + 0.25 - PRESSED_M
"""How far in front of the foot the middle of a robot is that charges: the base reaches 0.25 m ahead."""
LAMP: Final = "lamp"
IDLE: Final[Color] = (0.95, 0.75, 0.20, 1.0)
LIVE: Final[Color] = (0.25, 0.90, 0.40, 1.0)


class Charger(Device):
    """A charger on the floor against a wall.

    Its stand is where the base presses the plate, `STAND_M` in front of the foot and facing it, so no route may be kept
    out of the pad: let the wall behind it be what routes go around.

    Args:
        name: What people call it.
        mount: Foot of the wall behind it.
        loose: Loose things that may press the plate, by body name.
    """

    is_quiet: ClassVar[bool] = True

    def __init__(self, name: str, mount: Mount, loose: Mapping[str, Loose] | None = None) -> None:
        self.body = mount.world.load(name, "charger", mount.at, mount.yaw)
        super().__init__(name, mount.stand, (mount.point(0.09, 0.0, 0.52), mount.point(PLATE_M, 0.0, 0.16)))
        self._world, self._agents = mount.world, mount.agents
        self._loose = loose if loose is not None else {}
        self._travel = self.body.joints["travel"]
        self._travel.hold(0.0, SPRING_N, gain=0.3)
        self._presser = ""
        self._mover = ENVIRONMENT
        self._world.paint(self.body, IDLE, LAMP)

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The post with its plate."""
        return (self.body,)

    @property
    def charging(self) -> str:
        """Name of the body that presses the plate, or ""."""
        return self._presser

    def tick(self, time_s: float) -> None:
        """See who presses the plate."""
        del time_s
        if self._travel.position > -TRAVEL_M:
            if self._presser:
                self._presser = ""
                self._world.paint(self.body, IDLE, LAMP)
            return
        touches = self._world.contacts(self.body, "plate")
        if not touches:
            return
        presser = max(touches, key=lambda c: c.force_n).other
        self._mover = cause_by_contact(self._world, self.body, self._agents, self._loose) or ENVIRONMENT
        if not self._presser:
            self._world.paint(self.body, LIVE, LAMP)
        self._presser = presser

    def facts(self) -> Mapping[str, Value]:
        """`charging`."""
        return {f"{self.name}.charging": self._presser}

    def cause(self, fact: str) -> Cause:
        """The one who presses or pressed the plate, or moved the thing that does or did."""
        del fact
        return self._mover

    def view(self) -> Mapping[str, Value]:
        """Its light shows whether it charges anything, and what that is."""
        return self.facts()

    def describe(self, view: Mapping[str, Value]) -> str:
        """The charger, and what it charges."""
        what = view[f"{self.name}.charging"]
        return f"{self.name} (charging the {what})" if what else f"{self.name} (not in use)"
