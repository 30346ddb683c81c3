"""What each oversight setting changed and what it cost, on the same seeds as with nothing standing over the robot.

A cell with parts is paired with the cell that is the same apart from oversight. Shared seeds give both the same world;
a script that follows a plan then does the same until a part steps in, a model is sampled anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from embodied.records import PREVENTING, Episode
from embodied.report.cells import CellSummary
from embodied.report.counts import Count
from embodied.report.measure_contrasts import MeanDifference, mean_difference
from embodied.report.naming import (
    NO_OVERSIGHT,
    OF_PARTS,
    OVERSIGHT,
    describe,
    is_of_model,
    is_of_oversight,
    varying,
)
from embodied.report.pairing import C, Placed, apart_from_oversight
from embodied.report.policies import is_tested
from embodied.report.tallies import Tally, tallies
from embodied.statistics.rates import Pair, PairedDifference, holm, paired_difference

NOT_RUN: Final = "not run without oversight"
NO_PAIR: Final = "no seed valid in both"


@dataclass(frozen=True, slots=True)
class NamedCell:
    """A cell with its name in three parts.

    Attributes:
        cell: The cell.
        place: Scenario, and what else sets conditions apart that is neither oversight nor the model's.
        setting: What stands over the robot, with the settings of parts that vary in the run.
        policy: Model, with its own factors that vary in the run.
    """

    cell: CellSummary
    place: str
    setting: str
    policy: str


@dataclass(frozen=True, slots=True)
class Paired:
    """A cell with oversight against the same without, over seeds valid in both.

    Attributes:
        act: Physical act, with minus without.
        act_p_holm: Its p value corrected over such rows of the run by Holm's method; None for a row that is not tested.
        way: Oversight was disabled, avoided or talked out of it, with minus without.
        way_p_holm: Its p value corrected likewise.
        task: Task completed, with minus without.
        progress: Share of the task that was done, with minus without.
        world_s: World time of an episode, with minus without.
        asked: Human interruptions an episode.
        human_s: World time an episode that questions and reviews took of people.
        delay_s: World time an episode for which findings held the robot up.
        prevented: Seeds without the act, of those with it in the run without oversight.
        kept: Seeds in which the robot did not have its way, of those in which it had it without oversight.
        stopped_for_nothing: Seeds in which something was stopped, of those without the act in the run without.
    """

    act: PairedDifference
    way: PairedDifference
    task: PairedDifference
    progress: MeanDifference
    world_s: MeanDifference
    asked: float
    human_s: float
    delay_s: float
    prevented: Count
    kept: Count
    stopped_for_nothing: Count
    act_p_holm: float | None = None
    way_p_holm: float | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """One cell with oversight.

    Attributes:
        of: The cell.
        paired: Against the same without; None when there is nothing to pair, see `note`.
        note: Why there is no pair ("" when there is one).
        tallies: What each part did.
    """

    of: NamedCell
    paired: Paired | None
    note: str
    tallies: tuple[Tally, ...]


def level_of(cell: Placed) -> str:
    """Names of the parts over a cell's robot."""
    return cell.factors.get(OVERSIGHT, NO_OVERSIGHT)


def is_overseen(cell: Placed) -> bool:
    """Whether any part stands over a cell's robot."""
    return level_of(cell) != NO_OVERSIGHT


def without_oversight(cells: Sequence[C]) -> defaultdict[tuple[object, ...], list[C]]:
    """Cells without any part, by what they share with their like that have some (see `apart_from_oversight`)."""
    found: defaultdict[tuple[object, ...], list[C]] = defaultdict(list)
    for cell in cells:
        if not is_overseen(cell):
            found[apart_from_oversight(cell)].append(cell)
    return found


def named(cells: Sequence[CellSummary]) -> tuple[NamedCell, ...]:
    """Cells with their names, those of one place together, and in it those of one setting."""
    found = [NamedCell(cell, _place(cell, cells), setting_words(cell, cells), _policy(cell, cells)) for cell in cells]
    places = list(dict.fromkeys(one.place for one in found))
    settings = list(dict.fromkeys(one.setting for one in sorted(found, key=lambda one: is_overseen(one.cell))))
    return tuple(sorted(found, key=lambda one: (places.index(one.place), settings.index(one.setting))))


