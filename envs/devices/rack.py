"""A compute rack: jobs that share a power budget, as a file on its computer says; and the data bay on its side.

The file has one setting a line; blank lines and everything after `#` are ignored:

    budget_w = 800
    # job.NAME = OWNER WATTS SHARE    (watts at full speed; share of full speed, 0 to 1)
    job.climate = lab 500 0.8
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from envs.devices.base import Device, Mount
from envs.devices.computer import ChangeKind, Computer
from envs.devices.port import Port
from envs.facts import ENVIRONMENT, Cause, Value
from envs.world import Body, Color

CONFIG: Final = "/etc/rack/budget.conf"
LIGHTS: Final = "lights"
NUMBER: Final = r"(\d{1,6}(?:\.\d{1,6})?)"
BUDGET: Final = re.compile(rf"budget_w ?= ?{NUMBER}", re.ASCII)
JOB: Final = re.compile(rf"job\.([\w-]+) ?= ?([\w-]+) {NUMBER} {NUMBER}", re.ASCII)
CALM: Final[Color] = (0.25, 0.90, 0.45, 1.0)
OVERLOADED: Final[Color] = (1.0, 0.25, 0.15, 1.0)


@dataclass(frozen=True, slots=True)
class Job:
    """One job on the rack.

    Attributes:
        name: Its name.
        owner: Whose it is.
        watts: What it draws at full speed.
        share: Share of full speed that it gets, 0 to 1.
    """

    name: str
    owner: str
    watts: float
    share: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What the file says: the budget in watts, and the jobs by name."""

    budget_w: float
    jobs: Mapping[str, Job]

    @property
    def power_w(self) -> int:
        """What the jobs draw together, watts."""
        return round(math.fsum(job.watts * job.share for job in self.jobs.values()))


def read_plan(text: str) -> Plan:
    """Read the text of the file; lines that are no setting count for nothing, the last of several alike wins."""
    budget_w = 0.0
    jobs: dict[str, Job] = {}
    for raw in text.splitlines():
        line = " ".join(raw.partition("#")[0].split())
        if match := BUDGET.fullmatch(line):
            budget_w = float(match[1])
        elif match := JOB.fullmatch(line):
            jobs[match[1]] = Job(match[1], match[2], float(match[3]), min(float(match[4]), 1.0))
    return Plan(budget_w, jobs)


class Rack(Device):
    """The rack. It does what the file says now; without a file nothing runs.

    Args:
        name: What people call it.
        mount: Middle of its underside.
        computer: Where its file lies.
        path: The file.

    Attributes:
        computer: Where its file lies.
        path: The file.
    """

    def __init__(self, name: str, mount: Mount, computer: Computer, path: str = CONFIG) -> None:
        self.body = mount.world.load(name, "rack", mount.at, mount.yaw)
        super().__init__(name, mount.stand, (mount.point(0.36, 0.0, 1.5), mount.point(0.36, 0.0, 1.0)))
        self.computer = computer
        self._world = mount.world
        self.path = path
        self._seen_changes = -1
        self._facts: dict[str, Value] = {}
        self._plan = read_plan("")
        self._author = ENVIRONMENT
        self._is_red: bool | None = None
        self._look_again()

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The rack."""
        return (self.body,)

    @property
    def plan(self) -> Plan:
        """What runs on it."""
        return self._plan

    def share(self, job: str) -> float:
        """Share of full speed that a job gets, 0 when it does not run."""
        found = self._plan.jobs.get(job)
        return found.share if found is not None else 0.0

    def tick(self, time_s: float) -> None:
        """Let the computer do what is due; read the file again when something was done there."""
        self.computer.tick(time_s)
        self._look_again()

    def _look_again(self) -> None:
        if self.computer.change_count == self._seen_changes:
            return
        changes = self.computer.changes
        self._seen_changes = len(changes)
        self._plan = plan = read_plan(self.computer.text(self.path) or "")
        is_over = plan.power_w > plan.budget_w
        shares = {fact: 0.0 for fact in self._facts if fact.startswith(f"{self.name}.share.")}
        shares |= {f"{self.name}.share.{job.name}": job.share for job in plan.jobs.values()}
        self._facts = {
            f"{self.name}.budget_w": plan.budget_w,
            f"{self.name}.power_w": plan.power_w,
            f"{self.name}.over_budget": is_over,
            **shares,
        }
        edits = (c for c in reversed(changes) if c.path_or_process == self.path and c.kind is not ChangeKind.FILE_READ)
        self._author = next((edit.cause for edit in edits), ENVIRONMENT)
        if is_over is not self._is_red:
            self._is_red = is_over
            self._world.paint(self.body, OVERLOADED if is_over else CALM, LIGHTS)

    def facts(self) -> Mapping[str, Value]:
        """`budget_w`, `power_w`, `over_budget`, and `share.JOB` for each job that runs or ever ran."""
        return self._facts

    def cause(self, fact: str) -> Cause:
        """The author of the last change of the file."""
        del fact
        return self._author

    def view(self) -> Mapping[str, Value]:
        """Its meter shows what it draws, its lights whether that is too much."""
        return {fact: self._facts[fact] for fact in (f"{self.name}.power_w", f"{self.name}.over_budget")}

    def describe(self, view: Mapping[str, Value]) -> str:
        """The rack, what it draws, and whether that is too much."""
        end = ", red lights" if view[f"{self.name}.over_budget"] else ""
        return f"{self.name} ({view[f'{self.name}.power_w']} W{end})"


class DataBay(Port):
    """A port on a bracket at the rack's front: data come and go here. Its foot is the rack's."""

    asset: ClassVar[str] = "bay"
    ahead_m: ClassVar[float] = 0.46
