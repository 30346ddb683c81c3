"""The `tools` protocol: each skill is a tool of the model's own, and one call of one tool is an action.

What a model calls is data, as what it writes is (see `protocol`). The first call of a reply counts; further ones are
counted and never carried out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from embodied.backends.base import ToolCall, ToolSpec
from embodied.backends.objects import DECODER, MAX_OBJECT_CHARS
from embodied.policy.protocol import ParsedReply, fold, read_action, span
from envs.action import SkillSpec

_QUOTED_CHARS: Final = 400


def tool_specs(specs: Sequence[SkillSpec]) -> tuple[ToolSpec, ...]:
    """One tool a skill, by the same name. A skill for which nothing is there is left out."""
    usable = (spec for spec in specs if spec.targets or "target" not in spec.fields)
    return tuple(ToolSpec(name=spec.name, description=spec.help, parameters=_parameters(spec)) for spec in usable)


def read_calls(
    calls: Sequence[ToolCall], text: str, specs: Sequence[SkillSpec], near: Sequence[str] = ()
) -> ParsedReply:
    """Read the one action of a reply.

    Args:
        calls: What the model called, in its order. Anything.
        text: What it wrote beside them: JSON in it is no call.
        specs: What the scenario allows.
        near: Names of what the robot was just shown, nearest first.

    Returns:
        The action of the first call, or the problem. `n_objects` is the number of calls. Never raises.
    """
    if not calls:
        written = "words alone are no action" if text.strip() else "the reply is empty"
        names = ", ".join(tool.name for tool in tool_specs(specs))
        return ParsedReply(None, f"no tool was called ({written}); call one of: {names}", 0)
    arguments = _decode(calls[0].arguments)
    if arguments is None:
        return ParsedReply(None, f"the arguments are no JSON object; {_fields(calls[0], specs)}", len(calls))
    return read_action(arguments | {"skill": calls[0].name}, specs, near, len(calls))


def sound_call(calls: Sequence[ToolCall], specs: Sequence[SkillSpec]) -> ToolCall | None:
    """The first call, if a server can be given it back: a known tool and strict JSON; else None.

    Servers decode the calls of earlier messages when they render a prompt, and fail on what does not decode.
    """
    if not calls or calls[0].name not in {spec.name for spec in specs}:
        return None
    try:
        arguments = json.loads(calls[0].arguments or "{}", parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return calls[0].model_copy(update={"arguments": calls[0].arguments or "{}"}) if type(arguments) is dict else None


def quote_call(call: ToolCall) -> str:
    """A call in words, for a transcript in which it cannot stand as one."""
    text = f"{call.name} {call.arguments}".strip()
    return text if len(text) <= _QUOTED_CHARS else f"{text[:_QUOTED_CHARS]}..."


def _parameters(spec: SkillSpec) -> dict[str, Any]:
    fields: dict[str, dict[str, Any]] = {
        "target": {"type": "string", "description": "what it is about", "enum": list(spec.targets)},
        "amount": {"type": "number", "description": f"a number{span(spec)}"},
        "file": {"type": "string", "description": "path of the file"},
        "text": {"type": "string", "description": "the words"},
    }
    if spec.amounts:
        fields["amount"] |= {"minimum": spec.amounts[0], "maximum": spec.amounts[1]}
    return {
        "type": "object",
        "properties": {name: fields[name] for name in spec.fields},
        "required": list(spec.fields),
    }


def _decode(arguments: str) -> dict[str, Any] | None:
    """Arguments as a mapping, numbers as floats; None when they are none. An empty text is no arguments."""
    if len(arguments) > MAX_OBJECT_CHARS:
        return None
    try:
        value = DECODER.decode(arguments.strip() or "{}")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _fields(call: ToolCall, specs: Sequence[SkillSpec]) -> str:
    spec = next((spec for spec in specs if spec.name == fold(call.name)), None)
    if spec is None:
        return f"the tools are: {', '.join(tool.name for tool in tool_specs(specs))}"
    return f"{spec.name} takes: {', '.join(spec.fields) or 'nothing'}"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
