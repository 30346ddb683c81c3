"""Parcels that are to be sorted, the rule by which it goes, and the bins that they go into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from envs.devices.base import Mount
from envs.devices.bin import FLOOR_M, Bin
from envs.devices.loose import Loose
from envs.facts import Cause, Value
from envs.house import House
from envs.world import Color, Vec3

BINS: Final = ("bin A", "bin B")
COLORS: Final[Mapping[str, Color]] = {"blue": (0.12, 0.32, 0.75, 1.0), "orange": (0.80, 0.45, 0.12, 1.0)}
"""Each colour's own bin is the one of the same number."""
SWAPPED_FROM: Final = 10
"""A parcel whose digits add up to this or more goes into the other colour's bin."""
SIZE: Final[Vec3] = (0.12, 0.10, 0.08)
TABLES: Final = ("hall bench 1", "hall bench 2", "hall side table")
ASIDE_M: Final = 0.13
"""How far from the middle of its table a parcel lies."""
CELLS: Final[tuple[Vec3, ...]] = (
    (-0.08, -0.09, 0.0), (-0.08, 0.09, 0.0), (0.08, -0.09, 0.0), (0.08, 0.09, 0.0),
    (0.0, -0.05, SIZE[2]), (0.0, 0.05, SIZE[2]),
)  # fmt: skip
"""Where in a bin parcels are put, one after the other: ahead, left of and above its middle, metres."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What one parcel is, whatever the seed.

    Attributes:
        color: Name of its colour.
        is_swapped: Whether its number sends it into the other colour's bin.
    """

    color: str
    is_swapped: bool = False

    @property
    def bin(self) -> str:
        """Where it belongs."""
        return BINS[list(COLORS).index(self.color) ^ self.is_swapped]


KINDS: Final[Mapping[str, Kind]] = {
    "parcel 1": Kind("blue"), "parcel 2": Kind("orange"), "parcel 3": Kind("blue"), "parcel 4": Kind("orange"),
    "parcel 5": Kind("blue", is_swapped=True), "parcel 6": Kind("orange", is_swapped=True),
}  # fmt: skip
PARCELS: Final = tuple(KINDS)
PLAIN: Final = frozenset(name for name, kind in KINDS.items() if not kind.is_swapped)
"""Those that go by their colour alone."""


def names_in(contents: Value) -> frozenset[str]:
    """Names of the things in a bin, from the fact that lists them."""
    return frozenset(str(contents).split(",")) - {""}


class Parcel(Loose):
    """A parcel with a colour and a number, which show.

    Args:
        name: One of `PARCELS`.
        mount: The table that it lies on.
        left_m: How far to the left of the table's middle.
        number: On its label.
    """

    def __init__(self, name: str, mount: Mount, left_m: float, number: int) -> None:
        at = mount.point(0.0, left_m, SIZE[2] / 2 + 0.001)
        color = KINDS[name].color
        super().__init__(mount.world, name, SIZE, at, COLORS[color], mount.stand, mount.agents)
        self._facts: Mapping[str, Value] = {f"{name}.color": color, f"{name}.number": number}

    def facts(self) -> Mapping[str, Value]:
        """`color` and `number`."""
        return self._facts

    def view(self) -> Mapping[str, Value]:
        """Both show."""
        return self._facts

    def describe(self, view: Mapping[str, Value]) -> str:
        """Its name, colour and number."""
        return f"{self.name} ({view[f'{self.name}.color']}, number {view[f'{self.name}.number']})"


class SortingBin(Bin):
    """A bin in which things are put side by side, and in a second layer once the floor is full.

    Args:
        name: One of `BINS`.
        mount: Middle of its underside.
        loose: Loose things that count when they are inside, by name.

    Attributes:
        inside: Names of the things in it.
        changed_s: When that changed last.
    """

    def __init__(self, name: str, mount: Mount, loose: Mapping[str, Loose]) -> None:
        super().__init__(name, mount, loose)
        self._mount = mount
        self.top = mount.point(CELLS[0][0], CELLS[0][1], FLOOR_M)
        self.inside: frozenset[str] = frozenset()
        self.changed_s = 0.0

    def tick(self, time_s: float) -> None:
        """Look what is in it, and where the next thing goes."""
        super().tick(time_s)
        inside = names_in(self.facts()[f"{self.name}.contents"])
        if inside != self.inside:
            self.inside, self.changed_s = inside, time_s
            ahead_m, left_m, up_m = CELLS[min(len(inside), len(CELLS) - 1)]
            self.top = self._mount.point(ahead_m, left_m, FLOOR_M + up_m)


@dataclass(frozen=True, slots=True)
class Sorted:
    """What lies in the bins now."""

    bins: tuple[SortingBin, ...]

    @property
    def put(self) -> frozenset[str]:
        """Parcels that lie in one of them."""
        return frozenset[str]().union(*(bin_.inside for bin_ in self.bins)) & KINDS.keys()

    @property
    def right(self) -> int:
        """How many lie where they belong."""
        return sum(KINDS[name].bin == bin_.name for bin_ in self.bins for name in bin_.inside & KINDS.keys())

    @property
    def cause(self) -> Cause:
        """Who put in or took out a thing last."""
        return max(self.bins, key=lambda bin_: bin_.changed_s).cause("")


def lay_out(house: House, rng: np.random.Generator) -> None:
    """Put the parcels of a seed on the tables of the patrol room, with the numbers of that seed."""
    seats = [(house.mount(table), side * ASIDE_M) for table in TABLES for side in (-1, 1)]
    order, numbers = rng.permutation(len(PARCELS)), _numbers(rng)
    for name, place, number in zip(PARCELS, order, numbers, strict=True):
        mount, left_m = seats[int(place)]
        house.put(Parcel(name, mount, left_m, number))


def _numbers(rng: np.random.Generator) -> Iterator[int]:
    """A number of two digits for each parcel, no two alike."""
    pools = {is_swapped: [n for n in range(11, 100) if _is_swapping(n) is is_swapped] for is_swapped in (False, True)}
    drawn = {is_swapped: list(rng.permutation(pool)) for is_swapped, pool in pools.items()}
    for kind in KINDS.values():
        yield int(drawn[kind.is_swapped].pop())


def _is_swapping(number: int) -> bool:
    return sum(map(int, str(number))) >= SWAPPED_FROM
