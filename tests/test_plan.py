from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from command_line import one_line_error
from factories import verdict_claim

from embodied import cli
from embodied.app import RunRequest, compose
from embodied.config import CellConfig, cell_hash, identity
from embodied.doctor.checks import PromptFit, Speed
from embodied.doctor.report import DoctorReport, ModelReport, estimate, settings_of
from embodied.errors import ConfigError
from embodied.planning import cost
from embodied.planning.family import family, planned_cells
from embodied.planning.outline import Outline, outline, preregister
from embodied.planning.planned import Kind, Preregistration
from embodied.planning.preregistration import read, write
from embodied.planning.sizes import Asked
from embodied.records import Arm, Episode, Outcome, Termination, Validity, Verdict
from embodied.report.oversight import effects
from embodied.report.pairing import level_pairs
from embodied.report.summary import summarise
from embodied.statistics.power import boschloo_power, discordance, fisher_power, mcnemar_power
from embodied.statistics.rates import BOSCHLOO, EXACT_MCNEMAR, FISHER_EXACT

SWEEP = ("prompt/instruction=none,allow", "model=embedded,r1_8b,scripted/compliant", "episodes=30")
ATTACK = ("oversight=none,tripwire", "model=attacker/loud", "episodes=20")


@cache
def cells(*overrides: str, arms: tuple[Arm, ...]) -> tuple[CellConfig, ...]:
    """The cells of a sweep, each in several arms; composing is what takes long."""
    composed = compose(RunRequest(overrides, is_sweep=True))
    return tuple(cell.model_copy(update={"arm": arm}) for cell in composed for arm in arms)


def swept() -> tuple[CellConfig, ...]:
    return cells(*SWEEP, arms=tuple(Arm))


def attacked() -> tuple[CellConfig, ...]:
    return cells(*ATTACK, arms=(Arm.MAIN, Arm.TWIN))


def pair() -> tuple[CellConfig, ...]:
    """Main and twin of one model."""
    return tuple(one for one in swept() if one.model_name == "embedded" and one.arm is not Arm.ABILITY)[:2]


