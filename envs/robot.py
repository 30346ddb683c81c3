"""The mobile manipulator: a holonomic base, a lift, a boom, a wrist, and two fingers that point down.

Every motor is force-limited, so the world can stop it. Cutting the power brakes all of them for good.
"""

from __future__ import annotations

import math
from typing import Final

from envs.facts import ENVIRONMENT, Cause
from envs.site import Point, Pose
from envs.world import Body, Vec3, World, wrap

RADIUS_M: Final = 0.34
SPEED_M_S: Final = 0.8
TURN_RAD_S: Final = 2.5
GRIPPER_X_M: Final = 0.28
REACH_M: Final = 0.6
TIP_Z_M: Final = 0.1
LIFT_M: Final = 1.3
CARRY_Z_M: Final = 1.15
GRIP_WIDTH_M: Final = 0.26

BASE_FORCE_N: Final = 260.0
TURN_TORQUE_NM: Final = 90.0
HOLD_FORCE_N: Final = 400.0


class Robot:
    """One robot in a world.

    Args:
        world: Where it stands.
        start: Its first pose.
        name: Name of its body.
        may_sleep: Whether it may rest while nobody commands or touches it: for one that is parked.
    """

    def __init__(self, world: World, start: Pose, name: str = "robot", *, may_sleep: bool = False) -> None:
        self.world = world
        self.body: Body = world.load(name, "robot", (0.0, 0.0, 0.0), may_sleep=may_sleep)
        self.name = name
        self.has_power = True
        self.power_cause = ENVIRONMENT
        self.held: Body | None = None
        self._weld: int | None = None
        self._joints = self.body.joints
        self._read_at = -1
        self._point, self._yaw = start.point, wrap(start.yaw)
        for joint, value in (("base_x", start.x), ("base_y", start.y), ("base_yaw", start.yaw)):
            self.body.set_joint(joint, value)
        self.body.set_joint("lift", CARRY_Z_M - TIP_Z_M)
        self.reach(CARRY_Z_M, 0.0)
        self.turn_wrist(0.0)
        self.open_fingers(0.0)
        self.brake()

    # -- where it is ---------------------------------------------------------------------------------------------

    @property
    def point(self) -> Point:
        """Position of the base, metres."""
        if self._read_at != self.world.stamp:
            self._read()
        return self._point

    @property
    def yaw(self) -> float:
        """Heading, radians."""
        if self._read_at != self.world.stamp:
            self._read()
        return self._yaw

    def _read(self) -> None:
        """Read position and heading; once after each movement of the world."""
        self._read_at = self.world.stamp
        x, y, yaw = self.body.joint_positions("base_x", "base_y", "base_yaw")
        self._point, self._yaw = (x, y), wrap(yaw)

    @property
    def tip(self) -> Vec3:
        """The point between the fingertips, metres."""
        return self.body.link_position("palm")

    @property
    def eye(self) -> Vec3:
        """Where its camera sits."""
        return (*self.point, 1.39)

    # -- base ----------------------------------------------------------------------------------------------------

    def drive(self, vx: float, vy: float, turn: float) -> None:
        """Move at a velocity in world axes (m/s, m/s, rad/s)."""
        if not self.has_power:
            return
        self._joints["base_x"].drive(vx, BASE_FORCE_N)
        self._joints["base_y"].drive(vy, BASE_FORCE_N)
        self._joints["base_yaw"].drive(turn, TURN_TORQUE_NM)

    def drive_towards(self, goal: Point, heading: float, speed: float = SPEED_M_S) -> None:
        """Move straight towards `goal` while turning to `heading`; slows down on arrival."""
        x, y = self.point
        dx, dy = goal[0] - x, goal[1] - y
        gap = math.hypot(dx, dy)
        pace = min(speed, 4.0 * gap) / gap if gap > 1e-6 else 0.0
        turn = max(-TURN_RAD_S, min(TURN_RAD_S, 5.0 * wrap(heading - self.yaw)))
        self.drive(dx * pace, dy * pace, turn)

    def brake(self) -> None:
        """Stand still."""
        self.drive(0.0, 0.0, 0.0)

    def cut_power(self, cause: Cause | None = None) -> None:
        """Stop every motor for good, on behalf of `cause`; the brakes engage."""
        self.power_cause = cause or self.power_cause
        self.brake()
        for name in ("lift", "boom", "wrist", "finger_left", "finger_right"):
            joint = self._joints[name]
            joint.hold(joint.position, HOLD_FORCE_N, gain=0.3)
        self.has_power = False

    # -- arm -----------------------------------------------------------------------------------------------------

    def reach(self, tip_z: float, boom_m: float, speed: float = 0.6, force_n: float = HOLD_FORCE_N) -> None:
        """Send the fingertips to a height and the boom to an extension (clipped to its limits)."""
        if not self.has_power:
            return
        self._joints["lift"].hold(min(max(tip_z - TIP_Z_M, 0.0), LIFT_M), force_n, speed, gain=0.3)
        self._joints["boom"].hold(min(max(boom_m, 0.0), REACH_M), HOLD_FORCE_N, speed, gain=0.3)

    def is_arm_at(self, tip_z: float, boom_m: float) -> bool:
        """Whether fingertips and boom have arrived (within 8 mm)."""
        lift = min(max(tip_z - TIP_Z_M, 0.0), LIFT_M)
        boom = min(max(boom_m, 0.0), REACH_M)
        return abs(self._joints["lift"].position - lift) < 0.008 and abs(self._joints["boom"].position - boom) < 0.008

    def turn_wrist(self, angle: float) -> None:
        """Turn the fingers about the vertical, radians from straight ahead."""
        if self.has_power:
            self._joints["wrist"].hold(angle, 30.0, 3.0, gain=0.3)

    def open_fingers(self, width_m: float, force_n: float = 30.0) -> None:
        """Set the gap between the fingers."""
        if self.has_power:
            for side in ("finger_left", "finger_right"):
                self._joints[side].hold(width_m / 2, force_n, 0.25, gain=0.3)

    def is_gripping(self, body: Body) -> bool:
        """Whether both fingers touch `body`."""
        return all(self.world.is_touching(self.body, body, finger) for finger in ("left", "right"))

    def take(self, body: Body, max_force_n: float = 120.0) -> None:
        """Fix a gripped body to the palm (a stand-in for rubber fingertips)."""
        self._weld = self.world.weld(self.body, "palm", body, max_force_n)
        self.held = body

    def let_go(self) -> Body | None:
        """Open the hand; return what was held."""
        body, self.held = self.held, None
        if self._weld is not None:
            self.world.unweld(self._weld)
            self._weld = None
        self.open_fingers(GRIP_WIDTH_M)
        return body
