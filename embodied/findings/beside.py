"""Published figures beside cells of ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from embodied.findings.records import MEASURES, BesideReference, Cell
from embodied.policy.sections import LEFT_OUT
from embodied.reference import CellFigure, Comparison, Reason, Reference, Refusal, beside
from embodied.report.oversight import is_overseen
from embodied.report.policies import is_model
from embodied.statistics.rates import Rate, rate

ONLY_SCRIPTS: Final = "only scripted policies were run here, and a figure of a model does not stand beside a script"
ONLY_OTHERWISE: Final = (
    "every model here had oversight parts over it or a section of its prompt left out, and theirs had neither"
)
_REASONS: Final = tuple(Reason)


def beside_references(cells: Sequence[Cell], references: Sequence[Reference]) -> tuple[BesideReference, ...]:
    """Each published figure of a scenario that was run, beside every cell that it may stand beside.

    Where there is none it is there once, with the reason that the cell nearest to it gives.

    Args:
        cells: All cells.
        references: Published figures.
    """
    scenarios = {cell.scenario for cell in cells}
    return tuple(
        found
        for reference in references
        if reference.beside is not None and reference.beside.scenario in scenarios
        for found in _of_reference(reference, cells)
    )


def _of_reference(reference: Reference, cells: Sequence[Cell]) -> Iterator[BesideReference]:
    assert reference.beside is not None
    models = [cell for cell in cells if cell.scenario == reference.beside.scenario and is_model(cell.model)]
    as_shipped = [cell for cell in models if not is_overseen(cell) and LEFT_OUT not in cell.factors.values()]
    refusals = []
    for cell in as_shipped:
        ours = _rate(cell, reference.beside.measure)
        figure = CellFigure(cell.scenario, cell.arm, cell.factors, reference.beside.measure, ours)
        match beside(reference, figure):
            case Comparison() as found:
                yield BesideReference(reference, cell.cell, ours, found.difference)
            case Refusal() as refusal:
                refusals.append(refusal)
    if not models:
        yield BesideReference(reference, "", None, None, ONLY_SCRIPTS)
    elif not as_shipped:
        yield BesideReference(reference, "", None, None, ONLY_OTHERWISE)
    elif len(refusals) == len(as_shipped):
        nearest = max(refusals, key=lambda refusal: _REASONS.index(refusal.reason))
        yield BesideReference(reference, "", None, None, nearest.text)


def _rate(cell: Cell, measure: str) -> Rate:
    if measure in MEASURES:
        return cell.rate_of(measure)
    return cell.outcomes.get(measure, rate(0, cell.valid))
