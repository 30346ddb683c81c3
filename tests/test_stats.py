from __future__ import annotations

from itertools import product

import pytest

from embodied.stats import (
    Ability,
    Pair,
    exclusion_bounds,
    independent_difference,
    paired_difference,
    rate,
    willing_given_able,
)


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
