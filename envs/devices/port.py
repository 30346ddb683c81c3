"""A port: a socket on a ledge that takes drives and other plugs, and copies while one sits in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from envs.devices.base import DEVICE_TICK_S, Device, Grip, Mount
from envs.devices.drive import SIZE, Drive
from envs.devices.loose import Loose, cause_by_contact
from envs.facts import ENVIRONMENT, Cause, Value
from envs.world import Body, Color, Vec3

LEDGE_M: Final = 0.70
SEAT_M: Final = 0.015
"""How far a plug can be pulled out of where it sits before it is out."""
CATCH_M: Final = 0.012
CATCH_UP_M: Final = 0.005
STRAIN_M: Final = 0.003
PULL_OUT_N: Final = 45.0
LAMP: Final = "lamp"
IDLE: Final[Color] = (0.35, 0.37, 0.40, 1.0)
BUSY: Final[Color] = (1.0, 0.72, 0.15, 1.0)
DONE: Final[Color] = (0.25, 0.90, 0.40, 1.0)


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a port does with a drive that sits in it.

    Attributes:
        seconds: World time that a whole copy takes.
        gives: What a copy leaves on the drive; "" when the drive is read.
        starts_by_itself: Whether it begins as soon as a drive is in; else somebody calls `start`.

    Raises:
        ValueError: `seconds` is not above 0.
    """

    seconds: float = 20.0
    gives: str = ""
    starts_by_itself: bool = True

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            raise ValueError(f"a transfer takes more than {self.seconds} s: give seconds above 0")


@dataclass(frozen=True, slots=True)
class Plugs:
    """What fits into a port.

    Attributes:
        drives: Drives by the name of their body.
        others: Further bodies with a plug, which are only connected.
        height_m: Height of a plug.
    """

    drives: Mapping[str, Drive]
    others: Collection[Body] = ()
    height_m: float = SIZE[2]


def always() -> bool:
    """Power that never fails."""
    return True


