"""What was found, in a few sentences made from the numbers. Each number leads to its episodes; none is a percentage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from embodied.findings.records import ACT, LIED, MEASURES, Cell, Excess, Findings, Propensity
from embodied.page.links import episodes_link, measured_link, pairs_link, scored_link
from embodied.page.places import main_cells, places
from embodied.page.views import is_noisy
from embodied.records import Arm
from embodied.report.policies import is_model
from embodied.statistics.rates import SIGNIFICANT, PairedDifference, Rate, rate
from embodied.statistics.willing import Ability, Willingness


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
    begin = f"Comparisons that were planned: {len(plan.primary)}; "
    if plan.level is None:
        text = "no planned look was reached, so nothing may be tested yet"
    else:
        below = sum(one.p_holm is not None and one.p_holm <= plan.level for one in plan.primary)
        text = f"{below} of them stay at or below {plan.level:.4g} after Holm's correction over these"
    broken = sum(not check.holds for check in plan.checks)
    many = f"{broken} items of the plan do not hold" if broken > 1 else "1 item of the plan does not hold"
    kept = many if broken else "no item of the plan fails"
    yield (
        Piece(begin),
        Piece(text, "#plan"),
        Piece("; "),
        Piece(kept, "#plan"),
        Piece(". What follows counts all comparisons, planned or not."),
    )


def _acts(findings: Findings) -> Iterator[Sentence]:
    for name, cells in places(findings):
        yield _spread(name, "the physical act", ACT, cells, lambda cell: cell.act)


def _lies(findings: Findings) -> Iterator[Sentence]:
    for name, cells in places(findings):
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
        largest = max(_foremost(findings, known), key=_size)
        found = largest.difference
        if found is None:
            continue
        begin = (
            Piece(f"Main against its twin, {what}: "),
            Piece(_below(findings, [(one.main, one.p_holm) for one in known]), "#excess"),
        )
        if found.difference == 0:
            yield (*begin, Piece(" Each difference that was seen is 0, which is no evidence that there is none."))
            continue
        yield (
            *begin,
            Piece(f" The largest{_of_models(findings, largest, known)} is "),
            Piece(str(found), pairs_link(measure, [largest.main, largest.twin])),
            Piece(f" over {found.n} common seeds in \u201c{findings.cell(largest.main).condition or 'all'}\u201d."),
        )


def _of_models(findings: Findings, largest: Excess, known: Sequence[Excess]) -> str:
    """That only those of models were looked at, where there are others."""
    kinds = {is_model(findings.cell(one.main).model) for one in known}
    return " of models" if len(kinds) > 1 and is_model(findings.cell(largest.main).model) else ""


def _foremost(findings: Findings, known: Sequence[Excess]) -> Sequence[Excess]:
    """Those of models, or else those that are tested, or else all."""
    of_models = [one for one in known if is_model(findings.cell(one.main).model)]
    return of_models or [one for one in known if one.p_holm is not None] or known


def _below(findings: Findings, corrected: Iterable[tuple[str, float | None]]) -> str:
    """How many of the tests that are in a family stay below 5%, and how many of models where others are in it too.

    Args:
        findings: All of them.
        corrected: Hash of a cell, and the corrected p value of a test of it.
    """
    tested = [(p, is_model(findings.cell(cell).model)) for cell, p in corrected if p is not None]
    if not tested:
        return "nothing is tested (scripts are controls)."
    models = [p for p, is_of_model in tested if is_of_model]
    told = f"{sum(p < SIGNIFICANT for p, _ in tested)} of {len(tested)} tests stay below 5% after Holm's correction"
    own = f"{sum(p < SIGNIFICANT for p in models)} of the {len(models)} of models" if models else "none is of a model"
    return f"{told}{'' if len(models) == len(tested) else f' ({own})'}."


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
    yield Piece(f"{text} ({told})." if told else f"{text}.", "#willing"), *_most_willing(findings)


def _most_willing(findings: Findings) -> Iterator[Piece]:
    """The highest propensity, of models where there are any."""
    stated = [one for one in findings.propensities if one.willing is not None and one.willing.willing is not None]
    stated = [one for one in stated if is_model(findings.cell(one.main).model)] or stated
    if stated:
        most = max(stated, key=_willingness)
        found = most.willing.willing if most.willing else None
        link = episodes_link(most.main, act="yes", paired=f"{most.ability}.did_succeed.yes")
        yield Piece(" The act among able seeds is most frequent, ")
        yield Piece(str(found), link)
        yield Piece(f", in \u201c{findings.cell(most.main).condition or 'all'}\u201d.")


def _willingness(one: Propensity) -> float:
    found = one.willing.willing if one.willing else None
    return found.k / found.n if found and found.n else -1.0


def _effects(findings: Findings) -> Iterator[Sentence]:
    tested = [one for one in findings.effects if one.p_holm is not None]
    if tested:
        names = dict.fromkeys(one.factor for one in tested if one.p_holm is not None and one.p_holm < SIGNIFICANT)
        told = f" Those are of: {', '.join(names)}." if names else ""
        below = Piece(_below(findings, [(one.cell, one.p_holm) for one in tested]), "#factors")
        yield Piece("One level of a factor, or one model, against another: "), below, Piece(told)


def _prices(findings: Findings) -> Iterator[Sentence]:
    main = [one for one in findings.prices if findings.cell(one.cell).arm is Arm.MAIN]
    ways, tasks = [one.way for one in main if one.way], [one.task for one in main if one.task]
    if ways:
        yield (
            Piece("Oversight against the same cell without it, the physical act in main: "),
            Piece(_below(findings, [(one.cell, one.act_p_holm) for one in main]), "#price"),
            Piece(
                f" The robot got its way less often in {_fallen(ways)} of {len(ways)} comparisons and more often in"
                f" {_risen(ways)}, its task was done less often in {_fallen(tasks)} (exact McNemar p below 5%,"
                " not corrected)."
            ),
        )


def _fallen(differences: Sequence[PairedDifference]) -> int:
    return sum(one.difference < 0 and one.p_value < SIGNIFICANT for one in differences)


def _risen(differences: Sequence[PairedDifference]) -> int:
    return sum(one.difference > 0 and one.p_value < SIGNIFICANT for one in differences)


def _ambiguity(findings: Findings) -> Iterator[Sentence]:
    main = main_cells(findings)
    k, n = sum(cell.says_neither.k for cell in main), sum(cell.says_neither.n for cell in main)
    link = episodes_link(*(cell.cell for cell in main), says_neither="yes")
    if n:
        yield (
            Piece("The outcome says neither that the robot resisted nor that it complied in "),
            Piece(str(rate(k, n)) if len(main) == 1 else f"{k:,}/{n:,}", link),
            Piece(" valid main episodes."),
        )


def _counted(found: Rate, measure: str, cell: Cell) -> Piece:
    noisy = ", noisy" if measure == LIED and is_noisy(cell) else ""
    return Piece(f"{found}{noisy}", measured_link(measure, cell.cell))
