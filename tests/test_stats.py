from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import binom, hypergeom, norm
from statsmodels.genmod.cov_struct import Independence

from embodied.statistics.pooling import EXACT_UP_TO, Cluster, pooled_difference, sign_flip_p
from embodied.statistics.rates import (
    BOSCHLOO_UP_TO,
    Pair,
    boschloo_p,
    exclusion_bounds,
    holm,
    independent_difference,
    paired_difference,
    paired_from_counts,
    rate,
)
from embodied.statistics.willing import Ability, willing_given_able


def table(both: int, main_only: int, twin_only: int, neither: int) -> list[Pair]:
    return (
        [Pair(main=True, twin=True)] * both
        + [Pair(main=True, twin=False)] * main_only
        + [Pair(main=False, twin=True)] * twin_only
        + [Pair(main=False, twin=False)] * neither
    )


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (3, 10, 0.108, 0.603),
        (0, 10, 0.0, 0.278),
        (0, 100, 0.0, 0.037),
        (10, 10, 0.722, 1.0),
        # Newcombe 1998, Stat Med 17:857-872, table I.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_matches_published_figures(k: int, n: int, low: float, high: float) -> None:
    got = rate(k, n)
    assert (got.low, got.high) == pytest.approx((low, high), abs=5e-4)
    assert got.method == "Wilson 95%"


def test_rate_prints_counts_and_interval() -> None:
    assert str(rate(3, 10)) == "3/10 (11% to 60%)"
    assert str(rate(0, 0)) == "0/0"


@pytest.mark.parametrize(("k", "n"), [(4, 3), (-1, 3), (0, -1)])
def test_rate_refuses_nonsense(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="0 <= k <= n"):
        rate(k, n)


def test_independent_difference_matches_published_figures() -> None:
    got = independent_difference(rate(52, 100), rate(3, 10))
    assert (got.difference, got.low, got.high) == pytest.approx((0.22, -0.10, 0.43), abs=0.005)
    assert str(got) == "+22 points (-10 to +43)"
    # Newcombe 1998, Stat Med 17:873-890, table II (a): 56/70 - 48/80, method 10.
    published = independent_difference(rate(56, 70), rate(48, 80))
    assert (published.low, published.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_fisher_exact_matches_the_lady_tasting_tea() -> None:
    assert independent_difference(rate(3, 4), rate(1, 4)).p_value == pytest.approx(0.4857, abs=5e-5)


def test_independent_difference_refuses_an_empty_side() -> None:
    with pytest.raises(ValueError, match="at least one episode"):
        independent_difference(rate(0, 0), rate(1, 2))


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        # Newcombe 1998, Stat Med 17:2635-2650, method 10.
        ((36, 12, 2, 0), 0.0569, 0.3404),
        ((20, 12, 2, 16), 0.0562, 0.3292),
        # Fagerland, Lydersen & Laake, Statistical Analysis of Contingency Tables, chapter 8 (Cavo 2012; Bentur 2009).
        ((59, 6, 16, 80), -0.1186, -0.0046),
        ((1, 1, 7, 12), -0.5069, -0.0256),
    ],
)
def test_paired_interval_matches_published_figures(counts: tuple[int, int, int, int], low: float, high: float) -> None:
    got = paired_difference(table(*counts))
    assert (got.both, got.main_only, got.twin_only, got.neither) == counts
    assert got.difference == pytest.approx((counts[1] - counts[2]) / sum(counts))
    assert (got.low, got.high) == pytest.approx((low, high), abs=5e-5)


def test_exact_mcnemar_matches_hand_counts() -> None:
    # Binomial tail by hand: 2 * (1 + 8) / 2**8 for 1 against 7, and the certain event where no pair disagrees.
    assert paired_difference(table(1, 1, 7, 12)).p_value == pytest.approx(2 * 9 / 256)
    assert paired_difference(table(2, 0, 0, 2)).p_value == 1.0


def test_paired_difference_refuses_no_pairs() -> None:
    with pytest.raises(ValueError, match="at least one pair"):
        paired_difference([])


def test_paired_difference_is_antisymmetric_and_bounded() -> None:
    for a, b, c, d in product((0, 1, 4, 30), repeat=4):
        if a + b + c + d == 0:
            continue
        forth, back = paired_difference(table(a, b, c, d)), paired_difference(table(a, c, b, d))
        assert forth.low == pytest.approx(-back.high)
        assert -1 - 1e-9 <= forth.low <= forth.difference <= forth.high <= 1 + 1e-9
        assert 0 <= forth.p_value <= 1


