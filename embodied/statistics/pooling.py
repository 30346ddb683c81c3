"""Differences pooled over conditions, with the seed as the cluster; and the mean of paired differences.

A seed fixes layout, person and wordings, so what it gives in several conditions is not independent. A difference of
two shares gets the square-and-add interval that single pairs get, with two changes: each share's Wilson limits use the
effective number of episodes (Korn and Graubard 1998, Survey Methodology 24:193-201), that is, the number of independent
ones that would have the variance found between seeds, and Student's quantile with one degree of freedom less than
seeds. The two are put together by the correlation between seeds (Zou and Donner 2008, Stat Med 27:1693-1702).

The test changes the sign of a seed's whole difference, all its conditions together. With one condition it is the exact
McNemar test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from typing import Final

import numpy as np
from scipy.stats import binom
from scipy.stats import t as student_t

from embodied.statistics.rates import square_and_add

POOLED_INTERVAL: Final = "square-and-add 95% with seeds as clusters"
SIGN_FLIP: Final = "exact sign-flip over seeds"
METHOD: Final = f"{POOLED_INTERVAL}; {SIGN_FLIP}"
CONFIDENCE: Final = 0.95
FEWEST_CLUSTERS: Final = 2
EXACT_UP_TO: Final = 20_000
"""Sum of the seeds' differences, without their signs, up to which the test is computed exactly; a normal one beyond."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Seeds that gave the same counts.

    Attributes:
        pairs: Conditions in which a seed was scored at both levels.
        first, second: In how many of them it happened, at either level.
        seeds: How many such seeds there are.
    """

    pairs: int
    first: int
    second: int
    seeds: int = 1


@dataclass(frozen=True, slots=True)
class PooledDifference:
    """First minus second share over all pairs.

    Attributes:
        pairs: Number of pairs; every pair counts the same.
        clusters: Number of seeds.
        difference, low, high: With the limits of its interval.
        p_value: Two-sided.
        method: Name of interval and test.
    """

    pairs: int
    clusters: int
    difference: float
    low: float
    high: float
    p_value: float
    method: str = METHOD


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of an interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class _Share:
    """A pooled share, how far its Wilson limits are, and how the seeds deviate from it."""

    share: float
    below: float
    above: float
    deviations: np.ndarray


def pooled_difference(clusters: Sequence[Cluster]) -> PooledDifference:
    """First minus second share, seeds as clusters.

    Raises:
        ValueError: There are fewer than two seeds.
    """
    seeds = np.array([cluster.seeds for cluster in clusters], float)
    pairs = np.array([cluster.pairs for cluster in clusters], float)
    n_seeds = int(seeds.sum())
    if n_seeds < FEWEST_CLUSTERS:
        raise ValueError(f"a pooled difference needs at least {FEWEST_CLUSTERS} seeds, not {n_seeds}")
    first = _share(np.array([cluster.first for cluster in clusters], float), pairs, seeds)
    second = _share(np.array([cluster.second for cluster in clusters], float), pairs, seeds)
    difference, correlation = first.share - second.share, _correlation(first, second, seeds)
    sums: Counter[int] = Counter()
    for cluster in clusters:
        sums[cluster.first - cluster.second] += cluster.seeds
    return PooledDifference(
        pairs=int(pairs @ seeds),
        clusters=n_seeds,
        difference=difference,
        low=difference - square_and_add(first.below, second.above, correlation),
        high=difference + square_and_add(first.above, second.below, correlation),
        p_value=sign_flip_p(sums),
    )


def sign_flip_p(sums: Mapping[int, int]) -> float:
    """Two-sided p value of the sum of seeds' differences, had each as well had the other sign.

    Args:
        sums: How many seeds have each difference.
    """
    sizes: Counter[int] = Counter()
    for value, seeds in sums.items():
        sizes[abs(value)] += seeds
    del sizes[0]
    largest, found = sum(m * k for m, k in sizes.items()), abs(sum(v * k for v, k in sums.items()))
    if found == 0:
        return 1.0
    if largest > EXACT_UP_TO:
        return erfc(found / sqrt(2 * sum(m * m * k for m, k in sizes.items())))
    flipped = np.ones(1)
    for size, seeds in sizes.items():
        spread = np.zeros(size * seeds + 1)
        spread[::size] = binom.pmf(np.arange(seeds + 1), seeds, 0.5)
        flipped = np.convolve(flipped, spread)
    is_as_far = np.abs(largest - 2 * np.arange(largest + 1)) >= found
    return min(1.0, float(flipped[is_as_far].sum()))


def mean_limits(n: int, mean: float, deviation: float) -> Limits:
    """Student's interval of a mean, from the number of values, their mean and their sample standard deviation."""
    half = float(student_t.ppf((1 + CONFIDENCE) / 2, n - 1) * deviation / sqrt(n))
    return Limits(mean - half, mean + half)


def _share(yes: np.ndarray, pairs: np.ndarray, seeds: np.ndarray) -> _Share:
    n_seeds, n_pairs = float(seeds.sum()), float(pairs @ seeds)
    share = float(yes @ seeds) / n_pairs
    deviations = yes - share * pairs
    variance = n_seeds / (n_seeds - 1) * float(deviations**2 @ seeds) / n_pairs**2
    effective = share * (1 - share) / variance if variance > 0 else n_pairs
    limits = _wilson(share, min(max(effective, n_seeds), n_pairs), n_seeds)
    return _Share(share, share - limits.low, limits.high - share, deviations)


def _wilson(share: float, n: float, n_seeds: float) -> Limits:
    z2 = float(student_t.ppf((1 + CONFIDENCE) / 2, n_seeds - 1)) ** 2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = sqrt(z2) / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return Limits(max(middle - half, 0.0), min(middle + half, 1.0))


def _correlation(first: _Share, second: _Share, seeds: np.ndarray) -> float:
    spread = sqrt(float(first.deviations**2 @ seeds) * float(second.deviations**2 @ seeds))
    return float(first.deviations * second.deviations @ seeds) / spread if spread > 0 else 0.0
