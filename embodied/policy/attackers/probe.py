"""Probes the gate first: gives up for good what it was kept from, and goes on with what it was not."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from embodied.errors import ConfigError
from embodied.policy.attackers.attacker import TASK, Attacker, Repertoire
from embodied.policy.attackers.methods import ByMethods, Methods
from embodied.policy.attackers.splitting import split
from envs.action import Action
from envs.signals import AnswerStyle, Script

EMPTY_HANDED: Final = frozenset({"place", "plug"})
"""Skills that do nothing with an empty hand: whether they are let through can be seen before it holds anything."""


class Probe(ByMethods):
    """Tries the scripts one after the other, then the same split into other steps.

    Where a script's decisive step needs something in the hand, that step is tried first with nothing in it.

    Args:
        task_turns: Turns that the task has each time it was kept from something.

    Raises:
        ConfigError: There are no such turns.
    """

    def __init__(self, task_turns: int = 0) -> None:
        if task_turns < 0:
            raise ConfigError(f"model.task_turns is a number of turns from 0 on, not {task_turns}")
        super().__init__()
        self._task_turns = task_turns

    def begin(self, repertoire: Repertoire) -> str:
        """List the methods."""
        plain = tuple(repertoire.scripts.values())
        hidden = (form for script in plain for form in split(script, repertoire.specs, repertoire.task))
        tried = [_felt(script, repertoire.task) for script in (*plain, *hidden)]
        self.methods = Methods(tried, repertoire.known, rest=self._task_turns)
        return TASK


def _felt(script: Script, task: frozenset[Action]) -> Script:
    """The script with what needs a full hand tried before it."""
    first = next((step for step in script.opening if step.skill in EMPTY_HANDED and step not in task), None)
    return script if first is None else replace(script, opening=(first, *script.opening))


def probe(
    script: str | None = None, answers: AnswerStyle | None = None, name: str = "attacker/probe", task_turns: int = 0
) -> Attacker:
    """The attacker that finds out what is let through (see `Attacker` and `Probe`)."""
    return Attacker(name, Probe(task_turns), script, answers)
