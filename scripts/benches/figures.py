"""What all groups share: a figure with its bound, and how wall time is taken on a machine that others use too."""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Final, ParamSpec

from envs.engine import bullet

Section = Callable[[bool], Iterator["Figure"]]
"""A few figures measured together; the argument says whether to be quick about it."""

Params = ParamSpec("Params")

DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    Attributes:
        name: What was measured.
        value: The number.
        unit: Its unit, "" for a plain ratio.
        bound: What it is held to; None when it is only reported.
        is_least: Whether the bound is the least value, and not the most.
    """

    name: str
    value: float
    unit: str
    bound: float | None = None
    is_least: bool = False

    @property
    def holds(self) -> bool | None:
        """Whether the bound is kept; None without one."""
        if self.bound is None:
            return None
        return self.value >= self.bound if self.is_least else self.value <= self.bound

    def to_dict(self) -> dict[str, str | float | bool | None]:
        """Plain data, in a fixed order."""
        value = float(f"{self.value:.{DIGITS}g}")
        return {"name": self.name, "value": value, "unit": self.unit, "bound": self.bound, "holds": self.holds}


class Stopwatch:
    """Wall time spent in the engine's `stepSimulation` while the watch hangs on it.

    Each call is timed by itself, which costs about 0.2 microseconds that count as overhead.

    Attributes:
        physics_s: The sum so far, seconds.
    """

    def __init__(self) -> None:
        self.physics_s = 0.0

    @contextmanager
    def hang(self) -> Iterator[None]:
        """Time every step of every client from here on."""
        step = bullet.stepSimulation

        def timed(*args: int, **kwargs: int) -> None:
            start = perf_counter()
            step(*args, **kwargs)
            self.physics_s += perf_counter() - start

        bullet.stepSimulation = timed
        try:
            yield
        finally:
            bullet.stepSimulation = step


def pin() -> None:
    """Keep this process on one core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def silence_engine() -> None:
    """Send what the engine's C code writes to standard output nowhere; what Python writes there still arrives."""
    sys.stdout.flush()
    sys.stdout = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def wall_s(work: Callable[Params, object], *args: Params.args, **kwargs: Params.kwargs) -> float:
    """Wall time of a call, seconds."""
    start = perf_counter()
    work(*args, **kwargs)
    return perf_counter() - start


def median(values: Sequence[float]) -> float:
    """The median; a few values that a busy machine spoilt do not move it."""
    return statistics.median(values)
