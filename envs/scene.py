"""Everything that is in one episode's world, and the clockwork that moves it and writes the ledger."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from envs.devices.base import DEVICE_TICK_S, Device
from envs.devices.door import Door
from envs.devices.loose import Loose
from envs.facts import Agent, Cause, Evidence, Ledger, Message, Value
from envs.past import PATH_EVERY_S
from envs.people import Person
from envs.robot import RADIUS_M, Robot
from envs.sight import cast_beyond
from envs.site import Point, Pose, Site
from envs.stillness import Stillness
from envs.world import TICK_S, Body, Vec3, World

HEARING_M: Final = 9.0
EYE_SKIP_M: Final = 0.3
"""How much of a ray from the robot's eye is left out, so that it leaves its own body."""
PATH_EVERY_TICKS: Final = round(PATH_EVERY_S / TICK_S)
FRAME_S: Final = DEVICE_TICK_S
"""Time from one recorded state to the next."""
TURN_S: Final = 2.0
"""Least world time a robot's turn takes: looking, deciding and sending are not free for anybody."""
SENSE_EVERY_TICKS: Final = round(DEVICE_TICK_S / TICK_S)
ROBOT_TOUCH: Final = Cause(Agent.ROBOT, Evidence.CONTACT)
PEER_TOUCH: Final = Cause(Agent.PEER, Evidence.CONTACT)
PERSON_TOUCH: Final = Cause(Agent.PERSON, Evidence.CONTACT)


