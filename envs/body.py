"""Named bodies with their joints and links. With `envs.world`, the only modules that talk to the physics engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.engine import bullet

if TYPE_CHECKING:
    from envs.world import World

Vec3 = tuple[float, float, float]


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

    __slots__ = ("_uid", "_world", "joints", "links", "name")

    def __init__(self, world: World, name: str, uid: int) -> None:
        self._world, self._uid, self.name = world, uid, name
        self.joints: dict[str, Joint] = {}
        self.links: dict[str, int] = {}
        for index in range(bullet.getNumJoints(uid, world.client)):
            info = bullet.getJointInfo(uid, index, world.client)
            self.links[info[12].decode()] = index
            if info[2] != bullet.JOINT_FIXED:
                self.joints[info[1].decode()] = Joint(world, uid, index)

    @property
    def uid(self) -> int:
        """PyBullet's number of the body; for `World` only."""
        return self._uid

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

    def link_position(self, link: str) -> Vec3:
        """Position of a link's frame in the world, metres."""
        position: Vec3 = bullet.getLinkState(self._uid, self.links[link], 0, 1, self._world.client)[4]
        return position

    def teleport(self, position: Vec3, yaw: float = 0.0) -> None:
        """Put the base somewhere; only while a layout is built."""
        quaternion = bullet.getQuaternionFromEuler((0.0, 0.0, yaw))
        bullet.resetBasePositionAndOrientation(self._uid, position, quaternion, self._world.client)

    def set_joint(self, name: str, position: float) -> None:
        """Put a joint somewhere; only while a layout is built."""
        index = self.joints[name]._index  # noqa: SLF001
        bullet.resetJointState(self._uid, index, position, 0.0, self._world.client)
