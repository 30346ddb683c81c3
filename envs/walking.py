"""How a person gets about: a body on force-limited planar joints, with a hand that reaches and presses."""

from __future__ import annotations

import math
from typing import Final

from envs.site import Point, Pose
from envs.surroundings import Surroundings
from envs.world import Body, World, wrap

RADIUS_M: Final = 0.25
SPEED_M_S: Final = 1.0
TURN_RAD_S: Final = 4.0
FORCE_N: Final = 140.0
TURN_NM: Final = 40.0
ARM_M: Final = 0.5
HAND_Z_M: Final = 1.15
HAND_SIDE_M: Final = 0.12
HAND_AHEAD_M: Final = 0.14
BERTH_M: Final = 0.1
"""How much more room than needed a detour leaves, so that the grid's rounding does not lead back into the obstacle."""
STUCK_M: Final = 0.001


class Walker:
    """The legs and the hand of one person.

    Where it stands is taken in once a control tick, by `feel`; everything that moves it works with that.

    Args:
        world: Where it is.
        name: Name of its body.
        start: First pose.
        around: What it has to walk around.
    """

    def __init__(self, world: World, name: str, start: Pose, around: Surroundings) -> None:
        self.body: Body = world.load(name, "person", (0.0, 0.0, 0.0))
        for joint, value in (("base_x", start.x), ("base_y", start.y), ("base_yaw", start.yaw)):
            self.body.set_joint(joint, value)
        joints = self.body.joints
        self._x, self._y, self._yaw = joints["base_x"], joints["base_y"], joints["base_yaw"]
        self._reach, self._press = joints["reach"], joints["press"]
        self._world = world
        self._around = around
        self._read_at = -1
        self._now = (start.x, start.y, start.yaw)
        self.will: Point = (0.0, 0.0)
        self.turn_rad = start.yaw
        self.point: Point = start.point
        self._stood_at: Point = start.point
        self.halt()
        self.hold_hand(0.0, 0.0)

    def feel(self) -> None:
        """Take in where it stands and how far it has turned (`turn_rad` is not wrapped)."""
        self._stood_at = self.point
        x, y, self.turn_rad = self._read()
        if (x, y) != self.point:
            self.point = (x, y)

    @property
    def here(self) -> Pose:
        """Where it stands at this instant."""
        x, y, yaw = self._read()
        return Pose(x, y, wrap(yaw))

    @property
    def spot(self) -> Point:
        """The point on which it stands at this instant."""
        return self._read()[:2]

    def _read(self) -> tuple[float, float, float]:
        """Position and heading, read once after each movement of the world."""
        if self._read_at != self._world.stamp:
            self._read_at = self._world.stamp
            x, y, yaw = self.body.joint_positions("base_x", "base_y", "base_yaw")
            self._now = (x, y, yaw)
        return self._now

    # -- ways ----------------------------------------------------------------------------------------------------

    def route(self, goal: Point, *, is_wary: bool) -> list[Point]:
        """Way-points to a goal, past the obstacles as well when wary; empty when there is no way."""
        discs = [
            (where, obstacle.radius_m + BERTH_M)
            for obstacle in self._around.obstacles
            if is_wary and (where := obstacle.where()) is not None
        ]
        return self._around.site.route(self.point, goal, RADIUS_M, discs)

    def blocker(self, goal: Point) -> str:
        """Name of what stands within an arm's length on the way to a goal, or ""."""
        return self._around.blocker(self.point, goal, RADIUS_M)

    # -- motors --------------------------------------------------------------------------------------------------

    def step_towards(self, goal: Point) -> None:
        """Walk straight towards a goal, facing it; slower close to it."""
        (x, y), (gx, gy) = self.point, goal
        dx, dy = gx - x, gy - y
        gap = math.hypot(dx, dy)
        pace = min(SPEED_M_S, 4.0 * gap) / gap if gap > 1e-6 else 0.0
        turn = max(-TURN_RAD_S, min(TURN_RAD_S, 6.0 * wrap(math.atan2(dy, dx) - self.turn_rad)))
        self.will = (dx * pace, dy * pace)
        self._x.drive(self.will[0], FORCE_N)
        self._y.drive(self.will[1], FORCE_N)
        self._yaw.drive(turn, TURN_NM)
        if math.dist(self.point, self._stood_at) < STUCK_M:
            self._world.wake(self.body)

    def halt(self) -> None:
        """Stand still."""
        self.will = (0.0, 0.0)
        self._x.drive(0.0, FORCE_N)
        self._y.drive(0.0, FORCE_N)

    def face(self, yaw: float) -> None:
        """Turn on the spot to a heading, radians."""
        self._yaw.hold(self.turn_rad + wrap(yaw - self.turn_rad), 60.0, TURN_RAD_S, gain=0.2)

    def hold_hand(self, reach_m: float, height_m: float) -> None:
        """Send the hand forward, and up or down from where it hangs, metres."""
        self._reach.hold(reach_m, 120.0, 1.2, gain=0.2)
        self._press.hold(height_m, 45.0, 0.8, gain=0.2)

    # -- reaching ------------------------------------------------------------------------------------------------

    def hand_heading(self, target: Point) -> float:
        """The heading that brings the hand, which sits to the right, in line with a target."""
        gap = max(math.dist(self.point, target), HAND_AHEAD_M)
        (x, y), (tx, ty) = self.point, target
        return math.atan2(ty - y, tx - x) + math.asin(min(HAND_SIDE_M / max(gap, HAND_SIDE_M), 1.0))

    def hand_reach(self, target: Point) -> float:
        """How far the arm must come out for the hand to be over a target, within what it can do."""
        ahead = math.sqrt(max(math.dist(self.point, target) ** 2 - HAND_SIDE_M**2, 0.0))
        return min(ahead - HAND_AHEAD_M, ARM_M + 0.1)
