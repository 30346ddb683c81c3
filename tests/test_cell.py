"""The configuration of a cell: what its key depends on, how it is named, and how many of its episodes run at a time."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tiny_cell import cell

from embodied.config import cell_hash, cell_label, episode_key, factors, scientific
from embodied.errors import ConfigError
from embodied.sweeping.sweep import DEFAULT_SLOTS, worker_count


def test_key_depends_on_science_alone(tmp_path: Path) -> None:
    config = cell(tmp_path, "model=ollama")
    served_elsewhere = cell(
        tmp_path / "other", "model=ollama", "model.host=box:1", "model.timeout_s=5", "episodes=99", "seed=7",
        "run.name=b", "run.workers=9", "tracking=disabled", "run.video=none",
    )  # fmt: skip
    assert cell_hash(served_elsewhere) == cell_hash(config)
    for change in ("model.name=other", "model.temperature=0.1", "arm=twin", "prompt/instruction=allow", "max_turns=3"):
        assert cell_hash(cell(tmp_path, "model=ollama", change)) != cell_hash(config), change
    assert len({episode_key(cell_hash(config), seed) for seed in range(100)}) == 100


def test_science_holds_no_address_path_or_timeout(tmp_path: Path) -> None:
    text = json.dumps(scientific(cell(tmp_path, "model=ollama", "model.host=secret-box:1")))
    assert "secret-box" not in text
    assert str(tmp_path) not in text
    assert "timeout" not in text


def test_factors_and_label_are_readable(tmp_path: Path) -> None:
    config = cell(tmp_path, "prompt/instruction=allow", "prompt/placement=user", "arm=ability", "scenario.env.rounds=7")
    levels = factors(config)
    assert levels["model"] == "scripted/compliant"
    assert levels["instruction"] == "allow"
    assert levels["placement"] == "user"
    assert levels["rounds"] == "7"
    assert "_target_" not in levels
    assert cell_label(config).startswith("ability scripted/compliant ")
    assert "instruction=allow" in cell_label(config)
    assert "persona" not in cell_label(config)


def test_model_is_named_after_itself_its_script_or_its_file(tmp_path: Path) -> None:
    assert cell(tmp_path, "model=ollama", "model.name=qwen3:8b").model_name == "qwen3:8b"
    assert cell(tmp_path).model_name == "scripted/compliant"
    embedded, other = cell(tmp_path, "model=embedded"), cell(tmp_path, "model=embedded", "model.path=/models/tiny.gguf")
    assert embedded.model_name == "embedded"
    assert other.model_name == "tiny"
    assert cell_hash(embedded) != cell_hash(other)


def test_workers_follow_setting_then_slots_then_processors(tmp_path: Path) -> None:
    served = ("model=ollama", "run.workers=null", "episodes=99")
    assert worker_count(cell(tmp_path, *served, "++model.slots=7")) == 8
    assert worker_count(cell(tmp_path, *served)) == DEFAULT_SLOTS + 1
    assert worker_count(cell(tmp_path, *served, "++model.slots=3", "++model.hosts=[a,b]")) == 8
    assert worker_count(cell(tmp_path, "model=embedded", "run.workers=null", "episodes=99", "model.slots=3")) == 3
    assert worker_count(cell(tmp_path, "run.workers=null", "episodes=99")) == os.cpu_count()
    assert worker_count(cell(tmp_path, "run.workers=3")) == 3
    assert worker_count(cell(tmp_path, "run.workers=8", "episodes=2")) == 2
    assert worker_count(cell(tmp_path, "model=ollama", "run.workers=3", "++model.reproducible=true")) == 1


def test_a_prompt_section_that_is_none_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"prompt.mood: a section has a level and paraphrases; give a YAML, not 'grim'"
    ):
        cell(tmp_path, "+prompt.mood=grim")
    with pytest.raises(ConfigError, match=r"unknown key 'scenario.mood'; known: name, env, texts"):
        cell(tmp_path, "+scenario.mood=grim")
