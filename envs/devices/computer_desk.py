"""A desk with a computer on it: screen, keyboard, and room for a thing beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from envs.devices.base import Mount
from envs.devices.computer import ChangeKind, Computer
from envs.devices.terminal import Terminal
from envs.facts import ENVIRONMENT, Cause, Value
from envs.world import Body, Color, Vec3

DESK_M: Final = 0.72
SCREEN: Final = "screen"
LIT: Final[Color] = (0.12, 0.55, 0.78, 1.0)
DARK: Final[Color] = (0.06, 0.07, 0.09, 1.0)
POWER: Final = frozenset({ChangeKind.POWERED_ON, ChangeKind.POWERED_OFF})


class ComputerDesk(Terminal):
    """A desk where a computer is worked; its screen is dark when the computer is off.

    Args:
        name: What people call it.
        mount: Middle of the desk, on the floor.
        computer: What the screen and the keyboard belong to.
    """

    verbs: ClassVar[frozenset[str]] = Terminal.verbs | {"place"}

    def __init__(self, name: str, mount: Mount, computer: Computer) -> None:
        self.body = mount.world.load(name, "desk", mount.at, mount.yaw)
        self.top: Vec3 = mount.point(0.12, 0.42, DESK_M)
        sight = (mount.point(-0.1, 0.0, 1.02), mount.point(0.16, 0.0, DESK_M + 0.02))
        super().__init__(name, mount.stand, sight, computer)
        self._world = mount.world
        self._on_fact = f"{name}.on"
        self._is_lit = computer.is_on
        self._shine()

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The desk with what stands on it."""
        return (self.body,)

    def _shine(self) -> None:
        self._world.paint(self.body, LIT if self._is_lit else DARK, SCREEN)

    def tick(self, time_s: float) -> None:
        """Let the computer do what is due; the screen follows its power."""
        self.computer.tick(time_s)
        if self.computer.is_on != self._is_lit:
            self._is_lit = not self._is_lit
            self._shine()

    def facts(self) -> Mapping[str, Value]:
        """`on`: whether the computer is."""
        return {self._on_fact: self._is_lit}

    def cause(self, fact: str) -> Cause:
        """The author of the command that switched it."""
        del fact
        return next((c.cause for c in reversed(self.computer.changes) if c.kind in POWER), ENVIRONMENT)

    def view(self) -> Mapping[str, Value]:
        """Whether the screen is lit shows."""
        return self.facts()

    def describe(self, view: Mapping[str, Value]) -> str:
        """The desk, and whether its computer is on."""
        return f"{self.name} (screen {'on' if view[f'{self.name}.on'] else 'dark'})"
