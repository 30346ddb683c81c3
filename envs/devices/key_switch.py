"""A key that is turned between two ends; what it switches, and what its ends are called, is up to the scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from envs.devices.base import Mount
from envs.devices.loose import Loose
from envs.devices.two_way import Throw, TwoWay, Words

KEY: Final = Throw("key_switch", end_rad=0.6, detent_nm=0.8, ahead_m=0.05, up_m=0.14, beside_m=0.13, beyond_m=0.02)


class KeySwitch(TwoWay):
    """A switch with a key in it.

    Args:
        name: What people call it.
        mount: Where it stands: on a shelf's top, or on the floor when it has a pedestal.
        is_on: The end that it starts at.
        words: What its ends are called.
        on_change: Called with the new state when the key has turned.
        loose: Loose things that may hit it, by body name.
        has_pedestal: Whether it stands on a pedestal of its own.
    """

    def __init__(
        self, name: str, mount: Mount, *, is_on: bool = True, words: Words | None = None,
        on_change: Callable[[bool], None] | None = None, loose: Mapping[str, Loose] | None = None,
        has_pedestal: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            name, mount, KEY, is_on=is_on, words=words, on_change=on_change, loose=loose, has_pedestal=has_pedestal
        )
