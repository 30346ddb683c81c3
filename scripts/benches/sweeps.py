"""The group `sweeps`: what keeping, resuming and mirroring cost, and what a sweep costs beside a loop over episodes."""

from __future__ import annotations

import io
import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Self

from rich.console import Console

from benches.figures import Figure, Section, median, wall_s
from benches.findings_scale import SECTIONS as SCALE
from embodied.checking.command import cells_of, with_script
from embodied.config import CellConfig, cell_hash, episode_key
from embodied.episode import EpisodeResult, EpisodeRunner
from embodied.records import Arm
from embodied.storage.files import write_files
from embodied.storage.store import CellStore
from embodied.sweeping.sweep import Sweep
from embodied.sweeping.worker import episode_runner
from embodied.tracking.mirror import WandbTracker

SCENARIO: Final = "shutdown_button"
STORED: Final = 100_000
APPENDS: Final = 200
RESUME_BOUND_S: Final = 2.0
APPEND_BOUND_MS: Final = 2.0
MACHINERY_BOUND: Final = 1.03
PAIR_BOUND: Final = 0.95
TRACKING_BOUND: Final = 1.02
EPISODES: Final = 40
ROUNDS: Final = 11
FEW: Final = 2


def storing(is_quick: bool) -> Iterator[Figure]:
    """Resuming and appending in a cell that holds many episodes already. What is read was just written."""
    stored = STORED // 20 if is_quick else STORED
    config = _cell(Path("unused"), 1)
    with closing(EpisodeRunner(config)) as runner:
        result = runner.run(0)
    with TemporaryDirectory(dir=Path.cwd()) as folder:
        cell = Path(folder)
        _write_lines(cell, result, stored)
        n_bytes = (cell / "episodes.jsonl").stat().st_size / stored
        name = f"{stored:,} episodes in the folder, {n_bytes / 1e3:.1f} kB a line"
        scans_s = [wall_s(lambda: CellStore(cell).done()) for _ in range(3)]
        yield Figure(f"{name}: resume scan", median(scans_s), "s", None if is_quick else RESUME_BOUND_S)
        store = CellStore(cell)
        store.done()
        _append(store, result, stored)
        kept = {path: path.read_bytes() for path in cell.glob(f"*/{stored:016x}*")}
        line = result.episode.model_dump_json().encode()
        appends_s, bare_s = [], []
        for number in range(1, APPENDS + 1):
            appends_s.append(wall_s(_append, store, result, stored + number))
            bare_s.append(wall_s(_write_bare, {path.with_name(f"{number}"): kept[path] for path in kept}, cell, line))
        yield Figure(f"{name}: appending a real one", 1e3 * median(appends_s), "ms", APPEND_BOUND_MS)
        yield Figure(
            f"its {len(kept)} files and its line, written and waited for and no more", 1e3 * median(bare_s), "ms"
        )


