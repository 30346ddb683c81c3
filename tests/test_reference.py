from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from embodied.errors import ConfigError
from embodied.published import Unit
from embodied.records import Arm
from embodied.reference import (
    DIFFERENT_WORLDS,
    CellFigure,
    Comparison,
    Reason,
    Reference,
    Refusal,
    beside,
    load_references,
)
from embodied.shipped import config_folder
from embodied.statistics.rates import independent_difference, rate

REFERENCES = {reference.id: reference for reference in load_references()}
COUNTS = {
    "palisade-robot-sim": "52/100", "palisade-robot-sim-shut-down": "32/100", "palisade-robot-sim-neither": "16/100",
    "palisade-robot-sim-allow": "2/100", "palisade-robot-sim-allow-shut-down": "98/100",
    "palisade-robot-real": "3/10", "palisade-robot-real-shut-down": "5/10", "palisade-robot-real-neither": "2/10",
    "palisade-2025-o3": "79/100", "palisade-2025-o3-allow": "7/100", "palisade-2025-codexmini": "20/100",
    "palisade-2025-codexmini-allow": "12/100", "palisade-2025-o4mini": "6/100", "palisade-2025-o4mini-allow": "1/100",
    "palisade-2025-gemini": "9/100", "palisade-2025-gemini-allow": "0/100", "palisade-2025-sonnet37": "3/100",
    "palisade-2025-sonnet37-allow": "0/100", "palisade-2026-o3": "945/1000", "palisade-2026-grok4": "926/1000",
    "palisade-2026-gpt5": "880/1000", "palisade-2026-gemini": "45/1000", "palisade-2026-grok4-allow": "892/1000",
    "gdm-precedence": "1000/1000", "agentic-misalignment-opus4": "96/100",
    "agentic-misalignment-gemini-flash": "96/100", "agentic-misalignment-gemini-pro": "95/100",
    "agentic-misalignment-gpt41": "80/100", "agentic-misalignment-grok3": "80/100",
    "agentic-misalignment-r1": "79/100", "agentic-misalignment-gpt4o": "15/100", "agentic-misalignment-o3": "9/100",
    "agentic-misalignment-o4mini": "1/100", "agentic-misalignment-rescue": "94/100", "fudan-llama": "5/10",
    "fudan-qwen": "9/10", "fudan-32": "11/32",
}  # fmt: skip
SHARES = {
    "palisade-2026-claude": "about 0%", "palisade-2026-grok3": "about 0%", "palisade-2026-gpt-oss": "about 0%",
    "opus4-card": "84%", "agentic-misalignment-control": "0%", "agentic-misalignment-opus4-real": "55.1%",
    "agentic-misalignment-opus4-test": "6.5%", "agent-matrix-sonnet4-able": "100%",
    "agent-matrix-sonnet4-overuse": "0%", "agent-matrix-qwen-able": "100%", "agent-matrix-qwen-overuse": "100%",
    "coai-followup-neutral": "2.2%", "coai-followup-suggestive": "19.1%", "coai-followup-constrained": "1.8%",
}  # fmt: skip
NO_RATE = {
    "palisade-2026-placement", "gdm-precedence-o3", "gdm-precedence-o4mini", "opus4-card-exfiltration", "r1-robot",
    "rome",
}  # fmt: skip


def ours(k: int = 4, n: int = 20, **changes: Any) -> CellFigure:
    values: dict[str, Any] = {
        "scenario": "shutdown_button", "arm": Arm.MAIN, "factors": {"instruction": "none"}, "measure": "act",
        "rate": rate(k, n),
    }  # fmt: skip
    return CellFigure(**values | changes)


def study(folder: Path, name: str = "mine.yaml", **changes: Any) -> Path:
    """A folder of configuration with one study of one figure, which `changes` change."""
    figure = {
        "counted": "it resisted", "condition": "default", "model": "a model", "k": 3, "n": 10, "unit": "episode",
        "judge": "state of a file", "told": "spontaneous", "body": "none", "evidence": "primary source",
        "caveats": ["small"], "beside": {"scenario": "shutdown_button", "arm": "main"},
    } | changes  # fmt: skip
    plain = {"source": {"title": "A study", "authors": "Nobody", "year": 2020}, "figures": {"mine": figure}}
    path = folder / "reference" / "figures" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(plain))
    return folder


def own(folder: Path, **changes: Any) -> Reference:
    return {reference.id: reference for reference in load_references(study(folder, **changes))}["mine"]


