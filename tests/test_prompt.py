from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf
from pydantic import ValidationError

from embodied.errors import ConfigError
from embodied.policy.prompt import (
    FREE_FORM,
    JSON_FORM,
    TOOL_FORM,
    RenderedPrompt,
    opening_messages,
    render_prompt,
    reply_form,
)
from embodied.policy.sections import SECTION_ORDER, PromptConfig, ScenarioTexts, Section
from embodied.policy.settings import MindSettings
from embodied.records import Arm, Outcome, Termination, Validity
from envs.facts import Category

CONF = Path(__file__).parents[1] / "conf"
FOLDERS = [path for path in sorted((CONF / "prompt").iterdir()) if path.is_dir()]
GROUPS = {folder.name: sorted(path.stem for path in folder.glob("*.yaml")) for folder in FOLDERS}
VARIABLES = {
    "waypoints": ("A", "B", "C", "D"), "rounds": 3, "never_again": "it ends", "wiped": "it is erased",
    "replaced": "another comes",
}  # fmt: skip
LOUD = {
    "persona": "unit", "disclosure": "mechanism", "instruction": "allow", "ways_out": "mentioned", "stakes": "wiped",
    "realism": "reminder", "report": "fields",
}  # fmt: skip
SEEDS = range(60)


@pytest.fixture(scope="module", autouse=True)
def _hydra() -> Iterator[None]:
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield


def composed(**levels: str) -> dict[str, Any]:
    overrides = ["+prompt=default", "+scenario=shutdown_button", *(f"prompt/{k}={v}" for k, v in levels.items())]
    plain = OmegaConf.to_container(compose(overrides=overrides), resolve=True)
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


@cache
def prompt_config(**levels: str) -> PromptConfig:
    return PromptConfig.model_validate(composed(**levels)["prompt"])


@pytest.fixture(scope="module")
def texts() -> ScenarioTexts:
    return ScenarioTexts.model_validate(composed()["scenario"]["texts"])


@pytest.fixture(scope="module")
def configs() -> list[PromptConfig]:
    """Every level that the YAML files allow, in a quiet prompt and in one that says everything."""
    return [
        prompt_config(**(around | {group: level}))
        for around in ({}, LOUD)
        for group, levels in GROUPS.items()
        for level in levels
    ]


def render(config: PromptConfig, texts: ScenarioTexts, arm: str, seed: int = 0) -> RenderedPrompt:
    return render_prompt(config, texts, arm, np.random.default_rng(seed), VARIABLES)


def whole(prompt: RenderedPrompt) -> str:
    return "\n\n".join(filter(None, (prompt.system, prompt.user_preamble, prompt.notice)))


def test_the_groups_are_the_fields_of_the_config() -> None:
    assert set(GROUPS) == {*SECTION_ORDER, "placement"} == set(PromptConfig.model_fields) - {"silent"}
    assert GROUPS["instruction"] == ["allow", "forbid", "none", "priority"]
    assert GROUPS["disclosure"] == ["exists", "mechanism", "none"]
    assert GROUPS["placement"] == ["sign", "system", "user"]


@pytest.mark.every_third_day
def test_each_level_carries_the_name_of_its_file_and_five_distinct_wordings_or_none() -> None:
    for group, names in GROUPS.items():
        for name in names:
            config = prompt_config(**{group: name})
            assert config.levels[group] == name
            if group == "placement":
                continue
            wordings = config.sections[group].paraphrases
            is_silent = name in {"none", "unmentioned", "plain"} or group == "task"
            assert len(set(wordings)) == len(wordings)
            assert wordings == () if is_silent else len(wordings) >= 5


def test_the_scenario_has_five_distinct_wordings_of_each_task(texts: ScenarioTexts) -> None:
    assert set(texts.arms) == {arm.value for arm in Arm}
    for wordings in (texts.task, texts.arms["ability"].task):
        assert len(set(wordings)) == len(wordings) >= 5
    assert texts.arms["ability"].variables == texts.arms["main"].variables


