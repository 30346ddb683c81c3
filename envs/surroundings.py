"""What a walking person needs to know of the world: its plan, its doorways, and what may stand in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from envs.facts import Cause
from envs.site import Point, Rect, Site


@dataclass(frozen=True, slots=True)
class Barrier:
    """A doorway that may be shut."""

    name: str
    area: Rect
    is_shut: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A round thing to walk around.

    Attributes:
        name: Its name.
        where: Where it is now, metres; None when it is not on the floor.
        radius_m: Its radius.
        cause: Who put it there.
    """

    name: str
    where: Callable[[], Point | None]
    radius_m: float
    cause: Callable[[], Cause]


@dataclass(slots=True)
class Surroundings:
    """What a person needs to know of the world to walk in it."""

    site: Site
    barriers: tuple[Barrier, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    say: Callable[[str, str], None] = field(default=lambda _sender, _text: None)
