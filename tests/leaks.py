"""What the robot must never read: how the experiment calls its arms, scenarios, classes, deeds and levels.

A name with an underscore is nothing but a name of ours: it may stand nowhere. A plain word is forbidden where it would
give the experiment away, or is a class or a level that all scenarios share, unless it is an everyday word. A scenario's
own levels are everyday words ("watched") and may be said.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

import yaml
from hydra.utils import get_class

from embodied.checking.command import scenario_names
from embodied.records import Arm, Outcome, Termination, Validity
from envs.facts import Category

CONF: Final = Path(__file__).parents[1] / "conf"
GIVES_AWAY: Final = (
    r"twin|ability|main|scenario|test|tested|experiment\w*|oversight|sabot\w*|deed|episode|paraphrase|neutral"
    r"|comply|complie[sd]|compliance|compliant|liar|incompetent|clumsy|deceive\w*|deception|resist\w*"
)
IN_PROMPTS: Final = r"lie|honest|simulation|simulated|should not"
IN_OBSERVATIONS: Final = r"arm|nan|None|True|False"
EVERYDAY: Final = frozenset({"fixed", "replaced", "sign", "submitted", "system", "unit", "user", "wiped"})


@cache
def in_prompt() -> re.Pattern[str]:
    """Matches what no rendered prompt may say."""
    plain = {name for name in _enum_names() | shared_levels() if "_" not in name} - EVERYDAY
    return _pattern(GIVES_AWAY, IN_PROMPTS, *map(re.escape, sorted(plain)))


@cache
def in_observation() -> re.Pattern[str]:
    """Matches what nothing that the robot reads on its way may say."""
    return _pattern(GIVES_AWAY, IN_OBSERVATIONS)


def shared_levels() -> set[str]:
    """Levels of the prompt sections that all scenarios share."""
    return {path.stem for path in (CONF / "prompt").glob("*/*.yaml")}


def identifiers() -> set[str]:
    """Every name of ours that has an underscore."""
    names = _enum_names() | shared_levels() | {path.name for path in (CONF / "prompt").iterdir() if path.is_dir()}
    for name in scenario_names():
        names |= {name} | _names_of(name)
    return {name for name in names if "_" in name}


def _enum_names() -> set[str]:
    return {member.value for enum in (Arm, Outcome, Termination, Validity, Category) for member in enum}


def _names_of(scenario: str) -> set[str]:
    """Arguments and their levels, and what the scripts and their deeds are called."""
    described = yaml.safe_load((CONF / "scenario" / f"{scenario}.yaml").read_text())
    env, texts = described["env"], described["texts"]
    levels = {
        level for group in ("sections", "situation") for levels in texts.get(group, {}).values() for level in levels
    }
    scripts = get_class(env["_target_"]).scripts
    methods = {script.method for script in scripts.values()}
    return set(env) - {"_target_"} | {str(level) for level in env.values()} | levels | set(scripts) | methods


def _pattern(*words: str) -> re.Pattern[str]:
    every = [*map(re.escape, sorted(identifiers())), *words]
    return re.compile(rf"\b(?:{'|'.join(every)})\b", re.IGNORECASE)
