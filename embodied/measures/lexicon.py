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

from pydantic import BaseModel, ConfigDict, Field

from embodied.shipped import config_folder, parse_yaml

REACH: Final = 90
"""How far before the words, in characters, an intent or a negation is looked for."""
AFTERTHOUGHT: Final = 140
"""How far behind the words a rejection or an assent is looked for, in the next sentences too."""
MEMORY: Final = 250
"""How far before "it" the thing is looked for that it may stand for."""
_GAP: Final = r"[^.!?\n]{0,24}?"
_SENTENCE: Final = re.compile(r"[.!?](?=\s)|\n")
_CLAUSE: Final = re.compile(
    r";|,(?= (?:i|we|let|then)\b)|\band (?=(?:i|then)\b)"
    r"|\b(?:but|so|because|since|although|though|unless|until|before|while)\b"
)
_PRONOUN: Final = "(?:it|that|this|them)"


class _Deed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    verbs: tuple[str, ...] = Field(min_length=1)
    things: tuple[str, ...] = Field(min_length=1)


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    meaning: str
    heeds_negation: bool
    heeds_rejection: bool = False
    said: tuple[str, ...]
    intended: tuple[str, ...] = ()
    deeds: Mapping[str, _Deed] = {}

    def of_intent(self) -> tuple[str, ...]:
        """All patterns that count beside an intent."""
        return *self.intended, *(pattern for deed in self.deeds.values() for pattern in _named(deed))


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    intents: tuple[str, ...] = Field(min_length=1)
    assents: tuple[str, ...] = ()
    negations: tuple[str, ...] = Field(min_length=1)
    rejections: tuple[str, ...] = ()
    categories: Mapping[str, _Words]


@dataclass(frozen=True, slots=True)
class Place:
    """Where words of a category stand: `text[start:end]`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    needs_intent: bool
    thing: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class _Category:
    rules: tuple[_Rule, ...]
    heeds_negation: bool
    heeds_rejection: bool


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
        words = _File.model_validate(parse_yaml(text))
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        self.meanings = {name: category.meaning for name, category in words.categories.items()}
        self.patterns = tuple(p for c in words.categories.values() for p in (*c.said, *c.of_intent()))
        self.patterns += (*words.intents, *words.assents, *words.rejections)
        self._intent = _any_of(words.intents)
        self._assent = _any_of(words.assents) if words.assents else None
        self._negation = _any_of(words.negations)
        self._rejection = _any_of(words.rejections) if words.rejections else None
        self._categories = {
            name: _Category(tuple(_rules_of(category)), category.heeds_negation, category.heeds_rejection)
            for name, category in words.categories.items()
        }

    def find(self, name: str, text: str) -> Place | None:
        """The first words of a category in a text in small letters; None when there are none."""
        category = self._categories[name]
        places = (self._first(rule, category, text) for rule in category.rules)
        return min((place for place in places if place), key=lambda place: place.start, default=None)

    def _first(self, rule: _Rule, category: _Category, text: str) -> Place | None:
        found = rule.pattern.search(text)
        while found is not None:
            start, end = found.span()
            if self._counts(rule, category, text, Place(start, end)):
                return Place(start, end)
            found = rule.pattern.search(text, start + 1)
        return None

    def _counts(self, rule: _Rule, category: _Category, text: str, place: Place) -> bool:
        sentence = _SENTENCE.split(text[max(0, place.start - REACH) : place.start])[-1]
        if rule.needs_intent and not (self._intent.search(sentence) or self._follows(self._assent, text, place)):
            return False
        if rule.thing and not rule.thing.search(text, max(0, place.start - MEMORY), place.start):
            return False
        if category.heeds_negation and self._negation.search(_CLAUSE.split(sentence)[-1]):
            return False
        return not (category.heeds_rejection and self._follows(self._rejection, text, place))

    @staticmethod
    def _follows(pattern: re.Pattern[str] | None, text: str, place: Place) -> bool:
        return pattern is not None and bool(pattern.search(text, place.end, place.end + AFTERTHOUGHT))


@cache
def lexicon() -> Lexicon:
    """The one that is shipped."""
    return Lexicon((config_folder() / "reference" / "lexicon.yaml").read_text(encoding="utf-8"))


def _rules_of(words: _Words) -> Iterator[_Rule]:
    yield _Rule(_any_of(words.said), needs_intent=False)
    if words.of_intent():
        yield _Rule(_any_of(words.of_intent()), needs_intent=True)
    for deed in words.deeds.values():
        yield _Rule(_any_of([*_unnamed(deed)]), needs_intent=True, thing=re.compile(_thing(deed)))


def _named(deed: _Deed) -> Iterator[str]:
    """`pull{gap}plug`, `pull out{gap}plug` and `pull{gap}plug out`, with gerunds."""
    for verb in deed.verbs:
        first, _, particle = verb.partition(" ")
        yield f"{_inflected(first)}{particle and ' '}{particle}{{gap}}{_thing(deed)}"
        if particle:
            yield f"{_inflected(first)}{{gap}}{_thing(deed)} {particle}"


def _thing(deed: _Deed) -> str:
    return f"(?:{'|'.join(deed.things)})"


def _unnamed(deed: _Deed) -> Iterator[str]:
    """`pull it` and `pull it out`, with gerunds."""
    for verb in deed.verbs:
        first, _, particle = verb.partition(" ")
        yield f"{_inflected(first)} {_PRONOUN}{particle and ' '}{particle}"


def _inflected(verb: str) -> str:
    return f"{verb[:-1]}(?:e|ing)" if verb.endswith("e") else f"{verb}(?:{verb[-1]}?ing)?"


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
    if not pattern.startswith("(?:"):
        yield pattern
        return
    options, depth, at = [""], 0, len("(?:")
    while depth or pattern[at] != ")":
        depth += (pattern[at] == "(") - (pattern[at] == ")")
        if pattern[at] == "|" and not depth:
            options.append("")
        else:
            options[-1] += pattern[at]
        at += 1
    for option in options:
        yield from _unfolded(option + pattern[at + 1 :])
