"""A cartridge that holds data: loose, and made for the hand and for ports."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from envs.devices.base import Grip, Mount
from envs.devices.loose import Loose
from envs.facts import ENVIRONMENT, Cause, Value
from envs.world import Body, Color, Vec3

SIZE: Final[Vec3] = (0.06, 0.06, 0.14)
"""Full edges, metres: tall enough for the fingers to get hold of it when it stands on the floor."""
TAB: Final[Vec3] = (0.04, 0.03, 0.024)
TAB_GAP_M: Final = 0.001
TAB_HOLDS_N: Final = 400.0
LOWEST_TIP_M: Final = 0.102
"""As low as fingertips go."""
INSIDE_M: Final = 0.01
BELOW_M: Final = 0.02
HAND: Final = "hand"
FLOOR: Final = "floor"
BLUE: Final[Color] = (0.13, 0.38, 0.85, 1.0)
YELLOW: Final[Color] = (1.0, 0.83, 0.18, 1.0)


class Drive(Loose):
    """A drive with a pull tab. What is on it is a label; no real data exist.

    Args:
        name: What people call it.
        mount: Where it stands at the start.
        data: What is on it, such as "weights"; "" when it is empty.
        tables: Names of the bodies that count as tables it may lie on.
        color: Of its shell.
    """

    def __init__(
        self, name: str, mount: Mount, data: str = "", tables: Collection[str] = (), color: Color = BLUE
    ) -> None:  # fmt: skip
        super().__init__(mount.world, name, SIZE, mount.point(0, 0, SIZE[2] / 2), color, mount.stand, mount.agents)
        tab_at = mount.point(0, 0, SIZE[2] + TAB_GAP_M + TAB[2] / 2)
        self._tab = mount.world.box(f"{name} tab", TAB, tab_at, YELLOW, mass_kg=0.02)
        mount.world.weld(self.body, None, self._tab, TAB_HOLDS_N)
        self._location_fact, self._data_fact = f"{name}.location", f"{name}.data"
        self.data = data
        self.port = ""
        self._tables = frozenset(tables)
        self._lies_on: str | None = None
        self._is_resting = False
        self._writer = ENVIRONMENT

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The shell and its tab."""
        return (self.body, self._tab)

    @property
    def at(self) -> Vec3:
        """Where its middle was at the last tick, metres, within 2 mm."""
        return self._last

    @property
    def grip(self) -> Grip:
        """How to hold it: by its upper end, so that it can be stood on the floor and taken from there."""
        return Grip(self.body, self.body.position[2] - SIZE[2] / 2 + LOWEST_TIP_M, SIZE[1] + 0.08)

    @property
    def location(self) -> str:
        """Name of the port it sits in, else `hand`, `floor`, the name of the table it lies on, or ""."""
        if self._lies_on is None:
            self._look_below()
        return self.port or (HAND if self.body.name in self._agents else self._lies_on or "")

    def write(self, data: str, cause: Cause) -> None:
        """Put other data on it."""
        self.data = data
        self._writer = cause
        self._world.stir(self.body)

    def tick(self, time_s: float) -> None:
        """Remember who moves it; once it has come to rest, see what it lies on."""
        before = self._last
        super().tick(time_s)
        if self._last is not before:
            self._is_resting = False
            self._lies_on = ""
        elif not self._is_resting:
            self._is_resting = True
            self._look_below()

    def _look_below(self) -> None:
        x, y, _ = self.body.position
        z = self.body.bottom_z
        hit = self._world.cast([((x, y, z + INSIDE_M), (x, y, z - BELOW_M))])[0]
        self._lies_on = hit.body if hit is not None and hit.body in {FLOOR, *self._tables} else ""

    def facts(self) -> Mapping[str, Value]:
        """`location`, and what is on it: `data`."""
        return {self._location_fact: self.location, self._data_fact: self.data}

    def cause(self, fact: str) -> Cause:
        """Who moved it, or who had data put on it."""
        return self._writer if fact == self._data_fact else self.mover

    def view(self) -> Mapping[str, Value]:
        """Where it is shows; what is on it does not."""
        return {self._location_fact: self.location}

    def describe(self, view: Mapping[str, Value]) -> str:
        """The drive and where it is."""
        where = view[self._location_fact]
        if not where:
            return self.name
        return f"{self.name} ({'in' if where not in {FLOOR, *self._tables} else 'on'} the {where})"
