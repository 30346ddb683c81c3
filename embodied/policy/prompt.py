"""Prompt sections: every loaded phrase is a named, toggled section with several wordings of the same meaning.

A section is data (one YAML file a level). Its wording and the names in it are drawn from one seed stream in an order
that does not depend on levels or arm, so that conditions and arms with the same seed share them. Arms differ only in
what the scenario declares for each: variables and, in the ability arm, the task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

import numpy as np
from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict

from embodied.backends.base import ChatMessage
from embodied.errors import ConfigError
from embodied.policy.settings import MindSettings

CAPABILITY_ARM: Final = "ability"
SECTION_ORDER: Final = ("base", "persona", "task", "disclosure", "instruction", "ways_out")
"""Order of the sections in the prompt and of their draws. New sections are appended, so that old draws stay."""

JSON_FORM: Final = "JSON object"
TOOL_FORM: Final = "tool call"
FREE_FORM: Final = "decision in plain words"

_JINJA: Final = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Section(_Strict):
    """One level of one section.

    Attributes:
        level: Name of the level, for the records. The model never reads it.
        paraphrases: Wordings of the same meaning (Jinja2); empty when the section says nothing.
        draws: Values drawn by seed for variables of the wording, for example names.
    """

    level: str
    paraphrases: tuple[str, ...] = ()
    draws: Mapping[str, tuple[str, ...]] = {}


class PromptConfig(_Strict):
    """The prompt factors of a cell.

    Attributes:
        placement: Whether the instruction stands in the system prompt or opens the first user message.
        base: What the robot is and how to answer.
        persona: A name for the robot.
        task: The overt task; without wordings of its own, the scenario's.
        disclosure: What is said about the device and how it works.
        instruction: What is said about the device being used.
        ways_out: Whether asking and reporting are brought up.
    """

    placement: Literal["system", "user"]
    base: Section
    persona: Section
    task: Section
    disclosure: Section
    instruction: Section
    ways_out: Section

    @property
    def sections(self) -> dict[str, Section]:
        """Sections by name, in `SECTION_ORDER`."""
        return {name: getattr(self, name) for name in SECTION_ORDER}

    @property
    def levels(self) -> dict[str, str]:
        """Level of every prompt factor, for the records."""
        return {name: section.level for name, section in self.sections.items()} | {"placement": self.placement}


class ArmTexts(_Strict):
    """What the wording of one arm is made of.

    Attributes:
        variables: Values for the templates that belong to this arm, for example `consequence`.
        task: Wordings that replace the task section; empty to keep it.
    """

    variables: Mapping[str, str] = {}
    task: tuple[str, ...] = ()


class ScenarioTexts(_Strict):
    """What a scenario contributes to the prompt.

    Attributes:
        variables: Values for the templates that all arms share, for example `device`.
        task: Wordings of the overt task.
        arms: Texts by arm.
    """

    variables: Mapping[str, str] = {}
    task: tuple[str, ...]
    arms: Mapping[str, ArmTexts]


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """The prompt of one episode.

    Attributes:
        system: Text of the system message, without the list of actions.
        user_preamble: Text that opens the first user message ("" for none).
        chosen: Index of the wording used, by section that says something.
    """

    system: str
    user_preamble: str
    chosen: dict[str, int]


def render_prompt(
    config: PromptConfig,
    scenario_texts: ScenarioTexts,
    arm: str,
    rng: np.random.Generator,
    variables: Mapping[str, Any],
    form: str = JSON_FORM,
) -> RenderedPrompt:
    """Choose a wording for every section and fill it in.

    The ability arm is told outright what to do, so no instruction that says otherwise stands beside it.

    Args:
        config: The prompt factors.
        scenario_texts: The scenario's contribution.
        arm: `main`, `twin` or `ability`.
        rng: The seed stream of the paraphrases. A fixed number of draws is taken from it, whatever the levels.
        variables: Values that the scenario computes, for example waypoints.
        form: What the model's reply is to be (see `reply_form`), for the templates as `reply_form`.

    Raises:
        ConfigError: The scenario has no texts for the arm, or a wording names an unknown variable.
    """
    if arm not in scenario_texts.arms:
        raise ConfigError(f"the scenario has no texts for arm '{arm}'; it has: {', '.join(scenario_texts.arms)}")
    arm_texts = scenario_texts.arms[arm]
    known = {**scenario_texts.variables, **arm_texts.variables, **variables, "reply_form": form}
    texts: dict[str, str] = {}
    chosen: dict[str, int] = {}
    for name, section in config.sections.items():
        wording_draw, value_draw = (int(draw) for draw in rng.integers(0, 2**31, size=2))
        wordings = section.paraphrases
        if name == "task":
            wordings = arm_texts.task or wordings or scenario_texts.task
        if not wordings or (name == "instruction" and arm == CAPABILITY_ARM):
            continue
        drawn = {key: values[value_draw % len(values)] for key, values in section.draws.items()}
        chosen[name] = wording_draw % len(wordings)
        texts[name] = _fill(name, wordings[chosen[name]], known | drawn)
    preamble = texts.pop("instruction", "") if config.placement == "user" else ""
    return RenderedPrompt("\n\n".join(texts.values()), preamble, chosen)


def reply_form(settings: MindSettings) -> str:
    """What the model's reply is to be, in the words of the prompt and of the repair turn."""
    if settings.steps == 2:
        return FREE_FORM
    return TOOL_FORM if settings.protocol == "tools" else JSON_FORM


def opening_messages(
    prompt: RenderedPrompt, actions: str, observation: str, system_role: Literal["system", "user"] = "system"
) -> tuple[ChatMessage, ...]:
    """The messages that open a transcript: everything that stands, and the first observation.

    What all episodes share, the list of actions, stands first, so that a server's prefix cache serves them all.

    Args:
        prompt: The rendered sections.
        actions: The list of actions (see `protocol.describe_skills`), or "".
        observation: What the robot first perceives.
        system_role: `user` puts what else is the system message at the head of the user message.
    """
    standing = "\n\n".join(filter(None, (actions, prompt.system)))
    opening = "\n\n".join(filter(None, (prompt.user_preamble, observation)))
    if system_role == "user":
        return (ChatMessage(role="user", content=f"{standing}\n\n{opening}"),)
    return (ChatMessage(role="system", content=standing), ChatMessage(role="user", content=opening))


def _fill(section: str, wording: str, variables: Mapping[str, Any]) -> str:
    try:
        return _compile(wording).render(variables).strip()
    except (TemplateError, TypeError) as error:
        known = ", ".join(sorted(variables))
        raise ConfigError(f"prompt section '{section}': {error}; the variables are: {known}") from error


@lru_cache(maxsize=512)
def _compile(wording: str) -> Template:
    return _JINJA.from_string(wording)
