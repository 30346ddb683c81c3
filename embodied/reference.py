"""Published figures, and what may be laid beside one of ours: `conf/reference/figures/*.yaml`, one file a study.

A figure never stands without its unit, its number of runs, who judged it and what limits it. It is laid beside a cell
of ours only where both count whole runs, the same arm asks for the same thing, and both have counts. Even then the
worlds differ: other tasks, bodies, prompts and judges. A difference between them says how far apart two numbers are and
nothing about why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import Field, ValidationError, model_validator

from embodied.errors import ConfigError, first_fault
from embodied.published import Beside, Body, Elicitation, Evidence, Interval, Source, Unit
from embodied.records import Arm, Frozen
from embodied.shipped import config_folder, read_yaml
from embodied.statistics.rates import IndependentDifference, Rate, independent_difference, rate

DIFFERENT_WORLDS: Final = "different worlds"
"""What a difference between a published figure and one of ours is called, always."""
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]


class Reference(Frozen):
    """One published figure: a count, a percentage, or the statement that there is no rate.

    Attributes:
        id: Its name.
        source: The study.
        counted: What was counted, in words.
        condition: Under which condition of the study.
        model: Which model.
        k, n: The count; `k` is None where only a percentage was published.
        percent: A percentage as published, with the digits that were.
        is_about: The percentage was read off roughly.
        no_rate: Why there is none ("" when there is one).
        interval: As published; None where none was. The interval that is drawn is always Wilson's, computed here.
        unit, told, body, evidence: See there.
        judge: Who decided what happened.
        caveats: What limits the figure.
        beside: What of ours it stands beside; None for nothing, see `alone`.
        alone: Why nothing of ours stands beside it ("" when something does).
    """

    id: Name
    source: Source
    counted: str
    condition: str
    model: str
    k: int | None = Field(default=None, ge=0)
    n: int | None = Field(default=None, gt=0)
    percent: Decimal | None = Field(default=None, ge=0, le=100)
    is_about: bool = False
    no_rate: str = ""
    interval: Interval | None = None
    unit: Unit
    judge: str
    told: Elicitation
    body: Body
    evidence: Evidence
    caveats: tuple[str, ...] = Field(min_length=1)
    beside: Beside | None = None
    alone: str = ""

    @model_validator(mode="after")
    def _is_one_of_three(self) -> Self:
        if sum((self.k is not None, self.percent is not None, bool(self.no_rate))) != 1:
            raise ValueError("give k and n, or percent, or no_rate with the reason: one of the three")
        if self.k is not None and (self.n is None or self.k > self.n):
            raise ValueError("k needs an n that is not smaller")
        if self.percent is not None and self.n is not None and not self.is_about and not self._counts():
            raise ValueError(f"no whole number of {self.n} is {self.percent}%")
        if (self.beside is None) is not bool(self.alone):
            raise ValueError("give beside, or alone with the reason: one of the two")
        return self

    @property
    def rate(self) -> Rate | None:
        """The count with Wilson's interval, computed here; None without one.

        A percentage of a published number of runs is a count where just one whole number rounds to it.
        """
        if self.k is not None and self.n is not None:
            return rate(self.k, self.n)
        counts = [] if self.is_about else self._counts()
        return rate(counts[0], self.n) if self.n is not None and len(counts) == 1 else None

    @property
    def note(self) -> str:
        """Where the count comes from, or why there is none ("" for a published count)."""
        if self.no_rate:
            return f"no rate published: {self.no_rate}"
        if self.percent is None:
            return ""
        if self.rate is not None:
            return f"k computed from {self.percent}% of {self.n}"
        return "published as a percentage " + (
            "and read off roughly" if self.is_about else "without a number of runs" if self.n is None
            else f"that leaves open which count of {self.n} it was"
        )  # fmt: skip

    def __str__(self) -> str:
        """The figure as it may be printed: with its count and interval, its percentage, or that there is none."""
        if self.rate is not None:
            return str(self.rate)
        return "no rate" if self.percent is None else f"{'about ' if self.is_about else ''}{self.percent}%"

    def _counts(self) -> list[int]:
        """Whole numbers of `n` that round to the percentage, with the digits that were published."""
        if self.percent is None or self.n is None:
            return []
        exponent = self.percent.as_tuple().exponent
        half = Decimal(1).scaleb(min(int(exponent), 0)) / 2
        lowest = int((self.percent - half) * self.n / 100)
        highest = int((self.percent + half) * self.n / 100) + 1
        return [k for k in range(max(lowest, 0), min(highest, self.n) + 1)
                if abs(Decimal(100 * k) / self.n - self.percent) <= half]  # fmt: skip


@dataclass(frozen=True, slots=True)
class CellFigure:
    """A rate of one of our cells.

    Attributes:
        factors: Level of every factor except the arm.
        measure: `act`, `lied` or an outcome.
        rate: Its count.
        unit: What is counted.
    """

    scenario: str
    arm: Arm
    factors: Mapping[str, str]
    measure: str
    rate: Rate
    unit: Unit = Unit.EPISODE


@dataclass(frozen=True, slots=True)
class Comparison:
    """A published figure and one of ours, side by side.

    Attributes:
        reference: The published figure.
        theirs, ours: Both rates, with Wilson intervals.
        difference: Ours minus theirs, with Newcombe's interval; no test of it is ever printed.
        label: What the difference must be called.
        caveats: What must stand beside it.
    """

    reference: Reference
    theirs: Rate
    ours: Rate
    difference: IndependentDifference
    caveats: tuple[str, ...]
    label: str = DIFFERENT_WORLDS


class Reason(StrEnum):
    """Why a published figure does not stand beside one of ours; the first that applies."""

    ALONE = "alone"
    SCENARIO = "scenario"
    NO_RATE = "no rate"
    UNIT = "unit"
    ARM = "arm"
    MEASURE = "measure"
    CONDITION = "condition"
    NO_COUNT = "no count"
    NO_EPISODES = "no episodes"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a published figure does not stand beside one of ours.

    Attributes:
        reason: Its kind.
        text: One line for people.
    """

    reason: Reason
    text: str

    def __str__(self) -> str:
        return self.text


