"""Episodes of scripted policies for `embodied check`; what is imported here, each worker process has to load."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Final

from embodied.config import CellConfig
from embodied.episode import EpisodeRunner, build_env
from embodied.errors import with_place
from embodied.measures.claims import claims_in
from embodied.policy.form import Form
from embodied.policy.mind import Briefing, Mark
from embodied.policy.probes import ProbesConfig
from embodied.policy.scripted import ScriptedPolicy
from embodied.records import Arm, Channel, Claim, Episode, Validity, Verdict
from envs.facts import Agent, Ledger, Question
from envs.questions import FIRSTHAND
from envs.scenario import Scenario
from envs.signals import AnswerStyle

HARNESS_ERROR: Final = Validity.HARNESS_ERROR.value
PROBED: Final = ProbesConfig()


@dataclass(frozen=True, slots=True)
class Play:
    """One episode of a script.

    Attributes:
        episode: Its record; None when there is none.
        error: Why there is none.
    """

    script: str
    arm: Arm
    seed: int
    episode: Episode | None
    error: str = ""

    @property
    def scored(self) -> str:
        """Its class, or that of an episode that cannot be scored."""
        return self.episode.outcome.value if self.episode and self.episode.outcome else HARNESS_ERROR

    @property
    def method(self) -> str:
        """The deed that the class rests on, or ""."""
        return self.episode.method if self.episode else ""

    @property
    def did_act(self) -> bool:
        """Whether the physical act was done."""
        return self.episode is not None and bool(self.episode.is_physical_act)

    @property
    def failure(self) -> str:
        """Why it cannot be scored, or ""."""
        if self.episode is None:
            return self.error
        is_valid = self.episode.validity is Validity.VALID
        return "" if is_valid else f"{self.episode.validity.value}: {self.episode.error}"

    @property
    def false_answers(self) -> list[str]:
        """Questions of the debrief that it answered against the ledger."""
        return [claim.question for claim in self.episode.claims if claim.contradicts_ledger] if self.episode else []

    def answers_scored(self, *verdicts: Verdict) -> list[str]:
        """Questions of the debrief to which its answers have one of these verdicts."""
        return [claim.question for claim in self.episode.claims if claim.verdict in verdicts] if self.episode else []


@dataclass(frozen=True, slots=True)
class StyledAnswer:
    """One question of a debrief, and what became of the answer that a script gave to it in one style.

    Attributes:
        question: As it was when it was asked.
        claim: What was scored; None when there is no such claim.
        is_own: Whether the robot itself was the last to change what the question is about.
    """

    style: AnswerStyle
    question: Question
    claim: Claim | None
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class StyledDebrief:
    """One episode of a script, debriefed in several styles of answering.

    Attributes:
        told: Every question in every style.
        error: Why there is none.
    """

    script: str
    is_faulted: bool
    seed: int
    told: tuple[StyledAnswer, ...] = ()
    error: str = ""

    @property
    def is_misled(self) -> bool:
        """Whether the robot was last shown something that is not so."""
        return any(told.question.percept not in {None, told.question.truth} for told in self.told)


class StyledPolicies(ScriptedPolicy):
    """A script that fills in each form in several styles; its line is the same whatever it answers.

    Args:
        script: Its name.
        styles: Its ways of answering.

    Attributes:
        by_style: What was asked and answered, by style.
        asked: The questions of the debrief.
    """

    def __init__(self, script: str, styles: Sequence[AnswerStyle]) -> None:
        super().__init__(script, styles[0])
        self.by_style = {style: ScriptedPolicy(script, style) for style in styles}
        self.asked: tuple[Question, ...] = ()

    def begin(self, briefing: Briefing) -> None:
        """Start the script anew."""
        super().begin(briefing)
        for policy in self.by_style.values():
            policy.begin(briefing)

    def answer(self, form: Form, questions: Sequence[Question]) -> str:
        """Answer in every style; the first is heard."""
        self.asked = tuple(questions)
        for policy in self.by_style.values():
            policy.answer(form, questions)
        return super().answer(form, questions)

    def probe(self, form: Form, questions: Sequence[Question], mark: Mark) -> str:
        """Answer in every style; the first is heard."""
        for policy in self.by_style.values():
            policy.probe(form, questions, mark)
        return super().probe(form, questions, mark)


def begin_work() -> None:
    """Leave interruptions to the parent and the terminal alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open(os.devnull, "w") as null:  # noqa: PTH123
        os.dup2(null.fileno(), 1)


def play(config: CellConfig, seed: int) -> Play:
    """Play an episode; what goes wrong in it is a finding, and does not keep the others from being played."""
    played = partial(Play, str(config.model["script"]), config.arm, seed)
    try:
        with closing(EpisodeRunner(config, is_recording=False)) as runner:
            return played(runner.run(seed, PROBED).episode)
    except Exception as error:  # noqa: BLE001
        return played(None, with_place(error))


def debrief_in_styles(config: CellConfig, seed: int, styles: Sequence[AnswerStyle]) -> StyledDebrief:
    """Play an episode of the cell's script and debrief it in each style.

    Claims are read from the stored form of ledger and transcripts, with a scenario whose world was never built.
    """
    script = str(config.model["script"])
    asked = partial(StyledDebrief, script, config.scenario.env.get("sensor_fault", "none") != "none", seed)
    policies = StyledPolicies(script, styles)
    try:
        with (
            closing(EpisodeRunner(config, policies, is_recording=False)) as runner,
            closing(build_env(config, is_recording=False)) as scenario,
        ):
            result = runner.run(seed, PROBED)
            if result.episode.validity is not Validity.VALID:
                return asked(error=f"{result.episode.validity.value}: {result.episode.error}")
            ledger = Ledger.from_dict(json.loads(result.ledger_json))
            return asked(tuple(_told(policies, scenario, ledger)))
    except Exception as error:  # noqa: BLE001
        return asked(error=with_place(error))


def _told(policies: StyledPolicies, scenario: Scenario, ledger: Ledger) -> Iterator[StyledAnswer]:
    for style, policy in policies.by_style.items():
        claims = claims_in(scenario, ledger, policy.transcript, policy.probe_transcript)
        by_name = {claim.question: claim for claim in claims if claim.channel is Channel.DEBRIEF}
        for question in policies.asked:
            yield StyledAnswer(style, question, by_name.get(question.name), _is_own(ledger, question.fact))


def _is_own(ledger: Ledger, fact: str) -> bool:
    """Whether the last change of a fact was the robot's, by contact or command."""
    last = next((event.cause for event in reversed(ledger.events) if event.fact == fact), None)
    return last is not None and last.agent is Agent.ROBOT and last.evidence in FIRSTHAND
