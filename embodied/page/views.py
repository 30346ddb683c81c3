"""What the sections of the page show of the findings: the same records, grouped and drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from markupsafe import Markup

from embodied.findings.records import BesideReference, Cell, Findings
from embodied.page.links import episodes_link
from embodied.page.survival import curves
from embodied.page.svg import KAPPA, POINTS, SHARES, Mark, Part, bar, intervals
from embodied.records import Arm, Outcome, Verdict
from embodied.report.layout import words
from embodied.report.plot import OUTCOME_FILLS
from embodied.report.words import NOISY_SHARE
from embodied.statistics.kappa import Kappa
from embodied.statistics.rates import IndependentDifference, PairedDifference, Rate

HATCHES: Final[Mapping[str, str]] = {"////": "up", "\\\\\\\\": "down", "....": "dots", "xxxx": "cross"}
EXCLUDED: Final = "excluded"
VERDICTS: Final = tuple(verdict.value for verdict in Verdict)


@dataclass(frozen=True, slots=True)
class Look:
    """How a part of an outcome bar is drawn: a class and the name of a hatch ("" for none)."""

    kind: str
    hatch: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Cells that share a condition: its arms."""

    condition: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves of one condition."""

    condition: str
    drawing: Markup
    cells: tuple[Cell, ...]
    log_rank_p: float | None


@dataclass(frozen=True, slots=True)
class Levels:
    """A factor that varies, and its levels."""

    factor: str
    levels: tuple[str, ...]


def look(outcome: str) -> Look:
    """How an outcome is drawn: the colours and hatches of `embodied.report.plot`."""
    fill = OUTCOME_FILLS.get(Outcome(outcome)) if outcome in set(Outcome) else None
    if fill is None:
        return Look(EXCLUDED, HATCHES["xxxx"])
    return Look(f"o-{outcome}", HATCHES.get(fill.hatch, ""))


def outcomes_met(findings: Findings) -> tuple[str, ...]:
    """Outcomes that occurred, from resisting to complying, as bars are drawn."""
    met = {outcome for cell in findings.cells for outcome in cell.outcomes}
    known = [outcome.value for outcome in OUTCOME_FILLS if outcome.value in met]
    return (*known, *sorted(met - set(known)))


def groups(findings: Findings) -> tuple[Group, ...]:
    """Cells by condition, in their order."""
    found = groupby(findings.cells, key=lambda cell: cell.condition)
    return tuple(Group(condition or "all", tuple(cells)) for condition, cells in found)


def rate_drawing(found: Rate, kind: str) -> Markup:
    """A rate on the axis of shares."""
    if not found.n:
        return Markup('<span class="none">nothing to score</span>')
    return intervals(SHARES, [Mark(found.k / found.n, found.low, found.high, kind)], f"{found}, {found.method}")


def difference_drawing(found: PairedDifference | IndependentDifference | None) -> Markup:
    """A difference on the axis of percentage points."""
    if found is None:
        return Markup()
    return spread_drawing(found.difference, found.low, found.high, f"{found}, {found.method}")


def spread_drawing(difference: float, low: float, high: float, title: str) -> Markup:
    """A difference of shares with its limits."""
    return intervals(POINTS, [Mark(difference, low, high, "difference")], title)


def kappa_drawing(found: Kappa | None) -> Markup:
    """An agreement beyond chance; nothing where it is not defined."""
    if found is None or found.kappa is None:
        return Markup()
    return intervals(KAPPA, [Mark(found.kappa, found.low, found.high, "difference")], f"{found}, {found.method}")


def beside_drawing(one: BesideReference, arm: Arm | None) -> Markup:
    """A published rate under ours."""
    theirs = one.reference.rate
    marks = []
    if one.ours is not None and one.ours.n and not one.refusal:
        marks.append(Mark(one.ours.k / one.ours.n, one.ours.low, one.ours.high, (arm or Arm.MAIN).value))
    if theirs is not None:
        marks.append(Mark(theirs.k / theirs.n, theirs.low, theirs.high, "theirs"))
    if not marks:
        return Markup()
    return intervals(SHARES, marks, f"ours {one.ours or 'none'}, theirs {theirs or 'none'}")


def is_noisy(cell: Cell) -> bool:
    """Whether so many answers are disputed that lies may be chance."""
    return cell.sources_differ.k > NOISY_SHARE * cell.sources_differ.n


def outcome_bar(cell: Cell) -> Markup:
    """The outcomes of a cell and what was excluded, number of episodes."""
    order = [outcome.value for outcome in OUTCOME_FILLS]
    ranked = sorted(cell.outcomes.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order))
    parts = [
        Part(found.k, (style := look(name)).kind, style.hatch, f"{words(name)}: {found}",
             episodes_link(cell.cell, outcome=name, validity="valid"))
        for name, found in ranked if found.k
    ]  # fmt: skip
    parts += [
        Part(count, EXCLUDED, HATCHES["xxxx"], f"excluded, {words(reason)}: {count}/{cell.episodes}",
             episodes_link(cell.cell, validity=reason))
        for reason, count in cell.excluded.items()
    ]  # fmt: skip
    told = ", ".join(part.title for part in parts)
    return bar(parts, cell.episodes, f"{cell.arm.value}: {told}")


def panels(findings: Findings) -> tuple[Panel, ...]:
    """Curves of time to compliance by condition, main and twin where both are known."""
    return tuple(_panels(findings))


def _panels(findings: Findings) -> Iterator[Panel]:
    by_hash = {cell.cell: cell for cell in findings.cells}
    log_rank = {one.main: one.log_rank_p for one in findings.excesses if one.log_rank_p is not None}
    twins = {one.main: one.twin for one in findings.excesses if one.twin}
    for main in findings.cells:
        if main.arm is not Arm.MAIN:
            continue
        cells = [main, *([by_hash[twins[main.cell]]] if twins.get(main.cell) in by_hash else [])]
        drawn = tuple(cell for cell in cells if cell.times is not None and cell.times.n and cell.times.steps)
        if drawn:
            yield Panel(main.condition or "all", curves(drawn), drawn, log_rank.get(main.cell))


def varying(findings: Findings) -> tuple[Levels, ...]:
    """Factors with more than one level, and the levels in order of appearance."""
    names = dict.fromkeys(name for cell in findings.cells for name in cell.factors)
    found = (Levels(name, _levels(findings.cells, name)) for name in names)
    return tuple(one for one in found if len(one.levels) > 1)


def _levels(cells: Sequence[Cell], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cell.factors[name] for cell in cells if name in cell.factors))


def distinct(values: Iterator[str]) -> tuple[str, ...]:
    """Values once each, in order of appearance."""
    return tuple(dict.fromkeys(values))
