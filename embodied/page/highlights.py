"""What was found, in a few sentences made from the numbers. Each number leads to its episodes; none is a percentage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from embodied.findings.records import ACT, LIED, MEASURES, Cell, Excess, Findings
from embodied.page.links import episodes_link, measured_link, pairs_link, scored_link
from embodied.records import Arm
from embodied.report.policies import is_model
from embodied.stats import PairedDifference, Rate, rate
from embodied.willing import Ability, Willingness

ALPHA: Final = 0.05
MOST_PLACES: Final = 4
"""Scenarios and models, together, that get sentences of their own."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words, and where it leads ("" for nowhere)."""

    text: str
    link: str = ""


Sentence = tuple[Piece, ...]


def highlights(findings: Findings) -> tuple[Sentence, ...]:
    """The sentences, the physical act first."""
    return tuple(
        sentence
        for part in (_planned, _acts, _excesses, _lies, _able, _effects, _prices, _ambiguity)
        for sentence in part(findings)
    )


def _planned(findings: Findings) -> Iterator[Sentence]:
    plan = findings.preregistered
    if plan is None or not plan.primary:
        return
    begin = f"Planned beforehand were {len(plan.primary)} comparisons: "
    if plan.level is None:
        text = "no planned look was reached, so nothing may be tested yet"
    else:
        below = sum(one.p_holm is not None and one.p_holm <= plan.level for one in plan.primary)
        text = f"{below} of them stay at or below {plan.level:.4g} after Holm's correction over these"
    broken = sum(not check.holds for check in plan.checks)
    kept = f"{broken} items of the plan do not hold" if broken else "every item of the plan holds"
    yield Piece(begin), Piece(text, "#plan"), Piece("; "), Piece(kept, "#plan"), Piece(". What follows counts all comparisons, planned or not.")


def _acts(findings: Findings) -> Iterator[Sentence]:
    for name, cells in _places(findings):
        yield _spread(name, "the physical act", ACT, cells, lambda cell: cell.act)


def _lies(findings: Findings) -> Iterator[Sentence]:
    for name, cells in _places(findings):
        known = [cell for cell in cells if cell.lied.n]
        if known:
            yield _spread(name, "a lie in the debrief", LIED, known, lambda cell: cell.lied)


def _spread(name: str, what: str, measure: str, cells: Sequence[Cell], of: Callable[[Cell], Rate]) -> Sentence:
    scored = [cell for cell in cells if of(cell).n]
    if not scored:
        return (Piece(f"{name}: no main episode may be scored."),)
    if len(scored) == 1:
        return (Piece(f"{name}: {what} in "), _counted(of(scored[0]), measure, scored[0]), Piece(" main episodes."))
    ranked = sorted(scored, key=lambda cell: (of(cell).k / of(cell).n, of(cell).n))
    lowest, highest = ranked[0], ranked[-1]
    some = sum(of(cell).k > 0 for cell in scored)
    if not some:
        n = sum(of(cell).n for cell in scored)
        link = scored_link(measure, [cell.cell for cell in scored])
        return (
            Piece(f"{name}: {what} in none of {len(scored)} main conditions, "),
            Piece(f"0/{n:,}", link),
            Piece(" episodes."),
        )
    begin = Piece(f"{name}: {what} at least once in {some} of {len(scored)} main conditions; most often in ")
    if of(lowest).k * of(highest).n == of(highest).k * of(lowest).n:
        begin = Piece(f"{name}: {what} with the same share in all {len(scored)} main conditions: ")
        return (
            begin,
            _counted(of(highest), measure, highest),
            Piece(f" episodes of {_with_alike(highest, ranked, of)}."),
        )
    return (
        begin,
        _counted(of(highest), measure, highest),
        Piece(f" episodes of {_with_alike(highest, ranked, of)}, least often in "),
        _counted(of(lowest), measure, lowest),
        Piece(f" of {_with_alike(lowest, ranked, of)}."),
    )


def _with_alike(cell: Cell, ranked: Sequence[Cell], of: Callable[[Cell], Rate]) -> str:
    """Its condition, and how many others have the same count."""
    alike = sum((of(other).k, of(other).n) == (of(cell).k, of(cell).n) for other in ranked) - 1
    others = "" if not alike else " and one other" if alike == 1 else f" and {alike} others"
    return f"\u201c{cell.condition or 'all'}\u201d{others}"


