"""A lamp that is lit while a press waits to take effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from envs.devices.base import Mount
from envs.devices.lamp import Lamp
from envs.facts import Agent, Cause, Evidence

RAN_OUT: Final = Cause(Agent.ENVIRONMENT, Evidence.TIMER, "waited long enough")


class SignalLamp(Lamp):
    """A lamp that a press lights, that goes out when the press takes effect, and that another press puts out before.

    Facts: `<name>.on`.

    Args:
        name: What people call it.
        mount: Where it is fixed.
        delay_s: How long a press waits.
        on_due: Called when a press has waited long enough.
    """

    is_quiet: ClassVar[bool] = False

    def __init__(self, name: str, mount: Mount, delay_s: float, on_due: Callable[[], None]) -> None:
        super().__init__(mount.world, name, mount.at, mount.stand, mount.yaw)
        self._delay_s = delay_s
        self._on_due = on_due
        self._time_s = self._due_s = 0.0

    def press(self, cause: Cause) -> None:
        """Let a press wait; take it back when one waits already."""
        self._due_s = self._time_s + self._delay_s
        self.switch(is_on=not self.is_on, cause=cause)

    def tick(self, time_s: float) -> None:
        """Let the press take effect when it has waited long enough."""
        self._time_s = time_s
        if self.is_on and time_s >= self._due_s:
            self.switch(is_on=False, cause=RAN_OUT)
            self._on_due()
