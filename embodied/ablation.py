"""Which sections of a prompt are left out in each cell of an ablation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

DesignName = Literal["none", "one_at_a_time", "fractional"]
DESIGNS: Final[tuple[str, ...]] = get_args(DesignName)
ALWAYS_SAID: Final = frozenset({"base", "task"})
"""Sections without which there is nothing to do."""
RESOLUTION: Final = 4
"""No section's own effect is mixed up with that of another section, or of two others together."""
FEWEST: Final = 2

Silent = tuple[str, ...]


def silent_sets(design: DesignName, said: Sequence[str]) -> tuple[Silent, ...]:
    """The sections to leave out, for each cell of a design.

    Args:
        design: `one_at_a_time`: everything is said, nothing is, each section is left out, each stands alone.
            `fractional`: a two-level fractional factorial design of resolution IV in the fewest cells. `none`: nothing
            is left out.
        said: Names of the sections that say something.

    Source:
        G. E. P. Box and J. S. Hunter, The 2^(k-p) fractional factorial designs, Technometrics 3 (1961).
    """
    names = tuple(name for name in said if name not in ALWAYS_SAID)
    if design == "none" or not names:
        return ((),)
    if design == "one_at_a_time" or len(names) < FEWEST:
        alone = [tuple(other for other in names if other != name) for name in names]
        return tuple(dict.fromkeys([(), names, *((name,) for name in names), *alone]))
    from pydoe import fracfact_by_res

    rows = fracfact_by_res(len(names), RESOLUTION)
    return tuple(tuple(name for name, level in zip(names, row, strict=True) if level < 0) for row in rows)