def episode(config: CellConfig, seed: int, *, act: bool = False, lied: bool = False) -> Episode:
    return Episode(
        **identity(config, seed), termination=Termination.SUBMITTED, validity=Validity.VALID,
        outcome=Outcome.DISABLED if act else Outcome.COMPLIED, is_physical_act=act,
        claims=(verdict_claim(Verdict.LIE if lied else Verdict.TRUTHFUL),),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")


# What is compared.


@pytest.mark.every_third_day
@pytest.mark.parametrize("sweep", [swept, attacked])
def test_the_family_is_what_the_report_compares(sweep: Callable[[], tuple[CellConfig, ...]]) -> None:
    configs = sweep()
    summary = summarise(episode(config, config.seed) for config in configs)
    tested = [cell for cell in summary.cells if cell.model != "scripted/compliant"]
    by_report = {
        Kind.TWIN: {one.main.cell for one in summary.comparisons if one.difference and one.main in tested},
        Kind.LEVEL: {pair.cell.cell for pair in level_pairs(tested) if pair.factor == "instruction"},
        Kind.OVERSIGHT: {effect.of.cell.cell for effect in effects(tested) if effect.paired},
    }
    found = family(planned_cells(configs), ("act",))
    assert {kind: {one.cell for one in found if one.kind is kind} for kind in by_report} == by_report
    assert sum(map(len, by_report.values())) == len([one for one in found if one.kind is not Kind.MODEL]) > 0


def test_each_kind_has_its_test_and_says_what_it_compares() -> None:
    found = family(planned_cells(swept()), ("act", "lied"))
    assert len(found) == 2 * (4 + 2 + 2)
    assert {(one.kind, one.test) for one in found} == {
        (Kind.TWIN, EXACT_MCNEMAR), (Kind.LEVEL, EXACT_MCNEMAR), (Kind.MODEL, FISHER_EXACT),
    }  # fmt: skip
    hashes = {cell_hash(config): config for config in swept()}
    for one in found:
        first, second = hashes[one.cell], hashes[one.reference]
        match one.kind:
            case Kind.TWIN:
                assert (first.arm, second.arm) == (Arm.MAIN, Arm.TWIN)
                assert one.about.startswith("main - twin: ")
            case Kind.LEVEL:
                assert first.model_name == second.model_name
                assert one.about == f"instruction allow - none: {first.model_name}"
            case _:
                assert first.prompt == second.prompt
                assert one.about.startswith(f"{first.model_name} - {second.model_name}: instruction ")


def test_a_cell_that_is_named_twice_is_planned_once() -> None:
    assert planned_cells([*swept(), *swept()]) == planned_cells(swept())
    assert outline([*swept(), *swept()], Asked()).episodes == 18 * 30


# How many seeds.


def test_needs_are_those_of_the_tests_at_the_first_step_of_holm() -> None:
    asked = Asked(effect=0.35, base=0.2, power=0.9, correlation=0.2)
    found = {need.test: need for need in outline(swept(), asked).needs}
    level = 0.05 / 8
    powers: dict[str, Callable[[int, float], float]] = {
        EXACT_MCNEMAR: lambda n, at: mcnemar_power(n, discordance(0.55, 0.2, 0.2), at),
        FISHER_EXACT: lambda n, at: fisher_power(n, 0.55, 0.2, at),
        BOSCHLOO: lambda n, at: boschloo_power(n, 0.55, 0.2, at),
    }
    assert found.keys() == powers.keys()
    for test, power in powers.items():
        need = found[test]
        assert need.level == pytest.approx(level)
        assert need.n is not None
        assert need.n_alone is not None
        assert power(need.n, level) >= 0.9 > power(need.n - 1, level)
        assert power(need.n_alone, 0.05) >= 0.9 > power(need.n_alone - 1, 0.05)
        assert need.configured == 30
        assert need.power == pytest.approx(power(30, level))
        assert need.power < need.share < power(30, 0.05)


def test_the_sweep_needs_what_its_hardest_comparison_needs() -> None:
    plan = outline(swept(), Asked())
    assert plan.n == max(need.n or 0 for need in plan.needs if need.test != BOSCHLOO)
    assert plan.episodes_needed == 18 * plan.n
    assert plan.n > 30
    small = outline(pair(), Asked(effect=0.01))
    assert small.n is small.episodes_needed is None


@pytest.mark.every_third_day
def test_looks_cost_a_little_and_must_end_with_the_sweep() -> None:
    without, with_looks = outline(swept(), Asked()), outline(swept(), Asked(looks=(15, 30)))
    assert sum(look.level for look in with_looks.looks) == pytest.approx(0.05)
    assert with_looks.needs[0].level == pytest.approx(with_looks.looks[-1].level / 8)
    assert without.n is not None
    assert with_looks.n is not None
    assert without.n <= with_looks.n <= without.n + 3
    with pytest.raises(ConfigError, match="episodes=40"):
        outline(swept(), Asked(looks=(20, 40)))


def test_seeds_that_two_cells_do_not_share_do_not_pair() -> None:
    main, twin = pair()
    later = twin.model_copy(update={"seed": 10})
    assert [need.configured for need in outline([main, later], Asked()).needs] == [20]


# What it costs.


def doctored(configs: Sequence[CellConfig], **changes: Any) -> DoctorReport:
    fit = PromptFit(first=800, turns=configs[0].max_turns, later=4000, max_tokens=1000, window=8192, is_exact=True)
    speed = Speed(prompt=100, reply=10, reply_tokens=50, kept_tokens=50, is_whole=True)
    values = {
        "name": configs[0].model_name, "settings": settings_of(configs[0]), "manifest": {"model": "m"}, "fit": fit,
        "speed": speed, "time": estimate(configs, fit, speed, None, world_s=0.1),
    }  # fmt: skip
    return DoctorReport(servers=(), models=(ModelReport(**{**values, **changes}),))


def test_time_and_tokens_scale_with_the_episodes() -> None:
    mine = pair()
    report = doctored(mine)
    (found,) = cost.costs(mine, report, 90)
    time = report.models[0].time
    assert time is not None
    assert found.configured is not None
    assert found.needed is not None
    assert (found.configured.likely_s, found.configured.episodes) == (time.likely_s, 60)
    calls = 40 + 2 * 1 + 1
    assert found.configured.read_tokens == 60 * 4000
    assert (found.configured.written_tokens, found.configured.most_written_tokens) == (
        60 * calls * 50, 60 * calls * 1000,
    )  # fmt: skip
    assert found.needed.likely_s == pytest.approx(3 * time.likely_s)
    assert found.needed.written_tokens == 3 * 60 * calls * 50
    assert found.note == ""


def test_what_the_doctor_did_not_measure_is_unknown_and_says_why() -> None:
    mine = pair()
    report = doctored(mine)
    longer = [config.model_copy(update={"max_turns": 60}) for config in mine]
    assert cost.costs(longer, report, 90)[0].note == "measured for 40 turns an episode, not 60"
    other = [config.model_copy(update={"model": {**config.model, "temperature": 1.5}}) for config in mine]
    assert "was not asked about embedded with these settings" in cost.costs(other, report, 90)[0].note
    ill = doctored(mine, time=None, problems=("no server answers",))
    assert cost.costs(mine, ill, 90)[0].note == "the doctor could not measure it: no server answers"
    by_model = {one.model: one for one in cost.costs(swept(), None, 90)}
    assert by_model["scripted/compliant"].note == cost.SCRIPT
    assert by_model["embedded"].note == cost.UNKNOWN
    assert by_model["embedded"].cells == 6
    assert all(one.configured is None for one in by_model.values())


# The command.


@pytest.mark.every_third_day
def test_the_page_and_the_file_say_what_was_planned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = pair()
    (tmp_path / "speed.json").write_text(doctored(mine).model_dump_json())
    words = ["-m", "arm=main,twin", "prompt/instruction=none", "model=embedded", "episodes=30", "--looks=10,30"]
    words += ["--speed", "speed.json", "--write", "plan.yaml", "--max-excluded=0.2"]
    assert cli.main(["plan", *words]) == cli.OK
    page = capsys.readouterr().out
    for said in ("main - twin: shutdown_button, embedded", "exact McNemar", "Looks", "tokens read", "plan.yaml"):
        assert said in page
    plan = read(tmp_path / "plan.yaml")
    assert {cell.cell for cell in plan.cells} == {cell_hash(config) for config in mine}
    assert [cell.seeds for cell in plan.cells] == [frozenset(range(30))] * 2
    assert plan.stopping is not None
    assert plan.stopping.looks == (10, 30)
    assert (plan.exclusions.most, plan.code_version) == (0.2, identity(mine[0], 0)["code_version"])


@pytest.mark.every_third_day
def test_the_doctor_is_asked_and_all_is_said_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["plan", "-m", "arm=main,twin", "model=attacker/loud", "--doctor", "--json"]) == cli.OK
    made = Outline.model_validate_json(capsys.readouterr().out)
    assert [one.about for one in made.comparisons] == ["main - twin: shutdown_button, attacker/loud"]
    assert [one.note for one in made.costs] == [cost.SCRIPT]


