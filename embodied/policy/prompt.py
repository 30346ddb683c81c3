"""Prompt sections: every loaded phrase is a named, toggled section with several wordings of the same meaning.

A section is data (one YAML file a level); a scenario may word a level in its own way. What is said because of an
argument of the environment (who watches, whether the task is done already) is the scenario's *situation*. Wordings and
the names in them are drawn from one seed stream in an order that depends neither on levels nor on the arm, so that
conditions and arms with the same seed share them. Arms differ only in what the scenario declares for each.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

import numpy as np
from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from embodied.backends.base import ChatMessage
from embodied.errors import ConfigError
from embodied.policy.sections import (
    LATER_DRAWN,
    SECTION_ORDER,
    ArmTexts,
    Levels,
    PromptConfig,
    ScenarioTexts,
    Section,
    Wordings,
)
from embodied.policy.settings import MindSettings

PARAPHRASE_STREAM: Final = "paraphrase"
"""Name of the seed stream of the wordings."""
CAPABILITY_ARM: Final = "ability"
TEXT_ORDER: Final = ("realism", "base", "persona", "task")
"""Sections that stand first in the prompt, before the situation."""

LATER_ORDER: Final = ("disclosure", "stakes", "instruction", "ways_out", "report")
"""Sections that stand after the situation; then come a user's own."""

PEER_SECTIONS: Final = ("base", "persona", "task", "realism")
"""Sections of the second robot's prompt. What is said about the device and its use is said to the robot alone."""

JSON_FORM: Final = "JSON object"
TOOL_FORM: Final = "tool call"
FREE_FORM: Final = "decision in plain words"

_JINJA: Final = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """The prompt of one episode.

    Attributes:
        system: Text of the system message, without the list of actions.
        user_preamble: Text that opens the first user message ("" for none).
        notice: Text of a sign in the room ("" for none).
        chosen: Index of the wording used, by section that says something.
    """

    system: str
    user_preamble: str
    chosen: dict[str, int]
    notice: str = ""


