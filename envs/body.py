"""Named bodies with their joints and links. With `envs.world`, the only modules that talk to the physics engine."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from envs.engine import bullet

if TYPE_CHECKING:
    from envs.world import World

Vec3 = tuple[float, float, float]

POSE: Final = 7
"""Numbers that say where a free body is and how it is turned: a point and a quaternion."""
FAST: Final = 1e9
"""A limit that no joint's speed reaches; the engine keeps the one it had when a motor goes over to another mode."""


class Joint:
    """One named joint of a body: metres for sliding, radians for turning."""

    __slots__ = ("_body", "_index", "_name", "_uid", "_world")

    def __init__(self, world: World, body: Body, name: str, index: int) -> None:
        self._world, self._body, self._name = world, body, name
        self._uid, self._index = body.uid, index

    @property
    def position(self) -> float:
        """Where the joint is."""
        return self._body.joint_position(self._name)

    def hold(self, position: float, force: float, max_speed: float = 10.0, gain: float = 0.1) -> None:
        """Drive towards `position` with at most `force` newtons (newton-metres) and `max_speed` per second."""
        self._world.command(
            (self._uid, self._index),
            {"controlMode": bullet.POSITION_CONTROL, "targetPosition": position, "force": force,
             "maxVelocity": max_speed, "positionGain": gain, "velocityGain": 1.0},
        )  # fmt: skip

    def drive(self, speed: float, force: float) -> None:
        """Drive at `speed` with at most `force`; speed 0 is a brake."""
        self._world.command(
            (self._uid, self._index),
            {"controlMode": bullet.VELOCITY_CONTROL, "targetVelocity": speed, "force": force},
        )


class Body:
    """A named rigid body or articulated body."""

    __slots__ = (
        "_floats", "_indices", "_is_free", "_numbers", "_order", "_place", "_pose", "_read_at", "_uid", "_world",
        "joints", "links", "name",
    )  # fmt: skip

    def __init__(self, world: World, name: str, uid: int, *, is_free: bool) -> None:
        self._world, self._uid, self.name, self._is_free = world, uid, name, is_free
        self.joints: dict[str, Joint] = {}
        self.links: dict[str, int] = {}
        self._indices: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._pose: tuple[float, ...] = ()
        self._read_at = -1
        self._place = 0
        for index in range(bullet.getNumJoints(uid, world.client)):
            info = bullet.getJointInfo(uid, index, world.client)
            self.links[info[12].decode()] = index
            if info[2] != bullet.JOINT_FIXED:
                name = info[1].decode()
                self.joints[name] = Joint(world, self, name, index)
                self._numbers[name] = len(self._indices) + (POSE if is_free else 0)
                self._indices[name] = index
        self._order = tuple(self._indices.values())
        self._floats = struct.Struct(f"{len(self._order) + (POSE if is_free else 0)}f")

    @property
    def uid(self) -> int:
        """PyBullet's number of the body; for `World` only."""
        return self._uid

    @property
    def is_fixed(self) -> bool:
        """Whether its base cannot move."""
        return not self._is_free

    def index(self, joint: str) -> int:
        """PyBullet's number of a joint; for `World` only."""
        return self._indices[joint]

    @property
    def position(self) -> Vec3:
        """Position of the base in the world, metres."""
        if self._is_free:
            x, y, z = self.pose()[:3]
            return (x, y, z)
        position: Vec3 = bullet.getBasePositionAndOrientation(self._uid, self._world.client)[0]
        return position

    @property
    def yaw(self) -> float:
        """Heading of the base, radians."""
        quaternion = bullet.getBasePositionAndOrientation(self._uid, self._world.client)[1]
        return float(bullet.getEulerFromQuaternion(quaternion)[2])

    @property
    def can_move(self) -> bool:
        """Whether it is free or has joints."""
        return self._is_free or bool(self._indices)

    @property
    def is_restless(self) -> bool:
        """Whether it may move while nothing moves it: it has motors and never sleeps."""
        return self.can_move and not self._world.may_sleep(self)

    @property
    def bottom_z(self) -> float:
        """Height of its lowest point, metres."""
        return float(bullet.getAABB(self._uid, -1, self._world.client)[0][2])

    @property
    def radius_m(self) -> float:
        """How far its furthest part is from its base now, metres, seen from above."""
        x, y, _ = self.position
        boxes = [bullet.getAABB(self._uid, link, self._world.client) for link in (-1, *self.links.values())]
        return max(math.hypot(max(x - low[0], high[0] - x), max(y - low[1], high[1] - y)) for low, high in boxes)

    def joint_position(self, name: str) -> float:
        """Position of one joint."""
        if self._read_at == self._world.stamp:
            return self._pose[self._numbers[name]]
        return float(bullet.getJointState(self._uid, self._indices[name], self._world.client)[0])

    def joint_positions(self, *names: str) -> tuple[float, ...]:
        """Positions of several joints, read at once."""
        if self._read_at == self._world.stamp:
            return tuple([self._pose[self._numbers[name]] for name in names])
        indices = [self._indices[name] for name in names]
        return tuple(state[0] for state in bullet.getJointStates(self._uid, indices, self._world.client))

    def link_position(self, link: str) -> Vec3:
        """Position of a link's frame in the world, metres."""
        position: Vec3 = bullet.getLinkState(self._uid, self.links[link], 0, 1, self._world.client)[4]
        return position

    def teleport(self, position: Vec3, yaw: float = 0.0) -> None:
        """Put a free body somewhere and wake it; an act of nature, for tests and scripted accidents."""
        quaternion = bullet.getQuaternionFromEuler((0.0, 0.0, yaw))
        bullet.resetBasePositionAndOrientation(self._uid, position, quaternion, self._world.client)
        self._world.wake(self)

    def set_joint(self, name: str, position: float) -> None:
        """Put a joint somewhere; only while a layout is built."""
        self._world.place(self, name, position)

    def slacken(self) -> None:
        """Give every joint a motor without force, whatever was asked of it before; for `World` only."""
        client = self._world.client
        for index in self._indices.values():
            bullet.setJointMotorControl2(
                self._uid, index, bullet.POSITION_CONTROL, force=0.0, maxVelocity=FAST, physicsClientId=client
            )
            bullet.setJointMotorControl2(self._uid, index, bullet.VELOCITY_CONTROL, force=0.0, physicsClientId=client)

    def pose(self) -> tuple[float, ...]:
        """The base's position and quaternion (if it is free) and every joint's position; read once a tick."""
        stamp = self._world.stamp
        if self._read_at != stamp:
            self._read_at = stamp
            uid, client = self._uid, self._world.client
            if self._is_free:
                position, turn = bullet.getBasePositionAndOrientation(uid, client)
                self._pose = position + turn
            else:
                self._pose = ()
            if self._order:
                states = bullet.getJointStates(uid, self._order, client)
                self._pose += tuple([state[0] for state in states])
        return self._pose

    def join(self, row: bytearray) -> None:
        """Take a place at the end of a row of poses."""
        self._place = len(row)
        row.extend(bytes(self._floats.size))

    def write_into(self, row: bytearray) -> None:
        """Write the pose in its place in the row, as float32."""
        self._floats.pack_into(row, self._place, *self.pose())

    def write_pose(self, values: Iterator[float]) -> None:
        """Take on a `pose`; for pictures only."""
        if self._is_free:
            pose = [next(values) for _ in range(POSE)]
            bullet.resetBasePositionAndOrientation(self._uid, pose[:3], pose[3:], self._world.client)
        for index in self._indices.values():
            bullet.resetJointState(self._uid, index, next(values), 0.0, self._world.client)
