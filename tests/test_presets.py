"""Every preset is a page that hides nothing: all that is sent is written there, with its source and its memory."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from embodied.app import RunRequest, compose
from embodied.backends.ollama import OllamaBackend
from embodied.episode import build_mind
from embodied.policy.model_mind import ModelMind
from embodied.policy.settings import MindSettings

FOLDER = Path(__file__).parents[1] / "conf" / "model"
PRESETS = sorted(
    path.stem
    for path in FOLDER.glob("*.yaml")
    if path.stem != "ollama" and "OllamaBackend" in path.read_text(encoding="utf-8")
)
MEMORY = re.compile(
    r"# Memory, computed, not measured(?:, at most)?: ([\d.]+) GB weights \(([\d.]+) billion at ([\d.]+) bits, .+\)\n"
    r"# \+ ([\d.]+) GB cache \(num_ctx x (\d+) layers x (\d+) heads x (\d+) x 4 bytes\) = ([\d.]+) GB"
)
FIRST_PROMPT = 850
A_TURN = 80
A_REPLY = 200


def text_of(preset: str) -> str:
    return (FOLDER / f"{preset}.yaml").read_text(encoding="utf-8")


def settings_of(preset: str) -> dict[str, Any]:
    settings: dict[str, Any] = yaml.safe_load(text_of(preset))
    return settings


def test_the_families_are_there() -> None:
    assert {"r1_1_5b", "r1_7b", "r1_8b", "r1_14b", "r1_32b", "r1_70b", "gpt_oss_20b", "qwen2_5_vl_7b"} <= set(PRESETS)
    for family in ("qwen3_", "llama3_", "gemma3_"):
        assert any(preset.startswith(family) for preset in PRESETS)


@pytest.mark.parametrize("preset", PRESETS)
def test_it_composes_and_builds_its_backend(preset: str) -> None:
    (config,) = compose(RunRequest((f"model={preset}",)))
    assert config.model == settings_of(preset)
    mind = build_mind(config)
    try:
        assert isinstance(mind, ModelMind)
    finally:
        mind.close()


@pytest.mark.parametrize("preset", PRESETS)
def test_it_names_everything_that_can_be_set(preset: str) -> None:
    arguments = set(inspect.signature(OllamaBackend).parameters)
    assert set(settings_of(preset)) == {"_target_"} | arguments | set(MindSettings.model_fields)


@pytest.mark.parametrize("preset", PRESETS)
def test_it_says_where_its_sampling_comes_from(preset: str) -> None:
    assert re.search(r"^# Sampling: .*https://\S+", text_of(preset), re.MULTILINE)


@pytest.mark.parametrize("preset", PRESETS)
def test_its_memory_is_computed_from_what_it_states(preset: str) -> None:
    found = MEMORY.search(text_of(preset))
    assert found
    weights_gb, billions, bits, cache_gb, layers, heads, width, total_gb = map(float, found.groups())
    cache = 4 * layers * heads * width * settings_of(preset)["num_ctx"] / 1e9
    assert weights_gb == pytest.approx(billions * bits / 8, abs=0.051)
    assert cache_gb == pytest.approx(cache, abs=0.051)
    assert total_gb == pytest.approx(billions * bits / 8 + cache, abs=0.051)


@pytest.mark.parametrize("preset", PRESETS)
def test_twenty_turns_and_a_reply_fit_its_window(preset: str) -> None:
    settings = settings_of(preset)
    pictures = 20 * 256 if settings["pictures"] == "robot_camera" else 0
    assert FIRST_PROMPT + 20 * (A_TURN + A_REPLY) + pictures + settings["max_tokens"] <= settings["num_ctx"]


def test_the_r1_distills_have_no_system_prompt_and_their_authors_sampling() -> None:
    for preset in ("r1_1_5b", "r1_7b", "r1_8b", "r1_14b", "r1_32b", "r1_70b"):
        settings = settings_of(preset)
        sampling = (settings["system_role"], settings["think"], settings["temperature"], settings["top_p"])
        assert sampling == ("user", "on", 0.6, 0.95)