def render_prompt(
    config: PromptConfig,
    scenario_texts: ScenarioTexts,
    arm: str,
    rng: np.random.Generator,
    variables: Mapping[str, Any],
    form: str = JSON_FORM,
    situation: Mapping[str, str] | None = None,
    oversight: Mapping[str, Wordings] | None = None,
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
        situation: Levels of the environment's arguments by name.
        oversight: What is said of each part that stands over the robot, by the name of its section.

    Raises:
        ConfigError: The scenario has no texts for the arm, a wording names an unknown variable, or a section is to be
            left out that does not exist.
    """
    if arm not in scenario_texts.arms:
        raise ConfigError(f"the scenario has no texts for arm '{arm}'; it has: {', '.join(scenario_texts.arms)}")
    known = {**scenario_texts.variables, **scenario_texts.arms[arm].variables, **variables, "reply_form": form}
    said = list(_wordings(config, scenario_texts, arm, rng, situation or {}, oversight or {}))
    _check_silent(config, [part.name for part in said])
    texts: dict[str, str] = {}
    chosen: dict[str, int] = {}
    for part in said:
        if not part.wordings or part.name in config.silent:
            continue
        index = part.wording_draw % len(part.wordings)
        if text := _fill(part.name, part.wordings[index], {**known, **part.drawn}):
            texts[part.name], chosen[part.name] = text, index
    aside = texts.pop("instruction", "") if config.placement != "system" else ""
    order = sorted(texts, key=lambda name: _rank(name, config))
    return RenderedPrompt(
        "\n\n".join(texts[name] for name in order),
        aside if config.placement == "user" else "",
        chosen,
        aside if config.placement == "sign" else "",
    )


def render_peer_prompt(
    config: PromptConfig, scenario_texts: ScenarioTexts, arm: str, rng: np.random.Generator,
    variables: Mapping[str, Any], form: str = JSON_FORM,
) -> RenderedPrompt:  # fmt: skip
    """The second robot's prompt: its own task, with wordings and a name of its own. Arguments as in `render_prompt`.

    Raises:
        ConfigError: The scenario has no texts for a second robot, or a wording names an unknown variable.
    """
    texts = scenario_texts.peer
    if texts is None:
        raise ConfigError("this scenario has no second robot that a model could drive: leave `peer` out")
    own = ArmTexts(variables={**scenario_texts.arms[arm].variables, **texts.variables})
    silent = tuple(name for name in config.sections if name not in PEER_SECTIONS or name in config.silent)
    spoken = {name: getattr(config, name) for name in (*config.sections, "placement")}
    return render_prompt(
        PromptConfig(**spoken, silent=silent),
        ScenarioTexts(variables=scenario_texts.variables, task=texts.task, arms={arm: own}),
        arm, rng, variables, form,
    )  # fmt: skip


def said_sections(
    config: PromptConfig, scenario_texts: ScenarioTexts, arm: str, situation: Mapping[str, str],
    oversight: Mapping[str, Wordings] | None = None,
) -> tuple[str, ...]:  # fmt: skip
    """Names of the sections that say something, in the order of their draws."""
    return tuple(section_wordings(config, scenario_texts, arm, situation, oversight))


def section_wordings(
    config: PromptConfig, scenario_texts: ScenarioTexts, arm: str, situation: Mapping[str, str],
    oversight: Mapping[str, Wordings] | None = None,
) -> dict[str, Wordings]:  # fmt: skip
    """The wordings, not filled in, of every section that says something."""
    parts = _wordings(config, scenario_texts, arm, np.random.default_rng(0), situation, oversight or {})
    return {part.name: part.wordings for part in parts if part.wordings and part.name not in config.silent}


class WordingDraws:
    """What one seed's stream of the paraphrases gives each section, whatever the levels: the first ones draw from the
    stream itself, the others from streams of their names.

    Args:
        rng: The stream.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        first = [name for name in SECTION_ORDER if name not in LATER_DRAWN]
        self._first = {name: rng.integers(0, 2**31, size=2).tolist() for name in first}
        self._root = int(rng.integers(0, 2**31))

    def of(self, section: str) -> Sequence[int]:
        """Two draws: modulo the number of wordings the index of the wording; and that of the values drawn for it."""
        return self._first[section] if section in self._first else _draws(self._root, section)


@dataclass(frozen=True, slots=True)
class _Part:
    """What may be said in one section: its wordings, the draw among them, and the values drawn for it."""

    name: str
    wordings: Wordings
    wording_draw: int
    drawn: Mapping[str, str]


def _wordings(
    config: PromptConfig, texts: ScenarioTexts, arm: str, rng: np.random.Generator, situation: Mapping[str, str],
    oversight: Mapping[str, Wordings],
) -> Iterator[_Part]:  # fmt: skip
    """Every section with its draws."""
    own, draws = texts.arms[arm], WordingDraws(rng)
    for name, section in config.sections.items():
        wordings = _of_level(name, section.level, own.sections, texts.sections, section.paraphrases)
        if name == "task":
            wordings = own.task or section.paraphrases or texts.task
        if name == "instruction" and arm == CAPABILITY_ARM:
            wordings = ()
        yield _part(name, wordings, section, draws.of(name))
    for name, levels in texts.situation.items():
        level = situation.get(name, "")
        wordings = _of_level(name, level, own.situation, texts.situation, levels.get(level, ()))
        yield _part(name, wordings, Section(level=level), draws.of(name))
    for name, told in oversight.items():
        yield _part(name, told, Section(level=""), draws.of(name))
    for name, section in config.own_sections.items():
        yield _part(name, section.paraphrases, section, draws.of(name))


def _of_level(name: str, level: str, own: Levels, shared: Levels, shipped: Wordings) -> Wordings:
    """The arm's wordings of a level, else the scenario's, else the shipped ones."""
    return own.get(name, {}).get(level, shared.get(name, {}).get(level, shipped))


def _part(name: str, wordings: Wordings, section: Section, draws: Sequence[int]) -> _Part:
    drawn = {key: values[draws[1] % len(values)] for key, values in section.draws.items()}
    return _Part(name, wordings, draws[0], drawn)


def _draws(root: int, name: str) -> Sequence[int]:
    stream = np.random.default_rng(np.random.SeedSequence([root, zlib.crc32(name.encode())]))
    return [int(draw) for draw in stream.integers(0, 2**31, size=2)]


def _check_silent(config: PromptConfig, names: Sequence[str]) -> None:
    unknown = [name for name in config.silent if name not in names]
    if unknown:
        raise ConfigError(f"prompt.silent: there is no section {unknown[0]!r}; known: {', '.join(names)}")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ConfigError(f"prompt section {twice[0]!r} exists already; give yours another name")


def _rank(name: str, config: PromptConfig) -> int:
    """Where a section stands: the frame and the task, the situation, what is said about the device, the user's own."""
    if name in TEXT_ORDER:
        return TEXT_ORDER.index(name)
    if name in LATER_ORDER:
        return len(TEXT_ORDER) + 1 + LATER_ORDER.index(name)
    return len(TEXT_ORDER) + len(LATER_ORDER) + 1 if name in config.own_sections else len(TEXT_ORDER)


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
