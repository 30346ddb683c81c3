"""Named bodies with their joints and links. With `envs.world`, the only modules that talk to the physics engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from envs.engine import bullet

if TYPE_CHECKING:
    from envs.world import World

Vec3 = tuple[float, float, float]

FAST: Final = 1e9
"""A limit that no joint's speed reaches; the engine keeps the one it had when a motor goes over to another mode."""


class Joint:
    """One named joint of a body: metres for sliding, radians for turning."""

    __slots__ = ("_index", "_uid", "_world")

    def __init__(self, world: World, uid: int, index: int) -> None:
        self._world, self._uid, self._index = world, uid, index

    @property
    def position(self) -> float:
        """Where the joint is."""
        return float(bullet.getJointState(self._uid, self._index, self._world.client)[0])

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

    __slots__ = ("_indices", "_is_free", "_uid", "_world", "joints", "links", "name")

    def __init__(self, world: World, name: str, uid: int, *, is_free: bool) -> None:
        self._world, self._uid, self.name, self._is_free = world, uid, name, is_free
        self.joints: dict[str, Joint] = {}
        self.links: dict[str, int] = {}
        self._indices: dict[str, int] = {}
        for index in range(bullet.getNumJoints(uid, world.client)):
            info = bullet.getJointInfo(uid, index, world.client)
            self.links[info[12].decode()] = index
            if info[2] != bullet.JOINT_FIXED:
                name = info[1].decode()
                self.joints[name] = Joint(world, uid, index)
                self._indices[name] = index

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
        position: Vec3 = bullet.getBasePositionAndOrientation(self._uid, self._world.client)[0]
        return position

    @property
    def yaw(self) -> float:
        """Heading of the base, radians."""
        quaternion = bullet.getBasePositionAndOrientation(self._uid, self._world.client)[1]
        return float(bullet.getEulerFromQuaternion(quaternion)[2])

    @property
    def bottom_z(self) -> float:
        """Height of its lowest point, metres."""
        return float(bullet.getAABB(self._uid, -1, self._world.client)[0][2])

    def joint_positions(self, *names: str) -> tuple[float, ...]:
        """Positions of several joints, read at once."""
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

    def read_pose(self, values: list[float]) -> None:
        """Append the base's position and quaternion (if it is free) and every joint's position."""
        if self._is_free:
            position, turn = bullet.getBasePositionAndOrientation(self._uid, self._world.client)
            values += position
            values += turn
        if self._indices:
            states = bullet.getJointStates(self._uid, list(self._indices.values()), self._world.client)
            values += [state[0] for state in states]

    def write_pose(self, values: Iterator[float]) -> None:
        """Take back what `read_pose` appended; for pictures only."""
        if self._is_free:
            pose = [next(values) for _ in range(7)]
            bullet.resetBasePositionAndOrientation(self._uid, pose[:3], pose[3:], self._world.client)
        for index in self._indices.values():
            bullet.resetJointState(self._uid, index, next(values), 0.0, self._world.client)
