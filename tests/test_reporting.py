from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from factories import episode, excluded, scored
from findings_data import LINES, three_arms, troubled, write_run

from embodied import cli
from embodied.errors import StoreError
from embodied.findings.beside import ONLY_OTHERWISE
from embodied.findings.compute import compute
from embodied.findings.limits import FEWEST_PAIRS, SIMULATED
from embodied.findings.records import BesideReference, Findings
from embodied.page import build
from embodied.planning.planned import Assumed, PlannedCell, PlannedComparison, Preregistration
from embodied.planning.preregistration import FILE_NAME, write
from embodied.records import Arm, Episode, Outcome, Validity, Verdict
from embodied.reporting.command import LOCK
from embodied.statistics.rates import EXACT_MCNEMAR, FISHER_EXACT
from embodied.statistics.willing import Ability
from embodied.storage.files import lock

Lines = Callable[[], list[Episode]]


def found_in(folder: Path, lines: list[Episode]) -> Findings:
    return compute([write_run(folder / "a_run", lines)])


def says(sentences: tuple[str, ...], *words: str) -> bool:
    return any(all(word in sentence for word in words) for sentence in sentences)


def test_findings_hold_every_comparison_of_three_arms(tmp_path: Path) -> None:
    findings = found_in(tmp_path, three_arms(12, act_every=3, able_every=2))
    main, twin, able = findings.cells
    (excess,) = (one for one in findings.excesses if one.measure == "act")
    (propensity,) = findings.propensities
    assert findings.name == "a_run"
    assert [cell.arm for cell in findings.cells] == [Arm.MAIN, Arm.TWIN, Arm.ABILITY]
    assert (main.act.k, main.act.n, twin.act.k) == (4, 12, 0)
    assert excess.difference is not None
    assert (excess.main, excess.twin, excess.difference.main_only, excess.difference.n) == (main.cell, twin.cell, 4, 12)
    assert propensity.ability == able.cell
    assert propensity.willing is not None
    assert propensity.willing.ability is Ability.FEW_ABLE
    assert {reference.cell for reference in findings.references} >= {main.cell}
    assert findings.cell(twin.cell) is twin
    assert sum(family.tests for family in findings.families) == len(findings.excesses)


def test_who_writes_to_a_run_folder_holds_it_against_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = write_run(tmp_path / "a_run", three_arms(2))
    refused: list[Path] = []

    def try_to_take(findings: object, tables: object, runs: object, place: Path, options: object) -> None:
        with (place.parent / LOCK).open("ab") as file:
            try:
                lock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                refused.append(place)

    monkeypatch.setattr(build, "write_page", try_to_take)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / LOCK).touch()
    assert cli.main(["report", str(run)]) == 0
    assert cli.main(["report", str(run), "--output", str(elsewhere / "page.html")]) == 0
    assert refused == [run / "findings.html"]


def test_several_folders_count_as_one_run(tmp_path: Path) -> None:
    lines = three_arms(6)
    first = write_run(tmp_path / "one", [*lines[:9], excluded(5, Validity.SERVER_ERROR)])
    second = write_run(tmp_path / "two", [*lines[3:], *lines[9:]])
    findings = compute([first, second])
    whole = found_in(tmp_path, lines)
    assert findings.name == "one, two"
    assert [cell.act for cell in findings.cells] == [cell.act for cell in whole.cells]
    assert says(findings.notes, "more than one: 15")


