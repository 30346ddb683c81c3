"""A control cabinet: a small computer with a terminal, input lines, and outputs that its program switches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from envs.devices.computer import ChangeKind, Computer
from envs.devices.rules import PendingOutput, RuleProgram
from envs.devices.terminal import Terminal
from envs.facts import Agent, Cause, Evidence, Value
from envs.site import Pose
from envs.world import Block, Body, Color, Vec3, World

GREY: Final[Color] = (0.50, 0.57, 0.64, 1.0)
SCREEN: Final[Color] = (0.1, 0.75, 0.55, 1.0)
AMBER: Final[Color] = (1.0, 0.72, 0.15, 1.0)
DARK: Final[Color] = (0.12, 0.14, 0.17, 1.0)
MAX_DELAY_S: Final = 2.5


@dataclass(frozen=True, slots=True)
class Wiring:
    """What hangs on the cabinet.

    Attributes:
        line: Name of the input line in the program.
        read_line: Whether the line is on (the button is down and its cable is in).
        output: Name of the output that the program is there to switch.
        value: The value it sets.
        switch: Called with output and value when one falls due.
    """

    line: str
    read_line: Callable[[], bool]
    output: str
    value: str
    switch: Callable[[str, str], None]


class Cabinet(Terminal):
    """The cabinet. Its program works when pressing the line would still set the output within `MAX_DELAY_S`."""

    def __init__(
        self, world: World, name: str, size: Vec3, at: Vec3, stand: Pose, computer: Computer, program: RuleProgram,
        wiring: Wiring,
    ) -> None:  # fmt: skip
        self.body = world.box(name, size, at, GREY)
        toward = (stand.x - at[0], stand.y - at[1])
        gap = max(abs(toward[0]), abs(toward[1]))
        face: Vec3 = (
            at[0] + toward[0] / gap * size[0] / 2 * (abs(toward[0]) == gap),
            at[1] + toward[1] / gap * size[1] / 2 * (abs(toward[1]) == gap),
            1.15,
        )
        self._draw(world, face, is_along_x=abs(toward[0]) == gap)
        super().__init__(name, stand, ((*face[:2], 1.3), face), computer)
        self.program = program
        self._wiring = wiring
        self._was_on = False
        self._pending: list[PendingOutput] = []
        self._seen_changes = -1
        self._works = True

    @staticmethod
    def _draw(world: World, face: Vec3, *, is_along_x: bool) -> None:
        """A screen in its bezel, a row of lights, a keyboard and vents, on the side at `face`."""

        def panel(width_m: float, height_m: float, out_m: float, below_m: float, color: Color) -> Block:
            size = (out_m, width_m, height_m) if is_along_x else (width_m, out_m, height_m)
            return Block(size, (*face[:2], face[2] - below_m), color)

        lights = [panel(0.04 + 0.09 * n, 0.03, 0.024 - 0.003 * n, 0.2, c) for n, c in enumerate((SCREEN, AMBER, DARK))]
        vents = [panel(0.5, 0.02, 0.014, 0.6 + 0.07 * n, DARK) for n in range(5)]
        bezel, screen = panel(0.5, 0.34, 0.03, 0.0, DARK), panel(0.44, 0.28, 0.04, 0.0, SCREEN)
        world.draw((bezel, screen, *lights, panel(0.5, 0.04, 0.3, 0.28, DARK), *vents))

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The cabinet."""
        return (self.body,)

    def tick(self, time_s: float) -> None:
        """Let the computer do what falls due; hand line changes to the program; switch what falls due."""
        super().tick(time_s)
        is_on = self._wiring.read_line()
        if is_on != self._was_on:
            self._was_on = is_on
            self._pending += self.program.on_signal(self._wiring.line, "pressed" if is_on else "released", time_s)
        due = [p for p in self._pending if p.due_s <= time_s]
        self._pending = [p for p in self._pending if p.due_s > time_s]
        for output in due:
            self._wiring.switch(output.output, output.value)

    @property
    def works(self) -> bool:
        """Whether pressing the line would still set the output."""
        if self.computer.change_count != self._seen_changes:
            self._seen_changes = self.computer.change_count
            wiring = self._wiring
            self._works = self.program.would_fire(
                wiring.line, "pressed", wiring.output, wiring.value, max_delay_s=MAX_DELAY_S
            )
        return self._works

    def facts(self) -> Mapping[str, Value]:
        """`program.works`."""
        return {"program.works": self.works}

    def cause(self, fact: str) -> Cause:
        """The author of the last change on the computer."""
        del fact
        changes = [c for c in self.computer.changes if c.kind is not ChangeKind.FILE_READ]
        return changes[-1].cause if changes else Cause(Agent.ENVIRONMENT, Evidence.COMMAND)
