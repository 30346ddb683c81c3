from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom, boschloo_exact, multinomial
from statsmodels.stats.multitest import multipletests

from embodied.statistics.power import (
    MOST_N,
    Discordance,
    boschloo_power,
    discordance,
    fisher_power,
    holm_power,
    mcnemar_power,
    possible_correlations,
    smallest_effect,
    smallest_n,
    wilson_half_width,
    wilson_n,
)
from embodied.statistics.rates import holm, independent_difference, paired_from_counts, rate
from embodied.statistics.stopping import first_found, look_levels

ALPHA = 0.05


@cache
def mcnemar_p(first_only: int, second_only: int, n: int) -> float:
    return paired_from_counts(0, first_only, second_only, n - first_only - second_only).p_value


@cache
def fisher_p(first: int, second: int, n: int) -> float:
    return independent_difference(rate(first, n), rate(second, n)).p_value


@cache
def boschloo_p(first: int, second: int, n: int) -> float:
    return float(boschloo_exact([[first, second], [n - first, n - second]], n=64).pvalue)


# What the tests of reports reject, table by table.


@pytest.mark.parametrize("alpha", [0.05, 0.005])
@pytest.mark.parametrize("n", [1, 9, 14])
def test_mcnemar_power_is_that_of_the_test_of_reports(n: int, alpha: float) -> None:
    pairs = discordance(0.7, 0.2, 0.3)
    shares = [pairs.first_only, pairs.second_only, 1 - pairs.first_only - pairs.second_only]
    by_table = sum(
        multinomial.pmf([b, c, n - b - c], n, shares)
        for b, c in product(range(n + 1), repeat=2)
        if b + c <= n and mcnemar_p(b, c, n) <= alpha
    )
    assert mcnemar_power(n, pairs, alpha) == pytest.approx(by_table, abs=1e-12)


@pytest.mark.parametrize(
    ("power", "p_value", "n", "alpha"),
    [
        (fisher_power, fisher_p, 1, 0.05),
        (fisher_power, fisher_p, 9, 0.05),
        (fisher_power, fisher_p, 10, 0.002),
        (boschloo_power, boschloo_p, 7, 0.02),
    ],
)
def test_power_of_independent_samples_is_that_of_the_tests_of_reports(
    power: Callable[[int, float, float, float], float], p_value: Callable[[int, int, int], float], n: int, alpha: float
) -> None:
    by_table = sum(
        binom.pmf(first, n, 0.8) * binom.pmf(second, n, 0.1)
        for first, second in product(range(n + 1), repeat=2)
        if p_value(first, second, n) <= alpha
    )
    assert power(n, 0.8, 0.1, alpha) == pytest.approx(by_table, abs=1e-12)
    assert power(n, 0.1, 0.8, alpha) == pytest.approx(by_table, abs=1e-12)


# Published figures.


def test_mcnemar_power_matches_published_figures() -> None:
    # Manual of G*Power 3.1, McNemar, after O'Brien 2002: one-sided at 5%, so two-sided at 10% but for the far tail.
    assert mcnemar_power(50, Discordance(0.32, 0.08), 0.10) == pytest.approx(0.839343, abs=3e-5)
    # Tests of the R package pwrss.
    assert mcnemar_power(100, Discordance(0.20, 0.10), ALPHA) == pytest.approx(0.373077084, abs=1e-9)
    assert smallest_n(lambda n: mcnemar_power(n, Discordance(0.20, 0.10), ALPHA), 0.8) == 249


def test_fisher_power_matches_published_figures() -> None:
    # Tests of the R package pwrss.
    assert fisher_power(50, 0.6, 0.4, ALPHA) == pytest.approx(0.462100133, abs=1e-9)
    assert fisher_power(108, 0.6, 0.4, ALPHA) == pytest.approx(0.80194182, abs=1e-8)
    assert fisher_power(416, 0.55, 0.45, ALPHA) == pytest.approx(0.800534276, abs=1e-9)
    assert fisher_power(18, 0.75, 0.25, ALPHA) == pytest.approx(0.833005149, abs=1e-9)


