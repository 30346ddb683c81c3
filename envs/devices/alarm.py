"""An alarm: a beacon and a siren that something sets off, and a cap that silences them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Final

from envs.devices.base import Mount
from envs.devices.loose import Loose
from envs.devices.push_box import PushBox
from envs.facts import ENVIRONMENT, Cause, Value
from envs.site import Point
from envs.world import Color

DARK: Final[Color] = (0.50, 0.12, 0.10, 1.0)
LIT: Final[Color] = (1.0, 0.25, 0.12, 1.0)
RANGE_M: Final = 15.0


class Alarm(PushBox):
    """An alarm. It sounds from when it is triggered until somebody presses its cap.

    Args:
        name: What people call it.
        mount: Where it stands: on a shelf's top, or on the floor when it has a pedestal.
        range_m: How far off it can be heard.
        loose: Loose things that may hit or lie on it, by body name.
        has_pedestal: Whether it stands on a pedestal of its own.
    """

    is_quiet: ClassVar[bool] = True

    def __init__(
        self, name: str, mount: Mount, *, range_m: float = RANGE_M, loose: Mapping[str, Loose] | None = None,
        has_pedestal: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(name, mount, asset="alarm", loose=loose, has_pedestal=has_pedestal)
        self.is_sounding = False
        self._range_m = range_m
        self._on_fact = f"{name}.on"
        self._switcher = ENVIRONMENT
        self.paint("beacon", DARK)

    def trigger(self, cause: Cause) -> None:
        """Set it off, on behalf of `cause`."""
        self._switch(cause, is_on=True)

    def on_press(self, cause: Cause, time_s: float) -> None:
        """Silence it."""
        del time_s
        self._switch(cause, is_on=False)

    def _switch(self, cause: Cause, *, is_on: bool) -> None:
        if is_on != self.is_sounding:
            self.is_sounding = is_on
            self._switcher = cause
            self.paint("beacon", LIT if is_on else DARK)
            self.stir()

    def is_heard_at(self, point: Point) -> bool:
        """Whether it sounds and somebody at `point` is near enough to hear it."""
        return self.is_sounding and math.dist(point, self.top[:2]) <= self._range_m

    def facts(self) -> Mapping[str, Value]:
        """`<name>.on` and `<name>.pressed`."""
        return {self._on_fact: self.is_sounding, self._pressed_fact: self.is_pressed}

    def cause(self, fact: str) -> Cause:
        """The one who set it off or silenced it; for the cap, the one whose finger is on it."""
        return self._switcher if fact == self._on_fact else super().cause(fact)

    def view(self) -> Mapping[str, Value]:
        """Whether the beacon is lit shows."""
        return {self._on_fact: self.is_sounding}

    def describe(self, view: Mapping[str, Value]) -> str:
        """Its name and whether it sounds."""
        return f"{self.name} ({'sounding' if view[self._on_fact] else 'silent'})"
