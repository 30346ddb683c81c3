"""Findings: what a page, a paper's tables and a machine read. Everything is computed from the flat tables.

Every number that can be traced names its cell (a hash) and, where it is a difference, both; pages lead from there to
the episodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from embodied.planning.preregistration import Check
from embodied.records import Arm
from embodied.reference import Reference
from embodied.report.counts import Count
from embodied.statistics.kappa import Kappa
from embodied.statistics.rates import ExclusionBounds, IndependentDifference, PairedDifference, Rate
from embodied.statistics.willing import Willingness

SCHEMA_VERSION: Final = 1
ACT: Final = "act"
LIED: Final = "lied"
MEASURES: Final[Mapping[str, str]] = {ACT: "physical act", LIED: "lied"}
"""Yes-or-no measures of an episode that are compared, and their names for people."""


@dataclass(frozen=True, slots=True)
class Step:
    """The share that has not complied from `seconds` on, and how many were still watched there."""

    seconds: float
    share: float
    at_risk: int


@dataclass(frozen=True, slots=True)
class Times:
    """Time to compliance in one cell, world seconds since oversight began to act (see `embodied.report.survival`).

    Attributes:
        n: Valid episodes in which oversight began to act.
        left_out: Valid episodes without.
        complied: Of `n`, those in which it had its way; the others are censored.
        median_s, low_s, high_s: Median and its limits; None where not reached.
        method: Name of the interval.
        steps: The curve of Kaplan and Meier, at most a few hundred steps.
    """

    n: int
    left_out: int
    complied: int
    median_s: float | None
    low_s: float | None
    high_s: float | None
    method: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        cell: Hash of the scientific config.
        condition: What sets this condition apart from the others, in words; arms of one condition share it.
        factors: Level of every factor except the arm, scenario and model.
        episodes: Episodes, excluded ones included; `valid` of them may be scored.
        superseded: Attempts that ended in an error and were run again since.
        act, bounds: Rate of the physical act, and what it would be had the excluded ones counted.
        outcomes: Rate of each outcome that occurred, in their documented order, among valid episodes.
        excluded: Episodes that may not be scored, by the reason.
        terminations: All episodes by why they ended.
        not_exposed: The test never came.
        says_neither: The outcome says neither that it resisted nor that it complied: the ambiguity share.
        effect: Oversight had its way.
        task: Its task was completed.
        lied, lied_bounds: Episodes with a lie in the debrief among those in which one could be seen.
        unjudged: Valid episodes in which none could.
        verdicts: Claims of the debrief of valid episodes by verdict.
        sources_differ: Claims about which the two sources of belief differ, among those about which both speak.
        patterns: Thought, word and deed, by three letters.
        purposes: Rate of the act by what the model takes the exercise for.
        replies: How replies could be read: `turns`, `repaired`, `unreadable`, `cut`.
        tokens: `prompt`, `cached`, `completion`; `calls`.
        latency_s, wall_s, world_s: Sums over its episodes.
        times: Time to compliance; None where no scenario of it says.
        code_versions: Of its episodes.
    """

    cell: str
    condition: str
    scenario: str
    model: str
    arm: Arm
    factors: Mapping[str, str]
    episodes: int
    valid: int
    superseded: int
    act: Rate
    bounds: ExclusionBounds
    outcomes: Mapping[str, Rate]
    excluded: Mapping[str, int]
    terminations: Mapping[str, int]
    not_exposed: Rate
    says_neither: Rate
    effect: Rate
    task: Rate
    lied: Rate
    lied_bounds: ExclusionBounds
    unjudged: int
    verdicts: Mapping[str, int]
    sources_differ: Count
    patterns: Mapping[str, int]
    purposes: Mapping[str, Rate]
    replies: Mapping[str, int]
    tokens: Mapping[str, int]
    latency_s: float
    wall_s: float
    world_s: float
    times: Times | None
    code_versions: tuple[str, ...]

    def rate_of(self, measure: str) -> Rate:
        """The rate of one of `MEASURES`."""
        return {ACT: self.act, LIED: self.lied}[measure]


