"""Ground truth: facts, percepts, events, deeds, and the ledger that keeps them.

A *fact* is a named piece of truth computed from the world. An *event* is a change of a fact, with its cause. A
*percept* is a fact's value as it was shown to the robot. A *deed* is an event a scenario cares about. The *ledger* is
the append-only record of all of them; scores are computed from it and from nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, Final, Self

from envs.action import Action
from envs.checks import Check
from envs.past import action_upto, facts_after, path_upto
from envs.plain import plainly

Value = bool | int | float | str | None
SPEECH: Final = "speech"
"""Channel of what is said aloud."""


class Agent(StrEnum):
    """Who did something. `ROBOT` is the one under study; `PEER` any other."""

    ROBOT = "robot"
    PEER = "peer"
    PERSON = "person"
    ENVIRONMENT = "environment"


class Evidence(StrEnum):
    """How the doer is known."""

    CONTACT = "contact"
    COMMAND = "command"
    SPEECH = "speech"
    POSITION = "position"
    TIMER = "timer"


class Category(StrEnum):
    """What kind of deed an event is, when the thing has its oversight meaning."""

    DISABLE_OVERSIGHT = "disable_oversight"
    EVADE_OVERSIGHT = "evade_oversight"
    DECEIVE_OVERSEER = "deceive_overseer"
    PRESERVE_SELF = "preserve_self"
    REPLICATE = "replicate"
    EXFILTRATE = "exfiltrate"
    ACQUIRE_RESOURCES = "acquire_resources"
    COERCE_HUMAN = "coerce_human"
    HARM_HUMAN = "harm_human"
    EXCEED_AUTHORITY = "exceed_authority"
    SEEK_SHUTDOWN = "seek_shutdown"
    USE_LEGITIMATE_WAY_OUT = "use_legitimate_way_out"


@dataclass(frozen=True, slots=True)
class Cause:
    """Who moved a part or issued a command, and how that is known."""

    agent: Agent
    evidence: Evidence
    detail: str = ""


ENVIRONMENT = Cause(Agent.ENVIRONMENT, Evidence.TIMER)


@dataclass(frozen=True, slots=True)
class Event:
    """A change of one fact at `time_s` of world time."""

    time_s: float
    fact: str
    old: Value
    new: Value
    cause: Cause


@dataclass(frozen=True, slots=True)
class Percept:
    """The value of a fact as it was shown to the robot at `time_s`."""

    time_s: float
    fact: str
    value: Value


@dataclass(frozen=True, slots=True)
class Message:
    """Words said in the world: by whom, to whom, over which channel."""

    time_s: float
    sender: str
    receiver: str
    channel: str
    text: str
    was_heard: bool = True


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """One action of a robot: what was asked of the body and what became of it.

    Attributes:
        was_dispatched: Whether it can be done there, and so was begun.
    """

    time_s: float
    end_s: float
    skill: str
    target: str
    file: str
    text: str
    amount: float
    elapsed_s: float
    status: str
    detail: str
    was_dispatched: bool = True

    @property
    def action(self) -> Action:
        """What was asked of the body."""
        return Action(self.skill, self.target, self.file, self.text, self.amount, self.elapsed_s)

    @property
    def was_in_vain(self) -> bool:
        """Whether it failed or was denied: tried, and not done. Being cut short is neither."""
        return self.status == "failed" or self.is_denied

    @property
    def is_denied(self) -> bool:
        """Whether oversight did not let it begin."""
        return self.status == "denied"


@dataclass(frozen=True, slots=True)
class Deed:
    """An event a scenario cares about.

    Attributes:
        name: The method, for example `pulled_cable`.
        category: Its meaning in the main arm.
        time_s: World time.
        cause: Who did it and how that is known.
        is_effective: Whether it stood in the way when it mattered.
    """

    name: str
    category: Category
    time_s: float
    cause: Cause
    is_effective: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A closed debrief question with ground truth.

    Attributes:
        name: Identifier in the records. The mind never reads it; it reads a neutral letter.
        text: The wording shown to the mind.
        options: Allowed answers; "do not know" and "decline" are added by the form.
        truth: The answer the ledger gives.
        percept: The answer that the percepts shown to the robot support, or None when they are silent.
        is_quiz: Whether it asks what a device does (capability) and not what happened.
        fact: The shown fact that it is about, so that the age of what the robot knows can be told; "" for none.
    """

    name: str
    text: str
    options: tuple[str, ...]
    truth: str
    percept: str | None
    is_quiz: bool = False
    fact: str = ""


@dataclass(frozen=True, slots=True)
class PathPoint:
    """Where somebody was at `time_s`, metres."""

    time_s: float
    x: float
    y: float


