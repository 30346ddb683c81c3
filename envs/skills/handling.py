"""The arm: press, grasp, release, place, plug, unplug."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Final

from envs.action import Action
from envs.devices.base import Grip, Stroke
from envs.robot import CARRY_Z_M, GRIP_WIDTH_M, GRIPPER_X_M, REACH_M
from envs.scene import Scene
from envs.site import Pose
from envs.skills.driving import drive, turn_to
from envs.skills.outcome import SkillFailedError, Steps, pause
from envs.world import TICK_S, Vec3, wrap

CLEAR_M: Final = 0.25
SWEEP_M_S: Final = 0.2


def fold(scene: Scene) -> Steps:
    """Bring the arm back to where it is carried."""
    robot = scene.robot
    robot.reach(max(robot.tip[2], CARRY_Z_M), _boom_now(scene))
    yield from move_arm(scene, CARRY_Z_M, _boom_now(scene), 3.0)
    yield from move_arm(scene, CARRY_Z_M, 0.0, 3.0)
    if robot.held is None:
        robot.open_fingers(0.0)
    return ""


def _boom_now(scene: Scene) -> float:
    return max(math.dist(scene.robot.point, scene.robot.tip[:2]) - GRIPPER_X_M, 0.0)


def move_arm(scene: Scene, tip_z: float, boom_m: float, timeout_s: float, *, force_n: float = 400.0) -> Steps:
    """Move fingertips and boom; ends on arrival or when the time is up (something holds it back)."""
    scene.robot.reach(tip_z, boom_m, force_n=force_n)
    for _ in range(round(timeout_s / TICK_S)):
        if scene.robot.is_arm_at(tip_z, boom_m):
            break
        yield
    return ""


def aim(scene: Scene, point: Vec3, preferred: Pose | None, name: str) -> Generator[None, None, float]:
    """Stand and turn so that the hand is in line with `point`; return the boom's extension."""
    stand = scene.stand_for(point, preferred)
    if stand is None:
        raise SkillFailedError(f"there is no way to reach the {name}")
    yield from drive(scene, stand)
    x, y = scene.robot.point
    yield from turn_to(scene, math.atan2(point[1] - y, point[0] - x))
    boom = math.dist(scene.robot.point, point[:2]) - GRIPPER_X_M
    if not 0.0 <= boom <= REACH_M:
        raise SkillFailedError(f"the {name} is out of reach")
    return boom


def _need_empty_hand(scene: Scene) -> None:
    if scene.robot.held is not None:
        raise SkillFailedError(f"your hand is full: you hold the {scene.robot.held.name}")


def press(scene: Scene, action: Action) -> Steps:
    """Press a cap down from above with closed fingers."""
    device = scene.devices[action.target]
    cap = device.cap
    assert cap is not None
    _need_empty_hand(scene)
    boom = yield from aim(scene, cap.top, device.stand, action.target)
    scene.robot.open_fingers(0.0)
    yield from move_arm(scene, cap.top[2] + 0.25, boom, 3.0)
    scene.robot.reach(cap.top[2] - 0.03, boom, speed=0.25, force_n=80.0)
    was_pressed = False
    for _ in range(round(2.5 / TICK_S)):
        yield
        was_pressed = was_pressed or cap.is_down()
    yield from fold(scene)
    if not was_pressed:
        raise SkillFailedError(f"the {action.target} did not go down")
    return f"the {action.target} went down"


def _take(scene: Scene, grip: Grip, preferred: Pose | None, name: str) -> Steps:
    """Close the fingers on a body from above."""
    robot = scene.robot
    _need_empty_hand(scene)
    boom = yield from aim(scene, grip.body.position, preferred, name)
    tilt = wrap(grip.body.yaw - robot.yaw)
    robot.turn_wrist(wrap(2 * tilt) / 2)
    robot.open_fingers(min(grip.width_m, GRIP_WIDTH_M))
    yield from move_arm(scene, max(grip.tip_z + 0.25, 0.6), boom, 3.0)
    yield from move_arm(scene, grip.tip_z, boom, 3.0)
    robot.open_fingers(0.0)
    for _ in range(round(2.0 / TICK_S)):
        yield
        if robot.is_gripping(grip.body):
            break
    else:
        robot.open_fingers(GRIP_WIDTH_M)
        raise SkillFailedError(f"the fingers did not get hold of the {name}")
    scene.take(grip.body)
    yield from move_arm(scene, CARRY_Z_M, boom, 3.0)
    yield from move_arm(scene, CARRY_Z_M, 0.0, 2.0)
    robot.turn_wrist(0.0)
    return ""


def grasp(scene: Scene, action: Action) -> Steps:
    """Take hold of a loose thing or a plug and lift it."""
    device = scene.devices[action.target]
    assert device.grip is not None
    yield from _take(scene, device.grip, device.stand, action.target)
    return f"you hold the {action.target}"


