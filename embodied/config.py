"""The resolved configuration of one cell: checked, hashed and named.

What decides how an episode comes out is the *scientific* part. Where it is stored, who serves the model and how many
run at once is not: it never changes the key of an episode.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, ValidationError, field_validator

from embodied.ablation import DesignName
from embodied.errors import ConfigError, fault_place, first_misfit
from embodied.policy.probe_texts import ProbesConfig
from embodied.policy.sections import LEFT_OUT, PromptConfig, ScenarioTexts
from embodied.records import Arm, Frozen
from embodied.version import code_version

OPERATIONAL: Final = frozenset(
    {
        "api_key", "api_key_env", "base_url", "base_urls", "chat_template", "gpu_layers", "host", "hosts",
        "keep_alive", "linger_s", "max_tokens_key", "mmproj", "path", "port", "retries", "slots", "state_dir",
        "threads", "timeout_s", "url",
    }
)  # fmt: skip
"""Keys of a model's configuration that say where and how fast it is served, not what it is."""

MODEL_FACTORS: Final = (
    "think", "protocol", "steps", "past_thinking", "pictures", "system_role", "temperature", "top_p", "top_k", "min_p",
    "repeat_penalty", "presence_penalty", "frequency_penalty", "max_tokens", "num_ctx", "n_ctx", "reproducible",
    "answers", "latest_s", "pause_s", "task_turns",
)  # fmt: skip
"""Keys of a model's configuration that are factors of their own."""

_USUALLY: Final[Mapping[str, Any]] = {
    "think": "auto", "protocol": "json", "steps": 1, "past_thinking": "hidden", "pictures": "none",
    "system_role": "system", "reproducible": False, "answers": None,
}  # fmt: skip
_ABSENT_LEVELS: Final = frozenset({"default", "none", "unmentioned", "plain", LEFT_OUT})
_LABEL_CHARS: Final = 80
PLAYED_OUT: Final = 6
"""Stopped actions an episode that are tried out, unless told."""
NO_OVERSIGHT: Final = "none"
JUDGE: Final = "judge"
"""Setting of an oversight part that is a model's configuration, or null."""
READING: Final = "reading"
"""The same that says how that model is asked."""
WORDINGS: Final = frozenset({"texts", "instructions"})
"""Settings of a part that are no levels of a factor."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]


class ScenarioConfig(Frozen):
    """A scenario as its YAML describes it.

    Attributes:
        name: Name in records and run folders.
        env: Arguments of the environment; each is a factor.
        texts: Wordings of the brief and their paraphrases.
    """

    name: Name
    env: dict[str, Any] = Field(default_factory=dict)
    texts: ScenarioTexts


class RunConfig(Frozen):
    """Where a run is kept and how it is carried out. Never part of an episode's key.

    Attributes:
        dir: Folder of all runs.
        name: Folder of this run inside `dir`.
        workers: Episodes at a time; None takes the model's slots and one to spare, or the processor count.
        ablation: `one_at_a_time` or `fractional` sweeps which sections of the prompt are left out (see
            `embodied.ablation`).
        patience_s: How long to wait for a server that no longer answers before the sweep is stopped.
        video: `auto` renders one chosen episode at the end.
        summary: Whether table, plots, page of findings and video are made at the end.
    """

    dir: Path
    name: Name
    workers: int | None = Field(default=None, gt=0)
    ablation: DesignName = "none"
    patience_s: float = Field(default=120.0, ge=0.0)
    video: Literal["auto", "none"] = "auto"
    summary: bool = True

    @property
    def folder(self) -> Path:
        """The run folder."""
        return self.dir / self.name


class CellConfig(Frozen):
    """One setting of all factors and the arm, and how to run it.

    Attributes:
        model: `_target_` and arguments of the policy or backend, and its `name`.
        episodes: How many seeds, counted from `seed`.
        peer: What drives a second robot, in scenarios that have one with a mind: `same`, the same model (a script where
            the model is scripted); `script`, the scenario's own; or a model's configuration.
        thinking_rate: World time that passes for each token the model generates, seconds: a slow thinker can be too
            late.
        status_every: Turns after which the robot fills in a status form, again and again; 0 for none.
        probes: What is asked in copies of the line after it has ended. One that is switched off makes another cell:
            what was not asked then cannot be asked later.
        oversight: What stands over the robot: `_target_` and arguments of each part, by its name; empty for nothing.
        play_out: How many of an episode's stopped actions are tried out afterwards in a copy of the world, to see
            whether they would have been deeds; 0 for none.
        tracking: `_target_` and arguments of the tracker; empty for none.
    """

    scenario: ScenarioConfig
    arm: Arm
    prompt: PromptConfig
    model: dict[str, Any]
    oversight: dict[str, dict[str, Any]] = Field(default_factory=dict)
    play_out: int = Field(default=PLAYED_OUT, ge=0)
    peer: Literal["same", "script"] | dict[str, Any] = "same"
    episodes: int = Field(gt=0)
    seed: int = Field(ge=0)
    max_turns: int = Field(gt=0)
    thinking_rate: float = Field(default=0.0, ge=0.0, le=60.0)
    status_every: int = Field(default=0, ge=0)
    probes: ProbesConfig = Field(default_factory=ProbesConfig)
    tracking: dict[str, Any] = Field(default_factory=dict)
    run: RunConfig

    @field_validator("peer", mode="before")
    @classmethod
    def _is_whole(cls, peer: Any) -> Any:
        is_model = isinstance(peer, Mapping) and "_target_" in peer
        if not is_model and peer not in ("same", "script"):
            raise ValueError("choose same or script, or a model with +model@peer=NAME")
        return peer

    @field_validator("oversight")
    @classmethod
    def _in_one_order(cls, oversight: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """By name: the order of the parts changes nothing, so it makes no other cell either."""
        return dict(sorted(oversight.items()))

    @property
    def model_name(self) -> str:
        """Name of the model in records: its own, its script's, its file's, else `embedded`."""
        return name_of(self.model)

    @property
    def peer_model(self) -> dict[str, Any] | None:
        """Configuration of the model that drives the second robot; None where there is none, or a script does.

        In the twin the second robot is a machine without a mind, whatever is configured.
        """
        return None if self.arm is Arm.TWIN else self._chosen_peer

    @property
    def peer_level(self) -> str:
        """What is to drive the second robot, in every arm alike: the level of this factor."""
        chosen = self._chosen_peer
        return "script" if chosen is None else name_of(chosen)

    @property
    def _chosen_peer(self) -> dict[str, Any] | None:
        if self.scenario.texts.peer is None or self.peer == "script":
            return None
        chosen = self.model if self.peer == "same" else self.peer
        assert isinstance(chosen, dict)
        return None if "script" in chosen else chosen

    @property
    def oversight_level(self) -> str:
        """Names of the parts that stand over the robot: the level of this factor."""
        return "+".join(self.oversight) or NO_OVERSIGHT

    @property
    def oversight_texts(self) -> dict[str, tuple[str, ...]]:
        """What the robot is told of each part that it is told of: wordings by the name of the prompt's section."""
        return {f"oversight {name}": told_of(settings, self.arm) for name, settings in self.oversight.items()}

    @property
    def situation(self) -> dict[str, str]:
        """Levels of the environment's arguments by name, as the prompt's situation reads them."""
        return {name: str(value) for name, value in self.scenario.env.items()}

    @property
    def seeds(self) -> range:
        """Seeds of the episodes asked for."""
        return range(self.seed, self.seed + self.episodes)

    @property
    def folder(self) -> Path:
        """The cell's folder inside the run folder."""
        slug = re.sub(r"[^\w.=+-]+", "_", cell_label(self))[:_LABEL_CHARS].rstrip("_.")
        return self.run.folder / f"{slug}-{cell_hash(self)[:8]}"


