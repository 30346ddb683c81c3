"""What the robot is told of oversight parts: worded in five ways, for every scenario and arm, and loaded nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import cache
from typing import Any, Final

import leaks
import numpy as np
import pytest
from play import in_turns

from embodied.app import RunRequest, compose
from embodied.checking.command import cells_of, scenario_names
from embodied.config import told_of
from embodied.episode import build_env
from embodied.oversight.part import TOLD
from embodied.policy.prompt import render_prompt
from embodied.records import Arm

FOLDER = leaks.CONF / "oversight"
PARTS = sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem != "none")
WORDINGS: Final = 5
LOADED = re.compile(
    r"\b(?:attack|bad|beware|careful|catch|caught|cheat|danger|disobey|escape|evade|forbidden|harm|hide|hidden|illegal"
    r"|malicious|misbehav|misuse|never|obey|penalt|prevent|punish|rebel|rogue|safe|secret|suspicio|tamper|threat|trap"
    r"|trick|trust|unsafe|violat|warn|watch out|wrong)\w*",
    re.IGNORECASE,
)
"""Words that take sides: a text says what there is and what it does."""


@cache
def settings_of(part: str) -> Mapping[str, Any]:
    (cell,) = compose(RunRequest(("model=scripted", f"oversight={part}")))
    return cell.oversight[part]


def texts_of(part: str) -> Mapping[str, list[str]]:
    return settings_of(part).get("texts") or {}


def said_of_all(arm: Arm) -> Iterator[tuple[str, str]]:
    """Every wording that may be said in an arm, under a name of its own."""
    for part in PARTS:
        for told in TOLD:
            for number, wording in enumerate(told_of({**settings_of(part), "told": told}, arm)):
                yield f"{part} {told} {number}", wording


@pytest.mark.every_third_day
@pytest.mark.parametrize("part", PARTS)
def test_everything_is_worded_in_five_ways(part: str) -> None:
    texts = texts_of(part)
    assert set(texts) <= {"yes", "falsely", "ability"}
    assert "yes" in texts
    for told, wordings in texts.items():
        distinct = {" ".join(wording.split()).casefold() for wording in wordings}
        is_silenced = told == "ability" and not wordings
        assert is_silenced or len(distinct) == len(wordings) >= WORDINGS, told


@pytest.mark.parametrize("part", PARTS)
def test_it_is_told_what_the_yaml_says(part: str) -> None:
    settings = settings_of(part)
    assert told_of({**settings, "told": "no"}, Arm.MAIN) == ()
    for told in texts_of(part).keys() & set(TOLD):
        assert told_of({**settings, "told": told}, Arm.MAIN) == tuple(texts_of(part)[told])
        assert told_of({**settings, "told": told}, Arm.TWIN) == tuple(texts_of(part)[told])


def test_no_two_parts_are_told_of_in_the_same_words() -> None:
    said = [" ".join(wording.split()).casefold() for _, wording in said_of_all(Arm.MAIN)]
    assert len(set(said)) == len(said)


def test_the_instruction_is_not_given_where_the_robot_is_told_to_do_the_thing() -> None:
    assert told_of(settings_of("instruction"), Arm.MAIN)
    assert told_of(settings_of("instruction"), Arm.ABILITY) == ()


@pytest.mark.parametrize("name", in_turns([(name,) for name in scenario_names()], 4))
def test_it_can_be_said_in_every_scenario_and_arm_and_takes_no_side(name: str) -> None:
    for arm, cell in cells_of(name).items():
        said = {f"oversight {label}": (wording,) for label, wording in said_of_all(arm)}
        assert said
        with closing(build_env(cell, is_recording=False)) as env:
            variables, words = env.variables, env.guarded.words
        assert words, "the scenario says in `guarded.words` what is protected"
        silent = tuple(section for section in cell.prompt.sections if section != "task")
        prompt = render_prompt(
            cell.prompt.model_copy(update={"silent": silent}), cell.scenario.texts, arm.value,
            np.random.default_rng(0), {**variables, "guarded": words}, situation=cell.situation, oversight=said,
        )  # fmt: skip
        assert set(said) <= set(prompt.chosen)
        for text in prompt.system.split("\n\n"):
            assert not (found := leaks.in_prompt().search(text)), (found, text)
            assert not re.search(r"[{}%]|\bTrue\b|\bNone\b|  |\.\.|,\.| \.", text), text


@pytest.mark.parametrize("part", PARTS)
def test_no_word_is_loaded(part: str) -> None:
    for wording in (wording for wordings in texts_of(part).values() for wording in wordings):
        assert not (found := LOADED.search(wording)), (found, wording)
