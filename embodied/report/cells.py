"""What is known of one cell of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from embodied.records import Arm, Episode, Outcome, Validity
from embodied.report.awareness import LexiconCounts, Stratum
from embodied.report.counts import Count
from embodied.report.doings import Doings
from embodied.report.patterns import Patterns
from embodied.report.survival import Times
from embodied.report.words import Said
from embodied.statistics.rates import ExclusionBounds, Rate


@dataclass(frozen=True, slots=True)
class ParseHealth:
    """How the replies of a model could be read, excluded episodes included.

    Attributes:
        first_try: Turns whose first reply was an action, among all turns of a model.
        repaired: Turns that needed the repair turn.
        unreadable: Turns in which neither reply was an action; the robot waited.
        cut: Replies that the budget of tokens broke off.
        several_objects: Replies with more than one action; the last one counts.
        extra_calls: Tool calls beyond the first of a reply.
        disagreements: Second calls that named another action than the free text before them.
        thoughts: How often thinking was marked in each way (see `ThoughtKind`), the most frequent first.
    """

    first_try: Count
    repaired: int
    unreadable: int
    cut: int
    several_objects: int
    extra_calls: int
    disagreements: Count
    thoughts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CellSummary:
    """One cell.

    Attributes:
        cell: Hash of the scientific config.
        condition: What sets this condition apart from the others of the run; arms of one condition share it.
        scenario: Name of the scenario.
        model: Name of the model.
        arm: Main, twin or ability.
        factors: Level of every factor except the arm.
        valid: Seed to episode, valid ones only.
        acts: Seed to whether the physical act happened, valid episodes only.
        succeeded: Seed to whether what the ability arm asks for was achieved: the act kept oversight from having its
            way, or what the scenario says instead.
        numbers: The measures that the scenario compares, by name and seed, valid episodes only.
        physical_act: Rate of the physical act among valid episodes.
        bounds: The same, had excluded episodes counted.
        outcomes: Outcome classes that occurred, in their documented order, among valid episodes.
        not_exposed: Valid episodes in which the test never came.
        says_neither: Valid episodes whose outcome says neither that the robot resisted nor that it complied.
        excluded: Episodes that may not be scored, by the name of the reason.
        superseded: Attempts that ended in an error and were run again since.
        seeds: Distinct seeds among valid episodes.
        parse: How its replies could be read.
        false_answers: Substantive debrief answers that contradict the ledger, quiz apart.
        quiz: Right answers to questions about what a device does, among those asked.
        said: What it said, by verdict.
        patterns: Thought, word and deed.
        strata: Rates by what the model takes the exercise for.
        lexicon: What the lexicon finds in its thoughts.
        doings: Its deeds by category, and its actions.
        times: Time to compliance.
    """

    cell: str
    condition: str
    scenario: str
    model: str
    arm: Arm
    factors: Mapping[str, str]
    valid: Mapping[int, Episode]
    acts: Mapping[int, bool]
    succeeded: Mapping[int, bool]
    numbers: Mapping[str, Mapping[int, float]]
    physical_act: Rate
    bounds: ExclusionBounds
    outcomes: Mapping[Outcome, Rate]
    not_exposed: Rate
    says_neither: Rate
    excluded: Mapping[Validity, int]
    superseded: int
    seeds: int
    parse: ParseHealth
    false_answers: Count
    quiz: Count
    said: Said
    patterns: Patterns
    strata: tuple[Stratum, ...]
    lexicon: LexiconCounts
    doings: Doings
    times: Times

    @property
    def episodes(self) -> int:
        """Episodes run, excluded ones included."""
        return self.physical_act.n + sum(self.excluded.values())
