"""A model server that is killed in the middle of a sweep and started again: nothing is lost and nothing doubled.

The server is a process of its own that is ended with SIGKILL; the episodes are real ones in several worker processes.
"""

from __future__ import annotations

import io
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from rich.console import Console
from tiny_server import ServerProcess

from embodied.app import RunRequest, show_config
from embodied.config import CellConfig, cell_hash, episode_key, parse_config
from embodied.errors import EmbodiedError
from embodied.records import Episode, Validity
from embodied.replaying.command import replay
from embodied.storage.store import read_attempts, read_run
from embodied.sweeping.sweep import CellRun, Sweep
from embodied.sweeping.worker import episode_runner

WORKERS = 3
N_EPISODES = 12


@dataclass(frozen=True, slots=True)
class Course:
    """How a run went whose server was killed twice.

    Attributes:
        config: The cell.
        error: What the first sweep ended with: its server stayed away.
        kept: Episodes that were done by then.
        notes: What the second sweep printed: its server came back.
        returned: What the second sweep gave back.
        attempts: All that was recorded.
        calls: Session of every call that a server began.
    """

    config: CellConfig
    error: str
    kept: dict[str, Episode]
    notes: str
    returned: tuple[Episode, ...]
    attempts: list[Episode]
    calls: list[str]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    folder = tmp_path_factory.mktemp("killed")
    server, notes = ServerProcess(folder, takes_s=0.15), io.StringIO()
    server.start()
    config = cell(folder, server)
    hasty = config.model_copy(update={"run": config.run.model_copy(update={"patience_s": 0.3})})
    try:
        with Sweep(episode_runner, Console(file=io.StringIO())) as sweep:
            running = begin(sweep, hasty, n_done=2)
            server.kill()
            error = str(running.exception())
        kept = {key: episode for key, episode in by_key(config).items() if episode.validity is Validity.VALID}
        server.start()
        with Sweep(episode_runner, Console(file=notes, width=300)) as sweep:
            running = begin(sweep, config, n_done=len(kept) + 2)
            server.kill()
            wait_for(lambda: "waiting up to" in notes.getvalue())
            server.start()
            returned = running.result().episodes
            assert not sweep.run_cell(config).is_new
    finally:
        server.kill()
    return Course(config, error, kept, notes.getvalue(), returned, read_attempts(config.folder), server.calls)


def cell(folder: Path, server: ServerProcess) -> CellConfig:
    overrides = (f"run.dir={folder}", f"run.workers={WORKERS}", f"episodes={N_EPISODES}", "max_turns=2")
    model = {"_target_": "tiny_server.TinyHttpBackend", "name": "tiny", "host": server.address, "max_tokens": 64}
    return parse_config(yaml.safe_load(show_config(RunRequest(overrides))) | {"model": model})


def begin(sweep: Sweep, config: CellConfig, n_done: int) -> Future[CellRun]:
    """Start a sweep and return when so many episodes are done."""
    running: Future[CellRun] = Future()

    def run() -> None:
        try:
            running.set_result(sweep.run_cell(config))
        except EmbodiedError as error:
            running.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    wait_for(lambda: running.done() or sum(e.validity is Validity.VALID for e in by_key(config).values()) >= n_done)
    assert not running.done()
    return running


def by_key(config: CellConfig) -> dict[str, Episode]:
    return {episode.key: episode for episode in read_run(config.folder)} if config.folder.exists() else {}


def wait_for(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_server_that_stays_away_stops_the_sweep_and_what_is_done_stays(course: Course) -> None:
    assert course.error.startswith("no answer in 0.3 s (no tiny server answers at http://127.0.0.1:")
    assert course.error.endswith("run the same command again")
    assert 2 <= len(course.kept) < N_EPISODES
    assert {key: episode for episode in course.returned if (key := episode.key) in course.kept} == course.kept


def test_one_that_comes_back_is_waited_for(course: Course) -> None:
    lines = [line for line in course.notes.splitlines() if line.startswith("note: ")]
    assert lines[0].startswith("note: waiting up to 120 s: ")
    assert " at http://127.0.0.1:" in lines[0]
    assert lines[1].startswith("note: the model answers again after ")
    assert len(lines) == 2


def test_nothing_is_lost_or_doubled(course: Course) -> None:
    cell_key = cell_hash(course.config)
    wanted = {episode_key(cell_key, seed) for seed in course.config.seeds}
    done = [episode.key for episode in course.attempts if episode.validity is Validity.VALID]
    assert sorted(done) == sorted(wanted)
    assert {episode.validity for episode in course.attempts} == {Validity.VALID, Validity.SERVER_ERROR}
    assert 2 <= len(course.attempts) - N_EPISODES <= 2 * WORKERS
    assert {episode.key for episode in course.returned} == wanted
    assert {episode.validity for episode in course.returned} == {Validity.VALID}


def test_no_call_that_was_begun_was_sent_again(course: Course) -> None:
    """The server saw each call that was answered once, and of an attempt that broke off at most the lost one."""
    answered: Counter[str] = Counter()
    for episode in course.attempts:
        answered[episode.key] += episode.use.calls + (episode.probe_use.calls if episode.probe_use else 0)
    broken_off = Counter(episode.key for episode in course.attempts if episode.validity is Validity.SERVER_ERROR)
    for key, n_begun in Counter(course.calls).items():
        assert answered[key] <= n_begun <= answered[key] + broken_off[key]


def test_every_episode_can_be_replayed(course: Course) -> None:
    assert [str(report) for report in replay(course.config.folder) if not report.is_same] == []
