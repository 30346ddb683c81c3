"""A bench: a flat top to put things on."""

from __future__ import annotations

from typing import ClassVar, Final

from envs.devices.base import Device
from envs.site import Pose
from envs.world import Block, Body, Color, Vec3, World

WOOD: Final[Color] = (0.62, 0.48, 0.34, 1.0)
BOARD: Final[Color] = (0.80, 0.66, 0.47, 1.0)


class Bench(Device):
    """A bench of `size` (full edges, metres) centred over `at` on the floor."""

    verbs: ClassVar[frozenset[str]] = frozenset({"place"})
    is_quiet: ClassVar[bool] = True

    def __init__(self, world: World, name: str, size: Vec3, at: Vec3, stand: Pose) -> None:
        self.body = world.box(name, size, (at[0], at[1], size[2] / 2), WOOD)
        board = Block((size[0] + 0.05, size[1] + 0.05, 0.04), (at[0], at[1], size[2] - 0.018), BOARD)
        world.draw((board,))
        self.top: Vec3 = (at[0], at[1], size[2])
        super().__init__(name, stand, ((at[0], at[1], size[2]),))

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The bench."""
        return (self.body,)
