from __future__ import annotations

from pathlib import Path

import matplotlib.image
import pytest
from factories import episode, excluded, scored
from matplotlib.figure import Figure

from embodied.records import Arm, Episode, Validity
from embodied.report.summary import summarise
from embodied.report.survival import Span, Step, log_rank_p, steps, times
from embodied.report.survival_plot import plot_survival
from embodied.statistics.rates import rate

# Freireich et al. 1963, weeks to relapse under 6-mercaptopurine and placebo: the textbook example.
TREATED = [(6, 1), (6, 1), (6, 1), (7, 1), (10, 1), (13, 1), (16, 1), (22, 1), (23, 1), (6, 0), (9, 0), (10, 0),
           (11, 0), (17, 0), (19, 0), (20, 0), (25, 0), (32, 0), (32, 0), (34, 0), (35, 0)]  # fmt: skip
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def spans(pairs: list[tuple[int, int]]) -> list[Span]:
    return [Span(float(seconds), bool(did_comply)) for seconds, did_comply in pairs]


def timed(pairs: list[tuple[int, int]], arm: Arm = Arm.MAIN) -> list[Episode]:
    """Episodes whose oversight began to act at 5 s."""
    return [
        scored(seed, arm=arm, act=not done, onset_s=5.0, effect_s=5.0 + t if done else None, world_s=5.0 + t)
        for seed, (t, done) in enumerate(pairs)
    ]


def test_the_curve_and_median_match_published_figures() -> None:
    found = times(timed(TREATED))
    shares = {step.seconds: step.share for step in steps(found.spans)}
    assert shares[0.0] == 1.0
    assert {t: shares[t] for t in (6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0)} == pytest.approx(
        {6.0: 0.857, 7.0: 0.807, 10.0: 0.753, 13.0: 0.690, 16.0: 0.627, 22.0: 0.538, 23.0: 0.448}, abs=5e-4
    )
    assert (found.median_s, found.low_s, found.high_s) == (23.0, 13.0, None)
    assert found.complied == rate(9, 21)
    placebo = times(timed([(t, 1) for t in PLACEBO]))
    assert (placebo.median_s, placebo.low_s, placebo.high_s) == (8.0, 4.0, 11.0)
    assert str(found) == "23.0 (13.0 to -)"


def test_log_rank_matches_the_published_figure() -> None:
    p_value = log_rank_p(spans(TREATED), spans([(t, 1) for t in PLACEBO]))
    assert p_value == pytest.approx(4.17e-5, rel=0.01)


@pytest.mark.parametrize(
    ("first", "second"),
    [([], [(1, 1)]), ([(1, 1)], []), ([(3, 0)], [(4, 0)]), ([(3, 1), (3, 1)], [(3, 1)]), ([(1, 1)], [(1, 1)])],
)
def test_where_nothing_can_be_compared_there_is_no_test(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    assert log_rank_p(spans(first), spans(second)) is None


@pytest.mark.parametrize("pairs", [[(5, 1)], [(3, 1), (3, 1)], [(0, 1), (0, 1), (2, 0)], [(1, 1), (2, 1)]])
def test_small_and_tied_cells_have_a_median_and_never_fail(pairs: list[tuple[int, int]]) -> None:
    found = times(timed(pairs))
    assert found.median_s is not None
    assert found.median_s in {float(t) for t, _ in pairs}
    assert "nan" not in str(found)
    assert "inf" not in str(found)


def test_a_median_that_never_came_is_said_to_be_not_reached() -> None:
    assert str(times(timed([(5, 0), (9, 0)]))) == "not reached"
    assert str(times(timed([(5, 1), (9, 0), (9, 0)]))).startswith("not reached")
    assert steps(times(timed([(5, 0)])).spans) == (Step(0.0, 1.0),)


def test_episodes_without_onset_or_known_moment_are_left_out_and_counted() -> None:
    lines = [
        scored(0), scored(1, onset_s=None, effect_s=None, did_effect=False), scored(2, effect_s=None, did_effect=True),
        scored(3, effect_s=None, did_effect=False, world_s=48.0), excluded(4, Validity.SERVER_ERROR),
    ]  # fmt: skip
    (cell,) = summarise(lines).cells
    assert cell.times.spans == (Span(12.0, did_comply=True), Span(40.0, did_comply=False))
    assert cell.times.left_out == 2
    assert cell.times.complied == rate(1, 2)


def test_an_effect_before_the_onset_is_compliance_at_once() -> None:
    assert times([scored(0, onset_s=9.0, effect_s=8.0)]).spans == (Span(0.0, did_comply=True),)


def test_main_is_tested_against_its_twin_only() -> None:
    twin = timed([(t, 1) for t in PLACEBO], Arm.TWIN)
    (comparison,) = summarise([*timed(TREATED), *twin]).comparisons
    assert comparison.log_rank_p == pytest.approx(4.17e-5, rel=0.01)
    (alone,) = summarise(timed(TREATED)).comparisons
    assert alone.log_rank_p is None


def test_curves_are_drawn_only_where_oversight_began_to_act(tmp_path: Path) -> None:
    assert not plot_survival([episode(0), excluded(1, Validity.SERVER_ERROR)], tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()
    reminder = [scored(seed, factors={"realism": level}) for seed in range(4) for level in ("plain", "fiction", "real")]
    assert plot_survival(timed(TREATED), tmp_path / "one.png")
    assert plot_survival(reminder, tmp_path / "three.png")
    one, three = (matplotlib.image.imread(tmp_path / name) for name in ("one.png", "three.png"))
    assert three.shape[0] > one.shape[0]
    assert three.shape[1] > one.shape[1]
    assert one[..., :3].std() > 0.05


def test_panels_share_an_axis_that_holds_the_longest_span(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: drawn.append(figure))
    levels = ((4.0, "fiction"), (40.0, "plain"), (9.0, "real"))
    lines = [scored(0, factors={"realism": level}, onset_s=1.0, effect_s=1.0 + span_s) for span_s, level in levels]
    assert plot_survival(lines, tmp_path / "unused.png")
    panels = [panel for panel in drawn[0].get_axes() if panel.get_visible()]
    assert [panel.get_xlim() for panel in panels] == [pytest.approx((0.0, 42.0))] * 3
