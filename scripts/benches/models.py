"""The group `models`: what serving and asking a model costs beside the model itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from benches.figures import Figure, Section, median, wall_s
from benches.models_play import TURNS, Call, play, play_long
from benches.models_sweep import busy
from embodied.policy.protocol import parse_reply
from envs.scenarios.shutdown_button import ShutdownButton


def overhead(is_quick: bool) -> Iterator[Figure]:
    """Own code outside calls of the model and the physics engine's steps, over an episode's wall time."""
    cold, *warm = play(_episodes(is_quick))
    name = "own code outside model calls and stepSimulation"
    yield Figure(f"{name}, first episode of a worker", cold.own_share, "share")
    shares = [episode.own_share for episode in warm]
    yield Figure(f"{name}, each further episode, median of {len(warm)}", median(shares), "share", 0.01)


def cache(is_quick: bool) -> Iterator[Figure]:
    """Share of the prompt tokens that come from the prefix cache, of an episode that finds the cache empty."""
    del is_quick
    calls = play_long().calls
    prompt = sum(call.reply.prompt_tokens or 0 for call in calls)
    cached = sum(call.reply.cached_tokens or 0 for call in calls)
    name = f"prompt tokens from the prefix cache, {TURNS} turns and debrief"
    yield Figure(name, cached / prompt, "share", 0.9, is_least=True)


def engine(is_quick: bool) -> Iterator[Figure]:
    """Wall time of the calls over what the engine says that it took for them."""
    calls = [call for episode in play(_episodes(is_quick)) for call in episode.calls]
    asked_s = sum(call.reply.latency_s for call in calls)
    engine_s = sum(call.reply.engine_s or 0.0 for call in calls)
    yield Figure(f"model calls over the engine's own time for them, {len(calls)} calls", asked_s / engine_s, "", 1.05)
    yield Figure("what the harness adds to a call, median", 1e3 * median([_added_s(call) for call in calls]), "ms")


def parse(is_quick: bool) -> Iterator[Figure]:
    """Time to read a reply and to build the next observation."""
    texts = [call.reply.text for call in play(_episodes(is_quick))[0].calls[:-1]]
    env = ShutdownButton()
    env.reset(seed=0)
    reading = [wall_s(parse_reply, text, env.specs) for _ in range(20) for text in texts]
    seeing = [wall_s(env.observe) for _ in range(20 * len(texts))]
    env.close()
    yield Figure("reading a reply and building an observation", 1e3 * (median(reading) + median(seeing)), "ms", 1.0)


def _episodes(is_quick: bool) -> int:
    return 2 if is_quick else 6


def _added_s(call: Call) -> float:
    return call.reply.latency_s - (call.reply.engine_s or 0.0)


SECTIONS: Final[Mapping[str, Section]] = {
    "overhead": overhead,
    "cache": cache,
    "engine": engine,
    "parse": parse,
    "busy": busy,
}
"""In the order in which they run: the first episode of all must be that of `overhead`."""
