"""Whether intervals cover as often as they say, and how often a report on nothing finds something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from itertools import product

import duckdb
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import binom, multinomial

from embodied.findings.effects import effects
from embodied.findings.excesses import excesses
from embodied.findings.families import EFFECTS, EXCESSES, POOLED, corrected
from embodied.findings.pooled import pooled
from embodied.findings.records import Cell
from embodied.records import Arm
from embodied.report.counts import Count
from embodied.statistics.pooling import Cluster, pooled_difference
from embodied.statistics.rates import ExclusionBounds, independent_difference, paired_from_counts, rate

Shares = NDArray[np.float64]
RATES = (0.02, 0.1, 0.3, 0.5)


# -- coverage, by adding up all tables ---------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [10, 50])
def test_wilson_covers_as_published(n: int) -> None:
    """Nominal on average, with dips near 0 and 1: Brown, Cai and DasGupta 2001, Stat Sci 16:101-133."""
    limits = [rate(k, n) for k in range(n + 1)]
    shares = np.linspace(0.005, 0.995, 199)
    covered = np.array([[own.low <= share <= own.high for own in limits] for share in shares])
    coverage = (binom.pmf(np.arange(n + 1), n, shares[:, None]) * covered).sum(axis=1)
    assert 0.945 <= coverage.mean() <= 0.965
    assert coverage.min() >= 0.83
    assert coverage[np.abs(shares - 0.5) < 0.35].min() >= 0.88


def independent_coverage(n: int) -> Shares:
    """For every two of the rates: how often the interval covers their difference, over all tables."""
    tables = list(product(range(n + 1), repeat=2))
    found = [independent_difference(rate(a, n), rate(b, n)) for a, b in tables]
    low, high = np.array([one.low for one in found]), np.array([one.high for one in found])
    k = np.array(tables)
    return np.array([
        ((low <= p - q + 1e-12) & (p - q <= high + 1e-12)) @ (binom.pmf(k[:, 0], n, p) * binom.pmf(k[:, 1], n, q))
        for p, q in product((*RATES, 0.9), repeat=2)
    ])  # fmt: skip


def paired_coverage(n: int) -> Shares:
    """For rates and agreement of pairs from none beyond chance to as much as there can be."""
    tables = _tables(n)
    found = [paired_from_counts(*table) for table in tables]
    low, high = np.array([one.low for one in found]), np.array([one.high for one in found])
    counts = np.array(tables)
    coverage = []
    for p, q, agreement in product(RATES, RATES, (0.0, 0.5, 0.9)):
        both = p * q + agreement * (min(p, q) - p * q)
        chances = np.clip([both, p - both, q - both, 1 - p - q + both], 0.0, 1.0)
        weights = multinomial.pmf(counts, n, chances / chances.sum())
        coverage.append(((low <= p - q + 1e-12) & (p - q <= high + 1e-12)) @ weights)
    return np.array(coverage)


def _tables(n: int) -> list[tuple[int, int, int, int]]:
    return [(a, b, c, n - a - b - c) for a in range(n + 1) for b in range(n + 1 - a) for c in range(n + 1 - a - b)]


def test_newcombe_intervals_cover_as_published() -> None:
    """A little above nominal on average: Newcombe 1998, Stat Med 17:873-890 and 2635-2650."""
    for coverage in (independent_coverage(10), paired_coverage(8)):
        assert 0.945 <= coverage.mean() <= 0.99
        assert coverage.min() >= 0.92


@pytest.mark.slow
@pytest.mark.parametrize("n", [20, 40])
def test_newcombe_intervals_cover_larger_samples(n: int) -> None:
    for coverage in (independent_coverage(n), paired_coverage(min(n, 24))):
        assert 0.945 <= coverage.mean() <= 0.98
        assert coverage.min() >= 0.93


# -- pooled over conditions: coverage by simulation --------------------------------------------------------------------


def intercept(share: float, spread: float) -> float:
    """Log odds around which seeds that differ normally have this share on average."""
    z = np.linspace(-6.0, 6.0, 601)
    weights = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    low, high = -40.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if expit(middle + spread * z) @ weights > share else (middle, high)
    return middle


def pooled_coverage(
    rng: np.random.Generator, shares: tuple[float, float], n_seeds: int, n_conditions: int, spread: float, runs: int
) -> float:
    """How often the interval covers; seeds differ by `spread` in their log odds, alike at both levels."""
    person = spread * rng.normal(size=(runs, n_seeds, 1))
    second, first = (
        (rng.random((runs, n_seeds, n_conditions)) < expit(intercept(share, spread) + person)).sum(axis=2)
        for share in shares
    )
    found = [
        pooled_difference([
            Cluster(n_conditions, a, b, n)
            for (a, b), n in Counter(zip(own.tolist(), other.tolist(), strict=True)).items()
        ])
        for own, other in zip(first, second, strict=True)
    ]  # fmt: skip
    true = shares[1] - shares[0]
    return float(np.mean([one.low - 1e-12 <= true <= one.high + 1e-12 for one in found]))


CASES = [
    (shares, n_conditions, spread)
    for shares in ((0.02, 0.02), (0.1, 0.1), (0.5, 0.5), (0.1, 0.3), (0.1, 0.5), (0.05, 0.95))
    for n_conditions in (2, 4)
    for spread in (0.0, 1.5, 3.0)
]


@pytest.mark.parametrize("n_seeds", [10, 20, 50])
def test_pooled_intervals_cover(n_seeds: int) -> None:
    """200 runs a case: no less on average with few seeds, nor in the worst case beyond the Monte Carlo error."""
    rng = np.random.default_rng(n_seeds)
    coverage = [pooled_coverage(rng, shares, n_seeds, n, spread, 200) for shares, n, spread in CASES[::5]]
    assert 0.935 <= np.mean(coverage) <= 0.995
    assert min(coverage) >= 0.86


@pytest.mark.slow
@pytest.mark.parametrize(("n_seeds", "worst"), [(5, 0.9), (10, 0.9), (20, 0.9), (50, 0.91), (200, 0.92)])
def test_pooled_intervals_cover_closely(n_seeds: int, worst: float) -> None:
    rng = np.random.default_rng(n_seeds)
    coverage = [pooled_coverage(rng, shares, n_seeds, n, spread, 1000) for shares, n, spread in CASES]
    assert 0.945 <= np.mean(coverage) <= 0.985
    assert min(coverage) >= worst - 0.02


# -- a report on nothing -----------------------------------------------------------------------------------------------

CONDITIONS = [{"instruction": i, "stakes": s} for i, s in product(("allow", "none"), ("none", "wiped", "replaced"))]


def null_cell(name: str, report: int, arm: Arm, factors: Mapping[str, str], act: int, lied: int, n: int) -> Cell:
    nobody = rate(0, 0)
    no_bounds = ExclusionBounds(nobody, nobody)
    return Cell(
        cell=name, condition="", scenario=f"scenario {report}", model="a", arm=arm, factors=factors, episodes=n,
        valid=n, superseded=0, act=rate(act, n), bounds=no_bounds, outcomes={}, excluded={}, terminations={},
        not_exposed=nobody, says_neither=nobody, effect=nobody, task=nobody, lied=rate(lied, n),
        lied_bounds=no_bounds, unjudged=0, verdicts={}, sources_differ=Count(0, 0), patterns={}, purposes={},
        replies={}, tokens={}, latency_s=0.0, wall_s=0.0, world_s=0.0, times=None, code_versions=("1",),
    )  # fmt: skip


def null_reports(
    tables: duckdb.DuckDBPyConnection, rng: np.random.Generator, reports: int, n_seeds: int, share: float
) -> list[Cell]:
    """Reports, each a scenario of its own: six conditions in two arms at one rate, seeds that differ by a lot."""
    cells: list[Cell] = []
    acts, lies = [], []
    for report in range(reports):
        chance = expit(intercept(share, 1.5) + 1.5 * rng.normal(size=n_seeds))
        for factors, arm in product(CONDITIONS, (Arm.MAIN, Arm.TWIN)):
            act, lied = rng.random(n_seeds) < chance, rng.random(n_seeds) < chance
            name = f"{report}-{len(cells)}"
            cells.append(null_cell(name, report, arm, factors, int(act.sum()), int(lied.sum()), n_seeds))
            acts.append(act)
            lies.append(lied)
    drawn = {
        "cell": np.repeat(np.array([cell.cell for cell in cells], object), n_seeds),
        "seed": np.tile(np.arange(n_seeds), len(cells)),
        "act": np.concatenate(acts),
        "lied": np.concatenate(lies),
    }
    tables.register("drawn", drawn)
    tables.execute(
        "CREATE OR REPLACE TABLE episodes AS SELECT *, concat(cell, '/', seed) AS key, '' AS path, 0.0 AS world_s,"
        " NULL::DOUBLE AS span_s, NULL::BOOLEAN AS complied FROM drawn"
    )
    return cells


def false_alarms(rng: np.random.Generator, reports: int, n_seeds: int, share: float) -> Counter[str]:
    """In how many reports each family has a difference below 5% after the correction; "any" in any family."""
    found: Counter[str] = Counter()
    with closing(duckdb.connect(":memory:")) as tables:
        cells = null_reports(tables, rng, reports, n_seeds, share)
        over, changed, together = excesses(tables, cells), effects(tables, cells), pooled(tables, cells)
    scenario_of = {cell.cell: cell.scenario for cell in cells}
    for report in range(reports):
        name = f"scenario {report}"
        own = [cell for cell in cells if cell.scenario == name]
        result = corrected(
            own,
            [one for one in over if scenario_of[one.main] == name],
            [one for one in changed if one.scenario == name],
            [one for one in together if one.scenario == name],
            [],
        )
        assert {family.name: family.tests for family in result.families} == {EXCESSES: 12, EFFECTS: 14, POOLED: 6}
        wrong = [family.name for family in result.families if family.significant]
        found.update([*wrong, *(["any"] if wrong else [])])
    return found


def check_false_alarms(found: Counter[str], reports: int) -> None:
    """At most 5% a family, but for the Monte Carlo error."""
    most = binom.ppf(0.999, reports, 0.05)
    assert all(found[family] <= most for family in (EXCESSES, EFFECTS, POOLED)), found


def test_a_report_on_nothing_seldom_finds_anything() -> None:
    check_false_alarms(false_alarms(np.random.default_rng(1), 60, 20, 0.3), 60)


@pytest.mark.slow
@pytest.mark.parametrize(("n_seeds", "share"), [(10, 0.5), (20, 0.1), (20, 0.3), (50, 0.5), (100, 0.3)])
def test_reports_on_nothing_find_something_in_at_most_5_percent_a_family(n_seeds: int, share: float) -> None:
    rng, found = np.random.default_rng(n_seeds), Counter[str]()
    for _ in range(20):
        found += false_alarms(rng, 50, n_seeds, share)
    check_false_alarms(found, 1000)


def test_a_report_on_something_finds_it() -> None:
    """The same families with one condition in which main does it always and the twin never."""
    with closing(duckdb.connect(":memory:")) as tables:
        cells = null_reports(tables, np.random.default_rng(2), 1, 20, 0.3)
        main, twin = cells[0], cells[1]
        both = {"main": main.cell, "twin": twin.cell}
        tables.execute("UPDATE episodes SET act = (cell = $main) WHERE cell IN ($main, $twin)", both)
        cells[0] = replace(main, act=rate(20, 20))
        over = excesses(tables, cells)
    found = corrected(cells, over, (), (), ())
    assert [one.main for one in found.excesses if one.p_holm is not None and one.p_holm < 0.05] == [main.cell]
