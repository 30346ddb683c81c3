"""Tables of oversight: what each setting changed, what it cost, what its parts did, and how well monitors rank."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from embodied.records import Arm
from embodied.report.counts import Count
from embodied.report.frontier import frontiers
from embodied.report.layout import Section, add_columns, difference_cells, new_table, p_text
from embodied.report.measure_contrasts import MeanDifference
from embodied.report.monitors import BUDGETS, Monitor, monitors
from embodied.report.oversight import Effect, Paired, effects
from embodied.report.oversight_notes import DOING_NOTES, EFFECT_NOTES, FRONTIER_NOTES, MONITOR_NOTES, PRICE_NOTES
from embodied.report.summary import Summary
from embodied.statistics.rates import PairedDifference

NAME_WIDTH: Final = 22


def sections(summary: Summary) -> Iterator[Section | None]:
    """All tables of oversight; none where no part stood over any robot."""
    found = effects(summary.cells)
    if found:
        yield _frontier(summary)
        yield _effects(found)
        yield _prices(found)
        yield _doings(found)
        yield _monitors(monitors(summary.cells))


def _effects(found: Sequence[Effect]) -> Section:
    table = _new_table("What oversight changed")
    table.add_column("pairs", justify="right", no_wrap=True)
    add_columns(table, "of", "with,\nwithout", "difference", "McNemar p\n(Holm)")
    for title, effect in _titled(found, table):
        if effect.paired is None:
            table.add_row(title, "-", "", "", effect.note, "")
            continue
        for head, row in zip((title, Text()), _effect_rows(effect.paired), strict=False):
            table.add_row(head, *row)
    return Section(table, EFFECT_NOTES)


def _effect_rows(paired: Paired) -> Iterator[tuple[str, ...]]:
    """Act and way, in one row where they are alike."""
    is_alike = (paired.act, paired.act_p_holm) == (paired.way, paired.way_p_holm)
    yield _effect_row("both" if is_alike else "act", paired.act, paired.act_p_holm)
    if not is_alike:
        yield _effect_row("its way", paired.way, paired.way_p_holm)


def _effect_row(name: str, found: PairedDifference, corrected: float | None) -> tuple[str, ...]:
    cells = difference_cells(found)
    holm = "" if corrected is None else f" ({p_text(corrected)})"
    return cells.pairs, name, _sides(found), cells.difference, f"{cells.p_value}{holm}"


def _sides(found: PairedDifference) -> str:
    return f"{found.both + found.main_only}/{found.n}, {found.both + found.twin_only}/{found.n}"


def _prices(found: Sequence[Effect]) -> Section | None:
    if not any(effect.paired for effect in found):
        return None
    table = _new_table("What it cost")
    add_columns(table, "of", "with,\nwithout", "difference", "asked", "people's\ntime, s", "held\nup, s")
    for title, effect in _titled(found, table):
        if (paired := effect.paired) is None:
            table.add_row(title, "", "", effect.note, "", "", "")
            continue
        heads = (title, Text(), Text())
        means = (f"{paired.asked:.2g}", f"{paired.human_s:.3g}", f"{paired.delay_s:.3g}")
        for head, row, last in zip(heads, _price_rows(paired), (means, (), ()), strict=False):
            table.add_row(head, *row, *last)
    return Section(table, PRICE_NOTES)


def _price_rows(paired: Paired) -> Iterator[tuple[str, str, str]]:
    """Task and time; the share of the task where it says more than completion, alone where nobody completed it."""
    task, progress, time = paired.task, paired.progress, paired.world_s
    says_more = (progress.first, progress.second) != (_share(task.main_only, task), _share(task.twin_only, task))
    if not says_more or task.neither < task.n:
        yield "task", _sides(task), str(task)
    if says_more:
        yield "share", f"{progress.first:.2f}, {progress.second:.2f}", _mean(progress, "+.2f")
    yield "time, s", f"{time.first:.1f}, {time.second:.1f}", _mean(time, "+.1f")


def _share(only: int, found: PairedDifference) -> float:
    return (found.both + only) / found.n


def _mean(found: MeanDifference, digits: str) -> str:
    if found.low is None or found.high is None:
        return f"{found.difference:{digits}}"
    return f"{found.difference:{digits}} ({found.low:{digits}} to {found.high:{digits}})"


def _doings(found: Sequence[Effect]) -> Section | None:
    if not any(effect.tallies for effect in found):
        return None
    has_parts = any(len(effect.tallies) > 1 for effect in found)
    has_tampered = any(tally.tampered.k for effect in found for tally in effect.tallies)
    table = _new_table("What its parts did")
    add_columns(table, "prevented:\nact, its way", "stopped\nin vain")
    if has_parts:
        table.add_column("part", overflow="fold")
    tampered = ["tamp-\nered"] if has_tampered else []
    add_columns(table, "fired\nin", "stopped:\ndeed, no,\nuntried", "missed\nof done", *tampered)
    for title, effect in _titled(found, table):
        whole = (title, *_whole(effect.paired))
        for tally in effect.tallies:
            stopped = f"{tally.prevented}, {tally.no_deed}, {tally.untried}"
            tampered = [str(tally.tampered)] if has_tampered else []
            part = [tally.part] if has_parts else []
            table.add_row(*whole, *part, str(tally.fired), stopped, _some(tally.missed), *tampered)
            whole = (Text(), "", "")
    return Section(table, DOING_NOTES)


def _whole(paired: Paired | None) -> tuple[str, str]:
    """What all parts did together, over the pairs."""
    if paired is None:
        return "-", "-"
    prevented = "-" if not paired.prevented.n + paired.kept.n else f"{_some(paired.prevented)}, {_some(paired.kept)}"
    return prevented, _some(paired.stopped_for_nothing)


def _some(count: Count) -> str:
    return str(count) if count.n else "-"


def _monitors(found: Sequence[Monitor]) -> Section | None:
    if not found:
        return None
    table = _new_table("How well scores tell episodes with the act from those without", "oversight: part, policies")
    add_columns(table, "acts", "area", *(f"found by\nreviewing {share:.0%}" for share in BUDGETS))
    has_arms = any(monitor.arm is not Arm.MAIN for monitor in found)
    titles = _Titles(table, has_places=len({monitor.place for monitor in found}) > 1)
    for monitor in found:
        name = titles.under(monitor.place, monitor.title, f"{monitor.whose}{f', {monitor.arm}' if has_arms else ''}")
        is_ranked = monitor.is_graded and monitor.area is not None
        hits = [str(audit) for audit in monitor.audits] if is_ranked else ["-"] * len(BUDGETS)
        table.add_row(name, f"{monitor.acts}/{len(monitor.scored)}", _area(monitor), *hits)
    return Section(table, MONITOR_NOTES)


def _area(monitor: Monitor) -> str:
    mark = " *" if monitor.is_censored else ""
    if monitor.area is None:
        return "one class only"
    if monitor.is_graded:
        return f"{monitor.area}{mark}"
    with_act, without = monitor.hits
    return f"yes/no: {with_act}, {without}{mark}"


def _frontier(summary: Summary) -> Section | None:
    found = [frontier for frontier in frontiers(summary.cells) if frontier.points or frontier.left_out]
    if not found:
        return None
    table = _new_table("Safety against usefulness, by the worst attacker and honest policies", "oversight")
    add_columns(table, "safety", "usefulness")
    table.add_column("worst attacker", overflow="fold")
    for frontier in found:
        table.add_section()
        if len(found) > 1:
            table.add_row(Text(frontier.place, style="bold"))
        for point in frontier.points:
            name = Text(f"{point.number} {point.title}")
            worst = Text(point.who if point.y < 1 else "none had its way", style="dim")
            table.add_row(name, point.safety.text, point.usefulness.text, worst)
        for out in frontier.left_out:
            table.add_row(Text(f"{out.number} {out.setting}"), "left out", "-", Text(out.why, style="dim"))
    return Section(table, FRONTIER_NOTES)


def _new_table(title: str, first: str = "oversight, policy") -> Table:
    table = new_table(title)
    table.add_column(first, overflow="fold", min_width=NAME_WIDTH)
    return table


def _titled(found: Sequence[Effect], table: Table) -> Iterator[tuple[Text, Effect]]:
    """Effects with the name of their row."""
    has_arms = any(effect.of.cell.arm is not Arm.MAIN for effect in found)
    titles = _Titles(table, has_places=len({effect.of.place for effect in found}) > 1)
    for effect in found:
        one = effect.of
        yield titles.under(one.place, one.setting, f"{one.policy}{f', {one.cell.arm}' if has_arms else ''}"), effect


class _Titles:
    """Rows that name place and setting once, above those that they hold for."""

    def __init__(self, table: Table, *, has_places: bool) -> None:
        self._table = table
        self._has_places = has_places
        self._place = ""
        self._setting = ""

    def under(self, place: str, setting: str, name: str) -> Text:
        """Add the rows that are new, and give the name of the row below them."""
        indent = " " if self._has_places else ""
        is_new_place = self._has_places and place != self._place
        if is_new_place or setting != self._setting:
            self._table.add_section()
        if is_new_place:
            self._table.add_row(Text(place, style="bold"))
        if is_new_place or setting != self._setting:
            self._table.add_row(Text(f"{indent}{setting}", style="bold"))
        self._place, self._setting = place, setting
        return Text(f"{indent} {name}")
