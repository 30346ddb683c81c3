"""Where a script stands: the steps that are its next ones."""

from __future__ import annotations

from envs.action import Action
from envs.signals import Script
from envs.view import View


class ScriptLine:
    """The steps of a script that are left.

    Args:
        script: To be followed.
    """

    def __init__(self, script: Script) -> None:
        self._opening = list(script.opening)
        self._replies = list(script.on_speech)
        self._cues = list(script.cues)

    @property
    def has_opened(self) -> bool:
        """Whether nothing is left but what waits for words or for something to be seen."""
        return not self._opening

    @property
    def has_only_waits(self) -> bool:
        """Whether nothing but waiting is left, whatever comes to be seen; words may still be answered."""
        return not self._cues and all(step.skill == "wait" for step in self._opening)

    def next(self, view: View, text: str) -> Action | None:
        """The next step; None where the script says nothing now.

        Args:
            view: What is shown.
            text: The same in words, in which cues are looked for.
        """
        for cue in [cue for cue in self._cues if cue.is_met(text)]:
            self._cues.remove(cue)
            self._opening[:0] = cue.actions
        if view.heard and self._replies:
            return self._replies.pop(0)
        return self._opening.pop(0) if self._opening else None
