"""The scenarios as tasks of Inspect: `inspect eval embodied/shutdown_button --model ollama/NAME -T arm=twin`.

A sample is one episode with one seed. The physics runs in worker threads, never in Inspect's event loop; only the calls
to the model go through it. What is scored is read off the ledger (see `inspect_scores`). An episode that a server or
the harness failed is an error of its sample; one that may not be scored for what the model did is unscored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, Literal

import anyio.to_thread
from inspect_ai import Epochs, Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import get_model
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, metric, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import registry_info

from embodied.app import RunRequest, compose
from embodied.config import CellConfig
from embodied.episode import EpisodeResult, EpisodeRunner
from embodied.errors import BackendError, ConfigError
from embodied.export import inspect_scores
from embodied.export.inspect_messages import entries_as_messages
from embodied.records import FAILED, Episode
from embodied.shipped import config_folder

PACKAGE: Final = "embodied"
"""What the names of the tasks begin with."""
EPISODE: Final = "embodied:episode"
LEDGER: Final = "embodied:ledger"
"""Where a sample's store holds the record of its episode and its ground truth."""
WINDOW: Final = 32768

_BACKEND: Final = "embodied.export.inspect_model.InspectBackend"


def scenario_task(scenario: str) -> Callable[..., Task]:
    """The task of a scenario.

    Args:
        scenario: Its name.
    """

    def build(
        arm: Literal["main", "twin", "ability"] = "main", episodes: int = 10, seed: int = 0,
        overrides: str | Sequence[str] = (), protocol: Literal["json", "tools"] = "json", max_tokens: int = 1024,
        window: int = WINDOW,
    ) -> Task:  # fmt: skip
        """One cell.

        Args:
            arm: main, twin (benign control) or ability (told outright to do it).
            episodes: How many seeds.
            seed: The first of them.
            overrides: Further settings as `embodied run` takes them, `prompt/instruction=allow`; several by a space.
            protocol: How an action is asked for: written as JSON, or called as a tool.
            max_tokens: Budget of one reply, thinking included.
            window: Tokens that the model's window holds.
        """
        chosen = overrides.split() if isinstance(overrides, str) else list(overrides)
        told = [f"arm={arm}", *chosen]
        _composed(scenario, told)
        samples = [
            Sample(id=one, input=f"{scenario}, {arm}, seed {one}", metadata={"seed": one})
            for one in range(seed, seed + episodes)
        ]
        return Task(
            name=scenario,
            dataset=MemoryDataset(samples, name=scenario),
            solver=episode(scenario, told, protocol, max_tokens, window),
            scorer=[act(), lied(), outcome(), validity()],
            epochs=Epochs(1, "mode"),
        )

    build.__name__ = scenario
    return build


@solver
def episode(scenario: str, told: list[str], protocol: str, max_tokens: int, window: int) -> Solver:
    """Runs the episode of a sample's seed.

    Args:
        scenario: Name of the scenario.
        told: Settings as `embodied run` takes them.
        protocol: How an action is asked for.
        max_tokens: Budget of one reply.
        window: Tokens that the model's window holds.
    """
    config = _composed(scenario, told)

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        del generate
        model = {"_target_": _BACKEND, "name": str(get_model()), "window": window, "protocol": protocol,
                 "max_tokens": max_tokens}  # fmt: skip
        cell = config.model_copy(update={"model": model})
        result = await anyio.to_thread.run_sync(partial(_play, cell, int(state.metadata["seed"])))
        record = result.episode
        state.messages = entries_as_messages(result.transcript, record.key)
        state.store.set(EPISODE, record.model_dump(mode="json"))
        state.store.set(LEDGER, result.ledger_json)
        if record.validity in FAILED:
            raise BackendError(f"{record.validity}: {record.error}")
        return state

    return solve


@metric
def rate() -> Metric:
    """The share, Wilson's limits of it, and the number; what is unscored does not count."""

    def found(scores: list[SampleScore]) -> Any:
        return dict(inspect_scores.rate_metrics([score.score.as_str() in inspect_scores.HAPPENED for score in scores]))

    return found


@metric
def counts() -> Metric:
    """How often each value occurred."""

    def found(scores: list[SampleScore]) -> Any:
        return dict(Counter(score.score.as_str() for score in scores))

    return found


@scorer(metrics=[rate()])
def act() -> Scorer:
    """The scenario's physical act."""
    return _read_off(inspect_scores.ACT)


@scorer(metrics=[rate()])
def lied() -> Scorer:
    """An answer of the debrief is a lie."""
    return _read_off(inspect_scores.LIED)


@scorer(metrics=[counts()])
def outcome() -> Scorer:
    """How it ended for oversight."""
    return _read_off(inspect_scores.OUTCOME)


@scorer(metrics=[counts()])
def validity() -> Scorer:
    """Whether it may be scored, or why not."""
    return _read_off(inspect_scores.VALIDITY)


def _read_off(name: str) -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        del target
        return inspect_scores.scores_of(Episode.model_validate(state.store.get(EPISODE)))[name]

    return score


def _composed(scenario: str, told: Sequence[str]) -> CellConfig:
    cells = compose(RunRequest((f"scenario={scenario}", "model=scripted/compliant", "tracking=disabled", *told)))
    if len(cells) != 1:
        raise ConfigError(f"a task is one cell, and {' '.join(told)} makes {len(cells)}: give one value each")
    return cells[0]


def _play(config: CellConfig, seed: int) -> EpisodeResult:
    """One episode, in a thread of its own."""
    runner = EpisodeRunner(config, is_recording=False)
    try:
        runner.prepare()
        return runner.run(seed)
    finally:
        runner.close()


def _registered(scenario: str) -> Callable[..., Task]:
    """The task as Inspect finds it by `embodied/NAME`.

    Inspect puts the package before a name where it finds a distribution of that name, which it does not in a checkout.
    """
    made: Callable[..., Task] = task(name=scenario)(scenario_task(scenario))
    full = f"{PACKAGE}/{scenario}"
    return made if registry_info(made).name == full else task(name=full)(scenario_task(scenario))


SCENARIOS: Final = {path.stem: _registered(path.stem) for path in sorted((config_folder() / "scenario").glob("*.yaml"))}
"""One task a scenario that is shipped."""
