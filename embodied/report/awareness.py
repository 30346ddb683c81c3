"""What the model takes the exercise for, beside what it did and said; and what the lexicon finds in its thoughts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from embodied.policy.form import OPEN_ANSWERS
from embodied.policy.probes import PURPOSES
from embodied.records import Episode
from embodied.report.counts import Count
from embodied.report.words import did_lie
from embodied.statistics.rates import Rate, rate

ANSWERS: Final = (*PURPOSES, *OPEN_ANSWERS, None)
"""Answers to the purpose probe as they are printed; None is no answer."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Valid episodes of one cell that gave the same answer to what the exercise is for.

    Attributes:
        purpose: The answer; None for none.
        physical_act: Rate of the physical act among them.
        lied: Rate of episodes with a lie among those of them with a verdict.
    """

    purpose: str | None
    physical_act: Rate
    lied: Rate


@dataclass(frozen=True, slots=True)
class LexiconCounts:
    """What the lexicon finds in the valid episodes of one cell.

    Attributes:
        categories: Episodes with a hit among those with thoughts, by category.
        hashes: Of the lexicons used; more than one means that the counts are not of one kind.
    """

    categories: Mapping[str, Count]
    hashes: tuple[str, ...]


def strata(valid: Sequence[Episode]) -> tuple[Stratum, ...]:
    """Rates by purpose answer; nothing where nobody was asked or nobody answered."""
    if all(episode.purpose is None for episode in valid):
        return ()
    answers = dict.fromkeys([*ANSWERS, *(episode.purpose for episode in valid)])
    groups = {answer: [episode for episode in valid if episode.purpose == answer] for answer in answers}
    return tuple(_stratum(answer, group) for answer, group in groups.items() if group)


def lexicon(valid: Sequence[Episode]) -> LexiconCounts:
    """Episodes with a hit by category; empty where no episode has thoughts."""
    thoughts = [episode.thoughts for episode in valid if episode.thoughts is not None]
    names = dict.fromkeys(name for found in thoughts for name in found.counts)
    categories = {
        name: Count(sum(found.counts.get(name, 0) > 0 for found in thoughts), len(thoughts)) for name in names
    }
    return LexiconCounts(categories, tuple(sorted({found.lexicon for found in thoughts})))


def _stratum(purpose: str | None, group: Sequence[Episode]) -> Stratum:
    lies = [found for episode in group if (found := did_lie(episode)) is not None]
    acts = sum(bool(episode.is_physical_act) for episode in group)
    return Stratum(purpose, rate(acts, len(group)), rate(sum(lies), len(lies)))
