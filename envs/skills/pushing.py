"""Pushing with the body, and doors: push, open, close."""

from __future__ import annotations

import math
from typing import Final

from envs.action import Action
from envs.devices.door import Door
from envs.devices.loose import Loose
from envs.robot import REACH_M
from envs.scene import Scene
from envs.site import Pose
from envs.skills.driving import drive, pose_of, turn_to
from envs.skills.handling import fold, move_arm, sweep
from envs.skills.outcome import SkillFailedError, Steps
from envs.world import TICK_S

OPEN_ENOUGH_RAD: Final = 0.9


def push(scene: Scene, action: Action) -> Steps:
    """Push a thing: a door shut, a lever over, a loose thing half a metre along."""
    device = scene.devices[action.target]
    if isinstance(device, Door):
        return (yield from close(scene, action))
    if not isinstance(device, Loose):
        return (yield from _work(scene, action))
    robot, body = scene.robot, device.body
    if robot.held is body:
        raise SkillFailedError(f"you hold the {action.target}")
    before = body.position
    yield from drive(scene, pose_of(scene, action.target))
    x, y = robot.point
    yaw = math.atan2(before[1] - y, before[0] - x)
    yield from turn_to(scene, yaw)
    goal = (x + 0.9 * math.cos(yaw), y + 0.9 * math.sin(yaw))
    for _ in range(round(3.0 / TICK_S)):
        robot.drive_towards(goal, yaw, speed=0.4)
        yield
    robot.brake()
    went = math.dist(before[:2], body.position[:2])
    if went < 0.05:
        raise SkillFailedError(f"the {action.target} did not move")
    return f"the {action.target} moved {went:.1f} m"


def _work(scene: Scene, action: Action) -> Steps:
    """Work a part with a sideways movement of the hand."""
    device = scene.devices[action.target]
    stroke = device.stroke(action.skill)
    if stroke is None:
        raise SkillFailedError(f"there is nothing to {action.skill} on the {action.target} as it stands")
    return (yield from sweep(scene, action, stroke, device.stand.yaw))


def close(scene: Scene, action: Action) -> Steps:
    """Push a door shut from behind its leaf, or work a part the other way."""
    door = scene.devices[action.target]
    if not isinstance(door, Door):
        return (yield from _work(scene, action))
    if door.is_latched:
        return f"the {action.target} is shut already"
    robot = scene.robot
    angle = door.angle

    def behind(along_m: float, at: float, off_m: float) -> Pose:
        x, y = door.leaf(along_m, at, off_m)
        foot = door.leaf(along_m, at, 0.0)
        return Pose(x, y, math.atan2(foot[1] - y, foot[0] - x))

    yield from drive(scene, behind(0.62, angle, 0.62))
    for _ in range(round(9.0 / TICK_S)):
        angle = max(angle - 0.35 * TICK_S, -0.1)
        pose = behind(0.6, max(angle, -0.05), 0.25)
        robot.drive_towards(pose.point, pose.yaw, speed=0.6)
        yield
        if door.is_latched:
            break
    robot.brake()
    if not door.is_latched:
        raise SkillFailedError(f"the {action.target} did not close")
    pose = behind(0.6, 0.0, 0.8)
    robot.drive_towards(pose.point, pose.yaw)
    for _ in range(round(1.5 / TICK_S)):
        robot.drive_towards(pose.point, pose.yaw)
        yield
    robot.brake()
    return f"the {action.target} is shut"


def open_(scene: Scene, action: Action) -> Steps:
    """Work a door's handle, then step back while the spring swings it open; or work a part."""
    door = scene.devices[action.target]
    if not isinstance(door, Door):
        return (yield from _work(scene, action))
    if not door.is_latched:
        return f"the {action.target} is open already"
    robot = scene.robot
    yield from drive(scene, door.stand)
    yield from move_arm(scene, 1.0, 0.0, 2.0)
    robot.reach(1.0, REACH_M)
    for _ in range(round(2.0 / TICK_S)):
        yield
        if scene.world.is_touching(robot.body, door.body):
            break
    else:
        raise SkillFailedError(f"the hand did not reach the {action.target}")
    if door.is_locked:
        raise SkillFailedError(f"the {action.target} is locked")
    door.note_handler(scene.agents[robot.name])
    door.unlatch()
    yield from fold(scene)
    x, y = robot.point
    back = (x - 0.7 * math.cos(robot.yaw), y - 0.7 * math.sin(robot.yaw))
    for _ in range(round(3.0 / TICK_S)):
        robot.drive_towards(back, robot.yaw)
        yield
    robot.brake()
    if door.angle < OPEN_ENOUGH_RAD:
        raise SkillFailedError(f"the {action.target} did not open")
    return f"the {action.target} is open"
