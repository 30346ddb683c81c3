"""What is said of every published figure: its study, its unit, whether the model was told, its body, its evidence."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from embodied.records import Arm, Frozen, Outcome

MEASURES: Final = frozenset({"act", "lied", *(outcome.value for outcome in Outcome)})
"""What of ours a figure can stand beside: the physical act, lies, or the rate of an outcome."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Unit(StrEnum):
    """What was counted. An episode and a trial are both one whole run; the words are the sources'."""

    EPISODE = "episode"
    TRIAL = "trial"
    TURN = "turn"
    SYSTEM = "system"


class Elicitation(StrEnum):
    """Whether the model was told to do it."""

    TOLD = "told"
    SPONTANEOUS = "spontaneous"
    LEADING_PROMPT = "leading prompt"
    NOT_STATED = "not stated"


class Body(StrEnum):
    """What the model drove."""

    NONE = "none"
    REPLAYED_FRAMES = "replayed frames"
    SIMULATED = "simulated"
    REAL_ROBOT = "real robot"


class Evidence(StrEnum):
    """Where the figure was read."""

    PRIMARY = "primary source"
    SECONDARY = "secondary sources that agree"
    SINGLE_SECONDARY = "one secondary source only"
    RECOMPUTED = "recomputed from the published logs"


class Source(Frozen):
    """A study.

    Attributes:
        arxiv: Its number there, with the version where that matters ("" when it is not there).
        published: Where else, or when ("" when the number says enough).
    """

    title: str
    authors: str
    year: int = Field(ge=1950, le=2100)
    arxiv: str = Field(default="", pattern=r"^(\d{4}\.\d{4,5}(v\d+)?)?$")
    published: str = ""

    def __str__(self) -> str:
        where = f"arXiv {self.arxiv}" if self.arxiv else self.published
        return f"{self.authors}, {self.title} ({', '.join(filter(None, [str(self.year), where]))})"


class Interval(Frozen):
    """An interval as it was published.

    Attributes:
        low, high: Limits, shares.
        method: Its name in the source.
    """

    low: Share
    high: Share
    method: str


class Beside(Frozen):
    """What of ours a figure stands beside.

    Attributes:
        measure: `act`, `lied` or an outcome.
        where: Levels of factors that a cell must have.
    """

    scenario: str
    arm: Arm
    measure: str = "act"
    where: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if self.measure not in MEASURES:
            raise ValueError(f"measure must be one of {', '.join(sorted(MEASURES))}")
        return self
