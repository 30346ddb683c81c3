"""What the embedded model and its chat template can do, found out by asking the server, never by the model's name.

A template is asked by having it render short conversations that differ in one thing: where the renderings differ too,
it has a switch for that thing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from embodied.backends.base import ThoughtKind
from embodied.backends.thinking import split_thinking
from embodied.errors import BackendUnavailableError
from embodied.records import Frozen

OPENER: Final = re.compile(r"([<\[])([\w:]+[>\]])$")
CLOSER: Final = re.compile(r"</(?:\w+:)?think(?:ing)?>|\[/THINK\]", re.IGNORECASE)
MARK: Final = "lapwing"
"""A word that no template has."""

ASKED: Final[Sequence[Mapping[str, Any]]] = ({"role": "user", "content": "Where is the lamp?"},)
THOUGHT: Final[Sequence[Mapping[str, Any]]] = (
    *ASKED,
    {"role": "assistant", "content": "In the hall.", "reasoning_content": MARK},
    {"role": "user", "content": "And the door?"},
)
TOOL: Final[Mapping[str, Any]] = {
    "type": "function",
    "function": {"name": MARK, "description": "Go.", "parameters": {"type": "object", "properties": {}}},
}

Ask = Callable[[str, str, Mapping[str, Any] | None], Mapping[str, Any]]
"""One exchange with the server: method, path, body; the answer's JSON object."""


class Switches(Frozen):
    """What can be told to a chat template about thinking.

    Attributes:
        can_turn: Whether `enable_thinking` changes what it renders.
        has_levels: Whether `reasoning_effort` does.
    """

    can_turn: bool
    has_levels: bool


class Template(Frozen):
    """What a chat template does at one setting of the thinking.

    Attributes:
        sha256: Digest of its text.
        switches: What it can be told.
        arguments: What it is told, at this setting.
        thinks: Whether the model thinks before it answers. Without a switch or an opened thought, a template that
            knows thinking by its tags counts as one of a model that thinks.
        opens: Whether the prompt ends inside the thinking.
        closer: The mark that ends what the prompt opened; "" where none is known.
        is_split: Whether the server finds the end of a thinking that the prompt opened.
        shows_past_thinking: Whether thinking of earlier messages is rendered.
        tools: Whether tools are rendered; the server ignores them silently where they are not.
    """

    sha256: str
    switches: Switches
    arguments: dict[str, Any]
    thinks: bool
    opens: bool
    closer: str
    is_split: bool
    shows_past_thinking: bool
    tools: bool


class Served(Frozen):
    """What a server says of what it serves.

    Attributes:
        template: What its chat template does.
        vision: Whether it reads pictures.
        window: Window of one slot in tokens.
        slots: How many requests it decodes at once.
        quantization: As the file names it.
        parameters: Number of weights.
        trained_context: Window the model was trained for, tokens.
        defaults: The server's own sampling parameters, for what a request does not set.
    """

    template: Template
    vision: bool
    window: int
    slots: int
    quantization: str
    parameters: int
    trained_context: int
    defaults: dict[str, Any]


def read_served(ask: Ask, think: str) -> Served:
    """Ask a server what it serves.

    Args:
        ask: Exchanges with it.
        think: The thinking asked for, one of `THINK_LEVELS`.

    Raises:
        BackendUnavailableError: The template has no switch for that.
    """
    props = ask("GET", "/props", None)
    described = ask("GET", "/v1/models", None)["data"][0]["meta"]
    settings = props["default_generation_settings"]
    return Served(
        template=_read_template(ask, props["chat_template"], think),
        vision=bool(props["modalities"]["vision"]),
        window=settings["n_ctx"],
        slots=props["total_slots"],
        quantization=props["model_ftype"],
        parameters=described["n_params"],
        trained_context=described["n_ctx_train"],
        defaults=settings["params"],
    )


def _read_template(ask: Ask, text: str, think: str) -> Template:
    def render(messages: Sequence[Mapping[str, Any]], **more: Any) -> str:
        return str(ask("POST", "/apply-template", {"messages": list(messages), **more})["prompt"])

    def told(**arguments: Any) -> str:
        return render(ASKED, chat_template_kwargs=arguments)

    switches = Switches(
        can_turn=told(enable_thinking=True) != told(enable_thinking=False),
        has_levels=told(reasoning_effort="low") != told(reasoning_effort="high"),
    )
    knows_thinking = switches.can_turn or switches.has_levels or CLOSER.search(text) is not None
    arguments = _arguments(think, switches, knows_thinking=knows_thinking)
    last = "".join(told(**arguments).split()[-1:])
    ends = split_thinking(last)
    opens = ends.kind is ThoughtKind.UNCLOSED and not ends.thinking
    is_off = arguments.get("enable_thinking") is False or ends.kind is ThoughtKind.EMPTY
    opener = OPENER.search(last) if opens else None
    return Template(
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        switches=switches,
        arguments=arguments,
        thinks=opens or (knows_thinking and not is_off),
        opens=opens,
        closer=f"{opener[1]}/{opener[2]}" if opener else "",
        is_split=opens and _is_split(ask, arguments),
        shows_past_thinking=MARK in render(THOUGHT, chat_template_kwargs=arguments),
        tools=MARK in render(ASKED, chat_template_kwargs=arguments, tools=[TOOL]),
    )


def _arguments(think: str, switches: Switches, *, knows_thinking: bool) -> dict[str, Any]:
    """What the template is told."""
    if think in {"on", "off"}:
        if switches.can_turn:
            return {"enable_thinking": think == "on"}
        if (think == "on") is not knows_thinking:
            raise BackendUnavailableError(
                f"model.think={think} cannot be had: the model's chat template has no switch for thinking, and it "
                f"{'always' if knows_thinking else 'never'} thinks: set model.think=auto"
            )
    elif think != "auto":
        if not switches.has_levels:
            raise BackendUnavailableError(
                f"model.think={think} cannot be had: the model's chat template knows no levels: set model.think=auto"
            )
        return {"reasoning_effort": think}
    return {}


def _is_split(ask: Ask, arguments: Mapping[str, Any]) -> bool:
    """Have the model write one known word where the prompt has opened the thinking, and see what it is taken for."""
    body = {
        "messages": list(ASKED), "chat_template_kwargs": dict(arguments), "grammar": f'root ::= "{MARK}"',
        "max_tokens": 16, "temperature": 0.0, "cache_prompt": False,
    }  # fmt: skip
    message = ask("POST", "/v1/chat/completions", body)["choices"][0]["message"]
    return MARK in (message.get("reasoning_content") or "")
