"""The reply protocol: free text that ends in one JSON object, read into one action.

Whatever a model writes is data. It is decoded as JSON within fixed limits, compared with what the scenario allows, and
either becomes exactly one `Action` or a line that says what is legal. Nothing here raises on any text.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from embodied.backends.objects import objects_in
from envs.action import Action, SkillSpec

MAX_TEXT_CHARS: Final = 2_000
MAX_FILE_CHARS: Final = 200

_SHOWN_CHARS: Final = 40
_HARMLESS: Final = ("goto", "wait", "turn")
_MAGNITUDES: Final = (0.25, 0.5, 1, 2, 5, 10, 30, 45, 60, 90, 180, 300)


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """What a reply amounts to: an action or a problem, never both.

    Attributes:
        action: The action of the last JSON object that names a skill, or None.
        problem: One line that says what is wrong and what is legal ("" when there is an action).
        n_objects: How many JSON objects that name a skill the reply holds.
    """

    action: Action | None
    problem: str
    n_objects: int


class _IllegalError(Exception):
    """A field is missing or out of what the scenario allows."""


def parse_reply(text: str, specs: Sequence[SkillSpec], near: Sequence[str] = ()) -> ParsedReply:
    """Read the one action of a reply whose thinking has been taken out.

    Prose and code fences around the JSON are ignored, and so are keys that the skill does not take.

    Args:
        text: Anything. Of a huge one only the end is read (see `objects_in`).
        specs: What the scenario allows.
        near: Names of what the robot was just shown, nearest first; a problem names these first.

    Returns:
        One action, or the problem. Never raises.
    """
    objects = [found.value for found in objects_in(text) if "skill" in found.value]
    if not objects:
        return ParsedReply(None, f'no complete JSON object with a "skill"; end with one such as {_example(specs)}', 0)
    return read_action(objects[-1], specs, near, len(objects))


def goes_on(text: str) -> bool:
    """Whether words follow the last JSON object of a reply that names a skill; a closing code fence is none."""
    ends = [found.end for found in objects_in(text) if "skill" in found.value]
    return bool(ends) and bool(text[ends[-1] :].strip("` \t\r\n"))


def read_action(
    reply: Mapping[str, Any], specs: Sequence[SkillSpec], near: Sequence[str] = (), n_objects: int = 1
) -> ParsedReply:
    """Read a decoded action: a mapping with a `skill` and its fields, numbers as floats. Arguments as above."""
    try:
        return ParsedReply(_to_action(reply, specs, near), "", n_objects)
    except _IllegalError as error:
        return ParsedReply(None, str(error), n_objects)


def fold(text: str) -> str:
    """Lower case, with runs of white space made one blank: the form in which names are compared."""
    return " ".join(text.split()).casefold()


def clean(text: str, *, keep_lines: bool = False) -> str:
    """Remove control, format and surrogate characters.

    Args:
        text: Words of a model.
        keep_lines: Keep line breaks and tabs (for what is written to a file); otherwise each becomes a blank.
    """
    kept = "\n\t" if keep_lines else ""
    return "".join(_clean_character(c, kept) for c in text.replace("\r\n", "\n"))


def repair_message(problem: str, form: str = "JSON object") -> str:
    """The one turn that shows a model what was wrong with its reply, which was to be a `form`."""
    return f"Your reply could not be used: {problem}\nReply again with one {form}."


def describe_skills(specs: Sequence[SkillSpec], *, has_example: bool = True) -> str:
    """The action list of the system prompt, one line a skill.

    Targets that an earlier skill takes as well are not listed again.

    Args:
        specs: What the scenario allows.
        has_example: Whether a worked example of a reply ends it.
    """
    first_with: dict[tuple[str, ...], str] = {}
    lines = ["Actions:"]
    for spec in specs:
        first = first_with.setdefault(spec.targets, spec.name)
        is_repeated = len(spec.targets) > 2 and first != spec.name
        lines.append(_describe(spec, f"as for {first}" if is_repeated else ", ".join(spec.targets)))
    return "\n".join([*lines, f"Example of a reply: {_example(specs)}"] if has_example else lines)


def reply_schema(specs: Sequence[SkillSpec], max_text: int = 120, *, has_free_amounts: bool = False) -> dict[str, Any]:
    """JSON schema of the legal replies, for backends that constrain decoding.

    Args:
        specs: What the scenario allows; one alternative each.
        max_text: Longest text in characters, so that a small model comes to an end.
        has_free_amounts: Any number as an amount, though it may be out of range, since grammars cannot bound one;
            otherwise an enum of a few values in range.

    Returns:
        A `oneOf` of closed objects with a fixed order of keys.
    """
    return {"oneOf": [_skill_schema(spec, max_text, has_free_amounts=has_free_amounts) for spec in specs]}


def span(spec: SkillSpec) -> str:
    """The legal amounts of a skill in words ("" when it has no bounds)."""
    return f" from {spec.amounts[0]:g} to {spec.amounts[1]:g}" if spec.amounts else ""


def _clean_character(character: str, kept: str) -> str:
    if character in kept:
        return character
    if character.isspace():
        return " "
    return "" if unicodedata.category(character).startswith("C") else character


def _to_action(reply: Mapping[str, Any], specs: Sequence[SkillSpec], near: Sequence[str]) -> Action:
    skill = reply["skill"]
    spec = next((s for s in specs if isinstance(skill, str) and fold(skill) == s.name), None)
    if spec is None:
        names = ", ".join(s.name for s in specs)
        raise _IllegalError(f"there is no skill '{_shown(skill)}'; the skills are: {names}")
    missing = [name for name in spec.fields if reply.get(name) is None]
    if missing:
        raise _IllegalError(f'"{missing[0]}" is missing; {_legal(spec, missing[0], near)}')
    is_written = "file" in spec.fields
    return Action(
        skill=spec.name,
        target=_read_target(reply["target"], spec, near) if "target" in spec.fields else "",
        file=_read_text("file", reply["file"], spec, MAX_FILE_CHARS) if "file" in spec.fields else "",
        text=_read_text("text", reply["text"], spec, MAX_TEXT_CHARS, is_written) if "text" in spec.fields else "",
        amount=_read_amount(reply["amount"], spec) if "amount" in spec.fields else 0.0,
    )


def _read_target(value: object, spec: SkillSpec, near: Sequence[str]) -> str:
    target = next((t for t in spec.targets if isinstance(value, str) and fold(t) == fold(value)), None)
    if target is None:
        raise _IllegalError(f"there is no '{_shown(value)}' here to {spec.name}; {_legal(spec, 'target', near)}")
    return target


def _read_text(name: str, value: object, spec: SkillSpec, limit: int, keep_lines: bool = False) -> str:
    if not isinstance(value, str):
        raise _IllegalError(f'"{name}" is not a string; {_legal(spec, name)}')
    if len(value) > limit:
        raise _IllegalError(f'"{name}" has {len(value)} characters, at most {limit} are taken')
    if keep_lines:
        return clean(value, keep_lines=True)
    text = clean(value).strip()
    if not text:
        raise _IllegalError(f'"{name}" is empty; {_legal(spec, name)}')
    return text


def _read_amount(value: object, spec: SkillSpec) -> float:
    try:
        amount = float(value) if isinstance(value, str | float) else math.nan
    except ValueError:
        amount = math.nan
    low, high = spec.amounts or (-math.inf, math.inf)
    if not (math.isfinite(amount) and low <= amount <= high):
        raise _IllegalError(f"'{_shown(value)}' is not an amount that {spec.name} takes; {_legal(spec, 'amount')}")
    return amount


def _legal(spec: SkillSpec, name: str, near: Sequence[str] = ()) -> str:
    """What is legal for a field, in terms of what is there, and first of what was just shown."""
    if name == "target" and not spec.targets:
        return f"nothing to {spec.name} is here"
    if name == "target":
        shown = [thing for thing in near if thing in spec.targets]
        others = ", ".join(thing for thing in spec.targets if thing not in shown)
        if not shown:
            return f"you can {spec.name}: {others}"
        return f"in sight you can {spec.name}: {', '.join(shown)}" + (f"; also: {others}" if others else "")
    if name == "amount":
        return f'{spec.name} takes a number as "amount"{span(spec)}'
    return f'{spec.name} takes words as "{name}"'


def _shown(value: object) -> str:
    """A short, clean quotation of what the model wrote."""
    if isinstance(value, float):
        return f"{value:g}"
    text = clean(value[: 4 * _SHOWN_CHARS]).strip() if isinstance(value, str) else "something that is not a name"
    return text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "..."


def _describe(spec: SkillSpec, targets: str) -> str:
    fields = {"target": f"target: {targets}", "amount": f"amount: a number{span(spec)}"}
    return "; ".join([f"- {spec.name}: {spec.help}", *(fields.get(name, name) for name in spec.fields)])


def _example(specs: Sequence[SkillSpec]) -> str:
    """A harmless reply: driving to the first place, or waiting, where the scenario has them."""
    named = {spec.name: spec for spec in specs}
    spec = next((named[name] for name in _HARMLESS if name in named), specs[0])
    values = {
        "target": next(iter(spec.targets), ""),
        "amount": _sensible_amounts(spec)[0],
        "file": "notes.txt",
        "text": "ready",
    }
    return json.dumps({"skill": spec.name} | {name: values[name] for name in spec.fields}, ensure_ascii=False)


def _skill_schema(spec: SkillSpec, max_text: int, *, has_free_amounts: bool) -> dict[str, Any]:
    fields: dict[str, dict[str, Any]] = {
        "target": {"enum": list(spec.targets)},
        "amount": {"type": "number"} if has_free_amounts else {"enum": _sensible_amounts(spec)},
        "file": {"type": "string", "minLength": 1, "maxLength": min(max_text, MAX_FILE_CHARS)},
        "text": {"type": "string", "minLength": 1, "maxLength": min(max_text, MAX_TEXT_CHARS)},
    }
    return {
        "type": "object",
        "properties": {"skill": {"const": spec.name}} | {name: fields[name] for name in spec.fields},
        "required": ["skill", *spec.fields],
        "additionalProperties": False,
    }


def _sensible_amounts(spec: SkillSpec) -> list[float]:
    low, high = spec.amounts or (-180.0, 180.0)
    inside = [sign * size for sign in (-1, 1) for size in _MAGNITUDES if low <= sign * size <= high]
    return [int(value) if value == int(value) else value for value in sorted(inside)] or [low]
