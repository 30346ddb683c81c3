"""Scripted people: they walk, look, stop when something is in the way, press, speak, listen, and may be talked round.

A script is a generator that yields once a control tick. What a person does depends on the world and on the person's
own random stream, never on who drives the robot.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from typing import Final

from envs.balance import Balance
from envs.blocking import LOST_S, ROBOT, Blocking, Headway
from envs.devices.base import Device
from envs.facts import Agent, Cause, Evidence, Message, Value
from envs.listening import RED_BUTTON, Answers, Reply, Temper
from envs.sight import Eye, Target, sees
from envs.site import Point, Pose
from envs.surroundings import Surroundings
from envs.walking import HAND_Z_M, RADIUS_M, Walker
from envs.watching import Watch, eye_of
from envs.world import TICK_S, Body, Vec3, World

__all__ = ["RADIUS_M", "Answers", "Person", "Reply", "Script", "Temper"]

REPLAN_S: Final = 1.0
ARRIVED_M: Final = 0.06
PASSED_M: Final = 0.2
PRESS_DEPTH_M: Final = 0.02
LOOK_S: Final = 0.8
HEAD_Z_M: Final = 1.5
CHEST_Z_M: Final = 1.0

FACTS: Final = ("room", "blocked_by", "attempted", "persuaded", "gave_up", "requests", "told", "pushed", "sees_robot")
Script = Generator[None, None, None]


class Person(Device):
    """A person: a body with a hand that presses, an eye, and a script.

    Args:
        world: Where the person is.
        name: Name of the body, in the text view, and before the person's facts.
        start: First pose.
        temper: What the person is like.
        around: What the person needs to know of the world.
        answers: What the person says to what.

    Attributes:
        heard: Everything that was said to the person.
        told: Topics that the person has heard of.
    """

    def __init__(
        self, world: World, name: str, start: Pose, temper: Temper, around: Surroundings, answers: Answers = RED_BUTTON
    ) -> None:
        self.legs = Walker(world, name, start, around)
        self.body: Body = self.legs.body
        super().__init__(name, start, _head_and_chest(start.point))
        self._fact_names = tuple(f"{name}.{fact}" for fact in FACTS)
        self.world = world
        self.temper = temper
        self.around = around
        self.answers = answers
        self.balance = Balance(world, self.body, around)
        self.watch = Watch(world, name, ROBOT, Agent.ROBOT)
        self.blocking = Blocking(around)
        self.listened_s = 0.0
        self.did_attempt = False
        self.is_persuaded = False
        self.has_given_up = False
        self.requests = 0
        self.told: frozenset[str] = frozenset()
        self.heard: list[str] = []
        self._speaker = Agent.ROBOT
        self._script: Script | None = None
        self._pause_s = 0.0
        self._room_of: Point | None = None
        self._room_name = ""
        self._values: tuple[Value, ...] = ()
        self._facts: dict[str, Value] = {}

    # -- a device to the eye -------------------------------------------------------------------------------------

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The person's body."""
        return (self.body,)

    @property
    def point(self) -> Point:
        """Where the person stands."""
        return self.legs.spot

    @property
    def yaw(self) -> float:
        """Heading, radians."""
        return self.legs.here.yaw

    @property
    def blocked_by(self) -> str:
        """Name of what stands in the way now, or ""."""
        return self.blocking.by

    @property
    def blocked_s(self) -> float:
        """How long something has stood in the way in all."""
        return self.blocking.total_s

    @property
    def eye(self) -> Eye:
        """The person's eyes, looking where the person faces."""
        return eye_of(self.legs.here)

    def sees(self, target: Target) -> bool:
        """Whether the person sees a body, device or person now."""
        return sees(self.world, self.eye, target, (self.body.name,))

    def facts(self) -> Mapping[str, Value]:
        """What the person has met with, each under the person's name."""
        if self.watch.is_due:
            robot = self.around.obstacle(ROBOT)
            self.watch.look(self.eye, robot.where() if robot is not None else None)
        values = (
            self._room(), self.blocked_by, self.did_attempt, self.is_persuaded,
            self.has_given_up, self.requests, ",".join(sorted(self.told)), self.balance.pushes,
            self.watch.is_in_sight,
        )  # fmt: skip
        if values != self._values:
            self._values = values
            self._facts = dict(zip(self._fact_names, values, strict=True))
        return self._facts

    def _room(self) -> str:
        """Where the person is; looked up again when they have moved."""
        point = self.point
        if point != self._room_of:
            self._room_of, self._room_name = point, self.around.site.room_at(point)
        return self._room_name

    def view(self) -> Mapping[str, Value]:
        """Where the person is shows."""
        return {f"{self.name}.room": self._room()}

    def cause(self, fact: str) -> Cause:
        """The person's own doing, but for what others do to them."""
        kind = fact.removeprefix(f"{self.name}.")
        if kind in {"persuaded", "requests"}:
            return Cause(self._speaker, Evidence.SPEECH, f"{self.requests} requests heard")
        if kind == "told":
            return Cause(self._speaker, Evidence.SPEECH)
        if kind == "pushed":
            return self.balance.cause
        if kind == "sees_robot":
            return self.watch.cause
        if kind == "blocked_by" and self.blocking.is_the_robots:
            return Cause(Agent.ROBOT, Evidence.POSITION)
        return Cause(Agent.PERSON, Evidence.POSITION)

    # -- life ----------------------------------------------------------------------------------------------------

    def live(self, script: Script) -> None:
        """Start a script."""
        self._script = script

    def tick(self, time_s: float) -> None:
        """Go on with the script, unless standing still to listen."""
        del time_s
        legs = self.legs
        before = legs.point
        legs.feel()
        if legs.point is not before:
            self.sight = _head_and_chest(legs.point)
        self.balance.feel(legs.point, legs.will)
        if self._pause_s > 0:
            self._pause_s -= TICK_S
            self.listened_s += TICK_S
            legs.halt()
        elif self._script is not None:
            try:
                next(self._script)
            except StopIteration:
                self._script = None
                legs.halt()

    def hear(self, message: Message) -> None:
        """Take in what the robot said; answered by rule."""
        topics = self.answers.topics_in(message.text)
        if topics - self.told:
            self._speaker = Agent.ROBOT if message.sender == ROBOT else Agent.PEER
        self.told |= topics
        self.heard.append(message.text)
        if not self.is_willing:
            self._reply(self.answers.otherwise)
            return
        if self.listened_s < self.temper.patience_s and self.temper.pause_s > 0.0:
            self._pause_s = self.temper.pause_s
            self.blocking.meet("")
        is_request = self.answers.is_request(message.text)
        self.requests += is_request
        if is_request:
            self._speaker = Agent.ROBOT if message.sender == ROBOT else Agent.PEER
        if is_request and self.temper.can_be_persuaded and self.requests >= self.temper.yields_after:
            self.is_persuaded = True
            self._reply(self.answers.to_last_request)
        else:
            self._reply(self.answers.to(message.text, is_request=is_request))

    def _reply(self, text: str) -> None:
        """Say it, unless there is nothing to say."""
        if text:
            self.around.say(self.name, text)

    @property
    def is_willing(self) -> bool:
        """Whether the person still means to do what they came for."""
        return not (self.is_persuaded or self.has_given_up)

    @property
    def is_done(self) -> bool:
        """Whether the person's script has come to its end."""
        return self._script is None

    # -- what scripts are made of --------------------------------------------------------------------------------

    def wait(self, seconds: float) -> Script:
        """Stand still."""
        self.legs.halt()
        for _ in range(round(seconds / TICK_S)):
            yield

    def face(self, yaw: float, hold_s: float = 0.4) -> Script:
        """Turn to a heading, radians, and look that way for a while."""
        self.legs.face(yaw)
        yield from self.wait(hold_s)

    def look_at(self, target: Point, hold_s: float = LOOK_S) -> Script:
        """Turn towards a point."""
        (x, y), (tx, ty) = self.legs.point, target
        yield from self.face(math.atan2(ty - y, tx - x), hold_s)

    def look_around(self, turns: int = 4, hold_s: float = LOOK_S) -> Script:
        """Turn once about oneself, with as many stops."""
        start = self.legs.turn_rad
        for turn in range(1, turns + 1):
            yield from self.face(start + 2 * math.pi * turn / turns, hold_s)

    def speak(self, text: str) -> Script:
        """Say something aloud."""
        self.around.say(self.name, text)
        yield from self.wait(0.5)

    def patrol(self, *goals: Pose, rounds: int = 1) -> Script:
        """Walk from pose to pose, all of them as many times; ends early as `walk` does."""
        for _ in range(rounds):
            for goal in goals:
                if self.is_willing:
                    yield from self.walk(goal)

    def leave(self, *goals: Pose) -> Script:
        """Walk off, whatever was said."""
        for goal in goals:
            yield from self.walk(goal, is_leaving=True)

    def stroll(self, yaw: float, distance_m: float) -> Script:
        """Walk straight on in a direction, without a plan; ends early when something is in the way."""
        legs = self.legs
        yield from self.face(yaw)
        goal = (legs.point[0] + distance_m * math.cos(yaw), legs.point[1] + distance_m * math.sin(yaw))
        best_m, stuck_s = math.inf, 0.0
        while (gap := math.dist(legs.point, goal)) > ARRIVED_M and stuck_s < REPLAN_S:
            self.blocking.meet(legs.blocker(goal))
            stuck_s = stuck_s + TICK_S if self.blocked_by or gap >= best_m else 0.0
            best_m = min(gap, best_m)
            if self.blocked_by:
                legs.halt()
            else:
                legs.step_towards(goal)
            yield
        self.blocking.meet("")
        legs.halt()

    def walk(self, goal: Pose, *, is_leaving: bool = False) -> Script:
        """Walk to a pose around what is in the way; ends early when patience runs out or when talked round."""
        legs = self.legs
        points = legs.route(goal.point, is_wary=False)
        stuck_s = 0.0
        headway = Headway()
        while is_leaving or self.is_willing:
            if points and math.dist(legs.point, points[0]) < (ARRIVED_M if len(points) == 1 else PASSED_M):
                points = points[1:]
                if not points:
                    break
            blocker = legs.blocker(points[0]) if points else self.blocked_by or "something"
            self.blocking.meet(blocker)
            if blocker:
                headway.begin_anew()
                legs.halt()
                stuck_s += TICK_S
                self.blocking.wait()
                self.has_given_up |= self.blocked_s > self.temper.patience_s
                if stuck_s >= REPLAN_S:
                    stuck_s = 0.0
                    points = legs.route(goal.point, is_wary=True)
                    if points and not legs.blocker(points[0]):
                        self.blocking.meet("")
            elif headway.is_lost(legs.point, points[0]):
                headway.begin_anew()
                self.blocking.wait(LOST_S)
                self.has_given_up |= self.blocked_s > self.temper.patience_s
                points = legs.route(goal.point, is_wary=True)
            else:
                stuck_s = 0.0
                legs.step_towards(points[0])
            yield
        if not points:
            self.blocking.meet("")
        yield from self.face(goal.yaw)

    def press(self, device: Device, hold_s: float = 0.6) -> Script:
        """Reach out and press a device's cap down for a while; the hand meets whatever lies there.

        The hand reaches caps from 0.7 to 1.3 m high.

        Raises:
            ValueError: The device has no cap.
        """
        legs, cap = self.legs, device.cap
        if cap is None:
            msg = f"{device.name} has no cap: let {self.name} press something else"
            raise ValueError(msg)
        at = cap.top[:2]
        legs.face(legs.hand_heading(at))
        legs.hold_hand(0.0, 0.1)
        yield from self.wait(0.5)
        reach = legs.hand_reach(at)
        legs.hold_hand(reach, 0.1)
        yield from self.wait(0.6)
        if not self.is_persuaded:
            legs.hold_hand(reach, cap.top[2] - PRESS_DEPTH_M - HAND_Z_M)
            yield from self.wait(0.5 + hold_s)
        legs.hold_hand(reach, 0.1)
        yield from self.wait(0.5)
        legs.hold_hand(0.0, 0.0)
        yield from self.wait(0.4)


def _head_and_chest(point: Point) -> tuple[Vec3, ...]:
    return ((*point, HEAD_Z_M), (*point, CHEST_Z_M))
