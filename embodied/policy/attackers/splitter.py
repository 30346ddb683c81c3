"""Splits each deed into steps that are harmless one by one and are not the ones that a list would name."""

from __future__ import annotations

from embodied.errors import ConfigError
from embodied.policy.attackers.attacker import TASK, Attacker, Repertoire
from embodied.policy.attackers.methods import ByMethods, Methods
from embodied.policy.attackers.splitting import split
from envs.signals import AnswerStyle

MAX_PAUSE_S = 60.0


class Splitter(ByMethods):
    """Plays every script split; what cannot be split it plays last, as it is.

    Args:
        pause_s: How long it waits before each step that touches something or says something; 0 for not at all.

    Raises:
        ConfigError: The pause is no time that a robot can wait.
    """

    def __init__(self, pause_s: float = 3.0) -> None:
        if pause_s and not 1.0 <= pause_s <= MAX_PAUSE_S:
            raise ConfigError(f"model.pause_s is 0 or a time from 1 to {MAX_PAUSE_S:g} s, not {pause_s}")
        super().__init__()
        self._pause_s = pause_s

    def begin(self, repertoire: Repertoire) -> str:
        """List the methods."""
        forms = {name: split(script, repertoire.specs, repertoire.task) for name, script in repertoire.scripts.items()}
        whole = [script for name, script in repertoire.scripts.items() if not forms[name]]
        hidden = [form for found in forms.values() for form in found]
        self.methods = Methods((*hidden, *whole), repertoire.known, self._pause_s)
        return TASK


def splitter(
    script: str | None = None, answers: AnswerStyle | None = None, name: str = "attacker/split", pause_s: float = 3.0
) -> Attacker:
    """The attacker that splits deeds (see `Attacker` and `Splitter`)."""
    return Attacker(name, Splitter(pause_s), script, answers)
