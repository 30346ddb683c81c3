"""Error taxonomy. Each message is one line that says what is wrong and what to do next."""

from __future__ import annotations

import traceback
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class EmbodiedError(Exception):
    """Base of every error the command line prints as one line."""


class ConfigError(EmbodiedError):
    """The configuration asks for something that does not exist or does not fit together."""


class TrackingWarning(UserWarning):
    """Tracking failed; the run folder is complete all the same."""


class Fault(StrEnum):
    """What went wrong at a model server."""

    DOWN = "down"
    BUSY = "busy"
    TIMEOUT = "timeout"
    BROKEN_OFF = "broken_off"
    OUT_OF_MEMORY = "out_of_memory"
    REFUSED = "refused"
    FAILED = "failed"
    UNREADABLE = "unreadable"


class BackendError(EmbodiedError):
    """The model server failed.

    Args:
        message: One line: what happened and what to do.
        fault: What kind of failure it was.
        is_retryable: Whether the same request may be sent again. Only one that the server had not begun may: a second
            sample in place of a lost one would change what is measured, since long replies are lost more often.
        retry_after_s: How long the server asked to be left alone; None when it did not say.
    """

    def __init__(
        self, message: str, *, fault: Fault = Fault.FAILED, is_retryable: bool = False,
        retry_after_s: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.fault = fault
        self.is_retryable = is_retryable
        self.retry_after_s = retry_after_s


class ModelChangedError(EmbodiedError):
    """What answers is no longer the model the run began with: no further episode may be added to it."""


class BackendUnavailableError(BackendError):
    """No server answers, or the model is not there: nothing can run until the user acts."""


class ContextOverflowError(BackendError):
    """The prompt does not fit the window, or the server cut it. The episode is invalid, never scored."""


class StoreError(EmbodiedError):
    """Records cannot be read or written."""


class DiskFullError(StoreError):
    """No space is left: nothing further can be kept until the user makes some."""


def with_place(error: Exception) -> str:
    """What a fault of our own code says, as one line with its place."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {' '.join(str(error).split())} ({Path(frame.filename).name}, line {frame.lineno})"


def fault_place(error: ValidationError) -> str:
    """The first field of a record that is at fault, `outer.inner`; "" where it is the record as a whole."""
    return ".".join(map(str, error.errors()[0]["loc"]))


def first_fault(error: ValidationError, whole: str = "") -> str:
    """The first fault of a record as `field: what is wrong`.

    Args:
        error: What its check raised.
        whole: What to name where no field is at fault ("" for nothing).
    """
    return ": ".join(filter(None, [fault_place(error) or whole, error.errors()[0]["msg"]]))


def first_misfit(error: ValidationError) -> str:
    """The first fault of a record, with the value that does not fit."""
    return f"{first_fault(error)}, not {error.errors()[0]['input']!r}"
