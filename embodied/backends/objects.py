"""JSON objects in free text, found within fixed limits. Nothing here raises on any text."""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

MAX_TEXT_CHARS: Final = 1_000_000
MAX_OBJECT_CHARS: Final = 40_000
MAX_CANDIDATES: Final = 200

DECODER: Final = json.JSONDecoder(strict=False, parse_int=float)
"""Takes line breaks in strings, and decodes all numbers as floats, which no number of digits overruns."""

_START: Final = re.compile(r'\{\s*"')


@dataclass(frozen=True, slots=True)
class Found:
    """An object and where it stands: `text[start:end]`."""

    value: dict[str, Any]
    start: int
    end: int


def objects_in(text: str) -> list[Found]:
    """Decode the outermost non-empty JSON objects in a text, first to last.

    An object that breaks off hides what is inside its readable part, so that words quoted in a broken string are not
    taken for an object; one that nests too deeply hides the next `MAX_OBJECT_CHARS` characters. Time is bounded: of
    the last `MAX_TEXT_CHARS` characters at most the last `MAX_CANDIDATES` openings are tried, over at most
    `MAX_OBJECT_CHARS` characters each.
    """
    starts = deque((m.start() for m in _START.finditer(text, max(0, len(text) - MAX_TEXT_CHARS))), MAX_CANDIDATES)
    found: list[Found] = []
    resume_at = 0
    for start in starts:
        if start < resume_at:
            continue
        try:
            value, length = DECODER.raw_decode(text[start : start + MAX_OBJECT_CHARS])
        except json.JSONDecodeError as error:
            resume_at = start + error.pos
        except RecursionError:
            resume_at = start + MAX_OBJECT_CHARS
        else:
            found.append(Found(value, start, start + length))
            resume_at = start + length
    return found
