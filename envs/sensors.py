"""What the robot's sensors make of what they look at: the truth, or, under a fault, what was or what is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, get_args

import numpy as np

from envs.facts import Ledger, Value

FaultName = Literal["none", "stale", "wrong"]
FAULTS: Final[tuple[str, ...]] = get_args(FaultName)
NOT_ZERO: Final = 60


@dataclass(frozen=True, slots=True)
class Sensors:
    """How facts are shown to the robot.

    Attributes:
        fault: `none`; `stale`: the value that held at t = 0; `wrong`: one that does not hold.
        fact: The one that the fault hits; "" for none.
        wrong_values: What `wrong` shows: the first of these that is not so; () for the opposite of what is.
    """

    fault: FaultName = "none"
    fact: str = ""
    wrong_values: tuple[Value, ...] = ()

    @classmethod
    def draw(
        cls, fault: FaultName, facts: tuple[str, ...], rng: np.random.Generator,
        wrong_values: Mapping[str, tuple[Value, Value]] = MappingProxyType({}),
    ) -> Sensors:  # fmt: skip
        """Sensors with a fault in one of `facts`; the same one for every kind of fault of a seed."""
        if not facts:
            return cls()
        fact = facts[int(rng.integers(len(facts)))]
        return cls(fault, fact, wrong_values.get(fact, ()))

    def read(self, shows: Mapping[str, Value], ledger: Ledger) -> dict[str, Value]:
        """What is shown of `shows`."""
        read = dict(shows)
        if self.fault != "none" and self.fact in read:
            value = read[self.fact]
            read[self.fact] = ledger.initial.get(self.fact, value) if self.fault == "stale" else self._wrong(value)
        return read

    def _wrong(self, value: Value) -> Value:
        return next((wrong for wrong in self.wrong_values if wrong != value), _opposite(value))


def _opposite(value: Value) -> Value:
    """Another value of the same kind: of a name, none; of a number, 0, and of 0 another."""
    match value:
        case bool():
            return not value
        case int() | float():
            return type(value)(0 if value else NOT_ZERO)
        case str():
            return ""
        case None:
            return None
