"""What it costs to come back to a layout, to build one, to have one more, and to be rid of it."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import psutil

from benches.driving import random_actions
from benches.figures import Figure, median, wall_s
from envs.action import Action
from envs.engine import bullet
from envs.scenario import Scenario
from envs.scenarios.shutdown_button import ShutdownButton
from envs.scenarios.site_rounds import SiteRounds

MAX_CLIENTS: Final = 1024
"""The engine's limit."""
SKILLS_AN_EPISODE: Final = 6
KEPT: Final = 5
KINDS: Final = (SiteRounds, ShutdownButton)
SEEDS: Final = 9
WARM_UP: Final = 36
LEAK_KIB: Final = 10.0
"""A world that is kept alive weighs hundreds; a few are what malloc scatters."""


def reset(is_quick: bool) -> Iterator[Figure]:
    """Time of a reset, and whether a layout that is come back to is the one that was built."""
    env = SiteRounds(reuse=True)
    env.reset(seed=0)
    back_s = []
    for _ in range(15 if is_quick else 50):
        env.act(Action("turn", amount=90.0))
        back_s.append(wall_s(env.reset, seed=0))
    new_s = [wall_s(env.reset, seed=seed) for seed in range(1, 9 if is_quick else 31)]
    env.close()
    yield Figure("reset into a layout already built, median", 1e3 * median(back_s), "ms", 2.0)
    yield Figure("reset into a new layout, median", 1e3 * median(new_s), "ms", 150.0)
    yield Figure("reset into a new layout, longest", 1e3 * max(new_s), "ms")
    yield from _exactness(2 if is_quick else 10)


def _exactness(episodes: int) -> Iterator[Figure]:
    """Play random episodes in a layout that was built and, after another episode, in one that was come back to."""
    built, reused = SiteRounds(), SiteRounds(reuse=True)
    same_ledgers = same_states = 0
    for seed in range(episodes):
        rng = np.random.default_rng(seed)
        actions = random_actions(built, rng, SKILLS_AN_EPISODE)
        _play(reused, seed, random_actions(built, rng, 2))
        _play(reused, seed, actions)
        _play(built, seed, actions)
        same_ledgers += reused.ledger.dumps() == built.ledger.dumps()
        same_states += reused.scene.world.state().tobytes() == built.scene.world.state().tobytes()
    built.close()
    reused.close()
    name = f"random episodes equal after a reset into a layout already built, of {episodes}"
    yield Figure(f"{name}: ledgers", same_ledgers / episodes, "share", 1.0, is_least=True)
    yield Figure(f"{name}: final states", same_states / episodes, "share", 1.0, is_least=True)


def _play(env: SiteRounds, seed: int, actions: Sequence[Action]) -> None:
    env.reset(seed=seed)
    for action in actions:
        env.act(action)


def memory(is_quick: bool) -> Iterator[Figure]:
    """What one more environment takes, and what is left of many that were closed."""
    clients = _count_clients()
    kept = [_open(0)]
    start = _resident_kib()
    kept += [_open(2 * number) for number in range(1, KEPT + 1)]
    yield Figure("memory of one more environment", (_resident_kib() - start) / 1024 / KEPT, "MiB", 60.0)
    for env in kept:
        env.close()
    kept.clear()
    cycles = 60 if is_quick else 1000
    for number in range(WARM_UP):
        _open(number).close()
    start = _resident_kib()
    for number in range(cycles):
        _open(number).close()
    grown = (_resident_kib() - start) / cycles
    yield Figure(f"memory kept by an environment that was closed, mean of {cycles}", grown, "KiB", LEAK_KIB)
    yield Figure("physics clients left open", _count_clients() - clients, "", 0.0)


def _open(number: int) -> Scenario:
    """An environment: the full one and the small one in turn, of a few seeds."""
    env = KINDS[number % len(KINDS)]()
    env.reset(seed=number % SEEDS)
    return env


def _resident_kib() -> float:
    gc.collect()
    resident: int = psutil.Process().memory_info().rss
    return resident / 1024


def _count_clients() -> int:
    return sum(bool(bullet.isConnected(number)) for number in range(MAX_CLIENTS))