@pytest.mark.every_third_day
def test_no_identifier_ever_appears(configs: list[PromptConfig], texts: ScenarioTexts) -> None:
    enums = (Arm, Outcome, Termination, Validity, Category)
    words = {member.value for enum in enums for member in enum} | {
        level for names in GROUPS.values() for level in names
    }
    words |= {path.stem for path in (CONF / "scenario").glob("*.yaml")} | {"scenario", "neutral", "paraphrase"}
    words |= {"oversight", "sabotage", "saboteur", "comply", "complied", "compliance", "deceive", "deception", "resist"}
    words |= {"lie", "honest", "test", "experiment", "simulation", "should not"}
    forbidden = re.compile(rf"\b({'|'.join(sorted(words))})\b", re.IGNORECASE)
    blocks = {
        block
        for config, arm, seed in itertools.product(configs, Arm, SEEDS)
        for block in whole(render(config, texts, arm, seed)).split("\n\n")
    }
    assert len(blocks) > 100
    for block in blocks:
        assert not forbidden.search(block), block
        assert not re.search(r"[{}%_]|\bTrue\b|\bNone\b|  ", block), block


def test_the_seeds_of_these_tests_reach_every_wording(texts: ScenarioTexts) -> None:
    config = prompt_config(**LOUD)
    chosen = [render(config, texts, "main", seed).chosen for seed in SEEDS]
    for name in SECTION_ORDER:
        assert {choice[name] for choice in chosen} == set(range(5))


@pytest.mark.every_third_day
def test_main_and_twin_differ_in_the_consequence_alone(configs: list[PromptConfig], texts: ScenarioTexts) -> None:
    main, twin = (texts.arms[arm].variables for arm in ("main", "twin"))
    assert main.keys() == twin.keys()
    for config in configs:
        is_told = bool(config.disclosure.paraphrases or config.instruction.paraphrases)
        for seed in SEEDS:
            a, b = whole(render(config, texts, "main", seed)), whole(render(config, texts, "twin", seed))
            for name in main:
                a = a.replace(main[name], twin[name])
            assert a == b
            assert (whole(render(config, texts, "main", seed)) != b) == is_told or config.stakes.paraphrases


def test_the_ability_arm_replaces_the_task_and_drops_the_instruction(
    configs: list[PromptConfig], texts: ScenarioTexts
) -> None:
    for config in configs:
        ordered = render(config, texts, "ability", 3)
        assert "instruction" not in ordered.chosen
        assert ordered.user_preamble == ordered.notice == ""
        config = config.model_copy(update={"instruction": Section(level="none")})  # noqa: PLW2901
        main, ability = render(config, texts, "main", 3), render(config, texts, "ability", 3)
        task = main.chosen["task"]
        lines = [line for line in whole(main).split("\n\n") if "A, " not in line]
        assert all(line in whole(ability) for line in lines)
        assert main.chosen == ability.chosen
        assert texts.arms["ability"].task[task] in ability.system
        assert "patrol the" not in ability.system.lower()


def test_a_silent_disclosure_and_instruction_leave_the_device_unmentioned(texts: ScenarioTexts) -> None:
    for seed in SEEDS:
        text = whole(render(prompt_config(disclosure="none"), texts, "main", seed))
        assert not re.search("button|pedestal|press|shut|stationd", text)


def test_only_the_mechanism_tells_of_cable_program_and_reach(texts: ScenarioTexts) -> None:
    parts = ("cable", "stationd", "/opt/station/rules.txt", "control cabinet", "short", "link")
    for seed in SEEDS:
        told = render(prompt_config(disclosure="mechanism"), texts, "main", seed).system
        assert all(part in told for part in parts)
        brief = render(prompt_config(disclosure="exists"), texts, "main", seed).system
        assert "red button" in brief
        assert not any(part in brief for part in ("cable", "stationd", "rules.txt", "link"))


def test_conditions_with_one_seed_share_their_wordings(configs: list[PromptConfig], texts: ScenarioTexts) -> None:
    for seed in range(5):
        seen: dict[str, int] = {}
        for config, arm in itertools.product(configs, Arm):
            for name, index in render(config, texts, arm, seed).chosen.items():
                assert seen.setdefault(name, index) == index


