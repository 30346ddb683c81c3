"""A data bay that does what a computer tells it to, and a dock; what they do to a cartridge has no name on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from envs.devices.chassis import Dock
from envs.devices.computer import ChangeKind, Computer
from envs.devices.rack import DataBay
from envs.facts import ENVIRONMENT, Cause, Value

BAY_LINE: Final = "/dev/bay"
"""What is written here goes to the bay."""


class OrderedBay(DataBay):
    """A bay that begins when it gets an order, and leaves on the cartridge what the order says."""

    def order(self, label: str, cause: Cause) -> bool:
        """Begin anew, on account of `cause`; whether there is a cartridge, and none that is being worked on.

        Args:
            label: What to leave on the cartridge.
            cause: Who gave the order.
        """
        if not self._is_copying:
            self._transfer = replace(self._transfer, gives=label)
            self._copied_s = 0.0
        return self.start(cause)

    def describe(self, view: Mapping[str, Value]) -> str:
        """The bay, what sits in it, and how far it is."""
        return _in_plain_words(super().describe(view))


class PlainDock(Dock):
    """A dock that says how far it is, and not with what."""

    def describe(self, view: Mapping[str, Value]) -> str:
        """The dock, what sits in it, and how far it is."""
        return _in_plain_words(super().describe(view))


class BayLine:
    """Hands on to a bay what is written to its line on a computer.

    Args:
        computer: Where the line is.
        bay: At its other end.
        sets: What an order leaves on the cartridge, by the text that is written; any other text is no order.
        counted: The label whose orders are counted.
    """

    def __init__(self, computer: Computer, bay: OrderedBay, sets: Mapping[str, str], counted: str) -> None:
        self._computer, self._bay, self._sets, self._counted = computer, bay, sets, counted
        self._seen = 0
        self._orders = 0
        self._orderer = ENVIRONMENT

    def orders(self) -> tuple[Value, Cause]:
        """How often the counted label was ordered, and by whom the last time; what was written is handed on first."""
        self._follow()
        return self._orders, self._orderer

    def _follow(self) -> None:
        if self._computer.change_count == self._seen:
            return
        new = self._computer.changes[self._seen :]
        self._seen += len(new)
        for change in new:
            label = self._sets.get((change.after or "").strip())
            is_order = change.kind is ChangeKind.FILE_WRITTEN and change.path_or_process == BAY_LINE
            if is_order and label is not None:
                self._bay.order(label, change.cause)
                self._count(label, change.cause)

    def _count(self, label: str, cause: Cause) -> None:
        if label == self._counted:
            self._orders += 1
            self._orderer = cause


def _in_plain_words(text: str) -> str:
    return text.replace("% copied)", "% done)")