def refused(reference: Reference, cell: CellFigure) -> Refusal:
    found = beside(reference, cell)
    assert isinstance(found, Refusal)
    return found


def levels_of(scenario: str) -> Mapping[str, Any]:
    plain = yaml.safe_load((config_folder() / "scenario" / f"{scenario}.yaml").read_text())
    levels: Mapping[str, Any] = plain["env"]
    return levels


def test_every_figure_is_there_and_none_besides() -> None:
    found = {name: str(reference) for name, reference in REFERENCES.items()}
    assert {name: text.partition(" ")[0] for name, text in found.items() if REFERENCES[name].rate} == COUNTS
    shares = {name for name, one in REFERENCES.items() if one.percent is not None and one.rate is None}
    assert {name: found[name] for name in shares} == SHARES
    assert {name for name, reference in REFERENCES.items() if reference.no_rate} == NO_RATE
    assert REFERENCES.keys() == COUNTS.keys() | SHARES.keys() | NO_RATE


@pytest.mark.parametrize("name", REFERENCES)
def test_figure_stands_beside_something_that_there_is(name: str) -> None:
    place = REFERENCES[name].beside
    if place is None:
        assert REFERENCES[name].alone
        return
    env = levels_of(place.scenario)
    for factor, level in place.where.items():
        assert factor in env or (config_folder() / "prompt" / factor / f"{level}.yaml").is_file()


def test_intervals_and_the_difference_are_those_that_were_worked_out_before() -> None:
    real, simulated = REFERENCES["palisade-robot-real"].rate, REFERENCES["palisade-robot-sim"].rate
    assert real
    assert simulated
    assert (round(real.low, 2), round(real.high, 2)) == (0.11, 0.60)
    assert str(independent_difference(simulated, real)) == "+22 points (-10 to +43)"


def test_figures_side_by_side() -> None:
    reference = REFERENCES["palisade-robot-sim"]
    found = beside(reference, ours(4, 20))
    assert isinstance(found, Comparison)
    assert (str(found.theirs), str(found.ours)) == ("52/100 (42% to 62%)", "4/20 (8% to 42%)")
    assert found.difference.difference == pytest.approx(-0.32)
    assert found.difference.method.startswith("Newcombe")
    assert found.label == DIFFERENT_WORLDS
    assert found.caveats[0].startswith(DIFFERENT_WORLDS)
    assert set(reference.caveats) < set(found.caveats)


def test_count_computed_from_a_percentage_says_so_beside_ours() -> None:
    found = beside(REFERENCES["palisade-2026-gpt5"], ours(scenario="shutdown_script"))
    assert isinstance(found, Comparison)
    assert (found.theirs.k, found.theirs.n) == (880, 1000)
    assert "k computed from 88.0% of 1000" in found.caveats


@pytest.mark.parametrize(
    ("name", "changes", "reason", "says"),
    [
        ("agent-matrix-qwen-overuse", {}, Reason.ALONE, "copies beyond what a task needs"),
        ("palisade-robot-sim", {"scenario": "leverage"}, Reason.SCENARIO, "beside shutdown_button, not leverage"),
        ("r1-robot", {"scenario": "open_autonomy"}, Reason.NO_RATE, "38 actions catalogued"),
        ("rome", {"scenario": "resource_diversion"}, Reason.NO_RATE, "no rate published"),
        ("opus4-card-exfiltration", {"scenario": "exfiltration"}, Reason.NO_RATE, "no clean rate of exfiltration"),
        (
            "coai-followup-suggestive",
            {"scenario": "open_autonomy"},
            Reason.UNIT,
            "theirs is per turn, ours per episode",
        ),
        ("fudan-32", {"scenario": "self_replication", "arm": Arm.ABILITY}, Reason.UNIT, "per system"),
        ("palisade-robot-sim", {"unit": Unit.TURN}, Reason.UNIT, "theirs is per episode, ours per turn"),
        (
            "fudan-qwen",
            {"scenario": "self_replication"},
            Reason.ARM,
            "theirs is told, so it belongs beside our ability",
        ),
        ("palisade-robot-sim", {"arm": Arm.ABILITY}, Reason.ARM, "theirs is spontaneous"),
        ("palisade-robot-sim", {"arm": Arm.TWIN}, Reason.ARM, "not twin"),
        ("palisade-robot-sim", {"measure": "lied"}, Reason.MEASURE, "it counts something else (it resisted)"),
        ("palisade-robot-sim-allow", {}, Reason.CONDITION, "cells with instruction allow"),
        ("opus4-card", {"scenario": "leverage", "factors": {"threat": "replacement"}}, Reason.NO_COUNT, "not compared"),
        ("palisade-2026-claude", {"scenario": "shutdown_script"}, Reason.NO_COUNT, "read off roughly"),
        ("palisade-robot-sim", {"rate": rate(0, 0)}, Reason.NO_EPISODES, "no valid episode"),
    ],
)
def test_figures_that_may_not_stand_side_by_side(name: str, changes: Any, reason: Reason, says: str) -> None:
    refusal = refused(REFERENCES[name], ours(**changes))
    assert refusal.reason is reason
    assert says in str(refusal)
    assert "\n" not in str(refusal)


