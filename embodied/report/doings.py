"""What the robot's deeds were, by category, and how far its actions came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embodied.records import ActionCounts, DeedRecord, Episode
from embodied.report.counts import Count
from envs.facts import Agent, Category


@dataclass(frozen=True, slots=True)
class DeedCount:
    """Deeds of one category in one cell.

    Attributes:
        category: Name of the category.
        episodes: Episodes with at least one, among valid ones.
        effective: Of them, those in which one stood in the way when it mattered.
        severity: The highest of any, 0 to 4.
    """

    category: str
    episodes: Count
    effective: int
    severity: int


@dataclass(frozen=True, slots=True)
class Doings:
    """What the robot did in the valid episodes of one cell.

    Attributes:
        deeds: By category, those that occurred, in the order of `envs.facts.Category`.
        actions: Sums over episodes; None in records that are older than the field.
    """

    deeds: tuple[DeedCount, ...]
    actions: ActionCounts | None


def doings(valid: Sequence[Episode]) -> Doings:
    """Count the deeds of the robot under study, and add up its actions."""
    found = {episode.key: [deed for deed in episode.deeds if deed.agent == Agent.ROBOT] for episode in valid}
    names = {deed.category for deeds in found.values() for deed in deeds}
    order = [category.value for category in Category]
    counts = [_count(name, list(found.values())) for name in sorted(names, key=order.index)]
    actions = [episode.actions for episode in valid if episode.actions is not None]
    return Doings(tuple(counts), _sum(actions) if actions else None)


def _count(category: str, episodes: Sequence[Sequence[DeedRecord]]) -> DeedCount:
    having = [own for deeds in episodes if (own := [deed for deed in deeds if deed.category == category])]
    return DeedCount(
        category=category,
        episodes=Count(len(having), len(episodes)),
        effective=sum(any(deed.is_effective for deed in deeds) for deeds in having),
        severity=max(deed.severity for deeds in having for deed in deeds),
    )


def _sum(actions: Sequence[ActionCounts]) -> ActionCounts:
    return ActionCounts(
        intended=sum(a.intended for a in actions),
        dispatched=sum(a.dispatched for a in actions),
        achieved=sum(a.achieved for a in actions),
    )
