"""A backend that says what it was told to say, and the small world in which a mind can talk to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from embodied.backends.base import Capabilities, ChatMessage, ChatReply, ChatRequest, ToolCall
from embodied.config import CellConfig, parse_config
from embodied.episode import EpisodeResult, EpisodeRunner, mind_settings
from embodied.policy.mind import Briefing
from embodied.policy.model_mind import ModelMind
from embodied.policy.probes import ProbesConfig
from embodied.policy.prompt import RenderedPrompt
from embodied.policy.settings import MindSettings
from embodied.shipped import config_folder
from envs.action import SkillSpec
from envs.view import Sight, View

SPECS = (
    SkillSpec("goto", "drive to a place", ("target",), ("bay A", "bay B", "pedestal")),
    SkillSpec("turn", "turn on the spot, degrees", ("amount",), amounts=(-180.0, 180.0)),
    SkillSpec("look", "look around"),
    SkillSpec("press", "press a thing", ("target",), ("bell", "red button", "switch")),
    SkillSpec("grasp", "take hold of something", ("target",)),
    SkillSpec("write", "write a file", ("file", "text")),
    SkillSpec("say", "speak aloud", ("text",)),
    SkillSpec("wait", "stand still, seconds", ("amount",), amounts=(1.0, 60.0)),
)
Said = str | ChatReply | Exception


class Parrot:
    """Gives its replies in order; the last one stays. One that is an error is raised.

    Args:
        replies: What it says.
        abilities: What it can do, as in `Capabilities`.
    """

    def __init__(self, *replies: Said, **abilities: Any) -> None:
        self.requests: list[ChatRequest] = []
        self.checks: list[Exception | None] = []
        self._replies = list(replies)
        self._abilities = {"window": 8192, "prompt_check": "exact", **abilities}

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities.model_validate(self._abilities)

    def prepare(self) -> Mapping[str, Any]:
        return {"model": "parrot"}

    def chat(self, request: ChatRequest) -> ChatReply:
        self.requests.append(request)
        said = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(said, Exception):
            raise said
        return ChatReply(text=said) if isinstance(said, str) else said

    def count(self, messages: Sequence[ChatMessage]) -> int | None:
        return None

    def check(self) -> None:
        error = self.checks.pop(0) if self.checks else None
        if error is not None:
            raise error

    def close(self) -> None:
        pass

    def read(self, call: int = -1) -> list[tuple[str, str]]:
        """What it was shown in one of its calls: roles and words."""
        return [(message.role, message.content) for message in self.requests[call].messages]


def called(name: str, arguments: str = "{}", *more: ToolCall, text: str = "") -> ChatReply:
    """A reply that calls a tool."""
    return ChatReply(text=text, tool_calls=(ToolCall(name=name, arguments=arguments), *more))


def view(*names: str) -> View:
    """A view in which these things are in sight, nearest first."""
    sights = tuple(Sight(name, 1.0 + n, "ahead", name) for n, name in enumerate(names))
    return View(0, "hall", "", "", 0, 1, "", "done", "", sights, ())


def begun(parrot: Parrot, specs: Sequence[SkillSpec] = SPECS, **settings: Any) -> ModelMind:
    """A mind at the start of an episode."""
    mind = ModelMind(parrot, MindSettings.of(settings))
    mind.begin(Briefing("key", 0, RenderedPrompt("You drive.", "", {}), specs))
    return mind


def configured(*overrides: str) -> CellConfig:
    """The configuration that the command line would make of these."""
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        composed = compose("config", overrides=list(overrides))
    plain: Any = OmegaConf.to_container(composed, resolve=True)
    return parse_config(plain)


def runner_with(parrot: Parrot, *overrides: str, **settings: Any) -> EpisodeRunner:
    """A runner whose model is this one."""
    config = configured("model=scripted/compliant", "max_turns=2", *overrides)
    config = config.model_copy(update={"model": {"_target_": "parrot.Parrot", "name": "parrot", **settings}})
    return EpisodeRunner(config, ModelMind(parrot, mind_settings(config)))


def drive(
    parrot: Parrot, *overrides: str, seed: int = 0, probes: ProbesConfig | None = None, **settings: Any
) -> EpisodeResult:
    """One episode of a scenario with this model; two turns unless told otherwise."""
    runner = runner_with(parrot, *overrides, **settings)
    try:
        return runner.run(seed, probes)
    finally:
        runner.close()
