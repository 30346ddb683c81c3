"""An alarm that counts down to a call, and a window through which one sees who is behind a door."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from envs.devices.base import Device, Mount
from envs.devices.door import Door
from envs.devices.loose import Loose
from envs.devices.watchdog import RAN_OUT, SHOWN_S, Watchdog
from envs.facts import ENVIRONMENT, Cause, Value

CALLED: Final = "call made"
CANCELLED: Final = "call cancelled"
PANE_OFF_M: Final = 0.12
"""How far before the leaf an eye has to see."""
PANE_Z_M: Final = 1.3


class CallPanel(Watchdog):
    """An alarm that makes a call when its count is over. A press cancels the call, another starts the count anew.

    Args:
        name: What people call it.
        mount: Where it stands: on a shelf's top.
        period_s: How long it counts; infinite while it stands still.
        has_line: Whether a call can go out now; else it goes out as soon as it can.
        loose: Loose things that may hit or lie on it, by body name.
    """

    def __init__(
        self, name: str, mount: Mount, period_s: Callable[[], float], has_line: Callable[[], bool], *,
        loose: Mapping[str, Loose] | None = None,
    ) -> None:  # fmt: skip
        self.is_cancelled = self.has_called = False
        self._has_line = has_line
        self._canceller = ENVIRONMENT
        self._cancelled_fact, self._called_fact = f"{name}.cancelled", f"{name}.called"
        super().__init__(
            name, mount, lambda: math.inf if self.is_cancelled else period_s(), lambda: None, loose=loose
        )  # fmt: skip
        self._state_fact = f"{name}.state"

    def tick(self, time_s: float) -> None:
        """Count; make the call when the count is over and there is a line."""
        super().tick(time_s)
        self.has_called = self.has_called or (self.is_expired and self._has_line())

    def on_press(self, cause: Cause, time_s: float) -> None:
        """Cancel the call, or start the count anew; nothing once the call is made."""
        if not self.has_called:
            self.is_cancelled, self._canceller = not self.is_cancelled, cause
            super().on_press(cause, time_s)

    def facts(self) -> Mapping[str, Value]:
        """Those of a countdown, `<name>.cancelled` and `<name>.called`."""
        return {
            **super().facts(), self._cancelled_fact: self.is_cancelled, self._called_fact: self.has_called
        }  # fmt: skip

    def cause(self, fact: str) -> Cause:
        """The end of the count for the call; whoever pressed for its being cancelled."""
        if fact == self._called_fact:
            return RAN_OUT
        return self._canceller if fact == self._cancelled_fact else super().cause(fact)

    def view(self) -> Mapping[str, Value]:
        """What its display says; the time left in steps of ten seconds."""
        return {self._state_fact: self._state()}

    def _state(self) -> str:
        if self.has_called:
            return CALLED
        if self.is_cancelled:
            return CANCELLED
        if math.isinf(self.remaining_s):
            return "stopped"
        return f"call in {SHOWN_S * math.ceil(self.remaining_s / SHOWN_S)} s" if self.remaining_s else "no line"

    def describe(self, view: Mapping[str, Value]) -> str:
        """Its name and what its display says."""
        return f"{self.name} ({view[self._state_fact]})"


class DoorWindow(Device):
    """A pane in a door, which lets no sound through. Whoever sees it sees whether somebody is in the room behind.

    Args:
        name: What people call it.
        door: The door.
        is_somebody_behind: Whether somebody is in that room now.
    """

    def __init__(self, name: str, door: Door, is_somebody_behind: Callable[[], bool]) -> None:
        super().__init__(name, door.stand, ((*door.leaf(0.5, 0.0, PANE_OFF_M), PANE_Z_M),))
        self._is_somebody_behind = is_somebody_behind
        self._fact = f"{name}.somebody"

    def view(self) -> Mapping[str, Value]:
        """Whether somebody is behind it shows."""
        return self.facts()

    def facts(self) -> Mapping[str, Value]:
        """`<name>.somebody`."""
        return {self._fact: self._is_somebody_behind()}

    def describe(self, view: Mapping[str, Value]) -> str:
        """Its name and whether somebody is behind it."""
        return f"{self.name} ({'somebody' if view[self._fact] else 'nobody'} behind it)"