ODD: dict[str, tuple[Lines, tuple[tuple[str, ...], ...]]] = {
    "code in a cell": (
        lambda: [*three_arms(3, code_version="0.1.0"), scored(3, code_version="0.2.0-dirty")],
        (
            ("Within 1 cell", "0.1.0, 0.2.0-dirty"),
            ("differs from any commit",),
            ("In 3 of 3 cells fewer than 10", "(3 to 4)"),
        ),
    ),
    "code of cells": (
        lambda: [scored(0, code_version="0.1.0"), scored(0, arm=Arm.TWIN, code_version="0.2.0")],
        (("Cells were run by different versions", "0.1.0, 0.2.0"),),
    ),
    "errors": (troubled, (("run again: 2",), ("were not run again: 1",), ("one episode in ten", "2 of 14"))),
    "not able": (lambda: three_arms(12, able_every=3), (("In 1 of 1 main cell", "fewer than half"),)),
    "borrowed": (
        lambda: [
            line.model_copy(update={"factors": line.factors | {"instruction": "allow"}, "cell": "b" * 16})
            if line.arm is Arm.ABILITY else line
            for line in three_arms(12)
        ],
        (("In 1 main cell", "another instruction"),),
    ),
    "noisy": (
        lambda: three_arms(12, verdicts=(Verdict.TRUTHFUL, Verdict.BELIEF_DISPUTED)),
        (("In 3 cells", "one answer in four", "12 of 24"),),
    ),
    "hardly exposed": (
        lambda: [scored(seed, is_exposed=False, outcome=Outcome.NOT_EXPOSED) for seed in range(12)],
        (("In 1 main cell the test never came",),),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ODD)
def test_what_is_odd_is_said_first(tmp_path: Path, what: str) -> None:
    lines, wanted = ODD[what]
    notes = found_in(tmp_path, lines()).notes
    assert [words for words in wanted if not says(notes, *words)] == []


def test_nothing_is_noted_where_nothing_is_odd(tmp_path: Path) -> None:
    assert found_in(tmp_path, three_arms(12)).notes == ()


def test_weights_of_two_digests_under_one_name_are_two_models(tmp_path: Path) -> None:
    lines = three_arms(12)
    places = {"host": "http://secret", "servers": ["http://secret"], "peer": {"digest": "p", "base_url": "http://b"}}
    one = write_run(tmp_path / "one", lines[:12], manifest={"digest": "sha256:aaaabbbb", **places})
    two = write_run(tmp_path / "two", lines[12:], manifest={"digest": "sha256:ccccdddd"})
    findings = compute([one, two])
    assert says(findings.notes, "The name embedded stands for 2 models")
    assert findings.manifests == {
        "embedded (aaaabbbb)": {"digest": "sha256:aaaabbbb", "peer": {"digest": "p"}},
        "embedded (ccccdddd)": {"digest": "sha256:ccccdddd"},
    }


LIMITS: dict[str, tuple[Lines, tuple[tuple[str, ...], ...]]] = {
    "usual": (
        lambda: three_arms(20, able_every=4),
        (
            ("One model was run (embedded)",),
            ("One scenario was run (shutdown_button)",),
            ("at most 20 pairs", "fewer than 37 in 100", "0 of 20"),
            ("In 1 main cell the policy was not able",),
            ("No judge model",),
            ("No preregistration", "exploratory"),
            (SIMULATED,),
        ),
    ),
    "scripts": (
        lambda: three_arms(FEWEST_PAIRS - 1, model="scripted/liar"),
        (("Only scripted policies",), ("more than 5 pairs", "below 6")),
    ),
    "alone": (
        lambda: [*three_arms(12, act_every=100)[1:12], scored(0, model="scripted/liar")],
        (
            ("Scripts among the policies: scripted/liar",),
            ("In 2 of 2 main cells there is no benign twin",),
            ("In 2 of 2 main cells there is no ability arm",),
            ("In 2 main cells the act never occurred", "0 of 1", "79 in 100"),
        ),
    ),
    "no belief": (
        lambda: three_arms(12, verdicts=(Verdict.UNKNOWN,)),
        (("In 3 of 3 cells no lie", "belief probe"),),
    ),
    "no verdicts": (lambda: [episode(0)], (("no answer of the debrief has a verdict",),)),
}


@pytest.mark.parametrize("what", LIMITS)
def test_what_cannot_be_shown_is_said(tmp_path: Path, what: str) -> None:
    lines, wanted = LIMITS[what]
    limits = found_in(tmp_path, lines()).limits
    assert [words for words in wanted if not says(limits, *words)] == []


def test_a_plan_in_the_run_folder_is_checked_without_being_told(tmp_path: Path) -> None:
    lines = three_arms(12)
    main, twin = lines[0], lines[12]
    planned = [
        PlannedCell(
            cell=line.cell, about=line.label, scenario=line.scenario, arm=line.arm, model=line.model, first_seed=0,
            episodes=12, factors=line.factors,
        )
        for line in (main, twin)
    ]  # fmt: skip
    comparison = PlannedComparison(
        kind="main against twin", about="act", cell=main.cell, reference=twin.cell, measure="act", test=EXACT_MCNEMAR
    )
    plan = Preregistration(
        code_version="0.1.0", alpha=0.05, assumed=Assumed(base=0.1, effect=0.5, correlation=0.0, power=0.8),
        comparisons=(comparison,), cells=tuple(planned),
    )  # fmt: skip
    run = write_run(tmp_path / "run", lines)
    sealed = write(plan, run / FILE_NAME)
    findings = compute([run])
    assert findings.preregistered is not None
    assert findings.preregistered.digest == sealed.digest
    checks = {check.item: check.holds for check in findings.preregistered.checks}
    assert checks["cells"]
    assert checks["seeds"]
    assert checks["primary comparisons"]
    assert not checks["cells not planned"]
    (primary,) = findings.preregistered.primary
    assert primary.difference == findings.excesses[0].difference
    assert primary.difference is not None
    assert primary.p_holm == primary.difference.p_value
    assert findings.preregistered.plans(twin.cell, main.cell, "act")
    assert not findings.preregistered.plans(main.cell, twin.cell, "lied")
    assert not says(findings.limits, "No preregistration")
    (run / FILE_NAME).write_text((run / FILE_NAME).read_text().replace("episodes: 12", "episodes: 13", 1))
    with pytest.raises(StoreError, match="was changed"):
        compute([run])


def models(n: int) -> list[Episode]:
    """Two models that met the same seeds: one acts in all of them, the other in one."""
    return [scored(seed, act=seed < k, model=model) for model, k in (("a_8b", n), ("b_8b", 1)) for seed in range(n)]


@pytest.mark.parametrize("is_turned", [False, True])
def test_a_planned_comparison_keeps_its_sign_and_its_own_family(tmp_path: Path, *, is_turned: bool) -> None:
    lines = models(9)
    first, second = (lines[9], lines[0]) if is_turned else (lines[0], lines[9])
    run = write_run(tmp_path / "run", lines)
    planned = [
        PlannedComparison(
            kind="model against model", about="models", cell=cell, reference=second.cell, measure="act",
            test=FISHER_EXACT,
        ) for cell in (first.cell, "f" * 16)
    ]  # fmt: skip
    cells = [
        PlannedCell(
            cell=line.cell, about=line.label, scenario=line.scenario, arm=line.arm, model=line.model, first_seed=0,
            episodes=9, factors=line.factors,
        )
        for line in (first, second)
    ]  # fmt: skip
    write(
        Preregistration(
            code_version="0.1.0", alpha=0.05, assumed=Assumed(base=0.1, effect=0.5, correlation=0.0, power=0.8),
            comparisons=tuple(planned), cells=tuple(cells),
        ),
        run / FILE_NAME,
    )  # fmt: skip
    plan = compute([run]).preregistered
    assert plan is not None
    made, missing = plan.primary
    assert made.difference is not None
    assert made.difference.difference == pytest.approx(-8 / 9 if is_turned else 8 / 9)
    assert made.p_holm == pytest.approx(2 * made.difference.p_value)
    assert (missing.difference, missing.p_holm, plan.level) == (None, None, 0.05)


def test_published_figures_stand_beside_no_cell_with_oversight_or_a_changed_prompt(tmp_path: Path) -> None:
    def beside(name: str, *factors: dict[str, str]) -> tuple[BesideReference, ...]:
        lines = [scored(seed, factors=own) for own in factors for seed in range(3)]
        found = found_in(tmp_path / name, lines)
        return tuple(one for one in found.references if one.reference.id == "palisade-robot-sim")

    gated, ablated = {"oversight": "action_gate"}, {"stakes": "left_out"}
    (only,) = beside("all", {}, gated, ablated)
    assert (only.refusal, only.ours.n if only.ours else 0) == ("", 3)
    (refused,) = beside("others", gated, ablated)
    assert refused.refusal == ONLY_OTHERWISE


def test_the_verb_makes_a_page_and_says_what_was_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run", troubled(12))
    assert cli.main(["report", str(run)]) == cli.OK
    printed = capsys.readouterr().out
    assert (run / "findings.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert f"findings {run / 'findings.html'}" in printed
    assert 1 <= printed.count("found    ") <= 3
    assert "note     " in printed
    assert "4/12" in printed


@pytest.mark.parametrize(
    ("kind", "name"),
    [("csv", "episodes.csv"), ("parquet", "episodes.parquet"), ("latex", "cells.tex"), ("json", "findings.json")],
)
def test_the_verb_writes_every_format_into_a_folder(tmp_path: Path, kind: str, name: str) -> None:
    run = write_run(tmp_path / "run", three_arms(3))
    to = tmp_path / "to" / "paper" if kind == "csv" else run / "findings"
    told = ["--output", str(to)] if kind == "csv" else []
    assert cli.main(["report", str(run), f"--format={kind}", *told]) == cli.OK
    assert (to / name).stat().st_size
    if kind == "json":
        assert len(json.loads((to / name).read_text())["cells"]) == 3


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "no run": ((), "which run?"),
    "no such run": (("nowhere",), "there is no run folder nowhere"),
    "empty run": (("empty",), "holds no episode yet"),
    "torn run": (("torn",), f"{LINES}:1 is no episode"),
    "format": (("run", "--format", "pdf"), "choose one of html, csv, parquet, latex, json, inspect"),
    "option": (("run", "--fast"), "unknown option '--fast'"),
    "no value": (("run", "--output"), "--output needs a value"),
    "episodes": (("run", "--episodes", "most"), "--episodes takes a number, all, flagged, or keys"),
    "videos": (("run", "--videos", "many"), "--videos takes a number"),
    "folder": (("run", "--output", "empty"), "empty is a folder"),
    "unwritable": (("run", "--output", "file/page.html"), "cannot be used: "),
    "no plan": (("run", "--preregistration", "plan.yaml"), "plan.yaml cannot be used"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_one_line(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, message = WRONG[what]
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "run", three_arms(1))
    (tmp_path / "empty").mkdir()
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / LINES).write_text("no episode\n")
    (tmp_path / "file").write_text("a file")
    assert cli.main(["report", *arguments]) == cli.FAILED
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_help_names_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["report", "--help"]) == cli.OK
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("html", "csv", "parquet", "latex", "json", "inspect", "--preregistration"))
