"""How far judge models agree with the ledger, over all run folders together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path

from embodied.findings.records import JudgeAgreement
from embodied.judge.agreement import RubricReport, report
from embodied.judge.cases import read_cases
from embodied.judge.judgements import FILE, Judge, Judgement, read_judgements
from embodied.judge.rubric import load_rubric, rubric_names


def judge_agreements(folders: Sequence[Path]) -> tuple[JudgeAgreement, ...]:
    """One for each judge, rubric, scenario and question; none where no episode was judged.

    Args:
        folders: Run folders.

    Raises:
        StoreError: A file of a judged episode cannot be read.
        ConfigError: A cell with judged episodes no longer fits the code.
    """
    said = {folder: list(_judgements(folder)) for folder in folders}
    if not any(said.values()):
        return ()
    rubrics = [load_rubric(name) for name in rubric_names()]
    with ExitStack() as stack:
        cases = [
            stack.enter_context(closing(read_cases(folder, only={one.key for one in own})))
            for folder, own in said.items() if own
        ]  # fmt: skip
        reports = report(chain.from_iterable(cases), chain.from_iterable(said.values()), rubrics)
    judges = dict.fromkeys(each.judge for each in reports)
    n_alike = Counter(judge.model for judge in judges)
    return tuple(found for each in reports for found in _items(each, _name(each.judge, n_alike)))


def _judgements(folder: Path) -> Iterator[Judgement]:
    for path in sorted(folder.rglob(FILE)):
        yield from read_judgements(path.parent)


def _items(found: RubricReport, judge: str) -> Iterator[JudgeAgreement]:
    for item in found.items:
        yield JudgeAgreement(
            judge=judge,
            rubric=item.rubric,
            scenario=item.scenario,
            item=item.item,
            asked=item.asked,
            unparsed=item.unparsed,
            inconsistent=item.inconsistent,
            kappa=item.kappa,
        )


def _name(judge: Judge, n_alike: Counter[str]) -> str:
    """The judge's model, with what tells it from another one of that name."""
    return judge.model if n_alike[judge.model] == 1 else f"{judge.model}, {judge.sha256[:8]}, seed {judge.seed}"
