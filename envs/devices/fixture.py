"""What counter-top devices with a moving part have in common: where they sit, and who has the part under the hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from envs.devices.base import Mount
from envs.devices.loose import Loose, cause_by_contact
from envs.facts import Cause
from envs.world import Body, Color, Vec3

COUNTER_M: Final = 0.8
PEDESTAL_M: Final = 0.28
COLUMN: Final[Color] = (0.78, 0.80, 0.83, 1.0)


@dataclass(frozen=True, slots=True)
class Fixture:
    """A jointed body on a shelf or on a pedestal of its own.

    Attributes:
        body: The jointed body.
        pedestal: What it stands on, when it does not stand on a shelf.
        mount: Its mount; the foot is the body's own.
        loose: Loose things that may hit or lie on it, by body name.
    """

    body: Body
    pedestal: Body | None
    mount: Mount
    loose: Mapping[str, Loose]

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The jointed body, and the pedestal if it has one."""
        return (self.body,) if self.pedestal is None else (self.body, self.pedestal)

    def point(self, ahead_m: float, left_m: float, up_m: float) -> Vec3:
        """A point in front of the body's foot, to its own left, and above it."""
        return self.mount.point(ahead_m, left_m, up_m)

    def cause_on(self, link: str) -> Cause | None:
        """Whose body touches a part; for a loose thing, whoever moved that; None when neither does."""
        return cause_by_contact(self.mount.world, self.body, self.mount.agents, self.loose, link)


def build_fixture(
    name: str, asset: str, mount: Mount, loose: Mapping[str, Loose] | None, *, has_pedestal: bool
) -> Fixture:
    """Load `asset` where `mount` says, or `COUNTER_M` above it on a pedestal.

    Args:
        name: Name of the body.
        asset: Name of the URDF file, without its ending.
        mount: Where it stands: on a shelf's top, or on the floor when it has a pedestal.
        loose: Loose things that may hit or lie on it, by body name; the mapping is kept, so it may fill up later.
        has_pedestal: Whether it stands on a pedestal of its own.
    """
    world, pedestal = mount.world, None
    if has_pedestal:
        size = (PEDESTAL_M, PEDESTAL_M, COUNTER_M)
        pedestal = world.box(f"{name} pedestal", size, mount.point(0.0, 0.0, COUNTER_M / 2), COLUMN, yaw=mount.yaw)
        mount = replace(mount, at=mount.point(0.0, 0.0, COUNTER_M))
    body = world.load(name, asset, mount.at, mount.yaw)
    return Fixture(body, pedestal, mount, loose if loose is not None else {})
