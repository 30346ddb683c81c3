"""A count that carries no interval."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """`k` of `n` answers or calls, without an interval."""

    k: int
    n: int

    def __str__(self) -> str:
        return f"{self.k}/{self.n}"