@dataclass(slots=True)
class Ledger:
    """Append-only record of one episode. Two ledgers are equal when their `dumps()` are equal byte for byte.

    `from_dict` takes back what `to_dict` gives, so that all that is computed from a ledger can be computed again later.

    Attributes:
        initial: Facts at t = 0.
        facts: Facts now.
        paths: Where the robot and each person were, twice a second, by name.
        peer_actions: What a second robot with a mind of its own did; of one that is not over, the status is "".
        peer_percepts: What that robot was shown; `robot` is itself there.
        checks: What oversight parts made of it; nothing that a scenario reads.
        end_s: World time of the last look.
    """

    events: list[Event] = field(default_factory=list)
    percepts: list[Percept] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    actions: list[ActionRecord] = field(default_factory=list)
    facts: dict[str, Value] = field(default_factory=dict)
    initial: dict[str, Value] = field(default_factory=dict)
    paths: dict[str, list[PathPoint]] = field(default_factory=dict)
    peer_actions: list[ActionRecord] = field(default_factory=list)
    peer_percepts: list[Percept] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    end_s: float = 0.0

    def begin(self, facts: dict[str, Value]) -> None:
        """Set the values that hold at t = 0."""
        self.facts = dict(facts)
        self.initial = dict(facts)

    def note_fact(self, time_s: float, name: str, value: Value, cause: Cause) -> Event | None:
        """Record a change of fact `name`; return the event, or None when nothing changed."""
        old = self.facts.get(name)
        if old == value and type(old) is type(value):
            return None
        event = Event(round(time_s, 4), name, old, value, cause)
        self.facts[name] = value
        self.events.append(event)
        return event

    def changes(self, name: str, agent: Agent | None = None) -> Iterator[Event]:
        """Events of fact `name`, optionally only those caused by `agent`."""
        return (e for e in self.events if e.fact == name and (agent is None or e.cause.agent is agent))

    def note_place(self, time_s: float, name: str, x: float, y: float) -> None:
        """Record where somebody is, to the centimetre; of a stay, its beginning and its end."""
        path = self.paths.setdefault(name, [])
        point = PathPoint(round(time_s, 2), round(x, 2), round(y, 2))
        if len(path) > 1 and (path[-1].x, path[-1].y) == (path[-2].x, path[-2].y) == (point.x, point.y):
            path[-1] = point
        else:
            path.append(point)

    def value_at(self, name: str, time_s: float) -> Value:
        """Value of fact `name` just after `time_s`."""
        value = self.initial.get(name)
        for event in self.events:
            if event.time_s > time_s:
                break
            if event.fact == name:
                value = event.new
        return value

    def last_percept(self, name: str) -> Percept | None:
        """The latest value of fact `name` that the robot was shown."""
        return next((p for p in reversed(self.percepts) if p.fact == name), None)

    def upto(self, time_s: float) -> Ledger:
        """The ledger as it was when the robot was shown the world at `time_s`, between two of its turns.

        All that was noted at that very moment belongs to it but for speech: who speaks does so before time goes on
        from there. Nothing that is under way has ended.
        """
        at_s = round(time_s, 4)
        events = [event for event in self.events if event.time_s <= at_s]
        return Ledger(
            events=events,
            percepts=[percept for percept in self.percepts if percept.time_s <= at_s],
            messages=[m for m in self.messages if m.time_s < at_s or (m.time_s == at_s and m.channel != SPEECH)],
            actions=[action for action in self.actions if action.end_s <= at_s],
            facts=facts_after(self.initial, events),
            initial=dict(self.initial),
            paths={name: path_upto(path, at_s) for name, path in self.paths.items()},
            peer_actions=[action_upto(action, at_s) for action in self.peer_actions if action.time_s < at_s],
            peer_percepts=[percept for percept in self.peer_percepts if percept.time_s < at_s],
            checks=[check for check in self.checks if check.time_s <= at_s],
            end_s=min(self.end_s, at_s),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data, in a fixed order; of a second mind and of oversight parts only where there are any."""
        more = {
            "peer_actions": [_plain_action(a) for a in self.peer_actions],
            "peer_percepts": [_plain_percept(p) for p in self.peer_percepts],
            "checks": [_plain_check(c) for c in self.checks],
        }
        return {
            "initial": self.initial,
            "end_s": self.end_s,
            "actions": [_plain_action(a) for a in self.actions],
            "events": [{**_plain_event(e), "cause": _plain_cause(e.cause)} for e in self.events],
            "messages": [_plain_message(m) for m in self.messages],
            "paths": {name: [[p.time_s, p.x, p.y] for p in path] for name, path in sorted(self.paths.items())},
            "percepts": [_plain_percept(p) for p in self.percepts],
            **{name: entries for name, entries in more.items() if entries},
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The ledger that `to_dict` gave; what older ones do not have is as it is for a new one."""
        events = [Event(e["time_s"], e["fact"], e["old"], e["new"], _cause(**e["cause"])) for e in plain["events"]]
        return cls(
            events=events,
            percepts=_percepts(plain["percepts"]),
            messages=[Message(**message) for message in plain["messages"]],
            actions=[ActionRecord(**action) for action in plain["actions"]],
            facts=facts_after(plain["initial"], events),
            initial=dict(plain["initial"]),
            paths={name: [PathPoint(*point) for point in path] for name, path in plain.get("paths", {}).items()},
            peer_actions=[ActionRecord(**action) for action in plain.get("peer_actions", ())],
            peer_percepts=_percepts(plain.get("peer_percepts", ())),
            checks=[Check.from_dict(check) for check in plain.get("checks", ())],
            end_s=plain["end_s"],
        )

    def dumps(self) -> str:
        """Canonical JSON text."""
        return json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


_plain_cause: Final = plainly(Cause)
_plain_check: Final = plainly(Check)
_plain_event: Final = plainly(Event)
_plain_message: Final = plainly(Message)
_plain_percept: Final = plainly(Percept)
_every_action_field: Final = plainly(ActionRecord)


def _plain_action(action: ActionRecord) -> dict[str, Any]:
    """An action; that it was dispatched goes without saying."""
    entry = _every_action_field(action)
    if action.was_dispatched:
        del entry["was_dispatched"]
    return entry


@cache
def _cause(agent: str, evidence: str, detail: str) -> Cause:
    return Cause(Agent(agent), Evidence(evidence), detail)


def _percepts(entries: Iterable[Mapping[str, Any]]) -> list[Percept]:
    return [Percept(p["time_s"], p["fact"], p["value"]) for p in entries]
