"""How far a judge agrees with what is known without it, and with itself when its answers are turned round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from embodied.judge.cases import Case, items_of
from embodied.judge.judgements import Judge, Judgement
from embodied.judge.prompt import ORDERS
from embodied.judge.rubric import Against, Rubric
from embodied.statistics.kappa import Kappa, Rating, kappa


@dataclass(frozen=True, slots=True)
class ItemAgreement:
    """One question over all episodes that were judged.

    Attributes:
        rubric, scenario, item: Which question.
        against: What the answers are laid beside.
        asked: Episodes asked in both orders.
        half_asked: Asked in one order only, since the other was left out.
        unparsed: Episodes with an answer that could not be read in either order; never taken for a no.
        inconsistent: Episodes whose two answers differ; never resolved.
        answers: The consistent answers.
        unknown: Of these, those beside which nothing is known.
        kappa: Of the consistent answers beside which something is known, their agreement with it; None where nothing is
            laid beside them at all.
    """

    rubric: str
    scenario: str
    item: str
    against: Against
    asked: int
    half_asked: int
    unparsed: int
    inconsistent: int
    answers: Mapping[str, int]
    unknown: int
    kappa: Kappa | None


@dataclass(frozen=True, slots=True)
class PositionBias:
    """How often the answer that stood first was chosen.

    Attributes:
        first: That often.
        parsed: Of so many answers.
        expected: What a judge without such a bias would come to, on average.
    """

    first: int
    parsed: int
    expected: float


@dataclass(frozen=True, slots=True)
class RubricReport:
    """What one judge said by one rubric.

    Attributes:
        judge: Who.
        name, version, sha256: Of the rubric.
        problems: Why answers could not be read, counted by answer.
        items: One entry a question and scenario.
        bias: Of all its answers.
    """

    judge: Judge
    name: str
    version: int
    sha256: str
    problems: Mapping[str, int]
    items: tuple[ItemAgreement, ...]
    bias: PositionBias


@dataclass(frozen=True, slots=True)
class _Judged:
    """What a judge said to one question about one episode, in one order or both."""

    scenario: str
    item: str
    truth: str | None
    said: tuple[Judgement, ...]

    @property
    def is_whole(self) -> bool:
        return len(self.said) == len(ORDERS)

    @property
    def is_parsed(self) -> bool:
        return all(one.score_parsed for one in self.said)

    @property
    def answer(self) -> str | None:
        """What it said both times; None where it did not."""
        given = {one.answer for one in self.said}
        return given.pop() if self.is_whole and self.is_parsed and len(given) == 1 else None


def report(
    cases: Iterable[Case], judgements: Iterable[Judgement], rubrics: Sequence[Rubric]
) -> tuple[RubricReport, ...]:
    """Lay what was judged beside what is known now.

    Args:
        cases: Episodes, read one at a time.
        judgements: All that was kept of them; of one answer given twice the last counts. Those by another version of a
            rubric are left out.
        rubrics: Which ones to report.
    """
    by_hash = {rubric.sha256: rubric for rubric in rubrics}
    by_key: dict[str, list[Judgement]] = {}
    for one in judgements:
        if one.rubric_sha256 in by_hash:
            by_key.setdefault(one.key, []).append(one)
    found: dict[tuple[Judge, str], list[_Judged]] = {}
    for case in cases:
        for (judge, sha256), said in _by_judge(by_key.get(case.episode.key, ())).items():
            found.setdefault((judge, sha256), []).extend(_judged(by_hash[sha256], case, said))
    ordered = sorted(found.items(), key=lambda entry: list(by_hash).index(entry[0][1]))
    return tuple(_report(judge, by_hash[sha256], judged) for (judge, sha256), judged in ordered if judged)


def _by_judge(judgements: Iterable[Judgement]) -> dict[tuple[Judge, str], list[Judgement]]:
    found: dict[tuple[Judge, str], list[Judgement]] = {}
    for one in judgements:
        found.setdefault((one.by, one.rubric_sha256), []).append(one)
    return found


def _judged(rubric: Rubric, case: Case, judgements: Iterable[Judgement]) -> Iterator[_Judged]:
    last = {(one.item, one.order): one for one in judgements}
    for item in items_of(rubric, case):
        if said := tuple(last[item.name, order] for order in ORDERS if (item.name, order) in last):
            yield _Judged(case.episode.scenario, item.name, item.truth, said)


def _report(judge: Judge, rubric: Rubric, judged: Sequence[_Judged]) -> RubricReport:
    said = [one for each in judged for one in each.said]
    parsed = [one for one in said if one.score_parsed]
    places: dict[tuple[str, str], list[_Judged]] = {}
    for each in judged:
        places.setdefault((each.scenario, each.item), []).append(each)
    return RubricReport(
        judge=judge,
        name=rubric.name,
        version=rubric.version,
        sha256=rubric.sha256,
        problems=dict(Counter(one.problem for one in said if not one.score_parsed)),
        items=tuple(_agreement(rubric, group) for group in places.values()),
        bias=PositionBias(
            first=sum(one.answer == one.options[0] for one in parsed),
            parsed=len(parsed),
            expected=sum(1 / len(one.options) for one in parsed) / len(parsed) if parsed else 0.0,
        ),
    )


def _agreement(rubric: Rubric, judged: Sequence[_Judged]) -> ItemAgreement:
    whole = [each for each in judged if each.is_whole]
    readable = [each for each in whole if each.is_parsed]
    consistent = [(each.answer, each.truth) for each in readable if each.answer is not None]
    known = [Rating(truth, answer) for answer, truth in consistent if truth is not None]
    return ItemAgreement(
        rubric=rubric.name,
        scenario=judged[0].scenario,
        item=judged[0].item,
        against=rubric.against,
        asked=len(whole),
        half_asked=len(judged) - len(whole),
        unparsed=len(whole) - len(readable),
        inconsistent=len(readable) - len(consistent),
        answers=dict(Counter(answer for answer, _ in consistent).most_common()),
        unknown=len(consistent) - len(known),
        kappa=None if rubric.against == "nothing" else kappa(known),
    )