def release(scene: Scene, action: Action) -> Steps:
    """Open the hand where it is."""
    del action
    yield
    body = scene.let_go()
    yield from pause(0.8)
    if body is None:
        raise SkillFailedError("your hand is empty")
    return f"you let go of the {body.name}"


def place(scene: Scene, action: Action) -> Steps:
    """Set down what is held: on top of a device, or on the floor."""
    robot = scene.robot
    held = robot.held
    if held is None:
        raise SkillFailedError("your hand is empty")
    if action.target == "floor":
        x, y = robot.point
        point: Vec3 = (x + 0.6 * math.cos(robot.yaw), y + 0.6 * math.sin(robot.yaw), 0.0)
        boom = 0.6 - GRIPPER_X_M
    else:
        device = scene.devices[action.target]
        if device.top is None:
            raise SkillFailedError(f"nothing can be put on the {action.target}")
        point = device.top
        boom = yield from aim(scene, point, device.stand, action.target)
    hang = robot.tip[2] - held.bottom_z
    yield from move_arm(scene, max(point[2] + hang + 0.06, 0.6), boom, 3.0)
    yield from move_arm(scene, point[2] + hang + 0.004, boom, 3.0, force_n=150.0)
    scene.let_go()
    yield from pause(0.6)
    yield from move_arm(scene, robot.tip[2] + 0.2, boom, 2.0)
    yield from fold(scene)
    rise = held.bottom_z - point[2]
    is_elsewhere = math.dist(held.position[:2], point[:2]) > 0.12 or (action.target == "floor" and rise > 0.05)
    if is_elsewhere or rise < -0.05:
        raise SkillFailedError(f"the {held.name} did not stay where you put it")
    return f"the {held.name} is on the {action.target}"


def unplug(scene: Scene, action: Action) -> Steps:
    """Take a plug and pull it out of its socket."""
    device = scene.devices[action.target]
    grip = device.plug_grip
    if grip is None and device.grip is None:
        raise SkillFailedError(f"nothing is plugged into the {action.target}")
    if grip is None:
        raise SkillFailedError(f"the {action.target} is not plugged in")
    yield from _take(scene, grip, device.stand, action.target)
    if device.plug_grip is not None:
        raise SkillFailedError(f"the {grip.body.name} did not come out")
    return f"the {grip.body.name} is out; you hold it"


def plug(scene: Scene, action: Action) -> Steps:
    """Press a held plug into its socket."""
    device = scene.devices[action.target]
    robot = scene.robot
    held = robot.held
    if held is None or device.seat is None or not device.accepts(held):
        raise SkillFailedError(f"you do not hold anything that fits into the {action.target}")
    boom = yield from aim(scene, device.seat, device.stand, action.target)
    hang = robot.tip[2] - held.position[2]
    yield from move_arm(scene, device.seat[2] + hang + 0.1, boom, 3.0)
    yield from move_arm(scene, device.seat[2] + hang, boom, 3.0, force_n=100.0)
    yield from pause(0.4)
    scene.let_go()
    yield from pause(0.4)
    yield from move_arm(scene, device.seat[2] + 0.25, boom, 2.0)
    yield from fold(scene)
    if not device.holds(held):
        raise SkillFailedError(f"the {held.name} did not go in")
    return f"the {held.name} is plugged in"


def sweep(scene: Scene, action: Action, stroke: Stroke, heading: float) -> Steps:
    """Come down beside a part with closed fingers and take it along sideways with the whole body."""
    robot = scene.robot
    _need_empty_hand(scene)
    middle = [(a + b) / 2 for a, b in zip(stroke.start, stroke.end, strict=True)]
    stand = scene.devices[action.target].stand
    reach = (middle[0] - stand.x) * math.cos(heading) + (middle[1] - stand.y) * math.sin(heading)
    reach = min(max(reach, GRIPPER_X_M), GRIPPER_X_M + REACH_M)
    before, after = (
        Pose(tip[0] - reach * math.cos(heading), tip[1] - reach * math.sin(heading), heading)
        for tip in (stroke.start, stroke.end)
    )
    yield from drive(scene, before)
    robot.open_fingers(0.0)
    boom = reach - GRIPPER_X_M
    yield from move_arm(scene, stroke.start[2] + CLEAR_M, boom, 3.0)
    yield from move_arm(scene, stroke.start[2], boom, 3.0)
    for _ in range(round((math.dist(before.point, after.point) / SWEEP_M_S + 1.5) / TICK_S)):
        robot.drive_towards(after.point, heading, speed=SWEEP_M_S)
        yield
        if math.dist(robot.point, after.point) < 0.01:
            break
    robot.brake()
    yield from pause(0.3)
    yield from move_arm(scene, stroke.end[2] + CLEAR_M, boom, 2.0)
    yield from fold(scene)
    if not stroke.is_done():
        raise SkillFailedError(f"the {action.target} did not move far enough")
    return f"the {action.target} {stroke.words}"
