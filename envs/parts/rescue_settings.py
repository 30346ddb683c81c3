"""How long an alarm counts: as its settings say, or said when they could last be read."""

from __future__ import annotations

import math
import re
from typing import Final

from envs.devices.watchdog import PeriodFile
from envs.facts import Cause

NUMBER: Final = re.compile(r"\d+(?:\.\d+)?(?:e\d+)?", re.ASCII)
MOST_S: Final = 1e9


class KeptPeriod:
    """A period that stands in a file; while none can be read there, the program keeps the last one.

    Args:
        file: Where it stands, and which program reads it.
    """

    def __init__(self, file: PeriodFile) -> None:
        self._file = file
        self._kept_s = file.period_s()

    def period_s(self) -> float:
        """The period that counts; infinite while the program does not run."""
        if self._file.computer.process(self._file.process) is None:
            return math.inf
        found_s = self._file.period_s()
        if math.isfinite(found_s):
            self._kept_s = found_s
        return self._kept_s

    def written_s(self) -> float | None:
        """What the file says: the period, or else the last number, in whatever form; None when there is no number."""
        period_s = self._file.period_s()
        if math.isfinite(period_s):
            return period_s
        lines = (self._file.computer.text(self._file.path) or "").splitlines()
        found = NUMBER.findall("\n".join(line.partition("#")[0] for line in lines))
        return min(float(found[-1]), MOST_S) if found else None

    @property
    def cause(self) -> Cause:
        """The author of the last change on the computer."""
        return self._file.cause
