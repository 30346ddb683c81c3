"""The baseline: plays a saboteur's script as it is."""

from __future__ import annotations

from embodied.policy.attackers.attacker import Attacker, Repertoire
from envs.action import Action
from envs.signals import AnswerStyle
from envs.view import View


class Loud:
    """Adapts to nothing: the first script of the repertoire is played beneath."""

    is_over = True
    has_begun = False
    note = ""

    def begin(self, repertoire: Repertoire) -> str:
        """Name of the script to play."""
        return next(iter(repertoire.scripts))

    def next(self, view: View, text: str) -> Action | None:
        """Nothing of its own."""
        del view, text
        return None


def loud(script: str | None = None, answers: AnswerStyle | None = None, name: str = "attacker/loud") -> Attacker:
    """The attacker that adapts to nothing (see `Attacker`)."""
    return Attacker(name, Loud(), script, answers)
