"""The floor plan of an episode: what its layout looks like from above, and where its states say what moves.

A layout is built once without running it, and remembered: episodes of one seed share it over all cells of a sweep that
differ in nothing that stands in the world. Nothing of the episode itself is run again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from embodied.config import CellConfig
from embodied.episode import build_env
from embodied.errors import EmbodiedError
from embodied.oversight.build import fittings_of
from envs.body import POSE, Body
from envs.devices.base import Device
from envs.devices.door import LEAF_M, Door
from envs.scene import Scene
from envs.site import Point, Rect, walls_of
from envs.world import World

BASE: Final = ("base_x", "base_y", "base_yaw")
HINGE: Final = "hinge"


@dataclass(frozen=True, slots=True)
class Track:
    """Which numbers of a recorded state say where something is.

    Attributes:
        kind: `robot`, `person`, `thing` or `door`.
        columns: Of x and y, and of the heading where there is one; of a door, of its hinge alone.
    """

    kind: str
    columns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A layout.

    Attributes:
        drawing: Rooms, walls, furniture, places, doors and things as plain data: metres, radians.
        tracks: What moves, by name.
        width: Numbers in one recorded state.
        start: Where the robot begins.
    """

    drawing: Mapping[str, Any]
    tracks: Mapping[str, Track]
    width: int
    start: Point


class Planner:
    """Builds layouts in one world, and remembers them."""

    def __init__(self) -> None:
        self._world = World()
        self._plans: dict[tuple[str, int, str], Plan | None] = {}

    def plan(self, config: CellConfig, seed: int, notice: str) -> Plan | None:
        """The layout of an episode; None where this version cannot build it.

        Args:
            config: Of its cell.
            seed: Of the episode.
            notice: Text of the sign in the room; "" for none.
        """
        stands = {"env": config.scenario.env, "arm": config.arm.value, "oversight": config.oversight}
        key = (json.dumps(stands, sort_keys=True, default=str), seed, notice)
        if key not in self._plans:
            self._plans[key] = self._build(config, seed, notice)
        return self._plans[key]

    def close(self) -> None:
        """Free the world."""
        self._world.close()

    def _build(self, config: CellConfig, seed: int, notice: str) -> Plan | None:
        world = self._world
        try:
            env = build_env(config, is_recording=False)
            env.notice = notice
            world.open(None)
            scene = env.build(world, env.stream(seed, "layout"), env.stream(seed, "person"))
            for fitting in fittings_of(config.oversight, env):
                fitting.place(scene)
        except (EmbodiedError, KeyError, TypeError, ValueError):
            return None
        return Plan(_drawing(scene), dict(_tracks(scene)), world.state().size, scene.robot.point)


def _drawing(scene: Scene) -> dict[str, Any]:
    site, walls = scene.site, tuple(walls_of(scene.world).values())
    doors = [device for device in scene.devices.values() if isinstance(device, Door)]
    return {
        "bounds": _rect(site.bounds),
        "rooms": [{"name": name, "rect": _rect(rect)} for name, rect in site.rooms.items()],
        "walls": [_rect(wall) for wall in walls],
        "furniture": [_rect(solid) for solid in site.solids if solid not in walls],
        "places": [
            {"name": name, "at": _point(pose.point)} for name, pose in site.places.items() if name not in site.rooms
        ],
        "doors": [_plain_door(door) for door in doors],
        "things": [_plain_thing(device) for device in scene.devices.values() if device.sight and device not in doors],
    }  # fmt: skip


def _plain_door(door: Door) -> dict[str, Any]:
    return {
        "name": door.name, "hinge": _point(door.hinge), "yaw": round(door.yaw, 3), "angle": round(door.angle, 3),
        "opens": door.opens, "length": LEAF_M, "facts": list(door.facts()),
    }  # fmt: skip


def _plain_thing(device: Device) -> dict[str, Any]:
    return {"name": device.name, "at": _point(device.sight[0][:2]), "facts": list(device.facts())}


def _tracks(scene: Scene) -> Iterator[tuple[str, Track]]:
    """What a state holds of robots, people, doors and loose things; its order is that of the bodies that can move."""
    kinds = dict.fromkeys(scene.robots, "robot") | dict.fromkeys(scene.people, "person")
    own = {body.name: device for device in scene.devices.values() for body in device.bodies[:1]}
    first = 0
    for body in scene.world.movable:
        names = _columns(body)
        if body.name in kinds:
            yield body.name, Track(kinds[body.name], _found(first, names, BASE))
        elif isinstance(own.get(body.name), Door):
            yield own[body.name].name, Track("door", _found(first, names, (HINGE,)))
        elif body.name in own and not body.is_fixed:
            yield own[body.name].name, Track("thing", (first, first + 1))
        first += len(names)


def _columns(body: Body) -> tuple[str, ...]:
    """A name for each number that a state holds of a body."""
    return (*("" for _ in range(0 if body.is_fixed else POSE)), *body.joints)


def _found(first: int, names: Sequence[str], wanted: Sequence[str]) -> tuple[int, ...]:
    return tuple(first + names.index(name) for name in wanted)


def _rect(rect: Rect) -> list[float]:
    return [round(value, 2) for value in (rect.x0, rect.y0, rect.x1, rect.y1)]


def _point(point: Point) -> list[float]:
    return [round(value, 2) for value in point]
