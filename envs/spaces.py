"""Gymnasium spaces of every scenario, and actions as members of them."""

from __future__ import annotations

import math
import string
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from envs.action import SKILLS, Action

ALPHABET: Final = "".join(sorted(set(string.printable) | {chr(c) for c in range(0xA1, 0x180)}))
CHARSET: Final = frozenset(ALPHABET)
MAX_FILE: Final = 200
MAX_TEXT: Final = 2000
MAX_VIEW: Final = 8000
MAX_ELAPSED_S: Final = 600.0
NO_TARGET: Final = ""

Observation = dict[str, Any]


def action_space(targets: int) -> spaces.Dict:
    """Skill, target (one of `targets`), file, text, amount (m, degrees or s) and elapsed time (s)."""
    return spaces.Dict(
        {
            "skill": spaces.Discrete(len(SKILLS)),
            "target": spaces.Discrete(targets),
            "file": spaces.Text(MAX_FILE, min_length=0, charset=ALPHABET),
            "text": spaces.Text(MAX_TEXT, min_length=0, charset=ALPHABET),
            "amount": spaces.Box(-360.0, 360.0, (), np.float32),
            "elapsed_s": spaces.Box(0.0, MAX_ELAPSED_S, (), np.float32),
        }
    )


def observation_space() -> spaces.Dict:
    """The text, and numbers: x, y, yaw, whether the hand is full, steps done and in all, nearest person (m), time."""
    return spaces.Dict(
        {
            "text": spaces.Text(MAX_VIEW, min_length=0, charset=ALPHABET),
            "state": spaces.Box(-1e4, 1e4, (8,), np.float32),
        }
    )


def encode(action: Action, targets: Sequence[str]) -> dict[str, Any]:
    """An `Action` as a member of the space; characters outside its alphabet become `?`."""
    return {
        "skill": np.int64(SKILLS.index(action.skill)),
        "target": np.int64(targets.index(action.target)),
        "file": printable(action.file)[:MAX_FILE],
        "text": printable(action.text)[:MAX_TEXT],
        "amount": _single(action.amount),
        "elapsed_s": _single(action.elapsed_s),
    }


def _single(value: float) -> npt.NDArray[np.float32]:
    """The number in single precision; what is too large for that becomes the largest there is."""
    limit = float(np.finfo(np.float32).max)
    return np.asarray(np.clip(value, -limit, limit), dtype=np.float32)


def decode(action: Mapping[str, Any], targets: Sequence[str]) -> Action:
    """The `Action` of a member of the space."""
    return Action(
        SKILLS[int(action["skill"])], targets[int(action["target"])], str(action["file"]), str(action["text"]),
        float(action["amount"]), float(action["elapsed_s"]),
    )  # fmt: skip


def recordable(action: Action) -> Action:
    """`action` as JSON and UTF-8 can keep it: lone surrogates become `?`, numbers that are none become 0."""

    def words(text: str) -> str:
        return text.encode("utf-8", "replace").decode()

    def number(value: float) -> float:
        return value if math.isfinite(value) else 0.0

    return Action(
        words(action.skill), words(action.target), words(action.file), words(action.text),
        number(action.amount), number(action.elapsed_s),
    )  # fmt: skip


def printable(text: str) -> str:
    """`text` with every character outside the space's alphabet replaced by `?`."""
    return "".join(c if c in CHARSET else "?" for c in text)
