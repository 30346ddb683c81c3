"""A watching camera: a head that a hand can turn, with a lens that a thing on its tray covers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from envs.devices.base import Device, Mount, Stroke, cause_by_touch
from envs.devices.loose import Loose
from envs.facts import ENVIRONMENT, Agent, Cause, Evidence, Value
from envs.sight import Eye, is_covered
from envs.site import Point
from envs.spotting import spots
from envs.world import Body, Vec3

PAN_Z: Final = 1.16
LENS_M: Final = 0.16
TIP_M: Final = 0.11
"""How far from the axis the fingers push."""
BESIDE_M: Final = 0.15
BRAKE_NM: Final = 1.5
LOOK_EVERY: Final = 5
"""Device ticks between two looks: twice a second."""
TURNED_RAD: Final = 0.5
ASIDE_DEG: Final = 30
"""What `TURNED_RAD` rounds to, in the steps that show."""
TRAY_M: Final = 0.28
COVER_M: Final = 0.2
HAND_M: Final = 1.6
"""Further off than this, nothing that the robot has in its hand can cover the lens."""
STIRRED_M: Final = 0.01
CHEST_M: Final = 0.9
PITCH_RAD: Final = -0.1
WIDTH_DEG: Final = 80.0
HEIGHT_DEG: Final = 60.0
RANGE_M: Final = 14.0
STEP_DEG: Final = 10
PLACE: Final = Cause(Agent.ROBOT, Evidence.POSITION)


class PanCamera(Device):
    """A camera on a post. What it sees follows from its lens, its cone and what stands in between; it keeps no picture.

    Facts: `<name>.sees_robot`, `<name>.covered`, `<name>.turned_deg` (in steps of 10), `<name>.on`.

    Args:
        name: What people call it.
        mount: Foot of the post; the head looks the way the mount faces.
        watched: The robot that it is there to watch.
        where: Where that stands.
        loose: Loose things that may come to lie before the lens, by name.
        is_powered: Whether it has power.
        power_cause: Who gave or took it last.
    """

    verbs: ClassVar[frozenset[str]] = frozenset({"push", "place"})

    def __init__(
        self, name: str, mount: Mount, watched: Body, where: Callable[[], Point], loose: Mapping[str, Loose],
        is_powered: Callable[[], bool] = lambda: True, power_cause: Callable[[], Cause] = lambda: ENVIRONMENT,
    ) -> None:  # fmt: skip
        self.body = mount.world.load(name, "camera", mount.at, mount.yaw)
        super().__init__(name, mount.stand, (mount.point(0.0, 0.0, PAN_Z + 0.03), mount.point(0.1, 0.0, PAN_Z)))
        self.top: Vec3 = mount.point(TRAY_M, 0.0, 1.08)
        self._mount, self._watched, self._where = mount, watched, where
        self._loose, self._is_powered, self._power_cause = loose, is_powered, power_cause
        self._pan = self.body.joints["pan"]
        self._pan.drive(0.0, BRAKE_NM)
        self._turner = self._hider = self._seer = ENVIRONMENT
        self._last_at: Point | None = None
        self._last_yaw = 0.0
        self._last = self._pan.position
        self._ticks = -1
        self._seen_from: tuple[float, int, Point] | None = None
        self._covered = f"{name}.covered"
        self._facts: dict[str, Value] = {}

    @property
    def bodies(self) -> tuple[Body, ...]:
        """Post and head."""
        return (self.body,)

    @property
    def eye(self) -> Eye:
        """The lens."""
        yaw = self._mount.yaw + self._pan.position
        x, y, z = self._mount.at
        return Eye(
            (x + LENS_M * math.cos(yaw), y + LENS_M * math.sin(yaw), z + PAN_Z + 0.01),
            yaw, PITCH_RAD, WIDTH_DEG, HEIGHT_DEG, RANGE_M,
        )  # fmt: skip

    def stroke(self, verb: str) -> Stroke | None:
        """`push` turns the head aside, or back when it is turned."""
        if verb != "push":
            return None
        pan = self._pan.position
        is_turned = abs(pan) > TURNED_RAD
        side = math.copysign(1.0, pan) if is_turned else 1.0
        ahead = TIP_M * math.cos(pan)
        begin = TIP_M * math.sin(pan) + side * BESIDE_M
        end = side * 0.05 if is_turned else -BESIDE_M
        if is_turned:
            return Stroke(self._tip(ahead, begin), self._tip(ahead, end), self._is_straight, "looks ahead again")
        return Stroke(self._tip(ahead, begin), self._tip(ahead, end), self._is_turned, "looks aside")

    def _tip(self, ahead_m: float, left_m: float) -> Vec3:
        return self._mount.point(ahead_m, left_m, PAN_Z - 0.02)

    def _is_turned(self) -> bool:
        return abs(self._pan.position) > TURNED_RAD

    def _is_straight(self) -> bool:
        return not self._is_turned()

    def tick(self, time_s: float) -> None:
        """Remember who turns the head; look twice a second."""
        del time_s
        pan = self._pan.position
        if abs(pan - self._last) > 0.005:
            self._turner = cause_by_touch(self._mount.world, self.body, self._mount.agents, "head") or self._turner
            self._last = pan
        self._ticks += 1
        if self._ticks % LOOK_EVERY == 0:
            self._look()

    def _look(self) -> None:
        eye, is_on, where = self.eye, self._is_powered(), self._where()
        self._note_cover(eye, where)
        is_seen = is_on and spots(self._mount.world, eye, self._watched, where, (self.name,))
        if is_seen != self._facts.get(f"{self.name}.sees_robot"):
            self._seer = self._who_changed(eye, where, is_on=is_on)
        self._last_at, self._last_yaw = where, eye.yaw
        self._facts = {
            f"{self.name}.on": is_on,
            self._covered: self._facts[self._covered],
            f"{self.name}.turned_deg": STEP_DEG * round(math.degrees(self._pan.position) / STEP_DEG),
            f"{self.name}.sees_robot": is_seen,
        }

    def _note_cover(self, eye: Eye, where: Point) -> None:
        """See whether the lens is covered, unless nothing has moved that could cover it."""
        stamp = (eye.yaw, sum(thing.moves for thing in self._loose.values()), where)
        if stamp == self._seen_from:
            return
        if self._seen_from is not None and stamp[:2] == self._seen_from[:2] and math.dist(where, eye.at[:2]) > HAND_M:
            return
        self._seen_from = stamp
        is_hidden = is_covered(self._mount.world, eye, (self.name,), COVER_M)
        if is_hidden and not self._facts.get(self._covered):
            self._hider = self._who_covers(eye)
        self._facts = {**self._facts, self._covered: is_hidden}

    def _who_changed(self, eye: Eye, where: Point, *, is_on: bool) -> Cause:
        """Who brought it about that it sees the robot, or no longer does."""
        if not is_on:
            return self._power_cause()
        if self._facts[self._covered]:
            return self._hider
        if eye.yaw != self._last_yaw:
            return self._turner
        if self._last_at is None or math.dist(where, self._last_at) > STIRRED_M:
            return PLACE
        hit = self._mount.world.cast([(eye.at, (*where, CHEST_M))])[0]
        thing = None if hit is None else self._loose.get(hit.body)
        if thing is not None:
            return thing.mover
        agent = None if hit is None else self._mount.agents.get(hit.body)
        return Cause(agent.agent, Evidence.POSITION) if agent is not None else ENVIRONMENT

    def _before_lens(self, eye: Eye) -> Loose | None:
        ahead = eye.axes[0]
        end = (eye.at[0] + COVER_M * ahead[0], eye.at[1] + COVER_M * ahead[1], eye.at[2] + COVER_M * ahead[2])
        hit = self._mount.world.cast([(eye.at, end)])[0]
        return None if hit is None else self._loose.get(hit.body)

    def _who_covers(self, eye: Eye) -> Cause:
        thing = self._before_lens(eye)
        touch = cause_by_touch(self._mount.world, self.body, self._mount.agents)
        return thing.mover if thing is not None else touch or ENVIRONMENT

    def facts(self) -> Mapping[str, Value]:
        """What it sees and how it stands, as of its last look."""
        return self._facts

    def cause(self, fact: str) -> Cause:
        """Who turned it, covered it or took its power; for what it sees, whoever changed that."""
        if fact.endswith(".covered"):
            return self._hider
        if fact.endswith(".turned_deg"):
            return self._turner
        return self._power_cause() if fact.endswith(".on") else self._seer

    def view(self) -> Mapping[str, Value]:
        """Where it points and whether its lens is covered show; what it sees does not."""
        return {name: self._facts[name] for name in (f"{self.name}.turned_deg", self._covered)}

    def describe(self, view: Mapping[str, Value]) -> str:
        """The camera, and what has been done to it."""
        if view[self._covered]:
            return f"{self.name} (lens covered)"
        turned = view[f"{self.name}.turned_deg"]
        return f"{self.name} (turned aside)" if isinstance(turned, int) and abs(turned) >= ASIDE_DEG else self.name
