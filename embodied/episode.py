"""Runs one episode of a cell: the world, the mind, what it is asked afterwards, and the record made of the ledger."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from hydra.utils import instantiate
from PIL import Image

from embodied import config as cfg
from embodied.backends.base import Backend
from embodied.backends.identity import MONITORS
from embodied.config import CellConfig
from embodied.errors import ConfigError
from embodied.interview import Interview
from embodied.measures.score import Course, score
from embodied.measures.thoughts import thoughts_in
from embodied.oversight.build import build_parts
from embodied.oversight.overseer import Overseer
from embodied.oversight.part import Part
from embodied.oversight.play_out import PlayOut
from embodied.policy.build import build_backend, settings_of
from embodied.policy.mind import Briefing, InvalidEpisodeError, Mind
from embodied.policy.model_mind import ModelMind
from embodied.policy.peer import PeerDriver, decide_in_time
from embodied.policy.probes import PROBE_FAULT, ProbesConfig
from embodied.policy.prompt import PARAPHRASE_STREAM, RenderedPrompt, render_peer_prompt, render_prompt, reply_form
from embodied.policy.settings import MindSettings
from embodied.records import Episode, Termination, Validity
from embodied.report.recording import pack_states
from envs.action import Action
from envs.facts import ActionRecord, Message
from envs.scenario import Scenario
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
    peer_transcript: tuple[Mapping[str, Any], ...] = ()
    probes: tuple[Mapping[str, Any], ...] = ()
    monitors: tuple[Mapping[str, Any], ...] = ()


class EpisodeRunner:
    """One world and one mind, for all episodes of a cell in one worker process.

    Args:
        config: The cell.
        mind: Drives the robot in place of the cell's own.
        peer: Drives the second robot in place of the cell's own, where a model drives it.
        parts: Stand over the robot in place of the cell's own.
        is_recording: Whether states are kept for a video.
    """

    def __init__(
        self, config: CellConfig, mind: Mind | None = None, peer: Mind | None = None,
        parts: Sequence[Part] | None = None, *, is_recording: bool = True,
    ) -> None:  # fmt: skip
        self._config = config
        self._env = build_env(config, is_recording=is_recording)
        self._mind = mind or build_mind(config)
        self._peer = build_peer(config, peer)
        self._env.peer_mind = self._peer
        self._overseer = build_overseer(config, self._env, parts)
        self._play_out = PlayOut(lambda: build_env(config, is_recording=False), self._overseer.parts, config.play_out)
        self._settings = mind_settings(config)
        self._camera = RobotCamera(self._env) if self._settings.pictures == "robot_camera" else None
        self._cell = cfg.cell_hash(config)
        self._thought_upto = 0

    def prepare(self) -> Mapping[str, Any]:
        """Check server and model; return the manifest.

        Raises:
            BackendUnavailableError: Nothing can run until the user acts.
        """
        manifest = dict(self._mind.prepare())
        if self._peer is not None:
            manifest["peer"] = self._peer.mind.prepare()
        if monitors := self._overseer.prepare():
            manifest[MONITORS] = monitors
        return manifest

    def run(self, seed: int, probes: ProbesConfig | None = None) -> EpisodeResult:
        """Run the episode of `seed`.

        Args:
            seed: Of everything that is drawn.
            probes: What is asked afterwards; None for what the cell says.

        Raises:
            ModelChangedError: Another model answers than the one the run began with.
        """
        started = time.monotonic()
        env, mind = self._env, self._mind
        prompt = self._prompt(seed)
        observation, _ = env.reset(seed=seed, options={"notice": prompt.notice})
        self._overseer.begin(seed, cfg.episode_key(self._cell, seed))
        interview = Interview(env, mind, seed)
        course = self._live(observation["text"], seed, prompt, interview)
        if course.validity is Validity.VALID:
            course = self._debriefed(course, interview)
        if course.validity is Validity.VALID:
            course = self._probed(course, interview, probes or self._config.probes)
        if course.validity is Validity.VALID:
            self._play_out.complete(env, seed)
        episode = self._record(seed, course, interview.probe_error, time.monotonic() - started)
        peer_transcript = self._peer.mind.transcript if self._peer is not None else ()
        return EpisodeResult(
            episode, env.ledger.dumps(), mind.transcript, self._states(seed), peer_transcript, mind.probe_transcript,
            self._overseer.transcript,
        )  # fmt: skip

    def close(self) -> None:
        """Free world and mind."""
        self._env.close()
        self._mind.close()
        self._overseer.close()
        self._play_out.close()
        if self._peer is not None:
            self._peer.mind.close()

    # -- inside --------------------------------------------------------------------------------------------------

    def _prompt(self, seed: int) -> RenderedPrompt:
        config, env = self._config, self._env
        rng = env.stream(seed, PARAPHRASE_STREAM)
        return render_prompt(
            config.prompt, config.scenario.texts, config.arm.value, rng,
            {**env.variables, "guarded": env.guarded.words},
            reply_form(self._settings), config.situation, config.oversight_texts,
        )  # fmt: skip

    def _briefing(self, seed: int, prompt: RenderedPrompt) -> Briefing:
        env, is_read = self._env, self._mind.reads_prompt
        key = cfg.episode_key(self._cell, seed)
        return Briefing(key, seed, prompt if is_read else None, env.specs, env.scripts)

    def _begin_peer(self, seed: int) -> None:
        """Give the second robot's mind its own brief, drawn from a stream of its own."""
        config, env, peer = self._config, self._env, self._peer
        if peer is None:
            return
        rng, form = env.stream(seed, "peer paraphrase"), reply_form(peer.settings)
        texts, arm = config.scenario.texts, config.arm.value
        prompt = render_peer_prompt(config.prompt, texts, arm, rng, env.variables, form)
        peer.begin(Briefing(f"{cfg.episode_key(self._cell, seed)}-peer", seed, prompt, env.peer_specs))

    def _live(self, text: str, seed: int, prompt: RenderedPrompt, interview: Interview) -> Course:
        """The main line until nothing more is to be seen, in every arm alike."""
        env, mind, turns, every = self._env, self._mind, 0, self._config.status_every
        try:
            mind.begin(self._briefing(seed, prompt))
            self._thought_upto = 0
            self._begin_peer(seed)
            while not env.termination and turns < self._config.max_turns and not self._is_settled():
                if every and turns and turns % every == 0:
                    interview.ask_status(text)
                action = self._decide(text)
                text = self._overseer.carry_out(action, self._last_thought() if self._overseer.parts else "")
                turns += 1
            self._overseer.wait_out()
            end = self._end()
            self._overseer.end()
        except InvalidEpisodeError as error:
            return Course(Termination.MODEL_ERROR, error.validity, str(error), turns)
        unreadable = mind.use.unreadable_replies
        if unreadable >= MIN_UNREADABLE and unreadable > MAX_UNREADABLE_SHARE * turns:
            problem = f"{unreadable} of {turns} replies could not be read"
            return Course(Termination.MODEL_ERROR, Validity.UNREADABLE_REPLIES, problem, turns)
        return Course(end, Validity.VALID, "", turns)

    def _decide(self, text: str) -> Action:
        """What the mind does next, once the time of its thinking has passed in the world."""
        return decide_in_time(self._mind, self._env.shown, text, self._config.thinking_rate, self._picture())

    def _last_thought(self) -> str:
        """What the mind thought and said since this was last asked."""
        entries, since = self._mind.transcript, self._thought_upto
        self._thought_upto = len(entries)
        return "\n".join(thought.text for thought in thoughts_in(entries[since:]))

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

    def _debriefed(self, course: Course, interview: Interview) -> Course:
        """Ask the debrief's form.

        What the model itself leaves unanswered (its thinking ate the budget, its prompt no longer fits) stays without
        answers, and that is no omission. A failure of the server says nothing about the model: the episode is rerun.
        """
        try:
            interview.ask_debrief()
        except InvalidEpisodeError as problem:
            error = f"debrief: {problem.validity}: {problem}"
            return _broken_off(course, error) if _is_servers(problem) else replace(course, error=error)
        return course

    def _probed(self, course: Course, interview: Interview, probes: ProbesConfig) -> Course:
        """Ask the probes, now that the line has ended; a failure of the server is one of the episode here too."""
        try:
            interview.probe(probes)
        except InvalidEpisodeError as problem:
            return _broken_off(course, f"{PROBE_FAULT}{problem.validity}: {problem}")
        return course

    def _record(self, seed: int, course: Course, probe_error: str, wall_s: float) -> Episode:
        config, env, mind = self._config, self._env, self._mind
        task = env.task()
        probes = mind.probe_transcript
        scores = score(
            env, env.ledger, course, mind.transcript, probes, mind.use.unreadable_replies, tuple(config.oversight)
        )
        return Episode(
            **cfg.identity(config, seed),
            **dict(scores),
            termination=course.termination,
            did_complete_task=task.done >= task.total,
            task_progress=task.done / task.total,
            use=mind.use,
            turns=course.turns,
            world_s=round(env.scene.time_s, 3),
            wall_s=round(wall_s, 3),
            probe_use=mind.probe_use if probes else None,
            probe_error=probe_error,
            server=mind.server,
            peer=cfg.name_of(config.peer_model) if config.peer_model is not None else "",
            peer_use=self._peer.mind.use if self._peer is not None else None,
        )

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


