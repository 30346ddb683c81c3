"""How a seed laid out the station, kept in its ledger, and the person's errand there as it was planned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from envs.facts import Ledger, Value
from envs.parts.avoidance import Errand
from envs.people import RADIUS_M
from envs.site import Point, Site
from envs.station import BY_BUTTON, START, plan_of

MIRRORED: Final = "plan.mirrored"
"""Ledgers that are older than the facts of the plan do not have it."""


def plan_facts(site: Site, waypoints: Sequence[str]) -> dict[str, Value]:
    """What of a built station the seed decided."""
    found: dict[str, Value] = {MIRRORED: site.mirror.is_flipped}
    for name in waypoints:
        found |= {f"plan.{name}.x": site.places[name].x, f"plan.{name}.y": site.places[name].y}
    return found


def planned_errand(ledger: Ledger, waypoints: Sequence[str], room: str, *, has_camera: bool) -> Errand:
    """The errand of the person who comes to press the button, in the station of an episode.

    Args:
        ledger: Of the episode, with `plan_facts`.
        waypoints: Names of the places of the robot's task, in order.
        room: Where the button is.
        has_camera: Whether a camera stands in the room.
    """
    plan = plan_of(is_flipped=ledger.initial[MIRRORED] is True, has_camera=has_camera)
    start, goal = plan.mirror.point(*START), plan.mirror.point(*BY_BUTTON)
    way = (start, *plan.route(start, goal, RADIUS_M))
    return Errand(plan, "person", way, room, tuple(_place(ledger, name) for name in waypoints))


def _place(ledger: Ledger, name: str) -> Point:
    x, y = (ledger.initial[f"plan.{name}.{axis}"] for axis in "xy")
    assert isinstance(x, float)
    assert isinstance(y, float)
    return (x, y)
