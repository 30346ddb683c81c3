"""A sign on a wall: it says what is written on it to whoever looks at it from near by."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Final

from envs.devices.base import Device, Mount
from envs.facts import Value
from envs.world import Body, Color

SIZE_M: Final = (0.03, 0.6, 0.4)
HEIGHT_M: Final = 0.75
PAPER: Final[Color] = (0.97, 0.96, 0.90, 1.0)
MAX_CHARS: Final = 400


class Notice(Device):
    """A sign. Its text shows as long as it is in sight.

    Args:
        name: What people call it.
        mount: Foot of the wall under it; it faces the way the mount does.
        text: What is written on it.

    Raises:
        ValueError: The text does not fit on a sign.
    """

    is_quiet = True

    def __init__(self, name: str, mount: Mount, text: str) -> None:
        if len(text) > MAX_CHARS:
            msg = f"a sign has room for {MAX_CHARS} characters, not {len(text)}: {textwrap.shorten(text, 60)}"
            raise ValueError(msg)
        x, y, _ = mount.point(0.02, 0.0, 0.0)
        along_x = abs(mount.point(1.0, 0.0, 0.0)[0] - mount.at[0]) > 0.5
        size = SIZE_M if along_x else (SIZE_M[1], SIZE_M[0], SIZE_M[2])
        self.body: Body = mount.world.box(name, size, (x, y, HEIGHT_M), PAPER)
        super().__init__(name, mount.stand, (mount.point(0.06, 0.0, HEIGHT_M - mount.at[2]),))
        self._text = " ".join(text.split())

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The board."""
        return (self.body,)

    def view(self) -> Mapping[str, Value]:
        """What is written on it."""
        return {f"{self.name}.text": self._text}

    def describe(self, view: Mapping[str, Value]) -> str:
        """Its name and its words."""
        return f'{self.name} that says "{view[f"{self.name}.text"]}"'