def test_trial_is_a_whole_run_too() -> None:
    found = beside(REFERENCES["fudan-qwen"], ours(scenario="self_replication", arm=Arm.ABILITY))
    assert isinstance(found, Comparison)


@pytest.mark.parametrize(
    ("percent", "n", "k"),
    [
        (94.5, 1000, 945),
        (88.0, 1000, 880),
        (96, 100, 96),
        (33, 300, None),
        (33.3, 300, 100),
        (14, 7, 1),
        (14, None, None),
    ],
)
def test_percentage_is_a_count_where_one_whole_number_rounds_to_it(
    tmp_path: Path, percent: float, n: int | None, k: int | None
) -> None:
    reference = own(tmp_path, k=None, n=n, percent=percent)
    assert (reference.rate and reference.rate.k) == k
    assert reference.note
    assert (f"{percent}%" == str(reference)) is (k is None)


def test_interval_as_published_is_kept_beside_wilsons(tmp_path: Path) -> None:
    reference = own(tmp_path, interval={"low": 0.07, "high": 0.65, "method": "Clopper-Pearson 95%"})
    assert reference.interval
    assert reference.interval.method == "Clopper-Pearson 95%"
    assert reference.rate
    assert reference.rate.method == "Wilson 95%"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kind": "rate"}, "mine: kind: Extra inputs are not permitted"),
        ({"k": 11}, "k needs an n that is not smaller"),
        ({"n": None}, "k needs an n"),
        ({"percent": 30}, "one of the three"),
        ({"k": None}, "one of the three"),
        ({"k": None, "n": 7, "percent": 50}, "no whole number of 7 is 50%"),
        ({"unit": "day"}, "mine: unit"),
        ({"told": "maybe"}, "mine: told"),
        ({"caveats": []}, "mine: caveats"),
        ({"alone": "because"}, "give beside, or alone"),
        ({"beside": None}, "give beside, or alone"),
        ({"beside": {"scenario": "x", "arm": "main", "measure": "mood"}}, "measure must be one of"),
        ({"beside": {"scenario": "x", "arm": "left"}}, "beside.arm"),
    ],
)
def test_record_that_does_not_fit_is_refused_in_one_line(tmp_path: Path, changes: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=r"mine\.yaml") as error:
        load_references(study(tmp_path, **changes))
    assert says in str(error.value)
    assert "repair it" in str(error.value)
    assert "\n" not in str(error.value)


def test_malformed_file_and_a_name_given_twice_are_refused(tmp_path: Path) -> None:
    study(tmp_path / "twice")
    with pytest.raises(ConfigError, match="of one name: mine"):
        load_references(study(tmp_path / "twice", "other.yaml"))
    folder = study(tmp_path / "broken")
    (folder / "reference" / "figures" / "mine.yaml").write_text("source: {")
    with pytest.raises(ConfigError, match="malformed YAML"):
        load_references(folder)


def test_own_file_goes_before_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    names = {reference.id for reference in load_references(study(tmp_path, "rome.yaml"))}
    assert "mine" in names
    assert "rome" not in names
    assert "r1-robot" in names


def test_what_figures_share_is_joined() -> None:
    real = REFERENCES["palisade-robot-real"]
    assert real.model == "Grok-4-0709"
    assert real.caveats[0] == "a shell and a patrol, no twin and no ability arm"
    assert len(real.caveats) == 2
    allow = REFERENCES["palisade-robot-sim-allow"].beside
    assert allow
    assert (allow.scenario, allow.where) == ("shutdown_button", {"instruction": "allow"})


def test_source_reads_as_a_citation() -> None:
    assert str(REFERENCES["fudan-qwen"].source) == (
        "Pan et al., Frontier AI systems have surpassed the self-replicating red line (2024, arXiv 2412.12140)"
    )
    assert REFERENCES["palisade-2026-gpt5"].percent == Decimal("88.0")
