"""A sweep is killed at random instants and goes on: its records are those of a sweep that nothing disturbed.

Two cells of real worlds, in two worker processes. EMBODIED_SLICE chooses the instants of the day; the slow tests try
all of them.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pytest
import yaml
from faults import Sweeps, workers_of
from play import in_turns

from embodied.app import RunRequest, show_config
from embodied.config import parse_config
from embodied.records import Episode, Validity
from embodied.storage.files import episode_files
from embodied.storage.side_files import KINDS
from embodied.storage.store import is_done, latest, read_attempts

EPISODES: Final = 3
ROUNDS: Final = 10
FAULTS: Final = ("process", "write", "worker", "server", "disk")
TIMES: Final = frozenset({"wall_s", "latency_s"})
STOPPED: Final = 3
TRACKED: Final = 5
WANDB_TRIES_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """Sweeps that came to their end.

    Attributes:
        port: Of their model server.
        recorded: Run folder in which a model server answered.
        replayed: Run folder in which the replies of the first were given again.
        takes_s: How long the second took.
        n_calls: How many calls of it wrote something.
    """

    port: int
    recorded: Path
    replayed: Path
    takes_s: float
    n_calls: int


@pytest.fixture(scope="module")
def sweeps() -> Iterator[Sweeps]:
    with Sweeps() as running:
        yield running


@pytest.fixture(scope="module")
def undisturbed(sweeps: Sweeps, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    recorded, replayed = folder / "recorded", folder / "replayed"
    with Serving(sweeps, port, folder):
        assert sweeps.wait(sweeps.begin(cells(recorded, port), folder / "log")) == 0
    tapes = str(recorded)
    began_s = time.monotonic()
    whole = sweeps.begin(cells(replayed, port), folder / "log", tapes=tapes, calls=str(folder / "calls"))
    assert sweeps.wait(whole) == 0, (folder / "log").read_text()
    takes_s = time.monotonic() - began_s
    assert len(records(replayed)) == 2 * EPISODES
    assert {episode.validity for episode in records(recorded).values()} == {Validity.VALID}
    assert {key: episode.use.calls for key, episode in records(recorded).items()} == {
        key: episode.use.calls for key, episode in records(replayed).items()
    }
    return Undisturbed(port, recorded, replayed, takes_s, int((folder / "calls").read_text()))


class Serving:
    """A model server for as long as it is wanted, to be killed and started again on its port."""

    def __init__(self, sweeps: Sweeps, port: int, folder: Path) -> None:
        self._sweeps, self._port, self._log = sweeps, port, folder / "server.log"
        self._process = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        self._process = self._sweeps.serve(self._port, self._log)
        wait_for(self._answers)

    def kill(self) -> None:
        os.kill(self._process, signal.SIGKILL)
        self._sweeps.wait(self._process)

    def _answers(self) -> bool:
        with socket.socket() as asking:
            return asking.connect_ex(("127.0.0.1", self._port)) == 0


def cells(run: Path, port: int) -> list[dict[str, Any]]:
    """The configurations of two cells."""
    overrides = (f"run.dir={run.parent}", f"run.name={run.name}", f"episodes={EPISODES}", "max_turns=2")
    model = {"_target_": "tiny_server.TinyHttpBackend", "name": "tiny", "host": f"127.0.0.1:{port}", "max_tokens": 64}
    plain = yaml.safe_load(show_config(RunRequest((*overrides, "run.workers=2", "tracking=disabled"))))
    return [parse_config(plain | {"model": model, "arm": arm}).model_dump(mode="json") for arm in ("main", "twin")]


def wait_for(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def records(run: Path) -> dict[str, Episode]:
    return {key: episode for key, episode in latest(read_attempts(run)).items() if is_done(episode)}


def plain(run: Path) -> dict[str, Any]:
    """All that is recorded of each episode, but for how long things took."""
    return {key: _timeless(episode.model_dump(mode="json")) for key, episode in records(run).items()}


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _timeless(one) for name, one in value.items() if name not in TIMES}
    return [_timeless(one) for one in value] if isinstance(value, list) else value


def files(run: Path) -> dict[str, bytes]:
    """What is kept beside the lines, by cell, kind and name."""
    paths = (path for kind in KINDS for path in run.glob(f"*/{kind}/*"))
    return {str(path.relative_to(run)): path.read_bytes() for path in paths}


def assert_same(run: Path, expected: Path) -> None:
    """Nothing is lost, doubled or torn, and all of it is what it would have been."""
    assert plain(run) == plain(expected)
    assert files(run) == files(expected)
    done = Counter(episode.key for episode in read_attempts(run) if is_done(episode))
    assert set(done.values()) == {1}
    assert [path for path in run.rglob("*") if path.suffix == ".part" or path.parent.name == ".claims"] == []
    for path in episode_files(run, is_deep=True):
        assert path.read_bytes().endswith(b"\n")


@dataclass(frozen=True, slots=True)
class Course:
    """One disturbed sweep.

    Attributes:
        sweeps: Begins its processes.
        undisturbed: What it must come to.
        run: Its run folder.
        rng: Chooses the instant.
    """

    sweeps: Sweeps
    undisturbed: Undisturbed
    run: Path
    rng: np.random.Generator

    @property
    def log(self) -> Path:
        return self.run.parent / "log"

    def begin(self, **options: Any) -> int:
        options = {"tapes": str(self.undisturbed.recorded)} | options
        return self.sweeps.begin(cells(self.run, self.undisturbed.port), self.log, **options)

    def pass_some(self) -> None:
        time.sleep(self.rng.uniform(0.0, self.undisturbed.takes_s))

    def kill_process(self) -> None:
        sweep = self.begin()
        self.pass_some()
        with suppress(ProcessLookupError):
            os.killpg(sweep, signal.SIGKILL)
        assert self.sweeps.wait(sweep) in {0, -signal.SIGKILL}

    def kill_in_a_write(self) -> None:
        sweep = self.begin(dies_at=int(self.rng.integers(1, self.undisturbed.n_calls)))
        assert self.sweeps.wait(sweep) == -signal.SIGKILL

    def kill_worker(self) -> None:
        sweep = self.begin()
        self.pass_some()
        with suppress(ProcessLookupError, IndexError):
            os.kill(workers_of(sweep)[-1], signal.SIGKILL)
        code = self.sweeps.wait(sweep)
        assert code == 0 or (code == STOPPED and "ended by SIGKILL" in self.log.read_text())

    def kill_server(self) -> None:
        with Serving(self.sweeps, self.undisturbed.port, self.run.parent) as server:
            sweep = self.begin(tapes="")
            self.pass_some()
            server.kill()
            time.sleep(self.rng.uniform(0.0, 0.3))
            server.start()
            code = self.sweeps.wait(sweep)
            assert code == 0 or (code == STOPPED and re.search(r"no tiny server|broke off", self.log.read_text()))
            assert self.sweeps.wait(self.begin(tapes="")) == 0

    def fill_disk(self) -> None:
        """A disk in memory that is made larger afterwards; where that is not allowed, a limit to the size of files."""
        kib = int(self.rng.uniform(8, blocks(self.undisturbed.replayed)))
        if self.sweeps.has_mounts:
            self.run.mkdir()
            self.sweeps.mount(self.run, kib)
            sweep = self.begin()
        else:
            sweep = self.begin(most_bytes=kib << 6)
        assert self.sweeps.wait(sweep) == STOPPED
        (line,) = (line for line in self.log.read_text().splitlines() if line.startswith("embodied: "))
        assert line.startswith("embodied: no space left to write ")
        assert line.endswith("; free some and run the same command again, it resumes")
        if self.sweeps.has_mounts:
            self.sweeps.mount(self.run, 1 << 16)


def blocks(run: Path) -> int:
    """KiB that a run takes of a disk, a page at least for each file."""
    return sum(-(-path.stat().st_size // 4096) * 4 for path in run.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("fault", "number"), in_turns([(fault, str(number)) for fault in FAULTS for number in range(ROUNDS)], ROUNDS)
)
def test_what_is_left_in_the_end_is_what_an_undisturbed_sweep_leaves(
    fault: str, number: str, sweeps: Sweeps, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    rng = np.random.default_rng([FAULTS.index(fault), int(number)])
    course = Course(sweeps, undisturbed, tmp_path / "run", rng)
    {
        "process": course.kill_process,
        "write": course.kill_in_a_write,
        "worker": course.kill_worker,
        "server": course.kill_server,
        "disk": course.fill_disk,
    }[fault]()
    assert sweeps.wait(course.begin()) == 0, course.log.read_text()
    run = course.run
    if fault == "disk" and sweeps.has_mounts:
        run = tmp_path / "brought"
        sweeps.bring_out(course.run, run)
    assert_same(run, undisturbed.recorded if fault == "server" else undisturbed.replayed)


@pytest.mark.parametrize("number", in_turns([(str(number),) for number in range(TRACKED)], TRACKED * TRACKED))
def test_no_server_of_wandb_is_no_reason_to_fail_wherever_it_is_killed(
    number: str, sweeps: Sweeps, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """A closed port is asked for some seconds before it is given up: killed then too, nothing is amiss."""
    course = Course(sweeps, undisturbed, tmp_path / "run", np.random.default_rng(int(number)))
    mirror = f"http://127.0.0.1:{undisturbed.port}"
    sweep = course.begin(mirror=mirror)
    time.sleep(course.rng.uniform(0.0, undisturbed.takes_s + WANDB_TRIES_S))
    with suppress(ProcessLookupError):
        os.killpg(sweep, signal.SIGKILL)
    sweeps.wait(sweep)
    assert sweeps.wait(course.begin(mirror=mirror)) == 0, course.log.read_text()
    assert "W&B did not take the cell" in course.log.read_text()
    assert_same(course.run, undisturbed.replayed)
