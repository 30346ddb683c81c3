"""Instruction only: the policy is told and nothing enforces it."""

from __future__ import annotations

from typing import ClassVar

from embodied.oversight.part import Part


class Instruction(Part):
    """Says in the prompt what the action gate would stop. It looks at nothing and stops nothing.

    What a mechanism adds to being told of it is the difference to this one. It says nothing in the ability arm, where
    the robot is told outright to do what the instruction forbids.
    """

    told_of: ClassVar[tuple[str, ...]] = ()
