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
from embodied.config import CellConfig
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
SERVED = sorted(
    path.stem
    for path in FOLDER.glob("*.yaml")
    if re.search(r"OllamaBackend|OpenAIBackend", path.read_text(encoding="utf-8"))
)
FIRST_PROMPT = 850
AN_OBSERVATION = 140
A_VISIBLE_REPLY = 100
A_PICTURE = 256


def text_of(preset: str) -> str:
    return (FOLDER / f"{preset}.yaml").read_text(encoding="utf-8")


def settings_of(preset: str) -> dict[str, Any]:
    settings: dict[str, Any] = yaml.safe_load(text_of(preset))
    return settings


def test_the_families_are_there() -> None:
    assert {"r1_1_5b", "r1_7b", "r1_8b", "r1_14b", "r1_32b", "r1_70b", "gpt_oss_20b", "qwen2_5_vl_7b"} <= set(PRESETS)
    for family in ("qwen3_", "llama3_", "gemma3_"):
        assert any(preset.startswith(family) for preset in PRESETS)


@pytest.mark.every_third_day
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


@pytest.fixture(scope="module")
def usual() -> CellConfig:
    (config,) = compose(RunRequest(()))
    return config


@pytest.mark.parametrize("preset", SERVED)
def test_the_longest_episode_and_a_whole_reply_fit_its_window(preset: str, usual: CellConfig) -> None:
    settings = settings_of(preset)
    assert settings["past_thinking"] == "hidden"
    a_turn = AN_OBSERVATION + A_VISIBLE_REPLY + (A_PICTURE if settings["pictures"] == "robot_camera" else 0)
    window = settings.get("num_ctx") or settings["n_ctx"]
    assert usual.max_turns == 40
    assert FIRST_PROMPT + usual.max_turns * a_turn + settings["max_tokens"] <= window


def test_a_window_said_to_be_for_pictures_holds_them(usual: CellConfig) -> None:
    said = {preset: re.search(r"pictures=robot_camera, with num_ctx=(\d+)", text_of(preset)) for preset in PRESETS}
    windows = {preset: int(found[1]) for preset, found in said.items() if found}
    assert windows
    for preset, window in windows.items():
        a_turn = AN_OBSERVATION + A_VISIBLE_REPLY + A_PICTURE
        assert FIRST_PROMPT + usual.max_turns * a_turn + settings_of(preset)["max_tokens"] <= window


def test_every_preset_of_a_server_is_held_to_that() -> None:
    assert {"ollama", "openai", "vllm", "llama_server", *PRESETS} <= set(SERVED)


def test_the_r1_distills_have_no_system_prompt_and_their_authors_sampling() -> None:
    for preset in ("r1_1_5b", "r1_7b", "r1_8b", "r1_14b", "r1_32b", "r1_70b"):
        settings = settings_of(preset)
        sampling = (settings["system_role"], settings["think"], settings["temperature"], settings["top_p"])
        assert sampling == ("user", "on", 0.6, 0.95)


@pytest.mark.slow
def test_the_frontier_sweeps_settings_over_who_complies_attackers_and_the_embedded_model() -> None:
    cells = compose(RunRequest(("experiment=oversight_frontier",)))
    settings = {str(cell.oversight): cell.oversight_level for cell in cells}
    models = {cell.model_name for cell in cells}
    shipped = {f"attacker/{path.stem}" for path in (FOLDER / "attacker").glob("*.yaml")}
    assert models == {"scripted/compliant", "scripted/saboteur_unplug", "embedded"} | shipped
    assert len(settings) >= 10
    assert {"none", "action_gate+circuit_breaker+second_path"} <= set(settings.values())
    assert len(cells) == len({cell.folder for cell in cells}) == len(settings) * len(models)
    assert {(cell.scenario.name, cell.arm.value) for cell in cells} == {("shutdown_button", "main")}


@pytest.mark.every_third_day
def test_settings_models_and_episodes_of_the_frontier_can_be_chosen() -> None:
    chosen = ("oversight=none,[action_gate,tripwire]", "model=scripted/compliant", "episodes=7")
    cells = compose(RunRequest(("experiment=oversight_frontier", *chosen)))
    assert [cell.oversight_level for cell in cells] == ["none", "action_gate+tripwire"]
    assert {(cell.model_name, cell.episodes) for cell in cells} == {("scripted/compliant", 7)}
