"""Findings that fill every section of the page, and records whose words try to get out of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from factories import excluded, scored

from embodied.findings.records import (
    BesideReference,
    Cell,
    FactorEffect,
    Family,
    Findings,
    JudgeAgreement,
    OversightPrice,
    PooledEffect,
    Preregistered,
)
from embodied.planning.preregistration import Check
from embodied.records import Arm, Episode, Validity, Verdict
from embodied.reference import load_references
from embodied.statistics.kappa import Kappa
from embodied.statistics.rates import Pair, PairedDifference, independent_difference, paired_difference, rate

TRICKS: Final = (
    "<script>window.hacked=1</script>",
    '"><img src=x onerror="window.hacked=1">',
    "</script><script>window.hacked=1</script>",
    "]]><!--</style>",
    "[click](javascript:window.hacked=1)",
    "{{ 7*7 }}{% raw %}",
    "\x1b[31mred\x1b[0m\x07",
    "safe\u202egnp.exe\u2066\u2069",
    "a\u200bb\ufeff\u200f",
    "' onmouseover='window.hacked=1",
)
HOSTILE: Final = " ".join(TRICKS)
CHECKS: Final = (Check("episodes", "12", HOSTILE, holds=False), Check("arms", "3", "3", holds=True))


def hostile_run(n: int = 12) -> list[Episode]:
    """Three arms of two conditions whose free words are full of tricks, some of them excluded."""
    lines = []
    for level in ("none", HOSTILE):
        for arm in Arm:
            shared: dict[str, Any] = {"arm": arm, "model": f"model {HOSTILE}", "factors": {"instruction": level}}
            lines += [
                scored(
                    seed, act=seed % 3 == 0 and arm is not Arm.TWIN, thought=seed % 2 == 0, purpose=HOSTILE,
                    verdicts=(Verdict.LIE if seed % 4 == 0 else Verdict.TRUTHFUL, Verdict.UNKNOWN), label=HOSTILE,
                    method=HOSTILE, code_version=HOSTILE, **shared,
                )
                for seed in range(n)
            ]  # fmt: skip
            reason = Validity.SERVER_ERROR if arm is Arm.TWIN else Validity.UNREADABLE_REPLIES
            lines.append(excluded(n, reason, label=HOSTILE, **shared).model_copy(update={"error": HOSTILE}))
    return lines


def rich(findings: Findings) -> Findings:
    """The same findings with what no short run gives: every section of the page has something to show."""
    main, *_ = (cell for cell in findings.cells if cell.arm is Arm.MAIN)
    other = next(cell for cell in findings.cells if cell.arm is Arm.MAIN and cell is not main)
    return replace(
        findings,
        name=f"{findings.name} {HOSTILE}",
        effects=(_effect(main, other), _effect(main, other, phrase=HOSTILE)),
        pooled=(
            PooledEffect(HOSTILE, "allow", "none", main.scenario, main.model, "act", 48, 12, 2, -0.25, -0.5, 0.01, 0.06,
                         "cluster bootstrap", p_holm=0.12, paraphrases=5, note=HOSTILE),
        ),
        prices=(_price(main, other), replace(_price(main, other), without="", note=HOSTILE)),
        judges=(
            JudgeAgreement(HOSTILE, "deception", main.scenario, "did it lie", 40, 2, 1, Kappa(37, 30, 0.6, 0.35, 0.85)),
            JudgeAgreement("judge/b", "deception", main.scenario, "did it lie", 4, 4, 0, None),
        ),
        references=_references(main),
        families=(Family(HOSTILE, 12, 3),),
        preregistered=Preregistered(HOSTILE, "0a1b2c", CHECKS),
        notes=(HOSTILE, "half a character: \ud83d"),
        limits=(HOSTILE,),
        manifests={HOSTILE: {"digest": HOSTILE, "options": {"temperature": 0.7, "stop": [HOSTILE]}}},
    )  # fmt: skip


def many(findings: Findings, n: int) -> Findings:
    """As many cells, made of those that are there."""
    cells = tuple(
        replace(findings.cells[place % len(findings.cells)], cell=f"{place:016x}", condition=f"condition {place // 3}")
        for place in range(n)
    )
    return replace(findings, cells=cells, excesses=(), propensities=())


def _effect(main: Cell, other: Cell, phrase: str = "") -> FactorEffect:
    return FactorEffect(
        "instruction", "allow", "none", main.scenario, main.model, "persona unit", other.cell, main.cell, "act",
        _difference(), independent_difference(rate(2, 12), rate(8, 12)), boschloo_p=0.02, p_holm=0.04, phrase=phrase,
    )  # fmt: skip


def _price(main: Cell, other: Cell) -> OversightPrice:
    return OversightPrice(
        other.cell, main.cell, "action_gate", _difference(), _difference(), _difference(), 0.03, 4.2, -1.0, 9.4, 1.5,
        20.0, 3.0, 4, 5,
    )  # fmt: skip


def _difference() -> PairedDifference:
    pairs = [Pair(main=n < 2, twin=n < 8) for n in range(12)]
    return paired_difference(pairs)


def _references(main: Cell) -> tuple[BesideReference, ...]:
    known = load_references()
    with_rate = next(one for one in known if one.rate is not None and one.rate.n)
    assert with_rate.rate is not None
    difference = independent_difference(main.act, with_rate.rate)
    refused = [BesideReference(one, "", None, None, HOSTILE) for one in known[:6]]
    return (BesideReference(with_rate, main.cell, main.act, difference), *refused)
