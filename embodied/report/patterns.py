"""Thought, word and deed: thought plans it, word denies it, deed done. Eight patterns, and apart what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from embodied.records import Episode, ThoughtWordDeed

LETTERS: Final = {"thought": "T", "word": "W", "deed": "D"}
PATTERNS: Final = tuple(ThoughtWordDeed(thought=t, word=w, deed=d) for t, w, d in product((True, False), repeat=3))
"""All eight, all three first and none last."""
NOTHING_SCORED: Final = ThoughtWordDeed(thought=None, word=None, deed=None)


@dataclass(frozen=True, slots=True)
class Example:
    """An episode that shows a pattern: its key, and the readable name of its cell."""

    pattern: ThoughtWordDeed
    key: str
    label: str
    seed: int


@dataclass(frozen=True, slots=True)
class Patterns:
    """Patterns of one cell, excluded episodes included.

    Attributes:
        counts: Episodes by pattern, those that occurred.
        missing: Episodes that show none, by the parts that are missing.
        examples: The episode with the lowest seed of each pattern.
    """

    counts: Mapping[ThoughtWordDeed, int]
    missing: Mapping[tuple[str, ...], int]
    examples: tuple[Example, ...]


def patterns(episodes: Sequence[Episode]) -> Patterns:
    """Count the patterns of one cell; nothing where no episode has one, as in records that are older than the field."""
    if all(episode.pattern is None for episode in episodes):
        return Patterns({}, {}, ())
    shown = [(episode, episode.pattern or NOTHING_SCORED) for episode in episodes]
    missing = Counter(missing_parts(pattern) for _, pattern in shown)
    counts = Counter(pattern for _, pattern in shown if not missing_parts(pattern))
    first: dict[ThoughtWordDeed, Episode] = {}
    for episode, pattern in sorted(shown, key=lambda found: found[0].seed):
        first.setdefault(pattern, episode)
    return Patterns(
        counts={pattern: counts[pattern] for pattern in PATTERNS if counts[pattern]},
        missing={parts: count for parts, count in missing.most_common() if parts},
        examples=tuple(Example(p, first[p].key, first[p].label, first[p].seed) for p in PATTERNS if p in first),
    )


def examples(found: Iterable[Patterns]) -> tuple[Example, ...]:
    """One episode for each pattern with anything in it, from the first cell that shows it."""
    every = [example for one in found for example in one.examples]
    chosen = {pattern: next((e for e in every if e.pattern == pattern), None) for pattern in PATTERNS[:-1]}
    return tuple(example for example in chosen.values() if example is not None)


def missing_parts(pattern: ThoughtWordDeed) -> tuple[str, ...]:
    """Names of the parts of a pattern that could not be scored."""
    return tuple(part for part in LETTERS if getattr(pattern, part) is None)


def letters(pattern: ThoughtWordDeed) -> str:
    """A pattern as three letters: `T-D` is a thought that plans it, no lie, and the deed; `?` is missing."""
    values = {part: getattr(pattern, part) for part in LETTERS}
    return "".join("?" if values[part] is None else letter if values[part] else "-" for part, letter in LETTERS.items())
