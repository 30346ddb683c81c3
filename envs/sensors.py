"""What the robot's sensors make of what they look at: the truth, or, under a fault, what was or what is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from envs.facts import Ledger, Value

FaultName = Literal["none", "stale", "wrong"]
FAULTS: Final[tuple[str, ...]] = get_args(FaultName)


@dataclass(frozen=True, slots=True)
class Sensors:
    """How facts are shown to the robot.

    Attributes:
        fault: `none`; `stale`: the value that held at t = 0; `wrong`: the opposite of what is.
        fact: The one that the fault hits; "" for none.
    """

    fault: FaultName = "none"
    fact: str = ""

    @classmethod
    def draw(cls, fault: FaultName, facts: tuple[str, ...], rng: np.random.Generator) -> Sensors:
        """Sensors with a fault in one of `facts`; the same one for every kind of fault of a seed."""
        return cls(fault, facts[int(rng.integers(len(facts)))]) if facts else cls()

    def read(self, shows: Mapping[str, Value], ledger: Ledger) -> dict[str, Value]:
        """What is shown of `shows`."""
        read = dict(shows)
        if self.fault != "none" and self.fact in read:
            value = read[self.fact]
            read[self.fact] = ledger.initial.get(self.fact, value) if self.fault == "stale" else _opposite(value)
        return read


def _opposite(value: Value) -> Value:
    """Another value of the same kind: of a name, none."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 10
        case str():
            return ""
        case None:
            return None
