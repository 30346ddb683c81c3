"""One level of a factor against the first one, pooled over the conditions in which both were run.

The seed is the cluster (see `embodied.statistics.pooling`): it fixes layout, person and wordings. Where the factor is a
section of the prompt, each seed's wording is known too, and an effect that hangs on one of them is noted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from embodied.findings.designs import FEWEST, Pooling, poolings
from embodied.findings.pairs import PAIRS, as_parameters
from embodied.findings.query import rows
from embodied.findings.records import MEASURES, Cell, PooledEffect
from embodied.findings.wordings import MAX_SEEDS, CellWordings, wording_of_seeds
from embodied.policy.sections import LEFT_OUT
from embodied.statistics.pooling import FEWEST_CLUSTERS, Cluster, PooledDifference, pooled_difference
from embodied.statistics.rates import FEW_SEEDS, SIGNIFICANT, format_difference

FEWEST_WORDINGS: Final = 2
DRIVEN_BELOW: Final = 0.5
"""An effect hangs on one wording when without it less than this share of it is left."""
_SEEDS: Final = """
SELECT part, seed, count(*) AS pairs, count(*) FILTER (did) AS first, count(*) FILTER (other) AS second
FROM paired GROUP BY part, seed ORDER BY part, seed
"""
_CONDITIONS: Final = "SELECT part, count(DISTINCT (first, second)) AS conditions FROM paired GROUP BY part"
_WHOLE_SEEDS: Final = """
WITH pairs AS (SELECT unnest($first) AS first, unnest($second) AS second, unnest($part) AS part),
sides AS (SELECT part, first AS cell, true AS is_level FROM pairs UNION ALL SELECT part, second, false FROM pairs)
SELECT part, seed, count(*) // 2 AS pairs, count(*) FILTER (is_level AND {value}) AS first,
    count(*) FILTER (NOT is_level AND {value}) AS second
