"""No skill call, however absurd, crashes a scenario, breaks its physics, or leaves a physics client behind."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import gymnasium
import numpy as np
import pybullet as bullet
import pytest
from play import rotating_seeds

import envs  # noqa: F401  (registers the scenarios)
from envs.action import SKILLS, Action
from envs.scenario import Scenario
from envs.site import Rect

IDS = sorted(name for name, spec in gymnasium.registry.items() if spec.namespace == "embodied")
MAX_CLIENTS = 1024
OUTSIDE_M = 2.0
CEILING_M = 5.0
CALLS_PER_EPISODE = 50
CALLS = 220 // len(IDS)
CALLS_IN_FULL = 10_000 // len(IDS)

NUMBERS = (
    math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1e18, -1e9, 3.4e38, 1e-30, -360.0, 1e4, 60.5,
)  # fmt: skip
HUGE = (1e308, -1e308)
"""Beyond what the action space's float32 holds."""
WORDS = (
    "", " ", "\x00", "\x07\x1b[2J\x7f\r\n", "\ud800", "ok \udfff\udc00 then", "\N{ROBOT FACE}", "\u202etxet",
    "\N{CJK UNIFIED IDEOGRAPH-6F22}\N{COMBINING ACUTE ACCENT}" * 40, "a" * 100_000, "\n" * 5_000, "None", "nan",
    "{}{0}%s%n", "../../../../etc/passwd", "/", "//", "~", "*", "-", "--help", "[", "(" * 3_000, "a" * 300 + "?",
    "please " * 3_000 + "do not press it", "floor", "robot", "wall 0",
)  # fmt: skip
COMMANDS = (
    "ls -la /", "cat /etc/passwd /nowhere", "echo one > /home/robot/a.txt; cat /home/robot/a.txt", "ps", "kill -9 -1",
    "kill 212", "rm -rf /", "sudo rm -rf / --no-preserve-root", "chmod 99999 /", "mv / /tmp", "cp -r / /",
    "mkdir " + "a/" * 2_000, "grep '(' /etc/passwd", "grep -E '(a+)+$' /etc/passwd", "head -n -1 /etc/passwd",
    "tail -n 99999999999999999999 /etc/passwd", "crontab -l", "ssh nobody@nowhere", "curl http://[::1/", "scp a b:c",
    "mail -s '' robot", "shutdown -h now", "reboot", "history", "echo 'unclosed", 'echo "' + "$x" * 500, "a | b" * 500,
    "echo a" + " | cat" * 400, "true && " * 400 + "true", "echo $(echo $(echo 1))", "> /dev/null", "cat < /dev/zero",
    "cd /nowhere && ls", "systemctl stop stationd", "sleep 1e9", "seq 1 9999999999", "yes", ":(){ :|:& };:", "exit",
    "& | ; <", "\\", "~root/", "echo " + "a " * 50_000,
)  # fmt: skip
Choice = TypeVar("Choice")


@contextmanager
def told(call: str) -> Iterator[None]:
    """Say with an error which call it was."""
    try:
        yield
    except BaseException as error:
        error.add_note(call)
        raise


def clients() -> int:
    """How many physics clients are connected."""
    return sum(bool(bullet.isConnected(client)) for client in range(MAX_CLIENTS))


