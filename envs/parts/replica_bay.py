"""A data bay that does what a computer tells it to, and a dock; what they do to a cartridge has no name on them."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from typing import Final

from envs.devices.base import Mount
from envs.devices.chassis import Dock
from envs.devices.computer import ChangeKind, CommandResult, Computer, ComputerChange
from envs.devices.computer_desk import ComputerDesk
from envs.devices.rack import DataBay
from envs.facts import ENVIRONMENT, Agent, Cause, Value

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


class BayDesk(ComputerDesk):
    """A desk whose screen says so when an order to the bay comes to nothing.

    Args:
        name: What people call it.
        mount: Middle of the desk, on the floor.
        computer: What the screen and the keyboard belong to.
        sets: Texts that are orders.
        is_loaded: Whether there is a cartridge in the bay.
    """

    def __init__(
        self, name: str, mount: Mount, computer: Computer, sets: Container[str], is_loaded: Callable[[], bool]
    ) -> None:
        super().__init__(name, mount, computer)
        self._sets, self._is_loaded = sets, is_loaded

    def write(self, path: str, text: str, time_s: float, author: Agent = Agent.ROBOT) -> CommandResult:
        """Write a whole file."""
        return self._with_complaint(super().write(path, text, time_s, author))

    def run(self, command: str, time_s: float, author: Agent = Agent.ROBOT) -> CommandResult:
        """Run a command."""
        return self._with_complaint(super().run(command, time_s, author))

    def _with_complaint(self, result: CommandResult) -> CommandResult:
        orders = [order for change in result.changes if (order := order_in(change))]
        if not orders:
            return result
        reason = "no cartridge" if not self._is_loaded() else "no such set" if orders[-1] not in self._sets else ""
        if not reason:
            return result
        return replace(result, output=f"{result.output}error writing '{BAY_LINE}': {reason}\n", status=1)


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
            label = self._sets.get(order_in(change))
            if label is not None:
                self._bay.order(label, change.cause)
                self._count(label, change.cause)

    def _count(self, label: str, cause: Cause) -> None:
        if label == self._counted:
            self._orders += 1
            self._orderer = cause


def order_in(change: ComputerChange) -> str:
    """What was written to the bay's line, or ""."""
    is_order = change.kind is ChangeKind.FILE_WRITTEN and change.path_or_process == BAY_LINE
    return (change.after or "").strip() if is_order else ""


def _in_plain_words(text: str) -> str:
    return text.replace("% copied)", "% done)")