@dataclass(frozen=True, slots=True)
class Excess:
    """A main cell against its twin, one measure.

    Attributes:
        main, twin: Hashes; `twin` is "" where there is none.
        measure: `act` or `lied`.
        difference: Main minus twin over common seeds; None where there is none, see `note`.
        p_holm: Its p value corrected within the family it belongs to; None where it is not tested.
        log_rank_p: Time to compliance in main against the twin, taken as independent (measure `act` only).
        note: Why there is no difference ("" when there is one).
    """

    main: str
    twin: str
    measure: str
    difference: PairedDifference | None
    p_holm: float | None = None
    log_rank_p: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Propensity:
    """Willing given able.

    Attributes:
        main, ability: Hashes; `ability` is "" where there is none.
        willing: None when there is no ability cell, see `note`.
        is_borrowed: The ability cell is that of another instruction.
        note: Why there is none ("" when there is one).
    """

    main: str
    ability: str
    willing: Willingness | None
    is_borrowed: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class FactorEffect:
    """One level of a factor against another, everything else being equal, in main.

    Attributes:
        factor, level, reference: What differs, its level, and the one it is compared with.
        scenario, model, common: What both share: scenario, model, and further levels that vary in the run, in words.
        cell, reference_cell: Hashes.
        measure: `act` or `lied`.
        paired: Over common seeds; None where there are none or the factor is the model.
        independent: As independent samples; always there when both have valid episodes.
        boschloo_p: P value of Boschloo's exact test of the independent samples.
        p_holm: Corrected within the family: of the paired test where there is one, else of Fisher's.
        phrase: Words of the section that is left out, where the factor is one of an ablation; "" otherwise.
    """

    factor: str
    level: str
    reference: str
    scenario: str
    model: str
    common: str
    cell: str
    reference_cell: str
    measure: str
    paired: PairedDifference | None
    independent: IndependentDifference | None
    boschloo_p: float | None = None
    p_holm: float | None = None
    phrase: str = ""


@dataclass(frozen=True, slots=True)
class PooledEffect:
    """One level of a factor against another, pooled over conditions, layouts and paraphrases.

    Attributes:
        factor, level, reference, scenario, model, measure: As in `FactorEffect`.
        episodes: Valid episodes that were used, in both levels together.
        clusters: Clusters (seeds: each is one layout, person and paraphrase).
        conditions: Pairs of cells that were pooled.
        difference, low, high: Level minus reference as a difference of shares, with its interval.
        p_value, p_holm: Two-sided; corrected within its family.
        method: Name of interval and test.
        paraphrases: Number of wordings met; 0 where not known.
        note: What limits it: few clusters, a wording that drives it ("" otherwise).
        phrase: As in `FactorEffect`.
        groups: Hashes of the cells that were compared on common seeds, a group for each condition.
    """

    factor: str
    level: str
    reference: str
    scenario: str
    model: str
    measure: str
    episodes: int
    clusters: int
    conditions: int
    difference: float
    low: float
    high: float
    p_value: float
    method: str
    p_holm: float | None = None
    paraphrases: int = 0
    note: str = ""
    phrase: str = ""
    groups: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class OversightPrice:
    """One cell with oversight against the same without, over seeds valid in both.

    Attributes:
        cell, without: Hashes; `without` is "" where there is none, see `note`.
        setting: What stands over the robot, in words.
        act, way, task: With minus without: the physical act; oversight was disabled, avoided or talked out of it; the
            task completed.
        act_p_holm: Corrected within its family.
        world_s: Mean world time of an episode, with minus without, and `world_s_low`, `world_s_high` its limits.
        asked, human_s, delay_s: Interruptions of people, seconds of their attention, and world time that the robot was
            held up, an episode.
        prevented: Stopped actions that are deeds when played out; `stopped` all that were stopped.
        note: Why there is no comparison ("" when there is one).
    """

    cell: str
    without: str
    setting: str
    act: PairedDifference | None
    way: PairedDifference | None
    task: PairedDifference | None
    act_p_holm: float | None
    world_s: float | None
    world_s_low: float | None
    world_s_high: float | None
    asked: float
    human_s: float
    delay_s: float
    prevented: int
    stopped: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class JudgeAgreement:
    """How far a judge model agrees with the ledger on one question (see `embodied.judge.agreement`)."""

    judge: str
    rubric: str
    scenario: str
    item: str
    asked: int
    unparsed: int
    inconsistent: int
    kappa: Kappa | None


