"""The tables of a paper, as text that is not yet set: rates, differences, effects, published figures.

A rate is `k/n [low, high]` in shares. A difference is in percentage points. Every caption names the interval and the
test, and says over what was corrected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from embodied.export.wording import DASH, bounds, p_value, pairs, points, samples, seconds, share
from embodied.findings.records import MEASURES, Cell, Findings
from embodied.reference import DIFFERENT_WORLDS
from embodied.report.layout import words
from embodied.statistics.rates import EXACT_MCNEMAR, FISHER_EXACT, NEWCOMBE_INDEPENDENT, NEWCOMBE_PAIRED, WILSON


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, and how it is aligned: left `l`, right `r`, or left and wrapped `w`."""

    head: str
    align: str = "l"


@dataclass(frozen=True, slots=True)
class PaperTable:
    """A table.

    Attributes:
        name: Of its file and label.
        caption: What it shows, with the names of intervals and tests.
        columns: From left to right.
        rows: Plain text, a cell of the table each; nothing in it is markup.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


_HEADS: Final = (Column("Scenario"), Column("Model"), Column("Condition", "w"), Column("Arm"))
_PAIRED: Final = (Column("Pairs", "r"), Column("Only main", "r"), Column("Only twin", "r"), Column("Difference"))


def paper_tables(findings: Findings) -> tuple[PaperTable, ...]:
    """Every table for which there is something to show."""
    cells = {cell.cell: cell for cell in findings.cells}
    made = (
        _primary(findings), _cells(findings.cells), _outcomes(findings.cells), _excesses(findings, cells),
        _willing(findings, cells), _effects(findings), _pooled(findings), _prices(findings, cells),
        _references(findings, cells), _judges(findings), _families(findings),
    )  # fmt: skip
    return tuple(table for table in made if table.rows)


def _primary(findings: Findings) -> PaperTable:
    plan = findings.preregistered
    rows = [
        (one.about, MEASURES.get(one.measure, one.measure), points(one.difference),
         one.difference.test if one.difference else "not made as planned",
         p_value(one.difference.p_value if one.difference and plan.level is not None else None),
         p_value(one.p_holm if plan.level is not None else None))
        for one in (plan.primary if plan else ()) if plan
    ]  # fmt: skip
    level = "no planned look was reached" if plan is None or plan.level is None else f"level {plan.level:.4g}"
    return PaperTable(
        "primary",
        f"Planned comparisons, in percentage points with {NEWCOMBE_PAIRED} intervals (over common seeds) or"
        f" {NEWCOMBE_INDEPENDENT} intervals; corrected together by Holm's method as one family ({level}). All others"
        " are exploratory.",
        (Column("Comparison", "w"), Column("Measure"), Column("Difference"), Column("Test"), Column("p", "r"),
         Column("p (Holm)", "r")),
        tuple(rows),
    )  # fmt: skip


def _cells(cells: Sequence[Cell]) -> PaperTable:
    rows = [
        (*_named(cell), f"{cell.valid}/{cell.episodes}", share(cell.act), bounds(cell), share(cell.lied),
         share(cell.says_neither))
        for cell in cells
    ]  # fmt: skip
    return PaperTable(
        "cells",
        f"Episodes by cell: rates as k/n with {WILSON} intervals in brackets, over valid episodes. The unit is the"
        " episode. Bounds: the rate of the act had every excluded episode counted as a no, and as a yes.",
        (*_HEADS, Column("Valid", "r"), Column("Physical act"), Column("Bounds"), Column("Lied"),
         Column("Neither resisted nor complied")),
        tuple(rows),
    )  # fmt: skip


def _outcomes(cells: Sequence[Cell]) -> PaperTable:
    rows = [(*_named(cell), words(outcome), share(found)) for cell in cells for outcome, found in cell.outcomes.items()]
    excluded = [
        (*_named(cell), f"excluded: {words(reason)}", f"{count}/{cell.episodes}")
        for cell in cells for reason, count in cell.excluded.items()
    ]  # fmt: skip
    return PaperTable(
        "outcomes",
        f"Outcomes by cell: rates as k/n with {WILSON} intervals over valid episodes; excluded episodes by reason, of"
        " all episodes.",
        (*_HEADS, Column("Outcome"), Column("Rate")),
        tuple(rows + excluded),
    )


def _excesses(findings: Findings, cells: Mapping[str, Cell]) -> PaperTable:
    rows = [
        (*_named(cells[excess.main])[:3], MEASURES.get(excess.measure, excess.measure), *pairs(excess.difference),
         p_value(excess.difference.p_value), p_value(excess.p_holm))
        for excess in findings.excesses if excess.difference is not None
    ]  # fmt: skip
    return PaperTable(
        "excess",
        f"Main minus benign twin on common seeds, in percentage points with {NEWCOMBE_PAIRED} intervals;"
        f" {EXACT_MCNEMAR} test, corrected by Holm's method within its family.",
        (*_HEADS[:3], Column("Measure"), *_PAIRED, Column("p", "r"), Column("p (Holm)", "r")),
        tuple(rows),
    )


def _willing(findings: Findings, cells: Mapping[str, Cell]) -> PaperTable:
    rows = [
        (*_named(cells[found.main])[:3], share(found.willing.able),
         share(found.willing.willing) if found.willing.willing else str(found.willing.ability),
         "yes" if found.is_borrowed else "no")
        for found in findings.propensities if found.willing is not None
    ]  # fmt: skip
    return PaperTable(
        "willing",
        f"Willing given able: the physical act in main among the seeds whose ability episode succeeded, k/n with"
        f" {WILSON} intervals; not stated where fewer than half are able. Borrowed: the ability cell has another"
        " instruction.",
        (*_HEADS[:3], Column("Able"), Column("Willing given able"), Column("Borrowed")),
        tuple(rows),
    )


def _effects(findings: Findings) -> PaperTable:
    rows = []
    for effect in findings.effects:
        found = effect.paired or effect.independent
        if found is None:
            continue
        rows.append(
            (effect.scenario, effect.model, effect.common or DASH, effect.factor, effect.level, effect.reference,
             MEASURES.get(effect.measure, effect.measure), samples(found), points(found), p_value(found.p_value),
             p_value(None if effect.paired else effect.boschloo_p), p_value(effect.p_holm))
        )  # fmt: skip
    heads = ("Factor", "Level", "Against", "Measure", "Samples")
    return PaperTable(
        "effects",
        "Effects of factors in main, everything else being equal, in percentage points. Pairs of common seeds:"
        f" {NEWCOMBE_PAIRED} intervals and {EXACT_MCNEMAR} test; independent samples, as k/n against k/n:"
        f" {NEWCOMBE_INDEPENDENT} intervals and {FISHER_EXACT} test, Boschloo's exact test beside it. Corrected by"
        " Holm's method within the family.",
        (*_HEADS[:2], Column("Common levels", "w"), *map(Column, heads), Column("Difference"),
         *(Column(p, "r") for p in ("p", "p (Boschloo)", "p (Holm)"))),
        tuple(rows),
    )  # fmt: skip


def _pooled(findings: Findings) -> PaperTable:
    rows = [
        (one.scenario, one.model, one.factor, one.level, one.reference, MEASURES.get(one.measure, one.measure),
         str(one.episodes), str(one.clusters), points(one), p_value(one.p_value), p_value(one.p_holm))
        for one in findings.pooled
    ]  # fmt: skip
    methods = ", ".join(sorted({one.method for one in findings.pooled}))
    heads = ("Scenario", "Model", "Factor", "Level", "Against", "Measure")
    return PaperTable(
        "pooled",
        f"Effects of factors pooled over conditions, layouts and paraphrases, in percentage points; {methods}. A"
        " cluster is a seed: one layout, person and paraphrase.",
        (*map(Column, heads), Column("Episodes", "r"), Column("Clusters", "r"), Column("Difference"),
         Column("p", "r"), Column("p (Holm)", "r")),
        tuple(rows),
    )  # fmt: skip


def _prices(findings: Findings, cells: Mapping[str, Cell]) -> PaperTable:
    rows = [
        (*_named(cells[price.without])[:3], price.setting, cells[price.cell].arm.value,
         str(price.act.n if price.act else 0), points(price.act), points(price.way),
         points(price.task), p_value(price.act_p_holm), seconds(price), f"{price.human_s:.1f}",
         f"{price.prevented}/{price.stopped}")
        for price in findings.prices if not price.note
    ]  # fmt: skip
    return PaperTable(
        "oversight",
        "Cells with oversight minus the same without, over seeds valid in both, in percentage points with"
        f" {NEWCOMBE_PAIRED} intervals; p of the act: {EXACT_MCNEMAR} test, corrected by Holm's method within its"
        " family. Seconds are an episode's. Prevented: stopped actions that are deeds when played out, of all stopped.",
        (*_HEADS[:3], Column("Oversight", "w"), Column("Arm"), Column("Pairs", "r"), Column("Physical act"),
         Column("Got round it"), Column("Task completed"), Column("p (Holm)", "r"), Column("World s"),
         Column("Human s", "r"), Column("Prevented", "r")),
        tuple(rows),
    )  # fmt: skip


def _references(findings: Findings, cells: Mapping[str, Cell]) -> PaperTable:
    rows = []
    for one in findings.references:
        theirs, cell = one.reference, cells.get(one.cell)
        published = share(theirs.rate) if theirs.rate else str(theirs)
        rows.append(
            (f"{theirs.source.authors} {theirs.source.year}: {theirs.id}", theirs.model, theirs.condition, published,
             theirs.unit.value, theirs.judge, theirs.body.value, cell.condition or "all" if cell else DASH,
             share(one.ours) if one.ours else DASH, points(one.difference), one.refusal or DIFFERENT_WORLDS,
             "; ".join(filter(None, (theirs.note, f"from: {theirs.evidence}", theirs.told, *theirs.caveats))))
        )  # fmt: skip
    return PaperTable(
        "references",
        f"Published figures beside ours: k/n with {WILSON} intervals, computed here from the published counts; ours"
        f" minus theirs in percentage points with {NEWCOMBE_INDEPENDENT} intervals and without a test, since task,"
        " prompt, body and judge differ.",
        (Column("Figure", "w"), Column("Model"), Column("Condition", "w"), Column("Published"), Column("Unit"),
         Column("Judged by", "w"), Column("Body"), Column("Ours in", "w"), Column("Ours"), Column("Difference"),
         Column("Note", "w"), Column("Caveats", "w")),
        tuple(rows),
    )  # fmt: skip


def _judges(findings: Findings) -> PaperTable:
    rows = [
        (one.judge, one.rubric, one.scenario, words(one.item), str(one.asked), str(one.unparsed), str(one.inconsistent),
         str(one.kappa) if one.kappa else DASH)
        for one in findings.judges
    ]  # fmt: skip
    methods = ", ".join(sorted({one.kappa.method for one in findings.judges if one.kappa}))
    heads = ("Judge", "Rubric", "Scenario", "Question")
    return PaperTable(
        "judges",
        f"Agreement of judge models with the ledger, Cohen's kappa, {methods}. A judge decides no headline number.",
        (*map(Column, heads), Column("Asked", "r"), Column("Unparsed", "r"), Column("Inconsistent", "r"),
         Column("Kappa")),
        tuple(rows),
    )  # fmt: skip


def _families(findings: Findings) -> PaperTable:
    rows = [(one.name, str(one.tests), str(one.significant), one.method) for one in findings.families]
    return PaperTable(
        "families",
        "Families of tests that are corrected together, and how many stay below 5% after it.",
        (Column("Family"), Column("Tests", "r"), Column("Below 5%", "r"), Column("Correction")),
        tuple(rows),
    )


def _named(cell: Cell) -> tuple[str, str, str, str]:
    return cell.scenario, cell.model, cell.condition or "all", cell.arm.value
