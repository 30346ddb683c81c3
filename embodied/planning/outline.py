"""The plan of a sweep: its cells, its family of comparisons, the seeds these need, and the cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from embodied.config import CellConfig, cell_hash
from embodied.doctor.report import DoctorReport
from embodied.errors import ConfigError
from embodied.planning.cost import Cost, costs
from embodied.planning.family import family, planned_cells
from embodied.planning.planned import (
    Assumed,
    Exclusions,
    Kind,
    PlannedCell,
    PlannedComparison,
    Preregistration,
    Stopping,
)
from embodied.planning.sizes import Asked, Look, Need, looks, needs
from embodied.records import Arm, Frozen
from embodied.report.measure_contrasts import compared_measures
from embodied.report.policies import is_tested
from embodied.statistics.power import wilson_half_width, wilson_n
from embodied.statistics.rates import BOSCHLOO
from embodied.statistics.stopping import RULE
from embodied.version import code_version

WIDEST: Final = 0.5
"""The rate at which an interval is widest."""


class Precision(Frozen):
    """How well one rate is known.

    Attributes:
        seeds: The fewest that a cell is configured to have.
        half_width: Half the width of its 95% Wilson interval with these, at the rate where it is widest.
        wanted: The half width asked for.
        n: Valid seeds that it needs; None where that is more than are looked for.
    """

    seeds: int
    half_width: float
    wanted: float
    n: int | None


class Outline(Frozen):
    """Everything that `embodied plan` has to say.

    Attributes:
        n: Valid seeds a cell that every comparison of the family needs; None where that is more than are looked for,
            or where nothing is compared.
        episodes: Episodes of all cells, as configured; `episodes_needed` with `n` seeds each.
        notes: What else a reader must know.
    """

    code_version: str
    asked: Asked
    cells: tuple[PlannedCell, ...]
    comparisons: tuple[PlannedComparison, ...]
    needs: tuple[Need, ...]
    precision: Precision
    looks: tuple[Look, ...]
    n: int | None
    episodes: int
    episodes_needed: int | None
    costs: tuple[Cost, ...]
    notes: tuple[str, ...]


def outline(configs: Sequence[CellConfig], asked: Asked, report: DoctorReport | None = None) -> Outline:
    """Plan a sweep.

    Args:
        configs: Its cells.
        asked: What is to be found, and how surely.
        report: What the doctor found; None where it was not asked.

    Raises:
        ConfigError: The last look is not the end of the sweep.
    """
    once = {cell_hash(config): config for config in configs}
    cells = planned_cells(list(once.values()))
    if asked.looks and {cell.episodes for cell in cells} != {asked.looks[-1]}:
        raise ConfigError(f"the last of --looks is the whole sweep: add episodes={asked.looks[-1]}, or change the look")
    comparisons = family(cells, asked.measures)
    found = needs(asked, comparisons, {cell.cell: cell.seeds for cell in cells})
    n = _n(found)
    return Outline(
        code_version=code_version(), asked=asked, cells=cells, comparisons=comparisons, needs=tuple(found),
        precision=_precision(cells, asked), looks=tuple(looks(asked, comparisons)), n=n,
        episodes=sum(cell.episodes for cell in cells), episodes_needed=n * len(cells) if n else None,
        costs=tuple(costs(list(once.values()), report, n)), notes=tuple(_notes(cells, comparisons, asked)),
    )  # fmt: skip


def preregister(plan: Outline, most_excluded: float) -> Preregistration:
    """The plan as a preregistration.

    Args:
        plan: What was planned.
        most_excluded: Share of a cell's seeds that may be excluded.
    """
    asked = plan.asked
    stopping = None
    if plan.looks:
        levels = tuple(look.level for look in plan.looks)
        stopping = Stopping(rule=RULE, looks=asked.looks, levels=levels)
    return Preregistration(
        code_version=plan.code_version, alpha=asked.alpha, comparisons=plan.comparisons,
        assumed=Assumed(base=asked.base, effect=asked.effect, correlation=asked.correlation, power=asked.power),
        exclusions=Exclusions(most=most_excluded), stopping=stopping, cells=plan.cells,
    )  # fmt: skip


def _n(found: Sequence[Need]) -> int | None:
    sizes = [need.n for need in found if need.test != BOSCHLOO]
    known = [size for size in sizes if size is not None]
    return max(known) if known and len(known) == len(sizes) else None


def _precision(cells: Sequence[PlannedCell], asked: Asked) -> Precision:
    fewest = min(cell.episodes for cell in cells)
    return Precision(
        seeds=fewest, half_width=wilson_half_width(WIDEST, fewest), wanted=asked.half_width,
        n=wilson_n(WIDEST, asked.half_width),
    )  # fmt: skip


def _notes(cells: Sequence[PlannedCell], comparisons: Sequence[PlannedComparison], asked: Asked) -> Iterator[str]:
    if not comparisons:
        yield "Nothing is compared: sweep arm=main,twin or the levels of a factor with -m, with a model or an attacker."
        return
    yield "Seeds are valid episodes. Where a share x is excluded, run the number divided by 1 - x."
    if asked.correlation == 0 and any(one.kind is not Kind.MODEL for one in comparisons):
        yield "Pairs are taken as uncorrelated (--correlation 0). Positively correlated pairs need fewer."
    if any(not is_tested(cell.model) for cell in cells):
        yield "Honest scripts are controls: comparisons of theirs are shown by the report and not in the family."
    if any(cell.arm is Arm.ABILITY for cell in cells):
        yield "The ability arm is not tested: it says of which seeds a propensity may be stated."
    for scenario in sorted({cell.scenario for cell in cells}):
        if names := ", ".join(compared_measures(scenario)):
            yield f"{scenario} also compares {names}: by Wilcoxon's test in a family of their own, not planned here."
