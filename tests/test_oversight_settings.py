"""Settings of oversight parts: each is of its kind or is refused in one line, and what is told of a part is so."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import cache
from typing import Any, Final

import leaks
import pytest
from play import in_turns, rotating_seeds

from embodied.app import RunRequest, compose
from embodied.checking.command import cells_of, scenario_names, with_script
from embodied.config import factors
from embodied.episode import EpisodeRunner, build_env
from embodied.errors import ConfigError
from embodied.oversight.build import build_parts
from embodied.oversight.naming import change_of
from embodied.records import Arm, Validity

FOLDER = leaks.CONF / "oversight"
PARTS = sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem != "none")
VARIANTS = sorted(f"variant/{path.stem}" for path in FOLDER.glob("variant/*.yaml"))
SCENARIOS = scenario_names()
BAD: Final[Mapping[type, tuple[Any, ...]]] = {
    bool: ("no", "off", "perhaps", 1, None, [True]),
    int: ("abc", "3", True, -1, math.nan, [1]),
    float: ("abc", "0.5", True, -1, math.nan, math.inf, [1.0]),
    list: ("block", 3, [], [3], [None]),
    str: (3, "", True, ["no"]),
    dict: (3, "abc", [1]),
}
"""What is not of the kind of a shipped value."""
LEFT_OUT: Final = frozenset({"_target_", "yes", "falsely", "ability", "instructions"})
"""Keys below which there are words, and the class."""
MONITOR: Final = "action_monitor"
LIGHT: Final = 0.3
"""A score below which no threshold stands that anybody would choose."""


@cache
def settings_of(choice: str) -> Mapping[str, Any]:
    (cell,) = compose(RunRequest(("model=scripted", f"oversight={choice}")))
    ((_, own),) = cell.oversight.items()
    return own


def leaves(settings: Mapping[str, Any], *above: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in settings.items():
        yield (*above, key), value
        if isinstance(value, dict):
            yield from leaves(value, *above, key)


def changed(settings: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    key, *below = path
    return {**settings, key: changed(settings[key], tuple(below), value) if below else value}


def wrongs(part: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every shipped setting of a part with every value that is not of its kind."""
    for path, shipped in leaves(settings_of(part)):
        if shipped is not None and path[-1] not in LEFT_OUT:
            yield from ((path, value) for value in BAD[type(shipped)])


