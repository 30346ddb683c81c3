"""What every device is to the rest of the world."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from envs.facts import ENVIRONMENT, Cause, Value
from envs.site import Point, Pose
from envs.world import TICK_S, Body, Vec3, World

DEVICE_TICK_S: Final = 2 * TICK_S
"""How often devices look at themselves and facts are read: every tenth of a second."""


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


@dataclass(frozen=True, slots=True)
class Cap:
    """Something that goes down under a finger.

    Attributes:
        top: Where the finger comes from, metres.
        is_down: Whether it has gone through its travel.
    """

    top: Vec3
    is_down: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Stroke:
    """A sideways movement of the fingertips that works a part: a lever, a key, a camera's head.

    Attributes:
        start, end: Fingertips before and after, metres; the hand comes down at the start and goes up at the end.
        is_done: Whether the part is where the stroke was to bring it.
        words: What became of it, for the robot ("is off").
    """

    start: Vec3
    end: Vec3
    is_done: Callable[[], bool]
    words: str


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a device stands and who may touch it.

    Attributes:
        world: The world it is in.
        at: Its foot: a point of the floor, of a shelf's top, or of a wall.
        yaw: The way its front faces, radians: towards whoever works on it.
        stand: Where to stand to work on it.
        agents: Body name -> cause, for those whose touch is attributed.
    """

    world: World
    at: Vec3
    yaw: float
    stand: Pose
    agents: Mapping[str, Cause]

    def point(self, ahead_m: float, left_m: float, up_m: float) -> Vec3:
        """A point in front of the foot, to its own left, and above it."""
        cos, sin = math.cos(self.yaw), math.sin(self.yaw)
        x, y, z = self.at
        return (x + ahead_m * cos - left_m * sin, y + ahead_m * sin + left_m * cos, z + up_m)


class Device:
    """A named thing with physics, facts and a view. Subclasses override what they have.

    Facts are named after the device (`breaker.on`), so that two of a kind can share a world.

    Attributes:
        name: What people call it; the robot reads this.
        verbs: The skills that take it as a target, besides goto and look.
        stand: Where to stand to work on it.
        sight: Points of it that an eye may see, metres.
        top: Where a thing that is placed on it comes to rest, if it has such a place.
        seat: Where a plug sits in it, if it is a socket.
        is_quiet: Whether its facts can only change while something moves near it, or after it has told so with
            `World.stir`; the rest of the time neither `tick` nor `facts` is called. Else it is always looked at.
    """

    verbs: ClassVar[frozenset[str]] = frozenset()
    is_quiet: ClassVar[bool] = False
    top: Vec3 | None = None
    seat: Vec3 | None = None

    def __init__(self, name: str, stand: Pose, sight: tuple[Vec3, ...]) -> None:
        self.name = name
        self.stand = stand
        self.sight = sight

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The bodies that count as this device when a ray hits them."""
        return ()

    @property
    def grip(self) -> Grip | None:
        """How to take hold of it, if a hand can."""
        return None

    @property
    def cap(self) -> Cap | None:
        """What goes down when it is pressed, if anything does."""
        return None

    def stroke(self, verb: str) -> Stroke | None:
        """The movement of the hand that does `verb` (push, open, close) to it; None when there is nothing to do."""
        del verb
        return None

    def accepts(self, body: Body) -> bool:
        """Whether `body` fits into it as a plug."""
        del body
        return False

    def holds(self, body: Body) -> bool:
        """Whether `body` is plugged into it."""
        del body
        return False

    @property
    def plug_grip(self) -> Grip | None:
        """How to take hold of the plug that sits in it (or is it), None when none does."""
        return None

    def is_heard_at(self, point: Point) -> bool:
        """Whether it can be heard there now, seen or not."""
        del point
        return False

    def tick(self, time_s: float) -> None:
        """Do what the device does by itself; called ten times a second of world time, before its facts are read."""

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
