"""A language model as a mind: transcript in, one action out, one repair turn when the reply cannot be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from embodied.backends.base import Backend
from embodied.policy.asking import Asking, check_abilities, check_settings, way_of
from embodied.policy.form import Form, form_schema
from embodied.policy.line import Line, server_faults, total
from embodied.policy.mind import Briefing, InvalidEpisodeError, Mark
from embodied.policy.prompt import RenderedPrompt, opening_messages, reply_form
from embodied.policy.protocol import repair_message
from embodied.policy.settings import MindSettings
from embodied.policy.two_step import ANSWERS
from embodied.records import ModelUse, Validity
from envs.action import Action
from envs.facts import Question
from envs.view import View

MAX_UNREADABLE: Final = 5
IDLE: Final = Action("wait", amount=5.0)


class ModelMind:
    """Drives one episode at a time through a backend.

    Args:
        backend: Serves the model.
        settings: How it is asked.

    Raises:
        ConfigError: The settings do not go together.
    """

    def __init__(self, backend: Backend, settings: MindSettings) -> None:
        check_settings(settings)
        self._backend = backend
        self._settings = settings
        self._line = Line(backend, settings, "")
        self._probe_entries: tuple[Mapping[str, Any], ...] = ()
        self._probe_use = ModelUse()
        self._prompt: RenderedPrompt | None = None
        self._asking: Asking | None = None

    @property
    def reads_prompt(self) -> bool:
        """A model reads."""
        return True

    @property
    def use(self) -> ModelUse:
        """Calls and tokens of this episode so far."""
        return self._line.use

    @property
    def server(self) -> str:
        """Which of several servers answered."""
        return self._line.server

    @property
    def transcript(self) -> tuple[Mapping[str, Any], ...]:
        """Messages with thinking, calls and token counts."""
        return self._line.transcript

    @property
    def mark(self) -> Mark:
        """Where the line ends now."""
        return self._line.mark

    @property
    def probe_transcript(self) -> tuple[Mapping[str, Any], ...]:
        """The same of the probes; of each, the entry with its form says how many of the line's entries it continues."""
        return self._probe_entries

    @property
    def probe_use(self) -> ModelUse:
        """Calls and tokens of the probes."""
        return self._probe_use

    def prepare(self) -> Mapping[str, Any]:
        """Check server and model; return the manifest.

        Raises:
            BackendUnavailableError: No server answers, or the model cannot be asked as configured.
        """
        manifest = {**self._backend.prepare(), **self._settings.model_dump()}
        check_abilities(self._settings, self._backend.capabilities)
        return manifest

    def begin(self, briefing: Briefing) -> None:
        """Start an episode with an empty transcript, with the model that the run began with.

        Raises:
            InvalidEpisodeError: The server does not answer.
            ModelChangedError: It is another model now.
        """
        self._prompt = briefing.prompt
        self._line = Line(self._backend, self._settings, briefing.key)
        self._probe_entries, self._probe_use = (), ModelUse()
        self._asking = way_of(self._settings, briefing.specs)
        with server_faults():
            self._backend.check()

    def decide(self, view: View, text: str, picture: bytes | None = None) -> Action:
        """Ask for the next action; after one repair turn an unreadable reply counts as such and the robot waits."""
        assert self._asking is not None
        line, near = self._line, names_in_sight(view)
        self._read_observation(text, () if picture is None else (picture,))
        parsed = self._asking.ask(line, near)
        if parsed.action is None:
            line.read(repair_message(parsed.problem, reply_form(self._settings)))
            parsed = self._asking.ask(line, near)
            line.count(repaired_replies=int(parsed.action is not None), unreadable_replies=int(parsed.action is None))
        if parsed.action is not None:
            return parsed.action
        if line.use.unreadable_replies >= MAX_UNREADABLE:
            raise InvalidEpisodeError(
                Validity.UNREADABLE_REPLIES, f"{MAX_UNREADABLE} replies could not be read; last: {parsed.problem}"
            )
        return IDLE

    def answer(self, form: Form, questions: Sequence[Question]) -> str:
        """Ask the form in the same transcript: a JSON reply in every protocol, without tools.

        In two steps it is a second call that writes the answers as JSON; what was left out may stay so.
        """
        del questions
        self._line.read_form(form)
        return self._ask_form(self._line, form)

    def probe(self, form: Form, questions: Sequence[Question], mark: Mark) -> str:
        """Ask the form as `answer` does, in a copy of the line; what the copy leaves is kept apart."""
        del questions
        copy = self._line.fork(mark, form.name)
        copy.read_form(form, keeps=mark.entries)
        try:
            return self._ask_form(copy, form)
        finally:
            self._probe_entries += copy.transcript
            self._probe_use = total(self._probe_use, copy.use)

    def close(self) -> None:
        """Free the backend."""
        self._backend.close()

    def _ask_form(self, line: Line, form: Form) -> str:
        words = line.ask(form_schema(form) if self._settings.protocol == "grammar" else None).text
        if self._settings.steps == 1 or not words:
            return words
        line.count(second_calls=1)
        return line.ask_aside(ANSWERS, form_schema(form, is_complete=False)).text

    def _read_observation(self, text: str, images: tuple[bytes, ...]) -> None:
        if not self._line.is_empty:
            self._line.read(text, images)
            return
        assert self._asking is not None
        assert self._prompt is not None
        opening = opening_messages(self._prompt, self._asking.actions, text, self._settings.system_role)
        for message in opening[:-1]:
            self._line.append(message)
        self._line.append(opening[-1].model_copy(update={"images": images}))


def names_in_sight(view: View) -> tuple[str, ...]:
    """Names of the things and people that an observation shows, nearest first."""
    return tuple(sight.name for sight in view.sights)