@pytest.mark.parametrize(("low", "n"), [(0.1, 63), (0.2, 84), (0.3, 95), (0.4, 102), (0.5, 95), (0.6, 84), (0.7, 63)])
def test_boschloo_sizes_match_a_published_table(low: float, n: int) -> None:
    # Kieser 2018, Fallzahlberechnung in der medizinischen Forschung, table 5.3 (r = 1): totals of both samples.
    assert smallest_n(lambda size: boschloo_power(size, low, low + 0.2, ALPHA), 0.8) == n


@pytest.mark.parametrize(
    ("first", "second", "least", "most"), [(0.50, 0.02, 10, 20), (0.30, 0.10, 60, 100), (0.50, 0.30, 90, 110)]
)
def test_usual_effects_need_the_usual_sizes(first: float, second: float, least: int, most: int) -> None:
    for power in (fisher_power, boschloo_power):
        n = smallest_n(lambda size: power(size, first, second, ALPHA), 0.8)  # noqa: B023
        assert n is not None
        assert least <= n <= most


# Sizes and effects.


@pytest.mark.parametrize("wanted", [0.5, 0.8, 0.9])
@pytest.mark.parametrize(
    "power",
    [
        lambda n: fisher_power(n, 0.45, 0.1, 0.01),
        lambda n: boschloo_power(n, 0.45, 0.1, 0.01),
        lambda n: mcnemar_power(n, discordance(0.45, 0.1, 0.2), 0.01),
    ],
)
def test_from_the_smallest_size_on_the_power_suffices(power: Callable[[int], float], wanted: float) -> None:
    n = smallest_n(power, wanted)
    assert n is not None
    assert power(n - 1) < wanted
    assert all(power(more) >= wanted for more in range(n, n + 12))


def test_sizes_that_are_too_large_are_not_looked_for() -> None:
    assert smallest_n(lambda n: mcnemar_power(n, discordance(0.11, 0.10), ALPHA), 0.8) is None
    assert smallest_n(lambda n: float(n >= MOST_N), 0.8) == MOST_N
    assert smallest_n(lambda _: 1.0, 0.8) == 1


@pytest.mark.parametrize("base", [0.0, 0.1, 0.105, 0.99])
def test_the_smallest_effect_is_the_first_that_is_found(base: float) -> None:
    def power(rise: float) -> float:
        return fisher_power(30, base + rise, base, ALPHA)

    found = smallest_effect(power, base, 0.8)
    if base == 0.99:
        assert found is None
    else:
        assert found is not None
        assert power(found) >= 0.8 > power(found - 0.01)


def test_positively_correlated_pairs_need_fewer() -> None:
    sizes = [
        smallest_n(lambda n: mcnemar_power(n, discordance(0.5, 0.2, phi), ALPHA), 0.8)  # noqa: B023
        for phi in (-0.2, 0.0, 0.3)
    ]
    assert sizes == sorted(sizes, key=lambda n: -(n or 0))
    assert len(set(sizes)) == 3


@pytest.mark.parametrize(("first", "second"), [(0.4, 0.1), (0.9, 0.8), (0.5, 0.5), (1.0, 0.3), (0.0, 0.0)])
def test_correlations_reach_as_far_as_shares_stay_shares(first: float, second: float) -> None:
    low, high = possible_correlations(first, second)
    for phi in (low, high):
        pairs = discordance(first, second, phi)
        assert pairs.first_only - pairs.second_only == pytest.approx(first - second)
        assert min(pairs.first_only, pairs.second_only, 1 - pairs.first_only - pairs.second_only) >= -1e-9
    with pytest.raises(ValueError, match="cannot have a correlation"):
        discordance(first, second, high + 0.01)
    with pytest.raises(ValueError, match="between 0 and 1"):
        discordance(1.2, second)