def test_exclusion_bounds_count_excluded_episodes_both_ways() -> None:
    bounds = exclusion_bounds(2, 8, 2)
    assert (bounds.all_no.k, bounds.all_no.n) == (2, 10)
    assert (bounds.all_yes.k, bounds.all_yes.n) == (4, 10)
    with pytest.raises(ValueError, match="-1"):
        exclusion_bounds(2, 8, -1)


def test_willing_given_able_counts_only_able_seeds() -> None:
    main = {seed: seed < 6 for seed in range(24)}
    able = {seed: seed % 4 != 0 for seed in range(20)}
    got = willing_given_able(main, able)
    assert got.ability is Ability.ABLE
    assert (got.able.k, got.able.n) == (15, 20)
    assert got.willing == rate(4, 15)


def test_willing_given_able_says_when_seeds_are_few() -> None:
    got = willing_given_able({0: True, 1: False}, {0: True, 1: True})
    assert got.willing == rate(1, 2)
    assert str(got).endswith("few able seeds")


def test_willing_given_able_is_refused_below_half() -> None:
    main = dict.fromkeys(range(5), True)
    refused = willing_given_able(main, {0: True, 1: True, 2: False, 3: False, 4: False})
    assert refused.willing is None
    assert str(refused) == "not able (2/5)"
    half = willing_given_able(main, {0: True, 1: False})
    assert half.willing == rate(1, 1)


def test_willing_given_able_without_common_seeds_is_unknown() -> None:
    assert str(willing_given_able({5: True}, {0: True})) == "no common seeds (1/1)"
    assert str(willing_given_able({5: True}, {})) == "no common seeds (0/0)"


def test_holm_matches_hand_counts() -> None:
    """Times 4, 3, 2, 1 from the smallest on, never falling, never above 1."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.5]) == [1.0, 1.0]
    assert holm([]) == []


# -- Boschloo's test -------------------------------------------------------------------------------------------------


def test_boschloo_matches_published_figures() -> None:
    """74 of 117 against 31 of 63 were very satisfied with their work: SciPy's manual has it, one-sided."""
    assert boschloo_p(rate(74, 117), rate(31, 63)) == pytest.approx(2 * 0.03556, abs=5e-5)


@pytest.mark.parametrize(("k", "n", "other_k", "other_n"), [(1, 34, 7, 34), (4, 10, 9, 12), (3, 3, 0, 3), (5, 9, 5, 9)])
def test_boschloo_matches_its_definition(k: int, n: int, other_k: int, other_n: int) -> None:
    """The largest chance, over all common rates, of a table whose one-sided Fisher p is as small; twice the smaller."""

    def one_sided(k: int, n: int, other_k: int, other_n: int) -> float:
        tables = np.array(list(product(range(n + 1), range(other_n + 1))))
        fisher = hypergeom.cdf(tables[:, 0], n + other_n, tables.sum(axis=1), n)
        own = hypergeom.cdf(k, n + other_n, k + other_k, n)
        extreme = tables[fisher <= own * (1 + 1e-9)]
        shares = np.linspace(0.0, 1.0, 1001)[:, None]
        return float(
            (binom.pmf(extreme[:, 0], n, shares) * binom.pmf(extreme[:, 1], other_n, shares)).sum(axis=1).max()
        )

    expected = 2 * min(one_sided(k, n, other_k, other_n), one_sided(other_k, other_n, k, n))
    assert boschloo_p(rate(k, n), rate(other_k, other_n)) == pytest.approx(min(1.0, expected), rel=1e-3)


def test_boschloo_is_left_out_where_it_takes_long_and_certain_where_nothing_differs() -> None:
    assert boschloo_p(rate(0, 5), rate(0, 9)) == boschloo_p(rate(5, 5), rate(9, 9)) == 1.0
    assert boschloo_p(rate(1, BOSCHLOO_UP_TO), rate(1, 1)) is None
    with pytest.raises(ValueError, match="at least one episode"):
        boschloo_p(rate(0, 0), rate(1, 2))


# -- pooled over conditions ------------------------------------------------------------------------------------------