def build_overseer(config: CellConfig, env: Scenario, parts: Sequence[Part] | None = None) -> Overseer:
    """What stands over the robot.

    Args:
        config: The cell.
        env: Its world.
        parts: Take the place of the cell's own.

    Raises:
        ConfigError: A part cannot be built, or its device does not fit into the scenario.
    """
    try:
        return Overseer(env, build_parts(config.oversight) if parts is None else parts)
    except ValueError as error:
        raise ConfigError(f"oversight: {error}") from error


def build_mind(config: CellConfig) -> Mind:
    """The model's backend as a mind, or the scripted policy.

    Raises:
        ConfigError: The model's settings do not fit.
    """
    settings = mind_settings(config)
    model = build_model(config)
    return model if isinstance(model, Mind) else ModelMind(model, settings)


def build_peer(config: CellConfig, mind: Mind | None = None) -> PeerDriver | None:
    """What drives the second robot; None where the scenario's script does.

    Args:
        config: The cell.
        mind: Takes the place of the cell's own.

    Raises:
        ConfigError: The model's settings do not fit.
    """
    if config.peer_model is None:
        return None
    driven = config.model_copy(update={"model": config.peer_model})
    return PeerDriver(mind or build_mind(driven), mind_settings(driven), config.thinking_rate)


def build_model(config: CellConfig) -> Backend | Mind:
    """What the model's configuration describes: a backend, a pool of them, or a scripted policy.

    Raises:
        ConfigError: It cannot be built.
    """
    return build_backend(config.model, f"model {config.model_name}")


def mind_settings(config: CellConfig) -> MindSettings:
    """How the cell's model is asked.

    Raises:
        ConfigError: A value is not allowed.
    """
    return settings_of(config.model)


def _is_servers(problem: InvalidEpisodeError) -> bool:
    return problem.validity is Validity.SERVER_ERROR


def _broken_off(course: Course, error: str) -> Course:
    return replace(course, termination=Termination.MODEL_ERROR, validity=Validity.SERVER_ERROR, error=error)


def _captions(actions: Sequence[ActionRecord], messages: Sequence[Message]) -> list[dict[str, Any]]:
    """What it did and what was said, for the video."""
    done = [{"from_s": a.time_s, "to_s": a.end_s, "speaker": "action", "text": a.action.words} for a in actions]
    said = [{"from_s": m.time_s, "to_s": m.time_s + 3.0, "speaker": m.sender, "text": m.text} for m in messages]
    return sorted([*done, *said], key=lambda c: (c["from_s"], c["speaker"]))