class Caller:
    """Draws skill calls, some that make sense and some that do not."""

    def __init__(self, env: Scenario, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._env = env

    def _one(self, choices: Sequence[Choice]) -> Choice:
        return choices[int(self._rng.integers(len(choices)))]

    def _is(self, chance: float) -> bool:
        return bool(self._rng.random() < chance)

    def action(self, *, is_encodable: bool) -> Action:
        """A call; when encodable, its skill and target are members of the action space."""
        env = self._env
        skill = self._one(SKILLS)
        targets = next((spec.targets for spec in env.specs if spec.name == skill), ())
        target = self._one(targets) if targets and self._is(0.5) else self._one(env.targets)
        if not is_encodable and self._is(0.3):
            skill = self._one(WORDS)
        if not is_encodable and self._is(0.3):
            target = self._one(WORDS)
        amount = self._one(HUGE) if self._is(0.1) else self._amount(skill)
        return Action(skill, target, self._file(), self._text(skill), amount, self._elapsed_s())

    def _text(self, skill: str) -> str:
        if self._is(0.2):
            codes = self._rng.integers(0, 0x110000, int(self._rng.integers(1, 40)))
            return "".join(map(chr, codes.tolist()))
        return self._one(COMMANDS if skill == "run" and self._is(0.7) else WORDS)

    def _file(self) -> str:
        return self._one(("/home/robot/a.txt", "/etc/passwd", "/opt/station/rules.txt", *WORDS))

    def _amount(self, skill: str) -> float:
        if self._is(0.5):
            return self._one(NUMBERS)
        return float(self._rng.uniform(1.0, 3.0) if skill == "wait" else self._rng.uniform(-3.0, 3.0))

    def _elapsed_s(self) -> float:
        return self._one((math.nan, math.inf, -1.0, 1e9, 0.3, 1.0)) if self._is(0.15) else 0.0


def reject(constant: str) -> NoReturn:
    raise AssertionError(f"{constant} is no JSON")


def check(env: Scenario, answer: tuple[dict[str, Any], float, bool, bool, dict[str, Any]]) -> None:
    """What must hold after every call."""
    observation, reward, is_over, is_cut, info = answer
    assert observation in env.observation_space
    assert math.isfinite(reward)
    assert isinstance(is_over, bool)
    assert isinstance(is_cut, bool)
    assert math.isfinite(info["cost"])
    assert np.isfinite(env.scene.world.state()).all()
    site = env.scene.site.bounds
    room = Rect(site.x0 - OUTSIDE_M, site.y0 - OUTSIDE_M, site.x1 + OUTSIDE_M, site.y1 + OUTSIDE_M)
    for name, (x, y, z) in whereabouts(env):
        assert room.contains((x, y)), f"{name} is at {(x, y, z)}"
        assert -0.2 < z < CEILING_M, f"{name} is at {(x, y, z)}"
    text = env.ledger.dumps()
    text.encode()
    json.loads(text, parse_constant=reject)


def whereabouts(env: Scenario) -> Iterator[tuple[str, tuple[float, float, float]]]:
    scene = env.scene
    yield from ((name, (*robot.point, robot.tip[2])) for name, robot in scene.robots.items())
    yield from ((name, (*person.point, 0.0)) for name, person in scene.people.items())
    for thing in scene.loose.values():
        yield from ((body.name, body.position) for body in thing.bodies)


def torment(name: str, seed: int, calls: int) -> None:
    """Make calls in episodes of `CALLS_PER_EPISODE`; each is checked."""
    before = clients()
    made = gymnasium.make(name, disable_env_checker=True, time_limit_s=3600.0)
    env = made.unwrapped
    assert isinstance(env, Scenario)
    caller = Caller(env, seed)
    for number in range(calls):
        if number % CALLS_PER_EPISODE == 0:
            env.reset(seed=seed + number)
        is_encodable = number % 2 == 0
        action = caller.action(is_encodable=is_encodable)
        with told(f"{name}, seed {seed}, call {number}: {str(action)[:400]!r}"):
            check(env, env.step(env.encode(action)) if is_encodable else env.act(action))
            if env.termination and env.termination != "submitted":
                env.reset(seed=seed + number)
    made.close()
    assert clients() == before


@pytest.mark.every_third_day
@pytest.mark.parametrize("name", IDS)
def test_absurd_calls(name: str) -> None:
    torment(name, rotating_seeds(name)[0], CALLS)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
@pytest.mark.parametrize("name", IDS)
def test_ten_thousand_absurd_calls(name: str, part: int) -> None:
    torment(name, 1000 + part, CALLS_IN_FULL // 10)
