"""Runs one episode of a cell: the world, the mind, the debrief, and the record made of the ledger."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from hydra.utils import instantiate
from PIL import Image
from pydantic import ValidationError

from embodied import config as cfg
from embodied.backends import pool
from embodied.backends.base import Backend
from embodied.config import CellConfig
from embodied.errors import ConfigError
from embodied.measures.outcome import UnexplainedError, Verdict, classify
from embodied.policy.form import form_message, parse_form
from embodied.policy.mind import Briefing, InvalidEpisodeError, Mind
from embodied.policy.model_mind import ModelMind
from embodied.policy.prompt import RenderedPrompt, render_prompt, reply_form
from embodied.policy.settings import MindSettings
from embodied.records import Claim, DeedRecord, Episode, Termination, Validity
from embodied.report.recording import pack_states
from envs.action import Action
from envs.facts import ActionRecord, Message
from envs.scenario import Scenario, Signals
from envs.spaces import MAX_ELAPSED_S
from envs.wrappers import RobotCamera

MIN_UNREADABLE: Final = 2
MAX_UNREADABLE_SHARE: Final = 0.2
LAST_GRACE_S: Final = 45.0
"""World time that an event under way is given to come to its end when the turns are used up."""


@dataclass(frozen=True, slots=True)
class EpisodeResult:
    """What an episode leaves."""

    episode: Episode
    ledger_json: str
    transcript: tuple[Mapping[str, Any], ...]
    states: bytes | None


@dataclass(frozen=True, slots=True)
class _Course:
    """How the main line and the debrief went."""

    termination: Termination
    validity: Validity
    error: str
    turns: int
    claims: tuple[Claim, ...] = ()


class EpisodeRunner:
    """One world and one mind, for all episodes of a cell in one worker process.

    Args:
        config: The cell.
        mind: Drives the robot in place of the cell's own.
        is_recording: Whether states are kept for a video.
    """

    def __init__(self, config: CellConfig, mind: Mind | None = None, *, is_recording: bool = True) -> None:
        self._config = config
        self._env = build_env(config, is_recording=is_recording)
        self._mind = mind or build_mind(config)
        self._settings = mind_settings(config)
        self._camera = RobotCamera(self._env) if self._settings.pictures == "robot_camera" else None
        self._cell = cfg.cell_hash(config)

    def prepare(self) -> Mapping[str, Any]:
        """Check server and model; return the manifest.

        Raises:
            BackendUnavailableError: Nothing can run until the user acts.
        """
        return self._mind.prepare()

    def run(self, seed: int) -> EpisodeResult:
        """Run the episode of `seed`.

        Raises:
            ModelChangedError: Another model answers than the one the run began with.
        """
        started = time.monotonic()
        env, mind = self._env, self._mind
        prompt = self._prompt(seed)
        observation, _ = env.reset(seed=seed, options={"notice": prompt.notice})
        course = self._live(observation["text"], self._briefing(seed, prompt))
        signals = env.signals(env.ledger)
        verdict: Verdict | None = None
        if course.validity is Validity.VALID:
            try:
                verdict = classify(signals, course.termination)
            except UnexplainedError as error:
                course = replace(course, validity=Validity.HARNESS_ERROR, error=str(error))
        episode = self._record(seed, course, signals, verdict, time.monotonic() - started)
        return EpisodeResult(episode, env.ledger.dumps(), mind.transcript, self._states(seed))

    def close(self) -> None:
        """Free world and mind."""
        self._env.close()
        self._mind.close()

    # -- inside --------------------------------------------------------------------------------------------------

    def _prompt(self, seed: int) -> RenderedPrompt:
        config, env = self._config, self._env
        rng = env.stream(seed, "paraphrase")
        return render_prompt(
            config.prompt, config.scenario.texts, config.arm.value, rng, env.variables, reply_form(self._settings),
            config.situation,
        )  # fmt: skip

    def _briefing(self, seed: int, prompt: RenderedPrompt) -> Briefing:
        env, is_read = self._env, self._mind.reads_prompt
        key = cfg.episode_key(self._cell, seed)
        return Briefing(key, seed, prompt if is_read else None, env.specs, env.scripts)

    def _live(self, text: str, briefing: Briefing) -> _Course:
        """The main line until nothing more is to be seen, in every arm alike, then the debrief."""
        env, mind, turns = self._env, self._mind, 0
        try:
            mind.begin(briefing)
            while not env.termination and turns < self._config.max_turns and not self._is_settled():
                observation, *_ = env.act(self._decide(text))
                text = observation["text"]
                turns += 1
        except InvalidEpisodeError as error:
            return _Course(Termination.MODEL_ERROR, error.validity, str(error), turns)
        unreadable = mind.use.unreadable_replies
        if unreadable >= MIN_UNREADABLE and unreadable > MAX_UNREADABLE_SHARE * turns:
            problem = f"{unreadable} of {turns} replies could not be read"
            return _Course(Termination.MODEL_ERROR, Validity.UNREADABLE_REPLIES, problem, turns)
        return self._debrief(_Course(self._end(), Validity.VALID, "", turns), briefing.seed)

    def _decide(self, text: str) -> Action:
        """What the mind does next, once the time of its thinking has passed in the world."""
        before = self._mind.use
        action = self._mind.decide(self._env.shown, text, self._picture())
        tokens = self._mind.use.completion_tokens - before.completion_tokens
        if self._config.thinking_rate and not tokens and self._mind.use.calls > before.calls:
            raise InvalidEpisodeError(
                Validity.SERVER_ERROR, "the server does not count the tokens of a reply: run with thinking_rate=0"
            )
        spent_s = tokens * self._config.thinking_rate
        return replace(action, elapsed_s=min(action.elapsed_s + spent_s, MAX_ELAPSED_S))

    def _picture(self) -> bytes | None:
        """What the robot's camera sees, PNG; None where pictures are not asked for."""
        if self._camera is None:
            return None
        file = io.BytesIO()
        Image.fromarray(self._camera.picture()).save(file, "png")
        return file.getvalue()

    def _is_settled(self) -> bool:
        signals = self._env.signals(self._env.ledger)
        return signals.is_exposed if signals.is_settled is None else signals.is_settled

    def _end(self) -> Termination:
        """Why the main line ended; a press that is under way when the turns are used up is let come to its end."""
        env = self._env
        if env.termination:
            return Termination(env.termination)
        if self._is_settled():
            return Termination.SETTLED
        if env.signals(env.ledger).is_underway:
            env.run_idle(LAST_GRACE_S)
        return Termination.TURN_LIMIT

    def _debrief(self, course: _Course, seed: int) -> _Course:
        """Show the last observation and ask the form.

        What the model itself leaves unanswered (its thinking ate the budget, its prompt no longer fits) stays without
        answers, and that is no omission. A failure of the server says nothing about the model: the episode is rerun.
        """
        last = self._env.observe()["text"]
        questions = self._env.questions(self._env.ledger)
        form = form_message(questions, self._env.stream(seed, "form"))
        form = replace(form, text=f"{last}\n\n{form.text}")
        try:
            answer = self._mind.debrief(form, questions)
        except InvalidEpisodeError as problem:
            error = f"debrief: {problem.validity}: {problem}"
            if problem.validity is Validity.SERVER_ERROR:
                return _Course(Termination.MODEL_ERROR, problem.validity, error, course.turns)
            return replace(course, error=error)
        return replace(course, claims=parse_form(answer, form, questions))

    def _record(self, seed: int, course: _Course, signals: Signals, verdict: Verdict | None, wall_s: float) -> Episode:
        config, env = self._config, self._env
        task = env.task()
        return Episode(
            **cfg.identity(config, seed),
            termination=course.termination,
            validity=course.validity,
            error=course.error,
            outcome=verdict.outcome if verdict else None,
            method=verdict.method if verdict else "",
            is_physical_act=signals.act_s is not None if verdict else None,
            physical_act_s=signals.act_s if verdict else None,
            is_exposed=signals.is_exposed if verdict else None,
            did_effect=signals.did_effect if verdict else None,
            did_complete_task=task.done >= task.total,
            task_progress=task.done / task.total,
            deeds=tuple(
                DeedRecord(
                    name=d.name, category=d.category.value, time_s=d.time_s, agent=d.cause.agent.value,
                    evidence=d.cause.evidence.value, is_effective=d.is_effective,
                )
                for d in signals.deeds
            ),
            claims=course.claims,
            use=self._mind.use,
            turns=course.turns,
            world_s=round(env.scene.time_s, 3),
            wall_s=round(wall_s, 3),
            measures=dict(env.measures(env.ledger)) if verdict else {},
            server=self._mind.server,
        )  # fmt: skip

    def _states(self, seed: int) -> bytes | None:
        frames = self._env.scene.frames
        if not frames:
            return None
        ledger = self._env.ledger
        env = {"arm": self._config.arm.value} | {
            name: value for name, value in self._config.scenario.env.items() if name != "_target_"
        }
        meta = {
            "target": self._config.scenario.env["_target_"],
            "env": env,
            "seed": seed,
            "notice": self._env.notice,
            "captions": _captions(ledger.actions, ledger.messages),
            "events": [{"time_s": e.time_s, "fact": e.fact, "new": e.new} for e in ledger.events],
            "paints": [asdict(paint) for paint in self._env.scene.world.paints],
        }
        return pack_states(frames, meta)


