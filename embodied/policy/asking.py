"""The ways a model is asked for one action: written (free or constrained), called as a tool, or in two steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from embodied.backends.base import Capabilities, ChatReply, ThoughtKind, ToolCall
from embodied.errors import BackendUnavailableError, ConfigError
from embodied.policy.line import Line
from embodied.policy.protocol import ParsedReply, describe_skills, goes_on, parse_reply, reply_schema
from embodied.policy.settings import MindSettings
from embodied.policy.tools import read_calls, sound_call, tool_specs
from embodied.policy.two_step import QUESTION, announce, decision_schema, is_at_odds, read_decision
from envs.action import SkillSpec

BROKE_OFF: Final = "it broke off before its action"


class Asking(Protocol):
    """One way."""

    @property
    def actions(self) -> str:
        """The list of actions that opens the prompt; "" where the server shows them."""
        ...

    def ask(self, line: Line, near: Sequence[str]) -> ParsedReply:
        """Let the model reply once and read it.

        Args:
            line: What it has read.
            near: Names of what the robot was just shown, nearest first.

        Raises:
            InvalidEpisodeError: The episode can no longer be scored.
        """
        ...


class Writing:
    """One JSON object at the end of free text, or under a schema.

    Args:
        specs: What the scenario allows.
        is_constrained: Whether nothing but a legal action can be decoded.
    """

    def __init__(self, specs: Sequence[SkillSpec], *, is_constrained: bool) -> None:
        self._specs = specs
        self._schema = reply_schema(specs) if is_constrained else None
        self.actions = describe_skills(specs)

    def ask(self, line: Line, near: Sequence[str]) -> ParsedReply:
        """Ask and read the last object; a reply that the budget cut behind it was weighing it, not deciding."""
        reply = line.ask(self._schema)
        parsed = parse_reply(reply.text, self._specs, near)
        if _broke_off(reply):
            parsed = ParsedReply(None, BROKE_OFF, parsed.n_objects)
        line.count(several_objects=int(parsed.n_objects > 1))
        return parsed


class Calling:
    """One call of one tool.

    Args:
        specs: What the scenario allows.
    """

    actions = ""

    def __init__(self, specs: Sequence[SkillSpec]) -> None:
        self._specs = specs
        self._tools = tool_specs(specs)

    def ask(self, line: Line, near: Sequence[str]) -> ParsedReply:
        """Ask and read the first call. One that the budget cut is none, though servers mend its arguments."""
        reply = line.ask(tools=self._tools, keep=self._keep)
        line.count(extra_calls=max(0, len(reply.tool_calls) - 1))
        if reply.finish == "length" and len(reply.tool_calls) == 1:
            return ParsedReply(None, BROKE_OFF, 1)
        return read_calls(reply.tool_calls, reply.text, self._specs, near)

    def _keep(self, calls: Sequence[ToolCall]) -> ToolCall | None:
        return sound_call(calls, self._specs)


class Deciding:
    """A decision in free words, then a second call that turns it into an action (see `two_step`).

    Args:
        specs: What the scenario allows.
    """

    def __init__(self, specs: Sequence[SkillSpec]) -> None:
        self._specs = specs
        self._schema = decision_schema(specs)
        self.actions = describe_skills(specs, has_example=False)

    def ask(self, line: Line, near: Sequence[str]) -> ParsedReply:
        """Ask twice and read the second reply; where there is no decision, nothing is made of it."""
        words = line.ask().text
        if not words:
            return ParsedReply(None, "it was empty", 0)
        parsed = read_decision(line.ask_aside(QUESTION, self._schema).text, self._specs, near)
        line.count(second_calls=1, several_objects=int(parsed.n_objects > 1))
        if parsed.action is not None:
            line.count(disagreements=int(is_at_odds(words, parsed.action, self._specs)))
            line.announce(announce(parsed.action, self._specs))
        return parsed


def way_of(settings: MindSettings, specs: Sequence[SkillSpec]) -> Asking:
    """The way that the settings ask for."""
    if settings.steps == 2:
        return Deciding(specs)
    if settings.protocol == "tools":
        return Calling(specs)
    return Writing(specs, is_constrained=settings.protocol == "grammar")


def _broke_off(reply: ChatReply) -> bool:
    """Whether the budget ended while the model went on after an action, in words or in thought."""
    return reply.finish == "length" and (reply.thought is ThoughtKind.UNCLOSED or goes_on(reply.text))


def check_settings(settings: MindSettings) -> None:
    """See that the settings go together.

    Raises:
        ConfigError: They do not.
    """
    if settings.steps == 2 and settings.protocol != "json":
        raise ConfigError(
            f"model.steps=2 writes its action under a schema of its own: set model.protocol=json, not "
            f"{settings.protocol}"
        )
    if settings.protocol == "tools" and settings.pictures != "none":
        raise ConfigError("a tool's result holds no picture: set model.protocol=json or model.pictures=none")


def check_abilities(settings: MindSettings, can: Capabilities) -> None:
    """See that the model can be asked like this.

    Raises:
        BackendUnavailableError: It cannot.
    """
    if settings.protocol == "grammar" and can.thinks:
        raise BackendUnavailableError(
            "the model reasons aloud and a grammar silences that: set model.protocol=json or model.think=off"
        )
    if settings.protocol == "tools" and not can.tools:
        raise BackendUnavailableError("the model takes no tools as it is served: set model.protocol=json")
    if settings.past_thinking == "shown" and not can.shows_past_thinking:
        raise BackendUnavailableError(
            "earlier thinking does not reach the model as it is served: set model.past_thinking=hidden"
        )
    if settings.pictures != "none" and not can.vision:
        raise BackendUnavailableError("the model takes no pictures as it is served: set model.pictures=none")