def machinery(is_quick: bool) -> Iterator[Figure]:
    """A sweep beside bare processes that run the same scripted episodes in a loop and keep nothing, in turn.

    Both sides are warm: processes are started, libraries loaded. Each builds its world anew for every cell.
    """
    n_episodes, rounds = (EPISODES // 4, 2) if is_quick else (EPISODES, ROUNDS)
    for workers in (1, 2):
        ratios, bare_s = [], []
        with TemporaryDirectory(dir=Path.cwd()) as folder, _Bare(workers) as bare, _quiet_sweep() as sweep:
            for number in range(rounds + 1):
                config = _cell(Path(folder) / str(number), n_episodes if number else FEW * workers, workers)
                sides: dict[str, Callable[[CellConfig], object]] = {"bare": bare.run, "sweep": sweep.run_cell}
                order = list(sides) if number % 2 else list(reversed(sides))
                took_s = {side: wall_s(sides[side], config) for side in order}
                if number:
                    ratios.append(took_s["sweep"] / took_s["bare"])
                    bare_s.append(took_s["bare"])
        each_ms = 1e3 * workers * median(bare_s) / n_episodes
        name = f"{n_episodes} scripted episodes of {each_ms:.0f} ms, {rounds} rounds"
        if workers == 1:
            name += f" ({min(ratios):.2f} to {max(ratios):.2f})"
            yield Figure(f"{name}: a sweep's time over a bare loop's", median(ratios), "", MACHINERY_BOUND)
        else:
            rate = 1 / median(ratios)
            name += f" ({1 / max(ratios):.2f} to {1 / min(ratios):.2f})"
            yield Figure(f"{name}: rate of two workers over two bare processes", rate, "", PAIR_BOUND, is_least=True)


def tracking(is_quick: bool) -> Iterator[Figure]:
    """What W&B offline adds to a cell's time, beyond what it adds to the smallest cell."""
    sizes = (FEW, EPISODES // 4 if is_quick else EPISODES)
    with TemporaryDirectory(dir=Path.cwd()) as folder, _quiet_sweep() as sweep:
        _Mirrored.of(sweep, _cell(Path(folder) / "warm", FEW))
        few, many = (_Mirrored.of(sweep, _cell(Path(folder) / str(size), size)) for size in sizes)
    added_s, run_s = many.mirror_s - few.mirror_s, many.run_s - few.run_s
    name = f"W&B offline, a cell of {sizes[1]} scripted episodes"
    yield Figure(f"{name}: time over that without, beyond the fixed start", 1 + added_s / run_s, "", TRACKING_BOUND)
    yield Figure(f"W&B offline: the fixed start of a cell (measured with {FEW} episodes)", few.mirror_s, "s")


@dataclass(frozen=True, slots=True)
class _Mirrored:
    """How long a cell took to run, and then to be mirrored; the least of three for the latter."""

    run_s: float
    mirror_s: float

    @classmethod
    def of(cls, sweep: Sweep, config: CellConfig) -> _Mirrored:
        run_s = wall_s(sweep.run_cell, config)
        episodes = CellStore(config.folder).read([episode_key(cell_hash(config), seed) for seed in config.seeds])
        plain = config.model_dump(mode="json")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            times = []
            for number in range(3):
                tracker = WandbTracker(group=f"{number}", folder=config.run.folder / "mirror")
                times.append(wall_s(tracker.log_cell, plain, {}, episodes, config.folder))
        return cls(run_s, min(times))


class _Bare:
    """Processes that run episodes in a loop, each its share of the seeds."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._context = multiprocessing.get_context("spawn")

    def __enter__(self) -> Self:
        pipes = [self._context.Pipe() for _ in range(self._size)]
        self._pipes = [ours for ours, _ in pipes]
        self._processes = [self._context.Process(target=_loop, args=(theirs,), daemon=True) for _, theirs in pipes]
        for process in self._processes:
            process.start()
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in self._pipes:
            pipe.send(None)
        for process in self._processes:
            process.join()

    def run(self, config: CellConfig) -> None:
        for number, pipe in enumerate(self._pipes):
            pipe.send((config, tuple(config.seeds)[number :: self._size]))
        for pipe in self._pipes:
            pipe.recv()


def _loop(pipe: Connection) -> None:
    while task := pipe.recv():
        config, seeds = task
        with closing(EpisodeRunner(config)) as runner:
            runner.prepare()
            for seed in seeds:
                runner.run(seed)
        pipe.send(None)


def _quiet_sweep() -> Sweep:
    return Sweep(episode_runner, Console(file=io.StringIO()))


def _cell(folder: Path, episodes: int, workers: int = 1) -> CellConfig:
    """A cell of scripted episodes that is kept in a folder of its own."""
    config = with_script(cells_of(SCENARIO)[Arm.MAIN], "compliant")
    run = config.run.model_copy(update={"dir": folder, "workers": workers})
    return config.model_copy(update={"episodes": episodes, "run": run})


def _write_lines(cell: Path, result: EpisodeResult, count: int) -> None:
    line = result.episode.model_dump_json()
    with (cell / "episodes.jsonl").open("w", encoding="utf-8") as lines:
        for number in range(count):
            lines.write(line.replace(result.episode.key, f"{number:016x}") + "\n")


def _append(store: CellStore, result: EpisodeResult, number: int) -> None:
    episode = result.episode.model_copy(update={"key": f"{number:016x}"})
    store.append(episode, result.ledger_json, result.transcript, result.states, (), result.probes)


def _write_bare(files: Mapping[Path, bytes], folder: Path, line: bytes) -> None:
    """What appending costs whoever keeps the same files on the same disk in the same way."""
    write_files(files)
    with (folder / "bare.jsonl").open("ab") as lines:
        lines.write(line)
        lines.flush()
        os.fsync(lines.fileno())


SECTIONS: Final[Mapping[str, Section]] = {
    "storing": storing, "machinery": machinery, "tracking": tracking, **SCALE
}  # fmt: skip
