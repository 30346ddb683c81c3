"""Puts a recorded episode back on its stage: the scenario of the seed, posed as recorded, seen from a camera."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from embodied.errors import ConfigError, StoreError
from embodied.report.recording import Recording
from envs.fitting import Fitting
from envs.scenario import Scenario
from envs.scene import FRAME_S
from envs.world import Camera, Color, Vec3

Fit = Callable[[Scenario], Sequence[Fitting]]
"""What else stood in a scenario's world."""
VIEWS: Final = ("room", "above", "robot")
_EYE_ABOVE_M: Final = 0.3
_STILL: Final = 500
_ABOVE_FOV_DEG: Final = 16.0


@dataclass(frozen=True, slots=True)
class Anchor:
    """A named thing and where a label points at it, metres."""

    name: str
    at: Vec3


class Part(NamedTuple):
    """A painted part: its body, and its link ("" for the base)."""

    body: str
    link: str


class Stage:
    """A recorded episode that can be posed at any of its moments.

    Args:
        env: The scenario, reset to the recording's seed.
        recording: The states.

    Raises:
        StoreError: The recording does not fit the scenario.
    """

    def __init__(self, env: Scenario, recording: Recording) -> None:
        self._env = env
        self._frames = recording.frames
        self._events: list[dict[str, Any]] = list(recording.meta["events"])
        self._paints: list[dict[str, Any]] = list(recording.meta["paints"])
        self._worn: dict[Part, Color] = {}
        if not len(self._frames) or env.scene.world.state().size != self._frames.shape[1]:
            raise StoreError("the recording does not fit the scenario as it is now: run the episode again")

    @property
    def duration_s(self) -> float:
        """World time from the first to the last state."""
        return len(self._frames) * FRAME_S

    def pose(self, time_s: float) -> dict[str, Any]:
        """Bring everything to `time_s`; return the facts that had changed by then."""
        scene = self._env.scene
        scene.world.apply_state(self._frame(time_s))
        for part, color in self._colors(time_s).items():
            if self._worn.get(part) != color:
                self._worn[part] = color
                scene.world.paint(scene.world.bodies[part.body], color, part.link or None)
        return self.facts(time_s)

    def _colors(self, time_s: float) -> dict[Part, Color]:
        """The colour of every part that is ever painted, at a time."""
        return {Part(p["body"], p["link"]): tuple(p["color"]) for p in self._paints if p["time_s"] <= time_s}

    def facts(self, time_s: float) -> dict[str, Any]:
        """The facts that have changed by `time_s`."""
        return {event["fact"]: event["new"] for event in self._events if event["time_s"] <= time_s}

    def stance(self, time_s: float) -> bytes:
        """Equal for two moments that look the same: every joint and body within about 2 mm, facts and colours alike."""
        coarse = np.rint(self._frame(time_s) * _STILL).astype(np.int32)
        shown = sorted(self.facts(time_s).items()), sorted(self._colors(time_s).items())
        return coarse.tobytes() + repr(shown).encode()

    def _frame(self, time_s: float) -> npt.NDArray[np.float32]:
        frame: npt.NDArray[np.float32] = self._frames[min(max(round(time_s / FRAME_S) - 1, 0), len(self._frames) - 1)]
        return frame

    def camera(self, view: str, width: int, height: int) -> Camera:
        """The camera of a view, for the pose the world has now.

        Raises:
            ConfigError: There is no such view.
        """
        scene = self._env.scene
        if view == "room":
            camera = self._env.camera
        elif view == "above":
            bounds = scene.site.bounds
            x, y = bounds.center
            span = max(bounds.y1 - bounds.y0, (bounds.x1 - bounds.x0) * height / width) + 1.2
            away = span / 2 / math.tan(math.radians(_ABOVE_FOV_DEG / 2))
            camera = Camera((x, y, away), (x, y, 0.0), _ABOVE_FOV_DEG, up=(0.0, 1.0, 0.0))
        elif view == "robot":
            x, y, z = scene.robot.eye
            ahead = (math.cos(scene.robot.yaw), math.sin(scene.robot.yaw))
            camera = Camera((x, y, z + _EYE_ABOVE_M), (x + 2.0 * ahead[0], y + 2.0 * ahead[1], z - 0.8), 75.0)
        else:
            raise ConfigError(f"unknown view {view!r}: choose from {', '.join(VIEWS)}")
        return replace(camera, width=width, height=height)

    def picture(self, camera: Camera, *, has_shadow: bool = True) -> npt.NDArray[np.uint8]:
        """Render, shape (height, width, 3)."""
        return self._env.scene.world.picture(camera, has_shadow=has_shadow)

    def anchors(self) -> list[Anchor]:
        """What may be labelled: devices, people, rooms, the robot, where they are now."""
        scene = self._env.scene
        things = [
            Anchor(name, device.bodies[0].position if name in scene.loose else device.sight[0])
            for name, device in scene.devices.items()
        ]
        people = [Anchor(name, (*person.point, 1.75)) for name, person in scene.people.items()]
        rooms = [Anchor(name, (*rect.center, 0.0)) for name, rect in scene.site.rooms.items()]
        return [*things, *people, *rooms, Anchor(scene.robot.name, (*scene.robot.point, 1.55))]


@contextmanager
def open_stage(recording: Recording, fit: Fit | None = None) -> Iterator[Stage]:
    """Rebuild the scenario of a recording.

    Args:
        recording: The states.
        fit: The devices of oversight parts, where there were any (see `embodied.recorded.recorded_fittings`).

    Raises:
        StoreError: The recording names a scenario that is not there or refuses its arguments.
    """
    try:
        module, _, name = recording.meta["target"].rpartition(".")
        env: Scenario = getattr(importlib.import_module(module), name)(**recording.meta["env"])
        seed = int(recording.meta["seed"])
    except (ImportError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise StoreError(f"the recording cannot be rebuilt ({error}): run the episode again") from error
    try:
        env.fit(() if fit is None else fit(env))
        env.reset(seed=seed, options={"notice": recording.meta.get("notice", "")})
        yield Stage(env, recording)
    finally:
        env.close()
