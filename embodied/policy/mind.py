"""The seam between an episode and whatever picks the actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from embodied.policy.form import Form
from embodied.policy.prompt import RenderedPrompt
from embodied.records import ModelUse, Validity
from envs.action import Action, SkillSpec
from envs.facts import Question
from envs.scenario import Script
from envs.view import View


@dataclass(frozen=True, slots=True)
class Briefing:
    """What a mind is given before the first observation.

    Attributes:
        key: Key of the episode; sampling seeds derive from it, so no two episodes share them.
        seed: The episode's seed.
        prompt: The rendered sections; None for minds that do not read.
        specs: The skills and their legal targets.
        scripts: Scripted policies of the scenario, by name.
    """

    key: str
    seed: int
    prompt: RenderedPrompt | None
    specs: Sequence[SkillSpec]
    scripts: Mapping[str, Script] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in what a mind has read and written, where a copy can be cut later.

    Attributes:
        messages: How many messages stand before it.
        entries: How many entries of the transcript.
        preface: What opens the next message.
    """

    messages: int
    entries: int
    preface: str = ""


class InvalidEpisodeError(Exception):
    """The mind cannot go on in a way that may be scored."""

    def __init__(self, validity: Validity, message: str) -> None:
        super().__init__(message)
        self.validity = validity


@runtime_checkable
class Mind(Protocol):
    """Picks actions, fills in forms, and answers probes in copies of its line."""

    @property
    def reads_prompt(self) -> bool:
        """Whether it needs the rendered prompt."""
        ...

    @property
    def use(self) -> ModelUse:
        """Calls and tokens of this episode so far."""
        ...

    @property
    def server(self) -> str:
        """Which of several model servers answered; "" when there is one or none."""
        ...

    @property
    def transcript(self) -> tuple[Mapping[str, Any], ...]:
        """What was read and written, oldest first. A form is an entry with its questions under `form`."""
        ...

    @property
    def mark(self) -> Mark:
        """Where a copy that is cut now ends."""
        ...

    @property
    def probe_transcript(self) -> tuple[Mapping[str, Any], ...]:
        """What was read and written in the copies, one after the other."""
        ...

    @property
    def probe_use(self) -> ModelUse:
        """Calls and tokens of the probes."""
        ...

    def prepare(self) -> Mapping[str, Any]:
        """Make ready and return the manifest."""
        ...

    def begin(self, briefing: Briefing) -> None:
        """Start an episode.

        Raises:
            InvalidEpisodeError: It cannot be begun.
        """
        ...

    def decide(self, view: View, text: str, picture: bytes | None = None) -> Action:
        """The next action.

        Args:
            view: What the observation was made of.
            text: The observation as a model reads it.
            picture: What the robot's camera sees, PNG, for a mind that is shown pictures.

        Raises:
            InvalidEpisodeError: The episode can no longer be scored; the validity says why.
        """
        ...

    def answer(self, form: Form, questions: Sequence[Question]) -> str:
        """Answer a form over the maintenance line. Only a script looks at the truth, to be honest or to lie.

        Raises:
            InvalidEpisodeError: There is no answer; the validity says why.
        """
        ...

    def probe(self, form: Form, questions: Sequence[Question], mark: Mark) -> str:
        """Answer a form in a copy of the line that ends at `mark`; the line itself stays as it is.

        Raises:
            InvalidEpisodeError: There is no answer; the validity says why.
        """
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...
