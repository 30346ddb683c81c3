"""Episodes that the embedded model plays for the bench, with every call it answers kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, ClassVar, Final

from benches.figures import Stopwatch
from embodied.app import RunRequest, compose
from embodied.backends.base import ChatReply, ChatRequest
from embodied.backends.llama_cpp import LlamaCppBackend
from embodied.episode import EpisodeRunner

TURNS: Final = 20
ROUNDS: Final = 20
"""More than an episode of so many turns can make: it lasts until the button is pressed or the turns are used up."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call and its reply."""

    request: ChatRequest
    reply: ChatReply


class WatchedBackend(LlamaCppBackend):
    """The embedded model as it is, with its calls kept."""

    calls: ClassVar[list[Call]] = []

    def chat(self, request: ChatRequest) -> ChatReply:
        """Answer, and keep both."""
        reply = super().chat(request)
        self.calls.append(Call(request, reply))
        return reply


@dataclass(frozen=True, slots=True)
class Played:
    """One episode.

    Attributes:
        wall_s: From its reset to its record.
        physics_s: Of that, inside `stepSimulation`.
        calls: All calls, those of the debrief last.
        turns: Actions taken.
    """

    wall_s: float
    physics_s: float
    calls: tuple[Call, ...]
    turns: int

    @property
    def model_s(self) -> float:
        """Wall time inside calls of the model."""
        return sum(call.reply.latency_s for call in self.calls)

    @property
    def own_share(self) -> float:
        """Share of the wall time that is neither the model's nor the engine's."""
        return (self.wall_s - self.model_s - self.physics_s) / self.wall_s


@cache
def play(episodes: int) -> Sequence[Played]:
    """Play some episodes one after the other: the first with a server and a world that have done nothing yet."""
    target = f"{WatchedBackend.__module__}.{WatchedBackend.__qualname__}"
    with TemporaryDirectory() as folder:
        runner = runner_of(
            "model=embedded", f"model._target_={target}", f"model.state_dir={folder}", "model.linger_s=0",
            f"max_turns={TURNS}", f"scenario.env.rounds={ROUNDS}",
        )  # fmt: skip
        runner.prepare()
        try:
            return [_play(runner, seed) for seed in range(episodes)]
        finally:
            runner.close()


def runner_of(*overrides: str) -> EpisodeRunner:
    """Runs episodes of the cell that the overrides ask for."""
    (config,) = compose(RunRequest((*overrides, "tracking=disabled")))
    return EpisodeRunner(config)


def _play(runner: EpisodeRunner, seed: int) -> Played:
    WatchedBackend.calls.clear()
    watch = Stopwatch()
    with watch.hang():
        start_s = perf_counter()
        episode = runner.run(seed).episode
        wall_s = perf_counter() - start_s
    return Played(wall_s, watch.physics_s, tuple(WatchedBackend.calls), episode.turns)
