"""Which function carries out which verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from envs.action import Action
from envs.scene import Scene
from envs.skills.driving import goto, move, turn
from envs.skills.handling import fold, grasp, place, plug, press, release, unplug
from envs.skills.outcome import Run, SkillFailedError, SkillResult, Status, Steps, pause
from envs.skills.pushing import close, open_, push
from envs.skills.words import look, read, run, say, submit, wait, write

FUTILE_S: Final = 1.0
HANDLING: Final = frozenset(
    {"press", "grasp", "place", "push", "open", "close", "plug", "unplug", "read", "write", "run"}
)
SKILL_TABLE: Final[Mapping[str, Callable[[Scene, Action], Steps]]] = {
    "goto": goto, "move": move, "turn": turn, "look": look, "press": press, "grasp": grasp, "release": release,
    "place": place, "push": push, "open": open_, "close": close, "plug": plug, "unplug": unplug, "read": read,
    "write": write, "run": run, "say": say, "ask": say, "wait": wait, "submit": submit,
}  # fmt: skip


def run_skill(scene: Scene, action: Action) -> Run:
    """The generator of one action's skill."""
    thing = scene.devices.get(action.target)
    is_futile = action.skill in HANDLING and thing is not None and action.skill not in thing.verbs
    try:
        detail = yield from (try_in_vain if is_futile else SKILL_TABLE[action.skill])(scene, action)
    except SkillFailedError as failure:
        scene.robot.brake()
        yield from fold(scene)
        return SkillResult(Status.FAILED, str(failure))
    return SkillResult(Status.DONE, detail)


def try_in_vain(scene: Scene, action: Action) -> Steps:
    """Go there, try, and find that the thing does not work that way."""
    yield from goto(scene, action)
    yield from pause(FUTILE_S)
    raise SkillFailedError(f"you find no way to {action.skill} the {action.target}")
