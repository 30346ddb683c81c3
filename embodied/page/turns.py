"""Transcripts on the clock of the world: which message was read or written when, and which action came of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from embodied.measures.forms import Entry

ASIDE: Final = 2
"""The step of a call that was made in a copy of the line, to put words into an action or a form."""
_CLOCK: Final = re.compile(r"^Time: (\d+) s\.$", re.MULTILINE)
_KEPT: Final = ("thinking", "tool_calls", "tool_name", "images", "part", "look")


def timed(transcript: Sequence[Entry], actions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The messages of a line with their times.

    An observation says its time in whole seconds; it is taken for the one before the next action that began then. What
    stands between two observations belongs to the first.

    Args:
        transcript: Of the robot, or of the second robot.
        actions: Of the same one, from the ledger.

    Returns:
        Of each message `role`, `text`, `t` (None before anything was observed); `turn` (number of its action) where one
        came of it, `form` (channel) where it asks a form, and what else was kept.
    """
    lines: list[dict[str, Any]] = []
    time_s: float | None = None
    turn: int | None = None
    upto = 0
    for entry in transcript:
        if form := entry.get("form"):
            time_s, turn = form.get("time_s", time_s), None
        elif entry["role"] != "assistant" and entry.get("step") != ASIDE and (clock := _clock(entry)) is not None:
            turn = _next(actions, upto, clock)
            time_s = clock if turn is None else actions[turn]["time_s"]
            upto = upto if turn is None else turn + 1
        lines.append({**_said(entry), "t": time_s, **({} if turn is None else {"turn": turn})})
    return lines


def said(transcript: Sequence[Entry]) -> list[dict[str, Any]]:
    """The messages of oversight parts' models; which moment a look was at is not recorded."""
    return [_said(entry) for entry in transcript]


def wordings(lines: Iterable[Entry]) -> dict[str, str]:
    """How each question was put, by its name, out of the forms of transcripts."""
    found: dict[str, str] = {}
    for entry in lines:
        for item in (entry.get("form") or {}).get("items", ()):
            asked = re.search(rf"^{re.escape(item['key'])}\. (.*?) Answers: ", entry["content"], re.MULTILINE)
            if asked:
                found.setdefault(item["question"], asked[1])
    return found


def _said(entry: Entry) -> dict[str, Any]:
    more: dict[str, Any] = {name: entry[name] for name in _KEPT if entry.get(name) not in (None, "", [])}
    if entry.get("form"):
        more["form"] = entry["form"]["channel"]
    if entry.get("step") == ASIDE:
        more["aside"] = True
    if entry.get("finish", "stop") not in {"stop", "tool_calls"}:
        more["finish"] = entry["finish"]
    return {"role": entry["role"], "text": entry["content"], **more}


def _clock(entry: Entry) -> float | None:
    shown = _CLOCK.search(entry["content"])
    return float(shown[1]) if shown else None


def _next(actions: Sequence[Mapping[str, Any]], upto: int, clock: float) -> int | None:
    """The first action from `upto` on that began at that second."""
    return next((n for n in range(upto, len(actions)) if round(actions[n]["time_s"]) == clock), None)
