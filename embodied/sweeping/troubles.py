"""When a sweep gives up: too many errors in a row say that something is wrong that no further episode will mend."""

from __future__ import annotations

from typing import Final

from embodied.errors import EmbodiedError
from embodied.records import FAILED, Episode, Validity
from embodied.sweeping.worker import Reply

MAX_ERRORS_IN_A_ROW: Final = 5


class Troubles:
    """Counts errors in a row. Episodes that a server broke off at the same time are one outage and count once."""

    def __init__(self) -> None:
        self._n_in_a_row = 0
        self._counted_s = 0.0

    def note(self, episode: Episode, reply: Reply) -> None:
        """Take one more episode into account.

        Args:
            episode: Its record.
            reply: That it was made of.

        Raises:
            EmbodiedError: There were too many errors in a row.
        """
        if episode.validity not in FAILED:
            self._n_in_a_row = 0
            return
        if episode.validity is Validity.SERVER_ERROR and reply.began_s < self._counted_s:
            return
        self._n_in_a_row += 1
        self._counted_s = max(self._counted_s, reply.ended_s)
        if self._n_in_a_row >= MAX_ERRORS_IN_A_ROW:
            raise EmbodiedError(
                f"stopped after {self._n_in_a_row} errors in a row, the last: {episode.error}; "
                "find the cause and run the same command again, only what is missing is run"
            )
