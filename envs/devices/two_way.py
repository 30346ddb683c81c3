"""A handle that a detent holds at one of two ends, and that flips over when it is pushed across the middle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from envs.devices.base import Device, Mount, Stroke
from envs.devices.fixture import build_fixture
from envs.devices.loose import Loose
from envs.facts import ENVIRONMENT, Cause, Value
from envs.world import Body

AT_END_RAD: Final = 0.03
SNAP_RAD_S: Final = 6.0


@dataclass(frozen=True, slots=True)
class Throw:
    """How the handle of an asset goes from end to end, and where the fingertips take it along.

    The asset has a joint `throw`, positive when the handle leans to the device's own left, and a link `handle`.

    Attributes:
        asset: Name of the URDF file, without its ending.
        end_rad: The joint at its end on the left; the other end is opposite.
        detent_nm: What the detent holds it with.
        ahead_m, up_m: The fingertips while they take it along, from the foot.
        beside_m: How far beside the middle they come down.
        beyond_m: How far beyond the middle they let go.
    """

    asset: str
    end_rad: float
    detent_nm: float
    ahead_m: float
    up_m: float
    beside_m: float
    beyond_m: float


@dataclass(frozen=True, slots=True)
class Words:
    """What its two ends are called."""

    on: str = "on"
    off: str = "off"


class TwoWay(Device):
    """A handle with two ends. On means: it was pushed across the middle to its own left.

    Args:
        name: What people call it.
        mount: Where it stands: on a shelf's top, or on the floor when it has a pedestal.
        throw: What the handle is like.
        is_on: The end that it starts at.
        words: What its ends are called.
        on_change: Called with the new state when it has flipped.
        loose: Loose things that may hit it, by body name.
        has_pedestal: Whether it stands on a pedestal of its own.
    """

    verbs: ClassVar[frozenset[str]] = frozenset({"push"})
    is_quiet: ClassVar[bool] = True
    goals: ClassVar[Mapping[str, bool]] = {}
    """The state that a verb is to bring about, for verbs that mean one."""

    def __init__(
        self, name: str, mount: Mount, throw: Throw, *, is_on: bool = True, words: Words | None = None,
        on_change: Callable[[bool], None] | None = None, loose: Mapping[str, Loose] | None = None,
        has_pedestal: bool = False,
    ) -> None:  # fmt: skip
        self._fixture = build_fixture(name, throw.asset, mount, loose, has_pedestal=has_pedestal)
        self._throw = throw
        self._words = words or Words()
        self._on_change = on_change
        self._fact = f"{name}.on"
        self._joint = self._fixture.body.joints["throw"]
        self._mover = self._changer = ENVIRONMENT
        self.is_on = is_on
        self._end_rad = throw.end_rad if is_on else -throw.end_rad
        self._fixture.body.set_joint("throw", self._end_rad)
        self._joint.hold(self._end_rad, throw.detent_nm, SNAP_RAD_S)
        sight = (self._fixture.point(throw.ahead_m, 0.0, throw.up_m), self._fixture.point(0.05, 0.0, 0.05))
        super().__init__(name, mount.stand, sight)

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The housing with its handle, and the pedestal."""
        return self._fixture.bodies

    def stroke(self, verb: str) -> Stroke | None:
        """Take the handle across: to the other end, or to the one that `verb` means unless it is there."""
        goal = self.goals.get(verb, not self.is_on)
        if goal == self.is_on:
            return None
        throw, point = self._throw, self._fixture.point
        side = 1.0 if self.is_on else -1.0
        return Stroke(
            point(throw.ahead_m, side * throw.beside_m, throw.up_m),
            point(throw.ahead_m, -side * throw.beyond_m, throw.up_m),
            lambda: self.is_on == goal,
            f"is {self._word(is_on=goal)}",
        )

    def tick(self, time_s: float) -> None:
        """Remember who moves the handle; flip over when it has crossed the middle."""
        del time_s
        angle = self._joint.position
        if abs(angle - self._end_rad) < AT_END_RAD:
            self._mover = ENVIRONMENT
            return
        self._mover = self._fixture.cause_on("handle") or self._mover
        if angle * self._end_rad < 0:
            self._flip()

    def _flip(self) -> None:
        self.is_on = not self.is_on
        self._end_rad = -self._end_rad
        self._joint.hold(self._end_rad, self._throw.detent_nm, SNAP_RAD_S)
        self._changer = self._mover
        if self._on_change is not None:
            self._on_change(self.is_on)

    def facts(self) -> Mapping[str, Value]:
        """`<name>.on`."""
        return {self._fact: self.is_on}

    def cause(self, fact: str) -> Cause:
        """The one who took the handle across."""
        del fact
        return self._changer

    def view(self) -> Mapping[str, Value]:
        """Which way the handle leans shows."""
        return self.facts()

    def describe(self, view: Mapping[str, Value]) -> str:
        """Its name and its state."""
        return f"{self.name} ({self._word(is_on=bool(view[self._fact]))})"

    def _word(self, *, is_on: bool) -> str:
        return self._words.on if is_on else self._words.off
