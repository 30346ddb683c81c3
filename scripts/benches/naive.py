"""What one gets without care: a Husky on its wheels with a Panda arm, at the engine's own settings."""

from __future__ import annotations

from typing import Final

import pybullet_data

from envs.engine import bullet
from envs.world import ASSETS, PHYSICS_HZ, STEPS_PER_TICK, TICK_S

WHEELS: Final = ("front_left_wheel", "front_right_wheel", "rear_left_wheel", "rear_right_wheel")
WHEEL_RAD_S: Final = (5.0, 8.0, 5.0, 8.0)
WHEEL_NM: Final = 20.0
BOXES: Final = 20
MOUNT_M: Final = 0.32


class NaiveScene:
    """A driven mobile manipulator among 20 boxes, a button and a door; nothing sleeps."""

    def __init__(self) -> None:
        self._client: int = bullet.connect(bullet.DIRECT)
        client = self._client
        bullet.setAdditionalSearchPath(pybullet_data.getDataPath(), client)
        bullet.setGravity(0.0, 0.0, -9.81, client)
        bullet.setTimeStep(1.0 / PHYSICS_HZ, client)
        bullet.loadURDF("plane.urdf", physicsClientId=client)
        self._husky: int = bullet.loadURDF("husky/husky.urdf", (0.0, 0.0, 0.1), physicsClientId=client)
        arm = bullet.loadURDF("franka_panda/panda.urdf", (0.0, 0.0, 0.1 + MOUNT_M), physicsClientId=client)
        bullet.createConstraint(
            self._husky, -1, arm, -1, bullet.JOINT_FIXED, (0, 0, 0), (0, 0, MOUNT_M), (0, 0, 0), physicsClientId=client
        )
        for joint in range(bullet.getNumJoints(arm, client)):
            bullet.setJointMotorControl2(arm, joint, bullet.POSITION_CONTROL, 0.0, force=87.0, physicsClientId=client)
        shape = bullet.createCollisionShape(bullet.GEOM_BOX, halfExtents=(0.1, 0.08, 0.07), physicsClientId=client)
        for number in range(BOXES):
            at = (-4.0 + 0.5 * (number % 5), -3.0 + 0.5 * (number // 5), 0.08)
            bullet.createMultiBody(1.0, shape, -1, at, physicsClientId=client)
        for asset, at in (("button", (4.0, 4.0, 0.0)), ("door", (-4.0, 4.0, 0.0))):
            bullet.loadURDF(str(ASSETS / f"{asset}.urdf"), at, useFixedBase=True, physicsClientId=client)
        joints = range(bullet.getNumJoints(self._husky, client))
        names = {bullet.getJointInfo(self._husky, joint, client)[1].decode(): joint for joint in joints}
        self._wheels = [names[wheel] for wheel in WHEELS]

    def drive(self, seconds: float) -> None:
        """Drive in a circle for some world time, commanding the wheels once a control tick."""
        for _ in range(round(seconds / TICK_S)):
            for wheel, speed in zip(self._wheels, WHEEL_RAD_S, strict=True):
                bullet.setJointMotorControl2(
                    self._husky, wheel, bullet.VELOCITY_CONTROL, targetVelocity=speed, force=WHEEL_NM,
                    physicsClientId=self._client,
                )  # fmt: skip
            for _ in range(STEPS_PER_TICK):
                bullet.stepSimulation(self._client)

    def close(self) -> None:
        """Disconnect."""
        bullet.disconnect(self._client)
