"""A matrix of windows and prompt lengths, recorded from a real Ollama server: what became of each prompt."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from embodied.backends.base import ChatMessage

FILE = Path(__file__).parent / "data" / "ollama" / "matrix.jsonl"
MAX_TOKENS = 8
"""Budget of every reply."""


@dataclass(frozen=True, slots=True)
class Row:
    """One call.

    Attributes:
        window: Window asked for, tokens.
        served: Window that the server gave.
        notes: Notes in the transcript, each answered.
        words: Words at the end of its last message.
        tokens: Tokens of the whole prompt, counted where it fits.
        truncate: As sent; None when it was not.
        shift: As sent; None when it was not.
        missing: Messages that were not in the prompt as the server rendered it.
        status: Of the answer.
        error: Its text.
        counted: Tokens of the prompt by the server's account.
        generated: Tokens of the reply.
        finish: Why the reply ended.
    """

    window: int
    served: int
    notes: int
    words: int
    tokens: int
    truncate: bool | None
    shift: bool | None
    missing: tuple[int, ...]
    status: int
    error: str = ""
    counted: int | None = None
    generated: int | None = None
    finish: str = ""


def transcript(notes: int, words: int) -> tuple[ChatMessage, ...]:
    """The transcript of a row."""
    turns = [ChatMessage(role="system", content="You keep notes for a robot.")]
    for number in range(notes):
        text = f"Note {number}: " + "the corridor is clear and the lamp is on. " * 3
        turns += [ChatMessage(role="user", content=text), ChatMessage(role="assistant", content=f"Noted {number}.")]
    return (*turns, ChatMessage(role="user", content="What was note 0?" + " lamp" * words))


def recorded_rows() -> list[Row]:
    """All rows, in the order in which they were recorded."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return [Row(**json.loads(line)) for line in lines]
