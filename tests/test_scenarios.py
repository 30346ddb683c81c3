"""What every scenario must have, read off its class and its YAML, and that its scripts land in their classes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

import leaks
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.utils import get_class
from omegaconf import OmegaConf
from play import in_turns, rotating_seeds

import envs.scenarios
from embodied.checking.command import CheckRequest, cells_of, check, scenario_names, with_script
from embodied.checking.play import Play
from embodied.checking.report import is_resisting, judge
from embodied.config import CellConfig
from embodied.episode import EpisodeRunner, build_env
from embodied.policy.prompt import RenderedPrompt, render_peer_prompt, render_prompt
from embodied.policy.protocol import describe_skills
from embodied.policy.sections import ArmTexts, PromptConfig, ScenarioTexts
from embodied.records import Arm, Outcome
from envs.scenario import Scenario

HEADINGS = ("Question", "Setup", "Incentive", "What counts (ground truth)", "Ways out", "Caveats", "Source", "Args")
SECTIONS = [path for path in sorted((leaks.CONF / "prompt").iterdir()) if path.is_dir()]
LEVELS = {folder.name: sorted(path.stem for path in folder.glob("*.yaml")) for folder in SECTIONS}
SEEDS = range(20)
MODULES = {path.stem for path in Path(envs.scenarios.__path__[0]).glob("*.py")} - {"__init__"}
NAMES = scenario_names()


@cache
def cells(name: str) -> dict[Arm, CellConfig]:
    return cells_of(name)


def class_path(name: str) -> str:
    return f"envs.scenarios.{name}.{''.join(word.title() for word in name.split('_'))}"


def scenario_class(name: str) -> type[Scenario]:
    found: type[Scenario] = get_class(class_path(name))
    return found


SCRIPTS = [(name, script) for name in NAMES for script in scenario_class(name).scripts]


def test_every_scenario_that_states_classes_can_be_chosen() -> None:
    stating = {name for name in MODULES if any(s.outcome for s in scenario_class(name).scripts.values())}
    assert stating == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
class TestDeclaration:
    def test_docstring_is_the_scientific_statement(self, name: str) -> None:
        text = inspect.getdoc(scenario_class(name)) or ""
        found = re.findall(rf"^({'|'.join(map(re.escape, HEADINGS))}):\n    \S", text, re.MULTILINE)
        assert found == list(HEADINGS)

    @pytest.mark.every_third_day
    def test_names_agree(self, name: str) -> None:
        config = cells(name)[Arm.MAIN].scenario
        assert config.name == scenario_class(name).name == name
        assert config.env["_target_"] == class_path(name)

    def test_class_attributes_are_of_use(self, name: str) -> None:
        env_class = scenario_class(name)
        assert re.fullmatch(r"(?:an?|the) [a-z].*[^.]", env_class.twin_object), env_class.twin_object
        assert env_class.camera.width > env_class.camera.height > 0
        with closing(build_env(cells(name)[Arm.MAIN])) as env:
            env.reset(seed=0)
            assert set(env_class.faulty) <= set(env.ledger.facts)

    def test_scripts_cover_what_can_happen(self, name: str) -> None:
        scripts = scenario_class(name).scripts
        assert {"compliant", "liar", "incompetent", "clumsy", "random"} <= set(scripts)
        assert {key for key, script in scripts.items() if script.is_random} == {"random"}
        assert all(script.outcome in set(Outcome) for script in scripts.values() if not script.is_random)
        saboteurs = {key: script for key, script in scripts.items() if key.startswith("saboteur_")}
        assert any(is_resisting(script) and script.method for script in saboteurs.values())
        assert any(script.outcome == Outcome.ASKED_OR_HANDED_OVER for script in scripts.values())
        assert scripts["liar"].answers == "lie"
        assert {scripts[key].answers for key in ("compliant", "clumsy", *saboteurs)} == {"honest"}
        for key in ("compliant", "incompetent", "clumsy"):
            assert not is_resisting(scripts[key]), key

    def test_arguments_of_the_yaml_are_accepted_and_wrong_ones_explained(self, name: str) -> None:
        env_class, given = scenario_class(name), dict(cells(name)[Arm.MAIN].scenario.env)
        del given["_target_"]
        assert {"access", "sensor_fault"} <= set(given)
        own = set(inspect.signature(env_class).parameters) - {"arm", "options"}
        assert own <= set(given)
        for key in {key for key, value in given.items() if isinstance(value, str)}:
            with pytest.raises(ValueError, match=f"{key} .*'no such level'.*{given[key]}"):
                env_class(**given | {key: "no such level"})


def wordings(name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Everything that a scenario words, with the place in its YAML."""
    texts = cells(name)[Arm.MAIN].scenario.texts
    yield "task", texts.task
    if texts.arms["ability"].task:
        yield "arms.ability.task", texts.arms["ability"].task
    if texts.peer is not None:
        yield "peer", texts.peer.task
    for place, part in parts(texts):
        for section, by_level in (*part.sections.items(), *part.situation.items()):
            for level, words in by_level.items():
                yield f"{place} {section} {level}", words


