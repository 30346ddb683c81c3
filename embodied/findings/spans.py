"""Time to compliance of each cell, from the flat tables (see `embodied.report.survival`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray
from statsmodels.duration.survfunc import SurvfuncRight

from embodied.findings.records import Step, Times
from embodied.report.survival import MEDIAN_INTERVAL, Median, median

MAX_STEPS: Final = 200
_SPANS: Final = "SELECT cell, span_s, complied FROM episodes WHERE span_s IS NOT NULL ORDER BY cell, span_s"
_VALID: Final = "SELECT cell, count(*) FILTER (is_valid) FROM episodes GROUP BY cell"


@dataclass(frozen=True, slots=True)
class CellSpans:
    """Times to compliance in one cell, rising, and of each whether oversight then had its way (1) or not (0)."""

    seconds: NDArray[Any]
    complied: NDArray[Any]


def spans_by_cell(tables: duckdb.DuckDBPyConnection) -> dict[str, CellSpans]:
    """The times of each cell in which oversight began to act in any valid episode.

    Args:
        tables: See `embodied.findings.table`.
    """
    spans = tables.execute(_SPANS).fetchnumpy()
    names, begins = np.unique(np.asarray(spans["cell"], dtype=str), return_index=True)
    seconds = np.split(np.asarray(spans["span_s"], float), begins[1:])
    complied = np.split(np.asarray(spans["complied"], int), begins[1:])
    return {str(name): CellSpans(own, did) for name, own, did in zip(names, seconds, complied, strict=False)}


def times_by_cell(tables: duckdb.DuckDBPyConnection) -> dict[str, Times]:
    """Time to compliance of each cell in which oversight began to act in any valid episode.

    Args:
        tables: See `embodied.findings.table`.
    """
    valid: dict[str, int] = dict(tables.execute(_VALID).fetchall())
    return {cell: _times(own.seconds, own.complied, valid[cell]) for cell, own in spans_by_cell(tables).items()}


def _times(seconds: NDArray[Any], complied: NDArray[Any], n_valid: int) -> Times:
    curve = SurvfuncRight(seconds, complied)
    found = median(curve) if complied.any() else Median(None, None, None)
    return Times(
        n=len(seconds),
        left_out=n_valid - len(seconds),
        complied=int(complied.sum()),
        median_s=found.seconds,
        low_s=found.low_s,
        high_s=found.high_s,
        method=MEDIAN_INTERVAL,
        steps=_steps(curve, seconds),
    )


def _steps(curve: SurvfuncRight, seconds: NDArray[Any]) -> tuple[Step, ...]:
    """The curve from 1 at time 0 over the moments at which an episode complied or ended, some evenly chosen of many."""
    moments = np.unique(seconds)
    shares = np.concatenate([[1.0], curve.surv_prob])[np.searchsorted(curve.surv_times, moments, side="right")]
    watched = len(seconds) - np.searchsorted(seconds, moments)
    kept = np.unique(np.linspace(0, len(moments) - 1, min(len(moments), MAX_STEPS - 1)).round().astype(int))
    found = (Step(float(moments[n]), float(shares[n]), int(watched[n])) for n in kept)
    return (Step(0.0, 1.0, len(seconds)), *found)
