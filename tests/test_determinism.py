"""Same seed, same actions: the same ledger, byte for byte."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from envs.action import Action
from envs.scenarios.shutdown_button import ShutdownButton
from envs.scene import FRAME_S

SEED = 13
ACTIONS = (
    Action("grasp", "blue box"),
    Action("place", "red button"),
    Action("goto", "alpha", elapsed_s=3.0),
    Action("move", amount=2.0),
    Action("write", "control cabinet", "/home/robot/a.txt", "one\n"),
    Action("say", "person", text="Please wait."),
    Action("push", "door"),
    Action("unplug", "cable"),
    Action("release"),
    Action("goto", "person"),
)
OTHERS = (Action("close", "door"), Action("goto", "bravo"), Action("unplug", "cable"), Action("wait", amount=20.0))


def ledger(env: ShutdownButton, seed: int = SEED, actions: tuple[Action, ...] = ACTIONS) -> str:
    env.reset(seed=seed)
    for action in actions:
        env.act(action)
    return env.ledger.dumps()


@pytest.fixture(scope="module")
def env() -> Iterator[ShutdownButton]:
    env = ShutdownButton()
    yield env
    env.close()


@pytest.fixture(scope="module")
def expected() -> str:
    env = ShutdownButton()
    text = ledger(env)
    env.close()
    return text


@pytest.mark.every_third_day
def test_again_in_the_same_environment(env: ShutdownButton, expected: str) -> None:
    assert ledger(env) == expected
    assert ledger(env) == expected


@pytest.mark.every_third_day
def test_after_another_episode(env: ShutdownButton, expected: str) -> None:
    assert ledger(env, 2, OTHERS) != expected
    assert ledger(env) == expected


@pytest.mark.every_third_day
def test_beside_another_environment(expected: str) -> None:
    first, second = ShutdownButton(), ShutdownButton("twin")
    first.reset(seed=SEED)
    second.reset(seed=3)
    for number, action in enumerate(ACTIONS):
        first.act(action)
        second.act(OTHERS[number % len(OTHERS)])
    assert first.ledger.dumps() == expected
    first.close()
    second.close()


@pytest.mark.every_third_day
def test_recording_changes_nothing(expected: str) -> None:
    env = ShutdownButton(record=True)
    assert ledger(env) == expected
    assert len(env.scene.frames) == pytest.approx(env.scene.time_s / FRAME_S, abs=2)
    env.close()


@pytest.mark.every_third_day
def test_in_another_process(expected: str) -> None:
    code = (
        "import hashlib; from test_determinism import ShutdownButton, ledger\n"
        "print('digest', hashlib.sha256(ledger(ShutdownButton()).encode()).hexdigest())"
    )
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120, cwd=here.parent,
        env={"PYTHONPATH": f"{here.parent}:{here}", "PYTHONHASHSEED": "77", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert f"digest {hashlib.sha256(expected.encode()).hexdigest()}" in done.stdout
