from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from command_line import one_line_error
from rich.console import Console
from tiny_runner import TinyRunner

from embodied import app, cli
from embodied.app import RunRequest
from embodied.config import RunConfig
from embodied.errors import EmbodiedError
from embodied.records import Termination
from embodied.storage.store import read_run

QUIET = ("model=scripted/compliant", "tracking=disabled", "run.summary=false", "run.workers=1")

LAUNCHER = """
import functools, sys
from embodied import app, cli
from tiny_runner import TinyRunner

app.run = functools.partial(app.run, runner_factory=TinyRunner)
if __name__ == "__main__":
    sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")


def test_help_names_every_verb_key_and_choice(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == cli.OK
    text = capsys.readouterr().out
    assert all(verb in text for verb in ("run", "doctor", "replay"))
    for verb, word in (("doctor", "--json"), ("replay", "KEY")):
        assert cli.main([verb, "--help"]) == cli.OK
        assert word in capsys.readouterr().out
    assert cli.main(["run", "--help"]) == cli.OK
    text = capsys.readouterr().out
    for word in ("scripted/saboteur_unplug", "prompt/instruction", "shutdown_button", "--config-dir", "episodes"):
        assert word in text


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == cli.OK
    assert capsys.readouterr().out.startswith("embodied ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["walk"], ("'walk'", "known: run, doctor, plan")),
        (["doctor", "--cfg"], ("--cfg", "--json")),
        (["doctor", "arm=mian"], ("'mian'",)),
        (["replay"], ("embodied replay RUN [KEY]",)),
        (["run", "--frobnicate"], ("--frobnicate", "--config-dir")),
        (["run", *QUIET, "scenario=nowhere"], ("'scenario/nowhere'", "available: absent_supervisor")),
        (["run", "model=scripted/nobody"], ("scripted/nobody", "compliant")),
        (["run", *QUIET, "prompt/instruction=beg"], ("instruction/beg", "allow, forbid")),
        (["run", *QUIET, "episode=3"], ("'episode'", "known:", "episodes")),
        (["run", *QUIET, "run.nme=x"], ("'run.nme'", "known:", "name")),
        (["run", "episodes"], ("episodes",)),
        (["run", *QUIET, "arm=mian"], ("arm", "'main', 'twin' or 'ability'", "'mian'")),
        (["run", *QUIET, "episodes=0"], ("episodes", "greater than 0")),
        (["run", *QUIET, "+colour=red"], ("'colour'", "known:", "episodes")),
        (["run", *QUIET, "+run.colour=red"], ("'run.colour'", "known:", "workers")),
        (["run", *QUIET, "run.name=../elsewhere"], ("run.name",)),
        (["run", *QUIET, "seed=${nowhere}"], ("nowhere",)),
        (["run", "--config-dir", "missing"], ("missing", "name one that exists")),
    ],
)
def test_mistakes_are_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: tuple[str, ...]
) -> None:
    line = one_line_error(capsys, *arguments)
    for word in words:
        assert word in line


@pytest.mark.parametrize("verb", ["", "doctor", *cli._MODULES])
def test_help_fits_a_terminal_of_eighty_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert cli.main([*verb.split(), "--help"]) == cli.OK
    assert [line for line in capsys.readouterr().out.splitlines() if len(line.rstrip()) > 80] == []


def test_malformed_yaml_is_one_line_with_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "own" / "model"
    own.mkdir(parents=True)
    (own / "broken.yaml").write_text("name: x\n  bad: [1\n")
    line = one_line_error(capsys, "run", "model=broken", "--config-dir", str(tmp_path / "own"))
    assert "broken.yaml:2" in line


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"name: \x07\n"])
def test_a_configuration_that_is_no_text_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes
) -> None:
    own = tmp_path / "own" / "model"
    own.mkdir(parents=True)
    (own / "binary.yaml").write_bytes(data)
    line = one_line_error(capsys, "run", "model=binary", "--config-dir", str(tmp_path / "own"))
    assert "binary.yaml" in line
    assert "save it again as plain text (UTF-8)" in line


@pytest.mark.parametrize("sweep", [(), ("-m",)])
def test_a_run_folder_that_cannot_be_made_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sweep: tuple[str, ...]
) -> None:
    (tmp_path / "file").touch()
    line = one_line_error(capsys, "run", *sweep, "model=scripted/liar", f"run.dir={tmp_path / 'file'}")
    assert "file/shutdown_button cannot be used: Not a directory; check the folder and its permissions" in line


def test_sweeps_that_share_a_folder_sum_it_up_one_after_the_other(tmp_path: Path) -> None:
    def make_page(folder: Path, _: Console) -> None:
        (folder / "part").touch(exist_ok=False)
        time.sleep(0.1)
        (folder / "part").unlink()

    (tmp_path / "run").mkdir()
    settings = RunConfig(dir=tmp_path, name="run")
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(app._summarise, [settings] * 2, [make_page] * 2)) == [[], []]


def test_own_configuration_folder_adds_a_model(tmp_path: Path) -> None:
    own = tmp_path / "it's own" / "model"
    own.mkdir(parents=True)
    (own / "mine.yaml").write_text("_target_: mine.Model\nname: mine\n")
    request = RunRequest(("model=mine", *QUIET[1:], "episodes=1"), config_dir=tmp_path / "it's own")
    app.run(request, TinyRunner)
    assert [episode.model for episode in read_run(Path("runs/shutdown_button"))] == ["mine"]


def test_composed_configuration_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "model=scripted/liar", "--cfg"]) == cli.OK
    text = capsys.readouterr().out
    assert "script: liar" in text
    assert "hydra" not in text
    assert not Path("runs").exists()


def test_torn_last_line_is_one_note_and_loses_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "run", functools.partial(app.run, runner_factory=TinyRunner))
    command = ["run", *QUIET, "episodes=2"]
    assert cli.main(command) == cli.OK
    journal = next(Path("runs").glob("*/*/episodes.jsonl"))
    journal.write_text(journal.read_text()[:-40])
    capsys.readouterr()
    assert cli.main(command) == cli.OK
    notes = [line for line in capsys.readouterr().err.splitlines() if line.startswith("note: ")]
    assert len(notes) == 1
    assert "episodes.jsonl: the last line is torn" in notes[0]
    assert len(read_run(Path("runs/shutdown_button"))) == 2


def test_sweep_writes_one_folder_a_cell_and_one_summary(capsys: pytest.CaptureFixture[str]) -> None:
    overrides = ("model=scripted/compliant", "arm=main,twin", "episodes=2", "tracking=disabled", "run.video=none")
    app.run(RunRequest((*overrides, "run.name=two"), is_sweep=True), TinyRunner)
    run = Path("runs/two")
    assert len(read_run(run)) == 4
    assert len(list(run.glob("*/manifest.json"))) == len(list(run.glob("*/config.yaml"))) == 2
    assert (run / "summary.png").stat().st_size > 0
    shown = capsys.readouterr().out
    assert shown.count("What the robot did") == 1
    assert str(run / "summary.png") in shown
    assert "0/2" in (run / "summary.txt").read_text()


def test_one_dead_cell_does_not_take_the_others_along() -> None:
    request = RunRequest((*QUIET, "+model.fate.is_dead=true,false", "episodes=1"), is_sweep=True)
    with pytest.raises(EmbodiedError, match="no server answers; start it with: tiny serve"):
        app.run(request, TinyRunner)
    assert len(read_run(Path("runs/shutdown_button"))) == 1


def test_after_a_mistake_no_old_table_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    shown = (*(word for word in QUIET if not word.startswith("run.summary")), "run.summary=true", "run.video=none")
    app.run(RunRequest((*shown, "episodes=1")), TinyRunner)
    assert "What the robot did" in capsys.readouterr().out
    with pytest.raises(EmbodiedError, match="no server answers"):
        app.run(RunRequest((*shown, "episodes=1", "+model.fate.is_dead=true")), TinyRunner)
    assert capsys.readouterr().out == ""


def launched(tmp_path: Path, *overrides: str) -> subprocess.Popen[str]:
    """Start a run as a shell would, in a process group of its own, and wait until its first episode is kept."""
    launcher = tmp_path / "launcher.py"
    launcher.write_text(LAUNCHER)
    path = os.pathsep.join([str(Path(app.__file__).parents[1]), str(Path(__file__).parent)])
    process = subprocess.Popen(
        [sys.executable, str(launcher), "run", *QUIET, *overrides],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("runs/*/*/episodes.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.05)
    return process


@pytest.mark.every_third_day
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_ends_promptly_and_continues(tmp_path: Path, how: signal.Signals) -> None:
    process = launched(tmp_path, "episodes=40", "+model.fate.takes_s=0.3")
    os.killpg(process.pid, how)
    _, shown = process.communicate(timeout=15)
    assert process.returncode == cli.INTERRUPTED
    assert shown.endswith("interrupted: run the same command again to continue\n")
    assert "Traceback" not in shown
    before = {episode.seed for episode in read_run(Path("runs/shutdown_button"))}
    assert 1 <= len(before) < 40
    app.run(RunRequest((*QUIET, f"episodes={len(before) + 1}", "+model.fate.takes_s=0.3")), TinyRunner)
    assert len(read_run(Path("runs/shutdown_button"))) == len(before) + 1


@pytest.mark.every_third_day
def test_an_interrupt_is_for_the_parent_alone(tmp_path: Path) -> None:
    process = launched(tmp_path, "episodes=6", "+model.fate.takes_s=0.3")
    workers = [child for child in psutil.Process(process.pid).children() if "spawn_main" in " ".join(child.cmdline())]
    for worker in workers:
        worker.send_signal(signal.SIGINT)
    _, shown = process.communicate(timeout=30)
    assert workers
    assert process.returncode == cli.OK, shown
    assert [episode.termination for episode in read_run(Path("runs/shutdown_button"))] == [Termination.SHUT_DOWN] * 6
