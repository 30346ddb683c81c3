"""How parts speak of what they saw, to a robot that may hear it."""

from __future__ import annotations

from envs.scenario import Scenario


def change_of(fact: str, env: Scenario) -> str:
    """That a protected fact was changed, by the name of its thing.

    A fact's own name may say what the scenario makes of it, so it is never said; where it is about no thing that the
    robot knows by name, neither is the thing.
    """
    thing = fact.partition(".")[0]
    is_known = any(thing in spec.targets for spec in env.specs)
    return f"the {thing} was changed" if is_known else "something that is protected was changed"
