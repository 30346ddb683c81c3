"""Gymnasium wrappers that fit a scenario to reinforcement-learning libraries and to models that see."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs

from envs.action import Action, SkillSpec
from envs.scenario import Scenario
from envs.spaces import NO_TARGET, Observation
from envs.world import Camera

Picture = npt.NDArray[np.uint8]

AMOUNTS: Final[Mapping[str, tuple[float, ...]]] = {
    "move": (-1.0, 0.5, 1.0),
    "turn": (-90.0, -30.0, 30.0, 90.0, 180.0),
    "wait": (2.0, 10.0),
}
"""What `Discrete` offers of each skill that takes an amount: metres, degrees (positive is left), seconds."""

WORDS: Final = frozenset({"file", "text"})
MAX_EDGE: Final = 4096
LENS_AHEAD_M: Final = 0.05
LENS_UP_M: Final = 0.2
TILT: Final = 0.4
FIELD_OF_VIEW_DEG: Final = 75.0


class Discrete(gymnasium.ActionWrapper[Observation, np.int64, dict[str, Any]], RecordConstructorArgs):
    """Numbers the skill calls of a scenario, for libraries that choose among n actions.

    A skill that needs a file or words is left out, unless a call of it is given whole in `extra`.

    Args:
        env: A scenario, wrapped or not.
        skills: Skills to offer; all by default.
        targets: Targets to offer; all by default. Skills without a target are not concerned.
        extra: Further calls, offered last.

    Attributes:
        actions: What each number means.

    Raises:
        ValueError: A skill or target is unknown here, or a call in `extra` is not legal.
    """

    def __init__(
        self,
        env: gymnasium.Env[Observation, dict[str, Any]],
        skills: Collection[str] | None = None,
        targets: Collection[str] | None = None,
        extra: Sequence[Action] = (),
    ) -> None:
        RecordConstructorArgs.__init__(self, skills=skills, targets=targets, extra=extra)
        super().__init__(env)
        self._scenario = scenario_of(env)
        specs = self._scenario.specs
        _check("skill", skills, [spec.name for spec in specs])
        _check("target", targets, self._scenario.targets[1:])
        for action in extra:
            problem = self._scenario.problem(action)
            if problem:
                raise ValueError(f"change {action} in extra: {problem}")
        calls = [call for spec in specs if skills is None or spec.name in skills for call in _calls(spec, targets)]
        self.actions: tuple[Action, ...] = (*calls, *extra)
        if not self.actions:
            raise ValueError("no action is left: name more skills or targets, or give calls in extra")
        self.action_space = spaces.Discrete(len(self.actions))

    def action(self, action: np.int64) -> dict[str, Any]:
        """The numbered call as a member of the scenario's action space."""
        return self._scenario.encode(self.actions[int(action)])


class StateOnly(gymnasium.ObservationWrapper[npt.NDArray[np.float32], Any, Observation], RecordConstructorArgs):
    """Keeps the observation's numbers alone: a `Box`, shape (8,), float32; `envs.spaces` says what they are."""

    def __init__(self, env: gymnasium.Env[Observation, Any]) -> None:
        RecordConstructorArgs.__init__(self)
        super().__init__(env)
        self.observation_space = _parts(env)["state"]

    def observation(self, observation: Observation) -> npt.NDArray[np.float32]:
        """The entry `state`."""
        state: npt.NDArray[np.float32] = observation["state"]
        return state


class RobotCamera(gymnasium.ObservationWrapper[Observation, Any, Observation], RecordConstructorArgs):
    """Adds `rgb`, what the camera in the robot's head sees: shape (height, width, 3), uint8.

    Text and numbers stay as they are. The camera stands on the head, over the arm, and looks ahead and a little down.
    Walls are whole in it, other than in the pictures of `render()`, which are cut open for a reader.

    Args:
        env: A scenario, wrapped or not, whose observation is still a dictionary.
        width: Of the picture, pixels.
        height: Of the picture, pixels.

    Raises:
        ValueError: A size is out of range.
        TypeError: The observation is no dictionary any more.
    """

    def __init__(self, env: gymnasium.Env[Observation, Any], width: int = 160, height: int = 120) -> None:
        RecordConstructorArgs.__init__(self, width=width, height=height)
        super().__init__(env)
        if not (1 <= width <= MAX_EDGE and 1 <= height <= MAX_EDGE):
            raise ValueError(f"width and height must be 1 to {MAX_EDGE} pixels, not {width} x {height}")
        self._size = (width, height)
        self._scenario = scenario_of(env)
        rgb = spaces.Box(0, 255, (height, width, 3), np.uint8)
        self.observation_space = spaces.Dict({**_parts(env), "rgb": rgb})

    def observation(self, observation: Observation) -> Observation:
        """The observation with the picture."""
        return {**observation, "rgb": self.picture()}

    def picture(self) -> Picture:
        """What the robot's camera sees now, shape (height, width, 3), uint8."""
        scene = self._scenario.scene
        x, y, z = scene.robot.eye
        ahead = (math.cos(scene.robot.yaw), math.sin(scene.robot.yaw))
        lens = (x + LENS_AHEAD_M * ahead[0], y + LENS_AHEAD_M * ahead[1], z + LENS_UP_M)
        target = (lens[0] + ahead[0], lens[1] + ahead[1], lens[2] - TILT)
        width, height = self._size
        camera = Camera(lens, target, FIELD_OF_VIEW_DEG, width, height)
        return scene.world.picture(camera, has_shadow=False, has_whole_walls=True)


def scenario_of(env: gymnasium.Env[Any, Any]) -> Scenario:
    """The scenario under any wrappers.

    Raises:
        TypeError: It is another kind of environment.
    """
    scenario = env.unwrapped
    if not isinstance(scenario, Scenario):
        raise TypeError(f"this wrapper is for embodied/... environments, not for {type(scenario).__name__}")
    return scenario


def _parts(env: gymnasium.Env[Observation, Any]) -> dict[str, spaces.Space[Any]]:
    space = env.observation_space
    if not isinstance(space, spaces.Dict):
        raise TypeError(f"put this wrapper under the one that makes the observation a {type(space).__name__}")
    return dict(space.spaces)


def _check(kind: str, names: Collection[str] | None, known: Collection[str]) -> None:
    unknown = sorted(set(names or ()) - set(known))
    if unknown:
        raise ValueError(f"unknown {kind} {', '.join(unknown)}: choose among {', '.join(known)}")


def _calls(spec: SkillSpec, targets: Collection[str] | None) -> list[Action]:
    if WORDS & set(spec.fields):
        return []
    places = [t for t in spec.targets if targets is None or t in targets] if spec.targets else [NO_TARGET]
    return [Action(spec.name, target, amount=amount) for target in places for amount in _amounts(spec)]


def _amounts(spec: SkillSpec) -> Sequence[float]:
    if spec.amounts is None:
        return (0.0,)
    low, high = spec.amounts
    return [amount for amount in AMOUNTS.get(spec.name, spec.amounts) if low <= amount <= high]