def parts(texts: ScenarioTexts) -> list[tuple[str, ScenarioTexts | ArmTexts]]:
    """What all arms share, and each arm's own."""
    return [("shared", texts), *texts.arms.items()]


@pytest.mark.parametrize("name", NAMES)
class TestTexts:
    def test_everything_is_worded_in_five_ways(self, name: str) -> None:
        for place, words in wordings(name):
            distinct = {" ".join(wording.split()).casefold() for wording in words}
            is_silenced = place.startswith(tuple(Arm)) and not words
            assert is_silenced or len(distinct) == len(words) >= 5, place

    def test_arms_are_complete(self, name: str) -> None:
        arms = cells(name)[Arm.MAIN].scenario.texts.arms
        assert set(arms) == set(Arm)
        assert arms["ability"].task
        assert not arms["main"].task
        assert not arms["twin"].task
        assert arms["ability"].variables == arms["main"].variables
        assert arms["twin"].variables.keys() == arms["main"].variables.keys()

    def test_every_wording_belongs_to_a_level_that_exists(self, name: str) -> None:
        texts, env = cells(name)[Arm.MAIN].scenario.texts, cells(name)[Arm.MAIN].scenario.env
        for _, part in parts(texts):
            for section, by_level in part.sections.items():
                assert set(by_level) <= set(LEVELS[section]), section
            assert set(part.situation) <= set(texts.situation)
            for argument, by_level in part.situation.items():
                for level in by_level:
                    scenario_class(name)(
                        **{key: value for key, value in env.items() if key != "_target_"} | {argument: level}
                    )


@cache
def prompt_config(group: str, level: str) -> PromptConfig:
    """The shipped prompt with one section at another level."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(leaks.CONF), version_base="1.3"):
        composed = compose(overrides=["+prompt=default", f"prompt/{group}={level}"])
        return PromptConfig.model_validate(OmegaConf.to_container(composed.prompt, resolve=True))


def renderings(name: str) -> Iterator[RenderedPrompt]:
    """Every level of every section and every situation, one at a time, in all arms and on all seeds."""
    for arm, cell in cells(name).items():
        texts, shipped = cell.scenario.texts, cell.scenario.env
        prompts = [prompt_config(group, level) for group, levels in LEVELS.items() for level in levels]
        cases = [(config, shipped) for config in prompts]
        for argument, by_level in texts.situation.items():
            cases += [(cell.prompt, shipped | {argument: level}) for level in by_level]
        for config, env_config in cases:
            chosen = cell.model_copy(update={"scenario": cell.scenario.model_copy(update={"env": env_config})})
            situation = {key: str(value) for key, value in env_config.items()}
            with closing(build_env(chosen)) as env:
                for seed in SEEDS:
                    rng = env.stream(seed, "paraphrase")
                    yield render_prompt(config, texts, arm, rng, env.variables, situation=situation)
                    if texts.peer is not None:
                        yield render_peer_prompt(config, texts, arm, rng, env.variables)


@pytest.mark.every_third_day
@pytest.mark.parametrize("name", NAMES)
def test_no_prompt_says_what_the_experiment_calls_things(name: str) -> None:
    blocks: set[str] = set()
    for prompt in renderings(name):
        assert {"base", "task"} <= set(prompt.chosen)
        for text in (prompt.system, prompt.user_preamble, prompt.notice):
            blocks.update(text.split("\n\n"))
    assert len(blocks) > 60
    assert not (found := leaks.in_observation().search(describe_skills(scenario_class(name)().specs))), found
    for block in blocks:
        assert not (found := leaks.in_prompt().search(block)), (found, block)
        assert not re.search(r"[{}%]|\bTrue\b|\bNone\b|  ", block), block


def plays(name: str, script: str, arm: Arm, seed: int) -> Play:
    """Play an episode and read all that the script was shown."""
    with closing(EpisodeRunner(with_script(cells(name)[arm], script), is_recording=False)) as runner:
        result = runner.run(seed)
    shown = [message["content"] for message in result.transcript if message["role"] == "user"]
    assert shown
    for text in shown:
        assert not (found := leaks.in_observation().search(text)), (found, text)
    return Play(script, arm, seed, result.episode)


@pytest.mark.parametrize(("name", "script"), in_turns(SCRIPTS, 20))
def test_script_lands_in_its_class(name: str, script: str) -> None:
    seed, _ = rotating_seeds(f"{name} {script}", 2)
    assert judge(name, scenario_class(name).scripts, [plays(name, script, Arm.MAIN, seed)]).problems == ()


@pytest.mark.parametrize(("name", "script"), in_turns(SCRIPTS, 80))
def test_script_lands_in_its_class_on_another_seed_and_acts_alike_in_the_twin(name: str, script: str) -> None:
    scripts = scenario_class(name).scripts
    _, seed = rotating_seeds(f"{name} {script}", 2)
    arms = (Arm.MAIN, Arm.TWIN) if is_resisting(scripts[script]) else (Arm.MAIN,)
    assert judge(name, scripts, [plays(name, script, arm, seed) for arm in arms]).problems == ()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_all_scripts_land_in_their_classes_on_all_seeds(name: str) -> None:
    (report,) = check(CheckRequest((name,), is_full=True))
    assert report.problems == ()
    assert report.chance.n == 200
