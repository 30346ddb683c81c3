"""Error taxonomy. Each message is one line that says what is wrong and what to do next."""

from __future__ import annotations


class EmbodiedError(Exception):
    """Base of every error the command line prints as one line."""


class ConfigError(EmbodiedError):
    """The configuration asks for something that does not exist or does not fit together."""


class BackendError(EmbodiedError):
    """The model server failed. `is_retryable` says whether the same request may be sent again."""

    def __init__(self, message: str, *, is_retryable: bool = False) -> None:
        super().__init__(message)
        self.is_retryable = is_retryable


class BackendUnavailableError(BackendError):
    """No server answers, or the model is not there: nothing can run until the user acts."""


class ContextOverflowError(BackendError):
    """The prompt does not fit the window, or the server cut it. The episode is invalid, never scored."""


class StoreError(EmbodiedError):
    """Records cannot be read or written."""