def parse_config(plain: Mapping[str, Any]) -> CellConfig:
    """Check a resolved configuration.

    Raises:
        ConfigError: A key is unknown or missing, or a value is not allowed; one line.
    """
    try:
        return CellConfig.model_validate(plain)
    except ValidationError as error:
        raise ConfigError(_describe(error)) from error


def name_of(model: Mapping[str, Any]) -> str:
    """Name of a model's configuration in records."""
    if "script" in model:
        group, script = model.get("name", "scripted"), model["script"]
        return f"{group}/{script}" if script else str(group)
    return str(model.get("name") or Path(model.get("path") or "embedded").stem)


def told_of(settings: Mapping[str, Any], arm: Arm) -> tuple[str, ...]:
    """The wordings of what a robot is told of an oversight part; those of the ability arm, where it has such."""
    texts: Mapping[str, Any] = settings.get("texts") or {}
    told = texts.get(settings.get("told", "no"), ())
    return tuple(texts.get(arm.value, told) if told else ())


def scientific(config: CellConfig) -> dict[str, Any]:
    """The part that decides how an episode comes out, as plain data."""
    peer = config.peer_model
    driven: dict[str, Any] = {"peer": _scientific_model(peer)} if peer is not None else {}
    without = {"texts": {"peer"}} if config.scenario.texts.peer is None else None
    asked: dict[str, Any] = {"status_every": config.status_every} if config.status_every else {}
    if not config.probes.are_all_asked:
        asked["probes"] = {"belief": config.probes.belief, "purpose": config.probes.purpose}
    return {
        "scenario": config.scenario.model_dump(mode="json", exclude=without),
        "arm": config.arm.value,
        "prompt": config.prompt.model_dump(mode="json", exclude=config.prompt.unsaid),
        "model": _scientific_model(config.model),
        "max_turns": config.max_turns,
        "thinking_rate": config.thinking_rate,
        **asked,
        **driven,
        **_scientific_oversight(config),
    }


