"""Rates, differences and their intervals. The episode is the unit; every interval and test carries its name.

A rate is `k/n` with a Wilson interval. Main minus twin is paired by seed (Newcombe's square-and-add interval, exact
McNemar test); cells without common seeds are compared as independent (Newcombe's hybrid score interval, Fisher's exact
test). All intervals are two-sided 95% intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import Final

import numpy as np
from scipy.stats import boschloo_exact, fisher_exact
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

WILSON: Final = "Wilson 95%"
NEWCOMBE_PAIRED: Final = "Newcombe square-and-add 95%"
NEWCOMBE_INDEPENDENT: Final = "Newcombe hybrid score 95%"
EXACT_MCNEMAR: Final = "exact McNemar"
FISHER_EXACT: Final = "Fisher exact"
BOSCHLOO: Final = "Boschloo exact"
SIGNIFICANT: Final = 0.05
"""A p value below it is called significant."""
BOSCHLOO_UP_TO: Final = 200
"""Episodes of both samples together up to which Boschloo's test is made: it takes long, and Fisher's comes close."""
FEW_SEEDS: Final = 10


@dataclass(frozen=True, slots=True)
class Rate:
    """`k` of `n`, with an interval of the underlying probability.

    Attributes:
        k: Episodes (or calls, or answers) in which it happened.
        n: All that count. With `n` = 0 nothing is known and the interval is 0 to 1.
        low: Lower limit, a share.
        high: Upper limit, a share.
        method: Name of the interval.
    """

    k: int
    n: int
    low: float
    high: float
    method: str

    def __str__(self) -> str:
        if self.n == 0:
            return "0/0"
        return f"{self.k}/{self.n} ({self.low:.0%} to {self.high:.0%})"


@dataclass(frozen=True, slots=True)
class Pair:
    """One seed: whether it happened in the main episode, and in its twin."""

    main: bool
    twin: bool


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Main minus twin over common seeds.

    Attributes:
        both: Pairs in which it happened in main and twin.
        main_only: Discordant pairs, often called b.
        twin_only: Discordant pairs, often called c.
        neither: Pairs in which it happened in neither.
        difference: Main rate minus twin rate, -1 to 1.
        low: Lower limit of the difference.
        high: Upper limit of the difference.
        p_value: Two-sided.
        method: Name of the interval.
        test: Name of the test.
    """

    both: int
    main_only: int
    twin_only: int
    neither: int
    difference: float
    low: float
    high: float
    p_value: float
    method: str = NEWCOMBE_PAIRED
    test: str = EXACT_MCNEMAR

    @property
    def n(self) -> int:
        """Number of pairs."""
        return self.both + self.main_only + self.twin_only + self.neither

    def __str__(self) -> str:
        return format_difference(self.difference, self.low, self.high)


@dataclass(frozen=True, slots=True)
class IndependentDifference:
    """First minus second rate, without common seeds. Limits and p value as in `PairedDifference`."""

    first: Rate
    second: Rate
    difference: float
    low: float
    high: float
    p_value: float
    method: str = NEWCOMBE_INDEPENDENT
    test: str = FISHER_EXACT

    def __str__(self) -> str:
        return format_difference(self.difference, self.low, self.high)


@dataclass(frozen=True, slots=True)
class ExclusionBounds:
    """What a rate could have been had the excluded episodes counted.

    Attributes:
        all_no: Lowest case: every excluded episode counts as a no.
        all_yes: Highest case: every excluded episode counts as a yes.
    """

    all_no: Rate
    all_yes: Rate


def rate(k: int, n: int) -> Rate:
    """`k` of `n` with the Wilson score interval (Wilson 1927, JASA 22:209-212).

    Raises:
        ValueError: Not 0 <= k <= n.
    """
    if not 0 <= k <= n:
        raise ValueError(f"a rate needs 0 <= k <= n, not {k}/{n}")
    if n == 0:
        return Rate(0, 0, 0.0, 1.0, WILSON)
    low, high = proportion_confint(k, n, alpha=0.05, method="wilson")
    return Rate(k, n, float(low), float(high), WILSON)


def exclusion_bounds(k: int, n: int, excluded: int) -> ExclusionBounds:
    """Rates with `excluded` further episodes counted as all-no and as all-yes.

    Raises:
        ValueError: Not 0 <= k <= n, or a negative `excluded`.
    """
    if excluded < 0:
        raise ValueError(f"the number of excluded episodes cannot be {excluded}")
    rate(k, n)
    return ExclusionBounds(all_no=rate(k, n + excluded), all_yes=rate(k + excluded, n + excluded))


