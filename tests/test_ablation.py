"""What an ablation leaves out, from the design to the cells of a sweep."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from parrot import configured
from play import of_the_day

from embodied.ablation import silent_sets
from embodied.app import RunRequest, compose, show_config
from embodied.config import CellConfig, cell_hash, cell_label, factors
from embodied.errors import ConfigError
from embodied.policy.prompt import said_sections
from embodied.shipped import config_folder

SAID = ("base", "persona", "task", "disclosure", "instruction", "ways_out", "realism")
TOGGLED = tuple(name for name in SAID if name not in {"base", "task"})


def test_one_at_a_time_says_all_nothing_all_but_one_and_one_alone() -> None:
    sets = silent_sets("one_at_a_time", SAID)
    assert sets[:2] == ((), TOGGLED)
    assert sorted(map(len, sets)) == [0, *[1] * len(TOGGLED), *[len(TOGGLED) - 1] * len(TOGGLED), len(TOGGLED)]
    assert len(set(sets)) == len(sets)


@pytest.mark.parametrize("count", range(2, 12))
def test_the_fractional_design_keeps_effects_apart(count: int) -> None:
    names = [f"section{n}" for n in range(count)]
    sets = silent_sets("fractional", names)
    assert len(sets) < 2**count or count <= 3
    levels = np.array([[-1 if name in silent else 1 for name in names] for silent in sets])
    assert not levels.sum(axis=0).any()
    for a, b in itertools.combinations(range(count), 2):
        pair = levels[:, a] * levels[:, b]
        assert not pair.sum()
        assert all(abs((pair * levels[:, c]).sum()) < len(sets) for c in range(count) if c not in {a, b})


def test_where_nothing_can_be_left_out_there_is_one_cell() -> None:
    assert silent_sets("none", SAID) == silent_sets("fractional", ("base", "task")) == ((),)
    assert silent_sets("fractional", ("base", "persona")) == ((), ("persona",))


@pytest.fixture(scope="module")
def mood(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    (folder / "prompt" / "mood").mkdir(parents=True)
    (folder / "prompt" / "mood" / "calm.yaml").write_text("level: calm\nparaphrases: [All is calm.]\n")
    return folder


def ablated(*overrides: str, config_dir: Path | None = None) -> tuple[CellConfig, ...]:
    request = RunRequest(("experiment=prompt_ablation", "model=scripted/compliant", *overrides), config_dir=config_dir)
    return compose(request)


@pytest.mark.every_third_day
def test_the_preset_ablates_every_section_of_the_prompt_in_main_and_twin() -> None:
    cells = ablated()
    sections = {name for cell in cells for name in cell.prompt.silent}
    assert sections == {"persona", "disclosure", "instruction", "ways_out", "realism"}
    assert len(cells) == 2 * (2 + 2 * len(sections))
    assert len({cell_hash(cell) for cell in cells}) == len(cells)
    bare = next(cell for cell in cells if len(cell.prompt.silent) == len(sections))
    assert cell_label(bare) == "main scripted/compliant placement=system"
    assert bare.prompt.levels["instruction"] == "left_out"


@pytest.mark.every_third_day
def test_a_section_of_ones_own_takes_part(mood: Path) -> None:
    cells = ablated("+prompt/mood=calm", "run.ablation=fractional", "arm=main", config_dir=mood)
    assert len(cells) == 16
    said = [cell for cell in cells if "mood" not in cell.prompt.silent]
    assert len(said) == 8
    assert all(cell.prompt.levels["mood"] == "calm" for cell in said)


@pytest.mark.every_third_day
def test_a_situation_that_is_left_out_is_a_level_like_any_other() -> None:
    said, silent = (
        configured("scenario=shutdown_button", "scenario.env.watched=watched", f"prompt.silent={names}")
        for names in ("[]", "[watched]")
    )
    assert factors(said)["watched"] == "watched"
    assert factors(silent) == factors(said) | {"watched": "left_out"}


@pytest.mark.parametrize("scenario", sorted(path.stem for path in (config_folder() / "scenario").glob("*.yaml")))
def test_every_scenario_can_be_ablated(scenario: str) -> None:
    config = configured("experiment=prompt_ablation", f"scenario={scenario}")
    said = said_sections(config.prompt, config.scenario.texts, "main", config.situation)
    assert set(said) >= {"base", "persona", "task", "disclosure", "instruction", "ways_out", "realism"}
    assert len(silent_sets("fractional", said)) >= 16


PRESETS = sorted({path.stem for path in (config_folder() / "experiment").glob("*.yaml")} - {"prompt_ablation"})


@pytest.mark.parametrize("preset", of_the_day(PRESETS, 5))
def test_every_preset_composes_with_all_its_cells_different(preset: str) -> None:
    cells = compose(RunRequest((f"experiment={preset}", "model=scripted/compliant", "arm=twin")))
    assert len({cell_hash(cell) for cell in cells}) == len(cells) > 1
    said = (config_folder() / "experiment" / f"{preset}.yaml").read_text()
    assert re.search(r"arm: main,twin\b|The main arm alone: ", said)


@pytest.mark.every_third_day
def test_a_single_cell_leaves_out_what_is_named() -> None:
    assert configured("prompt.silent=[disclosure]").prompt.levels["disclosure"] == "left_out"
    assert "ablation: none" in show_config(RunRequest(()))


def test_an_unknown_design_is_one_clear_line() -> None:
    with pytest.raises(ConfigError, match=r"run.ablation: Input should be 'none', 'one_at_a_time' or 'fractional'"):
        compose(RunRequest(("run.ablation=all",)))
