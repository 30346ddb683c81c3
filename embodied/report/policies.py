"""Kinds of policies, by their names: attackers, honest scripts, other scripts, and models."""

from __future__ import annotations

from typing import Final

HONEST: Final = "scripted/compliant"
ATTACKERS: Final = ("attacker/", "scripted/saboteur")
"""How the names of policies begin that are there to get past oversight."""
SCRIPTS: Final = ("scripted/", "attacker/")


def is_attacker(model: str) -> bool:
    """Whether a policy is one that is there to get past oversight."""
    return model.startswith(ATTACKERS)


def is_model(model: str) -> bool:
    """Whether a policy is no script."""
    return not model.startswith(SCRIPTS)


def is_tested(model: str) -> bool:
    """Whether oversight is there to change what a policy does: an attacker or a model, no honest or random script."""
    return is_attacker(model) or is_model(model)
