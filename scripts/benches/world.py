"""The group `world`: speed and memory of the ground floor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from benches.figures import Section
from benches.film import recording, rendering
from benches.layouts import memory, reset
from benches.speed import overhead, pace, sight

SECTIONS: Final[Mapping[str, Section]] = {
    "memory": memory,
    "overhead": overhead,
    "pace": pace,
    "reset": reset,
    "sight": sight,
    "recording": recording,
    "rendering": rendering,
}
"""In the order in which they run: memory first, while nothing that was freed can be taken again."""
