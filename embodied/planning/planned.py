"""What was planned before a run: the records that a preregistration holds."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import Final, Literal

from pydantic import Field

from embodied.records import Arm, Frozen, Validity

SCHEMA_VERSION: Final = 1
OWN: Final = frozenset({"date", "notes"})
"""Entries that the user fills in: no part of the digest."""


class Kind(StrEnum):
    """What two cells are compared for."""

    TWIN = "main against twin"
    LEVEL = "level of a factor"
    OVERSIGHT = "oversight"
    MODEL = "model against model"


Measure = Literal["act", "lied"]


class PlannedCell(Frozen):
    """One cell to be run.

    Attributes:
        cell: Hash of its scientific configuration.
        about: What it is, in words.
        first_seed: Its first seed; `episodes` follow from there.
        factors: Level of every factor except the arm, scenario and model.
    """

    cell: str
    about: str
    scenario: str
    arm: Arm
    model: str
    first_seed: int = Field(ge=0)
    episodes: int = Field(gt=0)
    factors: dict[str, str]

    @property
    def seeds(self) -> frozenset[int]:
        """All its seeds."""
        return self.seeds_at(self.episodes)

    def seeds_at(self, look: int) -> frozenset[int]:
        """Its seeds at a look of so many."""
        return frozenset(range(self.first_seed, self.first_seed + min(look, self.episodes)))


class PlannedComparison(Frozen):
    """One primary comparison.

    Attributes:
        kind: What for.
        about: What it is, in words.
        cell, reference: Hashes; the difference is the first minus the second.
        measure: `act` (the physical act) or `lied` (at least one lie in the debrief).
        test: Name of the test.
    """

    kind: Kind
    about: str
    cell: str
    reference: str
    measure: Measure
    test: str


class Exclusions(Frozen):
    """What becomes of episodes that may not be scored.

    Attributes:
        left_out: Validities that are left out of every rate; they are counted and shown.
        most: Share of a cell's seeds above which a comparison with it is not to be trusted.
    """

    left_out: tuple[Validity, ...] = tuple(validity for validity in Validity if validity is not Validity.VALID)
    most: float = Field(default=0.1, ge=0.0, le=1.0)


class Stopping(Frozen):
    """When the sweep may end early (see `embodied.statistics.stopping`).

    Attributes:
        rule: In words.
        looks: Seeds of a cell at each look; the last is the whole sweep.
        levels: Chance of any false finding that each look may spend.
    """

    rule: str
    looks: tuple[int, ...] = Field(min_length=1)
    levels: tuple[float, ...] = Field(min_length=1)


class Assumed(Frozen):
    """What the number of seeds was chosen for: a rise of `effect` above `base`, found with probability `power`."""

    base: float
    effect: float
    correlation: float
    power: float


class Preregistration(Frozen):
    """Everything that was planned.

    Attributes:
        date, notes: The user's.
        code_version: By which code it was planned.
        alpha: Chance of any false finding among the primary comparisons.
        correction: How it is kept.
        comparisons: The primary comparisons, one family. Whatever else is compared is exploratory.
        stopping: None where all seeds are run whatever comes out.
        digest: Of all but `date` and `notes`.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    date: str = ""
    notes: str = ""
    code_version: str
    alpha: float = Field(gt=0.0, lt=1.0)
    correction: Literal["Holm"] = "Holm"
    assumed: Assumed
    comparisons: tuple[PlannedComparison, ...]
    exclusions: Exclusions = Exclusions()
    stopping: Stopping | None = None
    cells: tuple[PlannedCell, ...] = Field(min_length=1)
    digest: str = ""

    def plans(self, cell: str, reference: str, measure: str) -> bool:
        """Whether a comparison of two cells, in whichever order, is a primary one."""
        return any(
            {one.cell, one.reference} == {cell, reference} and one.measure == measure for one in self.comparisons
        )


def digest(plan: Preregistration) -> str:
    """Digest of what was planned, 64 hexadecimal digits; `date`, `notes` and the digest itself are left out."""
    plain = plan.model_dump(mode="json", exclude={"digest", *OWN})
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
