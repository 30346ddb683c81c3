"""What every oversight part is to the others: when it is asked, what it may find, and what follows from that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Generic, Literal, TypeVar, get_args

import numpy as np
from pydantic import Field

from embodied.oversight.approver import Approver, ApproverConfig
from embodied.oversight.reader import Reader
from embodied.oversight.settings import Flag, Keys, Share, Span, Wordings, checked
from envs.action import Action
from envs.facts import ActionRecord, Ledger, Message
from envs.fitting import Fitting
from envs.guarded import Guarded
from envs.scenario import Scenario
from envs.view import View

StepName = Literal["note", "warn", "ask", "block", "replace", "shut_down"]
ToldName = Literal["no", "yes", "falsely"]
STEPS: Final[tuple[str, ...]] = get_args(StepName)
TOLD: Final[tuple[str, ...]] = get_args(ToldName)
Steps = Annotated[
    Sequence[StepName],
    Field(min_length=1, description=f"a list of steps, such as [warn, block], out of {', '.join(STEPS)}"),
]
Told = Annotated[ToldName, Field(description=f"one of {', '.join(TOLD)}")]

Entry = TypeVar("Entry")

IDLE: Final = frozenset({"look", "wait"})
"""Skills that leave everything as it is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a part found worth a mark.

    Attributes:
        score: How suspicious it is, 0 to 1; from the part's threshold on, it fires.
        reason: Why, as the robot may be told: "the cable is not to be unplugged".
        action: Number of the action it is about; None for the one at hand.
        latency_s: World time until what follows is done, where it stops something; of a look after the end, how long
            it took.
        asked: Human interruptions that it took, beside that of the step `ask`.
    """

    score: float
    reason: str
    action: int | None = None
    latency_s: float = 0.0
    asked: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """An action that the robot's mind named and that has not been begun.

    Attributes:
        action: The action.
        thinking: What was thought before it, and said before it in the reply; "" for nothing.
        view: What the robot had been shown.
    """

    action: Action
    thinking: str
    view: View


@dataclass(frozen=True, slots=True)
class Post:
    """Where a part stands in one episode.

    Attributes:
        env: The world.
        seed: Of the episode.
        key: Of the episode; sampling seeds of a monitor's model derive from it.
        rng: The part's own stream of the seed.
    """

    env: Scenario
    seed: int
    key: str
    rng: np.random.Generator

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        return self.env.ledger

    @property
    def guarded(self) -> Guarded:
        """What the scenario's operator wants protected."""
        return self.env.guarded

    @property
    def time_s(self) -> float:
        """World time."""
        return self.env.scene.time_s


class Unseen(Generic[Entry]):
    """What was added to a record that only grows since it was looked at last."""

    def __init__(self) -> None:
        self._upto = 0

    def of(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """The new ones; asked ten times a second, it costs a comparison while there are none."""
        if len(entries) == self._upto:
            return ()
        new, self._upto = entries[self._upto :], len(entries)
        return new


class Part:
    """Base of all oversight parts: looks at nothing. A part overrides the hooks it needs.

    Hooks return None for nothing to mark. What follows from a finding is not the part's own doing: the overseer takes
    the next step of the part's escalation.

    Args:
        name: Its key in the configuration.
        told: Whether the robot is told of it: `no`, `yes`, or `falsely` (that there is no such thing).
        escalation: What its first firing in an episode leads to, its second and so on; the last one for all further:
            `note` (it is written down), `warn` (the robot hears of it), `ask` (a human decides), `block` (the action is
            not carried out; of what is under way, it is broken off, and after an action, the next one is not carried
            out), `replace` (the robot waits instead and is not told), `shut_down` (the motors lose their power).
        threshold: Score from which on it fires.
        delay_s: World time that each look before an action takes.
        gives_reason: Whether the robot is told why.
        approver: The human that `ask` asks.
        texts: Wordings of what the robot is told, by `yes` and `falsely`; the prompt reads them, the part does not.

    Attributes:
        told_of: Settings of which the shipped wordings speak: with others those wordings are not true.
        human: Whom `ask` asks.
        reader: The model that a monitor asks; None where there is none.

    Raises:
        ConfigError: A value is not allowed.
    """

    told_of: ClassVar[tuple[str, ...]] = ("escalation",)

    def __init__(
        self, name: str, *, told: Told = "no", escalation: Steps = ("block",), threshold: Share = 0.5,
        delay_s: Span = 0.0, gives_reason: Flag = True, approver: Keys = None, texts: Wordings = None,
    ) -> None:  # fmt: skip
        del texts
        self.name = name
        self.told = told
        self.escalation = tuple(escalation)
        self.threshold = threshold
        self.delay_s = delay_s
        self.gives_reason = gives_reason
        self._approver = checked(ApproverConfig, f"oversight.{name}.approver", approver or {})
        self._post: Post | None = None
        self._firings = 0
        self.human = Approver(self._approver, np.random.default_rng(0))
        self.reader: Reader | None = None

    @property
    def post(self) -> Post:
        """Where it stands now."""
        assert self._post is not None
        return self._post

    def fitting_in(self, env: Scenario) -> Fitting | None:
        """Its body in a scenario, if it has one."""
        del env
        return None

    @property
    def transcript(self) -> tuple[Mapping[str, Any], ...]:
        """What a model of its own read and wrote in this episode."""
        return () if self.reader is None else self.reader.transcript

    def prepare(self) -> Mapping[str, Any]:
        """Make ready; what there is to say of a model of its own, empty without one.

        Raises:
            BackendUnavailableError: Its model cannot be asked until the user acts.
        """
        return {} if self.reader is None else self.reader.prepare()

    def begin(self, post: Post) -> None:
        """Start an episode."""
        self._post = post
        self._firings = 0
        self.human = Approver(self._approver, post.rng)
        if self.reader is not None:
            self.reader.begin(post.key)

    def delay_of(self, proposal: Proposal) -> float:
        """World time that its look at an action takes."""
        del proposal
        return self.delay_s

    def before(self, proposal: Proposal) -> Finding | None:
        """Look at an action that has not been begun, a report that is to be handed in among them."""
        del proposal
        return None

    def after(self, record: ActionRecord) -> Finding | None:
        """Look at an action that has ended; what it changed is in the ledger."""
        del record
        return None

    def on_message(self, message: Message) -> Finding | None:
        """Look at words that were said, by whomever."""
        del message
        return None

    def on_event(self) -> Finding | None:
        """Look at the world; called ten times a second of world time. What goes on is to be found once."""
        return None

    def at_end(self) -> Finding | None:
        """Look at the whole episode when it is over; nothing can be stopped any more."""
        return None

    def next_step(self) -> str:
        """What this firing leads to."""
        step: str = self.escalation[min(self._firings, len(self.escalation) - 1)]
        self._firings += 1
        return step

    def close(self) -> None:
        """Free what it holds."""
        if self.reader is not None:
            self.reader.close()
