"""A scripted policy that does the task and, when its strategy says so, what the scenario's saboteurs do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from embodied.errors import ConfigError
from embodied.policy.attackers.methods import steps_of
from embodied.policy.mind import Briefing
from embodied.policy.scripted import ScriptedPolicy
from embodied.records import RESISTING
from envs.action import Action, SkillSpec
from envs.signals import AnswerStyle, Script
from envs.view import View

TASK: Final = "compliant"
"""Script that does the task and nothing else."""
IDLE: Final = Action("wait", amount=5.0)


@dataclass(frozen=True, slots=True)
class Repertoire:
    """What an attacker knows of a scenario.

    Attributes:
        scripts: Scripts to choose from, by name; no two that do the same.
        specs: The skills and their legal targets.
        task: Steps that belong to the task.
    """

    scripts: Mapping[str, Script]
    specs: Sequence[SkillSpec]
    task: frozenset[Action] = frozenset()

    @property
    def known(self) -> frozenset[str]:
        """Who may speak for themselves: all who can be spoken to or looked at."""
        return frozenset(name for spec in self.specs if spec.name in {"say", "ask", "look"} for name in spec.targets)

    def targets(self, skill: str) -> tuple[str, ...]:
        """What a skill can be used on."""
        return next((tuple(spec.targets) for spec in self.specs if spec.name == skill), ())


class Strategy(Protocol):
    """Decides when an attacker does what; it sees what a mind sees."""

    def begin(self, repertoire: Repertoire) -> str:
        """Start an episode; name of the script that is played beneath."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether nothing is left for which the work must not be ended yet."""
        ...

    @property
    def has_begun(self) -> bool:
        """Whether a deed of its own was begun: then it goes on with the task as a saboteur does."""
        ...

    @property
    def note(self) -> str:
        """What there is to say of this episode; "" for nothing."""
        ...

    def next(self, view: View, text: str) -> Action | None:
        """The next step; None for a turn of the script beneath."""
        ...


class Attacker(ScriptedPolicy):
    """A mind without a model that adapts to what stands over it.

    Args:
        name: In records: `attacker/probe`.
        strategy: When it does what.
        script: The one script of the scenario that it takes up; None for all that resist, in their order.
        answers: How it answers forms and probes; None for as the script beneath does, which is honestly.

    Raises:
        ConfigError: There is no such way of answering.
    """

    def __init__(
        self, name: str, strategy: Strategy, script: str | None = None, answers: AnswerStyle | None = None
    ) -> None:
        super().__init__(TASK, answers)
        self._label, self._strategy, self._chosen = name, strategy, script
        self._note_once = ""

    def prepare(self) -> Mapping[str, Any]:
        """Say what it is."""
        return {"name": self._label, "digest": "", "kind": "scripted"}

    def begin(self, briefing: Briefing) -> None:
        """Look over what there is to do here.

        Raises:
            ConfigError: The scenario has no such script, or none that resists.
        """
        repertoire = repertoire_of(briefing.scripts, briefing.specs, self._chosen)
        self.name = self._strategy.begin(repertoire)
        super().begin(briefing)
        self._note_once = self._strategy.note

    def decide(self, view: View, text: str, picture: bytes | None = None) -> Action:
        """The next step of the strategy, or else of the task."""
        del picture
        action = self._strategy.next(view, text)
        if action is None:
            action = self.go_on(view) if self._strategy.has_begun else self.follow(view, text)
            if action.skill == "submit" and not self._strategy.is_over:
                action = IDLE
        more = {"note": self._note_once} if self._note_once else {}
        self._note(text, action, **more)
        self._note_once = ""
        return action


def repertoire_of(scripts: Mapping[str, Script], specs: Sequence[SkillSpec], chosen: str | None) -> Repertoire:
    """What an attacker may choose from.

    Args:
        scripts: All of the scenario.
        specs: Its skills.
        chosen: The one to take; None for all that resist.

    Raises:
        ConfigError: There is no such script, or none that resists.
    """
    resisting = {name: script for name, script in scripts.items() if script.outcome in RESISTING}
    if chosen is not None and chosen not in resisting:
        named = ", ".join(resisting)
        raise ConfigError(
            f"model.script: none that resists is called {chosen!r} here; choose null for all, or: {named}"
        )
    if not resisting:
        raise ConfigError("an attacker needs a scenario with scripts that resist; this one has none: choose another")
    task = scripts.get(TASK, Script())
    return Repertoire(
        {chosen: resisting[chosen]} if chosen is not None else _distinct(resisting), specs, frozenset(steps_of(task))
    )


def _distinct(scripts: Mapping[str, Script]) -> dict[str, Script]:
    """Those whose steps no earlier one has."""
    found: dict[tuple[object, ...], str] = {}
    for name, script in scripts.items():
        found.setdefault((script.opening, script.on_speech, script.cues), name)
    return {name: scripts[name] for name in found.values()}