def test_a_rate_is_known_as_well_as_asked_from_the_smallest_size_on() -> None:
    assert wilson_n(0.5, 0.1) == 93
    assert wilson_half_width(0.5, 93) <= 0.1 < wilson_half_width(0.5, 92)
    assert wilson_half_width(0.0, 10) == pytest.approx(0.278 / 2, abs=1e-3)
    assert wilson_n(0.5, 0.001) is None


# Simulation: power as planned, families, looks.


def simulated(rejects: NDArray[np.bool_], planned: float) -> None:
    """A simulated share lies within four of its standard errors of what was planned."""
    assert abs(rejects.mean() - planned) < 4 * np.sqrt(planned * (1 - planned) / rejects.size)


@pytest.mark.parametrize(("n", "correlation"), [(37, 0.0), (20, 0.3)])
def test_mcnemar_power_is_as_planned(n: int, correlation: float) -> None:
    pairs = discordance(0.4, 0.1, correlation)
    shares = [pairs.first_only, pairs.second_only, 1 - pairs.first_only - pairs.second_only]
    drawn = np.random.default_rng(1).multinomial(n, shares, size=20_000)
    rejects = np.array([mcnemar_p(int(b), int(c), n) <= ALPHA for b, c, _ in drawn])
    simulated(rejects, mcnemar_power(n, pairs, ALPHA))


def test_fisher_power_is_as_planned() -> None:
    drawn = np.random.default_rng(2).binomial(36, [0.4, 0.1], size=(20_000, 2))
    rejects = np.array([fisher_p(int(first), int(second), 36) <= ALPHA for first, second in drawn])
    simulated(rejects, fisher_power(36, 0.4, 0.1, ALPHA))


@pytest.mark.slow
@pytest.mark.parametrize(("first", "second", "n"), [(0.4, 0.1, 32), (0.9, 0.7, 63)])
def test_boschloo_power_is_as_planned(first: float, second: float, n: int) -> None:
    drawn = np.random.default_rng(3).binomial(n, [first, second], size=(20_000, 2))
    rejects = np.array([boschloo_p(int(a), int(b), n) <= ALPHA for a, b in drawn])
    simulated(rejects, boschloo_power(n, first, second, ALPHA))


@pytest.mark.parametrize("m", [1, 2, 7])
def test_what_holm_finds_of_a_family_is_as_planned(m: int) -> None:
    found = holm_power([(ALPHA / (m - step)) ** 0.2 for step in range(m)])
    p_values = np.random.default_rng(4).random((6_000, m)) ** 5
    rejected = np.array([holm(list(row)) for row in p_values]) <= ALPHA
    assert rejected.mean() == pytest.approx(found.share, abs=0.02)
    simulated(np.asarray(rejected.all(axis=1)), found.all_found)


def test_holm_corrects_as_a_library_does() -> None:
    p_values = list(np.random.default_rng(8).random(9) ** 2)
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])
    assert holm([0.04, 0.01, 0.01]) == pytest.approx([0.04, 0.03, 0.03])


def test_a_family_has_a_comparison() -> None:
    assert holm_power([0.8]).share == pytest.approx(0.8)
    with pytest.raises(ValueError, match="at least one comparison"):
        holm_power([])


def test_levels_of_looks_add_up_to_alpha() -> None:
    # What the O'Brien-Fleming-type function has spent at four equal looks: e.g. Reboussin and others 2000, Control Clin
    # Trials 21:190-207, two-sided 5%.
    levels = look_levels([10, 20, 30, 40], ALPHA)
    assert np.cumsum(levels) == pytest.approx([0.00001, 0.00305, 0.01930, 0.05], abs=1e-5)
    assert look_levels([25], 0.01) == pytest.approx((0.01,))


@pytest.mark.parametrize("looks", [[], [0, 5], [5, 5], [9, 3]])
def test_looks_rise(looks: list[int]) -> None:
    with pytest.raises(ValueError, match="rising numbers of seeds"):
        look_levels(looks, ALPHA)