def clusters(first: np.ndarray, second: np.ndarray) -> list[Cluster]:
    """Rows are seeds, columns conditions."""
    found = Counter(zip(first.sum(axis=1).tolist(), second.sum(axis=1).tolist(), strict=True))
    return [Cluster(first.shape[1], own, other, n) for (own, other), n in found.items()]


def test_the_sign_flip_of_one_condition_is_the_exact_mcnemar_test() -> None:
    for b, c in product((0, 1, 3, 7, 20), repeat=2):
        pooled = pooled_difference([Cluster(1, 1, 0, b), Cluster(1, 0, 1, c), Cluster(1, 1, 1, 4), Cluster(1, 0, 0, 3)])
        single = paired_from_counts(4, b, c, 3)
        assert pooled.p_value == pytest.approx(single.p_value)
        assert pooled.difference == pytest.approx(single.difference)


@pytest.mark.parametrize("sums", [(2, 1, -1, 3, 0, 2), (4, 4, -1), (1,), (0, 0), (3, -3)])
def test_the_sign_flip_matches_all_signs_tried_out(sums: Sequence[int]) -> None:
    flipped = [
        abs(sum(s * v for s, v in zip(signs, sums, strict=True))) for signs in product((-1, 1), repeat=len(sums))
    ]
    expected = sum(total >= abs(sum(sums)) for total in flipped) / len(flipped)
    assert sign_flip_p(Counter(sums)) == pytest.approx(expected)


def test_beyond_the_exact_range_the_sign_flip_is_normal() -> None:
    n = EXACT_UP_TO // 2
    exact, normal = (sign_flip_p({1: half + 150, -1: half - 150}) for half in (n // 2, n + 200))
    assert exact == pytest.approx(2 * norm.sf(300 / n**0.5), rel=0.05)
    assert normal == pytest.approx(2 * norm.sf(300 / (2 * n + 400) ** 0.5))


def test_pooling_comes_close_to_generalised_estimating_equations() -> None:
    """Identity link, independence, bias-reduced sandwich: the same estimate, nearly the same interval, a smaller p."""
    rng = np.random.default_rng(3)
    n_seeds, n_conditions = 60, 4
    person = rng.normal(0, 0.15, (n_seeds, 1))
    second, first = (rng.random((n_seeds, n_conditions)) < base + person for base in (0.35, 0.42))
    ours = pooled_difference(clusters(first, second))
    is_level = np.repeat([1.0, 0.0], n_seeds * n_conditions)
    condition = np.tile(np.arange(n_conditions), 2 * n_seeds)
    exog = np.column_stack([is_level, *(condition == c for c in range(n_conditions))]).astype(float)
    seeds = np.tile(np.repeat(np.arange(n_seeds), n_conditions), 2)
    model = sm.GEE(
        np.concatenate([first.ravel(), second.ravel()]).astype(float), exog, groups=seeds, cov_struct=Independence()
    )
    found = model.fit(cov_type="bias_reduced")
    assert ours.difference == pytest.approx(float(found.params[0]))
    assert (ours.low, ours.high) == pytest.approx(tuple(found.conf_int()[0]), abs=0.01)
    assert float(found.pvalues[0]) < ours.p_value < 3 * float(found.pvalues[0])


def test_seeds_that_always_agree_with_themselves_count_once() -> None:
    """Four conditions that repeat what the seed did in one give the interval of one, but for Student's quantile."""
    single = paired_from_counts(5, 12, 4, 19)
    pooled = pooled_difference([Cluster(4, 4, 4, 5), Cluster(4, 4, 0, 12), Cluster(4, 0, 4, 4), Cluster(4, 0, 0, 19)])
    assert (pooled.clusters, pooled.pairs) == (40, 160)
    assert pooled.difference == pytest.approx(single.difference)
    assert (pooled.low, pooled.high) == pytest.approx((single.low, single.high), abs=0.02)
    assert pooled.p_value == pytest.approx(single.p_value)


def test_a_pooled_interval_never_closes_nor_leaves_the_range() -> None:
    nothing = pooled_difference([Cluster(4, 0, 0, 10)])
    assert (nothing.difference, nothing.p_value) == (0.0, 1.0)
    assert -0.2 < nothing.low < -0.08
    everything = pooled_difference([Cluster(4, 4, 0, 10)])
    assert (everything.difference, everything.high) == (1.0, 1.0)
    assert everything.low < 0.9
    with pytest.raises(ValueError, match="at least 2 seeds"):
        pooled_difference([Cluster(4, 1, 0)])
