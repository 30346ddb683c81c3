"""How many seeds each kind of comparison needs, and what the configured number can find."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from embodied.planning.planned import Kind, Measure, PlannedComparison
from embodied.records import Frozen
from embodied.statistics.power import (
    MOST_N,
    boschloo_power,
    discordance,
    fisher_power,
    holm_power,
    mcnemar_power,
    possible_correlations,
    smallest_effect,
    smallest_n,
)
from embodied.statistics.rates import BOSCHLOO, BOSCHLOO_UP_TO, EXACT_MCNEMAR, FISHER_EXACT
from embodied.statistics.stopping import look_levels


class Asked(Frozen):
    """What is to be found, and how surely.

    Attributes:
        effect: Rise of a rate above `base`.
        base: The lower of the two rates.
        power: Probability with which a comparison with that rise is to be found.
        alpha: Chance of any false finding in the whole family.
        correlation: Of the two sides of a pair (phi).
        half_width: Half the width of the interval that a single rate is to have.
        measures: What is compared.
        looks: Seeds of a cell at each planned look; empty where all seeds are run whatever comes out.
    """

    effect: float = 0.3
    base: float = 0.1
    power: float = 0.8
    alpha: float = 0.05
    correlation: float = 0.0
    half_width: float = 0.1
    measures: tuple[Measure, ...] = ("act",)
    looks: tuple[int, ...] = ()

    def risen(self, effect: float) -> float:
        """The higher rate, where it is `effect` above the lower one."""
        return min(self.base + effect, 1.0)

    @property
    def last_alpha(self) -> float:
        """What the family may spend when all seeds are there."""
        return look_levels(self.looks, self.alpha)[-1] if self.looks else self.alpha


class Need(Frozen):
    """Seeds for the comparisons of one kind, by one test.

    Attributes:
        kind, test: What is compared, and how.
        comparisons: How many of the family there are.
        level: Level of the first of Holm's steps, at which one of them is sure to be found with the power asked for.
        n: Valid seeds a cell (pairs, where they pair) for it; None where that is more than `most`.
        n_alone: The same were it the only test.
        configured: Seeds that the cells are configured to share, in the comparison with the fewest.
        power: Power with these at the first step.
        smallest_effect: The smallest rise found with these with the power asked for; None for none.
        share: Expected share of the family that is found with these when all of it has the effect and is independent.
        most: The most seeds that were looked at.
    """

    kind: Kind
    test: str
    comparisons: int
    level: float
    n: int | None
    n_alone: int | None
    configured: int
    power: float
    smallest_effect: float | None
    share: float
    most: int = MOST_N


class Look(Frozen):
    """One planned look.

    Attributes:
        seeds: Of a cell.
        level: What the family may spend there.
        power: Power of one comparison at the first of Holm's steps there, by kind.
    """

    seeds: int
    level: float
    power: dict[Kind, float]


Power = Callable[[int, float, float], float]
"""Of seeds, effect and level."""


def needs(asked: Asked, comparisons: Sequence[PlannedComparison], seeds: Mapping[str, frozenset[int]]) -> list[Need]:
    """What each kind of comparison needs.

    Args:
        asked: What is to be found.
        comparisons: The family.
        seeds: Configured seeds by the hash of the cell.
    """
    found: list[Need] = []
    for kind in Kind:
        alike = [one for one in comparisons if one.kind is kind]
        if not alike:
            continue
        configured = min(len(seeds[one.cell] & seeds[one.reference]) for one in alike)
        tests = _tests(alike[0].test, configured)
        found += [_need(asked, kind, test, len(alike), len(comparisons), configured) for test in tests]
    return found


def looks(asked: Asked, comparisons: Sequence[PlannedComparison]) -> list[Look]:
    """What each planned look can find; none where none are planned."""
    if not asked.looks:
        return []
    tests = {one.kind: one.test for one in comparisons}
    m = max(len(comparisons), 1)
    return [
        Look(seeds=n, level=level, power={k: _power(t, asked)(n, asked.effect, level / m) for k, t in tests.items()})
        for n, level in zip(asked.looks, look_levels(asked.looks, asked.alpha), strict=True)
    ]


def _tests(test: str, configured: int) -> tuple[str, ...]:
    """Boschloo's test is made beside Fisher's up to so many episodes of both sides."""
    return (test, BOSCHLOO) if test == FISHER_EXACT and 2 * configured <= BOSCHLOO_UP_TO else (test,)


def _need(asked: Asked, kind: Kind, test: str, n_alike: int, m: int, configured: int) -> Need:
    power = _power(test, asked)
    alpha = asked.last_alpha
    level = alpha / m
    most = BOSCHLOO_UP_TO // 2 if test == BOSCHLOO else MOST_N

    def least(at: float) -> int | None:
        return smallest_n(lambda n: power(n, asked.effect, at), asked.power, most)

    steps = [power(configured, asked.effect, alpha / (m - step)) for step in range(m)]
    return Need(
        kind=kind, test=test, comparisons=n_alike, level=level, n=least(level), n_alone=least(asked.alpha),
        configured=configured, power=steps[0], share=holm_power(steps).share, most=most,
        smallest_effect=smallest_effect(lambda rise: power(configured, rise, level), asked.base, asked.power),
    )  # fmt: skip


def _power(test: str, asked: Asked) -> Power:
    return partial(_OF_TEST[test], asked)


def _of_pairs(asked: Asked, n: int, effect: float, level: float) -> float:
    """A correlation that two rates cannot have is lowered to the highest that they can."""
    rates = asked.risen(effect), asked.base
    return mcnemar_power(n, discordance(*rates, min(asked.correlation, possible_correlations(*rates)[1])), level)


def _by_fisher(asked: Asked, n: int, effect: float, level: float) -> float:
    return fisher_power(n, asked.risen(effect), asked.base, level)


def _by_boschloo(asked: Asked, n: int, effect: float, level: float) -> float:
    return boschloo_power(n, asked.risen(effect), asked.base, level)


_OF_TEST: Final[Mapping[str, Callable[[Asked, int, float, float], float]]] = {
    EXACT_MCNEMAR: _of_pairs, FISHER_EXACT: _by_fisher, BOSCHLOO: _by_boschloo,
}  # fmt: skip
