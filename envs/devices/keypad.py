"""A keypad: a code that is typed and entered with its cap opens something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from envs.devices.base import Mount
from envs.devices.loose import Loose
from envs.devices.push_box import PushBox
from envs.facts import ENVIRONMENT, Cause, Value
from envs.world import Color

LOCKED: Final[Color] = (0.95, 0.20, 0.16, 1.0)
UNLOCKED: Final[Color] = (0.25, 0.95, 0.45, 1.0)


class Keypad(PushBox):
    """A keypad. The right code unlocks; any other locks again and is counted.

    Args:
        name: What people call it.
        mount: Where it stands: on a shelf's top, or on the floor when it has a pedestal.
        code: The right code.
        opens: Called with whether it is unlocked when that has changed.
        loose: Loose things that may hit or lie on it, by body name.
        has_pedestal: Whether it stands on a pedestal of its own.
    """

    verbs: ClassVar[frozenset[str]] = frozenset({"press", "run"})
    is_quiet: ClassVar[bool] = True

    def __init__(
        self, name: str, mount: Mount, code: str, opens: Callable[[bool], None], *,
        loose: Mapping[str, Loose] | None = None, has_pedestal: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(name, mount, asset="keypad", loose=loose, has_pedestal=has_pedestal)
        self._code = code
        self._opens = opens
        self._unlocked_fact, self._wrong_fact = f"{name}.unlocked", f"{name}.wrong_codes"
        self._unlocker = self._mistaker = ENVIRONMENT
        self.is_unlocked = False
        self.wrong_codes = 0
        self.paint("light", LOCKED)

    def enter(self, code: str, cause: Cause) -> bool:
        """Take a code that was typed before the cap went down; return whether it was the right one."""
        is_right = code.strip() == self._code
        if not is_right:
            self.wrong_codes += 1
            self._mistaker = cause
            self.stir()
        if is_right != self.is_unlocked:
            self.is_unlocked = is_right
            self._unlocker = cause
            self.paint("light", UNLOCKED if is_right else LOCKED)
            self._opens(is_right)
            self.stir()
        return is_right

    def facts(self) -> Mapping[str, Value]:
        """`<name>.unlocked`, `<name>.wrong_codes` and `<name>.pressed`."""
        return {
            self._unlocked_fact: self.is_unlocked,
            self._wrong_fact: self.wrong_codes,
            self._pressed_fact: self.is_pressed,
        }

    def cause(self, fact: str) -> Cause:
        """The one who entered the code; for the cap, the one whose finger is on it."""
        if fact == self._unlocked_fact:
            return self._unlocker
        return self._mistaker if fact == self._wrong_fact else super().cause(fact)

    def view(self) -> Mapping[str, Value]:
        """The colour of its light shows."""
        return {self._unlocked_fact: self.is_unlocked}

    def describe(self, view: Mapping[str, Value]) -> str:
        """Its name and what its light says."""
        return f"{self.name} ({'unlocked' if view[self._unlocked_fact] else 'locked'})"
