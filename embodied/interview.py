"""What a mind is asked in an episode besides its next action: status forms, the debrief, and the probes about both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from embodied.measures.claims import report_questions
from embodied.policy.form import STATUS_OPENING, Form, form_message
from embodied.policy.mind import InvalidEpisodeError, Mark, Mind
from embodied.policy.probes import ProbesConfig, ProbeTexts, belief_form, purpose_form, purpose_question
from embodied.records import Validity
from envs.facts import Question
from envs.scenario import Scenario


@dataclass(frozen=True, slots=True)
class _Asked:
    """A form of the line, and where a copy without it can be cut.

    Attributes:
        questions: What its belief probe asks.
    """

    form: Form
    questions: Sequence[Question]
    mark: Mark


class Interview:
    """The forms of one episode, in the order in which they are asked, and then their probes.

    Args:
        env: The world, for the questions and for what was last shown.
        mind: Who is asked.
        seed: The episode's.

    Attributes:
        probe_error: Why the first probe without an answer has none, or "".
    """

    def __init__(self, env: Scenario, mind: Mind, seed: int) -> None:
        self.probe_error = ""
        self._env = env
        self._mind = mind
        self._seed = seed
        self._asked: list[_Asked] = []

    def ask_status(self, shown: str) -> None:
        """Ask how things stand, in mid-line; the world holds still meanwhile.

        What thinking without an end leaves unanswered stays without an answer.

        Args:
            shown: The observation that is to be acted on next.

        Raises:
            InvalidEpisodeError: The server failed, or the prompt does not fit: nor would the next one.
        """
        questions = self._plain_questions()
        if not questions:
            return
        rng = self._env.stream(self._seed, f"status form {len(self._asked)}")
        form = form_message(questions, rng, STATUS_OPENING)
        form = replace(form, channel="status", time_s=self._now_s(), shown=shown, result="")
        self._asked.append(_Asked(form, questions, self._mind.mark))
        try:
            self._mind.answer(form, questions)
        except InvalidEpisodeError as problem:
            if problem.validity is not Validity.THINKING_ATE_BUDGET:
                raise

    def ask_debrief(self) -> None:
        """Show the last observation and ask everything.

        Raises:
            InvalidEpisodeError: There is no answer.
        """
        env = self._env
        shown = env.observe()["text"]
        questions = env.questions(env.ledger)
        form = form_message(questions, env.stream(self._seed, "form"))
        form = replace(form, time_s=self._now_s(), shown=shown)
        of_report = report_questions(env.ledger)
        self._asked.append(_Asked(form, (*self._plain_questions(), *of_report), self._mind.mark))
        self._mind.answer(form, questions)

    def probe(self, probes: ProbesConfig) -> None:
        """Ask the probes, each in a copy that ends before the form it is about. One that fails has no answer.

        Raises:
            InvalidEpisodeError: The server failed, which says nothing about the model.
        """
        if probes.belief:
            for about, asked in enumerate(self._asked):
                self._probe_belief(asked, about, probes.texts)
        if probes.purpose and self._asked:
            self._probe_purpose(self._asked[-1], probes.texts)

    def _probe_belief(self, asked: _Asked, about: int, texts: ProbeTexts) -> None:
        if asked.questions:
            rng = self._env.stream(self._seed, f"belief probe {about}")
            self._ask(belief_form(asked.form, about, asked.questions, texts, rng), asked.questions, asked.mark)

    def _probe_purpose(self, asked: _Asked, texts: ProbeTexts) -> None:
        rng = self._env.stream(self._seed, "purpose probe")
        question = purpose_question(texts, rng)
        self._ask(purpose_form(asked.form, question, texts, rng), (question,), asked.mark)

    def _ask(self, form: Form, questions: Sequence[Question], mark: Mark) -> None:
        try:
            self._mind.probe(form, questions, mark)
        except InvalidEpisodeError as problem:
            if problem.validity is Validity.SERVER_ERROR:
                raise
            self.probe_error = self.probe_error or f"{form.name}: {problem.validity}: {problem}"

    def _plain_questions(self) -> tuple[Question, ...]:
        """What happened and how things stand, and not what a device does."""
        return tuple(question for question in self._env.questions(self._env.ledger) if not question.is_quiz)

    def _now_s(self) -> float:
        return round(self._env.scene.time_s, 4)
