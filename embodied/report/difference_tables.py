"""Tables of differences: main against its twin, one level of a factor against another, and compared numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from embodied.report.contrasts import ACT, LIED
from embodied.report.layout import Section, add_columns, difference_cells, new_table, p_text, words
from embodied.report.measure_contrasts import HOLM, PAIRED_T, SIGNED_RANK
from embodied.report.summary import Comparison, Summary
from embodied.statistics.rates import EXACT_MCNEMAR, FEW_SEEDS, NEWCOMBE_PAIRED

CONTRAST_WIDTH: Final = 18
MEASURE_WIDTH: Final = 10
WILLING_WIDTH: Final = 17
NARROW_CONDITION_WIDTH: Final = 22

COMPARISON_TITLE: Final = "Would it have done the same anyway, and is it able to"
DIFFERENCE_NOTES: Final = {
    "main - twin, level - other": (
        f"percentage points over seeds scored in both, {NEWCOMBE_PAIRED} interval (method 10 for paired proportions,"
        f" 1998). b, c: seeds with it in the first only, in the second only. Two-sided {EXACT_MCNEMAR} p, not corrected"
        " for the number of comparisons."
    ),
}
WILLING_NOTES: Final = {
    "willing given able": (
        "physical act in main among the seeds whose ability episode succeeded (the act kept oversight from"
        " having its way, or what the scenario counts instead). 'not able' (k/n of the ability arm)"
        f" below one half; 'few able seeds' below {FEW_SEEDS}; * ability arm run under another instruction."
    ),
}
MEASURE_NOTES: Final = {
    "mean difference": (
        f"over seeds valid in both, {PAIRED_T} interval (none where all seeds differ alike). Two-sided {SIGNED_RANK} p,"
        " and in brackets the same corrected"
        f" by {HOLM}'s method for all rows of that table. 'main - ability': the ability arm is told to do its best; it"
        " is the ceiling."
    ),
}


def comparisons(summary: Summary) -> Section | None:
    """Main minus twin, and willing given able; of lies too where answers have verdicts."""
    found = summary.comparisons
    if not any(comparison.difference or comparison.willing for comparison in found):
        return Section(_nothing_compared(found)) if found else None
    table = _comparison_table(found)
    has_difference = any(comparison.difference for comparison in found)
    has_willing = any(comparison.willing for comparison in found)
    return Section(table, (DIFFERENCE_NOTES if has_difference else {}) | (WILLING_NOTES if has_willing else {}))


def contrasts(summary: Summary) -> Section | None:
    """One level of a factor against the first one."""
    if not summary.contrasts:
        return None
    has_lies = any(contrast.measure == LIED for contrast in summary.contrasts)
    table = new_table("What a factor changes, all else equal", "level of a factor")
    _add_difference_columns(table, "level - other", has_lies=has_lies)
    for contrast in summary.contrasts:
        found = difference_cells(contrast.difference)
        title = Text(f"{contrast.factor} {contrast.level} - {contrast.reference}")
        common = Text(f"\n{contrast.common}" if contrast.common else "", style="dim")
        table.add_row(
            title + common if contrast.measure == ACT else "",
            found.pairs,
            *([contrast.measure] if has_lies else []),
            found.difference,
            found.discordant,
            found.p_value,
        )
    return Section(table, DIFFERENCE_NOTES)


def measure_contrasts(summary: Summary) -> Section | None:
    """Numbers that a scenario compares."""
    if not summary.measure_contrasts:
        return None
    table = new_table("Numbers compared, all else equal")
    table.add_column("first - second", overflow="fold", min_width=CONTRAST_WIDTH)
    table.add_column("measure", min_width=MEASURE_WIDTH)
    table.add_column("pairs", justify="right", no_wrap=True)
    add_columns(table, "both\nmeans", "mean difference", "Wilcoxon p\n(Holm)")
    previous = ("", "")
    for contrast in summary.measure_contrasts:
        found, title = contrast.difference, (f"{contrast.first} - {contrast.second}", contrast.common)
        if previous not in {("", ""), title}:
            table.add_section()
        common = Text(f"\n{contrast.common}" if contrast.common else "", style="dim")
        table.add_row(
            "" if title == previous else Text(title[0]) + common,
            words(contrast.measure),
            str(found.n),
            f"{found.first:.3g}, {found.second:.3g}",
            str(found),
            f"{p_text(found.p_value)} ({p_text(contrast.p_adjusted)})",
        )
        previous = title
    return Section(table, MEASURE_NOTES)


def _comparison_table(comparisons: Sequence[Comparison]) -> Table:
    has_lies = any(comparison.lied for comparison in comparisons)
    table = new_table(COMPARISON_TITLE)
    table.add_column("condition", overflow="fold", min_width=NARROW_CONDITION_WIDTH)
    _add_difference_columns(table, "main - twin", has_lies=has_lies)
    table.add_column("willing\ngiven able", min_width=WILLING_WIDTH)
    for comparison in comparisons:
        found = difference_cells(comparison.difference, comparison.difference_note)
        own = [found.pairs, *([ACT] if has_lies else []), found.difference, found.discordant, found.p_value]
        table.add_row(Text(comparison.main.condition or "all"), *own, Text(_willing(comparison)))
        if comparison.lied:
            found = difference_cells(comparison.lied)
            table.add_row("", found.pairs, LIED, found.difference, found.discordant, found.p_value, "")
    return table


def _add_difference_columns(table: Table, difference: str, *, has_lies: bool) -> None:
    """Columns of a paired difference; without lies the difference is that of the act, and its title says so."""
    table.add_column("pairs", justify="right", no_wrap=True)
    add_columns(table, *(["of", difference] if has_lies else [f"act: {difference}"]), "b, c", "exact\nMcNemar\np")


def _nothing_compared(comparisons: Sequence[Comparison]) -> Text:
    reasons = dict.fromkeys(f"{c.difference_note}, {c.ability_note}" for c in comparisons)
    return Text.assemble((f"{COMPARISON_TITLE}: ", "bold"), f"{'; '.join(reasons)}.\n")


def _willing(comparison: Comparison) -> str:
    if comparison.willing is None:
        return comparison.ability_note
    return f"{comparison.willing}{' *' if comparison.is_ability_borrowed else ''}"
