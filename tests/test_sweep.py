from __future__ import annotations

import errno
import fcntl
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
from factories import episode
from rich.console import Console
from tiny_cell import cell
from tiny_runner import TinyRunner

from embodied.config import CellConfig, cell_hash
from embodied.errors import ConfigError, EmbodiedError
from embodied.records import Episode, Termination, Validity
from embodied.storage import claims
from embodied.storage.claims import Claims, process_name, writer_name
from embodied.storage.store import CellStore, read_attempts, read_run, read_transcript
from embodied.sweeping import sweep as sweep_module
from embodied.sweeping.sweep import Sweep
from embodied.sweeping.troubles import MAX_ERRORS_IN_A_ROW


def wait_for(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def printed() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def sweep(printed: io.StringIO) -> Iterator[Sweep]:
    """One for all tests, since it starts its processes only once."""
    with Sweep(runner_factory=TinyRunner, console=Console(file=printed, width=300)) as running:
        yield running


@pytest.fixture
def notes(printed: io.StringIO) -> io.StringIO:
    printed.seek(0)
    printed.truncate()
    return printed


def test_finished_episodes_are_not_run_again(tmp_path: Path, sweep: Sweep, notes: io.StringIO) -> None:
    first = sweep.run_cell(cell(tmp_path, "episodes=3"))
    assert [first.is_new, len(first.episodes), first.manifest["backend"]] == [True, 3, "tiny"]
    more = sweep.run_cell(cell(tmp_path, "episodes=5"))
    assert {episode.seed for episode in more.episodes} == set(range(5))
    again = sweep.run_cell(cell(tmp_path, "episodes=5"))
    assert not again.is_new
    assert len(again.episodes) == 5
    assert len(read_attempts(tmp_path / "tiny")) == 5
    assert "5/5  complied 5" in notes.getvalue()


def test_episodes_run_in_two_processes_that_outlive_the_cell(tmp_path: Path, sweep: Sweep) -> None:
    main = cell(tmp_path, "episodes=6", "+model.fate.takes_s=0.2")
    twin = cell(tmp_path, "episodes=6", "+model.fate.takes_s=0.2", arm="twin")
    pids: list[set[str]] = []
    for config in (main, twin):
        keys = [episode.key for episode in sweep.run_cell(config).episodes]
        pids.append({read_transcript(config.folder, key)[0]["content"] for key in keys})
    assert len(pids[0]) == 2
    assert pids[0] == pids[1]
    assert str(os.getpid()) not in pids[0]


def test_killed_worker_is_recorded_and_replaced(tmp_path: Path, sweep: Sweep) -> None:
    config = cell(tmp_path, "episodes=6", "+model.fate.killed=[1]", "+model.fate.broken=[4]")
    sweep.run_cell(config)
    by_seed = {episode.seed: episode for episode in read_run(config.folder)}
    assert len(by_seed) == 6
    assert {seed for seed, episode in by_seed.items() if episode.validity is Validity.HARNESS_ERROR} == {1, 4}
    assert "SIGKILL" in by_seed[1].error
    assert by_seed[4].error.startswith("ZeroDivisionError: a bug (run, line ")
    assert by_seed[1].termination is Termination.ENV_ERROR
    assert by_seed[1].outcome is None


def test_errors_are_run_again(tmp_path: Path, sweep: Sweep) -> None:
    config = cell(tmp_path, "episodes=2", "+model.fate.broken=[1]")
    sweep.run_cell(config)
    sweep.run_cell(config)
    assert sorted(episode.seed for episode in read_attempts(config.folder)) == [0, 1, 1]


def test_too_many_errors_in_a_row_stop_the_sweep(tmp_path: Path, sweep: Sweep) -> None:
    config = cell(tmp_path, "episodes=30", f"+model.fate.broken={list(range(30))}")
    with pytest.raises(EmbodiedError, match="5 errors in a row, the last: ZeroDivisionError"):
        sweep.run_cell(config)
    assert len(read_run(config.folder)) == MAX_ERRORS_IN_A_ROW


def test_what_a_server_broke_off_is_run_once_more_at_the_end(tmp_path: Path, sweep: Sweep) -> None:
    once = cell(tmp_path, "episodes=4", "+model.fate.broken_off=[0,2]", f"+model.fate.marks={tmp_path}")
    run = sweep.run_cell(once)
    assert {episode.validity for episode in run.episodes} == {Validity.VALID}
    assert {episode.seed for episode in read_attempts(once.folder)[-2:]} == {0, 2}
    assert sorted(episode.seed for episode in read_attempts(once.folder)) == [0, 0, 1, 2, 2, 3]


def test_what_a_server_breaks_off_twice_is_left_for_the_next_run(
    tmp_path: Path, sweep: Sweep, notes: io.StringIO
) -> None:
    config = cell(tmp_path, "episodes=3", "+model.fate.broken_off=[1]")
    for n in (1, 2):
        by_seed = {episode.seed: episode for episode in sweep.run_cell(config).episodes}
        assert [by_seed[seed].validity for seed in range(3)] == [Validity.VALID, Validity.SERVER_ERROR, Validity.VALID]
        assert len(read_attempts(config.folder)) == 2 + 2 * n
    assert "3/3  complied 2, excluded: server_error 1" in notes.getvalue()
    assert "4/3" not in notes.getvalue()


def test_one_outage_counts_once_however_many_workers_it_hits(tmp_path: Path, sweep: Sweep) -> None:
    config = cell(
        tmp_path, "episodes=9", f"+model.fate.broken_off={list(range(8))}", f"+model.fate.marks={tmp_path}",
        "+model.fate.takes_s=0.2",
    )  # fmt: skip
    run = sweep.run_cell(config)
    assert len(run.episodes) == 9
    assert {episode.validity for episode in run.episodes} == {Validity.VALID}


def test_a_server_that_breaks_off_everything_stops_the_sweep(tmp_path: Path, sweep: Sweep) -> None:
    config = cell(tmp_path, "episodes=30", f"+model.fate.broken_off={list(range(30))}", "+model.fate.takes_s=0.05")
    with pytest.raises(EmbodiedError, match="5 errors in a row, the last: broke off"):
        sweep.run_cell(config)
    assert MAX_ERRORS_IN_A_ROW <= len(read_run(config.folder)) <= 2 * MAX_ERRORS_IN_A_ROW


def test_workers_wait_for_a_server_that_is_down_and_say_so_once(
    tmp_path: Path, sweep: Sweep, notes: io.StringIO
) -> None:
    down = tmp_path / "down"
    config = cell(tmp_path, "episodes=8", "+model.fate.downs=3", f"+model.fate.down={down}", "+model.fate.takes_s=0.05")
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(sweep.run_cell, config)
        wait_for(lambda: "waiting up to" in notes.getvalue())
        time.sleep(0.3)
        n_so_far = len(read_attempts(config.folder))
        down.unlink()
        run = running.result()
    assert n_so_far <= 6
    assert {episode.validity for episode in run.episodes} == {Validity.VALID}
    assert sorted(episode.seed for episode in run.episodes) == list(range(8))
    n_broken_off = sum(episode.validity is Validity.SERVER_ERROR for episode in read_attempts(config.folder))
    assert 1 <= n_broken_off <= 2
    waits = [line for line in notes.getvalue().splitlines() if line.startswith("note: ")]
    assert waits[0] == "note: waiting up to 120 s: no server answers; start it with: tiny serve"
    assert waits[1].startswith("note: the model answers again after ")
    assert len(waits) == 2


def test_patience_comes_to_an_end_and_what_is_finished_is_kept(tmp_path: Path, notes: io.StringIO) -> None:
    down = tmp_path / "down"
    downs = ("+model.fate.downs=3", f"+model.fate.down={down}", "+model.fate.takes_s=0.05")
    config = cell(tmp_path, "episodes=8", "run.patience_s=0.2", *downs)
    with Sweep(TinyRunner, Console(file=notes)) as hasty:
        with pytest.raises(
            EmbodiedError, match=r"no answer in 0\.2 s \(no server answers.*run the same command again$"
        ):
            hasty.run_cell(config)
        finished = [e.seed for e in read_attempts(config.folder) if e.validity is Validity.VALID]
        assert set(range(2)) <= set(finished) <= set(range(5))
        down.unlink()
        hasty.run_cell(config)
    done = [e.seed for e in read_attempts(config.folder) if e.validity is Validity.VALID]
    assert sorted(done) == list(range(8))


def test_another_model_after_an_outage_stops_the_sweep(tmp_path: Path, sweep: Sweep, notes: io.StringIO) -> None:
    down = tmp_path / "down"
    config = cell(
        tmp_path, "episodes=8", "+model.fate.downs=3", f"+model.fate.down={down}", "+model.fate.changes=true",
        "+model.path=w.gguf", "+model.fate.takes_s=0.05",
    )  # fmt: skip
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(sweep.run_cell, config)
        wait_for(lambda: "waiting up to" in notes.getvalue())
        down.unlink()
        with pytest.raises(EmbodiedError, match=r"another one than before \(digest: w.gguf and other\)"):
            running.result()
    finished = [e.seed for e in read_attempts(config.folder) if e.validity is Validity.VALID]
    assert {0, 1} <= set(finished) <= set(range(8)) - {3}


def test_dead_server_is_one_line_and_records_nothing(tmp_path: Path) -> None:
    config = cell(tmp_path, "episodes=2", "+model.fate.is_dead=true")
    with Sweep(TinyRunner, Console(file=io.StringIO())) as sweep:
        with pytest.raises(EmbodiedError, match=r"^no server answers; start it with: tiny serve$"):
            sweep.run_cell(config)
        assert read_attempts(config.folder) == []
        assert sweep.run_cell(cell(tmp_path, "episodes=2")).is_new


def test_other_weights_under_the_same_name_are_refused(tmp_path: Path, sweep: Sweep) -> None:
    first, other = (cell(tmp_path, f"+model.path=/{name}/w.gguf", "episodes=2") for name in "ab")
    assert first.folder == other.folder
    sweep.run_cell(cell(tmp_path, "+model.path=/a/w.gguf", "episodes=1"))
    with pytest.raises(
        ConfigError, match=r"another model \(digest: /a/w.gguf and /b/w.gguf\); keep them apart: give another run.name"
    ):
        sweep.run_cell(other)
    with pytest.raises(ConfigError, match=r"main_.* holds episodes of another model \(digest: /a/w.gguf and /b/w.gguf"):
        sweep.run_cell(cell(tmp_path, "+model.path=/b/w.gguf", "episodes=1", arm="twin"))
    assert len(sweep.run_cell(first).episodes) == 2


def test_scripts_and_a_model_share_a_run_in_either_order(tmp_path: Path, sweep: Sweep) -> None:
    scripted = json.dumps({"name": "scripted/compliant", "digest": "", "kind": "scripted"})
    folder = cell(tmp_path, "episodes=1", arm="twin").folder
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(scripted)
    (folder / "episodes.jsonl").write_text("kept\n")
    assert sweep.run_cell(cell(tmp_path, "episodes=1")).is_new


def test_other_code_version_is_noted(
    tmp_path: Path, sweep: Sweep, notes: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = cell(tmp_path, "episodes=1")
    sweep.run_cell(config)
    monkeypatch.setattr(sweep_module, "code_version", lambda: "9.9.9")
    sweep.run_cell(config)
    note = next(line for line in notes.getvalue().splitlines() if line.startswith("note: "))
    assert note.endswith("this is 9.9.9")


ELSEWHERE = """
import json, sys
from pathlib import Path
from embodied.config import parse_config
from embodied.sweeping.sweep import Sweep
from tiny_runner import TinyRunner

if __name__ == "__main__":
    Sweep(TinyRunner).run_cell(parse_config(json.loads(Path(sys.argv[1]).read_text())))
"""

LIMITED = """
import json, resource, sys
from pathlib import Path
from embodied.config import parse_config
from embodied.errors import EmbodiedError
from embodied.sweeping.sweep import Sweep
from tiny_runner import TinyRunner

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
    with Sweep(TinyRunner) as sweep:
        for path in sys.argv[1:]:
            try:
                sweep.run_cell(parse_config(json.loads(Path(path).read_text())))
            except EmbodiedError as error:
                print(error)
"""


def begin_elsewhere(folder: Path, *configs: CellConfig, script: str = ELSEWHERE) -> subprocess.Popen[str]:
    """Run cells in a process of their own."""
    (folder / "elsewhere.py").write_text(script)
    files = [folder / f"{cell_hash(config)}.json" for config in configs]
    for file, config in zip(files, configs, strict=True):
        file.write_text(json.dumps(config.model_dump(mode="json")))
    path = os.pathsep.join([str(Path(sweep_module.__file__).parents[2]), str(Path(__file__).parent)])
    command = [sys.executable, str(folder / "elsewhere.py"), *map(str, files)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ | {"PYTHONPATH": path}
    )


def test_killed_sweep_resumes(tmp_path: Path, sweep: Sweep) -> None:
    config = cell(tmp_path, "episodes=12", "+model.fate.takes_s=0.2")
    with begin_elsewhere(tmp_path, config) as process:
        wait_for(lambda: len(read_kept(config)) >= 2)
        process.kill()
    assert 2 <= len(read_kept(config)) < 12
    sweep.run_cell(config)
    assert sorted(episode.seed for episode in read_attempts(config.folder)) == list(range(12))


def read_kept(config: CellConfig) -> list[Episode]:
    return read_attempts(config.folder) if config.folder.exists() else []


def test_two_sweeps_share_a_cell_and_run_no_episode_twice(tmp_path: Path, sweep: Sweep) -> None:
    held = tmp_path / "held"
    held.touch()
    config = cell(tmp_path, "episodes=14", f"+model.fate.held={held}", "run.workers=1")
    with ThreadPoolExecutor(2) as threads, Sweep(TinyRunner, Console(file=io.StringIO())) as other:
        runs = [threads.submit(one.run_cell, config) for one in (sweep, other)]
        wait_for(lambda: len(claimed(config)) == 2)
        held.unlink()
        here, there = (run.result() for run in runs)
    assert sorted(episode.seed for episode in read_attempts(config.folder)) == list(range(14))
    assert len({read_transcript(config.folder, e.key)[0]["content"] for e in here.episodes}) == 2, "both had a part"
    assert here.episodes == there.episodes
    assert here.is_new is not there.is_new, "one of them is to mirror it"
    assert list((config.folder / ".claims").iterdir()) == []


def claimed(config: CellConfig) -> list[str]:
    """Keys of the episodes that sweeps say they are running."""
    return [key for path in (config.folder / ".claims").glob("*") for key in path.read_text().split()]


def test_what_a_killed_sweep_was_running_is_taken_over(tmp_path: Path, sweep: Sweep, notes: io.StringIO) -> None:
    held = tmp_path / "held"
    held.touch()
    config = cell(tmp_path, "episodes=2", f"+model.fate.held={held}")
    with ThreadPoolExecutor(1) as threads, begin_elsewhere(tmp_path, config) as process:
        wait_for(lambda: len(claimed(config)) == 2)
        running = threads.submit(sweep.run_cell, config)
        wait_for(lambda: "running the 2 episodes that are left; waiting for them" in notes.getvalue())
        assert not running.done()
        process.kill()
        process.wait()
        held.unlink()
        assert running.result().is_new
    assert sorted(episode.seed for episode in read_attempts(config.folder)) == [0, 1]
    assert notes.getvalue().count("waiting for them") == 1


def test_tasks_of_a_launcher_write_files_of_their_own(tmp_path: Path, sweep: Sweep) -> None:
    with Sweep(TinyRunner, is_task=True) as task:
        task.run_cell(cell(tmp_path, "episodes=2"))
    (own,) = cell(tmp_path).folder.glob("episodes*.jsonl")
    assert own.name == f"episodes.{process_name()}.jsonl"
    assert len(sweep.run_cell(cell(tmp_path, "episodes=4")).episodes) == 4
    assert len(read_attempts(cell(tmp_path).folder)) == 4


def test_beside_another_machine_and_without_locks_a_sweep_writes_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert writer_name(tmp_path, is_task=False) is None
    (tmp_path / ".claims").mkdir()
    (tmp_path / ".claims" / "abcdef-1.0").touch()
    assert writer_name(tmp_path, is_task=False) == process_name()
    (tmp_path / ".claims" / "abcdef-1.0").unlink()

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert writer_name(tmp_path, is_task=False) == process_name()
    store = CellStore(tmp_path, process_name())
    assert store.append(episode(0), "{}", [], None)
    assert list(store.done()) == [episode(0).key]


def test_a_process_of_the_same_name_in_another_container_is_another_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "_NUMBERS", count())
    other = Claims(tmp_path)
    other.write(["theirs"])
    monkeypatch.setattr(claims, "_NUMBERS", count())
    seen: list[set[str]] = []

    def look() -> None:
        own = Claims(tmp_path)
        seen.append(own.of_others())
        own.close()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(10.0)
    other.close()
    assert seen == [{"theirs"}], "it waits for the other, which waits for the folder"


def test_claims_that_vanish_while_they_are_read_are_none(tmp_path: Path) -> None:
    own = Claims(tmp_path)
    (tmp_path / ".claims" / "abcdef-1.0").symlink_to(tmp_path / "gone")
    assert own.of_others() == set()
    own.close()


def test_a_full_disk_stops_the_sweep_with_one_line_for_all_cells(tmp_path: Path) -> None:
    configs = [cell(tmp_path, "episodes=60", arm=arm) for arm in ("main", "twin")]
    with begin_elsewhere(tmp_path, *configs, script=LIMITED) as process:
        first, second = process.communicate(timeout=60)[0].splitlines()
    assert first == second, "hydra goes on to the next cell"
    assert first.startswith("no space left to write ")
    assert first.endswith("free some and run the same command again, it resumes")
    kept = read_attempts(configs[0].folder)
    assert 1 <= len(kept) < 60
    assert not configs[1].folder.exists()
    assert list(tmp_path.rglob("*.part")) == []
