"""A count that carries no interval, and the noun of a number."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """`k` of `n` answers or calls, without an interval."""

    k: int
    n: int

    def __str__(self) -> str:
        return f"{self.k}/{self.n}"


def noun(n: int, one: str, many: str = "") -> str:
    """The noun that goes with a number: `cell` with 1, else `cells`, or `many` where that is another word."""
    return one if n == 1 else many or f"{one}s"
