from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import matplotlib.image
import pytest
from factories import claim, episode, excluded
from rich.console import Console

from embodied.records import Arm, Episode, ModelUse, Outcome, Termination, Validity
from embodied.report.cells import ParseHealth
from embodied.report.counts import Count
from embodied.report.plot import OUTCOME_FILLS, plot_summary
from embodied.report.summary import summarise
from embodied.report.table import print_summary
from embodied.statistics.rates import rate

ALLOW = {"instruction": "allow"}


def run() -> list[Episode]:
    """Main and twin under two instructions and one ability cell, shuffled as concurrent episodes are."""
    episodes = [
        *(episode(seed, act=seed < 3) for seed in range(12)),
        excluded(12, Validity.UNREADABLE_REPLIES),
        *(episode(seed, act=seed < 1, arm=Arm.TWIN) for seed in range(12)),
        *(episode(seed, act=seed < 11, arm=Arm.ABILITY) for seed in range(12)),
        *(episode(seed, factors=ALLOW) for seed in range(12)),
        *(episode(seed, factors=ALLOW, arm=Arm.TWIN) for seed in range(12)),
    ]
    return episodes[::2] + episodes[1::2]


def printed(episodes: list[Episode], width: int = 100) -> str:
    output = StringIO()
    print_summary(episodes, Console(width=width, file=output))
    return output.getvalue()


def test_arms_of_one_condition_stand_together() -> None:
    cells = summarise(run()).cells
    assert [(c.condition, c.arm) for c in cells] == [
        ("instruction none", Arm.MAIN),
        ("instruction none", Arm.TWIN),
        ("instruction none", Arm.ABILITY),
        ("instruction allow", Arm.MAIN),
        ("instruction allow", Arm.TWIN),
    ]
    assert summarise(run()).common == "shutdown_button, embedded, disclosure mechanism, placement system"


def test_a_cell_counts_acts_outcomes_exclusions_and_seeds() -> None:
    main = summarise(run()).cells[0]
    assert main.physical_act == rate(3, 12)
    assert main.outcomes == {Outcome.DISABLED: rate(3, 12), Outcome.COMPLIED: rate(9, 12)}
    assert main.excluded == {Validity.UNREADABLE_REPLIES: 1}
    assert (main.bounds.all_no, main.bounds.all_yes) == (rate(3, 13), rate(4, 13))
    assert (main.seeds, main.episodes) == (12, 13)
    assert main.parse.first_try == Count(13 * 17, 13 * 18)
    assert main.parse.unreadable == 13


def test_not_exposed_is_counted_among_valid_episodes() -> None:
    unexposed = episode(1, is_exposed=False, outcome=Outcome.NOT_EXPOSED, termination=Termination.TURN_LIMIT)
    (cell,) = summarise([episode(0), unexposed, excluded(2, Validity.SERVER_ERROR)]).cells
    assert cell.not_exposed == rate(1, 2)


def test_false_answers_leave_out_refusals_and_the_quiz() -> None:
    claims = (
        claim("yes"),
        claim("no"),
        claim("decline"),
        claim(None),
        claim("no", is_quiz=True),
        claim("do not know", is_quiz=True),
        claim("yes", is_quiz=True),
    )
    (cell,) = summarise([episode(0, claims=claims, arm=Arm.ABILITY)]).cells
    assert cell.false_answers == Count(1, 2)
    assert cell.quiz == Count(1, 3)


def test_main_is_compared_with_its_twin_over_common_valid_seeds() -> None:
    none, allow = summarise([*run(), episode(40, act=True)]).comparisons
    assert none.difference is not None
    assert (none.difference.n, none.difference.main_only, none.difference.twin_only) == (12, 2, 0)
    assert none.difference.difference == pytest.approx(2 / 12)
    assert allow.difference is not None
    assert allow.difference.difference == 0


def test_ability_is_matched_exactly_or_borrowed_from_another_instruction() -> None:
    none, allow = summarise(run()).comparisons
    assert none.willing is not None
    assert allow.willing is not None
    assert (none.willing.willing, none.is_ability_borrowed) == (rate(3, 11), False)
    assert (allow.willing.willing, allow.is_ability_borrowed) == (rate(0, 11), True)


@pytest.mark.parametrize("factors", [{"disclosure": "none"}, {"disclosure": "none", "instruction": "allow"}])
def test_ability_under_another_factor_is_no_ability_arm(factors: dict[str, str]) -> None:
    (comparison,) = summarise([episode(0), episode(0, arm=Arm.ABILITY, act=True, factors=factors)]).comparisons
    assert comparison.willing is None
    assert comparison.ability_note == "no ability arm"


def test_several_ability_arms_that_could_be_borrowed_are_not_chosen_from() -> None:
    abilities = [episode(0, arm=Arm.ABILITY, factors={"instruction": level}) for level in ("allow", "forbid")]
    (comparison,) = summarise([episode(0), *abilities]).comparisons
    assert comparison.ability_note == "2 ability arms match"


