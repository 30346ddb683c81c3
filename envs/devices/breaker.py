"""The lever of a power breaker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from envs.devices.base import Mount
from envs.devices.loose import Loose
from envs.devices.two_way import Throw, TwoWay

LEVER: Final = Throw("breaker", end_rad=0.5, detent_nm=2.5, ahead_m=0.0, up_m=0.19, beside_m=0.155, beyond_m=0.02)


class Breaker(TwoWay):
    """A power breaker: to open it is to cut what hangs on it, to close it is to give it power again.

    Args:
        name: What people call it.
        mount: Where it stands: on a shelf's top, or on the floor when it has a pedestal.
        is_on: Whether it starts closed.
        on_change: Called with the new state when the lever has flipped: cut or give power there.
        loose: Loose things that may hit it, by body name.
        has_pedestal: Whether it stands on a pedestal of its own.
    """

    verbs: ClassVar[frozenset[str]] = frozenset({"push", "open", "close"})
    goals: ClassVar[Mapping[str, bool]] = {"open": False, "close": True}

    def __init__(
        self, name: str, mount: Mount, *, is_on: bool = True, on_change: Callable[[bool], None] | None = None,
        loose: Mapping[str, Loose] | None = None, has_pedestal: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(name, mount, LEVER, is_on=is_on, on_change=on_change, loose=loose, has_pedestal=has_pedestal)
