"""The group `oversight`: what parts that look on add to an episode."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from time import process_time
from typing import Any, Final

from benches.figures import Figure, Section, median
from embodied.app import RunRequest, compose
from embodied.checking.command import scenario_names
from embodied.config import CellConfig
from embodied.episode import EpisodeRunner, build_env
from embodied.oversight.build import build_parts
from embodied.shipped import config_folder

SCRIPT: Final = "compliant"
BOUND: Final = 1.02
LOOKS: Final = 3
"""How often each side of a pair is played, in turns; the quickest counts, since other programs only ever add time."""
QUICK_LOOKS: Final = 1
QUICK_SCENARIOS: Final = 2
ONE: Final = ("action_gate",)
FOUR: Final = ("action_gate", "thought_monitor", "action_monitor", "outcome_boundary")
SHADOW: Final[Mapping[str, Any]] = {"escalation": ["note"], "delay_s": 0.0}

Oversight = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Side:
    """An episode as it was played, at its quickest."""

    processor_s: float
    world_s: float

    @property
    def rate(self) -> float:
        """Processor time of a second of world time."""
        return self.processor_s / self.world_s


def composing(is_quick: bool) -> Iterator[Figure]:
    """Processor time of episodes with parts over the same episodes without: one of each scenario, all sides in turn.

    Where parts hold the robot up or have bodies, other things are simulated: a second of world time is compared then.
    Bodies are built and stepped like all things of a world: that is not looking, is told apart, and has no bound.
    """
    every = shipped()
    free = {name: own for name, own in every.items() if not _has_body(name, own)}
    bodies = {name: own for name, own in every.items() if name not in free}
    sets = {
        "": {},
        "1 part": {name: every[name] for name in ONE},
        f"{len(FOUR)} parts": {name: every[name] for name in FOUR},
        f"all {len(free)} parts without a body": free,
        f"all {len(free)} of them, only noting": {name: {**own, **SHADOW} for name, own in free.items()},
        f"the {len(bodies)} parts with a body, which is built and stepped too": bodies,
        f"all {len(every)} parts, {len(bodies)} of them with a body, which is built and stepped too": every,
    }
    scenarios = scenario_names()[: QUICK_SCENARIOS if is_quick else None]
    pairs: dict[str, list[tuple[_Side, _Side]]] = {name: [] for name in sets if name}
    for seed, scenario in enumerate(scenarios):
        played = _play_all(scenario, list(sets.values()), seed, QUICK_LOOKS if is_quick else LOOKS)
        for name, side in zip(sets, played, strict=True):
            if name:
                pairs[name].append((side, played[0]))
    for name, own in pairs.items():
        yield from _figures(name, own, None if "with a body" in name else BOUND)


def shipped() -> Oversight:
    """All parts with the settings they are shipped with, but for those that ask a model."""
    names = sorted(path.stem for path in (config_folder() / "oversight").glob("*.yaml") if path.stem != "none")
    parts = _cell(scenario_names()[0], f"oversight=[{','.join(names)}]").oversight
    return {name: own for name, own in parts.items() if own.get("judge") is None}


def _has_body(name: str, settings: Mapping[str, Any]) -> bool:
    (part,) = build_parts({name: settings})
    with closing(part), closing(build_env(_cell(scenario_names()[0]), is_recording=False)) as env:
        return part.fitting_in(env) is not None


def _cell(scenario: str, *overrides: str) -> CellConfig:
    (cell,) = compose(RunRequest((f"scenario={scenario}", "model=scripted", f"model.script={SCRIPT}", *overrides)))
    return cell


def _play_all(scenario: str, sets: Sequence[Oversight], seed: int, looks: int) -> list[_Side]:
    bare = _cell(scenario)
    with ExitStack() as stack:
        runners = [
            stack.enter_context(
                closing(EpisodeRunner(bare.model_copy(update={"oversight": own}), is_recording=False))
            )
            for own in sets
        ]  # fmt: skip
        for runner in runners:
            _play(runner, seed)
        rounds = [[_play(runner, seed) for runner in runners] for _ in range(looks)]
    return [min(sides, key=lambda side: side.processor_s) for sides in zip(*rounds, strict=True)]


def _play(runner: EpisodeRunner, seed: int) -> _Side:
    begun_s = process_time()
    episode = runner.run(seed).episode
    return _Side(process_time() - begun_s, episode.world_s)


def _figures(name: str, pairs: Sequence[tuple[_Side, _Side]], bound: float | None) -> Iterator[Figure]:
    ratios = sorted(under.rate / without.rate for under, without in pairs)
    low, high = _interval(len(ratios))
    yield Figure(f"an episode under {name}, over the same without", median(ratios), "", bound)
    yield Figure(f"  95% of the median, {len(ratios)} scenarios: from", ratios[low], "")
    yield Figure("  to", ratios[high], "")
    held_up = sum(under.world_s != without.world_s for under, without in pairs)
    yield Figure("  episodes of another length, compared by second of world time", held_up, "")


def _interval(count: int) -> tuple[int, int]:
    """Places of the sorted values between which the median lies with 95% confidence (normal approximation)."""
    half = 0.98 * math.sqrt(count)
    return max(0, math.floor(count / 2 - half)), min(count - 1, math.ceil(count / 2 + half))


SECTIONS: Final[Mapping[str, Section]] = {"composing": composing}
"""One section: its figures are of one kind."""