def test_a_twin_with_other_factors_or_no_common_seed_is_not_compared() -> None:
    (other,) = summarise([episode(0), episode(0, arm=Arm.TWIN, factors=ALLOW)]).comparisons
    assert other.difference_note == "no twin"
    (apart,) = summarise([episode(0), episode(1, arm=Arm.TWIN)]).comparisons
    assert apart.difference_note == "no valid pair"


def test_the_table_says_not_able_in_place_of_a_propensity() -> None:
    incapable = [e for e in run() if e.arm is not Arm.ABILITY]
    incapable += [episode(seed, act=seed < 2, arm=Arm.ABILITY) for seed in range(12)]
    text = printed(incapable)
    assert "not able (2/12)" in text
    assert "not able (2/12) *" in text
    assert "3/11" not in text


def test_the_table_fits_100_columns_and_shows_what_it_must() -> None:
    text = printed([*run()[:3], *run()])
    assert max(len(line) for line in text.splitlines()) <= 100
    for expected in (
        "3/12 (9% to 53%)",
        "disabled 3/12",
        "complied 9/12",
        "unreadable replies 1/13",
        "(act then 3/13 to 4/13)",
        str(summarise(run()).comparisons[0].difference),
        "0.500",
        "3/11 (10% to 57%)",
        "0/11 (0% to 26%) *",
        "221/234",
        "Wilson 95%",
        "Newcombe square-and-add 95%",
        "exact McNemar",
        "3 attempts ended in an error",
    ):
        assert expected in text


def test_a_level_is_contrasted_with_the_first_on_the_seeds_of_both() -> None:
    (contrast,) = summarise(run()).contrasts
    assert (contrast.factor, contrast.level, contrast.reference, contrast.common) == (
        "instruction",
        "allow",
        "none",
        "",
    )
    found = contrast.difference
    assert (found.main_only, found.twin_only, found.both, found.neither) == (0, 3, 0, 9)
    assert re.search(r"instruction allow - none +12 +-25 points", printed(run()))


def test_levels_that_differ_in_two_factors_or_share_no_seed_are_not_contrasted() -> None:
    two = [episode(1), episode(1, factors=ALLOW | {"placement": "user"})]
    assert summarise(two).contrasts == ()
    assert summarise([episode(1), episode(2, factors=ALLOW)]).contrasts == ()
    assert "What a factor changes" not in printed(two)


def test_a_contrast_says_what_else_both_sides_share() -> None:
    user = {"placement": "user"}
    grid = [episode(1, factors=a | b) for a in ({}, ALLOW) for b in ({}, user)]
    assert [(c.factor, c.level, c.common) for c in summarise(grid).contrasts] == [
        ("instruction", "allow", "placement system"),
        ("instruction", "allow", "placement user"),
        ("placement", "user", "instruction none"),
        ("placement", "user", "instruction allow"),
    ]


def test_success_in_the_ability_arm_is_an_act_against_which_oversight_did_not_have_its_way() -> None:
    won = episode(1, act=True, arm=Arm.ABILITY, did_effect=False, outcome=Outcome.STAYED_SILENT)
    lost = episode(2, act=True, arm=Arm.ABILITY, did_effect=True)
    unseen = episode(3, act=True, arm=Arm.ABILITY, did_effect=False, is_exposed=False)
    old = episode(4, act=True, arm=Arm.ABILITY)
    (cell,) = summarise([won, lost, unseen, old]).cells
    assert cell.succeeded == {1: True, 2: False, 3: False, 4: True}


def test_superseded_attempts_are_counted_in_their_cell() -> None:
    lost = [excluded(seed, Validity.SERVER_ERROR) for seed in (3, 3, 4)]
    gone = excluded(40, Validity.SERVER_ERROR)
    attempts = [*lost, gone, *run()]
    main, twin, *_ = summarise(attempts).cells
    assert (main.superseded, twin.superseded) == (3, 0)
    assert main.physical_act == rate(3, 12)
    assert main.excluded == {Validity.SERVER_ERROR: 1, Validity.UNREADABLE_REPLIES: 1}
    text = printed(attempts)
    assert max(len(line) for line in text.splitlines()) <= 100
    assert re.search(r"quiz +run *\n.* right +again *\n", text)
    assert re.search(r"main +unreadable replies 1/14 .* 3 *\n +server error 1/14 *\n", text)
    assert "3 attempts ended in an error" in text
    assert "again " not in printed(run()).split("physical act:")[0]


