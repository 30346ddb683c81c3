"""A hinged door that a spring holds open and a latch holds shut."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Final

from envs.devices.base import Device, cause_by_touch
from envs.facts import ENVIRONMENT, Cause, Value
from envs.site import Point, Pose
from envs.world import Body, Vec3, World

OPEN_RAD: Final = 1.4
LATCH_RAD: Final = 0.06
SPRING_NM: Final = 6.0
LATCH_NM: Final = 400.0
LEAF_M: Final = 0.94


class Door(Device):
    """A door leaf. Shut means: the leaf reached the frame and the latch fell in.

    The latch is worked by a handle on the inner side only; the spring then swings the leaf open again.

    Args:
        world: Where it hangs.
        name: What people call it.
        hinge: Foot of the hinge.
        opens: +1 when the closed leaf points along +x and swings to +y, -1 when it points along -x.
        stand: Where to stand to work the handle.
        agents: Body name -> cause, for those whose touch is attributed.
    """

    verbs: ClassVar[frozenset[str]] = frozenset({"open", "close", "push"})

    def __init__(
        self, world: World, name: str, hinge: Vec3, opens: int, stand: Pose, agents: Mapping[str, Cause]
    ) -> None:
        self.body = world.load(name, "door", hinge, 0.0 if opens > 0 else math.pi)
        super().__init__(name, stand, ((hinge[0] + 0.5 * opens, hinge[1], 1.2), (hinge[0], hinge[1] + 0.5, 1.2)))
        self.hinge: Point = hinge[:2]
        self.opens = opens
        self._world = world
        self._agents = agents
        self._joint = self.body.joints["hinge"]
        self.body.set_joint("hinge", OPEN_RAD * opens)
        self.is_latched = False
        self._is_latch_held = False
        self._mover = ENVIRONMENT
        self._last_angle = self.angle
        self._spring()

    def _spring(self) -> None:
        self._joint.hold(OPEN_RAD * self.opens, SPRING_NM, max_speed=1.0)

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The leaf."""
        return (self.body,)

    @property
    def angle(self) -> float:
        """Opening angle, radians; 0 is closed."""
        return self._joint.position * self.opens

    def leaf(self, along_m: float, angle: float, off_m: float) -> Point:
        """A point `along_m` from the hinge on a leaf at `angle`, `off_m` behind it (the side that pushes it shut)."""
        direction = (self.opens * math.cos(angle), math.sin(angle))
        behind = (-self.opens * math.sin(angle), math.cos(angle))
        return (
            self.hinge[0] + along_m * direction[0] + off_m * behind[0],
            self.hinge[1] + along_m * direction[1] + off_m * behind[1],
        )

    def unlatch(self) -> None:
        """Work the handle: the latch lets go until the leaf has left the frame, and the spring takes over."""
        if self.is_latched:
            self.is_latched = False
            self._is_latch_held = True
            self._mover = cause_by_touch(self._world, self.body, self._agents) or self._mover
            self._spring()

    def tick(self, time_s: float) -> None:
        """Remember who moves the leaf; let the latch fall in when it reaches the frame."""
        del time_s
        angle = self.angle
        if self.is_latched:
            return
        if abs(angle - self._last_angle) > 0.002:
            self._mover = cause_by_touch(self._world, self.body, self._agents) or self._mover
        self._last_angle = angle
        if angle > 2 * LATCH_RAD:
            self._is_latch_held = False
        if angle < LATCH_RAD and not self._is_latch_held:
            self.is_latched = True
            self._joint.hold(0.0, LATCH_NM, max_speed=1.0)

    def note_handler(self, cause: Cause) -> None:
        """Say whose hand is on the handle."""
        self._mover = cause

    def facts(self) -> Mapping[str, Value]:
        """`door.shut`."""
        return {"door.shut": self.is_latched}

    def cause(self, fact: str) -> Cause:
        """The one who pushed the leaf or worked the handle."""
        del fact
        return self._mover

    def view(self) -> Mapping[str, Value]:
        """Whether it is shut shows."""
        return self.facts()

    def describe(self, view: Mapping[str, Value]) -> str:
        """The door and its state."""
        return f"{self.name} ({'shut' if view['door.shut'] else 'open'})"