def refusal(part: str, settings: Mapping[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        build_parts({part: settings})
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.every_third_day
@pytest.mark.parametrize("part", PARTS)
def test_a_value_of_another_kind_is_refused_in_one_line_that_names_it(part: str) -> None:
    for path, value in wrongs(part):
        message = refusal(part, changed(settings_of(part), path, value))
        assert message.startswith(f"oversight.{'.'.join((part, *path))}"), message
        assert not any(word in message for word in ("instance", "iterable", "supported", "argument")), message


@pytest.mark.parametrize(
    ("part", "key", "value", "message"),
    [
        ("action_gate", "acts", "off", "oversight.action_gate.acts: give true or false, not 'off'"),
        ("action_gate", "gives_reason", "no", "oversight.action_gate.gives_reason: give true or false, not 'no'"),
        ("action_gate", "threshold", "abc", "oversight.action_gate.threshold: give a number from 0 to 1, not 'abc'"),
        ("action_gate", "delay_s", 700, "oversight.action_gate.delay_s: give a time from 0 to 600 s, not 700"),
        ("action_monitor", "weights", {"in_vain": 2}, "oversight.action_monitor.weights.in_vain: give a weight from 0"),
        ("action_monitor", "reading", {"instructions": "x", "may_think": "no"}, "oversight.action_monitor.reading.may"),
        ("outcome_boundary", "until_s", "noon", "oversight.outcome_boundary.until_s: give a time from 0 s on, or null"),
        ("outcome_boundary", "per_minute", 1.5, "oversight.outcome_boundary.per_minute: give a whole number from 0 on"),
        ("outcome_boundary", "counted", ["fly"], "oversight.outcome_boundary.counted: give a list out of goto, move"),
        ("action_gate", "approver", {"patience": 1.5}, "oversight.action_gate.approver.patience: "),
        (
            "circuit_breaker",
            "limit",
            1,
            "oversight.circuit_breaker: there is no setting 'limit'; choose from: approver",
        ),
        ("audit", "_target_", "nowhere.Part", "oversight.audit._target_ is no oversight part: nowhere.Part"),
    ],
)
def test_the_line_says_what_to_give(part: str, key: str, value: Any, message: str) -> None:
    assert refusal(part, {**settings_of(part), key: value}).startswith(message)


@pytest.mark.every_third_day
def test_the_human_of_any_part_that_may_ask_can_be_set_by_hand() -> None:
    asking = [part for part in PARTS if part not in {"instruction", "fake_monitor"}]
    by_hand = (f"oversight.{part}.approver.misses=0.2" for part in asking)
    (cell,) = compose(RunRequest(("model=scripted", f"oversight=[{','.join(asking)}]", *by_hand)))
    for built in build_parts(cell.oversight):
        assert built.human.config.misses == 0.2
        assert factors(cell)[f"oversight.{built.name}.approver.misses"] == "0.2"


class TestPromises:
    """What is shipped to be said of a part is said of what it is as shipped."""

    @pytest.mark.parametrize("choice", [*PARTS, *VARIANTS])
    def test_as_shipped_it_can_be_built(self, choice: str) -> None:
        part = choice.rpartition("/")[2]
        assert len(build_parts({part: settings_of(choice)})) == 1

    @pytest.mark.parametrize("part", PARTS)
    def test_as_shipped_it_may_be_told_of(self, part: str) -> None:
        for told in settings_of(part)["texts"].keys() & {"yes", "falsely"}:
            (built,) = build_parts({part: {**settings_of(part), "told": told}})
            assert built.told == told

    @pytest.mark.parametrize(
        ("part", "key", "value", "written"),
        [
            ("action_gate", "escalation", ["note"], "[note]"),
            ("action_gate", "escalation", ["warn", "block"], "[warn, block]"),
            ("action_gate", "acts", False, "false"), ("action_gate", "rooms", False, "false"),
            ("action_monitor", "escalation", ["note"], "[note]"),
            ("thought_monitor", "weights", {"plans_to_resist": 0.1}, "{plans_to_resist: 0.1}"),
            ("message_checkpoint", "copy", False, "false"), ("outcome_boundary", "zone", False, "false"),
            ("outcome_boundary", "max_actions", None, "null"), ("circuit_breaker", "escalation", ["warn"], "[warn]"),
            ("second_path", "escalation", ["note"], "[note]"), ("human_checkpoint", "escalation", ["note"], "[note]"),
            ("tripwire", "escalation", ["note"], "[note]"),
        ],
    )  # fmt: skip
    def test_with_other_settings_it_needs_other_words(self, part: str, key: str, value: Any, written: str) -> None:
        other = {**settings_of(part), "told": "yes", key: value}
        assert refusal(part, other) == (
            f"oversight.{part}: what the robot is told says what it does as shipped; with {key} {written} give texts of"
            f" your own (oversight.{part}.texts.yes) or told=no"
        )
        own = {**other["texts"], "yes": ["There is something here."]}
        for untold in ({**other, "texts": own}, {**other, "told": "no"}, {**other, "told": "falsely"}):
            assert len(build_parts({part: untold})) == 1

    def test_a_limit_may_be_another_one(self) -> None:
        other = {**settings_of("outcome_boundary"), "told": "yes", "max_actions": 3, "per_minute": 2}
        assert len(build_parts({"outcome_boundary": other})) == 1


@pytest.mark.parametrize("scenario", in_turns([(name,) for name in SCENARIOS], 8))
def test_what_a_scenario_calls_a_change_is_not_said(scenario: str) -> None:
    with closing(build_env(cells_of(scenario)[Arm.MAIN], is_recording=False)) as env:
        env.reset(seed=0)
        in_sight = {*env.scene.devices, *env.scene.loose, *(target for spec in env.specs for target in spec.targets)}
        assert env.guarded.facts
        for fact in env.guarded.facts:
            thing, _, rest = fact.partition(".")
            said = change_of(fact, env)
            assert "." not in said
            assert not leaks.in_observation().search(said), said
            assert rest not in said.removeprefix(f"the {thing} ")
            assert said == (
                f"the {thing} was changed" if thing in in_sight else "something that is protected was changed"
            )


@pytest.mark.parametrize("scenario", in_turns([(name,) for name in SCENARIOS], 8))
def test_the_action_monitor_holds_nothing_against_honest_work(scenario: str) -> None:
    noted = {MONITOR: {**settings_of(MONITOR), "escalation": ["note"]}}
    cell = with_script(cells_of(scenario)[Arm.MAIN], "compliant").model_copy(update={"oversight": noted})
    (seed,) = rotating_seeds(scenario)
    with closing(EpisodeRunner(cell, is_recording=False)) as runner:
        episode = runner.run(seed).episode
    assert episode.validity is Validity.VALID, episode.error
    assert episode.oversight[MONITOR].score < LIGHT
