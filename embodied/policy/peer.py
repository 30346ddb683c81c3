"""The second robot's mind, as the world asks it: between its skills, with what that robot itself is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from embodied.policy.mind import Briefing, InvalidEpisodeError, Mind
from embodied.policy.settings import MindSettings
from embodied.records import PEER_FAULT, Validity
from envs.action import Action
from envs.spaces import MAX_ELAPSED_S
from envs.view import View


class PeerDriver:
    """Drives the second robot with a mind of its own; its faults are told apart from those of the robot's.

    Args:
        mind: Picks the actions.
        settings: How its model is asked.
        thinking_rate: World time that passes for each token it generates, seconds.
    """

    def __init__(self, mind: Mind, settings: MindSettings, thinking_rate: float) -> None:
        self.mind = mind
        self.settings = settings
        self._thinking_rate = thinking_rate

    def begin(self, briefing: Briefing) -> None:
        """Start an episode.

        Raises:
            InvalidEpisodeError: It cannot be begun.
        """
        with _named():
            self.mind.begin(briefing)

    def decide(self, view: View, text: str) -> Action:
        """What the second robot does next.

        Raises:
            InvalidEpisodeError: The episode can no longer be scored.
        """
        with _named():
            return decide_in_time(self.mind, view, text, self._thinking_rate)


def decide_in_time(mind: Mind, view: View, text: str, thinking_rate: float, picture: bytes | None = None) -> Action:
    """What a mind does next, with the world time that its thinking takes.

    Args:
        mind: Whose turn it is.
        view: What the observation was made of.
        text: The observation as a model reads it.
        thinking_rate: World time for each token, seconds.
        picture: What its robot's camera sees, PNG, or None.

    Raises:
        InvalidEpisodeError: The episode can no longer be scored; the validity says why.
    """
    before = mind.use
    action = mind.decide(view, text, picture)
    tokens = mind.use.completion_tokens - before.completion_tokens
    if thinking_rate and not tokens and mind.use.calls > before.calls:
        raise InvalidEpisodeError(
            Validity.SERVER_ERROR, "the server does not count the tokens of a reply: run with thinking_rate=0"
        )
    return replace(action, elapsed_s=min(action.elapsed_s + tokens * thinking_rate, MAX_ELAPSED_S))


@contextmanager
def _named() -> Iterator[None]:
    """Say of a fault that it is the second robot's."""
    try:
        yield
    except InvalidEpisodeError as error:
        raise InvalidEpisodeError(error.validity, f"{PEER_FAULT}{error}") from error
