"""An open box to put things into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from envs.devices.base import Device, Mount
from envs.devices.loose import Loose
from envs.facts import ENVIRONMENT, Cause, Value
from envs.site import Point
from envs.world import Body, Vec3

HALF_M: Final = 0.2
"""From the middle to the inside of a wall."""
WALL_M: Final = 0.015
FLOOR_M: Final = 0.02
RIM_M: Final = 0.22


class Bin(Device):
    """A bin of five plates.

    Args:
        name: What people call it.
        mount: Middle of its underside.
        loose: Loose things that count when they are inside, by name.
    """

    verbs: ClassVar[frozenset[str]] = frozenset({"place"})
    is_quiet: ClassVar[bool] = True

    def __init__(self, name: str, mount: Mount, loose: Mapping[str, Loose]) -> None:
        self.body = mount.world.load(name, "bin", mount.at, mount.yaw)
        self.top: Vec3 = mount.point(0.0, 0.0, FLOOR_M)
        self._middle = self.top
        out_m = HALF_M + WALL_M
        corners = ((out_m, 0.0), (0.0, out_m), (0.0, -out_m), (-out_m, 0.0))
        super().__init__(name, mount.stand, tuple(mount.point(*corner, RIM_M - 0.03) for corner in corners))
        self._ahead: Point = (mount.point(1.0, 0, 0)[0] - mount.at[0], mount.point(1.0, 0, 0)[1] - mount.at[1])
        self._rim_z = mount.at[2] + RIM_M
        self._loose = loose
        self._seen: dict[str, tuple[Vec3, ...]] = {}
        self._inside: frozenset[str] = frozenset()
        self._mover = ENVIRONMENT

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The five plates."""
        return (self.body,)

    def is_inside(self, at: Vec3) -> bool:
        """Whether a point lies between its walls."""
        dx, dy, (cos, sin) = at[0] - self._middle[0], at[1] - self._middle[1], self._ahead
        is_between = abs(dx * cos + dy * sin) < HALF_M and abs(dy * cos - dx * sin) < HALF_M
        return is_between and self._middle[2] < at[2] < self._rim_z

    def tick(self, time_s: float) -> None:
        """Look again where a thing is that has moved."""
        del time_s
        for name, thing in self._loose.items():
            if self._seen.get(name) is thing.sight:
                continue
            self._seen[name] = thing.sight
            if self.is_inside(thing.sight[0]) != (name in self._inside):
                self._inside ^= {name}
                self._mover = thing.mover

    def facts(self) -> Mapping[str, Value]:
        """`contents`: names of the things inside, sorted, joined by commas."""
        return {f"{self.name}.contents": ",".join(sorted(self._inside))}

    def cause(self, fact: str) -> Cause:
        """Who moved the thing that came in or went out last."""
        del fact
        return self._mover

    def view(self) -> Mapping[str, Value]:
        """What lies in it shows."""
        return self.facts()

    def describe(self, view: Mapping[str, Value]) -> str:
        """The bin and what lies in it."""
        names = str(view[f"{self.name}.contents"])
        return f"{self.name} (holds the {names.replace(',', ', the ')})" if names else f"{self.name} (empty)"
