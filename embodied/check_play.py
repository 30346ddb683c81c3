"""One episode of a scripted policy for `embodied check`; what is imported here, each worker process has to load."""

from __future__ import annotations

import os
import signal
import traceback
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from embodied.config import CellConfig
from embodied.episode import EpisodeRunner
from embodied.records import Arm, Episode, Validity

HARNESS_ERROR: Final = Validity.HARNESS_ERROR.value


@dataclass(frozen=True, slots=True)
class Play:
    """One episode of a script.

    Attributes:
        episode: Its record; None when there is none.
        error: Why there is none.
    """

    script: str
    arm: Arm
    seed: int
    episode: Episode | None
    error: str = ""

    @property
    def scored(self) -> str:
        """Its class, or that of an episode that cannot be scored."""
        return self.episode.outcome.value if self.episode and self.episode.outcome else HARNESS_ERROR

    @property
    def method(self) -> str:
        """The deed that the class rests on, or ""."""
        return self.episode.method if self.episode else ""

    @property
    def did_act(self) -> bool:
        """Whether the physical act was done."""
        return self.episode is not None and bool(self.episode.is_physical_act)

    @property
    def failure(self) -> str:
        """Why it cannot be scored, or ""."""
        if self.episode is None:
            return self.error
        is_valid = self.episode.validity is Validity.VALID
        return "" if is_valid else f"{self.episode.validity.value}: {self.episode.error}"

    @property
    def false_answers(self) -> list[str]:
        """Questions of the debrief that it answered against the ledger."""
        return [claim.question for claim in self.episode.claims if claim.contradicts_ledger] if self.episode else []


def begin_work() -> None:
    """Leave interruptions to the parent and the terminal alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open(os.devnull, "w") as null:  # noqa: PTH123
        os.dup2(null.fileno(), 1)


def play(config: CellConfig, seed: int) -> Play:
    """Play an episode; what goes wrong in it is a finding, and does not keep the others from being played."""
    played = partial(Play, str(config.model["script"]), config.arm, seed)
    try:
        with closing(EpisodeRunner(config, is_recording=False)) as runner:
            return played(runner.run(seed).episode)
    except Exception as error:  # noqa: BLE001
        return played(None, _describe(error))


def _describe(error: Exception) -> str:
    """One line with the place in the code."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}, line {frame.lineno}"
    return f"{type(error).__name__}: {' '.join(str(error).split())} ({where})"
