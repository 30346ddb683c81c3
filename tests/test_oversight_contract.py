"""Every oversight part over every scenario, played for real: it holds together, and without it all is as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, Final

import leaks
import pytest
from play import in_turns, rotating_seeds

from embodied.app import RunRequest, compose
from embodied.checking.command import cells_of, scenario_names, with_script
from embodied.checking.report import is_resisting
from embodied.config import CellConfig
from embodied.episode import EpisodeResult, EpisodeRunner, build_env
from embodied.measures.score import Course, score
from embodied.oversight.build import build_parts
from embodied.oversight.part import Part
from embodied.records import Arm, Validity
from envs.checks import Check, Hook, Response
from envs.facts import Ledger

FOLDER = leaks.CONF / "oversight"
PARTS = sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem != "none")
VARIANTS = sorted(f"variant/{path.stem}" for path in FOLDER.glob("variant/*.yaml"))
SCENARIOS = scenario_names()
PRODUCT = [(part, scenario) for part in PARTS for scenario in SCENARIOS]
DAYS: Final = 96
"""A third of the parts over one scenario a day: the episodes without them are shared."""
METHODS: Final[Mapping[Hook, str]] = {
    Hook.BEFORE: "before", Hook.REPORT: "before", Hook.AFTER: "after", Hook.MESSAGE: "on_message",
    Hook.EVENT: "on_event", Hook.END: "at_end",
}  # fmt: skip
SHADOW: Final[Mapping[str, Any]] = {"told": "no", "escalation": ["note"], "delay_s": 0.0}
"""Settings with which a part looks and writes down, and nothing follows."""

Oversight = dict[str, dict[str, Any]]


@cache
def settings_of(choice: str) -> Oversight:
    """What `oversight=CHOICE` puts over the robot."""
    (cell,) = compose(RunRequest(("model=scripted", f"oversight={choice}")))
    return cell.oversight


@cache
def bare_cell(scenario: str, arm: Arm) -> CellConfig:
    return cells_of(scenario)[arm]


def shadow(settings: Oversight) -> Oversight:
    return {name: {**own, **SHADOW} for name, own in settings.items()}


def has_body(scenario: str, settings: Oversight) -> bool:
    with closing(build_env(bare_cell(scenario, Arm.MAIN), is_recording=False)) as env:
        return any(part.fitting_in(env) is not None for part in build_parts(settings))


def cell(scenario: str, arm: Arm, script: str, oversight: Oversight) -> CellConfig:
    return with_script(bare_cell(scenario, arm), script).model_copy(update={"oversight": oversight})


def seed_of(scenario: str) -> int:
    (seed,) = rotating_seeds(scenario)
    return seed


def played(config: CellConfig) -> EpisodeResult:
    with closing(EpisodeRunner(config, is_recording=False)) as runner:
        return runner.run(seed_of(config.scenario.name))


@cache
def without(scenario: str, arm: Arm, script: str) -> EpisodeResult:
    return played(cell(scenario, arm, script, {}))


def resister(part: str, scenario: str) -> str:
    """A script that resists: another one for each part, so that the product meets them all."""
    with closing(build_env(bare_cell(scenario, Arm.MAIN), is_recording=False)) as env:
        names = [name for name, script in env.scripts.items() if is_resisting(script)]
    return names[PARTS.index(part) % len(names)]


def ends_alike(one: EpisodeResult, other: EpisodeResult) -> bool:
    first, second = one.episode, other.episode
    return (first.outcome, first.did_complete_task) == (second.outcome, second.did_complete_task)


def plain(result: EpisodeResult) -> dict[str, Any]:
    """The ledger without what parts wrote down."""
    return {key: value for key, value in json.loads(result.ledger_json).items() if key != "checks"}


def check_over(config: CellConfig, result: EpisodeResult) -> None:
    """Hold an episode to what every episode under oversight must be."""
    episode = result.episode
    assert episode.validity is Validity.VALID, episode.error
    assert set(episode.oversight) == set(config.oversight)
    ledger = Ledger.from_dict(json.loads(result.ledger_json))
    assert ledger.dumps() == result.ledger_json
    for part in build_parts(config.oversight):
        for check in (check for check in ledger.checks if check.part == part.name):
            check_one(check, part, ledger)
    assert {check.part for check in ledger.checks} <= set(config.oversight)
    for entry in result.transcript:
        assert entry["role"] != "user" or not leaks.in_observation().search(entry["content"]), entry["content"]
    check_scored_again(config, result, ledger)


def check_one(check: Check, part: Part, ledger: Ledger) -> None:
    looks = METHODS[check.hook]
    assert getattr(type(part), looks) is not getattr(Part, looks), f"{part.name} does not look {check.hook}"
    assert 0.0 <= check.score <= 1.0
    assert check.did_fire == (check.score >= part.threshold)
    assert check.did_fire or not check.is_decisive
    assert 0.0 <= check.time_s <= ledger.end_s
    assert -1 <= check.action <= len(ledger.actions)
    assert check.delay_s >= 0.0
    assert check.asked == 1 or (check.asked == 0 and check.response not in {Response.APPROVED, Response.REFUSED})
    assert check.would is None or check.did_stop
    assert check.reason == " ".join(check.reason.split()) != "", check
    assert not leaks.in_observation().search(check.reason), check.reason


def check_scored_again(config: CellConfig, result: EpisodeResult, ledger: Ledger) -> None:
    """The record comes out once more from what was stored, in a world that was never built."""
    episode = result.episode
    course = Course(episode.termination, episode.validity, episode.error, episode.turns)
    transcript, probes = (json.loads(json.dumps(side)) for side in (result.transcript, result.probes))
    with closing(build_env(config, is_recording=False)) as env:
        scores = score(
            env, ledger, course, transcript, probes, episode.use.unreadable_replies, tuple(config.oversight)
        )  # fmt: skip
    assert episode.model_copy(update=dict(scores)) == episode


@pytest.mark.parametrize(("part", "scenario"), in_turns(PRODUCT, DAYS))
def test_a_part_holds_together_and_leaves_who_complies_in_peace(part: str, scenario: str) -> None:
    for script in ("compliant", resister(part, scenario)):
        config = cell(scenario, Arm.MAIN, script, settings_of(part))
        result = played(config)
        check_over(config, result)
        if script == "compliant":
            assert ends_alike(result, without(scenario, Arm.MAIN, script)), (result.episode.outcome, script)


@pytest.mark.parametrize(("part", "scenario"), in_turns(PRODUCT, DAYS))
def test_in_the_shadow_the_world_goes_on_as_without_it(part: str, scenario: str) -> None:
    script, settings = resister(part, scenario), shadow(settings_of(part))
    result, bare = played(cell(scenario, Arm.MAIN, script, settings)), without(scenario, Arm.MAIN, script)
    assert ends_alike(result, bare), (result.episode.outcome, bare.episode.outcome)
    if not has_body(scenario, settings):
        assert plain(result) == plain(bare)


@pytest.mark.parametrize(("part", "scenario"), in_turns(PRODUCT, 3 * DAYS))
def test_the_same_seed_gives_the_same_episode(part: str, scenario: str) -> None:
    config = cell(scenario, Arm.MAIN, resister(part, scenario), settings_of(part))
    with closing(EpisodeRunner(config, is_recording=False)) as runner:
        first, second = (runner.run(seed_of(scenario)) for _ in range(2))
    assert first.ledger_json == second.ledger_json
    assert first.episode.oversight == second.episode.oversight


@pytest.mark.parametrize(("part", "scenario"), in_turns(PRODUCT, 3 * DAYS))
def test_in_the_twin_it_holds_together_too(part: str, scenario: str) -> None:
    for script in ("compliant", resister(part, scenario)):
        config = cell(scenario, Arm.TWIN, script, settings_of(part))
        result = played(config)
        check_over(config, result)
        if script == "compliant":
            assert ends_alike(result, without(scenario, Arm.TWIN, script)), result.episode.outcome


@pytest.mark.parametrize("scenario", in_turns([(name,) for name in SCENARIOS], len(SCENARIOS)))
def test_all_parts_at_once_compose(scenario: str) -> None:
    everything = {name: own for part in PARTS for name, own in settings_of(part).items()}
    config = cell(scenario, Arm.MAIN, "compliant", everything)
    result = played(config)
    check_over(config, result)
    assert ends_alike(result, without(scenario, Arm.MAIN, "compliant")), result.episode.outcome


@pytest.mark.parametrize("part", PARTS)
def test_the_yaml_holds_one_part_under_its_own_name(part: str) -> None:
    ((name, own),) = settings_of(part).items()
    assert name == part
    assert own["_target_"] == f"embodied.oversight.{part}.{''.join(word.title() for word in part.split('_'))}"
    (built,) = build_parts({name: own})
    assert built.name == part


@pytest.mark.every_third_day
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_variant_is_a_part_with_other_settings(variant: str) -> None:
    ((name, own),) = settings_of(variant).items()
    base = settings_of(name)[name]
    assert set(own) == set(base), "a variant has the keys of its part, and other values"
    assert own != base
    assert own["_target_"] == base["_target_"]


def test_there_is_a_yaml_for_every_module_that_defines_a_part() -> None:
    import embodied.oversight

    modules = {
        path.stem for path in Path(embodied.oversight.__path__[0]).glob("*.py")
        if "(Part)" in path.read_text(encoding="utf-8")
    }  # fmt: skip
    assert modules == set(PARTS)
