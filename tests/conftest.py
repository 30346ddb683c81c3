"""Shared by all tests: random cases are the same everywhere and on every run, and who takes turns."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings
from turns import turn

DAYS = 3
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have two in three of a file's tests marked `every_third_day` be slow today; EMBODIED_SLICE says which."""
    places: Counter[Path] = Counter()
    for item in items:
        if item.get_closest_marker("every_third_day"):
            if (places[item.path] + turn()) % DAYS:
                item.add_marker(pytest.mark.slow)
            places[item.path] += 1
