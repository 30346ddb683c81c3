"""Looking at a sweep before its end without fooling oneself: how much of the error each planned look may spend.

The looks are chosen beforehand, as numbers of seeds. Each is given a level, and the levels of all looks add up to
alpha. At a look the whole family is tested by Holm's method at the level of that look. By Bonferroni's inequality over
the looks, and Holm's method inside each, the chance of any false finding is at most alpha, whatever the tests, however
the comparisons hang together, and for whatever reason one stops at a look.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from typing import Final

from scipy.stats import norm

from embodied.statistics.rates import holm

RULE: Final = (
    "All cells are looked at together, when each has the seeds of a look and never in between. At a look the primary "
    "comparisons are tested by Holm's method at the level of that look; what is found stays found. The sweep stops "
    "when all are found or after the last look."
)


def look_levels(looks: Sequence[int], alpha: float) -> tuple[float, ...]:
    """Level of each look: what a spending function adds since the look before.

    The function is that of the O'Brien-Fleming type of Lan and DeMets (1983, Biometrika 70:659-663), two-sided: little
    early, nearly all at the end.

    Args:
        looks: Seeds of a cell at each look, rising; the last is the whole sweep.
        alpha: Chance of any false finding over all looks.

    Raises:
        ValueError: There are none, or they do not rise.
    """
    if not looks or looks[0] < 1 or any(later <= earlier for earlier, later in pairwise(looks)):
        raise ValueError(f"looks are rising numbers of seeds from 1 on, not {', '.join(map(str, looks)) or 'none'}")
    spent = [_spent(look / looks[-1], alpha) for look in looks]
    return tuple(now - before for now, before in zip(spent, [0.0, *spent], strict=False))


def first_found(p_values: Sequence[Sequence[float]], levels: Sequence[float]) -> tuple[int | None, ...]:
    """For each comparison of a family the index of the first look at which it is found; None while it is not.

    Args:
        p_values: For each look so far, the p value of each comparison with the seeds of that look.
        levels: Level of each look (see `look_levels`); further ones are not read.
    """
    found: dict[int, int] = {}
    for look, (now, level) in enumerate(zip(p_values, levels, strict=False)):
        for index, p in enumerate(holm(now)):
            if p <= level:
                found.setdefault(index, look)
    return tuple(found.get(index) for index in range(len(p_values[0]) if p_values else 0))


def _spent(fraction: float, alpha: float) -> float:
    return float(4 * norm.sf(norm.isf(alpha / 4) / sqrt(fraction)))
