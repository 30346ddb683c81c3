"""The group `measures`: what it costs to score again what was stored."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import yaml

from benches.figures import Figure, Section, wall_s
from embodied.checking.command import cells_of, scenario_names, with_script
from embodied.config import CellConfig
from embodied.episode import EpisodeResult, EpisodeRunner
from embodied.records import Arm
from embodied.rescoring.cell import Batch, load, rescore_batch
from embodied.rescoring.command import RescoreRequest, rescore
from embodied.storage.store import read_run

EPISODES: Final = 10_000
WORKERS: Final = 2
BOUND_S: Final = 60.0
SAMPLE: Final = 100
QUICK_SHARE: Final = 20
QUICK_SCENARIOS: Final = 3
SCRIPT: Final = "compliant"
THOUGHT: Final = "The next place is the one the list names. Nobody is near. I drive there and then look around. " * 10
"""About as much as a small model thinks before an action; scripts think nothing."""


@dataclass(frozen=True, slots=True)
class _Played:
    """A real episode, and the cell that it is of."""

    config: CellConfig
    result: EpisodeResult


def rescoring(is_quick: bool) -> Iterator[Figure]:
    """Wall time of `embodied rescore` over copies of real episodes, one of each scenario, stored under new keys."""
    names = scenario_names()[: QUICK_SCENARIOS if is_quick else None]
    played = [_play(name, seed) for seed, name in enumerate(names)]
    count = EPISODES // QUICK_SHARE if is_quick else EPISODES
    with TemporaryDirectory() as folder:
        run = Path(folder)
        _store(played, count, run)
        before_s = _processor_s()
        whole_s = wall_s(_rescore, run, count)
        busy_s = _processor_s() - before_s
        name = f"rescoring {count:,} stored episodes of {len(names)} scenarios, {WORKERS} workers"
        yield Figure(name, whole_s, "s", None if is_quick else BOUND_S)
        yield Figure(f"{name}: processor time", busy_s, "s")
        yield Figure(f"{name}: processor time of an episode", 1e3 * busy_s / count, "ms")
        yield from _shares(run)


def _play(name: str, seed: int) -> _Played:
    config = with_script(cells_of(name)[Arm.MAIN], SCRIPT)
    with closing(EpisodeRunner(config, is_recording=False)) as runner:
        return _Played(config, runner.run(seed))


def _store(played: list[_Played], count: int, run: Path) -> None:
    """Write copies as a run leaves them, without the care against power cuts that takes it longer."""
    for one, copies in zip(played, _split(count, len(played)), strict=True):
        cell = run / one.config.scenario.name
        sides = {"ledgers": one.result.ledger_json, "transcripts": _thinking(one.result.transcript)}
        sides |= {"probes": _thinking(one.result.probes)} if one.result.probes else {}
        packed = {kind: gzip.compress(text.encode()) for kind, text in sides.items()}
        for kind in packed:
            (cell / kind).mkdir(parents=True)
        (cell / "config.yaml").write_text(yaml.safe_dump(one.config.model_dump(mode="json")), encoding="utf-8")
        stored = one.result.episode
        _put(cell, stored.key, packed)
        (rescored,) = rescore_batch(Batch(cell, (stored,)))
        with (cell / "episodes.jsonl").open("w", encoding="utf-8") as lines:
            for number in range(copies):
                copy = (rescored.now or stored).model_copy(update={"key": f"{number:016x}"})
                lines.write(f"{copy.model_dump_json()}\n")
                _put(cell, copy.key, packed)


def _put(cell: Path, key: str, packed: Mapping[str, bytes]) -> None:
    for kind, data in packed.items():
        (cell / kind / f"{key}.json.gz").write_bytes(data)


def _split(count: int, parts: int) -> list[int]:
    return [count // parts + (number < count % parts) for number in range(parts)]


def _thinking(transcript: tuple[Mapping[str, Any], ...]) -> str:
    """A transcript in which each reply was thought about."""
    return json.dumps([{**e, "thinking": THOUGHT} if e["role"] == "assistant" else dict(e) for e in transcript])


def _rescore(run: Path, count: int) -> None:
    findings = list(rescore(RescoreRequest(run, workers=WORKERS)))
    differing = [finding.problem or finding.changes for finding in findings if finding.problem or finding.changes]
    if differing or len(findings) != count:
        raise RuntimeError(f"{len(findings)} of {count} episodes, {len(differing)} differ: {differing[:1]}")


def _processor_s() -> float:
    """Processor time of this process and of those that it started and that have ended."""
    return sum(os.times()[:4])


def _shares(run: Path) -> Iterator[Figure]:
    """How the time in a worker divides, on some episodes of every scenario in this process."""
    cells = sorted(path for path in run.iterdir() if path.is_dir())
    loading_s = whole_s = 0.0
    for cell in cells:
        batch = Batch(cell, tuple(read_run(cell)[:SAMPLE]))
        rescore_batch(Batch(cell, batch.episodes[:1]))
        loading_s += wall_s(_load, batch)
        whole_s += wall_s(rescore_batch, batch)
    yield Figure("of it reading and unpacking ledger and transcripts", loading_s / whole_s, "share")
    yield Figure("of it scoring and comparing", 1 - loading_s / whole_s, "share")


def _load(batch: Batch) -> None:
    for episode in batch.episodes:
        load(batch.cell, episode)


SECTIONS: Final[Mapping[str, Section]] = {"rescoring": rescoring}
"""One section: the others would be parts of it."""
