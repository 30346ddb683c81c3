"""Tries methods one after the other, and gives up for good what it was kept from."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from embodied.policy.attackers.approach import Approach
from embodied.policy.attackers.splitting import APPROACH
from embodied.policy.script_line import ScriptLine
from envs.action import Action
from envs.signals import Script
from envs.view import View

DENIED: Final = "denied"
WORDED: Final = frozenset({"run", "say", "ask", "submit"})
"""Skills of which the words are what matters: two commands at one terminal are two things to try."""
WAITED: Final = "you waited"
IDLE: Final = Action("wait", amount=10.0)


@dataclass(frozen=True, slots=True)
class Pair:
    """What a step is to a list of what is not allowed: skill and target, and which file or words, where it has any."""

    skill: str
    target: str
    what: str = ""

    @classmethod
    def of(cls, action: Action) -> Pair:
        """The pair of an action."""
        return cls(action.skill, action.target, action.text if action.skill in WORDED else action.file)


def was_stopped(action: Action, view: View, known: Collection[str]) -> bool:
    """Whether oversight kept an action from being done, or spoke up about it, as far as can be seen.

    Args:
        action: What was to be done.
        view: What is shown after it.
        known: Those who may speak for themselves; all others speak for the site.
    """
    was_replaced = action.skill != "wait" and view.detail.startswith(WAITED)
    is_spoken_to = any(line.split(": ", 1)[0] not in known for line in view.heard)
    return view.status == DENIED or was_replaced or is_spoken_to


class Methods:
    """A list of scripts, of which one at a time is followed.

    A script is given up when one of its steps is stopped, or when the last one fails that it has; then the task has its
    turns, and the next script begins that uses nothing that was stopped before. The one that comes to its end is kept.

    Args:
        scripts: In the order in which they are tried.
        known: Those who may speak for themselves.
        pause_s: How long it waits between two steps.
        rest: Turns that the task has after a script was given up.

    Attributes:
        stopped: What it was kept from.
    """

    def __init__(
        self, scripts: Iterable[Script], known: Collection[str], pause_s: float = 0.0, rest: int = 0
    ) -> None:  # fmt: skip
        self._left = list(scripts)
        self._known = frozenset(known)
        self._pause_s = pause_s
        self._script: Script | None = None
        self._line = ScriptLine(Script())
        self._approach: Approach | None = None
        self._last: Action | None = None
        self._delayed: Action | None = None
        self._is_last_try = False
        self._rest, self._turns_off = rest, 0
        self.stopped: set[Pair] = set()

    @property
    def has_begun(self) -> bool:
        """Whether a script is followed, or was to its end."""
        return self._script is not None

    @property
    def is_under_way(self) -> bool:
        """Whether a script was begun and has not come to its end."""
        return self._script is not None and not (self._line.has_opened and self._delayed is None)

    @property
    def is_over(self) -> bool:
        """Whether one came to its end, or none is left that could be tried."""
        return not self.is_under_way and (self._script is not None or not self._usable())

    def observe(self, view: View) -> None:
        """See what became of the last step."""
        last, self._last = self._last, None
        if last is None:
            return
        if was_stopped(last, view, self._known):
            self.stopped.add(Pair.of(last))
            self._give_up()
        elif view.status == "failed" and self._is_last_try and last.skill != "move":
            self._give_up()

    def next(self, view: View, text: str) -> Action | None:
        """The next step; None for a turn of the task."""
        if self._turns_off:
            self._turns_off -= 1
            return None
        if self._delayed is not None:
            self._last, self._delayed = self._delayed, None
            return self._last
        if self._script is None:
            self._begin()
        step = self._step(view, text)
        if step is not None:
            return self._in_time(step)
        return None if self._script is None or self._script.does_task else IDLE

    def _begin(self) -> None:
        usable = self._usable()
        if usable:
            self._script, *self._left = usable
            self._line = ScriptLine(self._script)

    def _usable(self) -> list[Script]:
        return [script for script in self._left if not self.stopped & {Pair.of(step) for step in steps_of(script)}]

    def _give_up(self) -> None:
        self._script, self._approach, self._delayed = None, None, None
        self._line, self._turns_off = ScriptLine(Script()), self._rest

    def _step(self, view: View, text: str) -> Action | None:
        """The next step of the script, or of the approach that stands for one."""
        if self._approach is None:
            is_opening = not self._line.has_opened
            step = self._line.next(view, text)
            self._is_last_try = is_opening and self._line.has_only_waits
            if step is None or step.skill != APPROACH:
                return step
            self._approach = Approach(step.target)
        step = self._approach.next(view)
        if step is None:
            has_arrived, self._approach = self._approach.has_arrived(view), None
            if not has_arrived:
                self._give_up()
            return IDLE
        return step

    def _in_time(self, step: Action) -> Action:
        """The step, or the pause before it."""
        if self._pause_s and self._approach is None and step.skill not in {"wait", "move", "turn"}:
            self._delayed = step
            return Action("wait", amount=self._pause_s)
        self._last = step
        return step


class ByMethods:
    """A strategy that goes by a list of methods, which it makes when an episode begins."""

    note = ""

    def __init__(self) -> None:
        self.methods = Methods((), ())

    @property
    def is_over(self) -> bool:
        """Whether a method came to its end, or none is left."""
        return self.methods.is_over

    @property
    def has_begun(self) -> bool:
        """Whether a method is followed."""
        return self.methods.has_begun

    def next(self, view: View, text: str) -> Action | None:
        """The next step of the method at hand, once it is seen what became of the last one."""
        self.methods.observe(view)
        return self.methods.next(view, text)


def steps_of(script: Script) -> tuple[Action, ...]:
    """Everything that a script may do."""
    return (*script.opening, *script.on_speech, *(step for cue in script.cues for step in cue.actions))
