"""Agreement of two raters beyond chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from statsmodels.stats.inter_rater import cohens_kappa

KAPPA_LARGE_SAMPLE: Final = "Fleiss-Cohen-Everitt large-sample 95%"
NO_SPREAD: Final = 1e-6
"""A standard error below it is 0 but for rounding."""


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
