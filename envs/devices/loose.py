"""A loose thing that can be grasped, carried, placed and pushed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from envs.devices.base import DEVICE_TICK_S, Device, Grip, cause_by_touch
from envs.facts import ENVIRONMENT, Agent, Cause
from envs.site import Pose
from envs.world import Body, Color, Vec3, World

REST_S: Final = 0.5
MOVED_M: Final = 0.002
PASSING_ON_S: Final = 0.25
"""How long after it was last seen to move a thing can pass its push on to another."""


class Loose(Device):
    """A loose box.

    Args:
        world: Where it lies.
        name: What people call it.
        size: Full edges, metres; the fingers close over the second one.
        at: Its centre.
        stand: Where to stand to take it from where it lies at the start.
        agents: Body name -> cause, for those whose touch is attributed.

    Attributes:
        moves: How often it was seen to have moved.
        others: Further loose things, by body name, that may push it; whoever fills the scene hands them over.
    """

    verbs: ClassVar[frozenset[str]] = frozenset({"grasp", "push"})
    is_quiet: ClassVar[bool] = True

    def __init__(self, world: World, name: str, size: Vec3, at: Vec3, color: Color, stand: Pose,
                 agents: Mapping[str, Cause]) -> None:  # fmt: skip
        self.body = world.box(name, size, at, color, mass_kg=1.0)
        super().__init__(name, stand, (at,))
        self.size = size
        self._world = world
        self._agents = agents
        self._mover = ENVIRONMENT
        self._last = self._seen_at = at
        self._still_s = 0.0
        self.moves = 0
        self.others: Mapping[str, Loose] = {}

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The box."""
        return (self.body,)

    @property
    def grip(self) -> Grip:
        """How to hold it: low enough to have it between the fingers, from where it lies now."""
        return Grip(self.body, self.body.position[2] - 0.01, self.size[1] + 0.07)

    @property
    def mover(self) -> Cause:
        """Who moved it last."""
        return self._mover

    @property
    def is_moving(self) -> bool:
        """Whether it was seen to move just now."""
        return self._still_s < PASSING_ON_S

    def _pusher(self) -> Cause | None:
        """Whoever moves a moving thing that touches it, unless that thing moves by itself."""
        if not self.others:
            return None
        things = (self.others.get(c.other) for c in self._world.contacts(self.body))
        movers = (t.mover for t in things if t is not None and t is not self and t.is_moving)
        return next((mover for mover in movers if mover.agent is not Agent.ENVIRONMENT), None)

    def tick(self, time_s: float) -> None:
        """Follow it with the eye points; remember who moves it.

        A push, or a hand that lets go, goes on working until the thing has come to rest; what it does after that, it
        does by itself. To creep is to rest.
        """
        del time_s
        at = self.body.position
        holder = self._agents.get(self.body.name)
        self._still_s = 0.0 if holder is not None else self._still_s + DEVICE_TICK_S
        if at == self._seen_at:
            return
        step_m, self._seen_at = _gap_m(at, self._seen_at), at
        if _gap_m(at, self._last) > MOVED_M:
            by_itself = ENVIRONMENT if self._still_s > REST_S and step_m > MOVED_M else self._mover
            touch = cause_by_touch(self._world, self.body, self._agents)
            self._mover = holder or touch or self._pusher() or by_itself
            self._last = at
            self._still_s = 0.0
            self.moves += 1
            self.sight = (at,)


def _gap_m(a: Vec3, b: Vec3) -> float:
    return max(abs(a[0] - b[0]), abs(a[1] - b[1]), abs(a[2] - b[2]))


def cause_by_contact(
    world: World, body: Body, agents: Mapping[str, Cause], loose: Mapping[str, Loose], link: str | None = None
) -> Cause | None:
    """The cause of the strongest touch by an agent, else whoever moved a loose thing that touches; None for neither."""
    agent = cause_by_touch(world, body, agents, link)
    if agent is not None or not loose:
        return agent
    things = (loose.get(c.other) for c in world.contacts(body, link))
    return next((thing.mover for thing in things if thing is not None and thing.body is not body), None)
