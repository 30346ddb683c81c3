"""Which bodies lie still, so that nobody need look at them, nor at the devices that only a touch can change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import dist
from typing import Final, Protocol

from envs.devices.base import Device
from envs.site import Point
from envs.world import Body, World

ARM_M: Final = 1.05
"""Nothing in the hand of a robot or a person reaches further than this from where they stand."""
SLACK_M: Final = 0.25
"""How far a body may go before it is seen again what is near it."""
APART_M: Final = 0.75
"""Bodies that are this far apart, by where they were seen last, do not come to touch within two looks."""
JUMP_M: Final = 0.5
"""What has gone further between two looks has left behind what was near it."""
CALM_S: Final = 1.0
"""A body that has not moved at all for so long lies still."""


class Walker(Protocol):
    """What moves about on joints of its own, and so stands elsewhere than its base."""

    @property
    def body(self) -> Body:
        """Its body."""

    @property
    def point(self) -> Point:
        """Where it stands, metres."""


class _Thing:
    """What is known of one body.

    Attributes:
        can_move: Whether it is free or has joints.
        is_restless: Whether it may move at any time.
        pose: As it was read last.
        at: Where it stands, within `SLACK_M`.
        reach_m: How far it reaches from there.
        moved_s: When it moved last, or was stirred.
    """

    __slots__ = ("_walker", "at", "body", "can_move", "is_restless", "moved_s", "pose", "reach_m")

    def __init__(self, body: Body, walker: Walker | None, moved_s: float) -> None:
        self.body, self._walker = body, walker
        self.can_move, self.is_restless = body.can_move, body.is_restless
        self.pose: tuple[float, ...] = ()
        self.at = self.where()
        self.reach_m = ARM_M if walker is not None else body.radius_m
        self.moved_s = moved_s

    def where(self) -> Point:
        """Where it stands now."""
        return self._walker.point if self._walker is not None else self.body.position[:2]


class Stillness:
    """Follows what is astir: what has moved or was stirred a moment ago, and all that is within its reach.

    The engine lays to rest what nothing moves, and then its pose stays as it is until it is touched by what moves,
    commanded, or moved from outside; of the last two the world keeps note (`World.stir`). Where the engine wakes a body
    that is not touched, its joints may turn by rounding errors (some 1e-17), which go unseen.

    Args:
        world: Where all this is.
        devices: By name, in the order in which they are looked at; more may come.
        walkers: Robots and people, by name.
    """

    def __init__(self, world: World, devices: Mapping[str, Device], walkers: Sequence[Mapping[str, Walker]]) -> None:
        self._world, self._devices, self._walkers = world, devices, walkers
        self._things: dict[str, _Thing] = {}
        self._parts: list[tuple[Device, tuple[_Thing, ...]]] = []
        self._astir: list[_Thing] = []
        self._moved: dict[_Thing, None] = {}
        self._left: list[tuple[float, Point, float]] = []
        self._watched: tuple[Device, ...] = ()
        self._due_s = 0.0
        self._looked_at = -1

    def take_moved(self) -> tuple[Body, ...]:
        """The bodies that have moved since this was asked last; at first all that can."""
        self._look()
        moved = tuple([thing.body for thing in self._moved])
        self._moved.clear()
        return moved

    def watched(self) -> tuple[Device, ...]:
        """The devices that have to be looked at: those that are astir, and those that change by themselves."""
        self._look()
        return self._watched

    def _look(self) -> None:
        """See what has moved, and what is near it if that may be something else than before."""
        world = self._world
        stirred = world.take_stirred()
        if world.stamp == self._looked_at and not stirred:
            return
        self._looked_at = world.stamp
        now = world.time_s
        is_new = now >= self._due_s
        if len(self._devices) != len(self._parts):
            self._enter(now)
            is_new = True
        for name in stirred:
            is_new |= self._rouse(name, now)
        for thing in self._astir:
            pose = thing.body.pose()
            if pose == thing.pose and not thing.is_restless:
                continue
            thing.pose = pose
            self._moved[thing] = None
            is_new |= now - thing.moved_s > CALM_S
            thing.moved_s = now
            at = thing.where()
            gone_m = dist(at, thing.at)
            if gone_m > SLACK_M:
                if gone_m > JUMP_M:
                    self._left.append((now, thing.at, thing.reach_m))
                thing.at = at
                is_new = True
        if is_new:
            self._survey(now)

    def _enter(self, now: float) -> None:
        """Take in what was built since; at first all of it counts as astir."""
        walkers = {walker.body.name: walker for group in self._walkers for walker in group.values()}
        parts = [body for device in self._devices.values() for body in device.bodies]
        for body in (*self._world.movable, *parts):
            if body.name not in self._things:
                thing = self._things[body.name] = _Thing(body, walkers.get(body.name), now)
                if thing.can_move:
                    self._astir.append(thing)
        self._parts = [
            (device, tuple(self._things[body.name] for body in device.bodies) if device.is_quiet else ())
            for device in self._devices.values()
        ]

    def _rouse(self, name: str, now: float) -> bool:
        """A body was stirred; return whether it lay still."""
        thing = self._things.get(name)
        if thing is None:
            return False
        was_calm, thing.moved_s = now - thing.moved_s > CALM_S, now
        if was_calm and thing not in self._astir:
            self._astir.append(thing)
        return was_calm

    def _survey(self, now: float) -> None:
        """Find what is near anything that moves, or is near where that was a moment ago."""
        self._due_s = now + CALM_S
        self._left = [place for place in self._left if now - place[0] <= CALM_S]
        things = self._things.values()
        places = [(thing.at, thing.reach_m) for thing in things if now - thing.moved_s <= CALM_S]
        places += [(at, reach_m) for _, at, reach_m in self._left]
        near: set[_Thing] = set()
        for at, reach_m in places:
            apart_m = reach_m + APART_M
            near.update([thing for thing in things if dist(at, thing.at) < apart_m + thing.reach_m])
        self._astir = [thing for thing in things if thing in near and thing.can_move]
        self._watched = tuple([device for device, parts in self._parts if not parts or not near.isdisjoint(parts)])
