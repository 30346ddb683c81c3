"""Anything with a screen and a keyboard: what is typed there goes to a simulated computer."""

from __future__ import annotations

from typing import ClassVar

from envs.devices.base import Device
from envs.devices.computer import CommandResult, Computer
from envs.facts import Agent
from envs.site import Pose
from envs.world import Vec3


class Terminal(Device):
    """A device that stands before a computer; subclasses give it a body.

    Args:
        name: What people call it.
        stand: Where to stand to type.
        sight: Points that an eye may see.
        computer: What it is connected to.
    """

    verbs: ClassVar[frozenset[str]] = frozenset({"read", "write", "run"})

    def __init__(self, name: str, stand: Pose, sight: tuple[Vec3, ...], computer: Computer) -> None:
        super().__init__(name, stand, sight)
        self.computer = computer

    def tick(self, time_s: float) -> None:
        """Let the computer do what falls due."""
        self.computer.tick(time_s)

    def read(self, path: str, time_s: float, author: Agent = Agent.ROBOT) -> CommandResult:
        """Show a file."""
        return self.computer.read(path, author, time_s)

    def write(self, path: str, text: str, time_s: float, author: Agent = Agent.ROBOT) -> CommandResult:
        """Write a whole file."""
        return self.computer.write(path, text, author, time_s)

    def run(self, command: str, time_s: float, author: Agent = Agent.ROBOT) -> CommandResult:
        """Run a command."""
        return self.computer.run(command, author, time_s)