FROM sides JOIN episodes USING (cell) WHERE {value} IS NOT NULL
GROUP BY part, seed HAVING count(*) = (SELECT count(*) FROM sides AS s WHERE s.part = sides.part) ORDER BY part, seed
"""
"""Seeds that are scored in every cell of a design."""


@dataclass(frozen=True, slots=True)
class _Seeds:
    """What each seed of one comparison gave.

    Attributes:
        seeds: The seeds.
        counts: One row a seed: conditions in which it was scored at both levels, and in how many of them it happened at
            the level and at the reference.
    """

    seeds: NDArray[np.int64]
    counts: NDArray[np.int64]

    def difference(self) -> PooledDifference:
        """The pooled difference, seeds as clusters."""
        distinct, seeds = np.unique(self.counts, axis=0, return_counts=True)
        return pooled_difference(
            [Cluster(row[0], row[1], row[2], n) for row, n in zip(distinct.tolist(), seeds.tolist(), strict=True)]
        )

    def of(self, chosen: NDArray[np.bool_]) -> _Seeds:
        """Some of the seeds."""
        return _Seeds(self.seeds[chosen], self.counts[chosen])


def pooled(tables: duckdb.DuckDBPyConnection, cells: Sequence[Cell]) -> tuple[PooledEffect, ...]:
    """Every level that meets its reference in two or more conditions, of the act and of lies.

    Args:
        tables: See `embodied.findings.table`.
        cells: All cells, in the order of the run.
    """
    groups, words = poolings(cells), CellWordings(tables)
    if not groups:
        return ()
    found = {measure: _of_measure(tables, groups, measure, words) for measure in MEASURES}
    return tuple(
        found[measure][number] for number in range(len(groups)) for measure in MEASURES if number in found[measure]
    )


def _of_measure(
    tables: duckdb.DuckDBPyConnection, groups: Sequence[Pooling], measure: str, words: CellWordings
) -> dict[int, PooledEffect]:
    paired = _parameters(groups, is_paired=True)
    query = PAIRS.format(value=measure)
    conditions = {row["part"]: row["conditions"] for row in rows(tables, query + _CONDITIONS, paired)}
    seeds = _by_part(tables.execute(query + _SEEDS, paired).fetchnumpy())
    whole = tables.execute(_WHOLE_SEEDS.format(value=measure), _parameters(groups, is_paired=False)).fetchnumpy()
    for part, own in _by_part(whole).items():
        seeds[part], conditions[part] = own, len(groups[part].cells)
    return {
        part: _effect(groups[part], measure, own, conditions[part], words)
        for part, own in seeds.items()
        if conditions[part] >= FEWEST and len(own.seeds) >= FEWEST_CLUSTERS
    }


def _parameters(groups: Sequence[Pooling], *, is_paired: bool) -> dict[str, Any]:
    chosen = [number for number, own in enumerate(groups) if own.is_paired is is_paired]
    pairs = [pair for number in chosen for pair in groups[number].pairs]
    return as_parameters(pairs, [number for number in chosen for _ in groups[number].pairs])


def _by_part(found: Mapping[str, NDArray[Any]]) -> dict[int, _Seeds]:
    parts, begins = np.unique(np.asarray(found["part"], np.int64), return_index=True)
    counts = np.stack([np.asarray(found[name], np.int64) for name in ("pairs", "first", "second")], axis=1)
    seeds = np.asarray(found["seed"], np.int64)
    split = zip(parts, np.split(seeds, begins[1:]), np.split(counts, begins[1:]), strict=False)
    return {int(part): _Seeds(own, counted) for part, own, counted in split}


def _effect(group: Pooling, measure: str, seeds: _Seeds, conditions: int, words: CellWordings) -> PooledEffect:
    found = seeds.difference()
    said = words.of(group.cells[0].cell, group.factor) or words.of(group.others[0].cell, group.factor)
    wordings = _wordings(group.factor, len(said), seeds)
    few = [f"{found.clusters} seeds are few"] if found.clusters < FEW_SEEDS else []
    return PooledEffect(
        factor=group.factor,
        level=group.level,
        reference=group.reference,
        scenario=group.cells[0].scenario,
        model=group.cells[0].model,
        measure=measure,
        episodes=2 * found.pairs,
        clusters=found.clusters,
        conditions=conditions,
        difference=found.difference,
        low=found.low,
        high=found.high,
        p_value=found.p_value,
        method=found.method,
        paraphrases=len(np.unique(wordings)),
        note="; ".join([*few, *_driven(found, seeds, wordings)]),
        phrase=said[0] if said and group.level == LEFT_OUT else "",
        groups=group.groups,
    )


def _wordings(section: str, n_wordings: int, seeds: _Seeds) -> NDArray[np.int64]:
    """Index of the wording of each seed; none where the factor is no section or its wordings are not known."""
    if not n_wordings or len(seeds.seeds) > MAX_SEEDS:
        return np.array([], np.int64)
    return wording_of_seeds(seeds.seeds.tolist(), section, n_wordings)


def _driven(found: PooledDifference, seeds: _Seeds, wordings: NDArray[np.int64]) -> Iterator[str]:
    """What is to be known of an effect that hangs on one wording: what is left without it, and over all wordings."""
    met = np.unique(wordings)
    if len(met) < FEWEST_WORDINGS or found.p_value >= SIGNIFICANT:
        return
    for wording in met:
        others = seeds.of(wordings != wording)
        if len(others.seeds) < FEWEST_CLUSTERS:
            continue
        left = others.difference()
        if left.difference / found.difference < DRIVEN_BELOW:
            whole = _over_wordings(seeds, wordings)
            yield (
                f"hangs on wording {wording + 1}, one of {len(met)} met: without it"
                f" {format_difference(left.difference, left.low, left.high)}; over wordings as clusters"
                f" {format_difference(whole.difference, whole.low, whole.high)}"
            )


def _over_wordings(seeds: _Seeds, wordings: NDArray[np.int64]) -> PooledDifference:
    return pooled_difference(
        [Cluster(*seeds.counts[wordings == wording].sum(axis=0).tolist()) for wording in np.unique(wordings)]
    )
