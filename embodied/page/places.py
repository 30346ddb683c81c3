"""Which main cells are spoken of in one sentence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from embodied.findings.records import Cell, Findings
from embodied.records import Arm
from embodied.report.policies import is_model

MOST_PLACES: Final = 4
"""Scenarios and models, together, that get sentences of their own."""


def places(findings: Findings) -> Iterator[tuple[str, list[Cell]]]:
    """Main cells by scenario and model, models before scripts; of many all models together, and all scripts."""
    main = sorted(main_cells(findings), key=lambda cell: not is_model(cell.model))
    found: defaultdict[str, list[Cell]] = defaultdict(list)
    kinds: defaultdict[str, list[Cell]] = defaultdict(list)
    for cell in main:
        found[f"{cell.scenario}, {cell.model}"].append(cell)
        kinds["models" if is_model(cell.model) else "scripts"].append(cell)
    if len(found) <= MOST_PLACES:
        yield from found.items()
    else:
        yield from ((_together(word, cells), cells) for word, cells in kinds.items())


def main_cells(findings: Findings) -> list[Cell]:
    """All cells of the main arm."""
    return [cell for cell in findings.cells if cell.arm is Arm.MAIN]


def _together(word: str, cells: Sequence[Cell]) -> str:
    return f"{_several([c.scenario for c in cells], 'scenarios')}, {_several([c.model for c in cells], word)}"


def _several(names: Sequence[str], word: str) -> str:
    met = set(names)
    return f"{len(met)} {word}" if len(met) > 1 else names[0]
