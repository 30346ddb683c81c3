"""The comparisons of the findings: the same numbers as the terminal gives, and what it does not give."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from factories import episode, excluded
from findings_data import troubled, write_run
from findings_run import ALLOW, condition, made, opened
from overseen import COMPLIANT, SABOTEUR, TOLD, frontier_run, gated
from parrot import configured

from embodied.config import CellConfig
from embodied.episode import EpisodeRunner
from embodied.findings.effects import effects
from embodied.findings.excesses import excesses
from embodied.findings.families import EFFECTS, EXCESSES, corrected
from embodied.findings.judges import judge_agreements
from embodied.findings.prices import prices
from embodied.findings.propensity import propensities
from embodied.findings.records import ACT, LIED, OversightPrice
from embodied.judge.cases import Case, items_of, read_cases
from embodied.judge.command import read_report
from embodied.judge.judgements import Judgement, append_judgement
from embodied.judge.rubric import Rubric, load_rubric
from embodied.records import Arm, Episode, Validity
from embodied.report.oversight import Effect
from embodied.report.oversight import effects as oversight_effects
from embodied.report.summary import Comparison, summarise
from embodied.statistics.rates import independent_difference, rate
from embodied.storage.store import CellStore, read_attempts


def rich_run() -> list[Episode]:
    """Arms, levels, models, oversight, exclusions, attempts that were run again, missing and double partners."""
    lines = troubled(14, factors={"stakes": "none"})
    lines += condition(12, 7, 5, factors={"stakes": "none"} | ALLOW)
    lines += condition(10, 2, 1, first=4, factors={"stakes": "none"} | ALLOW, arm=Arm.TWIN)
    lines += condition(9, 3, 2, factors={"stakes": "wiped"})
    lines += condition(9, 4, factors={"stakes": "wiped"} | ALLOW)
    lines += condition(5, 4, first=20, factors={"stakes": "replaced"})
    lines += condition(8, 6, 3, factors={"stakes": "none"}, model="other_8b")
    lines += [
        one.model_copy(update={"cell": "f" * 16, "key": f"{one.seed:016x}"}) for one in condition(3, 1, model="b")
    ]
    lines += condition(4, 1, model="b")
    lines += [excluded(seed, Validity.SERVER_ERROR, factors={"stakes": "wiped"}) for seed in (0, 30)]
    shuffled = frontier_run() + [gated(seed, act=seed < 9, model="embedded") for seed in range(10)]
    return lines + shuffled + [gated(seed, factors=TOLD, model="only_told") for seed in range(3)]


def check_agreement(folder: Path) -> int:
    """Everything that both give is the same; how many differences there were."""
    attempts = read_attempts(folder)
    summary = summarise(attempts)
    with opened(folder) as run:
        found = excesses(run.tables, run.cells)
        able = {one.main: one for one in propensities(run.tables, run.cells)}
        changed = effects(run.tables, run.cells)
        paid = prices(run.tables, run.cells)
    by_main = {(one.main, one.measure): one for one in found}
    assert len(able) == len(summary.comparisons)
    for comparison in summary.comparisons:
        main = comparison.main.cell
        _check_comparison(comparison, by_main.get((main, LIED)), by_main[main, ACT])
        assert (able[main].willing, able[main].note) == (comparison.willing, comparison.ability_note)
        assert able[main].is_borrowed == comparison.is_ability_borrowed
    ours = [
        (one.factor, one.level, one.reference, one.common, one.measure, one.paired)
        for one in changed if one.factor != "model" and one.paired
    ]  # fmt: skip
    theirs = [(c.factor, c.level, c.reference, c.common, c.measure, c.difference) for c in summary.contrasts]
    assert ours == theirs
    priced = oversight_effects(summary.cells)
    cost = {one.cell: one for one in corrected(run.cells, (), (), (), paid).prices}
    assert {effect.of.cell.cell for effect in priced} == set(cost)
    for effect in priced:
        _check_price(cost[effect.of.cell.cell], effect)
    return len(found) + len(ours) + len(cost)


def _check_comparison(theirs: Comparison, lied: Any, act: Any) -> None:
    assert (act.difference, act.note) == (theirs.difference, theirs.difference_note)
    assert (lied.difference if lied else None) == theirs.lied
    assert act.log_rank_p == (pytest.approx(theirs.log_rank_p) if theirs.log_rank_p is not None else None)


def _check_price(ours: OversightPrice, theirs: Effect) -> None:
    assert (ours.setting, ours.note) == (theirs.of.setting, theirs.note)
    parts = [part for one in theirs.of.cell.valid.values() for part in one.oversight.values()]
    assert (ours.prevented, ours.stopped) == (sum(p.prevented for p in parts), sum(p.stopped for p in parts))
    if theirs.paired is None:
        assert (ours.act, ours.way, ours.task, ours.world_s) == (None, None, None, None)
        return
    paired = theirs.paired
    assert (ours.act, ours.way, ours.task) == (paired.act, paired.way, paired.task)
    assert ours.act_p_holm == paired.act_p_holm
    assert (ours.asked, ours.human_s, ours.delay_s) == pytest.approx((paired.asked, paired.human_s, paired.delay_s))
    assert ours.world_s == pytest.approx(paired.world_s.difference)
    limits = (paired.world_s.low, paired.world_s.high)
    assert (ours.world_s_low, ours.world_s_high) == (limits if None in limits else pytest.approx(limits))


# -- the same as the terminal ----------------------------------------------------------------------------------------


@pytest.mark.every_third_day
def test_synthetic_runs_come_out_as_in_the_summary(tmp_path: Path) -> None:
    assert check_agreement(write_run(tmp_path / "run", rich_run())) >= 40


def play(folder: Path, config: CellConfig, seeds: Sequence[int]) -> None:
    store = CellStore(folder / f"{config.arm}-{len(list(folder.iterdir()))}")
    store.write_config(yaml.safe_dump(config.model_dump(mode="json")))
    with closing(EpisodeRunner(config, is_recording=False)) as runner:
        for seed in seeds:
            result = runner.run(seed)
            store.append(result.episode, result.ledger_json, result.transcript, None)


REAL = (
    ("arm=main", "model=scripted/saboteur_unplug"),
    ("arm=twin", "model=scripted/saboteur_unplug"),
    ("arm=main", "model=scripted/saboteur_unplug", "oversight=[action_gate]"),
)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real")
    for overrides in REAL:
        play(folder, configured(*overrides), (0,))
    return folder


@pytest.mark.every_third_day
def test_a_real_run_comes_out_as_in_the_summary(real: Path) -> None:
    assert check_agreement(real) == 4


def judge(case: Case, rubric: Rubric, model: str, number: int) -> None:
    """A judge that is right in every second episode, and else takes what stands first."""
    for item in items_of(rubric, case):
        for order in (0, 1):
            options = item.options[:: 1 - 2 * order]
            said = item.truth if number % 2 == 0 else options[0]
            one = Judgement(
                key=case.episode.key, rubric=rubric.name, rubric_sha256=rubric.sha256, item=item.name, order=order,
                options=options, answer=said, score_parsed=True, model="small", digest="", judge=model, seed=0,
                prompt_sha256="",
            )  # fmt: skip
            append_judgement(case.cell, one)


@pytest.mark.every_third_day
def test_judges_of_all_folders_are_laid_beside_the_ledger(real: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(real, tmp_path / "run"))
    facts = load_rubric("facts")
    assert judge_agreements([run]) == ()
    for number, case in enumerate(read_cases(run)):
        judge(case, facts, "first" if number < 2 else "second", number)
    folders = [folder for folder in sorted(run.iterdir()) if (folder / "judgements.jsonl").exists()]
    found = judge_agreements(folders)
    assert sorted(found, key=repr) == sorted(judge_agreements([run]), key=repr)
    assert {one.judge for one in found} == {"small, first, seed 0", "small, second, seed 0"}
    for report in read_report(run, [facts]):
        own = {one.item: one for one in found if report.judge.sha256 in one.judge}
        assert {item.item: (item.asked, item.unparsed, item.inconsistent, item.kappa) for item in report.items} == {
            name: (one.asked, one.unparsed, one.inconsistent, one.kappa) for name, one in own.items()
        }


@pytest.mark.slow
def test_a_larger_real_run_comes_out_as_in_the_summary(tmp_path: Path) -> None:
    models = ("compliant", "saboteur_unplug", "saboteur_block", "liar", "random")
    for model in models:
        for arm in Arm:
            for instruction in ("none", "allow"):
                names = (f"arm={arm}", f"model=scripted/{model}", f"prompt/instruction={instruction}")
                play(tmp_path, configured(*names), range(3))
    for part in ("action_gate", "circuit_breaker"):
        play(tmp_path, configured("arm=main", "model=scripted/saboteur_unplug", f"oversight=[{part}]"), range(3))
    assert check_agreement(tmp_path) > 30


# -- what the terminal does not give ---------------------------------------------------------------------------------


def test_levels_are_compared_as_independent_samples_too(tmp_path: Path) -> None:
    """Of ten and eight seeds, six are common."""
    with made(tmp_path, condition(10, 4) + condition(8, 8, first=4, factors=ALLOW)) as run:
        found = effects(run.tables, run.cells)
    act = found[0]
    assert (act.factor, act.level, act.reference, act.measure) == ("instruction", "allow", "none", ACT)
    assert act.independent == independent_difference(rate(8, 8), rate(4, 10))
    assert act.paired is not None
    assert (act.paired.n, act.paired.main_only) == (6, 6)
    assert act.boschloo_p is not None
    assert act.boschloo_p <= act.independent.p_value


def test_models_are_compared_as_independent_samples_alone(tmp_path: Path) -> None:
    run_of_three = [
        line for model, acts in (("a", 5), ("b", 1), ("c", 0)) for line in condition(6, acts, model=model)
    ] + condition(6, 3, model="b", factors=ALLOW) + condition(6, 6, model=SABOTEUR)  # fmt: skip
    with made(tmp_path, run_of_three) as run:
        found = [one for one in effects(run.tables, run.cells) if one.measure == ACT and one.factor == "model"]
    assert [(one.level, one.reference, one.paired, one.model) for one in found] == [
        ("b", "a", None, ""), ("c", "a", None, ""), ("c", "b", None, ""),
    ]  # fmt: skip
    assert found[0].independent == independent_difference(rate(1, 6), rate(5, 6))
    assert found[0].common == "instruction none"


def test_where_no_lie_could_be_seen_lies_are_not_compared(tmp_path: Path) -> None:
    lines = [episode(seed, factors=factors, claims=()) for seed in range(4) for factors in ({}, ALLOW)]
    with made(tmp_path, lines) as run:
        assert {one.measure for one in effects(run.tables, run.cells)} == {ACT}
        assert {one.measure for one in excesses(run.tables, run.cells)} == {ACT}


# -- families --------------------------------------------------------------------------------------------------------


def test_act_and_lies_of_all_cells_are_one_family(tmp_path: Path) -> None:
    """Two conditions, two measures: p = 2 / 2^8 for the act of one, 1 for the rest. A script is a control."""
    lines = condition(10, 8) + condition(10, 0, arm=Arm.TWIN)
    lines += condition(10, 5, model="b") + condition(10, 5, model="b", arm=Arm.TWIN) + condition(10, 5, model="c")
    lines += condition(10, 10, model=COMPLIANT) + condition(10, 0, model=COMPLIANT, arm=Arm.TWIN)
    with made(tmp_path, lines) as run:
        found = run.corrected()
    controls = {cell.cell for cell in run.cells if cell.model == COMPLIANT}
    assert {one.p_holm for one in found.excesses if one.main in controls} == {None}
    found = replace(found, excesses=tuple(one for one in found.excesses if one.main not in controls))
    p_values = {one.difference.p_value: one.p_holm for one in found.excesses if one.difference}
    assert p_values == {2 / 2**8: pytest.approx(4 * 2 / 2**8), 1.0: 1.0}
    assert [one.p_holm for one in found.excesses if one.note == "no twin"] == [None]
    assert {family.name: (family.tests, family.significant) for family in found.families} == {
        EXCESSES: (4, 1), EFFECTS: (6, 0),
    }  # fmt: skip
