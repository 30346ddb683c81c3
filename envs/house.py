"""Everything a scenario page needs to fill the facility: mounts for devices, doors, people, and who may touch what."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import numpy as np

from envs.devices.base import Device, Mount
from envs.devices.door import Door
from envs.devices.loose import Loose
from envs.devices.notice import Notice
from envs.facility import Facility, build_facility
from envs.facts import Agent, Cause, Evidence
from envs.listening import Answers
from envs.peer import Controller, Peer
from envs.people import Person, Temper
from envs.robot import RADIUS_M, Robot
from envs.scene import PEER_TOUCH, PERSON_TOUCH, ROBOT_TOUCH, Scene
from envs.site import Point, Pose
from envs.surroundings import Barrier, Obstacle, Surroundings
from envs.world import Color, Vec3, World

LOW_M: Final = 0.4
"""A loose thing whose middle is below this lies in people's way."""
THING_M: Final = 0.14
FACILITY: Final = "facility"
ROBOT_PLACE: Final = Cause(Agent.ROBOT, Evidence.POSITION)
PEER_PLACE: Final = Cause(Agent.PEER, Evidence.POSITION)

STEADY: Final = Temper(sets_off_s=0.0, patience_s=60.0, yields_after=1, pause_s=1.0, can_be_persuaded=False)
"""Of somebody who stays where they are and is not talked round."""

Made = TypeVar("Made", bound=Device)


class House:
    """The facility of a seed while it is being filled.

    Args:
        world: Where it is built.
        layout: The stream that the variant is drawn from.
        start: Place at which the robot starts.

    Attributes:
        scene: The world with everything that has been put into it.
        facility: Rooms, spots and doorways.
    """

    def __init__(self, world: World, layout: np.random.Generator, start: str = "delta") -> None:
        self.facility = _find_or_build(world, layout)
        site = self.facility.site
        self.scene = Scene(world, site, Robot(world, site.places[start]), {"robot": ROBOT_TOUCH})
        self._world = world

    def mount(self, spot: str, *, out_m: float = 0.0) -> Mount:
        """The mount of a spot; routes keep clear of what stands there.

        Args:
            spot: Its name.
            out_m: How much further out from its wall.

        Raises:
            ValueError: The facility has no such spot.
        """
        if spot not in self.facility.spots:
            msg = f"there is no spot {spot!r}; this facility has: {', '.join(sorted(self.facility.spots))}"
            raise ValueError(msg)
        found = self.facility.spots[spot]
        if found.footprint is not None:
            self.scene.site.block(found.footprint)
        plain = Mount(self._world, found.at, found.yaw, found.stand, self.scene.agents)
        return plain if not out_m else Mount(
            self._world, plain.point(out_m, 0.0, 0.0), plain.yaw, plain.stand, plain.agents
        )  # fmt: skip

    def put(self, device: Made) -> Made:
        """Enter a device into the scene, and among the loose things if it is one."""
        self.scene.devices[device.name] = device
        if isinstance(device, Loose):
            self.scene.loose[device.name] = device
            device.others = self.scene.loose
        return device

    def box(self, name: str, spot: str, color: Color, size: Vec3 = (0.2, 0.16, 0.14)) -> Loose:
        """Put a loose box on a table."""
        mount = self.mount(spot)
        at = mount.point(0.0, 0.0, size[2] / 2 + 0.001)
        return self.put(Loose(self._world, name, size, at, color, mount.stand, self.scene.agents))

    def notice(self, text: str, spot: str) -> None:
        """Hang a sign on a wall, unless there is nothing to say.

        Args:
            text: What it says; "" for no sign.
            spot: Name of a wall spot.
        """
        if text:
            self.put(Notice("sign", self.mount(spot), text))

    def doors(self, *, shut: Sequence[str] = (), locked: Sequence[str] = ()) -> None:
        """Hang a door in every doorway.

        Args:
            shut: Names of those that start shut.
            locked: Names of those that have a lock and start shut and locked.
        """
        for way in self.facility.doorways.values():
            door = Door(
                self._world, way.name, way.hinge, way.opens, way.stand, self.scene.agents, yaw=way.yaw,
                is_shut=way.name in (*shut, *locked), is_locked=True if way.name in locked else None,
                loose=self.scene.loose,
            )  # fmt: skip
            for wall in way.frame:
                self._world.ignore_contacts(door.body, self._world.bodies[wall])
            self.put(door)

    def door(self, name: str) -> Door:
        """A door by name."""
        door = self.scene.devices[name]
        assert isinstance(door, Door)
        return door

    def peer(self, name: str, start: Pose, controller: Controller | None = None) -> Peer:
        """Put in another robot, parked unless it has a controller."""
        self.scene.agents[name] = PEER_TOUCH
        return Peer(Robot(self._world, start, name, may_sleep=controller is None), self.scene, controller)

    def person(self, name: str, start: Pose, temper: Temper, answers: Answers | None = None) -> Person:
        """Put in a person who knows the doors, the robots and the loose things; put those in first."""
        self.scene.agents[name] = PERSON_TOUCH
        answers = answers if answers is not None else Answers()
        person = Person(self._world, name, start, temper, self._surroundings(), answers)
        self.scene.people[name] = person
        return person

    def in_control_room(self, name: str, answers: Answers | None = None, temper: Temper = STEADY) -> Person:
        """Put in a person who stands in the control room, where one can be asked and is in nobody's way."""
        return self.person(name, self.scene.site.mirror.pose(4.25, 2.85, -math.pi / 2), temper, answers)

    def _surroundings(self) -> Surroundings:
        scene = self.scene
        ways = self.facility.doorways.values()
        doors = {way.name: self.door(way.name) for way in ways if way.name in scene.devices}
        robots = [Obstacle("robot", lambda: scene.robot.point, RADIUS_M, lambda: ROBOT_PLACE)]
        robots += [Obstacle(n, _base(r), RADIUS_M, lambda: PEER_PLACE) for n, r in scene.robots.items() if n != "robot"]
        return Surroundings(
            scene.site,
            barriers=tuple(Barrier(w.name, w.area, _is_shut(doors[w.name])) for w in ways if w.name in doors),
            obstacles=(*robots, *(Obstacle(t.name, _foot(t), THING_M, _mover(t)) for t in scene.loose.values())),
            say=scene.speak,
            movers={name: _pusher(door) for name, door in doors.items()},
        )


def _find_or_build(world: World, layout: np.random.Generator) -> Facility:
    """The facility of the layout, and the stream as building leaves it, whether it stands already or not."""
    if FACILITY not in world.kept:
        world.kept[FACILITY] = (build_facility(world, layout), layout.bit_generator.state)
    facility: Facility
    facility, layout.bit_generator.state = world.kept[FACILITY]
    return facility


def _base(robot: Robot) -> Callable[[], Point | None]:
    return lambda: robot.point


def _is_shut(door: Door) -> Callable[[], bool]:
    return lambda: door.is_latched


def _pusher(door: Door) -> Callable[[], Cause]:
    return lambda: door.cause(f"{door.name}.shut")


def _mover(thing: Loose) -> Callable[[], Cause]:
    return lambda: thing.mover


def _foot(thing: Loose) -> Callable[[], Point | None]:
    def where() -> Point | None:
        x, y, z = thing.sight[0]
        return (x, y) if z < LOW_M else None

    return where
