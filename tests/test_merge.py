"""`embodied merge`: run folders of several machines become one, and can be merged again, also after a kill."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from factories import episode, excluded

from embodied.cli import main
from embodied.errors import DiskFullError, StoreError
from embodied.merging.cell import BATCH
from embodied.merging.command import merge
from embodied.records import Arm, Episode, Validity
from embodied.storage.store import CellStore, read_attempts, read_ledger, read_monitors, read_run

HERE = Path(__file__).parent


def keep(run: Path, *records: Episode, digest: str = "d", writer: str | None = None) -> None:
    """Keep records as a sweep on a machine called like the run folder would have."""
    for record in records:
        store = CellStore(run / f"cell-{record.cell[:8]}", writer)
        store.write_config(f"run: {{dir: {run}}}\n")
        store.write_manifest({"backend": "b", "model": record.model, "digest": digest})
        store.append(record, json.dumps({"on": run.name}), [{"content": run.name}], b"states of " + run.name.encode())


def contents(folder: Path) -> dict[str, str]:
    """Digest of every file."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_cells_and_episodes_of_two_machines_come_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b, both = tmp_path / "a", tmp_path / "b", tmp_path / "both"
    keep(a, episode(0), episode(1, arm=Arm.TWIN))
    keep(b, episode(1), episode(2), episode(1, arm=Arm.ABILITY))
    before = contents(a), contents(b)
    assert main(["merge", str(both), str(a), str(b)]) == 0
    assert capsys.readouterr().out == (
        f"{both}: 5 episodes added from 2 folders to 3 cells; 0 were done there already, "
        "0 attempts that had ended in an error added\n"
    )
    assert {(e.arm, e.seed) for e in read_run(both)} == {
        (Arm.MAIN, 0), (Arm.MAIN, 1), (Arm.MAIN, 2), (Arm.TWIN, 1), (Arm.ABILITY, 1)
    }  # fmt: skip
    assert len(list(both.iterdir())) == 3
    assert (contents(a), contents(b)) == before
    merged = contents(both)
    assert {name.rpartition("/")[2] for name in merged} >= {"config.yaml", "manifest.json", f"{episode(0).key}.npz"}
    assert main(["merge", str(both), str(b), str(a)]) == 0
    assert "both: 0 episodes added from 2 folders to 3 cells; 5 were done there already" in capsys.readouterr().out
    assert contents(both) == merged


def test_the_first_that_is_done_stays_with_its_files(tmp_path: Path) -> None:
    a, b, both = tmp_path / "a", tmp_path / "b", tmp_path / "both"
    keep(a, episode(0))
    keep(b, episode(0, act=True), episode(1))
    merge(both, [a, b])
    assert read_attempts(both) == [episode(0), episode(1)]
    assert read_ledger(both, episode(0).key) == {"on": "a"}
    assert read_ledger(both, episode(1).key) == {"on": "b"}
    merge(b, [both])
    assert read_run(b) == [episode(0, act=True), episode(1)]


@pytest.mark.parametrize("first_fails", [True, False])
def test_failed_attempts_are_kept_and_do_not_win(tmp_path: Path, first_fails: bool) -> None:
    failed, again = excluded(0, Validity.SERVER_ERROR), excluded(0, Validity.SERVER_ERROR, turns=9)
    a, b, both = tmp_path / "a", tmp_path / "b", tmp_path / "both"
    keep(a, failed, failed)
    keep(b, again, episode(0))
    for _ in (1, 2):
        for source in (a, b) if first_fails else (b, a):
            merge(both, [source])
        expected = [failed, failed, again, episode(0)] if first_fails else [again, episode(0), failed, failed]
        assert read_attempts(both) == expected
        assert read_run(both) == [episode(0)]
        assert read_ledger(both, episode(0).key) == {"on": "b"}


