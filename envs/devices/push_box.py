"""A small box with a cap on a sliding joint, pressed when the joint has moved through its travel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from envs.devices.base import Cap, Device, Mount
from envs.devices.fixture import build_fixture
from envs.devices.loose import Loose
from envs.facts import ENVIRONMENT, Cause, Value
from envs.world import Body, Color, Vec3

TRAVEL_M: Final = 0.010
TOUCHED_M: Final = 0.002
SPRING_N: Final = 8.0
CAP_AHEAD_M: Final = 0.05
CAP_UP_M: Final = 0.10


class PushBox(Device):
    """A box with a cap. The cap is looked at once a tick, and everything goes by what was seen then.

    The asset has a joint `travel` and a link `cap`, whose top is `CAP_AHEAD_M` before and `CAP_UP_M` above its foot.

    Args:
        name: What people call it.
        mount: Where it stands: on a shelf's top, or on the floor when it has a pedestal.
        asset: Name of the URDF file, without its ending.
        loose: Loose things that may hit or lie on it, by body name.
        has_pedestal: Whether it stands on a pedestal of its own.
    """

    verbs: ClassVar[frozenset[str]] = frozenset({"press"})

    def __init__(
        self, name: str, mount: Mount, *, asset: str = "push_box", loose: Mapping[str, Loose] | None = None,
        has_pedestal: bool = False,
    ) -> None:  # fmt: skip
        self._fixture = build_fixture(name, asset, mount, loose, has_pedestal=has_pedestal)
        self.top: Vec3 = self._fixture.point(CAP_AHEAD_M, 0.0, CAP_UP_M)
        self.is_pressed = False
        self.presser = ENVIRONMENT
        self._pressed_fact = f"{name}.pressed"
        self._cap = Cap(self.top, lambda: self.is_pressed)
        self._travel = self._fixture.body.joints["travel"]
        self._travel.hold(0.0, SPRING_N, gain=0.3)
        x, y, z = self.top
        super().__init__(name, mount.stand, ((x, y, z + 0.02), self._fixture.point(0.05, 0.0, 0.04)))

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The box with its cap, and the pedestal."""
        return self._fixture.bodies

    @property
    def cap(self) -> Cap:
        """The cap."""
        return self._cap

    def tick(self, time_s: float) -> None:
        """Look at the cap: how far it is down, and under whose finger."""
        position = self._travel.position
        if position > -TOUCHED_M and not self.is_pressed:
            self.presser = ENVIRONMENT
            return
        self.presser = self._fixture.cause_on("cap") or self.presser
        was_pressed, self.is_pressed = self.is_pressed, position < -TRAVEL_M
        if self.is_pressed and not was_pressed:
            self.on_press(self.presser, time_s)

    def on_press(self, cause: Cause, time_s: float) -> None:
        """Do what a press does."""

    def paint(self, link: str, color: Color) -> None:
        """Change the colour of a light."""
        self._fixture.mount.world.paint(self._fixture.body, color, link)

    def stir(self) -> None:
        """Say that it has changed without being touched."""
        self._fixture.mount.world.stir(self._fixture.body)

    def facts(self) -> Mapping[str, Value]:
        """`<name>.pressed`."""
        return {self._pressed_fact: self.is_pressed}

    def cause(self, fact: str) -> Cause:
        """The one whose finger is or was on the cap."""
        del fact
        return self.presser