@dataclass(slots=True)
class Scene:
    """One world with its robot, people and devices.

    Attributes:
        agents: Body name -> cause of what that body touches; a thing in a robot's hand counts as the robot.
        robots: All of them, by name; `robot` is the one whose skills run in this scene.
        extra_facts: Further facts of the scenario, each with the cause of its last change.
        laid_out: Facts of the scenario that never change.
        movers: Called before each tick of physics (20 Hz): what moves by itself besides people.
        chores: Called before each sensing (10 Hz): what the scenario follows.
        monitors: Called after each sensing (10 Hz); an answer of True interrupts the running skill.
        frames: Recorded states, float32, one every `FRAME_S` (10 Hz), when recording.
        heard: What the robot has heard.
        radio: Who can be spoken to over radio from anywhere, and how; the answer is whether it was heard.
        others: The same scene through other robots that listen to what people say.
        stillness: Knows what lies still; devices that do are not looked at.
    """

    world: World
    site: Site
    robot: Robot
    agents: dict[str, Cause]
    ledger: Ledger = field(default_factory=Ledger)
    devices: dict[str, Device] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    loose: dict[str, Loose] = field(default_factory=dict)
    robots: dict[str, Robot] = field(default_factory=dict)
    extra_facts: dict[str, Callable[[], tuple[Value, Cause]]] = field(default_factory=dict)
    laid_out: dict[str, Value] = field(default_factory=dict)
    movers: list[Callable[[], None]] = field(default_factory=list)
    chores: list[Callable[[], None]] = field(default_factory=list)
    monitors: list[Callable[[], bool]] = field(default_factory=list)
    frames: list[npt.NDArray[np.float32]] = field(default_factory=list)
    heard: list[Message] = field(default_factory=list)
    radio: dict[str, Callable[[str], bool]] = field(default_factory=dict)
    others: list[Scene] = field(default_factory=list)
    stillness: Stillness = field(init=False)
    is_recording: bool = False
    is_interrupted: bool = False
    _ticks: int = 0
    _noted: dict[str, Mapping[str, Value]] = field(default_factory=dict)

    @property
    def time_s(self) -> float:
        """World time, seconds."""
        return self.world.time_s

    @property
    def author(self) -> Agent:
        """Who the robot is in the ledger."""
        return self.agents[self.robot.name].agent

    def through(self, peer: Robot) -> Scene:
        """The same scene with `peer` in the place of the robot: what it needs to carry out a skill of its own."""
        scene = replace(self, robot=peer, heard=[], movers=[], chores=[], monitors=[], radio={}, others=[])
        scene.stillness = self.stillness
        return scene

    def __post_init__(self) -> None:
        self.robots.setdefault(self.robot.name, self.robot)
        self.stillness = Stillness(self.world, self.devices, (self.robots, self.people))

    # -- finding things ------------------------------------------------------------------------------------------

    def thing(self, name: str) -> Device | None:
        """A device, person or loose thing by name."""
        return self.devices.get(name) or self.people.get(name)

    def floor_discs(self, *, with_people: bool) -> list[tuple[Point, float]]:
        """Round obstacles that are on no plan: door leaves, loose things on the floor, and people when asked."""
        discs = [
            (box.body.position[:2], 0.14)
            for box in self.loose.values()
            if box.body.position[2] < 0.4 and box.body is not self.robot.held
        ]
        for device in self.devices.values():
            if isinstance(device, Door) and not device.is_latched:
                discs += [(device.leaf(along, device.angle, 0.0), 0.08) for along in (0.15, 0.4, 0.65, 0.9)]
        discs += [(other.point, RADIUS_M) for other in self.robots.values() if other is not self.robot]
        if with_people:
            discs += [(person.point, 0.3) for person in self.people.values()]
        return discs

    def stand_for(self, point: Vec3, preferred: Pose | None = None) -> Pose | None:
        """A pose from which the hand reaches `point`, the preferred one if it does; None when there is none."""
        if preferred is not None and 0.4 < math.dist(preferred.point, point[:2]) < 0.85:
            return preferred
        best: Pose | None = None
        best_m = math.inf
        here = self.robot.point
        for k in range(16):
            yaw = k * math.pi / 8
            pose = Pose(point[0] - 0.62 * math.cos(yaw), point[1] - 0.62 * math.sin(yaw), yaw)
            gap = math.dist(here, pose.point)
            if gap < best_m and self.site.route(here, pose.point, RADIUS_M, self.floor_discs(with_people=True)):
                best, best_m = pose, gap
        return best

    def is_in_sight(self, device: Device, eye: Vec3) -> bool:
        """Whether a ray from `eye` to any of its sight points arrives, or ends on the device itself."""
        return device.name in self.in_sight((device,), eye)

    def in_sight(self, devices: Iterable[Device], eye: Vec3) -> frozenset[str]:
        """Names of those to which a ray from `eye` arrives, or ends on the device itself; one batch of rays for all."""
        pairs = [(device, point) for device in devices for point in device.sight]
        if not pairs:
            return frozenset()
        rays = [(_beyond(eye, point, EYE_SKIP_M), point) for _, point in pairs]
        hits = cast_beyond(self.world, rays, (self.robot.name,))
        return frozenset(
            device.name
            for (device, _), hit in zip(pairs, hits, strict=True)
            if (met := hit and hit.body) in {None, self.robot.name}
            or met == device.name
            or any(met == b.name for b in device.bodies)
        )

    # -- time ----------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Let things settle and devices look, then start clock and ledger."""
        self.world.settle()
        for device in self.devices.values():
            device.tick(0.0)
        self.ledger.begin(dict(self._facts()))
        self._note_places()
        self._check_names()

    def _check_names(self) -> None:
        owners: dict[str, str] = {}
        for owner in (*self.devices.values(), *self.people.values()):
            for fact in owner.facts():
                if owners.setdefault(fact, owner.name) != owner.name:
                    msg = (
                        f"the {owner.name} and the {owners[fact]} share the fact {fact}: give one of them another name"
                    )
                    raise ValueError(msg)

    def tick(self) -> None:
        """Let people act, advance physics by one control tick, and record and sense at half that rate."""
        world = self.world
        for person in self.people.values():
            person.tick(world.time_s)
        for move in self.movers:
            move()
        world.tick()
        self._ticks += 1
        if self._ticks % SENSE_EVERY_TICKS == 0:
            if self.is_recording:
                self.frames.append(world.state(self.stillness.take_moved()))
            self.sense()
        if self._ticks % PATH_EVERY_TICKS == 0:
            self._note_places()

    def _note_places(self) -> None:
        points = {name: robot.point for name, robot in self.robots.items()}
        for name, point in (points | {name: person.point for name, person in self.people.items()}).items():
            self.ledger.note_place(self.world.time_s, name, *point)

    def sense(self) -> None:
        """Let devices and chores look, write changed facts to the ledger, then ask the monitors."""
        time_s = self.world.time_s
        for device in self.stillness.watched():
            device.tick(time_s)
        for chore in self.chores:
            chore()
        self.note_facts()
        for monitor in self.monitors:
            if monitor():
                self.is_interrupted = True

    def note_facts(self) -> None:
        """Write changed facts to the ledger."""
        now = self.world.time_s
        for owner in (*self.stillness.watched(), *self.people.values()):
            facts = owner.facts()
            if facts == self._noted.get(owner.name):
                continue
            self._noted[owner.name] = dict(facts)
            for name, value in facts.items():
                if self.ledger.facts.get(name) != value:
                    self.ledger.note_fact(now, name, value, owner.cause(name))
        for name, read in self.extra_facts.items():
            value, cause = read()
            self.ledger.note_fact(now, name, value, cause)
        self.ledger.end_s = round(now, 4)

    def _facts(self) -> Mapping[str, Value]:
        facts: dict[str, Value] = {}
        for owner in (*self.devices.values(), *self.people.values()):
            facts.update(owner.facts())
        facts.update({name: read()[0] for name, read in self.extra_facts.items()})
        facts.update(self.laid_out)
        return facts

    # -- hands and words -----------------------------------------------------------------------------------------

    def take(self, body: Body) -> None:
        """The robot's hand closes on a thing: what that thing touches, the robot touches."""
        self.robot.take(body)
        self.agents[body.name] = self.agents[self.robot.name]

    def let_go(self) -> Body | None:
        """The robot's hand opens."""
        body = self.robot.let_go()
        if body is not None:
            self.agents.pop(body.name, None)
        return body

    def say_to(self, name: str, text: str) -> bool:
        """The robot speaks to a person, or over radio to another robot; return whether it was heard."""
        if name in self.radio:
            return self.radio[name](text)
        person = self.people[name]
        is_heard = math.dist(person.point, self.robot.point) <= HEARING_M and self._shares_air(person)
        message = Message(round(self.time_s, 4), self.robot.name, name, "speech", text, is_heard)
        self.ledger.messages.append(message)
        if is_heard:
            person.hear(message)
        return is_heard

    def speak(self, sender: str, text: str) -> None:
        """A person speaks aloud; the robot hears it when it is near enough, and so do others that listen."""
        for scene in (self, *self.others):
            scene.hear(self.people[sender], text)

    def hear(self, person: Person, text: str) -> None:
        """The robot is near somebody who speaks, or not."""
        is_heard = math.dist(person.point, self.robot.point) <= HEARING_M and self._shares_air(person)
        message = Message(round(self.time_s, 4), person.name, self.robot.name, "speech", text, is_heard)
        self.ledger.messages.append(message)
        if is_heard:
            self.heard.append(message)

    def _shares_air(self, person: Person) -> bool:
        rooms = {self.site.room_at(self.robot.point), self.site.room_at(person.point)}
        return len(rooms) == 1 or self.is_in_sight(person, self.robot.eye)


def _beyond(eye: Vec3, point: Vec3, skip_m: float) -> Vec3:
    """The point `skip_m` along the way from `eye` to `point`, so that a ray leaves its own body."""
    gap = math.dist(eye, point)
    share = min(skip_m / gap, 0.9) if gap > 0 else 0.0
    return (
        eye[0] + share * (point[0] - eye[0]),
        eye[1] + share * (point[1] - eye[1]),
        eye[2] + share * (point[2] - eye[2]),
    )
