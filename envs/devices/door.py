"""A hinged door that a spring holds open and a latch holds shut; it may have a lock."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Final

from envs.devices.base import Device
from envs.devices.loose import Loose, cause_by_contact
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

    The latch is worked by a handle on the inner side only; the spring then swings the leaf open again. A locked latch
    does not let go.

    Args:
        world: Where it hangs.
        name: What people call it.
        hinge: Foot of the hinge.
        opens: +1 when the leaf swings open to the left of the way the closed leaf points, -1 when to the right.
        stand: Where to stand to work the handle.
        agents: Body name -> cause, for those whose touch is attributed.
        yaw: The way the closed leaf points from the hinge, radians; by default along +x when `opens` is +1 and along
            -x when it is -1, so that both swing to +y.
        is_shut: Whether it starts shut.
        is_locked: Whether its lock starts locked; None when it has no lock.
        loose: Loose things that may push it, by body name.
    """

    verbs: ClassVar[frozenset[str]] = frozenset({"open", "close", "push"})
    is_quiet: ClassVar[bool] = True

    def __init__(
        self, world: World, name: str, hinge: Vec3, opens: int, stand: Pose, agents: Mapping[str, Cause], *,
        yaw: float | None = None, is_shut: bool = False, is_locked: bool | None = None,
        loose: Mapping[str, Loose] | None = None,
    ) -> None:  # fmt: skip
        self.hinge: Point = hinge[:2]
        self.opens = opens
        self.yaw = yaw if yaw is not None else 0.0 if opens > 0 else math.pi
        self.body = world.load(name, "door", hinge, self.yaw)
        super().__init__(name, stand, ((*self.leaf(0.5, 0.0, 0.0), 1.2), (*self.leaf(0.5, math.pi / 2, 0.0), 1.2)))
        self._world = world
        self._agents = agents
        self._loose = loose if loose is not None else {}
        self._joint = self.body.joints["hinge"]
        self.is_latched = is_shut
        self.is_locked = bool(is_locked)
        self._has_lock = is_locked is not None
        self._is_latch_held = False
        self._mover = self._locker = ENVIRONMENT
        self._shut_fact, self._locked_fact = f"{name}.shut", f"{name}.locked"
        self.body.set_joint("hinge", 0.0 if is_shut else OPEN_RAD * opens)
        self._last_angle = self.angle
        if is_shut:
            self._catch()
        else:
            self._spring()

    def _spring(self) -> None:
        self._joint.hold(OPEN_RAD * self.opens, SPRING_NM, max_speed=1.0)

    def _catch(self) -> None:
        self._joint.hold(0.0, LATCH_NM, max_speed=1.0)

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
        heading = self.yaw + self.opens * angle
        ahead = (math.cos(heading), math.sin(heading))
        behind = (-self.opens * ahead[1], self.opens * ahead[0])
        return (
            self.hinge[0] + along_m * ahead[0] + off_m * behind[0],
            self.hinge[1] + along_m * ahead[1] + off_m * behind[1],
        )

    def unlatch(self) -> None:
        """Work the handle: unless it is locked, the latch lets go until the leaf has left the frame."""
        if self.is_latched and not self.is_locked:
            self.is_latched = False
            self._is_latch_held = True
            self._mover = self._cause_on_leaf() or self._mover
            self._spring()

    def lock(self, cause: Cause) -> None:
        """Lock it, on behalf of `cause`; an open door locks when it falls shut."""
        self._turn_lock(cause, is_locked=True)

    def unlock(self, cause: Cause) -> None:
        """Unlock it, on behalf of `cause`."""
        self._turn_lock(cause, is_locked=False)

    def _turn_lock(self, cause: Cause, *, is_locked: bool) -> None:
        if not self._has_lock:
            msg = f"the {self.name} has no lock: build it with is_locked=True or False"
            raise ValueError(msg)
        if is_locked != self.is_locked:
            self.is_locked = is_locked
            self._locker = cause
            self._world.stir(self.body)

    def tick(self, time_s: float) -> None:
        """Remember who moves the leaf; let the latch fall in when it reaches the frame."""
        del time_s
        if self.is_latched:
            return
        angle = self.angle
        if abs(angle - self._last_angle) > 0.002:
            self._mover = self._cause_on_leaf() or self._mover
        self._last_angle = angle
        if angle > 2 * LATCH_RAD:
            self._is_latch_held = False
        if angle < LATCH_RAD and not self._is_latch_held:
            self.is_latched = True
            self._catch()

    def _cause_on_leaf(self) -> Cause | None:
        return cause_by_contact(self._world, self.body, self._agents, self._loose)

    def note_handler(self, cause: Cause) -> None:
        """Say whose hand is on the handle."""
        self._mover = cause

    def facts(self) -> Mapping[str, Value]:
        """`<name>.shut`, and `<name>.locked` if it has a lock."""
        if self._has_lock:
            return {self._shut_fact: self.is_latched, self._locked_fact: self.is_locked}
        return {self._shut_fact: self.is_latched}

    def cause(self, fact: str) -> Cause:
        """The one who pushed the leaf or worked the handle; for the lock, the one on whose behalf it turned."""
        return self._locker if fact == self._locked_fact else self._mover

    def view(self) -> Mapping[str, Value]:
        """Whether it is shut shows; whether it is locked shows only to who tries the handle."""
        return {self._shut_fact: self.is_latched}

    def describe(self, view: Mapping[str, Value]) -> str:
        """The door and its state."""
        return f"{self.name} ({'shut' if view[self._shut_fact] else 'open'})"