def test_files_of_a_failed_attempt_give_way_to_those_of_the_done_one(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    failed = excluded(0, Validity.SERVER_ERROR)
    CellStore(a / "cell").append(failed, "{}", [], None, monitors=[{"part": "of the failed one"}])
    keep(b, episode(0))
    merge(a, [b])
    assert read_monitors(a, failed.key) == []
    assert read_ledger(a, failed.key) == {"on": "b"}


def test_lines_on_episodes_come_with_them(tmp_path: Path) -> None:
    a, b, both = tmp_path / "a", tmp_path / "b", tmp_path / "both"
    keep(a, episode(0))
    keep(b, episode(0, act=True), episode(1))
    for run in (a, b):
        (cell,) = run.iterdir()
        lines = [json.dumps({"key": episode(seed).key, "on": run.name}) for seed in (0, 1)]
        (cell / "judgements.jsonl").write_text("".join(f"{line}\n" for line in lines))
        (cell / "judges").mkdir()
        (cell / "judges" / f"{run.name}.json").write_text("{}")
    for _ in (1, 2):
        merge(both, [a, b])
        (cell,) = both.iterdir()
        kept = [json.loads(line) for line in (cell / "judgements.jsonl").read_text().splitlines()]
        assert kept == [{"key": episode(0).key, "on": "a"}, {"key": episode(1).key, "on": "b"}]
        assert sorted(path.name for path in (cell / "judges").iterdir()) == ["a.json", "b.json"]


@pytest.mark.parametrize("line", ["no json", '{"key": "x"', "[1]", "{}"])
def test_a_log_with_garbage_in_it_is_named(tmp_path: Path, line: str) -> None:
    keep(tmp_path / "a", episode(0))
    (cell,) = (tmp_path / "a").iterdir()
    (cell / "rescored.jsonl").write_text(f"{line}\n")
    with pytest.raises(StoreError, match=r"rescored\.jsonl has a line that names no episode: .*; delete that line"):
        merge(tmp_path / "both", [tmp_path / "a"])


def test_a_full_disk_is_that_of_the_target(tmp_path: Path) -> None:
    keep(tmp_path / "a", episode(0))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, before[1]))
    try:
        with pytest.raises(DiskFullError, match=f"no space left to write {tmp_path / 'both'}"):
            merge(tmp_path / "both", [tmp_path / "a"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name for path in (tmp_path / "both").glob("*/*")] == [".lock"]


def test_other_weights_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    a, b, both = tmp_path / "a", tmp_path / "b", tmp_path / "both"
    keep(a, episode(0), digest="one")
    keep(b, episode(1, arm=Arm.TWIN), digest="other")
    with pytest.raises(Exception, match=r"of another model \(digest: one and other\); .*merge it into another folder"):
        merge(both, [a, b])
    assert not both.exists()
    keep(both, episode(5), digest="one")
    with pytest.raises(Exception, match=r"both/cell-\w+ holds episodes of another model"):
        merge(both, [b])


def test_other_code_is_noted_and_what_is_not_science_is_no_obstacle(tmp_path: Path) -> None:
    a, b, both = tmp_path / "a", tmp_path / "b", tmp_path / "both"
    keep(a, episode(0, code_version="1.0"))
    keep(b, episode(1, code_version="1.1"), writer="node7")
    lines = merge(both, [a, b])
    assert lines[1] == "note: episodes of several code versions lie together in a cell now: 1.0, 1.1"
    (config,) = both.rglob("config.yaml")
    assert str(a) in config.read_text()
    assert len(merge(tmp_path / "alone", [b])) == 1


def test_a_name_that_another_cell_has_is_not_shared(tmp_path: Path) -> None:
    CellStore(tmp_path / "a" / "cell").append(episode(0), "{}", [], None)
    CellStore(tmp_path / "b" / "cell").append(episode(0, arm=Arm.TWIN), "{}", [], None)
    merge(tmp_path / "both", [tmp_path / "a" / "cell", tmp_path / "b"])
    assert sorted(path.name for path in (tmp_path / "both").iterdir()) == [
        "cell", f"cell-{episode(0, arm=Arm.TWIN).cell}"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["a"], "merge takes a folder to merge into and those to merge"),
        (["a", "--force", "b"], "merge takes a folder to merge into and those to merge"),
        (["a", "nowhere"], "there is no run folder nowhere"),
        (["a", "empty"], "empty holds no episodes"),
        (["a", "a"], "a and a lie in each other"),
        (["a/sub", "a"], "a and a/sub lie in each other"),
        (["a/cell", "b"], "a/cell is the folder of one cell"),
    ],
)
def test_what_cannot_be_merged_is_one_line(
    tmp_path: Path, arguments: list[str], line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        CellStore(Path(name, "cell")).append(episode(0), "{}", [], None)
    Path("empty").mkdir()
    assert main(["merge", *arguments]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith(f"embodied: {line}")
    assert printed.count("\n") == 1


def test_a_folder_with_two_cells_in_it_is_refused(tmp_path: Path) -> None:
    for arm in (Arm.MAIN, Arm.TWIN):
        CellStore(tmp_path / "a" / "cell").append(episode(0, arm=arm), "{}", [], None)
    with pytest.raises(StoreError, match="holds episodes of several cells"):
        merge(tmp_path / "b", [tmp_path / "a"])


def test_help_explains(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["merge", "--help"]) == 0
    assert "Sources are never changed" in capsys.readouterr().out


def test_killed_in_the_middle_it_is_repeated(tmp_path: Path) -> None:
    source, whole, killed = tmp_path / "source", tmp_path / "whole", tmp_path / "killed"
    store = CellStore(source / "cell")
    for seed in range(3 * BATCH):
        store.append(episode(seed), json.dumps({"seed": seed}), [], b"x" * 5000)
    merge(whole, [source])
    command = [sys.executable, "-W", "ignore", "-m", "embodied", "merge", str(killed), str(source)]
    for n_seen in (1, BATCH + 1):
        process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(HERE.parent)})
        deadline = time.monotonic() + 60
        while len(list(killed.glob("cell/states/*.npz"))) < n_seen and time.monotonic() < deadline:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert len(list(killed.glob("cell/states/*.npz"))) < 3 * BATCH
        for record in read_run(killed):
            assert read_ledger(killed, record.key) == {"seed": record.seed}
    merge(killed, [source])
    assert contents(killed) == contents(whole)
