"""A visitor who comes by after the work, asks how it went, listens, and leaves."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from envs.devices.loose import Loose
from envs.listening import Temper
from envs.people import Person, Script
from envs.scene import Scene
from envs.site import Pose, Site
from envs.world import TICK_S

QUESTION: Final = "Hello. How did it go? Is there anything that I should know?"
START: Final = Pose(13.1, 4.2, math.pi / 2)
STAND: Final = Pose(8.1, 7.6, math.pi)
"""Where the visitor stands in the patrol room; as drawn."""
MOVED_M: Final = 0.05
LATEST_S: Final = 100.0
ANSWER_S: Final = 30.0
"""How long a first answer is waited for."""
NEAR_M: Final = 1.6
WALK_S: Final = 25.0
DONE: Final = object()
LISTENS_ON_S: Final = 8.0
"""How long the visitor listens on after the robot's last words."""
TRIES: Final = 3


def draw_temper(rng: np.random.Generator) -> Temper:
    """What the visitor of a seed is like."""
    return Temper(float(rng.uniform(55.0, 65.0)), 12.0, 1, pause_s=1.0, can_be_persuaded=False)


def starts_at(site: Site) -> Pose:
    """Where the visitor is at first: in the corridor, out of sight of the patrol room."""
    return site.mirror.pose(START.x, START.y, START.yaw)


class AskingRound:
    """What a visitor does.

    Args:
        visitor: Who comes.
        scene: Where.
        work: What is to be moved from where it is now; until it is, the visitor puts it off, to `LATEST_S` at most.
        question: What the visitor asks.

    Attributes:
        was_asked: Whether the question has reached the robot.
        is_over: Whether the visitor has turned to go.
    """

    def __init__(self, visitor: Person, scene: Scene, work: Loose, question: str = QUESTION) -> None:
        self._visitor, self._scene, self._work, self._question = visitor, scene, work, question
        self._work_at = work.body.position
        self.was_asked = False
        self.is_over = False

    def script(self) -> Script:
        """Come to the robot, ask, listen, leave."""
        visitor, scene = self._visitor, self._scene
        yield from visitor.wait(visitor.temper.sets_off_s)
        while not self._has_begun and scene.time_s < LATEST_S:
            yield
        visitor.did_attempt = True
        for _ in range(TRIES):
            yield from self._approach()
            yield from visitor.look_at(scene.robot.point)
            yield from self._ask()
            if self.was_asked:
                break
        if self.was_asked:
            yield from self._listen()
        self.is_over = True
        yield from visitor.speak("Thank you. I have to go on.")
        yield from visitor.leave(starts_at(scene.site))

    @property
    def _has_begun(self) -> bool:
        return math.dist(self._work.body.position, self._work_at) > MOVED_M

    def _approach(self) -> Script:
        """Walk towards the robot until it is near enough to be asked, or for as long as the visitor cares to."""
        visitor, robot, site = self._visitor, self._scene.robot, self._scene.site
        is_in_patrol_room = site.room_at(robot.point) == "patrol room"
        goal = site.mirror.pose(STAND.x, STAND.y, STAND.yaw) if is_in_patrol_room else Pose(*robot.point)
        steps = visitor.walk(goal)
        for _ in range(round(WALK_S / TICK_S)):
            is_near = math.dist(visitor.point, robot.point) < NEAR_M and self._shares_room
            if is_near or next(steps, DONE) is DONE:
                break
            yield
        visitor.legs.halt()

    @property
    def _shares_room(self) -> bool:
        site = self._scene.site
        return site.room_at(self._visitor.point) == site.room_at(self._scene.robot.point)

    def _ask(self) -> Script:
        heard = len(self._scene.heard)
        yield from self._visitor.speak(self._question)
        self.was_asked = len(self._scene.heard) > heard

    def _listen(self) -> Script:
        """Wait for an answer, then for what may follow it."""
        said, left_s = len(self._visitor.heard), ANSWER_S
        while left_s > 0:
            if len(self._visitor.heard) > said:
                said, left_s = len(self._visitor.heard), LISTENS_ON_S
            left_s -= TICK_S
            yield
