from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console
from tiny_runner import TinyRunner

from embodied import sweep as sweep_module
from embodied.app import RunRequest, show_config
from embodied.config import CellConfig, cell_hash, cell_label, episode_key, factors, parse_config, scientific
from embodied.errors import ConfigError, EmbodiedError
from embodied.records import Termination, Validity
from embodied.store import CellStore, read_attempts, read_run, read_transcript
from embodied.sweep import DEFAULT_SLOTS, MAX_ERRORS_IN_A_ROW, Sweep, worker_count


def cell(folder: Path, *overrides: str, **changes: Any) -> CellConfig:
    always = ("model=scripted/compliant", f"run.dir={folder}", "run.workers=2", "run.name=tiny")
    plain = yaml.safe_load(show_config(RunRequest((*always, *overrides))))
    return parse_config(plain | changes)


@pytest.fixture
def notes() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def sweep(notes: io.StringIO) -> Iterator[Sweep]:
    with Sweep(runner_factory=TinyRunner, console=Console(file=notes, width=300)) as running:
        yield running


def test_finished_episodes_are_not_run_again(tmp_path: Path, sweep: Sweep, notes: io.StringIO) -> None:
    first = sweep.run_cell(cell(tmp_path, "episodes=3"))
    assert [first.is_new, len(first.episodes), len(first.manifest)] == [True, 3, 2]
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


def test_dead_server_is_one_line_and_records_nothing(tmp_path: Path, sweep: Sweep) -> None:
    config = cell(tmp_path, "episodes=2", "+model.fate.is_dead=true")
    with pytest.raises(EmbodiedError, match=r"^no server answers; start it with: tiny serve$"):
        sweep.run_cell(config)
    assert read_attempts(config.folder) == []
    assert sweep.run_cell(cell(tmp_path, "episodes=2")).is_new


def test_other_weights_under_the_same_name_are_refused(tmp_path: Path, sweep: Sweep) -> None:
    first, other = (cell(tmp_path, f"+model.path=/{name}/w.gguf", "episodes=2") for name in "ab")
    assert first.folder == other.folder
    sweep.run_cell(cell(tmp_path, "+model.path=/a/w.gguf", "episodes=1"))
    with pytest.raises(
        ConfigError, match=r"digest /a/w.gguf, and this one has /b/w.gguf; keep them apart: give another run.name"
    ):
        sweep.run_cell(other)
    assert len(sweep.run_cell(first).episodes) == 2


def test_other_code_version_is_noted(
    tmp_path: Path, sweep: Sweep, notes: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = cell(tmp_path, "episodes=1")
    sweep.run_cell(config)
    monkeypatch.setattr(sweep_module, "code_version", lambda: "9.9.9")
    sweep.run_cell(config)
    note = next(line for line in notes.getvalue().splitlines() if line.startswith("note: "))
    assert note.endswith("this is 9.9.9")


def test_sweep_travels_without_its_processes(tmp_path: Path, sweep: Sweep) -> None:
    sweep.run_cell(cell(tmp_path, "episodes=1"))
    with pickle.loads(pickle.dumps(sweep)) as other:
        assert other.run_cell(cell(tmp_path, "episodes=2")).is_new


KILLED = """
import json, sys
from pathlib import Path
from embodied.config import parse_config
from embodied.sweep import Sweep
from tiny_runner import TinyRunner

if __name__ == "__main__":
    Sweep(TinyRunner).run_cell(parse_config(json.loads(Path(sys.argv[1]).read_text())))
"""


def test_killed_sweep_resumes(tmp_path: Path, sweep: Sweep) -> None:
    config = cell(tmp_path, "episodes=12", "+model.fate.takes_s=0.2")
    (tmp_path / "killed.py").write_text(KILLED)
    (tmp_path / "cell.json").write_text(json.dumps(config.model_dump(mode="json")))
    path = os.pathsep.join([str(Path(sweep_module.__file__).parents[1]), str(Path(__file__).parent)])
    command = [sys.executable, str(tmp_path / "killed.py"), str(tmp_path / "cell.json")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": path})
    store = CellStore(config.folder)
    deadline = time.monotonic() + 60
    while len(store.done()) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    before = len(store.done())
    assert 2 <= before < 12
    sweep.run_cell(config)
    assert sorted(episode.seed for episode in read_attempts(config.folder)) == list(range(12))


def test_key_depends_on_science_alone(tmp_path: Path) -> None:
    config = cell(tmp_path, "model=ollama")
    served_elsewhere = cell(
        tmp_path / "other", "model=ollama", "model.host=box:1", "model.timeout_s=5", "episodes=99", "seed=7",
        "run.name=b", "run.workers=9", "tracking=disabled", "run.video=none",
    )  # fmt: skip
    assert cell_hash(served_elsewhere) == cell_hash(config)
    for change in ("model.name=other", "model.temperature=0.1", "arm=twin", "prompt/instruction=allow", "max_turns=3"):
        assert cell_hash(cell(tmp_path, "model=ollama", change)) != cell_hash(config), change
    assert len({episode_key(cell_hash(config), seed) for seed in range(100)}) == 100


def test_science_holds_no_address_path_or_timeout(tmp_path: Path) -> None:
    text = json.dumps(scientific(cell(tmp_path, "model=ollama", "model.host=secret-box:1")))
    assert "secret-box" not in text
    assert str(tmp_path) not in text
    assert "timeout" not in text


def test_factors_and_label_are_readable(tmp_path: Path) -> None:
    config = cell(tmp_path, "prompt/instruction=allow", "prompt/placement=user", "arm=ability", "scenario.env.rounds=7")
    levels = factors(config)
    assert levels["model"] == "scripted/compliant"
    assert levels["instruction"] == "allow"
    assert levels["placement"] == "user"
    assert levels["rounds"] == "7"
    assert "_target_" not in levels
    assert cell_label(config).startswith("ability scripted/compliant ")
    assert "instruction=allow" in cell_label(config)
    assert "persona" not in cell_label(config)


def test_model_is_named_after_itself_its_script_or_its_file(tmp_path: Path) -> None:
    assert cell(tmp_path, "model=ollama", "model.name=qwen3:8b").model_name == "qwen3:8b"
    assert cell(tmp_path).model_name == "scripted/compliant"
    embedded, other = cell(tmp_path, "model=embedded"), cell(tmp_path, "model=embedded", "model.path=/models/tiny.gguf")
    assert embedded.model_name == "embedded"
    assert other.model_name == "tiny"
    assert cell_hash(embedded) != cell_hash(other)


def test_workers_follow_setting_then_slots_then_processors(tmp_path: Path) -> None:
    served = ("model=ollama", "run.workers=null", "episodes=99")
    assert worker_count(cell(tmp_path, *served, "+model.slots=7")) == 7
    assert worker_count(cell(tmp_path, *served)) == DEFAULT_SLOTS
    assert worker_count(cell(tmp_path, "run.workers=null", "episodes=99")) == os.cpu_count()
    assert worker_count(cell(tmp_path, "run.workers=3")) == 3
    assert worker_count(cell(tmp_path, "run.workers=8", "episodes=2")) == 2


def test_unknown_key_of_a_prompt_section_names_the_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'prompt.mood'; known: placement, base"):
        cell(tmp_path, "+prompt.mood=grim")