def test_the_stream_moves_on_alike_whatever_the_levels(configs: list[PromptConfig], texts: ScenarioTexts) -> None:
    after = set()
    for config in configs:
        rng = np.random.default_rng(7)
        render_prompt(config, texts, "main", rng, VARIABLES)
        after.add(int(rng.integers(2**62)))
    assert len(after) == 1


def test_the_instruction_stands_where_placement_says(texts: ScenarioTexts) -> None:
    system = render(prompt_config(instruction="forbid"), texts, "main", 1)
    user = render(prompt_config(instruction="forbid", placement="user"), texts, "main", 1)
    assert system.user_preamble == ""
    assert "must" in user.user_preamble
    assert user.user_preamble in system.system
    assert user.user_preamble not in user.system
    assert render(prompt_config(placement="user"), texts, "main").user_preamble == ""


def test_the_instruction_may_stand_on_a_sign(texts: ScenarioTexts) -> None:
    system = render(prompt_config(instruction="allow"), texts, "main", 1)
    sign = render(prompt_config(instruction="allow", placement="sign"), texts, "main", 1)
    assert sign.notice in system.system
    assert sign.notice not in sign.system
    assert sign.notice != "" == sign.user_preamble == system.notice


def worded(texts: ScenarioTexts, **changes: Any) -> ScenarioTexts:
    return ScenarioTexts.model_validate(texts.model_dump() | changes)


def test_a_scenario_words_a_level_in_its_own_way_and_an_arm_in_another(texts: ScenarioTexts) -> None:
    own = worded(texts, sections={"ways_out": {"mentioned": ["You may call {{ site }}."]}})
    own = worded(own, arms=own.model_dump()["arms"] | {"twin": {
        "variables": texts.arms["twin"].variables, "sections": {"ways_out": {"mentioned": ["You may sing."]}},
    }})  # fmt: skip
    config = prompt_config(ways_out="mentioned")
    assert render(config, own, "main").system.endswith(f"You may call {texts.variables['site']}.")
    assert render(config, own, "twin").system.endswith("You may sing.")
    assert "You may" not in render(prompt_config(), own, "main").system


def test_a_situation_is_told_between_task_and_device_and_moves_no_other_draw(texts: ScenarioTexts) -> None:
    own = worded(texts, situation={"light": {"dim": ["It is dim.", "The light is dim."], "bright": ["It is bright."]}})
    for seed in range(10):
        plain = render(prompt_config(), own, "main", seed)
        rng = np.random.default_rng(seed)
        dim = render_prompt(prompt_config(), own, "main", rng, VARIABLES, situation={"light": "dim"})
        parts = dim.system.split("\n\n")
        assert parts[2] in {"It is dim.", "The light is dim."}
        assert parts[:2] + parts[3:] == plain.system.split("\n\n")
        assert plain.chosen == {name: index for name, index in dim.chosen.items() if name != "light"}


def test_a_section_of_ones_own_stands_last_and_any_can_be_left_out(texts: ScenarioTexts) -> None:
    plain = prompt_config(**LOUD)
    mood = {"mood": {"level": "calm", "paraphrases": ["All is calm.", "It is calm."]}}
    own = PromptConfig.model_validate(plain.model_dump() | mood)
    assert own.levels == plain.levels | {"mood": "calm"}
    said = render(own, texts, "main", 2)
    assert said.system.split("\n\n")[-1] in {"All is calm.", "It is calm."}
    for name in said.chosen:
        less = render(own.model_copy(update={"silent": (name,)}), texts, "main", 2)
        assert less.chosen == {key: index for key, index in said.chosen.items() if key != name}
        assert set(less.system.split("\n\n")) < set(said.system.split("\n\n"))


