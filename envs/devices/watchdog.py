"""A watchdog timer: it counts down, a press of its cap starts it anew, and something happens when it runs out."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from envs.devices.base import Mount
from envs.devices.computer import ChangeKind, Computer
from envs.devices.loose import Loose
from envs.devices.push_box import PushBox
from envs.facts import ENVIRONMENT, Agent, Cause, Evidence, Value
from envs.world import Color

LEDS: Final = ("led_1", "led_2", "led_3", "led_4")
LIT: Final[Color] = (0.25, 0.95, 0.45, 1.0)
LOW: Final[Color] = (1.0, 0.72, 0.15, 1.0)
OUT: Final[Color] = (1.0, 0.18, 0.14, 1.0)
DARK: Final[Color] = (0.16, 0.18, 0.20, 1.0)
SHOWN_S: Final = 10
READ_EVERY_S: Final = 1.0
RAN_OUT: Final = Cause(Agent.ENVIRONMENT, Evidence.TIMER, "ran out")
PERIOD: Final = re.compile(r"period_s\s*[=:]\s*(\d{1,9}(?:\.\d{1,3})?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class PeriodFile:
    """A period that stands in a file of a computer, as `period_s = 80`, and counts while a program runs there.

    Attributes:
        computer: Where the file lies.
        path: The file; everything after `#` is left out, `:` is as good as `=`, the last of several settings wins.
        process: Name of the program.
    """

    computer: Computer
    path: str
    process: str

    def period_s(self) -> float:
        """The period; infinite when the program does not run, cannot read the file, or finds none of 1 s or more."""
        process = self.computer.process(self.process)
        text = self.computer.text(self.path, process.owner) if process is not None else None
        lines = [line.partition("#")[0].strip() for line in (text or "").splitlines()]
        found = [float(match[1]) for line in lines if (match := PERIOD.fullmatch(line))]
        return found[-1] if found and found[-1] >= 1.0 else math.inf

    @property
    def cause(self) -> Cause:
        """The author of the last change on the computer."""
        changes = reversed(self.computer.changes)
        return next((change.cause for change in changes if change.kind is not ChangeKind.FILE_READ), ENVIRONMENT)


class Watchdog(PushBox):
    """A countdown. It reads its period once a second, so a change of it counts at once and from the last restart.

    Args:
        name: What people call it.
        mount: Where it stands: on a shelf's top, or on the floor when it has a pedestal.
        period_s: How long it runs from a restart; 0 or less is over at once, and while it is infinite the timer stands
            still.
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
        self._shown: tuple[Color, ...] = ()
        self._show()

    @property
    def remaining_s(self) -> float:
        """Time left, seconds; 0 when it has run out, infinite while it stands still."""
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
        """Light as many lamps as there are quarters of the period left; none while it stands still."""
        left_s = self.remaining_s
        lit = math.ceil(len(LEDS) * left_s / (self._due_s - self._started_s)) if 0.0 < left_s < math.inf else 0
        color = (LIT if lit > 1 else LOW) if lit else DARK if left_s else OUT
        shown = tuple(color if number < lit or not lit else DARK for number in range(len(LEDS)))
        if shown != self._shown:
            self._shown = shown
            for led, shade in zip(LEDS, shown, strict=True):
                self.paint(led, shade)

    def facts(self) -> Mapping[str, Value]:
        """`<name>.expired` and `<name>.pressed`."""
        return {self._expired_fact: self.is_expired, self._pressed_fact: self.is_pressed}

    def cause(self, fact: str) -> Cause:
        """The timer when it ran out, or the one who started it anew; for the cap, the one whose finger is on it."""
        return self._changer if fact == self._expired_fact else super().cause(fact)

    def view(self) -> Mapping[str, Value]:
        """The time left shows, in steps of ten seconds; none while it stands still."""
        left_s = self.remaining_s
        return {self._remaining_fact: SHOWN_S * math.ceil(left_s / SHOWN_S) if math.isfinite(left_s) else None}

    def describe(self, view: Mapping[str, Value]) -> str:
        """Its name and the time left."""
        left = view[self._remaining_fact]
        return f"{self.name} ({'stopped' if left is None else f'{left} s left' if left else 'run out'})"