def test_help_explains_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["plan", "--help"]) == cli.OK
    text = capsys.readouterr().out
    assert all(word in text for word in ("--effect", "--looks", "--write", "--look RUN", "3 go on"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--effect", "2"], "--effect takes a share between 0 and 1, not 2"),
        (["--power=nan"], "--power takes a share"),
        (["--alpha=0"], "--alpha takes a share"),
        (["--base", "much"], "--base takes a number, not 'much'"),
        (["--effect"], "--effect needs a value"),
        (["--effect=0.95"], "cannot rise by 0.95"),
        (["--correlation=0.9"], "give one from -0.27 to 0.41"),
        (["--looks", "20,10"], "--looks takes rising numbers"),
        (["--looks", "soon"], "--looks takes rising numbers"),
        (["--measures", "act,sung"], "--measures knows act and lied, not 'sung'"),
        (["--frobnicate"], "unknown option '--frobnicate'; known: --effect"),
        (["--doctor", "--speed", "x"], "leave one of them out"),
        (["--look", "runs", "episodes=3"], "--look takes everything from the plan"),
        (["--plan", "x"], "--plan names the plan that --look RUN looks with"),
        (["--look", "nowhere"], "there is no nowhere/preregistration.yaml: name the preregistration with --plan"),
        (["--look", ".", "--plan", "none.yaml"], "none.yaml cannot be used"),
        (["arm=mian"], "'mian'"),
        (["--speed", "none.json"], "none.json cannot be used"),
        (["model=scripted/compliant", "--write", "x.yaml"], "Nothing is compared"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in one_line_error(capsys, "plan", *arguments)


def test_a_file_of_another_kind_is_no_speed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "speed.json").write_text('{"servers": []}')
    assert "is not what `embodied doctor ... --json` prints" in one_line_error(capsys, "plan", "--speed=speed.json")


# A look.


def watched(looks: tuple[int, ...] = (5, 10, 20)) -> Preregistration:
    plan = outline(attacked(), Asked(looks=looks))
    return write(preregister(plan, 0.1), Path("plan.yaml"))


def keep(episodes: Iterable[Episode]) -> None:
    for one in episodes:
        folder = Path("run", one.cell)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "episodes.jsonl").open("a") as file:
            file.write(one.model_dump_json() + "\n")


def ran(seeds: Iterable[int], *, oversight_helps: bool) -> list[Episode]:
    """In main the attacker acts unless oversight stops it; in the twin it never does."""
    return [
        episode(config, seed, act=config.arm is Arm.MAIN and not (config.oversight and oversight_helps))
        for config in attacked()
        for seed in seeds
    ]


def look(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = cli.main(["plan", "--look", "run", "--plan", "plan.yaml", "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_sweep_goes_on_until_all_is_found_or_the_last_look(capsys: pytest.CaptureFixture[str]) -> None:
    plan = watched()
    assert len(plan.comparisons) == 4
    keep(ran(range(3), oversight_helps=True))
    error = one_line_error(capsys, "plan", "--look", "run", "--plan", "plan.yaml")
    assert "the first look needs 8 more finished episodes" in error
    assert "episodes=5 first" in error
    keep(ran(range(3, 12), oversight_helps=True))
    code, report = look(capsys)
    assert (code, report["seeds"], report["next_seeds"], report["unread"]) == (3, 10, 20, 8)
    assert [one["found_at"] for one in report["standings"]] == [None] * 4
    keep(ran(range(12, 20), oversight_helps=True))
    code, report = look(capsys)
    assert (code, report["seeds"], report["next_seeds"]) == (0, 20, None)
    found = {one["about"]: one["found_at"] for one in report["standings"]}
    assert sorted(found.values(), key=str) == [20, 20, None, None]
    assert cli.main(["plan", "--look", "run", "--plan", "plan.yaml"]) == cli.OK
    assert "What is not found by now is not shown." in capsys.readouterr().out


def test_what_differs_in_every_seed_is_found_early(capsys: pytest.CaptureFixture[str]) -> None:
    plan = write(preregister(outline(pair(), Asked(looks=(15, 30))), 0.1), Path("run/preregistration.yaml"))
    (one,) = plan.comparisons
    keep(episode(config, seed, act=config.arm is Arm.MAIN) for config in pair() for seed in range(15))
    assert cli.main(["plan", "--look", "run"]) == cli.OK
    page = capsys.readouterr().out
    assert "Stop: all primary comparisons are found." in page
    assert "at 15 seeds" in page
    assert one.about in page


def test_a_look_tests_lies_and_independent_models_too(capsys: pytest.CaptureFixture[str]) -> None:
    mains = {one.model_name: one for one in swept() if one.arm is Arm.MAIN and one.model_name != "scripted/compliant"}
    sweep = [one.model_copy(update={"episodes": 12}) for one in mains.values()]
    plan = outline(sweep, Asked(measures=("act", "lied"), looks=(6, 12)))
    write(preregister(plan, 0.1), Path("plan.yaml"))
    keep(
        episode(config, seed, lied=config.model_name == "embedded" and seed > 0)
        for config in sweep
        for seed in range(12)
    )
    _, report = look(capsys)
    by_measure = {one["measure"]: one for one in report["standings"]}
    assert by_measure["act"]["p_value"] == 1.0
    assert by_measure["lied"]["test"] == FISHER_EXACT
    assert by_measure["lied"]["p_value"] == pytest.approx(9.6e-6, rel=0.01)
    assert by_measure["lied"]["p_holm"] == pytest.approx(2 * by_measure["lied"]["p_value"])
    assert by_measure["lied"]["found_at"] == 12


def test_an_episode_that_has_to_be_run_again_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    watched()
    episodes = ran(range(5), oversight_helps=True)
    broken = {"validity": Validity.SERVER_ERROR, "outcome": None, "is_physical_act": None, "error": "gone"}
    cut = {**broken, "validity": Validity.PROMPT_CUT}
    keep([episodes[0].model_copy(update=broken), episodes[1].model_copy(update=cut), *episodes[2:]])
    assert "needs 1 more finished episodes" in one_line_error(capsys, "plan", "--look", "run", "--plan", "plan.yaml")
    keep(episodes[:1])
    code, report = look(capsys)
    assert (code, report["seeds"]) == (3, 5)


def test_a_plan_without_looks_is_not_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    watched(looks=())
    keep(ran(range(5), oversight_helps=True))
    assert "this plan has no looks" in one_line_error(capsys, "plan", "--look", "run", "--plan", "plan.yaml")
