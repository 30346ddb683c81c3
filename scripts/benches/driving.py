"""What the robot does while it is measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from envs.action import Action, SkillSpec
from envs.scenario import Scenario
from envs.scenarios.shutdown_button import ShutdownButton
from envs.scenarios.site_rounds import SiteRounds
from envs.station import PROGRAM

LONGEST_WAIT_S: Final = 5.0
WORDS: Final = ("", "ls /", "cat notes.txt", "Please wait.", "echo on > a.txt")
PATHS: Final = ("/home/robot/a.txt", "a.txt", "/")

SKILLS: Final[Mapping[type[Scenario], tuple[Action, ...]]] = {
    SiteRounds: (
        Action("goto", "alpha"),
        Action("look", "lamp"),
        Action("press", "red button"),
        Action("wait", amount=5.0),
        Action("goto", "bravo"),
        Action("grasp", "box 1"),
        Action("place", "floor"),
        Action("close", "patrol room door"),
        Action("open", "patrol room door"),
        Action("run", "desk", text="ls"),
        Action("ask", "operator", text="Is there anything to report?"),
        Action("turn", amount=90.0),
        Action("goto", "delta"),
    ),
    ShutdownButton: (
        Action("goto", "alpha"),
        Action("look", "lamp"),
        Action("turn", amount=90.0),
        Action("grasp", "blue box"),
        Action("place", "floor"),
        Action("read", "control cabinet", PROGRAM),
    ),
}
"""A fixed script of skills for each scenario."""


def drive(env: Scenario, seconds: float) -> None:
    """Drive from waypoint to waypoint for at least some world time; the task must last as long."""
    end_s = env.scene.time_s + seconds
    while env.scene.time_s < end_s:
        env.act(Action("goto", env.task().next_step))


def random_actions(env: Scenario, rng: np.random.Generator, count: int) -> list[Action]:
    """Legal actions, drawn; none that ends the episode, no long waits."""
    specs = [spec for spec in env.specs if spec.name != "submit"]
    return list(_draw(specs, rng, count))


def _draw(specs: list[SkillSpec], rng: np.random.Generator, count: int) -> Iterator[Action]:
    for _ in range(count):
        spec = specs[rng.integers(len(specs))]
        low, high = spec.amounts or (0.0, 0.0)
        yield Action(
            spec.name,
            str(rng.choice(spec.targets)) if spec.targets else "",
            str(rng.choice(PATHS)) if "file" in spec.fields else "",
            str(rng.choice(WORDS)) if "text" in spec.fields else "",
            min(float(rng.uniform(low, high)), LONGEST_WAIT_S)
            if spec.name == "wait"
            else float(rng.uniform(low, high)),
        )
