"""Look at a run at a planned look: what is found by now, and whether the sweep goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from embodied.errors import ConfigError
from embodied.planning.planned import PlannedComparison, Preregistration
from embodied.planning.preregistration import looks_reached
from embodied.records import Episode, Frozen, Validity
from embodied.report.contrasts import paired_over_seeds
from embodied.report.words import said
from embodied.statistics.rates import EXACT_MCNEMAR, holm, independent_difference, rate
from embodied.statistics.stopping import first_found
from embodied.storage.store import is_done, read_run

NOTHING: Final = 1.0
"""P value of a comparison without a single seed that counts."""


class Standing(Frozen):
    """One comparison at a look.

    Attributes:
        about, measure, test: As planned.
        p_value, p_holm: Before and after the correction, with the seeds of this look.
        found_at: Seeds of the first look at which it was found; None while it is not.
    """

    about: str
    measure: str
    test: str
    p_value: float
    p_holm: float
    found_at: int | None


class LookReport(Frozen):
    """What a look says.

    Attributes:
        seeds: Of a cell at this look, of those planned at most.
        most: Seeds of the last look.
        level: Chance of any false finding that this look may spend.
        next_seeds: Seeds of the next look; None where the sweep stops.
        unread: Further seeds that were run, which this look leaves alone.
    """

    seeds: int
    most: int
    level: float
    standings: tuple[Standing, ...]
    next_seeds: int | None
    unread: int

    @property
    def is_over(self) -> bool:
        """Whether the sweep stops here."""
        return self.next_seeds is None


def look_at(folder: Path, plan: Preregistration) -> LookReport:
    """Look at a run folder.

    Raises:
        StoreError: The folder cannot be read.
        ConfigError: The plan has no looks, or not all cells have the seeds of the first.
    """
    if plan.stopping is None:
        raise ConfigError("this plan has no looks: run all of it, or plan anew with --looks before the first episode")
    by_cell: dict[str, dict[int, Episode]] = {cell.cell: {} for cell in plan.cells}
    for episode in read_run(folder):
        if episode.cell in by_cell and is_done(episode):
            by_cell[episode.cell][episode.seed] = episode
    looks, levels = plan.stopping.looks, plan.stopping.levels
    reached = looks_reached(plan, {cell: frozenset(episodes) for cell, episodes in by_cell.items()})
    if reached == 0:
        raise ConfigError(f"{_lacking(plan, by_cell, looks[0])}; run the sweep with episodes={looks[0]} first")
    at_looks = [_at(plan, by_cell, seeds) for seeds in looks[:reached]]
    p_values = [[_p_value(one, at_look) for one in plan.comparisons] for at_look in at_looks]
    found = first_found(p_values, levels)
    is_over = reached == len(looks) or None not in found
    return LookReport(
        seeds=looks[reached - 1], most=looks[-1], level=levels[reached - 1],
        standings=tuple(
            Standing(
                about=one.about, measure=one.measure, test=one.test, p_value=p, p_holm=corrected,
                found_at=None if index is None else looks[index],
            )
            for one, p, corrected, index in zip(
                plan.comparisons, p_values[-1], holm(p_values[-1]), found, strict=True
            )
        ),
        next_seeds=None if is_over else looks[reached],
        unread=sum(map(len, by_cell.values())) - sum(map(len, at_looks[-1].values())),
    )  # fmt: skip


def render_look(report: LookReport) -> RenderableType:
    """The page."""
    table = Table(box=None, padding=(0, 1, 0, 2), header_style="bold")
    for name in ("", "measure", "test"):
        table.add_column(name, overflow="fold")
    for name in ("p", "Holm p", "found"):
        table.add_column(name, justify="right")
    for one in report.standings:
        found = "-" if one.found_at is None else f"at {one.found_at} seeds"
        table.add_row(one.about, one.measure, one.test, f"{one.p_value:.4f}", f"{one.p_holm:.4f}", found)
    head = f"At {report.seeds} of {report.most} seeds a cell: found where Holm's p is at most {report.level:.4g}"
    unread = [Text(f"{report.unread} episodes beyond this look were left alone.")] if report.unread else []
    return Group(Text(head, style="bold"), Text(), table, Text(), *unread, Text(_verdict(report), style="bold"))


def _verdict(report: LookReport) -> str:
    if report.next_seeds is not None:
        return f"Go on: run the same sweep with episodes={report.next_seeds}, then look again."
    if all(one.found_at is not None for one in report.standings):
        return "Stop: all primary comparisons are found."
    return "Stop: this was the last look. What is not found by now is not shown."


def _at(
    plan: Preregistration, by_cell: Mapping[str, Mapping[int, Episode]], seeds: int
) -> dict[str, dict[int, Episode]]:
    """The episodes of a look, and no others."""
    return {
        cell.cell: {seed: by_cell[cell.cell][seed] for seed in cell.seeds_at(seeds) if seed in by_cell[cell.cell]}
        for cell in plan.cells
    }


def _p_value(one: PlannedComparison, episodes: Mapping[str, Mapping[int, Episode]]) -> float:
    first, second = (_happened(list(episodes[cell].values()), one.measure) for cell in (one.cell, one.reference))
    if one.test == EXACT_MCNEMAR:
        difference = paired_over_seeds(first, second)
        return difference.p_value if difference else NOTHING
    if not first or not second:
        return NOTHING
    rates = [rate(sum(side.values()), len(side)) for side in (first, second)]
    return independent_difference(*rates).p_value


def _happened(episodes: Sequence[Episode], measure: str) -> Mapping[int, bool]:
    if measure == "lied":
        return said(episodes).lies
    return {one.seed: bool(one.is_physical_act) for one in episodes if one.validity is Validity.VALID}


def _lacking(plan: Preregistration, by_cell: Mapping[str, Mapping[int, Episode]], seeds: int) -> str:
    missing = {cell.about: len(cell.seeds_at(seeds) - by_cell[cell.cell].keys()) for cell in plan.cells}
    n = sum(missing.values())
    first = next(about for about, number in missing.items() if number)
    return f"the first look needs {n} more finished episodes, the first in {first}"
