"""How many seeds a comparison needs: power of the tests that reports use, computed exactly, not by normal curves.

Power is unconditional: every table that can come out is weighed by its probability. All tests are two-sided, and
samples that are compared have the same size.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isqrt, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import binom
from statsmodels.stats.proportion import proportion_confint

MOST_N: Final = 2000
"""Sizes above it are not looked for."""
FEWEST_AHEAD: Final = 5
POINTS: Final = 100
"""Effects are looked for in steps of one percentage point."""
_NUISANCES: Final = 500
_ROUNDING: Final = 1e-9

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Discordance:
    """Shares of pairs in which the two sides differ.

    Attributes:
        first_only: It happens on the first side alone.
        second_only: It happens on the second side alone.
    """

    first_only: float
    second_only: float


@dataclass(frozen=True, slots=True)
class FamilyPower:
    """What Holm's method finds in a family of independent comparisons that all have the effect.

    Attributes:
        share: Expected share of them that is found.
        all_found: Probability that all are.
    """

    share: float
    all_found: float


def discordance(first: float, second: float, correlation: float = 0.0) -> Discordance:
    """Shares of discordant pairs, from the rates on both sides and the correlation (phi) inside pairs.

    Raises:
        ValueError: A rate is no share, or such rates cannot be so correlated.
    """
    low, high = possible_correlations(first, second)
    if not low - _ROUNDING <= correlation <= high + _ROUNDING:
        raise ValueError(
            f"rates of {first:g} and {second:g} cannot have a correlation of {correlation:g}, "
            f"only from {low:.2f} to {high:.2f}"
        )
    together = first * second + correlation * _spread(first, second)
    return Discordance(max(first - together, 0.0), max(second - together, 0.0))


def possible_correlations(first: float, second: float) -> tuple[float, float]:
    """The lowest and the highest correlation (phi) of two yes-or-no things with these rates.

    Raises:
        ValueError: A rate is no share.
    """
    if not (0 <= first <= 1 and 0 <= second <= 1):
        raise ValueError(f"rates lie between 0 and 1, not {first:g} and {second:g}")
    spread = _spread(first, second)
    if spread == 0:
        return 0.0, 0.0
    lowest, highest = max(0.0, first + second - 1), min(first, second)
    return (lowest - first * second) / spread, (highest - first * second) / spread


def mcnemar_power(n: int, pairs: Discordance, alpha: float) -> float:
    """Power of the exact McNemar test with `n` pairs."""
    share = pairs.first_only + pairs.second_only
    if share == 0:
        return 0.0
    discordant = np.arange(n + 1)
    lower = _lower_bounds(n, alpha)
    leaning = pairs.first_only / share
    found = binom.cdf(lower, discordant, leaning) + binom.sf(discordant - lower - 1, discordant, leaning)
    return float(np.sum(binom.pmf(discordant, n, share) * np.where(lower < 0, 0.0, found)))


def fisher_power(n: int, first: float, second: float, alpha: float) -> float:
    """Power of Fisher's exact test with `n` on either side.

    With sides of one size the hypergeometric distribution is symmetric, so the two-sided p value is twice the smaller
    tail.
    """
    return _power_of(_fewest_beside(n, alpha / 2), n, first, second)


def boschloo_power(n: int, first: float, second: float, alpha: float) -> float:
    """Power of Boschloo's exact test (1970, Stat Neerl 24:1-9) with `n` on either side.

    Two-sided as in `scipy.stats.boschloo_exact`: twice the smaller of the one-sided p values.
    """
    return _power_of(_fewest_beside(n, _boschloo_level(n, alpha / 2)), n, first, second)


def smallest_n(power_of: Callable[[int], float], wanted: float, most: int = MOST_N) -> int | None:
    """The smallest size from which on the power is at least `wanted`; None where it is above `most`.

    Args:
        power_of: Power at a size.
        wanted: A share.
        most: Largest size to look at.
    """
    top = 4
    while power_of(top) < wanted:
        if top >= most:
            return None
        top = min(2 * top, most)
    n = bisect_left(range(top), x=True, lo=1, key=lambda size: power_of(size) >= wanted)
    end = n + _ahead(n)
    seen = n
    while seen < end:
        seen += 1
        if power_of(seen) < wanted:
            n, end = seen + 1, seen + 1 + _ahead(seen)
    return n if n <= most else None


def smallest_effect(power_of: Callable[[float], float], base: float, wanted: float) -> float | None:
    """The smallest rise above `base`, in whole points, that is found with probability `wanted`; None for none.

    Args:
        power_of: Power at a rise.
        base: The lower rate.
        wanted: A share.
    """
    rises = [point / POINTS for point in range(1, int((1 - base + _ROUNDING) * POINTS) + 1)]
    index = bisect_left(rises, x=True, key=lambda rise: power_of(rise) >= wanted)
    return rises[index] if index < len(rises) else None


def holm_power(powers: Sequence[float]) -> FamilyPower:
    """What Holm's method (1979, Scand J Stat 6:65-70) finds of m comparisons alike and independent of each other.

    Args:
        powers: Power of one of them at the level of each step: at alpha / m, alpha / (m - 1), ..., alpha.

    Raises:
        ValueError: There are none.
    """
    if not powers:
        raise ValueError("a family has at least one comparison")
    m = len(powers)
    counts = np.arange(m + 1)
    below = np.zeros(m + 1)
    below[0] = 1.0
    before, share = 0.0, 0.0
    for step, power in enumerate(powers, start=1):
        more = (power - before) / (1 - before) if before < 1 else 0.0
        added = binom.pmf(counts[:, None] - counts[None, :], m - counts[None, :], min(max(more, 0.0), 1.0))
        below = np.where(counts >= step, added @ below, 0.0)
        share += float(below.sum()) / m
        before = power
    return FamilyPower(share, float(below.sum()))


def wilson_half_width(rate: float, n: int) -> float:
    """Half the width of the 95% Wilson interval when the rate that is found is `rate`."""
    low, high = proportion_confint(rate * n, n, alpha=0.05, method="wilson")
    return float(high - low) / 2


def wilson_n(rate: float, half_width: float, most: int = MOST_N) -> int | None:
    """The smallest size at which `wilson_half_width` is at most `half_width`; None where it is above `most`."""
    n = bisect_left(range(most + 1), x=True, lo=1, key=lambda size: wilson_half_width(rate, size) <= half_width)
    return n if n <= most else None


def _spread(first: float, second: float) -> float:
    return sqrt(first * (1 - first) * second * (1 - second))


def _ahead(n: int) -> int:
    """Further sizes at which the power must suffice too: that of an exact test goes up in a saw."""
    return max(FEWEST_AHEAD, isqrt(n))


@lru_cache(maxsize=256)
def _lower_bounds(n: int, alpha: float) -> Whole:
    """For each number of discordant pairs the most on one side at which the test rejects; -1 for none."""
    discordant = np.arange(n + 1)
    bound = binom.ppf(alpha / 2, discordant, 0.5)
    too_far = binom.cdf(bound, discordant, 0.5) > alpha / 2
    return np.asarray(bound - too_far, dtype=np.int64)


@lru_cache(maxsize=8)
def _tails(n: int) -> Floats:
    """Fisher's one-sided p value of a table that has few on the first of two sides of `n`.

    Row: how many of the first side, at most half of the column; column: how many of both sides, at most `n`. The other
    tables are these with yes and no exchanged.
    """
    row, total = np.arange(n // 2 + 1)[:, None], np.arange(n + 1)[None, :]
    other = total - row
    ways = _log_ways(n)
    log = np.where(other >= 0, ways[row] + ways[np.abs(other)] - _log_ways(2 * n)[total], -np.inf)
    tails: Floats = np.cumsum(np.exp(log), axis=0)
    return np.where(other >= row, tails, 1.0)


def _log_ways(n: int) -> Floats:
    k = np.arange(n + 1)
    ways: Floats = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return ways


def _fewest_beside(n: int, level: float) -> Whole:
    """For each count on the first side the fewest on the second that make its tail at most `level`; n + 1 for none."""
    first, second = np.arange(n + 1)[:, None], np.arange(n + 1)[None, :]
    total = first + second
    rows = np.where(total <= n, first, n - second)
    is_found = second > first
    tails = _tails(n)[np.where(is_found, rows, 0), np.minimum(total, 2 * n - total)]
    is_found &= tails <= level * (1 + _ROUNDING)
    return np.where(is_found.any(axis=1), is_found.argmax(axis=1), n + 1)


def _boschloo_level(n: int, level: float) -> float:
    """The highest tail of Fisher's test whose region has at most the size `level`, whatever the common rate."""
    rates = np.arange(1, _NUISANCES) / _NUISANCES
    counts = np.arange(n + 1)
    weights = binom.pmf(counts[:, None], n, rates[None, :])
    above = np.vstack([np.cumsum(weights[::-1], axis=0)[::-1], np.zeros(rates.size)])
    tails = _tails(n)
    levels = np.unique(tails[(tails >= level * (1 - _ROUNDING)) & (tails <= min(4 * level, 1.0))])

    def is_too_large(tail: float) -> bool:
        size = np.sum(weights * above[_fewest_beside(n, tail)], axis=0).max()
        return bool(size > level * (1 + _ROUNDING))

    index = bisect_left(levels, x=True, key=is_too_large)
    return float(levels[index - 1]) if index else level


def _power_of(fewest: Whole, n: int, first: float, second: float) -> float:
    counts = np.arange(n + 1)

    def tail(lower: float, upper: float) -> float:
        return float(np.sum(binom.pmf(counts, n, lower) * binom.sf(fewest - 1, n, upper)))

    return tail(first, second) + tail(second, first)