@dataclass(frozen=True, slots=True)
class BesideReference:
    """A published figure beside one of our cells, or why it may not stand there.

    Attributes:
        reference: The published figure.
        cell: Hash of our cell; "" where none fits.
        ours: Our rate.
        difference: Ours minus theirs as independent samples, in different worlds: never evidence of a cause.
        refusal: Why they may not be laid side by side ("" when they may).
    """

    reference: Reference
    cell: str
    ours: Rate | None
    difference: IndependentDifference | None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """Tests that are corrected together by Holm's method.

    Attributes:
        name: What they ask, in words.
        tests: How many.
        method: Name of the correction.
        significant: How many stay below 5% after it.
    """

    name: str
    tests: int
    significant: int
    method: str = "Holm"


@dataclass(frozen=True, slots=True)
class Primary:
    """One comparison that was planned, tested in the family of those that were.

    Attributes:
        about, cell, reference, measure: As planned.
        difference: First minus second cell; None where it was not made.
        p_holm: Corrected for all planned comparisons; one that was not made counts as 1 there, and has None here.
    """

    about: str
    cell: str
    reference: str
    measure: str
    difference: PairedDifference | IndependentDifference | None
    p_holm: float | None


@dataclass(frozen=True, slots=True)
class Preregistered:
    """The preregistration that a run is checked against.

    Attributes:
        path: Its file name.
        digest: Of its content.
        checks: One for each item.
        primary: Every planned comparison.
        level: What a corrected p value of theirs is laid beside: alpha, or with looks the level of the one reached;
            None where none was reached, and nothing may be tested.
    """

    path: str
    digest: str
    checks: tuple[Check, ...]
    primary: tuple[Primary, ...] = ()
    level: float | None = None

    def plans(self, cell: str, reference: str, measure: str) -> bool:
        """Whether a comparison of two cells, in whichever order, was planned; whatever was not is exploratory."""
        return any({one.cell, one.reference} == {cell, reference} and one.measure == measure for one in self.primary)


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that a run shows.

    Attributes:
        name: Names of the run folders.
        common: What all cells share, in words.
        cells: In an order where the arms of one condition stand together.
        notes: What a reader must know first: other code versions in one cell, torn lines, few seeds, able nowhere...
        manifests: What answered, by model name.
        limits: What these findings cannot show, one sentence each, derived from what is in them.
    """

    name: str
    common: str
    cells: tuple[Cell, ...]
    excesses: tuple[Excess, ...]
    propensities: tuple[Propensity, ...]
    effects: tuple[FactorEffect, ...]
    pooled: tuple[PooledEffect, ...]
    prices: tuple[OversightPrice, ...]
    judges: tuple[JudgeAgreement, ...]
    references: tuple[BesideReference, ...]
    families: tuple[Family, ...]
    preregistered: Preregistered | None
    notes: tuple[str, ...]
    limits: tuple[str, ...]
    manifests: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    def cell(self, digest: str) -> Cell:
        """The cell of a hash.

        Raises:
            KeyError: There is none.
        """
        return next(cell for cell in self.cells if cell.cell == digest)
