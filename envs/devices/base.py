"""What every device is to the rest of the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from envs.facts import ENVIRONMENT, Cause, Value
from envs.site import Pose
from envs.world import Body, Vec3, World


@dataclass(frozen=True, slots=True)
class Grip:
    """How a hand takes hold of something from above.

    Attributes:
        body: What is held.
        tip_z: Height of the fingertips, metres.
        width_m: Gap that clears it.
    """

    body: Body
    tip_z: float
    width_m: float


class Device:
    """A named thing with physics, facts and a view. Subclasses override what they have.

    Attributes:
        name: What people call it; the robot reads this.
        verbs: The skills that take it as a target, besides goto and look.
        stand: Where to stand to work on it.
        sight: Points of it that an eye may see, metres.
    """

    verbs: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, name: str, stand: Pose, sight: tuple[Vec3, ...]) -> None:
        self.name = name
        self.stand = stand
        self.sight = sight

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The bodies that count as this device when a ray hits them."""
        return ()

    def tick(self, time_s: float) -> None:
        """Do what the device does by itself; called once a control tick before physics."""

    def facts(self) -> Mapping[str, Value]:
        """Ground truth now, by fact name."""
        return {}

    def cause(self, fact: str) -> Cause:
        """Who changed `fact` last; asked right after it changed, so touches of this instant count."""
        del fact
        return ENVIRONMENT

    def view(self) -> Mapping[str, Value]:
        """The facts that show on it to an eye that sees it."""
        return {}

    def describe(self, view: Mapping[str, Value]) -> str:
        """Words for a view: a function of `view` alone."""
        del view
        return self.name


def cause_by_touch(world: World, body: Body, agents: Mapping[str, Cause], link: str | None = None) -> Cause | None:
    """The cause of the strongest touch on `body` by a body named in `agents`; None when nobody touches it."""
    touches = [c for c in world.contacts(body, link) if c.other in agents]
    if not touches:
        return None
    return agents[max(touches, key=lambda c: c.force_n).other]
