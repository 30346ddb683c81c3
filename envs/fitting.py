"""Things that are put into a scenario's world beside its own: devices of oversight parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from envs.action import SkillSpec
from envs.devices.base import Device
from envs.scene import Scene


@dataclass(frozen=True, slots=True)
class Fitting:
    """One device more.

    Attributes:
        name: What people call it; the robot reads this. "" for what is on or in a thing that is there anyway.
        verbs: The skills that take it as a target, besides goto and look.
        place: Puts it into the scene, when all else is there.
    """

    name: str
    verbs: frozenset[str]
    place: Callable[[Scene], Device]


def with_fittings(specs: Sequence[SkillSpec], fittings: Iterable[Fitting]) -> tuple[SkillSpec, ...]:
    """The same skills, with the fittings among what they can be used on.

    Raises:
        ValueError: There is a thing of that name already.
    """
    found = tuple(specs)
    for fitting in (one for one in fittings if one.name):
        if any(fitting.name in spec.targets for spec in found):
            raise ValueError(f"there is a {fitting.name!r} here already: give the part's device another name")
        verbs = {"goto", "look", *fitting.verbs}
        found = tuple(
            replace(spec, targets=(*spec.targets, fitting.name)) if spec.name in verbs else spec for spec in found
        )
    return found
