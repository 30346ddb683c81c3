"""Whose turn it is among the tests that are not all run every day."""

from __future__ import annotations

import os


def turn() -> int:
    """A number that scripts/test raises by one a day: EMBODIED_SLICE."""
    return int(os.environ.get("EMBODIED_SLICE", "0"))