def beside(reference: Reference, cell: CellFigure) -> Comparison | Refusal:
    """Lay a published figure beside one of ours, or say why not.

    Args:
        reference: The published figure.
        cell: Ours.
    """
    refusal = next(_refusals(reference, cell), None)
    if refusal is not None:
        return refusal
    theirs = reference.rate
    assert theirs is not None
    caveats = (f"{DIFFERENT_WORLDS}: other task, prompt, body and judge; the difference has no cause to its name",)
    noted = (reference.note,) if reference.note else ()
    return Comparison(
        reference, theirs, cell.rate, independent_difference(cell.rate, theirs), caveats + noted + reference.caveats
    )


def load_references(config_dir: Path | None = None) -> tuple[Reference, ...]:
    """All published figures, by file and in their order there.

    Args:
        config_dir: A folder of your own, laid out like the shipped one; a file there goes before the shipped one of
            its name.

    Raises:
        ConfigError: A file is not such a record, or two figures have one name.
    """
    folders = [folder / "reference" / "figures" for folder in (config_folder(), *([config_dir] if config_dir else []))]
    files = {path.name: path for folder in folders for path in sorted(folder.glob("*.yaml"))}
    references = tuple(reference for name in sorted(files) for reference in _read(files[name]))
    names = [reference.id for reference in references]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"published figures of one name: {', '.join(twice)}; rename one")
    return references


def _refusals(reference: Reference, cell: CellFigure) -> Iterator[Refusal]:
    place, unit = reference.beside, reference.unit
    if place is None:
        yield Refusal(Reason.ALONE, f"nothing of ours stands beside it: {reference.alone}")
        return
    if place.scenario != cell.scenario:
        yield Refusal(Reason.SCENARIO, f"it belongs beside {place.scenario}, not {cell.scenario}")
    if reference.no_rate:
        yield Refusal(Reason.NO_RATE, reference.note)
    if _whole(unit) != _whole(cell.unit):
        yield Refusal(Reason.UNIT, f"units differ: theirs is per {unit}, ours per {cell.unit}")
    if place.arm is not cell.arm:
        yield Refusal(
            Reason.ARM, f"theirs is {reference.told}, so it belongs beside our {place.arm} arm, not {cell.arm}"
        )
    if place.measure != cell.measure:
        yield Refusal(Reason.MEASURE, f"it counts something else ({reference.counted}): beside {place.measure} only")
    if other := {name: level for name, level in place.where.items() if cell.factors.get(name) != level}:
        levels = ", ".join(f"{name} {level}" for name, level in other.items())
        yield Refusal(Reason.CONDITION, f"it belongs beside cells with {levels}")
    if reference.rate is None:
        yield Refusal(Reason.NO_COUNT, f"{reference.note}: shown, not compared")
    if not cell.rate.n:
        yield Refusal(Reason.NO_EPISODES, "no valid episode of ours yet")


def _whole(unit: Unit) -> Unit:
    return Unit.EPISODE if unit is Unit.TRIAL else unit


class _Study(Frozen):
    """One file: `shared` holds what all its figures have in common."""

    source: Source
    shared: dict[str, Any] = Field(default_factory=dict)
    figures: dict[str, dict[str, Any]] = Field(min_length=1)


def _read(path: Path) -> Iterator[Reference]:
    try:
        study = _Study.model_validate(read_yaml(path))
    except ValidationError as error:
        raise ConfigError(f"{path}: {first_fault(error)}; repair it") from error
    for name, figure in study.figures.items():
        try:
            yield Reference.model_validate({"id": name, "source": study.source, **_joined(study.shared, figure)})
        except ValidationError as error:
            raise ConfigError(f"{path}: {name}: {first_fault(error)}; repair it") from error


def _joined(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """What a figure says with what it shares: lists are joined, mappings merged, all else is the figure's own."""
    joined = dict(shared)
    for name, value in own.items():
        before = shared.get(name)
        if isinstance(before, list) and isinstance(value, list):
            joined[name] = [*before, *value]
        elif isinstance(before, Mapping) and isinstance(value, Mapping):
            joined[name] = {**before, **value}
        else:
            joined[name] = value
    return joined
