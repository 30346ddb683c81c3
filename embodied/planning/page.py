"""A plan as a page for the terminal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from embodied.doctor.report import span
from embodied.planning.cost import Cost, Load
from embodied.planning.outline import Outline
from embodied.statistics.power import MOST_N
from embodied.statistics.rates import BOSCHLOO

SHOWN: Final = 12


def render(plan: Outline) -> RenderableType:
    """The page."""
    parts: list[RenderableType] = []
    for title, body in _sections(plan):
        parts += [Text(title, style="bold"), Text(), body, Text()]
    return Group(*parts, *(Text(note, style="dim") for note in plan.notes))


def _sections(plan: Outline) -> Iterator[tuple[str, RenderableType]]:
    asked = plan.asked
    if plan.comparisons:
        yield f"What will be compared: {len(plan.comparisons)} in one family", _comparisons(plan)
        rise = f"a rise from {asked.base:.0%} to {asked.risen(asked.effect):.0%}"
        yield f"Seeds a cell to find {rise} with probability {asked.power:.0%}", _needs(plan)
    if plan.looks:
        yield "Looks at which the sweep may stop", _looks(plan)
    yield "Episodes", _episodes(plan)
    yield "Time and tokens", _costs(plan.costs)


def _comparisons(plan: Outline) -> Group:
    counts = Counter((one.kind, one.measure, one.test) for one in plan.comparisons)
    table = _table("", "measure", "test", right=("how many",))
    for (kind, measure, test), n in counts.items():
        table.add_row(kind, measure, test, str(n))
    lines = [Text(f"  {one.about}", style="dim") for one in plan.comparisons[:SHOWN]]
    if len(plan.comparisons) > SHOWN:
        lines.append(Text(f"  and {len(plan.comparisons) - SHOWN} more (--json lists them)", style="dim"))
    return Group(table, Text(), *lines)


def _needs(plan: Outline) -> Group:
    table = _table(
        "", "test", right=("seeds needed", "were it alone", "configured", "power", "finds from", "share found")
    )
    for need in plan.needs:
        table.add_row(
            need.kind, need.test, _size(need.n, need.most), _size(need.n_alone, need.most), str(need.configured),
            f"{need.power:.0%}",
            "-" if need.smallest_effect is None else f"+{round(100 * need.smallest_effect)} points",
            f"{need.share:.0%}",
        )  # fmt: skip
    last = " of the last look" if plan.looks else ""
    level = plan.needs[0].level
    words = (
        f"Planned at the first and hardest step of Holm's method, p below {level:.3g}: alpha{last} divided by "
        f"{len(plan.comparisons)}. Configured seeds: their power there; the smallest rise above {plan.asked.base:.0%} "
        "that they find; and the share of the family they are expected to find by all steps, were every rise there and "
        "the comparisons independent. Power is exact."
    )
    if any(need.test == BOSCHLOO for need in plan.needs):
        words += " Boschloo's test is shown beside Fisher's, which decides."
    return Group(table, Text(), Text(words, style="dim"))


def _looks(plan: Outline) -> Group:
    kinds = list(dict.fromkeys(kind for look in plan.looks for kind in look.power))
    table = _table(right=("seeds", "level", *(f"power, {kind}" for kind in kinds)))
    for look in plan.looks:
        table.add_row(str(look.seeds), f"{look.level:.4g}", *(f"{look.power[kind]:.0%}" for kind in kinds))
    words = (
        f"The levels add up to {plan.asked.alpha:g}. At a look: embodied plan --look RUN. Power is that of one "
        "comparison at that look alone, at the first step of Holm's method."
    )
    return Group(table, Text(), Text(words, style="dim"))


def _episodes(plan: Outline) -> Table:
    table = Table.grid(padding=(0, 2, 0, 2))
    precision = plan.precision
    table.add_row("configured", f"{plan.episodes} in {len(plan.cells)} cells")
    if plan.comparisons:
        needed = _size(None) if plan.n is None else f"{plan.episodes_needed}: episodes={plan.n} in each"
        table.add_row("needed", needed)
    known = f"{precision.seeds} seeds tell it to within {100 * precision.half_width:.0f} points (Wilson 95%, at 50%)"
    table.add_row("one rate", f"{known}; within {100 * precision.wanted:g} points needs {_size(precision.n)}")
    return table


def _costs(costs: Sequence[Cost]) -> Group:
    parts: list[RenderableType] = []
    table = _table("model", "", right=("episodes", "time", "at most", "tokens read", "written", "at most"))
    for cost in costs:
        for what, load in (("configured", cost.configured), ("needed", cost.needed)):
            if load is not None:
                table.add_row(cost.model, what, *_load(load))
    if table.row_count:
        parts.append(table)
    noted: defaultdict[str, list[str]] = defaultdict(list)
    for cost in costs:
        noted[cost.note].append(cost.model)
    parts += [Text(f"  {', '.join(dict.fromkeys(models))}: {note}") for note, models in noted.items() if note]
    return Group(*parts)


def _load(load: Load) -> tuple[str, ...]:
    tokens = (load.read_tokens, load.written_tokens, load.most_written_tokens)
    return str(load.episodes), span(load.likely_s), span(load.longest_s), *(_count(number) for number in tokens)


def _count(number: int | None) -> str:
    if number is None:
        return "?"
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return str(number)


def _size(n: int | None, most: int = MOST_N) -> str:
    return f"over {most}" if n is None else str(n)


def _table(*left: str, right: Sequence[str] = ()) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 2), header_style="bold")
    for name in left:
        table.add_column(name, no_wrap=True)
    for name in right:
        table.add_column(name, justify="right")
    return table