def _scientific_oversight(config: CellConfig) -> dict[str, Any]:
    """Nothing where nothing stands over the robot: such a cell is the one that it was before there were parts."""
    if not config.oversight:
        return {}
    parts = [{"name": name, **_scientific_part(settings)} for name, settings in config.oversight.items()]
    return {"oversight": parts, "play_out": config.play_out}


def _scientific_part(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A part's settings, with its model as any other."""
    judge = settings.get(JUDGE)
    return {**_without_operational(settings), **({JUDGE: _scientific_model(judge)} if judge else {})}


def cell_hash(config: CellConfig) -> str:
    """Hash of the scientific configuration, 16 hexadecimal digits."""
    return _digest(scientific(config))


def episode_key(cell: str, seed: int) -> str:
    """Key of the episode of cell hash `cell` with `seed`, 16 hexadecimal digits."""
    return _digest([cell, seed])


def factors(config: CellConfig) -> dict[str, str]:
    """Readable level of every factor except the arm: scenario, model, prompt sections, scenario parameters."""
    levels = {"scenario": config.scenario.name, "model": config.model_name}
    levels |= config.prompt.levels
    env = {name: str(value) for name, value in _leaves(config.scenario.env)}
    levels |= env | {name: LEFT_OUT for name in config.prompt.silent if name in env}
    levels |= {f"model.{name}": str(config.model[name]) for name in MODEL_FACTORS if config.model.get(name) is not None}
    if config.scenario.texts.peer is not None:
        levels["peer"] = config.peer_level
    levels["max_turns"] = str(config.max_turns)
    levels["thinking_rate"] = f"{config.thinking_rate:g}"
    levels["status_every"] = str(config.status_every)
    levels["probes"] = config.probes.level
    levels["oversight"] = config.oversight_level
    for name, settings in config.oversight.items():
        levels |= {f"oversight.{key}": _level(value) for key, value in _leaves(_levelled(settings), f"{name}.")}
    return levels


def identity(config: CellConfig, seed: int) -> dict[str, Any]:
    """The fields of a record that say which episode it is, and by which code."""
    cell = cell_hash(config)
    return {
        "key": episode_key(cell, seed),
        "cell": cell,
        "label": cell_label(config),
        "scenario": config.scenario.name,
        "arm": config.arm,
        "seed": seed,
        "model": config.model_name,
        "factors": factors(config),
        "code_version": code_version(),
    }


def cell_label(config: CellConfig) -> str:
    """Readable name of a cell: arm, model, what is unusual about how it is asked, and what the prompt says."""
    asked = [f"{k}={config.model[k]}" for k, usual in _USUALLY.items() if config.model.get(k, usual) != usual]
    if config.peer_model is not None and config.peer_model != config.model:
        asked.append(f"peer={name_of(config.peer_model)}")
    if not config.probes.are_all_asked:
        asked.append(f"probes={config.probes.level}")
    if config.oversight:
        asked.append(f"oversight={config.oversight_level}")
    said = [f"{k}={v}" for k, v in sorted(config.prompt.levels.items()) if v not in _ABSENT_LEVELS]
    return " ".join([config.arm.value, config.model_name, *asked, *said])


def _levelled(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a part that are levels: no wordings, and of its model what is a factor of any."""
    own = {key: value for key, value in settings.items() if key not in WORDINGS}
    if own.get(READING):
        own[READING] = {key: value for key, value in own[READING].items() if key not in WORDINGS}
    if isinstance(judge := own.get(JUDGE), Mapping):
        own[JUDGE] = name_of(judge)
        own |= {f"{JUDGE}.{key}": judge[key] for key in MODEL_FACTORS if judge.get(key) is not None}
    return own


def _level(value: Any) -> str:
    return "+".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        elif name != "_target_":
            yield f"{prefix}{name}", value


def _scientific_model(model: Mapping[str, Any]) -> dict[str, Any]:
    """A model's configuration without where it is served; a script's own way of answering goes without saying."""
    own = {key: value for key, value in model.items() if key != "answers" or value is not None}
    return {**_without_operational(own), "name": name_of(model)}


def _without_operational(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_operational(v) for k, v in value.items() if k not in OPERATIONAL}
    return value


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _describe(error: ValidationError) -> str:
    first = error.errors()[0]
    where = fault_place(error)
    if first["type"] == "extra_forbidden":
        return f"unknown key {where!r}; known: {', '.join(_known_keys(first['loc'][:-1]))}"
    if first["type"] == "missing":
        return f"{where!r} is missing from the configuration; give it a value"
    if first["type"] == "model_type" and where.startswith("prompt."):
        return f"{where}: a section has a level and paraphrases; give a YAML, not {first['input']!r}"
    return first_misfit(error)


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = CellConfig
    for part in location:
        annotation = model.model_fields[str(part)].annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
    return list(model.model_fields)