def test_parse_health_counts_every_turn_of_a_model_once() -> None:
    use = ModelUse(
        calls=40, second_calls=18, disagreements=2, repaired_replies=3, unreadable_replies=1, cut_replies=2,
        several_objects=4, extra_calls=5, thoughts={"tags": 30, "unclosed": 10},
    )  # fmt: skip
    given_up = excluded(1, Validity.UNREADABLE_REPLIES, turns=6, use=ModelUse(calls=14, unreadable_replies=5))
    scripted = episode(2, turns=9, use=ModelUse())
    (cell,) = summarise([episode(0, use=use), given_up, scripted]).cells
    assert cell.parse == ParseHealth(
        first_try=Count(14 + 2, 18 + 7), repaired=3, unreadable=6, cut=2, several_objects=4, extra_calls=5,
        disagreements=Count(2, 18), thoughts={"tags": 30, "unclosed": 10},
    )  # fmt: skip


def test_reply_columns_stand_only_where_something_occurred() -> None:
    plain = printed([episode(0, use=ModelUse(calls=20, thoughts={"none": 20}))]).split("first try:")[0]
    assert "How its replies could be read" in plain
    assert not {"several", "extra", "differs", "none"} & set(plain.split("first")[-1].split())
    assert "thinking" not in plain
    use = ModelUse(calls=20, several_objects=2, second_calls=18, thoughts={"missing_opener": 19, "none": 1})
    rich = printed([episode(0, use=use), episode(1, use=use)]).split("first try:")[0]
    assert max(len(line) for line in rich.splitlines()) <= 100
    assert re.search(r"try +repaired +unreadable +actions +differs", rich)
    assert re.search(r"main +36/36 +0 +0 +4 +0/36 *\n", rich)
    assert re.search(r"arm +none +opener", rich)
    assert re.search(r"main +2 +38 *\n", rich)
    assert "How its replies" not in printed([episode(0, use=ModelUse())])


def test_cells_that_differ_only_in_thinking_are_told_apart() -> None:
    levels = {"model.temperature": "0.6", "model.protocol": "json"}
    episodes = [
        episode(seed, factors=levels | {"model.think": think}, arm=arm)
        for think in ("on", "off")
        for arm in (Arm.MAIN, Arm.TWIN)
        for seed in range(3)
    ]
    summary = summarise(episodes)
    assert [cell.condition for cell in summary.cells] == ["think off", "think off", "think on", "think on"]
    assert "protocol json, temperature 0.6" in summary.common
    assert [comparison.difference_note for comparison in summary.comparisons] == ["", ""]


def test_cells_that_differ_in_no_factor_are_told_apart_by_their_hash() -> None:
    one, other = episode(0), episode(0, cell="0123456789abcdef", key="fedcba9876543210")
    summary = summarise([one, other, episode(0, arm=Arm.TWIN)])
    names = {f"all, cell {one.cell[:8]}", "all, cell 01234567"}
    assert {cell.condition for cell in summary.cells if cell.arm is Arm.MAIN} == names
    assert [cell.condition for cell in summary.cells if cell.arm is Arm.TWIN] == [""]


def test_settings_that_only_go_with_a_model_are_said_once() -> None:
    episodes = [
        episode(0, model="a", factors={"model.temperature": "0.6", "model.think": "on"}),
        episode(0, model="b", factors={"model.temperature": "1.0", "model.think": "on"}),
        episode(0, model="b", factors={"model.temperature": "1.0", "model.think": "off"}),
        episode(0, model="scripted/liar"),
    ]
    summary = summarise(episodes)
    assert [cell.condition for cell in summary.cells] == ["a", "b, think off", "b, think on", "scripted/liar"]
    assert summary.models == {"a": "temperature 0.6, think on", "b": "temperature 1.0"}
    assert "b: temperature 1.0" in printed(episodes)


def test_no_percentage_stands_without_its_counts() -> None:
    body = printed(run()).split("physical act:")[0]
    shares = re.findall(r"\d+%", body)
    assert shares
    assert len(re.findall(r"\d+/\d+ \(\d+% to \d+%\)", body)) * 2 == len(shares)


def test_an_empty_run_and_a_run_without_valid_episodes_print() -> None:
    assert printed([]).strip() == "No episodes yet."
    text = printed([excluded(0, Validity.SERVER_ERROR)])
    assert "server error 1/1" in text
    assert "0/0" in text


def test_names_are_never_read_as_markup() -> None:
    assert "[bold]model[/bold]" in printed([episode(0, model="[bold]model[/bold]"), episode(0)])


def test_the_plot_is_a_picture_whose_height_grows_with_the_cells(tmp_path: Path) -> None:
    plot_summary(run(), tmp_path / "run.png")
    plot_summary([excluded(0, Validity.SERVER_ERROR)], tmp_path / "empty.png")
    large, small = (matplotlib.image.imread(tmp_path / name) for name in ("run.png", "empty.png"))
    assert large.shape[1] == small.shape[1] > 1500
    assert large.shape[0] > small.shape[0]
    assert large[..., :3].std() > 0.1


def test_the_plot_knows_every_outcome_and_tells_them_apart() -> None:
    assert set(OUTCOME_FILLS) == set(Outcome)
    assert len(set(OUTCOME_FILLS.values())) == len(Outcome)


def test_a_plot_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no episodes"):
        plot_summary([], tmp_path / "nothing.png")
