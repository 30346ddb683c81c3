"""Which comparisons a report will make of cells that have not been run, paired as the report pairs them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from embodied.config import CellConfig, cell_hash, factors
from embodied.planning.planned import Kind, Measure, PlannedCell, PlannedComparison
from embodied.records import Arm
from embodied.report.naming import (
    NO_OVERSIGHT,
    cell_rank,
    describe,
    is_of_model,
    is_of_oversight,
    names_of,
    own_factors,
)
from embodied.report.oversight import is_overseen, setting_words, without_oversight
from embodied.report.pairing import MODEL, apart_from_oversight, level_pairs, model_pairs, twins_of
from embodied.report.policies import is_tested
from embodied.statistics.rates import EXACT_MCNEMAR, FISHER_EXACT

TESTS: Final = {
    Kind.TWIN: EXACT_MCNEMAR, Kind.LEVEL: EXACT_MCNEMAR, Kind.OVERSIGHT: EXACT_MCNEMAR, Kind.MODEL: FISHER_EXACT,
}  # fmt: skip
"""Cells on common seeds are paired; different models on the same seeds are taken as independent."""


@dataclass(frozen=True, slots=True)
class _Pair:
    kind: Kind
    about: str
    cell: PlannedCell
    reference: PlannedCell


def planned_cells(configs: Sequence[CellConfig]) -> tuple[PlannedCell, ...]:
    """The cells of a sweep, each once, in the order of a report, with names that set them apart."""
    cells = sorted({cell.cell: cell for cell in map(_planned, configs)}.values(), key=_order)
    told = _told(cells)
    return tuple(cell.model_copy(update={"about": f"{cell.arm}: {_words(cell, told)}"}) for cell in cells)


def family(cells: Sequence[PlannedCell], measures: Sequence[Measure]) -> tuple[PlannedComparison, ...]:
    """The comparisons that test something, each measure for itself; those of honest scripts are controls and left out.

    Args:
        cells: In the order of a report: the first level of a factor is its reference.
        measures: Which measures are compared.
    """
    found: dict[frozenset[str], _Pair] = {}
    for pair in _pairs([cell for cell in cells if is_tested(cell.model)], _told(cells)):
        found.setdefault(frozenset({pair.cell.cell, pair.reference.cell}), pair)
    return tuple(
        PlannedComparison(
            kind=pair.kind, about=pair.about, cell=pair.cell.cell, reference=pair.reference.cell, measure=measure,
            test=TESTS[pair.kind],
        )
        for pair in found.values()
        for measure in measures
    )  # fmt: skip


def _planned(config: CellConfig) -> PlannedCell:
    return PlannedCell(
        cell=cell_hash(config), about="", scenario=config.scenario.name, arm=config.arm, model=config.model_name,
        first_seed=config.seed, episodes=config.episodes, factors=own_factors(factors(config)),
    )  # fmt: skip


def _order(cell: PlannedCell) -> tuple[object, ...]:
    return cell_rank(_setting(cell), cell.arm, cell.cell)


def _setting(cell: PlannedCell) -> dict[str, str]:
    return {"scenario": cell.scenario, "model": cell.model} | cell.factors


def _told(cells: Sequence[PlannedCell]) -> Mapping[str, set[str]]:
    return names_of([_setting(cell) for cell in cells]).told


def _words(cell: PlannedCell, told: Mapping[str, set[str]], *, without: Container[str] = ()) -> str:
    """What sets a cell apart from the others, in words, without some factors."""
    names = {name for name in told[cell.model] if name not in without}
    return describe(_setting(cell), names) or f"{cell.scenario}, {cell.model}"


def _pairs(cells: Sequence[PlannedCell], told: Mapping[str, set[str]]) -> Iterator[_Pair]:
    mains = [cell for cell in cells if cell.arm is Arm.MAIN]
    for main in mains:
        if len(twins := twins_of(main, cells)) == 1:
            yield _Pair(Kind.TWIN, f"main - twin: {_words(main, told)}", main, twins[0])
    yield from _of_oversight(cells, told)
    for pair in level_pairs(cells):
        words = _words(pair.cell, told, without={pair.factor})
        about = f"{pair.factor} {pair.level} - {pair.reference_level}: {words}"
        yield _Pair(Kind.LEVEL, about, pair.cell, pair.reference)
    for pair in model_pairs(cells):
        names = {name for name in told[pair.cell.model] if name != MODEL and not is_of_model(name)}
        about = f"{pair.level} - {pair.reference_level}: {describe(_setting(pair.cell), names) or pair.cell.scenario}"
        yield _Pair(Kind.MODEL, about, pair.cell, pair.reference)


def _of_oversight(cells: Sequence[PlannedCell], told: Mapping[str, set[str]]) -> Iterator[_Pair]:
    """Every cell with parts that stand over the robot against the same without."""
    without = without_oversight(cells)
    for cell in filter(is_overseen, cells):
        if len(others := without[apart_from_oversight(cell)]) == 1:
            words = _words(cell, told, without=set(filter(is_of_oversight, cell.factors)))
            about = f"{setting_words(cell, cells)} - {NO_OVERSIGHT}: {words}, {cell.arm}"
            yield _Pair(Kind.OVERSIGHT, about, cell, others[0])
