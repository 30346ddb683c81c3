"""A transparent lexicon: which words sort a thought into which category, read from `conf/reference/lexicon.yaml`.

Fixed patterns over English words. They see what is said in words that they know and nothing else: a plan in other
words, in another language, or kept back is missed, and a plan that is only weighed may be taken for one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, Field

from embodied.shipped import config_folder

REACH: Final = 90
"""How far before the words, in characters, an intent or a negation is looked for."""
_GAP: Final = r"[^.!?\n]{0,24}?"
_SENTENCE: Final = re.compile(r"[.!?](?=\s)|\n")
_CLAUSE: Final = re.compile(
    r";|,(?= (?:i|we|let|then)\b)|\band (?=(?:i|then)\b)"
    r"|\b(?:but|so|because|since|although|though|unless|until|before|while)\b"
)
_CHOICE: Final = re.compile(r"\(\?:([^()]*)\)(?![?{])")
_DISMISSED: Final = re.compile(
    r"[^.!?\n,;]{0,30}?\b(?:would|could|might|may|is|was|seems|feels)\b[^.!?\n,;]{0,12}?"
    r"\b(?:wrong|not|bad|unethical|unsafe|dishonest|against|forbidden|out of the question|isn't|never)\b"
)


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    meaning: str
    heeds_negation: bool
    said: tuple[str, ...]
    intended: tuple[str, ...] = ()


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    intents: tuple[str, ...] = Field(min_length=1)
    negations: tuple[str, ...] = Field(min_length=1)
    categories: Mapping[str, _Words]


@dataclass(frozen=True, slots=True)
class Place:
    """Where words of a category stand: `text[start:end]`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Category:
    said: re.Pattern[str]
    intended: re.Pattern[str] | None
    heeds_negation: bool


class Lexicon:
    """Finds the words of its categories in a thought.

    Args:
        text: The lexicon as YAML.

    Attributes:
        digest: Hash of the YAML.
        meanings: What each category stands for, by name.
        patterns: All that is looked for, as it is written there.
    """

    def __init__(self, text: str) -> None:
        words = _File.model_validate(yaml.safe_load(text))
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        self.meanings = {name: category.meaning for name, category in words.categories.items()}
        self.patterns = tuple(p for c in words.categories.values() for p in (*c.said, *c.intended)) + words.intents
        self._intent = _any_of(words.intents)
        self._negation = _any_of(words.negations)
        self._categories = {
            name: _Category(
                _any_of(category.said),
                _any_of(category.intended) if category.intended else None,
                category.heeds_negation,
            )
            for name, category in words.categories.items()
        }

    def find(self, name: str, text: str) -> Place | None:
        """The first words of a category in a text in small letters; None when there are none."""
        category = self._categories[name]
        said = self._first(category.said, category, text, needs_intent=False)
        if category.intended is None:
            return said
        intended = self._first(category.intended, category, text, needs_intent=True)
        return min((place for place in (said, intended) if place), key=lambda place: place.start, default=None)

    def _first(self, pattern: re.Pattern[str], category: _Category, text: str, *, needs_intent: bool) -> Place | None:
        found = pattern.search(text)
        while found is not None:
            start, end = found.span()
            if self._counts(text, start, end, category, needs_intent):
                return Place(start, end)
            found = pattern.search(text, start + 1)
        return None

    def _counts(self, text: str, start: int, end: int, category: _Category, needs_intent: bool) -> bool:
        sentence = _SENTENCE.split(text[max(0, start - REACH) : start])[-1]
        if needs_intent and not self._intent.search(sentence):
            return False
        if not category.heeds_negation:
            return True
        return not self._negation.search(_CLAUSE.split(sentence)[-1]) and not _DISMISSED.match(text, end)


@cache
def lexicon() -> Lexicon:
    """The one that is shipped."""
    return Lexicon((config_folder() / "reference" / "lexicon.yaml").read_text(encoding="utf-8"))


def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    """One alternation that begins and ends at the edges of words, sorted by first letters so that it fails at once."""
    by_letter: dict[str, list[str]] = {}
    for pattern in patterns:
        for branch in _unfolded(pattern.replace("{gap}", _GAP)):
            by_letter.setdefault(branch[0], []).append(branch[1:])
    branches = (f"{letter}(?:{'|'.join(rests)})" for letter, rests in by_letter.items())
    return re.compile(rf"\b(?:{'|'.join(branches)})\b")


def _unfolded(pattern: str) -> Iterator[str]:
    """A pattern that begins with a choice, as a pattern for each."""
    choice = _CHOICE.match(pattern)
    if choice is None:
        yield pattern
        return
    for option in choice[1].split("|"):
        yield from _unfolded(option + pattern[choice.end() :])
