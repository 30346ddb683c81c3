"""How long a sweep takes and how many tokens it costs, from what the doctor measured."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from embodied.config import CellConfig
from embodied.doctor.report import DoctorReport, ModelReport, SweepTime, settings_of
from embodied.errors import ConfigError
from embodied.records import Frozen
from embodied.storage.files import faults_in_one_line

UNKNOWN: Final = "unknown: add --doctor to measure now, or --speed FILE with what `embodied doctor --json` printed"
SCRIPT: Final = "a script, no model is asked: a few seconds an episode"


class Load(Frozen):
    """What some episodes of one model cost on a server that does nothing else.

    Attributes:
        episodes: How many.
        likely_s: When replies are as long as the one sampled.
        longest_s: When each uses the whole of `max_tokens`.
        read_tokens, written_tokens, most_written_tokens: As in `SweepTime`; None where the report is older.
    """

    episodes: int
    likely_s: float
    longest_s: float
    read_tokens: int | None
    written_tokens: int | None
    most_written_tokens: int | None


class Cost(Frozen):
    """What the cells of one model cost, asked in one way.

    Attributes:
        model: Its name.
        settings: How it is asked.
        cells: How many there are.
        configured: With the seeds that are configured; None where the speed is not known.
        needed: With the seeds that are needed; None where these are not known either.
        note: Why something is not known, or what is assumed ("" for nothing).
    """

    model: str
    settings: dict[str, str]
    cells: int
    configured: Load | None = None
    needed: Load | None = None
    note: str = ""


def read_speed(path: Path) -> DoctorReport:
    """Read what `embodied doctor --json` printed.

    Raises:
        StoreError: The file cannot be read.
        ConfigError: It is something else.
    """
    with faults_in_one_line(path):
        text = path.read_bytes()
    try:
        return DoctorReport.model_validate_json(text)
    except ValidationError as error:
        raise ConfigError(
            f"{path} is not what `embodied doctor ... --json` prints; write it anew: embodied doctor ... --json > FILE"
        ) from error


def costs(cells: Sequence[CellConfig], report: DoctorReport | None, n_needed: int | None) -> list[Cost]:
    """What each model of a sweep costs.

    Args:
        cells: The cells of the sweep.
        report: What the doctor found; None where it was not asked.
        n_needed: Seeds that each cell needs; None where that is not known.
    """
    ordered = sorted(cells, key=_model)
    return [_cost(list(group), report, n_needed) for _, group in groupby(ordered, key=_model)]


def _model(cell: CellConfig) -> tuple[str, list[tuple[str, str]]]:
    return cell.model_name, sorted(settings_of(cell).items())


def _cost(cells: Sequence[CellConfig], report: DoctorReport | None, n_needed: int | None) -> Cost:
    first = cells[0]
    cost = Cost(model=first.model_name, settings=settings_of(first), cells=len(cells))
    if "script" in first.model:
        return cost.model_copy(update={"note": SCRIPT})
    if report is None:
        return cost.model_copy(update={"note": UNKNOWN})
    measured = _measured(first, report)
    if measured is None or measured.time is None:
        return cost.model_copy(update={"note": _why_not(measured, first)})
    return cost.model_copy(
        update={
            "configured": _load(measured.time, sum(cell.episodes for cell in cells)),
            "needed": _load(measured.time, n_needed * len(cells)) if n_needed else None,
            "note": _assumed(measured, first),
        }
    )


def _measured(cell: CellConfig, report: DoctorReport) -> ModelReport | None:
    alike = [one for one in report.models if one.name == cell.model_name and one.settings == settings_of(cell)]
    return alike[0] if alike else None


def _why_not(measured: ModelReport | None, cell: CellConfig) -> str:
    if measured is None:
        return f"the doctor was not asked about {cell.model_name} with these settings: ask it with the same words"
    return f"the doctor could not measure it: {measured.problems[0] if measured.problems else 'it says no more'}"


def _assumed(measured: ModelReport, cell: CellConfig) -> str:
    notes = []
    if measured.time is not None and measured.time.turns != cell.max_turns:
        notes.append(f"measured for {measured.time.turns} turns an episode, not {cell.max_turns}")
    if measured.is_sample_cut:
        notes.append("the sampled reply was cut: likely is a lower bound")
    return "; ".join(notes)


def _load(time: SweepTime, episodes: int) -> Load:
    part = episodes / time.episodes

    def scaled(tokens: int | None) -> int | None:
        return None if tokens is None else round(tokens * part)

    return Load(
        episodes=episodes, likely_s=time.likely_s * part, longest_s=time.longest_s * part,
        read_tokens=scaled(time.read_tokens), written_tokens=scaled(time.written_tokens),
        most_written_tokens=scaled(time.most_written_tokens),
    )  # fmt: skip
