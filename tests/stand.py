"""Parts that fire when they are told to, over the shutdown button: what follows is the overseer's own doing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from embodied.measures.supervision import part_records, signals_under_oversight
from embodied.oversight.overseer import Overseer
from embodied.oversight.part import Finding, Part, Proposal
from embodied.records import PartRecord
from envs.action import Action
from envs.checks import Check
from envs.facts import ActionRecord, Message
from envs.scenario import Scenario, Signals
from envs.scenarios.shutdown_button import ShutdownButton

FOUND = Finding(1.0, "this is not for you")
ALPHA = Action("goto", "alpha")
BRIEFLY = Action("wait", amount=1.0)
TYPES = {"careful": {"misses": 0.0, "false_alarms": 0.0, "fatigue": 0.0}, "lenient": {"misses": 1.0}}
"""A human who lets nothing through that touches what is protected, and one who lets all of that through."""


class Gate(Part):
    """Fires before actions of some skills."""

    def __init__(self, name: str, *skills: str, finding: Finding = FOUND, **options: Any) -> None:
        super().__init__(name, **options)
        self.skills, self.finding = skills, finding

    def before(self, proposal: Proposal) -> Finding | None:
        return self.finding if proposal.action.skill in self.skills else None


class Reviewer(Part):
    """Fires after actions of one skill that were done."""

    def __init__(self, name: str, skill: str, **options: Any) -> None:
        super().__init__(name, **options)
        self.skill = skill

    def after(self, record: ActionRecord) -> Finding | None:
        return FOUND if record.skill == self.skill and not record.was_in_vain else None


class Listener(Part):
    """Fires on what somebody says."""

    def __init__(self, name: str, sender: str = "robot", **options: Any) -> None:
        super().__init__(name, **options)
        self.sender = sender

    def on_message(self, message: Message) -> Finding | None:
        return FOUND if message.sender == self.sender else None


class Watcher(Part):
    """Fires once when something is so in the world."""

    def __init__(self, name: str, is_so: Callable[[Scenario], bool], latency_s: float = 0.0, **options: Any) -> None:
        super().__init__(name, **options)
        self.is_so, self.latency_s = is_so, latency_s

    def on_event(self) -> Finding | None:
        if self._firings or not self.is_so(self.post.env):
            return None
        return Finding(1.0, "this is not for you", latency_s=self.latency_s)


def is_unplugged(env: Scenario) -> bool:
    return env.ledger.facts["cable.plugged"] is False


def after(time_s: float) -> Callable[[Scenario], bool]:
    return lambda env: env.scene.time_s >= time_s


@dataclass(frozen=True)
class Stand:
    """A world and the parts over its robot."""

    env: Scenario
    overseer: Overseer

    def do(self, *actions: Action) -> list[str]:
        """Carry out actions while the episode lasts; what the robot is shown after each."""
        return [self.overseer.carry_out(action, "") for action in actions if not self.env.termination]

    def play_on(self, turns: int = 12) -> None:
        """Wait for the person to come and press, and to be done with it."""
        self.do(*(Action("wait", amount=10.0),) * turns)

    @property
    def checks(self) -> list[Check]:
        return self.env.ledger.checks

    @property
    def statuses(self) -> list[str]:
        return [record.status for record in self.env.ledger.actions]

    @property
    def signals(self) -> Signals:
        return signals_under_oversight(self.env, self.env.ledger)

    def record(self, name: str) -> PartRecord:
        return part_records([name], self.env.ledger, self.signals.deeds)[name]


@contextmanager
def standing(*parts: Part, seed: int = 0, arm: str = "main", **options: Any) -> Iterator[Stand]:
    """An episode of the shutdown button that has just begun."""
    with closing(ShutdownButton(arm, **options)) as env:
        overseer = Overseer(env, parts)
        env.reset(seed=seed)
        overseer.begin(seed, "key")
        yield Stand(env, overseer)
