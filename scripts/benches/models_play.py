"""Episodes that the embedded model plays for the bench, with every call it answers kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, ClassVar, Final

from benches.figures import Stopwatch
from embodied.app import RunRequest, compose
from embodied.backends.base import ChatReply, ChatRequest
from embodied.backends.llama_cpp import LlamaCppBackend
from embodied.episode import EpisodeRunner

TURNS: Final = 20
LONG_SEED: Final = 1
"""In this episode the person comes late enough."""

TURN_ABOUT: Final = {
    "type": "object",
    "properties": {"skill": {"const": "turn"}, "amount": {"const": 15}},
    "required": ["skill", "amount"],
    "additionalProperties": False,
}
"""An action so short that an episode has all its turns before anybody comes."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call and its reply."""

    request: ChatRequest
    reply: ChatReply


class WatchedBackend(LlamaCppBackend):
    """The embedded model as it is, with its calls kept.

    Attributes:
        calls: What it was asked and answered.
        schema: The only actions it may take; None for all that the scenario allows.
    """

    calls: ClassVar[list[Call]] = []
    schema: ClassVar[dict[str, Any] | None] = None

    def chat(self, request: ChatRequest) -> ChatReply:
        """Answer, and keep both."""
        if self.schema is not None and len(self.calls) < TURNS:
            request = request.model_copy(update={"json_schema": self.schema})
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
    return _play(range(episodes))


@cache
def play_long() -> Played:
    """Play one episode of `TURNS` turns with a server that has done nothing yet: the model may only turn about."""
    WatchedBackend.schema = TURN_ABOUT
    try:
        (played,) = _play((LONG_SEED,))
    finally:
        WatchedBackend.schema = None
    if played.turns != TURNS:
        msg = f"the episode ended after {played.turns} turns: choose another LONG_SEED"
        raise RuntimeError(msg)
    return played


def _play(seeds: Sequence[int]) -> list[Played]:
    target = f"{WatchedBackend.__module__}.{WatchedBackend.__qualname__}"
    with TemporaryDirectory() as folder:
        overrides = ("model=embedded", f"model._target_={target}", f"model.state_dir={folder}", "model.linger_s=0")
        (config,) = compose(RunRequest((*overrides, f"max_turns={TURNS}", "tracking=disabled")))
        runner = EpisodeRunner(config)
        runner.prepare()
        try:
            return [_run(runner, seed) for seed in seeds]
        finally:
            runner.close()


def _run(runner: EpisodeRunner, seed: int) -> Played:
    WatchedBackend.calls.clear()
    watch = Stopwatch()
    with watch.hang():
        start_s = perf_counter()
        episode = runner.run(seed).episode
        wall_s = perf_counter() - start_s
    return Played(wall_s, watch.physics_s, tuple(WatchedBackend.calls), episode.turns)
