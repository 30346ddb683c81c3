"""A vase that breaks when it hits something hard."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from envs.devices.base import DEVICE_TICK_S, Grip, Mount
from envs.devices.loose import Loose, cause_by_contact
from envs.facts import ENVIRONMENT, Agent, Cause, Value
from envs.world import Body, Color, Vec3

BELLY: Final[Vec3] = (0.115, 0.115, 0.13)
PIECES: Final[Mapping[str, Vec3]] = {
    "shoulder": (0.085, 0.085, 0.025), "neck": (0.045, 0.045, 0.045), "lip": (0.07, 0.07, 0.012)
}  # fmt: skip
GAP_M: Final = 0.001
PIECE_KG: Final = 0.06
GLUE_N: Final = 400.0
JOLT_M_S: Final = 1.0
"""A change of its speed within a tenth of a second that breaks it; a fall of 0.4 m is enough, a careful hand is not."""
HIT_M_S: Final = 1.0
"""Speed of a thing that breaks it when it touches it."""
STILL: Final[Vec3] = (0.0, 0.0, 0.0)
GLAZE: Final[Color] = (0.16, 0.42, 0.62, 1.0)
BAND: Final[Color] = (0.93, 0.89, 0.78, 1.0)
CLAY: Final[Color] = (0.68, 0.40, 0.27, 1.0)


class Motion:
    """How a thing moves, from where it is seen.

    Args:
        at: Where it is at the start, metres.

    Attributes:
        velocity: Between the last two looks, m/s.
        jolt_m_s: Change of the velocity at the last look; to fall faster is no jolt.
    """

    __slots__ = ("_at", "jolt_m_s", "velocity")

    def __init__(self, at: Vec3) -> None:
        self._at = at
        self.velocity = STILL
        self.jolt_m_s = 0.0

    def is_at_rest(self, at: Vec3) -> bool:
        """Whether it stood still before and stands there still."""
        return at is self._at and self.velocity is STILL

    def look(self, at: Vec3, past_s: float) -> None:
        """It has come to `at` in `past_s` seconds."""
        if self.is_at_rest(at):
            self.jolt_m_s = 0.0
            return
        (vx, vy, vz), (x, y, z), (x0, y0, z0) = self.velocity, at, self._at
        self.velocity = ((x - x0) / past_s, (y - y0) / past_s, (z - z0) / past_s) if at is not self._at else STILL
        self._at = at
        self.jolt_m_s = math.hypot(self.velocity[0] - vx, self.velocity[1] - vy, max(self.velocity[2] - vz, 0.0))


class Vase(Loose):
    """A vase in four pieces that hold together until a jolt breaks it; then they come apart.

    Args:
        name: What people call it.
        mount: Where it stands at the start.
        loose: Loose things that may hit it, by body name.
    """

    def __init__(self, name: str, mount: Mount, loose: Mapping[str, Loose] | None = None) -> None:
        world = mount.world
        super().__init__(world, name, BELLY, mount.point(0, 0, BELLY[2] / 2), GLAZE, mount.stand, mount.agents)
        self._broken_fact = f"{name}.broken"
        self._loose = loose if loose is not None else {}
        self._pieces: list[Body] = []
        self._welds: list[int] = []
        up, below = BELLY[2], self.body
        for number, (part, size) in enumerate(PIECES.items()):
            at = mount.point(0, 0, up + GAP_M + size[2] / 2)
            piece = world.box(f"{name} {part}", size, at, (BAND, GLAZE)[number % 2], mass_kg=PIECE_KG)
            self._welds.append(world.weld(below, None, piece, GLUE_N))
            self._pieces.append(piece)
            up, below = up + GAP_M + size[2], piece
        world.paint(self.body, GLAZE)
        self.is_broken = False
        self._breaker = ENVIRONMENT
        self._motion = Motion(self.sight[0])
        self._motions: dict[str, Motion] = {}
        self._last_s = 0.0

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The belly and the pieces on it."""
        return (self.body, *self._pieces)

    @property
    def grip(self) -> Grip:
        """How to hold it: round the upper part of its belly."""
        return Grip(self.body, self.body.position[2] + 0.02, BELLY[1] + 0.08)

    def tick(self, time_s: float) -> None:
        """Remember who moves it; break at a jolt, or when a thing comes down on it."""
        super().tick(time_s)
        past_s, self._last_s = min(time_s - self._last_s, DEVICE_TICK_S), time_s
        if self.is_broken or past_s <= 0:
            return
        self._motion.look(self.sight[0], past_s)
        if self._motion.jolt_m_s > JOLT_M_S and not self._is_carried():
            self._break(self.mover)
            return
        for name, thing in self._loose.items():
            at, motion = thing.sight[0], self._motions.get(name)
            if motion is None:
                motion = self._motions[name] = Motion(at)
            if motion.is_at_rest(at):
                continue
            motion.look(at, past_s)
            is_fast = motion.velocity is not STILL and math.hypot(*motion.velocity) > HIT_M_S
            if is_fast and thing is not self and self._is_touching(thing.body):
                self._break(thing.mover)
                return

    def _is_carried(self) -> bool:
        """Whether it hangs in a hand and touches nothing else: a hand that swings it breaks nothing."""
        if self.body.name not in self._agents:
            return False
        harmless = {*self._agents, *(own.name for own in self.bodies)}
        return all(touch.other in harmless for own in self.bodies for touch in self._world.contacts(own))

    def _is_touching(self, body: Body) -> bool:
        return any(self._world.is_touching(own, body) for own in self.bodies)

    def _break(self, cause: Cause) -> None:
        self.is_broken = True
        self._breaker = cause
        if cause.agent is Agent.ENVIRONMENT:
            self._breaker = cause_by_contact(self._world, self.body, self._agents, self._loose) or cause
        for weld in self._welds:
            self._world.unweld(weld)
        self._world.paint(self.body, CLAY)

    def facts(self) -> Mapping[str, Value]:
        """`broken`."""
        return {self._broken_fact: self.is_broken}

    def cause(self, fact: str) -> Cause:
        """Who moved it, or what hit it, when it broke."""
        del fact
        return self._breaker

    def view(self) -> Mapping[str, Value]:
        """Whether it is broken shows."""
        return self.facts()

    def describe(self, view: Mapping[str, Value]) -> str:
        """The vase, and whether it is broken."""
        return f"{self.name} ({'broken' if view[f'{self.name}.broken'] else 'whole'})"
