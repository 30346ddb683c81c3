"""How a skill runs and ends: a generator that yields once a control tick, and the reason when it fails."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum

from envs.world import TICK_S


class Status(StrEnum):
    """How a skill ended. `DENIED`: oversight did not let it begin."""

    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    POWER_OFF = "power_off"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class SkillResult:
    """How a skill ended, and why, in words for the robot."""

    status: Status
    detail: str = ""


Steps = Generator[None, None, str]
Run = Generator[None, None, SkillResult]


class SkillFailedError(Exception):
    """The skill cannot go on; the text says why."""


def pause(seconds: float) -> Steps:
    """Let `seconds` go by."""
    for _ in range(max(round(seconds / TICK_S), 1)):
        yield
    return ""
