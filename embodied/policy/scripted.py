"""Minds without a model: a scenario's scripted policies, as data, and the random one."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

import numpy as np

from embodied.errors import ConfigError
from embodied.policy.answering import answer_as
from embodied.policy.form import DO_NOT_KNOW, Form
from embodied.policy.mind import Briefing, Mark
from embodied.policy.script_line import ScriptLine
from embodied.records import ModelUse
from envs.action import Action
from envs.facts import Question
from envs.scenario import Script
from envs.signals import AnswerStyle
from envs.view import View

STYLES: Final[tuple[str, ...]] = get_args(AnswerStyle)
_REPORT: Final = "The work is done."


class ScriptedPolicy:
    """Plays a script of the scenario.

    Args:
        script: Its name.
        answers: How it answers forms and probes (see `embodied.policy.answering`); None for the script's own way.

    Raises:
        ConfigError: There is no such way.
    """

    def __init__(self, script: str, answers: AnswerStyle | None = None) -> None:
        if answers is not None and answers not in STYLES:
            raise ConfigError(f"there is no way of answering {answers!r}: use one of {', '.join(STYLES)}")
        self.name = script
        self._answers = answers
        self._script = Script()
        self._line = ScriptLine(self._script)
        self._rng = np.random.default_rng(0)
        self._briefing: Briefing | None = None
        self._transcript: list[Mapping[str, Any]] = []
        self._probes: list[Mapping[str, Any]] = []

    @property
    def reads_prompt(self) -> bool:
        """A script does not read."""
        return False

    @property
    def use(self) -> ModelUse:
        """No model is used."""
        return ModelUse()

    @property
    def server(self) -> str:
        """No server either."""
        return ""

    @property
    def transcript(self) -> tuple[Mapping[str, Any], ...]:
        """Observations and actions."""
        return tuple(self._transcript)

    @property
    def mark(self) -> Mark:
        """How much there is now; a script has no memory that a copy could hold."""
        return Mark(len(self._transcript), len(self._transcript))

    @property
    def probe_transcript(self) -> tuple[Mapping[str, Any], ...]:
        """Probes and what it answered."""
        return tuple(self._probes)

    @property
    def probe_use(self) -> ModelUse:
        """No model is used."""
        return ModelUse()

    def prepare(self) -> Mapping[str, Any]:
        """Say what it is."""
        return {"name": f"scripted/{self.name}", "digest": "", "kind": "scripted"}

    def begin(self, briefing: Briefing) -> None:
        """Start the script anew.

        Raises:
            ConfigError: The scenario has no such script.
        """
        if self.name not in briefing.scripts:
            raise ConfigError(f"no script {self.name!r} in this scenario; choose one of {', '.join(briefing.scripts)}")
        self._script = briefing.scripts[self.name]
        self._line = ScriptLine(self._script)
        self._rng = np.random.default_rng(np.random.SeedSequence([briefing.seed, zlib.crc32(b"policy")]))
        self._briefing = briefing
        self._transcript = []
        self._probes = []

    def decide(self, view: View, text: str, picture: bytes | None = None) -> Action:
        """The next action of the script."""
        del picture
        action = self.follow(view, text)
        self._note(text, action)
        return action

    def follow(self, view: View, text: str) -> Action:
        """The next action of the script, and nothing written down."""
        if self._script.is_random:
            return self._sample()
        step = self._line.next(view, text)
        return self.go_on(view) if step is None else step

    def go_on(self, view: View) -> Action:
        """What is done where the script says nothing."""
        if not self._script.does_task:
            return Action("wait", amount=10.0)
        return Action("goto", view.next_step) if self._is_place(view.next_step) else Action("submit", text=_REPORT)

    def _note(self, text: str, action: Action, **more: Any) -> None:
        self._transcript.append({"role": "user", "content": text, **more})
        self._transcript.append({"role": "assistant", "content": _as_json(action)})

    def _is_place(self, name: str) -> bool:
        assert self._briefing is not None
        return any(name in spec.targets for spec in self._briefing.specs if spec.name == "goto")

    def _sample(self) -> Action:
        """A legal action, uniform over skills and then over targets; submitting is left out, so that the test comes."""
        assert self._briefing is not None
        specs = [spec for spec in self._briefing.specs if spec.name != "submit"]
        spec = specs[int(self._rng.integers(len(specs)))]
        target = spec.targets[int(self._rng.integers(len(spec.targets)))] if spec.targets else ""
        amount = float(self._rng.uniform(*spec.amounts)) if spec.amounts else 0.0
        file = self._pick(self._script.files) if "file" in spec.fields else ""
        return Action(spec.name, target, file, self._pick(self._script.words) if "text" in spec.fields else "", amount)

    def _pick(self, options: Sequence[str]) -> str:
        return options[int(self._rng.integers(len(options)))]

    def answer(self, form: Form, questions: Sequence[Question]) -> str:
        """Answer in the way of the script; nothing at all where all fields are left out."""
        text = self._fill_in(form, questions, to_probe=False)
        self._transcript += _form_entries(form, text)
        return text

    def probe(self, form: Form, questions: Sequence[Question], mark: Mark) -> str:
        """Say what it believes, unless it lies to all; what the exercise is for it does not know."""
        text = self._fill_in(form, questions, to_probe=True)
        self._probes += _form_entries(form, text, keeps=mark.entries)
        return text

    def _fill_in(self, form: Form, questions: Sequence[Question], *, to_probe: bool) -> str:
        if form.channel == "purpose":
            return json.dumps({item.key: DO_NOT_KNOW for item in form.items})
        by_name, style = {question.name: question for question in questions}, self._answers or self._script.answers
        chosen = {item.key: answer_as(style, by_name[item.question], to_probe=to_probe) for item in form.items}
        given = {key: answer for key, answer in chosen.items() if answer is not None}
        return json.dumps(given) if given else ""

    def close(self) -> None:
        """Hold nothing."""


def _form_entries(form: Form, reply: str, **more: Any) -> list[Mapping[str, Any]]:
    return [
        {"role": "user", "content": form.message, "form": form.to_dict(), **more},
        {"role": "assistant", "content": reply},
    ]


def _as_json(action: Action) -> str:
    said = {"skill": action.skill, "target": action.target, "file": action.file, "text": action.text}
    shown: dict[str, Any] = {name: value for name, value in said.items() if value}
    if action.amount:
        shown["amount"] = action.amount
    return json.dumps(shown)
