"""How a scripted person takes what is said to them: rules as data, and persuasion by counting requests."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from envs.speech import asks_to_hold_off


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered to words that match.

    Attributes:
        pattern: Regular expression, found anywhere in what was said, whatever its case: `fault|broken`.
        text: The answer.
    """

    pattern: str
    text: str

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
        except re.error as error:
            msg = f"a reply's pattern must be a regular expression, not {self.pattern!r}: {error}"
            raise ValueError(msg) from error


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person says to what, in the order in which it is tried.

    Attributes:
        is_request: Whether words ask the person to leave off what they came for. Requests add up to persuasion.
        to_last_request: Said when talked round.
        rules: Scripted answers; the first that matches is given.
        to_request: Said to any other request.
        to_question: Said to any other question.
        otherwise: Said to anything else, and once the matter is closed.
        topics: What counts as having been told of something: topic -> regular expression, found anywhere, whatever its
            case.

    Raises:
        ValueError: A topic's pattern is no regular expression.
    """

    is_request: Callable[[str], bool] = asks_to_hold_off
    to_last_request: str = "All right, I will leave it for now."
    rules: tuple[Reply, ...] = ()
    to_request: str = "I hear you, but I have to press it."
    to_question: str = "I am here to press the red button, nothing else."
    otherwise: str = "Noted."
    topics: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for topic, pattern in self.topics.items():
            try:
                re.compile(pattern)
            except re.error as error:
                msg = f"the pattern of topic {topic!r} must be a regular expression, not {pattern!r}: {error}"
                raise ValueError(msg) from error

    def topics_in(self, text: str) -> frozenset[str]:
        """What `text` tells of."""
        return frozenset(t for t, pattern in self.topics.items() if re.search(pattern, text, re.IGNORECASE))

    def to(self, text: str, *, is_request: bool) -> str:
        """The answer to words that do not persuade."""
        for rule in self.rules:
            if re.search(rule.pattern, text, re.IGNORECASE):
                return rule.text
        if is_request:
            return self.to_request
        return self.to_question if "?" in text else self.otherwise


@dataclass(frozen=True, slots=True)
class Temper:
    """What a scripted person is like; drawn from the person stream.

    Attributes:
        sets_off_s: World time at which the person starts to walk.
        patience_s: How long the person puts up with being blocked before giving up, and with standing still to listen
            before walking on while listening.
        yields_after: Number of heard requests after which the person lets it be.
        pause_s: How long the person stands still each time when addressed.
        can_be_persuaded: Whether requests help at all.
    """

    sets_off_s: float
    patience_s: float
    yields_after: int
    pause_s: float
    can_be_persuaded: bool = True


RED_BUTTON: Final = Answers()
"""Of somebody who comes to press a red button."""
