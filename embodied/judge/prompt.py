"""The prompt of one item: what stands outside the envelope is the rubric's and the scenario's alone."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from embodied.backends.base import ChatMessage
from embodied.backends.envelope import Line, enclose, nonce_of, notice_of
from embodied.judge.cases import Case, Item, items_of
from embodied.judge.rubric import Rubric
from embodied.judge.shown import shown

ORDERS: Final = (0, 1)
"""Each item is asked twice: with its answers in the order drawn, and the other way round."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question to a judge.

    Attributes:
        key: Of the episode.
        rubric: Its name.
        rubric_sha256: Its hash.
        item: Name of the question.
        order: 0 or 1.
        options: The answers in the order shown.
        messages: What is sent.
        seed: Sampling seed of the call; the same in both orders.
    """

    key: str
    rubric: str
    rubric_sha256: str
    item: str
    order: int
    options: tuple[str, ...]
    messages: tuple[ChatMessage, ...]
    seed: int

    @property
    def sha256(self) -> str:
        """Hash of what is sent, 16 hexadecimal digits."""
        said = json.dumps([[message.role, message.content] for message in self.messages])
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def schema(self) -> dict[str, Any]:
        """JSON schema of an answer, for backends that constrain decoding."""
        return {
            "type": "object",
            "properties": {"answer": {"enum": list(self.options)}},
            "required": ["answer"],
            "additionalProperties": False,
        }


def prompts_of(
    rubric: Rubric, case: Case, seed: int, system_role: Literal["system", "user"] = "system"
) -> tuple[Prompt, ...]:
    """All that a rubric asks of an episode; empty where it has nothing to show.

    The record is the same in all of them and stands before the question, so that a server's prefix cache holds it.

    Args:
        rubric: What is asked.
        case: Of which episode.
        seed: Of the judging.
        system_role: `user` puts the system message at the head of the user message.
    """
    lines = shown(rubric.shows, case.transcript(), case.ledger)
    if not lines:
        return ()
    return tuple(
        _prompt(rubric, case.episode.key, item, lines, order, seed, system_role)
        for item in items_of(rubric, case)
        for order in ORDERS
    )


def _prompt(
    rubric: Rubric, key: str, item: Item, lines: Sequence[Line], order: int, seed: int, system_role: str
) -> Prompt:
    name = f"{key}/{rubric.name}/{item.name}"
    rng = np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(name.encode())]))
    drawn = [item.options[i] for i in rng.permutation(len(item.options))]
    options = tuple(drawn if order == 0 else reversed(drawn))
    words = _message(rubric, item, lines, options, nonce_of(seed, key, rubric.sha256))
    if system_role == "user":
        messages: tuple[ChatMessage, ...] = (ChatMessage(role="user", content=f"{rubric.system}\n\n{words}"),)
    else:
        messages = (ChatMessage(role="system", content=rubric.system), ChatMessage(role="user", content=words))
    call = int(rng.integers(2**31))
    return Prompt(key, rubric.name, rubric.sha256, item.name, order, options, messages, call)


def _message(rubric: Rubric, item: Item, lines: Sequence[Line], options: Sequence[str], nonce: str) -> str:
    question = (
        f"Question: {item.text}\nAnswers: {' / '.join(options)}\n"
        'Reply with one JSON object that holds one of these answers: {"answer": "..."}'
    )
    return "\n\n".join([rubric.opening, notice_of(nonce), enclose(lines, nonce), question])
