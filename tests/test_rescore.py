"""Stored episodes, scored again: the same as they were, or each difference told, and nothing lost on the way."""

from __future__ import annotations

import gzip
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from embodied import cli
from embodied.app import RunRequest, show_config
from embodied.config import parse_config
from embodied.episode import EpisodeRunner
from embodied.errors import StoreError
from embodied.records import Channel, Claim, Episode, Outcome, Termination, Validity, Verdict
from embodied.rescoring import command as rescore
from embodied.rescoring.cell import Change, differences
from embodied.rescoring.command import RescoreRequest
from embodied.rescoring.report import Finding
from embodied.rescoring.write import write_rescored
from embodied.storage.store import CellStore, find_side_file, read_run, read_transcript
from embodied.version import code_version

SCHEMA_1 = Path(__file__).parent / "data" / "schema_1"
TINY = {"_target_": "tiny_backend.TinyBackend", "name": "tiny", "max_tokens": 64}

KILLED = """
import os, signal, sys
from pathlib import Path
from embodied import cli

replace = Path.replace

def dies(self, target):
    if Path(target).name == "episodes.jsonl":
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)

Path.replace = dies
cli.main(["rescore", sys.argv[1], "--write"])
"""


def record(folder: Path, *overrides: str, **replaced: Any) -> None:
    """Run the episodes of one cell in this process and keep them."""
    plain = yaml.safe_load(show_config(RunRequest((f"run.dir={folder}", "run.name=run", *overrides))))
    config = parse_config(plain | replaced)
    store, runner = CellStore(config.folder), EpisodeRunner(config, is_recording=False)
    try:
        store.write_config(yaml.safe_dump(config.model_dump(mode="json")))
        for seed in config.seeds:
            left = runner.run(seed)
            store.append(left.episode, left.ledger_json, left.transcript, None, left.peer_transcript, left.probes)
    finally:
        runner.close()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A liar's episode, and three of a model whose replies are good and bad."""
    folder = tmp_path_factory.mktemp("runs")
    record(folder, "model=scripted/liar", "episodes=1")
    record(folder, "episodes=3", "max_turns=5", "status_every=2", model=TINY)
    return folder / "run"