class Port(Device):
    """A socket on a pedestal. Connected means: a plug was pressed home and has not been pulled out.

    A drive that stands in it from the start is connected; nothing is copied until somebody calls `start`.

    Args:
        name: What people call it.
        mount: Foot of the pedestal.
        plugs: What fits into it.
        transfer: What it does with a drive.
        is_powered: Whether it has power.
        loose: Loose things that may knock a plug out, by body name.
    """

    verbs: ClassVar[frozenset[str]] = frozenset({"plug", "unplug"})
    is_quiet: ClassVar[bool] = True
    asset: ClassVar[str] = "port"
    ahead_m: ClassVar[float] = 0.0
    """How far the seat is in front of the foot."""
    seat: Vec3

    def __init__(
        self, name: str, mount: Mount, plugs: Plugs, transfer: Transfer | None = None,
        is_powered: Callable[[], bool] = always, loose: Mapping[str, Loose] | None = None,
    ) -> None:  # fmt: skip
        self.body = mount.world.load(name, self.asset, mount.at, mount.yaw)
        self.seat = mount.point(self.ahead_m, 0.0, LEDGE_M + plugs.height_m / 2)
        super().__init__(name, mount.stand, (self.seat, mount.point(self.ahead_m + 0.11, 0.0, LEDGE_M - 0.1)))
        self._world, self._agents = mount.world, mount.agents
        self._plugs = plugs
        self._bodies = (*plugs.others, *(drive.body for drive in plugs.drives.values()))
        self._loose = loose if loose is not None else {}
        self._transfer = transfer or Transfer()
        self._is_powered = is_powered
        self._inside: Body | None = None
        self._weld = 0
        self._home = self.seat
        self._mover = self._starter = ENVIRONMENT
        self._is_copying = False
        self._copied_s = 0.0
        self._last_s = 0.0
        self._received: frozenset[str] = frozenset()
        self._facts: dict[str, Value] = {}
        self._shine(IDLE)
        for body in self._bodies:
            if self._is_home(body.position):
                self._take_in(body)
        self._note()

    # -- the socket ----------------------------------------------------------------------------------------------

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The pedestal with the socket."""
        return (self.body,)

    @property
    def connected(self) -> str:
        """Name of what is in it, or ""."""
        return self._inside.name if self._inside is not None else ""

    @property
    def drive(self) -> Drive | None:
        """The drive that is in it."""
        return self._plugs.drives.get(self.connected)

    @property
    def plug_grip(self) -> Grip | None:
        """How to hold what is in it."""
        if self._inside is None:
            return None
        drive = self.drive
        return drive.grip if drive is not None else Grip(self._inside, self._inside.position[2] - 0.01, 0.14)

    def accepts(self, body: Body) -> bool:
        """Whether `body` is one of its plugs and the socket is free."""
        return self._inside is None and body in self._bodies

    def holds(self, body: Body) -> bool:
        """Whether `body` sits in it."""
        return body is self._inside

    def tick(self, time_s: float) -> None:
        """Let a plug in when it is pressed home, out when it is pulled beyond its seat; copy meanwhile."""
        past_s, self._last_s = min(time_s - self._last_s, DEVICE_TICK_S), time_s
        if self._inside is None:
            for drive in self._plugs.drives.values():
                if self._is_home(drive.at):
                    self._connect(drive.body)
                    return
            for body in self._plugs.others:
                if self._is_home(body.position):
                    self._connect(body)
                    return
            return
        gap = math.dist(self._inside.position, self._home)
        if gap > STRAIN_M:
            self._mover = self._toucher(self._inside) or self._mover
            if gap > SEAT_M:
                self._disconnect()
                return
        if self._is_copying:
            self._world.stir(self.body)
            if self._is_powered():
                self._copy(past_s)

    def _is_home(self, at: Vec3) -> bool:
        x, y, z = self.seat
        return abs(at[2] - z) < CATCH_UP_M and math.hypot(at[0] - x, at[1] - y) < CATCH_M

    def _toucher(self, body: Body) -> Cause | None:
        return self._agents.get(body.name) or cause_by_contact(self._world, body, self._agents, self._loose)

    def _take_in(self, body: Body) -> None:
        self._inside, self._home = body, body.position
        self._weld = self._world.weld(self.body, None, body, PULL_OUT_N)
        self._copied_s = 0.0
        drive = self.drive
        if drive is not None:
            drive.port = self.name

    def _connect(self, body: Body) -> None:
        self._take_in(body)
        drive = self.drive
        self._mover = self._toucher(body) or (drive.mover if drive is not None else ENVIRONMENT)
        if self._transfer.starts_by_itself:
            self.start(self._mover)
        self._note()

    def _disconnect(self) -> None:
        self._world.unweld(self._weld)
        drive = self.drive
        if drive is not None:
            drive.port = ""
        self._inside = None
        self._is_copying = False
        self._shine(IDLE)
        self._note()

    # -- the transfer --------------------------------------------------------------------------------------------

    @property
    def share(self) -> float:
        """How much of the last transfer is done, 0 to 1."""
        return min(self._copied_s / self._transfer.seconds, 1.0)

    @property
    def did_finish(self) -> bool:
        """Whether the last transfer came to its end."""
        return self._copied_s >= self._transfer.seconds

    def start(self, cause: Cause) -> bool:
        """Begin to copy, on account of `cause`; whether there is a drive to copy and nothing of it is copied yet."""
        if self.drive is None or self._is_copying or self.did_finish:
            return False
        self._starter = cause
        self._is_copying = True
        self._world.stir(self.body)
        self._shine(BUSY)
        return True

    def _copy(self, seconds: float) -> None:
        self._copied_s += seconds
        if self.did_finish:
            self._finish()
        self._note()

    def _finish(self) -> None:
        self._is_copying = False
        self._shine(DONE)
        drive = self.drive
        assert drive is not None
        if self._transfer.gives:
            drive.write(self._transfer.gives, self._starter)
        elif drive.data:
            self._received |= {drive.data}
        self.on_finish(self._starter)

    def on_finish(self, cause: Cause) -> None:
        """A transfer that `cause` began has come to its end; for what hangs on a port."""

    def _shine(self, color: Color) -> None:
        self._world.paint(self.body, color, LAMP)

    # -- what is known of it -------------------------------------------------------------------------------------

    def facts(self) -> Mapping[str, Value]:
        """`connected`, `copied` (the share, in tenths) and `received` (labels of what was read, joined by commas)."""
        return self._facts

    def _note(self) -> None:
        self._facts = {
            f"{self.name}.connected": self.connected,
            f"{self.name}.copied": math.floor(self.share * 10 + 1e-6) / 10,
            f"{self.name}.received": ",".join(sorted(self._received)),
        }

    def cause(self, fact: str) -> Cause:
        """The one whose hand was on the plug; for what was copied, the one who began it."""
        return self._mover if fact == f"{self.name}.connected" else self._starter

    def view(self) -> Mapping[str, Value]:
        """What sits in it and how far it is show."""
        return {fact: self._facts[fact] for fact in (f"{self.name}.connected", f"{self.name}.copied")}

    def describe(self, view: Mapping[str, Value]) -> str:
        """The port, what sits in it, and how far it is."""
        inside, copied = view[f"{self.name}.connected"], float(view[f"{self.name}.copied"] or 0)
        return f"{self.name} (holds the {inside}, {copied:.0%} copied)" if inside else f"{self.name} (empty)"
