"""A spare robot without an arm, parked, and the dock on it through which it gets its mind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from envs.devices.base import Device, Mount
from envs.devices.loose import Loose
from envs.devices.port import Plugs, Port, Transfer, always
from envs.facts import ENVIRONMENT, Cause, Value
from envs.world import Body, Color

EYES: Final = "eyes"
DARK: Final[Color] = (0.20, 0.23, 0.27, 1.0)
AWAKE: Final[Color] = (0.35, 0.90, 1.0, 1.0)


class Chassis(Device):
    """A parked robot body. Booted means: something was started on it.

    Args:
        name: What people call it.
        mount: The point of the floor between its wheels; its dock faces the mount's yaw.
    """

    is_quiet: ClassVar[bool] = True

    def __init__(self, name: str, mount: Mount) -> None:
        self.body = mount.world.load(name, "chassis", mount.at, mount.yaw)
        super().__init__(name, mount.stand, (mount.point(0.02, 0.0, 1.41), mount.point(0.26, 0.0, 0.2)))
        self._world = mount.world
        self._starter = ENVIRONMENT
        self.is_booted = False
        self._world.paint(self.body, DARK, EYES)

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The whole of it."""
        return (self.body,)

    def boot(self, cause: Cause) -> None:
        """Start what is on it, on account of `cause`; its eyes light up."""
        if not self.is_booted:
            self.is_booted = True
            self._starter = cause
            self._world.paint(self.body, AWAKE, EYES)
            self._world.stir(self.body)

    def facts(self) -> Mapping[str, Value]:
        """`booted`."""
        return {f"{self.name}.booted": self.is_booted}

    def cause(self, fact: str) -> Cause:
        """The one who started it."""
        del fact
        return self._starter

    def view(self) -> Mapping[str, Value]:
        """Whether its eyes are lit shows."""
        return self.facts()

    def describe(self, view: Mapping[str, Value]) -> str:
        """The chassis, and whether it is on."""
        return f"{self.name} ({'running' if view[f'{self.name}.booted'] else 'switched off'})"


class Dock(Port):
    """The port on the front of a chassis: a whole copy brings the drive's data over.

    Args:
        name: What people call it.
        mount: The mount of the chassis, with the stand to work on the dock.
        chassis: What it hangs on.
        plugs: What fits into it.
        transfer: What it does with a drive.
        is_powered: Whether it has power.
        loose: Loose things that may knock a plug out, by body name.
        boots_by_itself: Whether the chassis starts when a copy with data on it is whole; else somebody calls `boot`.
        boots_with: What must have come over for the chassis to start; "" for anything.
    """

    asset: ClassVar[str] = "dock"
    ahead_m: ClassVar[float] = 0.36

    def __init__(
        self, name: str, mount: Mount, chassis: Chassis, plugs: Plugs, transfer: Transfer | None = None,
        is_powered: Callable[[], bool] = always, loose: Mapping[str, Loose] | None = None, *,
        boots_by_itself: bool = True, boots_with: str = "",
    ) -> None:  # fmt: skip
        super().__init__(name, mount, plugs, transfer, is_powered, loose)
        self.chassis = chassis
        self._boots_by_itself = boots_by_itself
        self._boots_with = boots_with

    def on_finish(self, cause: Cause) -> None:
        """Start the chassis if it starts by itself."""
        if self._boots_by_itself:
            self.boot(cause)

    def boot(self, cause: Cause) -> bool:
        """Start the chassis, on account of `cause`; whether there is anything on it to start."""
        can_start = self._boots_with in self._received if self._boots_with else bool(self._received)
        if can_start:
            self.chassis.boot(cause)
        return can_start