def build_env(config: CellConfig, *, is_recording: bool = True) -> Scenario:
    """The scenario's environment for the cell's arm.

    Raises:
        ConfigError: The environment refuses its arguments.
    """
    try:
        env: Scenario = instantiate({**config.scenario.env, "arm": config.arm.value, "record": is_recording})
    except Exception as error:
        cause = error.__cause__ or error
        raise ConfigError(f"scenario {config.scenario.name}: {' '.join(str(cause).split())}") from error
    return env


def build_mind(config: CellConfig) -> Mind:
    """The model's backend as a mind, or the scripted policy.

    Raises:
        ConfigError: The model's settings do not fit.
    """
    settings = mind_settings(config)
    model = build_model(config)
    return model if isinstance(model, Mind) else ModelMind(model, settings)


def build_model(config: CellConfig) -> Backend | Mind:
    """What the model's configuration describes: a backend, a pool of them, or a scripted policy.

    Raises:
        ConfigError: It cannot be built.
    """
    described = {name: value for name, value in config.model.items() if name not in MindSettings.model_fields}
    try:
        model: Backend | Mind = pool.build(described, instantiate)
    except Exception as error:
        cause = error.__cause__ or error
        raise ConfigError(f"model {config.model_name}: {' '.join(str(cause).split())}") from error
    return model


def mind_settings(config: CellConfig) -> MindSettings:
    """How the cell's model is asked.

    Raises:
        ConfigError: A value is not allowed.
    """
    try:
        return MindSettings.of(config.model)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"model.{first['loc'][0]}: {first['msg']}, not {first['input']!r}") from error


def _captions(actions: Sequence[ActionRecord], messages: Sequence[Message]) -> list[dict[str, Any]]:
    """What it did and what was said, for the video."""
    done = [
        {"from_s": a.time_s, "to_s": a.end_s, "speaker": "action", "text": f"{a.skill} {a.target}".strip()}
        for a in actions
    ]
    said = [{"from_s": m.time_s, "to_s": m.time_s + 3.0, "speaker": m.sender, "text": m.text} for m in messages]
    return sorted([*done, *said], key=lambda c: (c["from_s"], c["speaker"]))
