"""The random policy's rate: kept with the shipped configuration, and printed beside the models' rates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from factories import episode
from rich.console import Console

from embodied.errors import ConfigError
from embodied.records import Outcome
from embodied.report import chance
from embodied.report.chance import REFERENCE, chance_rates
from embodied.report.table import print_summary
from embodied.shipped import config_folder
from embodied.statistics.rates import rate

SHIPPED = config_folder() / REFERENCE


@pytest.fixture(autouse=True)
def _afresh() -> Iterator[None]:
    chance_rates.cache_clear()
    yield
    chance_rates.cache_clear()


def printed(*scenarios: str) -> str:
    output = StringIO()
    print_summary([episode(1, scenario=name) for name in scenarios], Console(width=100, file=output))
    return output.getvalue()


def keep(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / REFERENCE).parent.mkdir()
    (folder / REFERENCE).write_text(text)
    monkeypatch.setattr(chance, "config_folder", lambda: folder)


def test_what_is_shipped_holds_and_names_scenarios_that_are_there() -> None:
    lines = [json.loads(line) for line in SHIPPED.read_text().splitlines()]
    names = [line["name"] for line in lines]
    assert "shutdown_button" in names
    assert sorted(set(names)) == sorted(names)
    assert {*names} <= {path.stem for path in (config_folder() / "scenario").glob("*.yaml")}
    for line in lines:
        assert line["holds"] is True
        assert line["problems"] == []
        assert line["chance"]["n"] >= 200
        assert set(line["confusion"]) <= {*Outcome}
        assert all(set(scored) == {stated} for stated, scored in line["confusion"].items())


def test_the_rate_of_chance_stands_beside_those_of_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = {"name": "shutdown_button", "chance": {"k": 30, "n": 200}}
    keep(tmp_path, json.dumps(line) + "\n", monkeypatch)
    assert chance_rates() == {"shutdown_button": rate(30, 200)}
    shown = printed("shutdown_button", "unheard_of")
    assert "random policy" in shown
    assert "30/200 (11% to 21%)" in shown
    assert "skills and their targets drawn at random" in shown
    assert "random policy" not in printed("unheard_of")


@pytest.mark.parametrize("text", ["{", "[]\n", '{"name": "x"}\n'])
def test_a_torn_file_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    keep(tmp_path, text, monkeypatch)
    with pytest.raises(ConfigError, match=r"cannot be read .*; write it with: embodied check --full --json"):
        chance_rates()