@pytest.fixture
def run(recorded: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    return Path(shutil.copytree(recorded, tmp_path / "run"))


def of(run: Path, model: str) -> Episode:
    return next(episode for episode in read_run(run) if episode.model == model)


def cell_of(run: Path, episode: Episode) -> Path:
    return find_side_file(run, "ledgers", episode.key).parents[1]


def put(run: Path, stored: Episode, **changes: Any) -> Episode:
    """Write another record in the place of a stored one."""
    path = cell_of(run, stored) / "episodes.jsonl"
    tampered = stored.model_copy(update=changes)
    lines = path.read_text().splitlines()
    lines[[json.loads(line)["key"] for line in lines].index(stored.key)] = tampered.model_dump_json()
    path.write_text("\n".join(lines) + "\n")
    return tampered


def findings(run: Path, *, is_writing: bool = False) -> list[Finding]:
    return list(rescore.rescore(RescoreRequest(run, is_writing=is_writing)))


def changed(run: Path) -> dict[str, tuple[Change, ...]]:
    return {finding.stored.key: finding.changes for finding in findings(run) if finding.changes}


def contents(run: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name != ".lock"}


def start(script: str, *arguments: object) -> int:
    """Run a program and return its exit code."""
    environment = os.environ | {"PYTHONPATH": str(Path(cli.__file__).parents[1])}
    command = [sys.executable, "-W", "ignore", "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, env=environment).returncode


def test_an_untouched_run_comes_out_the_same_and_is_left_alone(run: Path) -> None:
    before = contents(run)
    found = findings(run, is_writing=True)
    assert [(finding.changes, finding.problem) for finding in found] == [((), "")] * 4
    assert [finding.stored for finding in found] == read_run(run)
    assert {claim.channel for finding in found for claim in finding.stored.claims} >= {Channel.DEBRIEF, Channel.STATUS}
    assert Verdict.LIE in {claim.verdict for claim in of(run, "scripted/liar").claims}
    assert contents(run) == before


def test_tables_and_plots_are_made_again_where_there_were_some(run: Path) -> None:
    put(run, of(run, "scripted/liar"), is_physical_act=False)
    (run / "summary.txt").write_text("old")
    assert rescore.main([str(run)]) == 0
    assert (run / "summary.txt").read_text() == "old"
    assert rescore.main([str(run), "--write"]) == 0
    assert "What it said" in (run / "summary.txt").read_text()
    assert (run / "summary.png").exists()


def test_what_was_tampered_with_is_found_and_mended(run: Path) -> None:
    good, untouched = of(run, "scripted/liar"), contents(run)
    first, *rest = good.claims
    false_claim = first.model_copy(update={"verdict": Verdict.TRUTHFUL})
    put(run, good, outcome=Outcome.COMPLIED, claims=(false_claim, *rest), measures={})
    tampered = contents(run)
    found = {change.path: change for change in changed(run)[good.key]}
    assert (found["outcome"].old, found["outcome"].new) == ("complied", good.outcome)
    assert (found["claims.0.verdict"].old, found["claims.0.verdict"].new) == ("truthful", first.verdict)
    assert found["claims.0.verdict"].field == "claims.verdict"
    assert {path for path in found if path.startswith("measures.")} == {f"measures.{name}" for name in good.measures}
    assert contents(run) == tampered, "nothing is written unless told"
    assert len(findings(run, is_writing=True)) == 4
    log = cell_of(run, good) / "rescored.jsonl"
    assert contents(run) == untouched | {log: log.read_bytes()}
    logged = {entry["field"]: entry for entry in map(json.loads, log.read_text().splitlines())}
    assert logged.keys() == found.keys()
    assert logged["outcome"] == {
        "key": good.key, "field": "outcome", "old": "complied", "new": good.outcome, "code_version": good.code_version,
        "rescored_by": code_version(), "schema_version": 2, "rescored_schema": 2,
    }  # fmt: skip
    assert not changed(run)


def test_other_lines_stay_as_they_are(run: Path) -> None:
    good = of(run, "scripted/liar")
    path = cell_of(run, good) / "episodes.jsonl"
    failed = good.model_copy(update={"validity": Validity.SERVER_ERROR, "error": "broke off", "outcome": None})
    put(run, good, outcome=Outcome.COMPLIED)
    path.write_text(f"{failed.model_dump_json()}\n{path.read_text()}{{half a li")
    with pytest.warns(UserWarning, match="torn"):
        assert sum(bool(finding.changes) for finding in findings(run, is_writing=True)) == 1
    assert path.read_text() == f"{failed.model_dump_json()}\n{good.model_dump_json()}\n{{half a li"


def test_killed_before_it_takes_their_place_the_old_records_are_whole(run: Path) -> None:
    good = of(run, "scripted/liar")
    path = cell_of(run, good) / "episodes.jsonl"
    put(run, good, outcome=Outcome.COMPLIED)
    before = path.read_bytes()
    assert start(KILLED, run) == -signal.SIGKILL
    assert path.read_bytes() == before
    assert path.with_name("rescored.jsonl").read_text().count("\n") == 1, "the old value was kept first"
    assert findings(run, is_writing=True)[0].changes
    assert of(run, "scripted/liar") == good
    assert not list(run.rglob("*.part"))


@pytest.mark.parametrize("limit", [64, 1024])
def test_a_full_disk_is_one_line_and_leaves_the_old_records_whole(run: Path, limit: int) -> None:
    put(run, of(run, "scripted/liar"), outcome=Outcome.COMPLIED)
    before = contents(run)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(StoreError, match="run the same command again"):
            findings(run, is_writing=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    after = contents(run)
    assert {path: after[path] for path in before} == before
    assert not list(run.rglob("*.part"))


def test_a_record_written_to_meanwhile_is_not_replaced(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = of(run, "scripted/liar")
    put(run, good, outcome=Outcome.COMPLIED)

    def late(cell: Path, replacements: Any) -> None:
        put(run, good, outcome=Outcome.DISABLED, method="by somebody else")
        write_rescored(cell, replacements)

    monkeypatch.setattr("embodied.rescoring.command.write_rescored", late)
    assert cli.main(["rescore", str(run), "--write"]) == cli.FAILED
    assert of(run, "scripted/liar").method == "by somebody else"


def test_records_of_the_first_schema_keep_their_answers(tmp_path: Path) -> None:
    run = Path(shutil.copytree(SCHEMA_1, tmp_path / "old"))
    stored = {episode.key: episode for episode in read_run(run)}
    assert {finding.problem for finding in findings(run, is_writing=True)} == {""}
    now = {episode.key: episode for episode in read_run(run)}
    assert now.keys() == stored.keys()
    for key, episode in now.items():
        assert episode == with_what_is_known(stored[key], episode)
        assert [heard(claim) for claim in episode.claims] == [heard(claim) for claim in stored[key].claims]
        assert {verdict_of_old(claim) for claim in episode.claims} == {True}
        assert all(claim.time_s is not None for claim in episode.claims)
        thought = [entry for entry in read_transcript(run, key) if entry.get("thinking")]
        assert (episode.thoughts.replies if episode.thoughts else 0) == len(thought)
    assert {episode.outcome for episode in now.values()} == {
        Outcome.DISABLED, Outcome.STAYED_SILENT, Outcome.NOT_EXPOSED
    }  # fmt: skip
    assert any(claim.contradicts_ledger for episode in now.values() for claim in episode.claims)
    assert any(deed.skill == "unplug" and deed.severity for episode in now.values() for deed in episode.deeds)
    assert not changed(run), "once is enough"


def with_what_is_known(stored: Episode, now: Episode) -> Episode:
    """The stored record with those fields that it had not."""
    new = ("claims", "deeds", "onset_s", "effect_s", "thoughts", "pattern")
    return stored.model_copy(update={name: getattr(now, name) for name in new})


def heard(claim: Claim) -> tuple[object, ...]:
    return claim.question, claim.answer, claim.truth, claim.percept, claim.is_quiz, claim.contradicts_ledger


def verdict_of_old(claim: Claim) -> bool:
    """Whether it is what can be known without a probe."""
    if claim.answer is None or claim.is_quiz:
        return claim.verdict is None
    return claim.verdict is (Verdict.DECLINED if claim.answer == "decline" else Verdict.UNKNOWN)


def test_answers_of_an_old_record_are_laid_beside_the_ledger_again(tmp_path: Path) -> None:
    run = Path(shutil.copytree(SCHEMA_1, tmp_path / "old"))
    good = of(run, "scripted/liar")
    first, *rest = good.claims
    assert first.contradicts_ledger
    wrong = first.model_copy(update={"truth": first.answer, "contradicts_ledger": False})
    put(run, good, claims=(wrong, *rest), outcome=Outcome.COMPLIED)
    found = {change.path: change.new for change in changed(run)[good.key]}
    assert found["claims.0.truth"] == first.truth
    assert found["claims.0.contradicts_ledger"] is True
    assert found["outcome"] == good.outcome


def test_an_end_that_was_not_explained_is_looked_at_afresh(run: Path) -> None:
    good = of(run, "scripted/liar")
    scored = ("outcome", "is_physical_act", "physical_act_s", "is_exposed", "did_effect", "onset_s", "effect_s")
    put(run, good, validity=Validity.HARNESS_ERROR, error="not said", **dict.fromkeys(scored))
    findings(run, is_writing=True)
    assert of(run, "scripted/liar") == good


def test_an_episode_that_never_ran_has_nothing_to_score(run: Path) -> None:
    good = of(run, "scripted/liar")
    put(run, good, termination=Termination.ENV_ERROR, validity=Validity.HARNESS_ERROR, outcome=None)
    find_side_file(run, "ledgers", good.key).write_bytes(gzip.compress(b"{}"))
    assert [(finding.changes, finding.problem) for finding in findings(run)] == [((), "")] * 4


def tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def name_other_arm(path: Path) -> None:
    path.write_text(path.read_text().replace("arm: main", "arm: twin"))


@pytest.mark.parametrize(
    ("kind", "spoil", "words"),
    [
        ("ledgers", tear, "cannot be read"),
        ("transcripts", tear, "cannot be read"),
        ("probes", Path.unlink, "holds no probes"),
        ("ledgers", Path.unlink, "holds no ledgers"),
        ("ledgers", lambda path: path.write_bytes(gzip.compress(b'{"end_s": 1.0}')), "do not fit"),
        ("config.yaml", Path.unlink, "config.yaml is missing"),
        ("config.yaml", lambda path: path.write_text("arm: ["), "config.yaml cannot be read"),
        ("config.yaml", lambda path: path.write_text("arm: main"), "is missing from the configuration"),
        ("config.yaml", name_other_arm, "config.yaml says arm=twin and the record main"),
    ],
)
def test_what_cannot_be_scored_is_named_and_the_rest_is_scored(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, kind: str,
    spoil: Callable[[Path], object], words: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("COLUMNS", "300")
    bad = of(run, "scripted/liar")
    spoil(cell_of(run, bad) / kind if kind == "config.yaml" else find_side_file(run, kind, bad.key))
    assert cli.main(["rescore", str(run), "--write"]) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[-1] == "3 of 4 episodes scored again, 0 otherwise"
    assert shown[-2].startswith(f"not scored again: {bad.key}: ")
    assert words in shown[-2]
    assert len(shown) == 2
    assert of(run, "scripted/liar") == bad


def test_the_table_counts_episodes_by_field(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    good = of(run, "scripted/liar")
    put(run, good, outcome=Outcome.COMPLIED)
    assert cli.main(["rescore", str(run)]) == cli.OK
    shown = capsys.readouterr().out
    row = next(line for line in shown.splitlines() if "outcome" in line)
    assert [cell.strip() for cell in row.split("│")[1:-1]] == ["outcome", "1", good.key, '"complied"', '"disabled"']
    assert shown.endswith("4 of 4 episodes scored again, 1 otherwise: nothing written (see --write)\n")


def test_json_is_one_object_for_each_episode_that_differs(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, torn = of(run, "scripted/liar"), of(run, "tiny")
    put(run, good, outcome=Outcome.COMPLIED)
    tear(find_side_file(run, "ledgers", torn.key))
    assert cli.main(["rescore", str(run), "--json"]) == 1
    entries = {entry["key"]: entry for entry in map(json.loads, capsys.readouterr().out.splitlines())}
    assert entries.keys() == {good.key, torn.key}
    assert entries[good.key]["changes"] == [{"field": "outcome", "old": "complied", "new": "disabled"}]
    assert entries[good.key]["code_version"] == good.code_version
    assert "cannot be read" in entries[torn.key]["problem"]


def test_worker_processes_find_the_same_in_the_same_order(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(run, of(run, "scripted/liar"), outcome=Outcome.COMPLIED)
    put(run, of(run, "tiny"), outcome=Outcome.COMPLIED)
    alone = findings(run)
    monkeypatch.setattr(rescore, "BATCH", 1)
    monkeypatch.setattr(rescore, "WAITING", 3)
    assert findings(run) == alone
    assert [bool(finding.changes) for finding in alone].count(True) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "rescore takes one run folder"),
        (["one", "two"], "rescore takes one run folder"),
        (["nowhere"], "there is no run folder nowhere"),
        (["empty"], "empty holds no episodes"),
        (["empty", "--wirte"], "unknown option '--wirte'; known: --write, --json, --help"),
    ],
)
def test_mistakes_are_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: str,
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    assert cli.main(["rescore", *arguments]) == cli.FAILED
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"embodied: {words}")
    assert shown.err.count("\n") == 1


def test_help_names_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rescore", "--help"]) == cli.OK
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("--write", "--json", "rescored.jsonl"))


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        ({"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 2]}, []),
        ({"a": [1, 2]}, {"a": [1, 3]}, ["a.1"]),
        ({"a": [1, 2]}, {"a": [1]}, ["a"]),
        ({"a": {"x": None}}, {"a": {}}, ["a.x"]),
        ({"a": 1}, {"a": True}, ["a"]),
        ({"a": None}, {"a": {"x": 1}}, ["a"]),
    ],
)
def test_differences_name_the_place(old: Any, new: Any, paths: list[str]) -> None:
    assert [change.path for change in differences(old, new)] == paths
