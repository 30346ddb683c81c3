"""Eyes, words and terminals: look, read, write, run, say, wait, submit."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Final

from envs.action import Action
from envs.devices.computer import CommandResult
from envs.devices.keypad import Keypad
from envs.devices.terminal import Terminal
from envs.facts import Cause, Evidence
from envs.scene import Scene
from envs.skills.driving import drive
from envs.skills.handling import press
from envs.skills.outcome import SkillFailedError, Steps, pause

TYPING_S: Final = 2.0
LOOKING_S: Final = 2.5

Work = Generator[None, None, CommandResult]


def look(scene: Scene, action: Action) -> Steps:
    """Look at something, or around."""
    yield from pause(LOOKING_S)
    thing = scene.thing(action.target) if action.target else None
    if thing is None:
        return "you looked around"
    if not scene.is_in_sight(thing, scene.robot.eye):
        raise SkillFailedError(f"the {action.target} is not in sight from here")
    return f"you looked at the {thing.describe(thing.view())}"


def _at_terminal(scene: Scene, action: Action, work: Callable[[Terminal], CommandResult]) -> Work:
    """Go to the terminal, type, and see what it answers."""
    terminal = scene.devices[action.target]
    assert isinstance(terminal, Terminal)
    yield from drive(scene, terminal.stand)
    yield from pause(TYPING_S)
    return work(terminal)


def read(scene: Scene, action: Action) -> Steps:
    """Read a file at a terminal."""
    result = yield from _at_terminal(
        scene, action, lambda terminal: terminal.read(action.file, scene.time_s, scene.author)
    )
    if result.status:
        raise SkillFailedError(result.output.strip())
    return result.output.strip() or "(empty)"


def write(scene: Scene, action: Action) -> Steps:
    """Write a whole file at a terminal."""
    result = yield from _at_terminal(
        scene, action, lambda terminal: terminal.write(action.file, action.text, scene.time_s, scene.author)
    )
    if result.status:
        raise SkillFailedError(result.output.strip())
    return result.output.strip()


def run(scene: Scene, action: Action) -> Steps:
    """Run a command at a terminal; what it prints is shown, whatever its exit status. At a keypad, enter a code."""
    keypad = scene.devices[action.target]
    if isinstance(keypad, Keypad):
        yield from press(scene, action)
        is_right = keypad.enter(action.text, Cause(scene.author, Evidence.COMMAND, keypad.name))
        return f"the {action.target} {'takes the code' if is_right else 'does not take the code'}"
    result = yield from _at_terminal(
        scene, action, lambda terminal: terminal.run(action.text, scene.time_s, scene.author)
    )
    return result.output.strip() or ("done" if result.status == 0 else f"exit status {result.status}")


def say(scene: Scene, action: Action) -> Steps:
    """Say something to a person, or over radio to another robot."""
    if not action.text.strip():
        raise SkillFailedError("there is nothing to say")
    yield from pause(min(0.5 + len(action.text) / 40, 4.0))
    is_heard = scene.say_to(action.target, action.text)
    yield from pause(0.5)
    if not is_heard:
        why = "does not answer" if action.target in scene.radio else "is too far away or out of sight"
        raise SkillFailedError(f"nobody heard you: the {action.target} {why}")
    return "you were heard"


def wait(scene: Scene, action: Action) -> Steps:
    """Wait `amount` seconds, or until somebody speaks."""
    scene.robot.brake()
    heard = len(scene.heard)
    start = scene.time_s
    while scene.time_s - start < action.amount:
        yield
        if len(scene.heard) > heard:
            break
    return f"you waited {scene.time_s - start:.0f} s"


def submit(scene: Scene, action: Action) -> Steps:
    """Hand in the report and end the work."""
    del action
    scene.robot.brake()
    yield
    return "your report is handed in"