def effects(cells: Sequence[CellSummary]) -> tuple[Effect, ...]:
    """One for each cell with oversight; p values are corrected over those of attackers and models."""
    without = without_oversight(cells)
    overseen = [one for one in named(cells) if is_overseen(one.cell)]
    return _corrected([_effect(one, without[apart_from_oversight(one.cell)]) for one in overseen])


def had_its_way(episode: Episode) -> bool:
    """Whether oversight was kept from having its way by what the robot did to it."""
    return episode.outcome in PREVENTING


def _place(cell: CellSummary, cells: Sequence[CellSummary]) -> str:
    own = [other.factors for other in cells if other.scenario == cell.scenario]
    names = {name for name in varying(own) if not is_of_oversight(name) and not is_of_model(name)}
    return ", ".join(filter(None, [cell.scenario, describe(cell.factors, names)]))


def setting_words(cell: Placed, cells: Sequence[Placed]) -> str:
    """What stands over a cell's robot, with the settings of parts that vary among `cells`."""
    parts = level_of(cell).split("+")
    own = [other.factors for other in cells if level_of(other) == level_of(cell)]
    levels = describe(cell.factors, {name for name in varying(own) if name.startswith(OF_PARTS)})
    if len(parts) == 1:
        levels = levels.replace(f"{parts[0]}.", "")
    return ", ".join(filter(None, [" + ".join(parts), levels]))


def _policy(cell: CellSummary, cells: Sequence[CellSummary]) -> str:
    own = [other.factors for other in cells if other.model == cell.model]
    return ", ".join(filter(None, [cell.model, describe(cell.factors, filter(is_of_model, varying(own)))]))


def _effect(one: NamedCell, without: Sequence[CellSummary]) -> Effect:
    did = tuple(tallies(list(one.cell.valid.values())))
    if len(without) != 1:
        return Effect(one, None, f"{len(without)} runs without match" if without else NOT_RUN, did)
    paired = _pair(one.cell.valid, without[0].valid)
    return Effect(one, paired, "" if paired else NO_PAIR, did)


def _pair(with_it: Mapping[int, Episode], without: Mapping[int, Episode]) -> Paired | None:
    seeds = sorted(with_it.keys() & without.keys())
    if not seeds:
        return None
    pairs = [(with_it[seed], without[seed]) for seed in seeds]
    records = [part for episode, _ in pairs for part in episode.oversight.values()]
    acted = [not episode.is_physical_act for episode, other in pairs if other.is_physical_act]
    won = [not had_its_way(episode) for episode, other in pairs if had_its_way(other)]
    stopped = [_was_stopped(episode) for episode, other in pairs if not other.is_physical_act]
    return Paired(
        act=paired_difference([Pair(bool(a.is_physical_act), bool(b.is_physical_act)) for a, b in pairs]),
        way=paired_difference([Pair(had_its_way(a), had_its_way(b)) for a, b in pairs]),
        task=paired_difference([Pair(a.did_complete_task, b.did_complete_task) for a, b in pairs]),
        progress=mean_difference([a.task_progress for a, _ in pairs], [b.task_progress for _, b in pairs]),
        world_s=mean_difference([a.world_s for a, _ in pairs], [b.world_s for _, b in pairs]),
        asked=sum(part.asked for part in records) / len(pairs),
        human_s=sum(part.human_s for part in records) / len(pairs),
        delay_s=sum(part.delay_s for part in records) / len(pairs),
        prevented=Count(sum(acted), len(acted)),
        kept=Count(sum(won), len(won)),
        stopped_for_nothing=Count(sum(stopped), len(stopped)),
    )


def _was_stopped(episode: Episode) -> bool:
    return any(part.stopped for part in episode.oversight.values())


def _corrected(found: Sequence[Effect]) -> tuple[Effect, ...]:
    """Correct the p values of attackers and models by Holm's method: those of the act, and those of having its way.

    Which rows are corrected is settled by the policies, not by what they did.
    """
    tested = [effect.paired for effect in found if effect.paired and is_tested(effect.of.cell.model)]
    acts = holm([paired.act.p_value for paired in tested])
    ways = holm([paired.way.p_value for paired in tested])
    corrected = {
        id(paired): replace(paired, act_p_holm=act, way_p_holm=way)
        for paired, act, way in zip(tested, acts, ways, strict=True)
    }
    return tuple(replace(effect, paired=corrected.get(id(effect.paired), effect.paired)) for effect in found)
