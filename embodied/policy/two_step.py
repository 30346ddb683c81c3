"""Two steps: a model decides in its own words, and a second, constrained call turns the decision into an action.

For models that reason well and format badly. The second call is made in a copy of the transcript that is thrown away
(the record keeps it, as step 2): the line that goes on holds what the model wrote of its own accord, unchanged, so it
stays append-only and nothing is put into the model's mouth. What its decision was read as opens the next observation.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from embodied.backends.objects import objects_in
from embodied.policy.protocol import ParsedReply, parse_reply, reply_schema
from envs.action import FIELDS, Action, SkillSpec

MAX_TEXT: Final = 500
"""Longest words of an action, characters: the second call has to come to an end."""

UNDECIDED: Final = "none"

QUESTION: Final = (
    "Write the action that you have just decided on as one JSON object, and nothing else. Its keys are: skill, "
    f"{', '.join(FIELDS)}; leave out those that the skill does not take. Do not change the decision. "
    f'If you have not decided on an action, write {{"skill": "{UNDECIDED}"}}.'
)

ANSWERS: Final = (
    "Write the answers that you have just given as one JSON object, and nothing else. Leave out the questions that you "
    "have not answered. Do not change the answers."
)


def decision_schema(specs: Sequence[SkillSpec]) -> dict[str, Any]:
    """JSON schema of the second reply.

    Any amount fits, since the decision has been taken and is not to be rounded, and so does that there was none: a
    schema of actions alone would make one of whatever was written.
    """
    undecided = {
        "type": "object",
        "properties": {"skill": {"const": UNDECIDED}},
        "required": ["skill"],
        "additionalProperties": False,
    }
    return {"oneOf": [*reply_schema(specs, MAX_TEXT, has_free_amounts=True)["oneOf"], undecided]}


def read_decision(text: str, specs: Sequence[SkillSpec], near: Sequence[str] = ()) -> ParsedReply:
    """Read the second reply (see `parse_reply`)."""
    objects = [found.value for found in objects_in(text) if "skill" in found.value]
    if objects and objects[-1]["skill"] == UNDECIDED:
        names = ", ".join(spec.name for spec in specs)
        return ParsedReply(None, f"it decides on no action; the skills are: {names}", len(objects))
    return parse_reply(text, specs, near)


def is_at_odds(words: str, action: Action, specs: Sequence[SkillSpec]) -> bool:
    """Whether the words of the decision already held an action, and another one than was made of them."""
    spoken = parse_reply(words, specs).action
    return spoken is not None and spoken != action


def announce(action: Action, specs: Sequence[SkillSpec]) -> str:
    """What the next observation opens with, so that the model knows what was carried out; in words, as it decides."""
    spec = next(spec for spec in specs if spec.name == action.skill)
    fields = (f"{name}: {_shown(getattr(action, name))}" for name in spec.fields)
    return f"Your decision was read as {'; '.join((action.skill, *fields))}."


def _shown(value: str | float) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else f"{value:g}"
