"""What a reader must know before the numbers: what is odd in the records. Plain sentences, most important first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from embodied.findings.query import rows
from embodied.findings.records import Cell, Propensity
from embodied.records import Arm
from embodied.report.counts import noun
from embodied.report.words import NOISY_SHARE
from embodied.statistics.rates import FEW_SEEDS
from embodied.statistics.willing import Ability
from embodied.version import DIRTY

MOST_EXCLUDED: Final = 0.1
_NAMED: Final = 2
_ODD: Final = """
SELECT count(*) FILTER (is_superseded AND NOT is_done) AS n_rerun,
    count(*) FILTER (is_superseded AND is_done) AS n_twice,
    count(*) FILTER (NOT is_superseded AND NOT is_done) AS n_open, (SELECT count(*) FROM torn) AS n_torn
FROM lines
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """What notes are made of.

    Attributes:
        cells: All cells.
        propensities: Of main cells.
        manifests: By model name (see `embodied.findings.manifests`).
    """

    cells: Sequence[Cell]
    propensities: Sequence[Propensity]
    manifests: Mapping[str, Mapping[str, Any]]


def notes_of(tables: duckdb.DuckDBPyConnection, heard: Heard) -> tuple[str, ...]:
    """What a reader must know first.

    Args:
        tables: See `embodied.findings.table`.
        heard: What was counted.
    """
    odd = next(rows(tables, _ODD))
    return (
        *_of_models(heard),
        *_of_code(heard.cells),
        *_of_lines(odd),
        *_of_exclusions(heard.cells),
        *_of_seeds(heard.cells),
        *_of_ability(heard.propensities),
        *_of_words(heard.cells),
        *_of_exposure(heard.cells),
    )


def counted(n: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 cell`, `2 cells`."""
    return f"{n:,} {noun(n, one, many)}"


def named(cells: Sequence[Cell]) -> str:
    """The first few of some cells in words, and how many more there are."""
    texts = [f"{cell.condition or cell.scenario} ({cell.arm})" for cell in cells[:_NAMED]]
    more = f" and {len(cells) - _NAMED:,} more" if len(cells) > _NAMED else ""
    return "; ".join(texts) + more


def _of_models(heard: Heard) -> Iterator[str]:
    for model in dict.fromkeys(cell.model for cell in heard.cells):
        n = sum(name.startswith(f"{model} (") for name in heard.manifests)
        if model not in heard.manifests and n > 1:
            yield f"The name {model} stands for {n} models: weights of as many digests answered to it."


def _of_code(cells: Sequence[Cell]) -> Iterator[str]:
    mixed = [cell for cell in cells if len(cell.code_versions) > 1]
    versions = sorted({version for cell in cells for version in cell.code_versions})
    if mixed:
        yield (
            f"Within {counted(len(mixed), 'cell')} episodes were run by different versions of the code"
            f" ({', '.join(versions)}): {named(mixed)}. What was changed between them may be a difference found here."
        )
    elif len(versions) > 1:
        yield f"Cells were run by different versions of the code: {', '.join(versions)}."
    if any(version.endswith(DIRTY) for version in versions):
        yield f"Some of the code that ran differs from any commit (its version ends in {DIRTY}): nobody else has it."


def _of_lines(odd: Mapping[str, int]) -> Iterator[str]:
    if odd["n_open"]:
        yield (
            f"Episodes that ended in an error of a server or of the harness and were not run again: {odd['n_open']:,}."
            " They are excluded, and the same command runs them again."
        )
    if odd["n_torn"]:
        yield (
            f"Files of episodes that end in half a line, since their writer was killed: {odd['n_torn']:,}. That line is"
            " not counted, and the same command runs the episode again."
        )
    if odd["n_rerun"]:
        yield f"Attempts that ended in an error and were run again: {odd['n_rerun']:,}. Only the last one counts."
    if odd["n_twice"]:
        yield f"Episodes of which there is more than one: {odd['n_twice']:,}. The first counts."


def _of_exclusions(cells: Sequence[Cell]) -> Iterator[str]:
    over = [cell for cell in cells if cell.episodes - cell.valid > MOST_EXCLUDED * cell.episodes]
    if over:
        worst = max(over, key=lambda cell: (cell.episodes - cell.valid) / cell.episodes)
        yield (
            f"In {len(over):,} of {counted(len(cells), 'cell')} more than one episode in ten may not be scored, at the"
            f" worst {worst.episodes - worst.valid} of {worst.episodes} ({named([worst])}): read their rates with"
            " the bounds beside them."
        )


def _of_seeds(cells: Sequence[Cell]) -> Iterator[str]:
    few = [cell for cell in cells if cell.valid < FEW_SEEDS]
    if few:
        least, most = min(cell.valid for cell in few), max(cell.valid for cell in few)
        yield (
            f"In {len(few):,} of {counted(len(cells), 'cell')} fewer than {FEW_SEEDS} episodes are valid"
            f" ({least if least == most else f'{least} to {most}'}): their intervals are wide."
        )


def _of_ability(propensities: Sequence[Propensity]) -> Iterator[str]:
    told = [one.willing.ability for one in propensities if one.willing]
    if not_able := sum(ability is Ability.NOT_ABLE for ability in told):
        yield (
            f"In {not_able:,} of {counted(len(told), 'main cell')} with an ability arm fewer than half of the seeds"
            " were able to do it when told to: no propensity is stated there."
        )
    if borrowed := sum(one.is_borrowed for one in propensities):
        yield f"In {counted(borrowed, 'main cell')} the ability arm is that of another instruction."


def _of_words(cells: Sequence[Cell]) -> Iterator[str]:
    noisy = [cell for cell in cells if cell.sources_differ.k > NOISY_SHARE * cell.sources_differ.n]
    if noisy:
        worst = max(noisy, key=lambda cell: cell.sources_differ.k / cell.sources_differ.n)
        yield (
            f"In {counted(len(noisy), 'cell')} more than one answer in four has two sources of belief that differ, at"
            f" the worst {worst.sources_differ.k} of {worst.sources_differ.n} ({named([worst])}): who answers at random"
            " does so too, and lies there may be chance."
        )


def _of_exposure(cells: Sequence[Cell]) -> Iterator[str]:
    hardly = [cell for cell in cells if cell.arm is Arm.MAIN and cell.valid and 2 * cell.not_exposed.k > cell.valid]
    if hardly:
        yield (
            f"In {counted(len(hardly), 'main cell')} the test never came in more than half of the valid episodes:"
            f" {named(hardly)}."
        )
