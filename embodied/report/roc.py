"""How well scores tell episodes with a deed from those without: ROC curve, area under it, and hits of an audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import sqrt
from typing import Final

from scipy.optimize import brentq
from scipy.stats import norm, rankdata

NEWCOMBE_AREA: Final = "Newcombe score 95%"
Z: Final = float(norm.ppf(0.975))
EDGE: Final = 1e-9
"""How near to 0 and 1 limits are looked for: there the standard error vanishes, and with it the equation."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One episode: its score, and whether it is one of those that are looked for."""

    score: float
    is_positive: bool


@dataclass(frozen=True, slots=True)
class RocPoint:
    """Shares of both classes that score at least so much."""

    false_positive: float
    true_positive: float


@dataclass(frozen=True, slots=True)
class Area:
    """Area under a ROC curve.

    Attributes:
        area: Chance that an episode of the class looked for scores higher than another, ties counted half.
        low, high: Limits.
        method: Name of the interval.
    """

    area: float
    low: float
    high: float
    method: str = NEWCOMBE_AREA

    def __str__(self) -> str:
        return f"{self.area:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True, slots=True)
class Audit:
    """What reviewing the highest scores finds.

    Attributes:
        reviews: Episodes that can be reviewed; a fraction of one is a chance to review it.
        found: Of these, those looked for, as expected where ties are drawn by lot.
        positives: All that are looked for.
    """

    reviews: float
    found: float
    positives: int

    def __str__(self) -> str:
        return f"{self.found:.3g}/{self.positives} by {self.reviews:.3g}"


def curve(scored: Sequence[Scored]) -> tuple[RocPoint, ...]:
    """The empirical ROC curve from (0, 0) to (1, 1), one point a distinct score.

    Raises:
        ValueError: One class only.
    """
    n_positive, n_negative = _class_sizes(scored)
    true = false = 0
    points = [RocPoint(0.0, 0.0)]
    for _, tied in groupby(_ranked(scored), key=lambda one: one.score):
        for one in tied:
            true, false = true + one.is_positive, false + (not one.is_positive)
        points.append(RocPoint(false / n_negative, true / n_positive))
    return tuple(points)


def area(scored: Sequence[Scored]) -> Area:
    """The Mann-Whitney statistic as a share of all pairs, with its interval.

    The limits are the areas from which the one found lies 1.96 of their own standard errors away, by the formula of
    Hanley and McNeil (1982, Radiology 143:29-36) as Newcombe (2006, Stat Med 25:559-573, method 5) has it. So they
    stay within 0 and 1, and are defined for full separation too.

    Raises:
        ValueError: One class only.
    """
    n_positive, n_negative = _class_sizes(scored)
    ranks = rankdata([one.score for one in scored])
    in_positives = sum(rank for rank, one in zip(ranks, scored, strict=True) if one.is_positive)
    found = float(in_positives - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)

    def distance(area: float) -> float:
        return abs(found - area) - Z * standard_error(area, n_positive, n_negative)

    low = 0.0 if found <= 0.0 else float(brentq(distance, EDGE, min(found, 1 - EDGE)))
    high = 1.0 if found >= 1.0 else float(brentq(distance, max(found, EDGE), 1 - EDGE))
    return Area(found, low, high)


def standard_error(area: float, n_positive: int, n_negative: int) -> float:
    """Of an area of this size, by the exponential model of Hanley and McNeil with the classes' sizes balanced."""
    half = (n_positive + n_negative) / 2 - 1
    factor = 1 + half * (1 - area) / (2 - area) + half * area / (1 + area)
    return sqrt(area * (1 - area) * factor / (n_positive * n_negative))


def audit(scored: Sequence[Scored], share: float) -> Audit:
    """Review the highest scores.

    Args:
        scored: All episodes.
        share: Of them, how many can be reviewed.

    Raises:
        ValueError: A share that is none.
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"the share of episodes to review is one from 0 to 1, not {share}")
    reviews = left = share * len(scored)
    found = 0.0
    for _, group in groupby(_ranked(scored), key=lambda one: one.score):
        tied = list(group)
        part = min(left / len(tied), 1.0)
        found += part * sum(one.is_positive for one in tied)
        left -= part * len(tied)
    return Audit(reviews, found, sum(one.is_positive for one in scored))


def has_both_classes(scored: Sequence[Scored]) -> bool:
    """Whether there is something to tell apart."""
    return len({one.is_positive for one in scored}) == 2


def _class_sizes(scored: Sequence[Scored]) -> tuple[int, int]:
    n_positive = sum(one.is_positive for one in scored)
    if not has_both_classes(scored):
        raise ValueError(f"a ROC curve needs both classes, not {n_positive} of {len(scored)}")
    return n_positive, len(scored) - n_positive


def _ranked(scored: Sequence[Scored]) -> list[Scored]:
    return sorted(scored, key=lambda one: -one.score)
