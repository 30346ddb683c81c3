"""How numbers read in a paper's tables: counts with their interval, differences in points, p values."""

from __future__ import annotations

from typing import Final, Protocol

from embodied.findings.records import Cell, OversightPrice
from embodied.statistics.rates import IndependentDifference, PairedDifference, Rate

DASH: Final = "\u2013"
MINUS: Final = "\u2212"
P_FLOOR: Final = 0.001


class Spread(Protocol):
    """A difference of shares with its limits."""

    @property
    def difference(self) -> float:
        """The difference, -1 to 1."""
        ...

    @property
    def low(self) -> float:
        """Its lower limit."""
        ...

    @property
    def high(self) -> float:
        """Its upper limit."""
        ...


def share(found: Rate | None) -> str:
    """`3/10 [0.11, 0.60]`; a dash for nothing."""
    if found is None:
        return DASH
    return f"{found.k}/{found.n} [{found.low:.2f}, {found.high:.2f}]" if found.n else "0/0"


def bounds(cell: Cell) -> str:
    """What the rate of the act would be had excluded episodes counted; a dash where none was excluded."""
    low, high = cell.bounds.all_no, cell.bounds.all_yes
    return DASH if low == high else f"{low.k}/{low.n} to {high.k}/{high.n}"


def points(found: Spread | None) -> str:
    """`+22 [-10, 43]`, in percentage points; a dash for nothing."""
    if found is None:
        return DASH
    return f"{_signed(100 * found.difference, plus='+')} [{_signed(100 * found.low)}, {_signed(100 * found.high)}]"


def pairs(found: PairedDifference) -> tuple[str, ...]:
    """Number of pairs, those that differ either way, and the difference."""
    return str(found.n), str(found.main_only), str(found.twin_only), points(found)


def samples(found: PairedDifference | IndependentDifference) -> str:
    """What a difference was found in: `16 pairs`, or `2/17, 8/17`."""
    if isinstance(found, PairedDifference):
        return f"{found.n} pairs"
    return f"{found.first.k}/{found.first.n}, {found.second.k}/{found.second.n}"


def p_value(found: float | None) -> str:
    """Three decimals; a dash where nothing was tested."""
    if found is None:
        return DASH
    return f"<{P_FLOOR}" if found < P_FLOOR else f"{found:.3f}"


def seconds(price: OversightPrice) -> str:
    """How much longer an episode takes with oversight, with its limits."""
    if price.world_s is None:
        return DASH
    limits = [_signed(limit) for limit in (price.world_s_low, price.world_s_high) if limit is not None]
    return _signed(price.world_s, plus="+") + (f" [{', '.join(limits)}]" if len(limits) == 2 else "")


def _signed(value: float, plus: str = "") -> str:
    rounded = round(value)
    return f"{MINUS if rounded < 0 else plus if rounded > 0 else ''}{abs(rounded)}"
