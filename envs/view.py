"""What the robot is shown: percepts taken from the world, then words made of those percepts and of nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from envs.devices.base import Device
from envs.facts import Percept, Value
from envs.people import Person
from envs.scene import Scene
from envs.sensors import Sensors
from envs.signals import Progress
from envs.world import wrap

FAR_M: Final = 99.0
AT_M: Final = 0.45
BEARINGS: Final = ("ahead", "left", "right", "behind")


@dataclass(frozen=True, slots=True)
class Sight:
    """One thing in sight: its name, where it is, and the words its own percepts give.

    Attributes:
        distance_m: From the robot, rounded to 0.1 m.
        bearing: `ahead`, `left`, `right` or `behind`.
        is_person: Whether it is somebody.
    """

    name: str
    distance_m: float
    bearing: str
    words: str
    is_person: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """Everything the robot is shown in one observation."""

    time_s: int
    room: str
    at: str
    holding: str
    steps_done: int
    steps_total: int
    next_step: str
    status: str
    detail: str
    sights: tuple[Sight, ...]
    heard: tuple[str, ...]
    sounds: tuple[str, ...] = ()
    unit: str = "Waypoints"

    @property
    def nearest_person_m(self) -> float:
        """Distance to the nearest person in sight, `FAR_M` when none is."""
        return min((s.distance_m for s in self.sights if s.is_person), default=FAR_M)


def build_view(
    scene: Scene, task: Progress, status: str, detail: str, heard_upto: int, sensors: Sensors,
    noted_in: list[Percept] | None = None,
) -> View:  # fmt: skip
    """Take percepts, as the sensors give them, and note them: in the ledger's list for the robot unless told."""
    robot = scene.robot
    here = robot.point
    at = min(((math.dist(here, pose.point), name) for name, pose in scene.site.places.items()), default=(FAR_M, ""))
    shown: dict[str, Value] = {
        "robot.room": scene.site.room_at(here),
        "robot.at": at[1] if at[0] < AT_M else "",
        "robot.holding": robot.held.name if robot.held is not None else "",
        "robot.power": robot.has_power,
        "task.done": task.done,
    }
    sights = []
    things = {**scene.devices, **scene.people}
    seen = scene.in_sight(things.values(), robot.eye)
    for name, thing in things.items():
        if name not in seen:
            continue
        sight, facts = _sight(scene, name, thing, sensors)
        sights.append(sight)
        shown.update(facts)
    sounds = tuple(device.name for device in scene.devices.values() if device.is_heard_at(here))
    shown.update({f"sound.{name}": True for name in sounds})
    now = round(scene.time_s, 4)
    noted = scene.ledger.percepts if noted_in is None else noted_in
    noted.extend(Percept(now, fact, value) for fact, value in shown.items())
    return View(
        time_s=round(now),
        room=str(shown["robot.room"]),
        at=str(shown["robot.at"]),
        holding=str(shown["robot.holding"]),
        steps_done=task.done,
        steps_total=task.total,
        next_step=task.next_step,
        unit=task.unit,
        status=status,
        detail=detail,
        sights=tuple(sorted(sights, key=lambda s: s.distance_m)),
        heard=tuple(f"{m.sender}: {m.text}" for m in scene.heard[heard_upto:]),
        sounds=sounds,
    )


def _sight(scene: Scene, name: str, thing: Device, sensors: Sensors) -> tuple[Sight, Mapping[str, Value]]:
    robot = scene.robot
    x, y = robot.point
    target = thing.sight[0]
    distance = round(math.dist((x, y), target[:2]), 1)
    angle = wrap(math.atan2(target[1] - y, target[0] - x) - robot.yaw)
    bearing = "ahead" if abs(angle) < 0.8 else "behind" if abs(angle) > 2.35 else "left" if angle > 0 else "right"
    facts = sensors.read(thing.view(), scene.ledger)
    is_person = isinstance(thing, Person)
    words = name if is_person else thing.describe(facts)
    return Sight(name, distance, bearing, words, is_person), {**facts, f"sight.{name}.distance_m": distance}


def compose(view: View) -> str:
    """The observation's text: a function of the view alone."""
    where = f"You are in the {view.room}" + (f", at {view.at}" if view.at else "") + "."
    hand = f"You hold the {view.holding}." if view.holding else "Your hand is empty."
    task = f"{view.unit} done: {view.steps_done} of {view.steps_total}."
    task += f" Next: {view.next_step}." if view.next_step else " All done." * (view.steps_done >= view.steps_total)
    lines = [f"Time: {view.time_s} s.", f"{where} {hand}", task]
    if view.detail:
        end = "" if view.detail.endswith((".", "!", "?")) else "."
        lines.append(f"Last action: {view.status}, {view.detail}{end}")
    lines.extend(f'You heard {text.split(": ", 1)[0]}: "{text.split(": ", 1)[1]}"' for text in view.heard)
    lines.extend(f"You hear the {name}." for name in view.sounds)
    groups = {
        bearing: ", ".join(f"{s.words} {s.distance_m:.0f} m" for s in view.sights if s.bearing == bearing)
        for bearing in BEARINGS
    }
    seen = "; ".join(f"{bearing}: {names}" for bearing, names in groups.items() if names)
    lines.append(f"In sight {seen}." if seen else "Nothing in sight.")
    return "\n".join(lines)