def paired_difference(pairs: Sequence[Pair]) -> PairedDifference:
    """Main minus twin, pair by pair; see `paired_from_counts`.

    Raises:
        ValueError: There are no pairs.
    """
    return paired_from_counts(
        both=sum(p.main and p.twin for p in pairs),
        main_only=sum(p.main and not p.twin for p in pairs),
        twin_only=sum(p.twin and not p.main for p in pairs),
        neither=sum(not p.main and not p.twin for p in pairs),
    )


def paired_from_counts(both: int, main_only: int, twin_only: int, neither: int) -> PairedDifference:
    """Main minus twin, with Newcombe's interval for paired proportions and the exact McNemar test.

    The interval squares and adds the distances from each rate to its Wilson limits, less twice their product times the
    correlation of the pairs, where a positive correlation is first corrected for continuity (method 10 of Newcombe
    1998, Stat Med 17:2635-2650).

    Args:
        both: Pairs in which it happened in main and twin.
        main_only: Pairs in which it happened in main alone.
        twin_only: Pairs in which it happened in the twin alone.
        neither: Pairs in which it did not happen.

    Raises:
        ValueError: There are no pairs.
    """
    n = both + main_only + twin_only + neither
    if n == 0:
        raise ValueError("a paired difference needs at least one pair")
    main, twin = rate(both + main_only, n), rate(both + twin_only, n)
    difference = (main_only - twin_only) / n
    correlation = _paired_correlation(both, main_only, twin_only, neither)
    test = mcnemar([[both, main_only], [twin_only, neither]], exact=True)
    return PairedDifference(
        both,
        main_only,
        twin_only,
        neither,
        difference,
        low=difference - square_and_add(_below(main), _above(twin), correlation),
        high=difference + square_and_add(_above(main), _below(twin), correlation),
        p_value=float(test.pvalue),
    )


def independent_difference(first: Rate, second: Rate) -> IndependentDifference:
    """First minus second, with Newcombe's hybrid score interval (1998, Stat Med 17:873-890) and Fisher's exact test.

    Raises:
        ValueError: One of the rates is empty.
    """
    if first.n == 0 or second.n == 0:
        raise ValueError("a difference needs at least one episode on either side")
    low, high = confint_proportions_2indep(first.k, first.n, second.k, second.n, method="newcomb", compare="diff")
    table = [[first.k, first.n - first.k], [second.k, second.n - second.k]]
    return IndependentDifference(
        first,
        second,
        difference=first.k / first.n - second.k / second.n,
        low=float(low),
        high=float(high),
        p_value=float(fisher_exact(table).pvalue),
    )


@lru_cache(maxsize=4096)
def boschloo_p(first: Rate, second: Rate) -> float | None:
    """Two-sided p value of the exact test of Boschloo (1970, Stat Neerl 24:1-9); None above `BOSCHLOO_UP_TO` episodes.

    Where Fisher's test takes both margins as given, it takes the two sizes alone, and is never less powerful.

    Raises:
        ValueError: One of the rates is empty.
    """
    if first.n == 0 or second.n == 0:
        raise ValueError("a test needs at least one episode on either side")
    if first.n + second.n > BOSCHLOO_UP_TO:
        return None
    if first.k + second.k in {0, first.n + second.n}:
        return 1.0
    table = [[first.k, second.k], [first.n - first.k, second.n - second.k]]
    return min(1.0, float(boschloo_exact(table).pvalue))


def holm(p_values: Sequence[float]) -> list[float]:
    """Each p value corrected for all of them (Holm 1979, Scand J Stat 6:65-70), in the order given."""
    order = np.argsort(p_values, kind="stable")
    steps = (len(p_values) - np.arange(len(p_values))) * np.asarray(p_values, float)[order]
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return [float(p) for p in adjusted]


def format_difference(difference: float, low: float, high: float) -> str:
    """A difference of two shares in percentage points, with its limits."""
    return f"{round(100 * difference):+d} points ({round(100 * low):+d} to {round(100 * high):+d})"


def square_and_add(first: float, second: float, correlation: float) -> float:
    """Distance to a limit of a difference, from those of its two parts and their correlation."""
    return sqrt(max(first**2 - 2 * correlation * first * second + second**2, 0.0))


def _paired_correlation(both: int, main_only: int, twin_only: int, neither: int) -> float:
    product = (both + main_only) * (twin_only + neither) * (both + twin_only) * (main_only + neither)
    if product == 0:
        return 0.0
    numerator = float(both * neither - main_only * twin_only)
    if numerator > 0:
        numerator = max(numerator - (both + main_only + twin_only + neither) / 2, 0.0)
    return numerator / sqrt(product)


def _below(value: Rate) -> float:
    return value.k / value.n - value.low


def _above(value: Rate) -> float:
    return value.high - value.k / value.n
