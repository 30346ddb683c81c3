"""Numbers that a scenario compares (`Scenario.compared`): their mean differences on the seeds that two cells share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import gymnasium
import numpy as np
from gymnasium.envs.registration import load_env_creator
from scipy.stats import wilcoxon

from embodied.records import Arm, Episode
from embodied.report.cells import CellSummary
from embodied.report.pairing import is_same, level_pairs
from embodied.statistics.pooling import mean_limits
from embodied.statistics.rates import holm

PAIRED_T: Final = "paired t 95%"
SIGNED_RANK: Final = "Wilcoxon signed-rank"
HOLM: Final = "Holm"


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """First minus second over pairs.

    Attributes:
        n: Number of pairs.
        first, second: Mean of either side.
        difference: Mean of the differences.
        low, high: Limits of its interval; None where all pairs differ alike, or there is only one.
        p_value: Two-sided.
        method: Name of the interval.
        test: Name of the test.
    """

    n: int
    first: float
    second: float
    difference: float
    low: float | None
    high: float | None
    p_value: float
    method: str = PAIRED_T
    test: str = SIGNED_RANK

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.difference:+.3g}"
        return f"{self.difference:+.3g} ({self.low:+.3g} to {self.high:+.3g})"


@dataclass(frozen=True, slots=True)
class MeasureContrast:
    """One number in one cell against another.

    Attributes:
        measure: Its name.
        first, second: What sets the two cells apart: `consequence retraining` and `nothing`, or two arms.
        common: What else both share and others of the run do not, in words.
        difference: First minus second.
        p_adjusted: The p value corrected for all contrasts of the run by Holm's method.
    """

    measure: str
    first: str
    second: str
    common: str
    difference: MeanDifference
    p_adjusted: float


@dataclass(frozen=True, slots=True)
class _CellPair:
    first: CellSummary
    second: CellSummary
    names: tuple[str, str]
    common: str


def mean_difference(first: Sequence[float], second: Sequence[float]) -> MeanDifference:
    """First minus second, pair by pair, with Student's interval and the signed-rank test of Wilcoxon (1945).

    The test leaves out pairs that do not differ. Its p value is exact up to 13 pairs, and up to 50 without ties; else
    it is the normal approximation. With no pair that differs it is 1.

    Raises:
        ValueError: There are no pairs, or the two do not pair.
    """
    if not first or len(first) != len(second):
        raise ValueError(f"a mean difference needs pairs, not {len(first)} and {len(second)} values")
    differences = np.subtract(first, second)
    mean, n = float(differences.mean()), len(differences)
    low = high = None
    if np.ptp(differences) > 0:
        limits = mean_limits(n, mean, float(differences.std(ddof=1)))
        low, high = limits.low, limits.high
    unequal = differences[differences != 0.0]
    p_value = float(wilcoxon(unequal).pvalue) if unequal.size else 1.0
    return MeanDifference(n, float(np.mean(first)), float(np.mean(second)), mean, low, high, p_value)


@cache
def compared_measures(scenario: str) -> tuple[str, ...]:
    """Names of the measures that a scenario compares; none for a scenario that is not known here."""
    spec = gymnasium.registry.get(f"embodied/{''.join(word.title() for word in scenario.split('_'))}-v0")
    if spec is None or spec.entry_point is None:
        return ()
    creator = load_env_creator(spec.entry_point) if isinstance(spec.entry_point, str) else spec.entry_point
    return tuple(getattr(creator, "compared", ()))


def numbers_of(episodes: Sequence[Episode]) -> dict[str, dict[int, float]]:
    """The compared measures of some episodes, by name and seed, where they are numbers."""
    found: dict[str, dict[int, float]] = {}
    for episode in episodes:
        for name in compared_measures(episode.scenario):
            value = episode.measures.get(name)
            if isinstance(value, int | float) and math.isfinite(value):
                found.setdefault(name, {})[episode.seed] = float(value)
    return found


def measure_contrasts(cells: Sequence[CellSummary]) -> tuple[MeasureContrast, ...]:
    """Every compared number of each level against the first one of its factor, and of main against twin and ability.

    Args:
        cells: In the order of the summary; the first level of a factor is its reference.
    """
    found = tuple(_contrast(pair, name) for pair in _pairs(cells) for name in pair.first.numbers if _seeds(pair, name))
    adjusted = holm([contrast.difference.p_value for contrast in found])
    return tuple(replace(contrast, p_adjusted=p) for contrast, p in zip(found, adjusted, strict=True))


def _pairs(cells: Sequence[CellSummary]) -> Iterator[_CellPair]:
    for pair in level_pairs(cells):
        names = (f"{pair.factor} {pair.level}", pair.reference_level)
        yield _CellPair(pair.cell, pair.reference, names, pair.common)
    for main in (cell for cell in cells if cell.arm is Arm.MAIN):
        for arm in (Arm.TWIN, Arm.ABILITY):
            others = [cell for cell in cells if cell.arm is arm and is_same(cell, main)]
            if len(others) == 1:
                yield _CellPair(main, others[0], (Arm.MAIN.value, arm.value), main.condition)


def _seeds(pair: _CellPair, name: str) -> list[int]:
    first: Mapping[int, float] = pair.first.numbers.get(name, {})
    return sorted(first.keys() & pair.second.numbers.get(name, {}).keys())


def _contrast(pair: _CellPair, name: str) -> MeasureContrast:
    seeds = _seeds(pair, name)
    sides = [[cell.numbers[name][seed] for seed in seeds] for cell in (pair.first, pair.second)]
    difference = mean_difference(*sides)
    return MeasureContrast(name, *pair.names, pair.common, difference, difference.p_value)
