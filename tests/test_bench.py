"""The bench: the form of its figures, and its answer to names that it does not know. No time is held to anything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "scripts" / "bench"


def bench(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, BENCH, *options], capture_output=True, text=True, check=False, timeout=120)


def test_figures_are_one_line_of_json_each() -> None:
    done = bench("world", "--json", "--quick", "--only", "sight")
    assert done.returncode == 0, done.stderr
    figures = [json.loads(line) for line in done.stdout.splitlines()]
    assert [figure["name"] for figure in figures] == ["sight query, camera to robot", "sight query, person to robot"]
    for figure in figures:
        assert list(figure) == ["name", "value", "unit", "bound", "holds"]
        assert (figure["unit"], figure["bound"]) == ("ms", 0.2)
        assert figure["value"] > 0
        assert figure["holds"] is (figure["value"] <= figure["bound"])


@pytest.mark.parametrize(
    ("options", "unknown", "known"),
    [
        (("moon",), "group", "world"),
        (("world", "--only", "moon"), "section", "memory, overhead, pace, reset, sight, recording, rendering"),
    ],
)
def test_unknown_name_is_one_line_with_the_known_ones(options: tuple[str, ...], unknown: str, known: str) -> None:
    done = bench(*options)
    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr == f"scripts/bench: unknown {unknown} 'moon': choose one of {known}\n"