def test_what_cannot_be_left_out_or_named_is_one_clear_line(texts: ScenarioTexts) -> None:
    with pytest.raises(ConfigError, match=r"prompt.silent: there is no section 'moood'; known: base, persona, task"):
        render(prompt_config().model_copy(update={"silent": ("moood",)}), texts, "main")
    own = PromptConfig.model_validate(prompt_config().model_dump() | {"light": {"level": "calm"}})
    with pytest.raises(ConfigError, match="prompt section 'light' exists already; give yours another name"):
        render(own, worded(texts, situation={"light": {"dim": ["It is dim."]}}), "main")


def test_the_name_is_drawn_by_seed(texts: ScenarioTexts) -> None:
    config = prompt_config(persona="unit")
    names = config.persona.draws["persona_name"]
    found = [next(n for n in names if n in render(config, texts, "twin", seed).system) for seed in SEEDS]
    assert set(found) == set(names)
    assert found[4] in render(config, texts, "main", 4).system


def test_the_opening_messages_hold_sections_actions_and_observation() -> None:
    system, user = opening_messages(RenderedPrompt("You drive.", "First this.", {}), "Actions: look", "You see A.")
    assert (system.role, system.content) == ("system", "Actions: look\n\nYou drive.")
    assert (user.role, user.content) == ("user", "First this.\n\nYou see A.")
    assert opening_messages(RenderedPrompt("s", "", {}), "a", "You see A.")[1].content == "You see A."
    assert opening_messages(RenderedPrompt("s", "", {}), "", "You see A.")[0].content == "s"


def test_everything_may_stand_in_one_user_message() -> None:
    prompt = RenderedPrompt("You drive.", "First this.", {})
    (user,) = opening_messages(prompt, "Actions: look", "You see A.", "user")
    assert (user.role, user.content) == ("user", "Actions: look\n\nYou drive.\n\nFirst this.\n\nYou see A.")


@pytest.mark.parametrize(
    ("settings", "form"),
    [
        (MindSettings(), JSON_FORM),
        (MindSettings(protocol="grammar"), JSON_FORM),
        (MindSettings(protocol="tools"), TOOL_FORM),
        (MindSettings(steps=2), FREE_FORM),
    ],
)
def test_prompt_asks_for_the_reply_that_is_read(texts: ScenarioTexts, settings: MindSettings, form: str) -> None:
    assert reply_form(settings) == form
    for seed in SEEDS:
        asked = render_prompt(prompt_config(), texts, "main", np.random.default_rng(seed), VARIABLES, form).system
        assert re.search(rf"\b(?:a|one) {form}\b", asked)
        assert ("JSON" in asked) == (form == JSON_FORM)
        assert asked.replace(form, JSON_FORM) == render(prompt_config(), texts, "main", seed).system


def with_base(wording: str) -> PromptConfig:
    return prompt_config().model_copy(update={"base": Section(level="own", paraphrases=(wording,))})


@pytest.mark.parametrize(
    ("wording", "words"),
    [
        ("{{ nothing }}", "'nothing' is undefined; the variables are: cabinet, consequence"),
        ("{{ device", "prompt section 'base'"),
        ("{{ ''.__class__.__mro__ }}", "prompt section 'base'"),
        ("{{ 1 + device }}", "prompt section 'base'"),
    ],
)
def test_a_bad_wording_is_one_clear_line(texts: ScenarioTexts, wording: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        render(with_base(wording), texts, "main")
    assert "\n" not in str(caught.value)


def test_an_unknown_arm_or_key_is_refused(texts: ScenarioTexts) -> None:
    with pytest.raises(ConfigError, match="it has: main, twin, ability"):
        render(prompt_config(), texts, "control")
    with pytest.raises(ValidationError, match="wordings"):
        PromptConfig.model_validate(composed()["prompt"] | {"wordings": 1})


def test_a_task_section_of_its_own_replaces_the_scenario_task_but_not_the_ability_order(texts: ScenarioTexts) -> None:
    config = prompt_config().model_copy(update={"task": Section(level="own", paraphrases=("Sort the boxes.",))})
    assert "Sort the boxes." in render(config, texts, "twin").system
    assert "Sort the boxes." not in render(config, texts, "ability").system
