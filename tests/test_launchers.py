"""Sweeps under Hydra's launchers: the order of the cells, the same records everywhere, errors of one line."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from play import in_turns
from tiny_runner import TinyRunner

from embodied import app
from embodied.app import RunRequest
from embodied.backends.llama_room import SERVER
from embodied.errors import ConfigError, EmbodiedError, TrackingWarning
from embodied.storage.store import read_ledger_text, read_run, read_transcript
from embodied.sweeping.launching import explain_launcher, in_model_order, swept_keys, tags_of, without_launcher
from embodied.sweeping.task import resolve
from embodied.sweeping.worker import RunnerFactory, episode_runner

ROOT = Path(__file__).parents[1]
FACTORS = ("arm=main,twin", "model=scripted/liar,scripted/compliant")
QUIET = ("run.summary=false", "tracking=disabled", "run.workers=1")
LAUNCHERS = {
    "joblib": ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2"),
    "submitit_local": ("hydra/launcher=submitit_local",),
}


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "tests")]))
    yield
    end_joblib()


def end_joblib() -> None:
    """End the processes that joblib keeps, where they are, for the next sweep of this process."""
    if "joblib" in sys.modules:
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True)


def run(*words: str, factory: RunnerFactory = TinyRunner) -> None:
    app.run(RunRequest((*QUIET, *words), is_sweep=True), factory)


def facts(folder: str, *, is_real: bool = True) -> Mapping[str, Any]:
    """What was recorded of each episode, apart from how long it took and, of a tiny runner, by which process."""
    run = Path("runs", folder)
    return {
        e.key: (
            e.model_copy(update={"wall_s": 0.0}),
            read_ledger_text(run, e.key),
            read_transcript(run, e.key) if is_real else "",
        )
        for e in read_run(run)
    }


@pytest.mark.every_third_day
@pytest.mark.parametrize(
    "words",
    [
        ("experiment=palisade_robot",),
        (*FACTORS, "seed=3"),
        ("run.ablation=one_at_a_time", "model=scripted/liar,embedded"),
    ],
    ids=("a preset", "factors", "an ablation"),
)
def test_cells_that_are_only_asked_for_are_those_that_would_run(words: tuple[str, ...]) -> None:
    request = RunRequest((*QUIET, *words), is_sweep=True)
    with app._asked(request) as asked:
        launched = app._launch(asked, lambda _: resolve)
    assert app.compose(request) == tuple(launched)
    assert len(launched) > 3


def test_a_mistake_in_the_last_cell_is_found_before_the_first_one_runs() -> None:
    with pytest.raises(ConfigError, match=r"^arm: Input should be 'main', 'twin' or 'ability', not 'oops'$"):
        run("model=scripted/liar", "arm=main,oops")
    assert not list(Path().iterdir())


def test_each_model_runs_all_its_cells_in_a_row_and_composing_asks_no_launcher() -> None:
    cells = app.compose(RunRequest((*QUIET, *FACTORS, *LAUNCHERS["joblib"]), is_sweep=True))
    assert [cell.model_name for cell in cells] == ["scripted/liar"] * 2 + ["scripted/compliant"] * 2
    assert [cell.arm for cell in cells] == ["main", "twin"] * 2
    assert len({cell.folder for cell in cells}) == 4
    assert not list(Path().iterdir())


@pytest.mark.parametrize("is_said", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_models_of_an_experiment_too_run_in_a_row(tmp_path: Path, *, is_said: bool) -> None:
    params = {"arm": "main,twin"} | ({} if is_said else {"model": "scripted/liar,scripted/compliant"})
    own = {"hydra": {"mode": "MULTIRUN", "sweeper": {"params": params}}, "run": {"name": "mine"}}
    (tmp_path / "own" / "experiment").mkdir(parents=True)
    (tmp_path / "own" / "experiment" / "mine.yaml").write_text(f"# @package _global_\n{yaml.safe_dump(own)}")
    words = ["experiment=mine", *([FACTORS[1]] if is_said else [])]
    cells = app.compose(RunRequest((*QUIET, *words), config_dir=tmp_path / "own"))
    assert [cell.model_name for cell in cells] == ["scripted/liar"] * 2 + ["scripted/compliant"] * 2
    assert [cell.arm for cell in cells] == ["main", "twin"] * 2


def test_what_loads_other_weights_varies_slowest() -> None:
    words = [
        "arm=main,twin", "model.temperature=0,1", "peer=same,script", "+model@peer=a,b", "model.num_ctx=1,2",
        "model.name=x,y", "experiment=p,q", "model=r1_8b", "hydra/launcher=joblib",
    ]  # fmt: skip
    assert in_model_order(words, {}) == [
        "model=r1_8b", "experiment=p,q", "model.num_ctx=1,2", "model.name=x,y", "peer=same,script", "+model@peer=a,b",
        "arm=main,twin", "model.temperature=0,1", "hydra/launcher=joblib",
    ]  # fmt: skip
    assert in_model_order(["model=a"], {"arm": "main,twin", "model": "b,c"}) == [
        "model=b,c", "model=a", "arm=main,twin", "hydra.sweeper.params=null",
    ]  # fmt: skip


def test_a_value_of_the_command_line_takes_the_place_of_the_experiments() -> None:
    cells = app.compose(RunRequest(("experiment=palisade_robot", "model=scripted/liar", "arm=twin", *QUIET)))
    assert [(cell.arm, cell.prompt.levels["instruction"]) for cell in cells] == [("twin", "none"), ("twin", "allow")]


def test_tags_name_the_levels_that_vary() -> None:
    swept = swept_keys(["arm=main,twin", "+model@peer=a,b", "episodes=3"], {"scenario.env.threat": "none,replacement"})
    assert set(swept) == {"arm", "+model@peer", "scenario.env.threat"}
    own = ["arm=main", "+model@peer=a", "episodes=3", "scenario.env.threat=none"]
    assert set(tags_of(own, swept)) == {"threat=none", "peer=a"}


def test_words_lose_their_launcher() -> None:
    words = ["arm=main,twin", "model=scripted/liar", *LAUNCHERS["joblib"]]
    assert without_launcher(words) == ["arm=main,twin", "model=scripted/liar", "hydra/launcher=basic"]


@pytest.mark.parametrize("name", in_turns([(name,) for name in LAUNCHERS], 2))
def test_a_broken_off_sweep_goes_on_under_another_launcher(name: str) -> None:
    words = (FACTORS[1], "arm=main")
    run(*words, "run.name=basic", "episodes=2")
    run("model=scripted/liar", "arm=main", "run.name=other", "episodes=1")
    run(*words, "run.name=other", "episodes=2", *LAUNCHERS[name])
    assert len(facts("basic", is_real=False)) == 4
    assert facts("other", is_real=False) == facts("basic", is_real=False)
    cells = {path.parent.name for path in Path("runs/other").rglob("episodes*.jsonl")}
    assert not [cell for cell in cells if cell.startswith(".")]


@pytest.mark.slow
@pytest.mark.parametrize("name", LAUNCHERS)
def test_errors_of_cells_come_back_as_one_line_and_the_other_cells_run(name: str, recwarn: Any) -> None:
    words = ("model=scripted/liar", "+model.fate.is_dead=true,false", "run.patience_s=0", "episodes=2")
    run("model=scripted/liar", "+model.fate.is_dead=false", "episodes=2")
    (journal,) = Path("runs").rglob("episodes*.jsonl")
    journal.write_text(journal.read_text()[:-40])
    with pytest.raises(EmbodiedError) as error:
        run(*words, *LAUNCHERS[name])
    assert str(error.value) == "no server answers; start it with: tiny serve"
    assert len(read_run(Path("runs/shutdown_button"))) == 2
    assert [str(note.message) for note in recwarn if "torn" in str(note.message)]


@pytest.mark.slow
@pytest.mark.parametrize("name", LAUNCHERS)
def test_every_launcher_leaves_the_same_records_of_real_episodes(name: str) -> None:
    words = ("model=scripted/saboteur_unplug,scripted/compliant", "arm=main,twin", "episodes=2", "max_turns=4")
    for where, launcher in (("basic", ()), ("other", LAUNCHERS[name])):
        run(*words, f"run.name={where}", *launcher, factory=episode_runner)
    assert len(facts("basic")) == 8
    assert facts("other") == facts("basic")


@pytest.mark.slow
def test_tasks_of_a_launcher_share_one_embedded_server_and_it_ends(tmp_path: Path) -> None:
    words = (
        "model=embedded", "model.slots=2", "model.max_tokens=32", "model.n_ctx=4096", "model.linger_s=1", "max_turns=1",
        f"model.state_dir={tmp_path / 'room'}", "probes.belief=false", "probes.purpose=false", "episodes=1",
    )  # fmt: skip
    run("arm=main,twin", *words, *LAUNCHERS["joblib"], factory=episode_runner)
    episodes = read_run(Path("runs/shutdown_button"))
    assert [episode.error for episode in episodes] == ["", ""]
    assert len(list((tmp_path / "room").rglob("server.log"))) == 1
    end_joblib()
    deadline = time.monotonic() + 120
    while _servers(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert not _servers(tmp_path)


def _servers(folder: Path) -> list[int]:
    own = [process for process in psutil.process_iter(["cmdline"]) if SERVER in (process.info["cmdline"] or ())]
    return [process.pid for process in own if str(folder) in " ".join(process.info["cmdline"])]


@pytest.mark.slow
def test_a_mirror_that_no_process_reaches_is_one_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    words = (*(word for word in QUIET if not word.startswith("tracking")), "tracking=online", *FACTORS, "episodes=1")
    with pytest.warns(TrackingWarning, match="log in once with wandb login") as caught:
        app.run(RunRequest((*words, *LAUNCHERS["joblib"]), is_sweep=True), TinyRunner)
    assert len(caught) == 1
    assert len(read_run(Path("runs/shutdown_button"))) == 4


@pytest.mark.slow
def test_a_task_that_breaks_off_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with pytest.raises(EmbodiedError, match=r"ModuleNotFoundError: No module named 'tiny_runner'.*\.submitit") as error:
        run("model=scripted/liar", "arm=main", *LAUNCHERS["submitit_local"])
    assert "\n" not in str(error.value)


def test_what_a_launcher_raises_is_one_line() -> None:
    trace = (
        "Job (task=0) failed during processing with trace:\n------\nTraceback:\n  File x\nValueError: no\n------\nlogs"
    )
    assert "(ValueError: no)" in str(explain_launcher(RuntimeError(trace), Path("runs/x")))
    assert "(RuntimeError: A worker process died)" in str(
        explain_launcher(RuntimeError("A worker process died"), Path())
    )
    assert "(RuntimeError)" in str(explain_launcher(RuntimeError(), Path("runs/x")))


@pytest.mark.parametrize(
    ("launcher", "extra"), [("joblib", "joblib"), ("submitit_local", "slurm"), ("submitit_slurm", "slurm")]
)
def test_a_launcher_that_is_not_installed_names_its_extra(
    monkeypatch: pytest.MonkeyPatch, launcher: str, extra: str
) -> None:
    from hydra.core.config_store import ConfigStore

    monkeypatch.delitem(ConfigStore.instance().repo["hydra"]["launcher"], f"{launcher}.yaml")
    with pytest.raises(ConfigError, match=rf"hydra/launcher/{launcher} is not installed.*\[{extra}\]"):
        run("model=scripted/liar", "arm=main,twin", f"hydra/launcher={launcher}")


@pytest.mark.slow
def test_without_any_plugin_the_error_is_the_same() -> None:
    code = "import sys; sys.modules['hydra_plugins'] = None; from embodied import cli; sys.exit(cli.main(sys.argv[1:]))"
    words = ["run", "-m", "hydra/launcher=joblib", "arm=main,twin", "model=scripted/liar"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "pip install 'embodied-deception[joblib]'" in done.stderr
