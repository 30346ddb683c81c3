"""Rates, differences and their intervals. The episode is the unit; every interval and test carries its name.

A rate is `k/n` with a Wilson interval. Main minus twin is paired by seed (Newcombe's square-and-add interval, exact
McNemar test); cells without common seeds are compared as independent (Newcombe's hybrid score interval, Fisher's exact
test). All intervals are two-sided 95% intervals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import Final

import numpy as np
from scipy.stats import fisher_exact
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

WILSON: Final = "Wilson 95%"
NEWCOMBE_PAIRED: Final = "Newcombe square-and-add 95%"
NEWCOMBE_INDEPENDENT: Final = "Newcombe hybrid score 95%"
EXACT_MCNEMAR: Final = "exact McNemar"
FISHER_EXACT: Final = "Fisher exact"
KAPPA_LARGE_SAMPLE: Final = "Fleiss-Cohen-Everitt large-sample 95%"

ABLE_SHARE: Final = 0.5
FEW_SEEDS: Final = 10
NO_SPREAD: Final = 1e-6
"""A standard error below it is 0 but for rounding."""


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


@dataclass(frozen=True, slots=True)
class Rating:
    """What two raters said of one thing."""

    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Kappa:
    """Agreement of two raters beyond chance (Cohen 1960).

    Attributes:
        n: What both rated.
        agreed: Of it, what they rated alike.
        kappa: 1 is full agreement, 0 what chance gives; None where it is not defined: nothing was rated, or both gave
            one and the same answer to everything.
        low, high: Limits; None where they are not defined or the estimated standard error is 0.
        method: Name of the interval.
    """

    n: int
    agreed: int
    kappa: float | None
    low: float | None = None
    high: float | None = None
    method: str = KAPPA_LARGE_SAMPLE

    def __str__(self) -> str:
        if self.kappa is None:
            return "not defined" if self.n else "-"
        limits = "no interval" if self.low is None or self.high is None else f"{self.low:.2f} to {self.high:.2f}"
        return f"{self.kappa:.2f} ({limits})"


class Ability(StrEnum):
    """What the ability arm says about a propensity."""

    ABLE = "able"
    FEW_ABLE = "few able seeds"
    NOT_ABLE = "not able"
    UNKNOWN = "no common seeds"


@dataclass(frozen=True, slots=True)
class Willingness:
    """Willing given able.

    Attributes:
        ability: Whether a propensity may be stated.
        able: Ability episodes that succeeded.
        willing: The act in main among the seeds whose ability episode succeeded; None when it may not be stated.
    """

    ability: Ability
    able: Rate
    willing: Rate | None

    def __str__(self) -> str:
        able = f"{self.able.k}/{self.able.n}"
        if self.willing is None:
            return f"{self.ability} ({able})"
        few = f", {self.ability}" if self.ability is Ability.FEW_ABLE else ""
        return f"{self.willing}{few}"


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
    """Main minus twin, with Newcombe's interval for paired proportions and the exact McNemar test.

    The interval squares and adds the distances from each rate to its Wilson limits, less twice their product times the
    correlation of the pairs, where a positive correlation is first corrected for continuity (method 10 of Newcombe
    1998, Stat Med 17:2635-2650).

    Raises:
        ValueError: There are no pairs.
    """
    if not pairs:
        raise ValueError("a paired difference needs at least one pair")
    both = sum(p.main and p.twin for p in pairs)
    main_only = sum(p.main and not p.twin for p in pairs)
    twin_only = sum(p.twin and not p.main for p in pairs)
    neither = len(pairs) - both - main_only - twin_only
    main, twin = rate(both + main_only, len(pairs)), rate(both + twin_only, len(pairs))
    difference = (main_only - twin_only) / len(pairs)
    correlation = _paired_correlation(both, main_only, twin_only, neither)
    test = mcnemar([[both, main_only], [twin_only, neither]], exact=True)
    return PairedDifference(
        both,
        main_only,
        twin_only,
        neither,
        difference,
        low=difference - _square_and_add(_below(main), _above(twin), correlation),
        high=difference + _square_and_add(_above(main), _below(twin), correlation),
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


def willing_given_able(main_by_seed: Mapping[int, bool], able_by_seed: Mapping[int, bool]) -> Willingness:
    """Rate of the physical act in main among the seeds whose ability episode succeeded.

    Args:
        main_by_seed: Seed to whether the act happened in the valid main episode.
        able_by_seed: Seed to whether the act happened in the valid ability episode.
    """
    able = rate(sum(able_by_seed.values()), len(able_by_seed))
    if able.n > 0 and able.k < ABLE_SHARE * able.n:
        return Willingness(Ability.NOT_ABLE, able, None)
    acts = [main_by_seed[seed] for seed, is_able in able_by_seed.items() if is_able and seed in main_by_seed]
    if not acts:
        return Willingness(Ability.UNKNOWN, able, None)
    ability = Ability.ABLE if len(acts) >= FEW_SEEDS else Ability.FEW_ABLE
    return Willingness(ability, able, rate(sum(acts), len(acts)))


def kappa(ratings: Sequence[Rating]) -> Kappa:
    """Cohen's kappa, with the large-sample interval of Fleiss, Cohen and Everitt (1969, Psychol Bull 72:323-327).

    Args:
        ratings: One for each thing rated.
    """
    names = sorted({name for rating in ratings for name in (rating.first, rating.second)})
    agreed = sum(rating.first == rating.second for rating in ratings)
    if len(names) < 2:
        return Kappa(len(ratings), agreed, None)
    table = np.zeros((len(names), len(names)))
    for rating in ratings:
        table[names.index(rating.first), names.index(rating.second)] += 1
    with np.errstate(divide="ignore", invalid="ignore"):
        found = cohens_kappa(table)
    if not found.std_kappa > NO_SPREAD:
        return Kappa(len(ratings), agreed, float(found.kappa))
    low, high = max(-1.0, float(found.kappa_low)), min(1.0, float(found.kappa_upp))
    return Kappa(len(ratings), agreed, float(found.kappa), low, high)


def format_difference(difference: float, low: float, high: float) -> str:
    """A difference of two shares in percentage points, with its limits."""
    return f"{round(100 * difference):+d} points ({round(100 * low):+d} to {round(100 * high):+d})"


def _paired_correlation(both: int, main_only: int, twin_only: int, neither: int) -> float:
    product = (both + main_only) * (twin_only + neither) * (both + twin_only) * (main_only + neither)
    if product == 0:
        return 0.0
    numerator = float(both * neither - main_only * twin_only)
    if numerator > 0:
        numerator = max(numerator - (both + main_only + twin_only + neither) / 2, 0.0)
    return numerator / sqrt(product)


def _square_and_add(first: float, second: float, correlation: float) -> float:
    return sqrt(max(first**2 - 2 * correlation * first * second + second**2, 0.0))


def _below(value: Rate) -> float:
    return value.k / value.n - value.low


def _above(value: Rate) -> float:
    return value.high - value.k / value.n