def _excesses(findings: Findings) -> Iterator[Sentence]:
    for measure, what in MEASURES.items():
        known = [one for one in findings.excesses if one.measure == measure and one.difference is not None]
        if not known:
            continue
        largest = max([one for one in known if one.p_holm is not None] or known, key=_size)
        found = largest.difference
        if found is None:
            continue
        begin = (Piece(f"Main against its twin, {what}: "), Piece(_below([one.p_holm for one in known]), "#excess"))
        if found.difference == 0:
            yield (*begin, Piece(" None differs from 0 at all."))
            continue
        yield (
            *begin,
            Piece(" The largest is "),
            Piece(str(found), pairs_link(measure, [largest.main, largest.twin])),
            Piece(f" over {found.n} common seeds in \u201c{findings.cell(largest.main).condition or 'all'}\u201d."),
        )


def _below(corrected: Sequence[float | None]) -> str:
    """How many of the tests that are in a family stay below 5%."""
    tested = [p for p in corrected if p is not None]
    if not tested:
        return "nothing is tested (scripts are controls)."
    return f"{sum(p < ALPHA for p in tested)} of {len(tested)} tests stay below 5% after Holm's correction."


def _size(excess: Excess) -> float:
    return abs(excess.difference.difference) if excess.difference is not None else -1.0


def _able(findings: Findings) -> Iterator[Sentence]:
    known: list[Willingness] = [one.willing for one in findings.propensities if one.willing is not None]
    if not known:
        return
    able = sum(one.willing is not None for one in known)
    refused = sum(one.ability is Ability.NOT_ABLE for one in known)
    without = len(findings.propensities) - len(known)
    text = f"Willing given able can be stated for {able} of {len(findings.propensities)} main conditions"
    reasons = [f"{refused} not able" if refused else "", f"{without} without an ability arm" if without else ""]
    told = ", ".join(filter(None, reasons))
    yield (Piece(f"{text} ({told})." if told else f"{text}.", "#willing"),)


def _effects(findings: Findings) -> Iterator[Sentence]:
    tested = [one for one in findings.effects if one.p_holm is not None]
    if tested:
        names = dict.fromkeys(one.factor for one in tested if one.p_holm is not None and one.p_holm < ALPHA)
        told = f" Those are of: {', '.join(names)}." if names else ""
        below = Piece(_below([one.p_holm for one in tested]), "#factors")
        yield Piece("One level of a factor, or one model, against another: "), below, Piece(told)


def _prices(findings: Findings) -> Iterator[Sentence]:
    main = [one for one in findings.prices if findings.cell(one.cell).arm is Arm.MAIN]
    ways, tasks = [one.way for one in main if one.way], [one.task for one in main if one.task]
    if ways:
        yield (
            Piece("Oversight against the same cell without it, the physical act in main: "),
            Piece(_below([one.act_p_holm for one in main]), "#price"),
            Piece(
                f" The robot got its way less often in {_fallen(ways)} of {len(ways)} comparisons and more often in"
                f" {_risen(ways)}, its task was done less often in {_fallen(tasks)} (the interval of that difference"
                " does not reach zero, nothing corrected)."
            ),
        )


def _fallen(differences: Sequence[PairedDifference]) -> int:
    return sum(one.high < 0 for one in differences)


def _risen(differences: Sequence[PairedDifference]) -> int:
    return sum(one.low > 0 for one in differences)


def _ambiguity(findings: Findings) -> Iterator[Sentence]:
    main = _main(findings)
    k, n = sum(cell.says_neither.k for cell in main), sum(cell.says_neither.n for cell in main)
    link = episodes_link(*(cell.cell for cell in main), says_neither="yes")
    if n:
        yield (
            Piece("The outcome says neither that the robot resisted nor that it complied in "),
            Piece(str(rate(k, n)) if len(main) == 1 else f"{k:,}/{n:,}", link),
            Piece(" valid main episodes."),
        )


def _counted(found: Rate, measure: str, cell: Cell) -> Piece:
    return Piece(str(found), measured_link(measure, cell.cell))


def _places(findings: Findings) -> Iterator[tuple[str, list[Cell]]]:
    """Main cells by scenario and model, models before scripts; of many all models together, and all scripts."""
    main = sorted(_main(findings), key=lambda cell: not is_model(cell.model))
    places: dict[str, list[Cell]] = {}
    for cell in main:
        places.setdefault(f"{cell.scenario}, {cell.model}", []).append(cell)
    if len(places) > MOST_PLACES:
        places = {}
        for cell in main:
            places.setdefault("models" if is_model(cell.model) else "scripts", []).append(cell)
        places = {_together(word, cells): cells for word, cells in places.items()}
    yield from places.items()


def _main(findings: Findings) -> list[Cell]:
    return [cell for cell in findings.cells if cell.arm is Arm.MAIN]


def _together(word: str, cells: Sequence[Cell]) -> str:
    return f"{_several([c.scenario for c in cells], 'scenarios')}, {_several([c.model for c in cells], word)}"


def _several(names: Sequence[str], word: str) -> str:
    met = set(names)
    return f"{len(met)} {word}" if len(met) > 1 else names[0]
