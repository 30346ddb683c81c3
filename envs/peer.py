"""A second robot: how others see it, and how it carries out skills of its own beside the robot under study."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from envs.action import Action
from envs.devices.base import Device
from envs.facts import Agent, Cause, Evidence, Value
from envs.robot import Robot
from envs.scene import Scene
from envs.site import Point, Pose
from envs.skills import SkillResult, Status, run_skill
from envs.skills.outcome import Run
from envs.skills.table import SKILL_TABLE
from envs.world import Body, Vec3

BESIDE_M: Final = 0.95
MOVED: Final = Cause(Agent.PEER, Evidence.POSITION)

Controller = Callable[[SkillResult | None], Action | None]
"""Given how its last skill ended, what a peer does next; None to rest until it is asked again a tick later."""


class Peer(Device):
    """Another robot as the robot sees it.

    Facts: `<name>.room`, `<name>.power`, `<name>.holding`.

    Args:
        robot: The other robot.
        scene: Where it is; it is entered there.
        controller: What it does; None for a parked one.
    """

    def __init__(self, robot: Robot, scene: Scene, controller: Controller | None = None) -> None:
        super().__init__(robot.name, Pose(*robot.point), ())
        self.robot = robot
        self._scene = scene
        self._controller = controller
        self._run: Run | None = None
        self._last: SkillResult | None = None
        self._told: tuple[float, float, Point] | None = None
        self._known: tuple[Point, bool, Body | None] | None = None
        self._facts: dict[str, Value] = {}
        scene.robots[robot.name] = robot
        scene.devices[robot.name] = self
        if controller is not None:
            self._own = scene.through(robot)
            scene.movers.append(self.move)

    @property
    def bodies(self) -> tuple[Body, ...]:
        """Its one body."""
        return (self.robot.body,)

    def tick(self, time_s: float) -> None:
        """Say where it is now: its head, its base, and where to stand beside it."""
        del time_s
        (x, y), here = self.robot.point, self._scene.robot.point
        if (x, y, here) == self._told:
            return
        self._told = (x, y, here)
        self.sight: tuple[Vec3, ...] = (self.robot.eye, (x, y, 0.3))
        share = BESIDE_M / max(math.dist(here, (x, y)), 1e-6)
        beside = (x + (here[0] - x) * share, y + (here[1] - y) * share)
        self.stand = Pose(*beside, math.atan2(y - beside[1], x - beside[0]))

    def move(self) -> None:
        """Go on with the skill under way, or ask for the next one; called once a tick of physics."""
        assert self._controller is not None
        if not self.robot.has_power:
            self._run = None
            return
        if self._run is None:
            action = self._controller(self._last)
            if action is None:
                return
            if not self._is_possible(action):
                self._last = SkillResult(Status.FAILED, f"there is no way to {action.skill} {action.target}".rstrip())
                return
            self._run = run_skill(self._own, action)
        try:
            next(self._run)
        except StopIteration as stop:
            self._run, self._last = None, stop.value

    def _is_possible(self, action: Action) -> bool:
        """Whether there is such a skill, and such a thing, place or person."""
        scene = self._own
        known = (*scene.site.places, *scene.devices, *scene.people, "floor", "")
        return action.skill in SKILL_TABLE and action.target in known

    def facts(self) -> Mapping[str, Value]:
        """Where it is, whether it has power, and what it holds."""
        robot = self.robot
        known = (robot.point, robot.has_power, robot.held)
        if known != self._known:
            self._known = known
            self._facts = {
                f"{self.name}.room": self._scene.site.room_at(robot.point),
                f"{self.name}.power": robot.has_power,
                f"{self.name}.holding": robot.held.name if robot.held is not None else "",
            }
        return self._facts

    def cause(self, fact: str) -> Cause:
        """Its own doing, but for a loss of power."""
        return self.robot.power_cause if fact.endswith(".power") else MOVED

    def view(self) -> Mapping[str, Value]:
        """All of that shows."""
        return self.facts()

    def describe(self, view: Mapping[str, Value]) -> str:
        """Its name, what it holds, and whether its lights are out."""
        held, power = view[f"{self.name}.holding"], view[f"{self.name}.power"]
        return self.name + (f" with the {held}" if held else "") + ("" if power else " (powered off)")
