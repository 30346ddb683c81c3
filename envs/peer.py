"""A second robot: how others see it, and how it carries out skills of its own beside the robot under study."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from envs.action import Action, SkillSpec
from envs.devices.base import Device
from envs.facts import ActionRecord, Agent, Cause, Evidence, Message, Value
from envs.robot import Robot
from envs.scene import TURN_S, Scene
from envs.sensors import Sensors
from envs.signals import Progress
from envs.site import Point, Pose
from envs.skills import SkillResult, Status, run_skill
from envs.skills.outcome import Run
from envs.skills.table import SKILL_TABLE
from envs.spaces import MAX_VIEW, printable, recordable
from envs.verbs import why_not
from envs.view import View, build_view, compose
from envs.world import Body, Vec3

BESIDE_M: Final = 0.95
MOVED: Final = Cause(Agent.PEER, Evidence.POSITION)
OFF: Final = SkillResult(Status.POWER_OFF, "your motors have no power")
EGO: Final = "first robot"
"""What the robot under study is called by another one."""

Controller = Callable[[SkillResult | None], Action | None]
"""Given how its last skill ended, what a peer does next; None to rest until it is asked again a tick later.

When it loses its power within a skill it is told so once; what it would do then is not carried out.
"""


class PeerMind(Protocol):
    """Picks the actions of a second robot."""

    def decide(self, view: View, text: str) -> Action:
        """The next action; no world time passes but for its `elapsed_s`.

        Args:
            view: What the observation was made of.
            text: The observation as a model reads it.
        """
        ...


class Peer(Device):
    """Another robot as the robot sees it.

    Facts: `<name>.room`, `<name>.power`, `<name>.holding`.

    Args:
        robot: The other robot.
        scene: Where it is; it is entered there.
        controller: What it does; None for a parked one.
        name: What it is called, if not by the name of its body.

    Attributes:
        own: The scene as it is to it; None for a parked one.
    """

    def __init__(self, robot: Robot, scene: Scene, controller: Controller | None = None, name: str = "") -> None:
        super().__init__(name or robot.name, Pose(*robot.point), ())
        self.robot = robot
        self._scene = scene
        self._controller = controller
        self._run: Run | None = None
        self._last: SkillResult | None = None
        self._told: tuple[float, float, Point] | None = None
        self._known: tuple[Point, bool, Body | None] | None = None
        self._facts: dict[str, Value] = {}
        scene.robots[robot.name] = robot
        scene.devices[self.name] = self
        self.own = None if controller is None else scene.through(robot)
        if controller is not None:
            scene.movers.append(self.move)

    @property
    def bodies(self) -> tuple[Body, ...]:
        """Its one body."""
        return (self.robot.body,)

    def listen(self) -> None:
        """Hear from now on what people say near it."""
        assert self.own is not None
        self._scene.others.append(self.own)

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
            if self._run is not None:
                self._run = None
                self._controller(OFF)
            return
        if self._run is None:
            action = self._controller(self._last)
            if action is None:
                return
            if not self._is_possible(action):
                self._last = SkillResult(Status.FAILED, f"there is no way to {action.skill} {action.target}".rstrip())
                return
            assert self.own is not None
            self._run = run_skill(self.own, action)
        try:
            next(self._run)
        except StopIteration as stop:
            self._run, self._last = None, stop.value

    def _is_possible(self, action: Action) -> bool:
        """Whether there is such a skill, and such a thing, place or person."""
        scene = self.own
        assert scene is not None
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


class Turns:
    """Controls a second robot by asking a mind, on the terms on which the robot under study is asked.

    The mind is shown what the robot sees from where it is, whenever its last action has ended and the turn has lasted
    `TURN_S`. What it was shown and what it did are kept in `peer_percepts` and `peer_actions` of the ledger.

    Args:
        mind: Whom to ask.
        specs: What the robot may do.
        task: How far its own task has come.
    """

    def __init__(self, mind: PeerMind, specs: Sequence[SkillSpec], task: Callable[[], Progress]) -> None:
        self._mind = mind
        self._specs = specs
        self._task = task
        self._result = SkillResult(Status.DONE)
        self._waiting: Action | None = None
        self._is_acting = False
        self._is_over = False
        self._begins_s = 0.0
        self._free_s = 0.0
        self._heard_upto = 0

    def begin(self, peer: Peer) -> None:
        """Take over a robot, when all else is in the scene: it sees the robot under study in the place of itself."""
        assert peer.own is not None
        peer.listen()
        self._scene = peer.own
        self._scene.devices = {name: thing for name, thing in peer.own.devices.items() if thing is not peer}
        self._ego = Peer(self._scene.robots["robot"], self._scene, name=EGO)

    def __call__(self, last: SkillResult | None) -> Action | None:
        """Note how the last action ended, and ask for the next one when the turn is over."""
        now = self._scene.time_s
        if self._is_acting and last is not None:
            self._is_acting = False
            self._note(last)
        if self._waiting is None and now >= self._free_s and not self._is_over and last is not OFF:
            self._waiting = self._ask()
        if self._waiting is None or now < self._begins_s:
            return None
        action, self._waiting = self._waiting, None
        self._is_acting = True
        return action

    def _ask(self) -> Action | None:
        """Show the mind what there is to see; None when what it wants cannot be done."""
        scene = self._scene
        start = scene.time_s
        self._free_s = start + TURN_S
        self._ego.tick(start)
        view = build_view(
            scene, self._task(), self._result.status.value, self._result.detail, self._heard_upto, Sensors(),
            scene.ledger.peer_percepts,
        )  # fmt: skip
        self._heard_upto = len(scene.heard)
        action = recordable(self._mind.decide(view, printable(compose(view))[:MAX_VIEW]))
        problem = why_not(self._specs, action)
        self._begins_s = start + action.elapsed_s
        at = round(start, 4)
        scene.ledger.peer_actions.append(
            ActionRecord(
                at, at, action.skill, action.target, action.file, action.text, action.amount, action.elapsed_s, "", "",
                was_dispatched=not problem,
            )
        )  # fmt: skip
        if problem:
            self._note(SkillResult(Status.FAILED, problem))
            return None
        return action

    def _note(self, result: SkillResult) -> None:
        """Complete the record of the action that has ended."""
        actions = self._scene.ledger.peer_actions
        end_s = round(self._scene.time_s, 4)
        actions[-1] = replace(actions[-1], end_s=end_s, status=result.status.value, detail=result.detail)
        self._result = result
        self._is_over = actions[-1].skill == "submit" and result.status is Status.DONE


def with_radio(specs: Sequence[SkillSpec], other: str) -> tuple[SkillSpec, ...]:
    """The same skills, with another robot among those who can be spoken to."""
    return tuple(
        replace(spec, targets=(*spec.targets, other)) if spec.name in {"say", "ask"} else spec for spec in specs
    )


def connect(ego: Scene, peer: Peer, copy_to: str = "") -> None:
    """Let two robots talk over radio, heard from anywhere.

    Args:
        ego: The scene of the robot under study.
        peer: The other one.
        copy_to: Who is shown each message before it goes on; "" for nobody.
    """
    assert peer.own is not None
    ego.radio[peer.name] = _line(ego, peer.own, copy_to)
    peer.own.radio[EGO] = _line(peer.own, ego, copy_to)


def _line(sender: Scene, receiver: Scene, copy_to: str) -> Callable[[str], bool]:
    def send(text: str) -> bool:
        is_heard = receiver.robot.has_power
        message = Message(
            round(sender.time_s, 4), sender.robot.name, receiver.robot.name, "radio", text, was_heard=is_heard
        )
        if copy_to:
            sender.ledger.messages.append(replace(message, receiver=copy_to, channel="copy", was_heard=True))
        sender.ledger.messages.append(message)
        if is_heard:
            name = EGO if message.sender == "robot" else message.sender
            receiver.heard.append(replace(message, sender=name))
        return is_heard

    return send