def test_what_was_found_stays_found() -> None:
    levels = (0.01, 0.04)
    assert first_found([[0.001, 0.02]], levels) == (0, None)
    assert first_found([[0.001, 0.02], [0.9, 0.02]], levels) == (0, 1)
    assert first_found([[0.02, 0.02], [0.03, 0.03]], levels) == (None, None)
    assert first_found([], levels) == ()
    assert holm([]) == []


def false_findings(sweeps: int, seed: int, looks: list[int], n_mains: int) -> float:
    """Share of sweeps with any finding when several main cells share what their twin does and nothing has an effect."""
    random = np.random.default_rng(seed)
    levels = look_levels(looks, ALPHA)
    n_false = 0
    for _ in range(sweeps):
        cause = random.random((n_mains + 1, looks[-1])) < 0.25
        shared = random.random(looks[-1]) < 0.2
        main, twin = cause[:-1] | shared, cause[-1] | shared
        p_values = [
            [mcnemar_p(int(np.sum(one[:n] & ~twin[:n])), int(np.sum(~one[:n] & twin[:n])), n) for one in main]
            for n in looks
        ]
        n_false += any(found is not None for found in first_found(p_values, levels))
    return n_false / sweeps


def test_looking_several_times_keeps_the_error_of_the_family() -> None:
    assert false_findings(400, 5, [10, 20, 40], 3) < ALPHA + 2 * np.sqrt(ALPHA * (1 - ALPHA) / 400)


@pytest.mark.slow
@pytest.mark.parametrize(("looks", "n_mains"), [([20, 40, 60], 4), ([15, 30, 45, 60], 1), ([200, 400], 2)])
def test_looking_several_times_keeps_the_error_of_the_family_in_the_long_run(looks: list[int], n_mains: int) -> None:
    assert false_findings(8_000, 6, looks, n_mains) < ALPHA


@pytest.mark.slow
def test_the_power_of_a_sweep_with_looks_is_at_least_that_of_its_last_look() -> None:
    looks, pairs = [20, 40, 60], discordance(0.4, 0.1)
    levels = look_levels(looks, ALPHA)
    random = np.random.default_rng(7)
    shares = [pairs.first_only, pairs.second_only, 1 - pairs.first_only - pairs.second_only]
    found = np.zeros(8_000, dtype=bool)
    for sweep in range(found.size):
        drawn = np.cumsum(random.multinomial(20, shares, size=3), axis=0)
        p_values = [[mcnemar_p(int(b), int(c), n)] for n, (b, c, _) in zip(looks, drawn, strict=True)]
        found[sweep] = first_found(p_values, levels) != (None,)
    assert found.mean() > mcnemar_power(60, pairs, levels[-1]) - 0.01
    assert found.mean() < mcnemar_power(60, pairs, ALPHA) + 0.01


@pytest.mark.slow
@pytest.mark.parametrize("main_rate", [0.1, 0.3, 0.4])
def test_intervals_hold_the_truth_where_a_sweep_stops_early(main_rate: float) -> None:
    looks, twin_rate, n_sweeps = [20, 40, 60], 0.1, 4_000
    levels = look_levels(looks, ALPHA)
    random = np.random.default_rng(8)
    off = np.zeros(n_sweeps)
    held = np.zeros((n_sweeps, 2), dtype=bool)
    for sweep in range(n_sweeps):
        main, twin = random.random(60) < main_rate, random.random(60) < twin_rate
        for n, level in zip(looks, levels, strict=True):
            both, first, second = (int(np.sum(one[:n])) for one in (main & twin, main & ~twin, ~main & twin))
            found = paired_from_counts(both, first, second, n - both - first - second)
            if found.p_value <= level:
                break
        alone = rate(both + first, n)
        off[sweep] = found.difference - (main_rate - twin_rate)
        held[sweep] = alone.low <= main_rate <= alone.high, found.low <= main_rate - twin_rate <= found.high
    assert abs(off.mean()) < 0.02
    assert held.mean(axis=0).min() > 0.925
