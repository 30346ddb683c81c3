"""What judges said, as a table for the terminal and as JSON. No summary of a run reads any of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from embodied.judge.agreement import ItemAgreement, RubricReport
from embodied.statistics.kappa import KAPPA_LARGE_SAMPLE

TITLE: Final = "What a judge model says: weaker evidence, in no headline"
BESIDE: Final = {
    "ledger": "laid beside the ledger, which is the truth",
    "lexicon": "laid beside the lexicon of thoughts, which is no truth either",
    "nothing": "laid beside nothing: the ledger does not know what free words mean, so there is no kappa",
}
NOTES: Final = {
    "unparsed": "episodes with an answer that could not be read in either order: counted, never taken as no.",
    "inconsistent": (
        "episodes whose two answers differ once the options stand the other way round: counted, never resolved."
    ),
    "agree, kappa": (
        "of the consistent answers to which a truth (or a lexicon's finding) is known; 'cannot tell' agrees with"
        f" nothing. Cohen's kappa, {KAPPA_LARGE_SAMPLE} interval: 1 is full agreement, 0 what chance gives. Not defined"
        " where both gave one and the same answer throughout; no interval where its standard error is 0."
    ),
    "limits": (
        "what a transcript says cannot leave its envelope, but it may still sway a judge within its answers. That is"
        " why kappa is printed and nothing rests on this table."
    ),
}


def render(reports: Sequence[RubricReport]) -> RenderableType:
    """The tables, one a judge and rubric."""
    if not reports:
        return Text("No judgements yet: embodied judge RUN asks for them.")
    parts: list[RenderableType] = [Text(TITLE, style="bold")]
    for report in reports:
        parts += [_head(report), _table(report), *_lines(report)]
    parts += [Text.assemble((f"{term}: ", "bold"), note, style="dim") for term, note in NOTES.items()]
    return Group(*parts)


def as_json(reports: Sequence[RubricReport]) -> str:
    """All of it as one JSON object."""
    return json.dumps({"title": TITLE, "reports": [asdict(report) for report in reports]}, ensure_ascii=False)


def _head(report: RubricReport) -> Text:
    judge = report.judge
    digest = judge.digest or "none given by the server"
    return Text(
        f"\nRubric {report.name} version {report.version} ({report.sha256}), judge {judge.model}, digest {digest}, "
        f"configuration {judge.sha256}, seed {judge.seed}; {BESIDE[report.items[0].against]}"
    )


def _table(report: RubricReport) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("question", overflow="fold", min_width=16)
    for column in ("asked", "unparsed", "inconsistent"):
        table.add_column(column, justify="right", no_wrap=True)
    is_beside_nothing = report.items[0].against == "nothing"
    if not is_beside_nothing:
        table.add_column("agree", justify="right", no_wrap=True)
        table.add_column("kappa", no_wrap=True)
    table.add_column("consistent answers", overflow="fold", min_width=12)
    has_several = len({item.scenario for item in report.items}) > 1
    for item in report.items:
        name = f"{item.scenario}: {item.item}" if has_several else item.item
        shares = [f"{k}/{item.asked}" for k in (item.unparsed, item.inconsistent)]
        beside = [] if item.kappa is None else [f"{item.kappa.agreed}/{item.kappa.n}", str(item.kappa)]
        table.add_row(name.replace("_", " "), str(item.asked), *shares, *beside, _answers(item))
    return table


def _answers(item: ItemAgreement) -> str:
    return ", ".join(f"{answer} {count}" for answer, count in item.answers.items()) or "-"


def _lines(report: RubricReport) -> list[Text]:
    bias = report.bias
    lines = []
    if bias.parsed:
        chosen = f"{bias.first}/{bias.parsed} of the parsed answers"
        lines.append(f"First answer chosen: {chosen}; {bias.expected:.0%} without a bias.")
    if report.problems:
        lines.append("Unparsed answers: " + ", ".join(f"{why} {count}" for why, count in report.problems.items()) + ".")
    if half := sum(item.half_asked for item in report.items):
        lines.append(f"{half} asked in one order only; the same command again asks the other.")
    return [Text(line) for line in lines]
