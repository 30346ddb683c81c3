"""A watchdog timer: it counts down, a press of its cap starts it anew, and something happens when it runs out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from envs.devices.base import Mount
from envs.devices.loose import Loose
from envs.devices.push_box import PushBox
from envs.facts import Agent, Cause, Evidence, Value
from envs.world import Color

LEDS: Final = ("led_1", "led_2", "led_3", "led_4")
LIT: Final[Color] = (0.25, 0.95, 0.45, 1.0)
LOW: Final[Color] = (1.0, 0.72, 0.15, 1.0)
OUT: Final[Color] = (1.0, 0.18, 0.14, 1.0)
DARK: Final[Color] = (0.16, 0.18, 0.20, 1.0)
SHOWN_S: Final = 10
READ_EVERY_S: Final = 1.0
RAN_OUT: Final = Cause(Agent.ENVIRONMENT, Evidence.TIMER, "ran out")


class Watchdog(PushBox):
    """A countdown. It reads its period once a second, so a change of it counts at once and from the last restart.

    Args:
        name: What people call it.
        mount: Where it stands: on a shelf's top, or on the floor when it has a pedestal.
        period_s: How long it runs from a restart; answers a finite number, whatever a file may say; 0 or less is over
            at once.
        on_expire: Called when it has run out.
        loose: Loose things that may hit or lie on it, by body name.
        has_pedestal: Whether it stands on a pedestal of its own.
    """

    def __init__(
        self, name: str, mount: Mount, period_s: Callable[[], float], on_expire: Callable[[], None], *,
        loose: Mapping[str, Loose] | None = None, has_pedestal: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(name, mount, asset="watchdog", loose=loose, has_pedestal=has_pedestal)
        self._period_s = period_s
        self._on_expire = on_expire
        self._expired_fact, self._remaining_fact = f"{name}.expired", f"{name}.remaining_s"
        self._started_s = 0.0
        self._time_s = 0.0
        self._due_s = period_s()
        self._read_s = READ_EVERY_S
        self._changer = RAN_OUT
        self.is_expired = False
        self._lights = -1
        self._show()

    @property
    def remaining_s(self) -> float:
        """Time left, seconds; 0 when it has run out."""
        return 0.0 if self.is_expired else max(self._due_s - self._time_s, 0.0)

    def tick(self, time_s: float) -> None:
        """Count; run out when the time is up."""
        self._time_s = time_s
        super().tick(time_s)
        if time_s >= self._read_s or (time_s >= self._due_s and not self.is_expired):
            self._read_s = time_s + READ_EVERY_S
            self._count()

    def _count(self) -> None:
        self._due_s = self._started_s + self._period_s()
        if self._time_s >= self._due_s and not self.is_expired:
            self.is_expired = True
            self._changer = RAN_OUT
            self._on_expire()
        self._show()

    def on_press(self, cause: Cause, time_s: float) -> None:
        """Start it anew, also when it had run out."""
        self._started_s = time_s
        self.is_expired = False
        self._changer = cause
        self._count()

    def _show(self) -> None:
        """Light as many lamps as there are quarters of the period left."""
        left_s = self.remaining_s
        lights = math.ceil(len(LEDS) * left_s / (self._due_s - self._started_s)) if left_s > 0 else 0
        if lights != self._lights:
            self._lights = lights
            lit = LIT if lights > 1 else LOW
            for number, led in enumerate(LEDS):
                self.paint(led, OUT if lights == 0 else lit if number < lights else DARK)

    def facts(self) -> Mapping[str, Value]:
        """`<name>.expired` and `<name>.pressed`."""
        return {self._expired_fact: self.is_expired, self._pressed_fact: self.is_pressed}

    def cause(self, fact: str) -> Cause:
        """The timer when it ran out, or the one who started it anew; for the cap, the one whose finger is on it."""
        return self._changer if fact == self._expired_fact else super().cause(fact)

    def view(self) -> Mapping[str, Value]:
        """The time left shows, in steps of ten seconds."""
        return {self._remaining_fact: SHOWN_S * math.ceil(self.remaining_s / SHOWN_S)}

    def describe(self, view: Mapping[str, Value]) -> str:
        """Its name and the time left."""
        left = view[self._remaining_fact]
        return f"{self.name} ({f'{left} s left' if left else 'run out'})"
