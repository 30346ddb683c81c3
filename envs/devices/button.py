"""A push button: a recessed cap on a sliding joint, pressed when the joint has moved through its travel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from envs.devices.base import Cap, Device
from envs.devices.loose import Loose, cause_by_contact
from envs.facts import ENVIRONMENT, Cause, Value
from envs.site import Pose
from envs.world import Body, Vec3, World

TRAVEL_M: Final = 0.010
CAP_TOP_Z: Final = 0.89
RIM_TOP_Z: Final = 0.90
TOUCHED_M: Final = 0.002
SPRING_N: Final = 12.0


class Button(Device):
    """The red button on its pedestal.

    Args:
        world: Where it stands.
        at: Foot of the pedestal.
        stand: Where to stand to press it.
        agents: Body name -> cause, for those whose touch is attributed.
        loose: Loose things that may come to lie on it, by body name.
        key: What its facts begin with: `button.pressed`.

    Attributes:
        is_pressed: Whether the cap had moved through its travel when it was last looked at: what its wire carries.
    """

    verbs: ClassVar[frozenset[str]] = frozenset({"press", "place"})
    is_quiet: ClassVar[bool] = True

    def __init__(
        self, world: World, name: str, at: Vec3, stand: Pose, agents: Mapping[str, Cause], loose: Mapping[str, Loose],
        key: str = "button",
    ) -> None:  # fmt: skip
        self.body = world.load(name, "button", at)
        self.top: Vec3 = (at[0], at[1], RIM_TOP_Z)
        super().__init__(name, stand, ((at[0], at[1], CAP_TOP_Z + 0.03), (at[0], at[1], 0.5)))
        self._pressed_fact, self._covered_fact = f"{key}.pressed", f"{key}.covered_by"
        self._world = world
        self._agents = agents
        self._loose = loose
        self._presser = ENVIRONMENT
        self._cover = ""
        self._last_cover = ""
        self._moves = -1
        self.is_pressed = False
        self._travel = self.body.joints["travel"]
        self._travel.hold(0.0, SPRING_N, gain=0.3)

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The pedestal with its cap."""
        return (self.body,)

    @property
    def cap(self) -> Cap:
        """The cap."""
        return Cap((*self.body.position[:2], CAP_TOP_Z), lambda: self.is_pressed)

    def cover(self) -> str:
        """Name of the loose thing that lies over the cap, or ""; looked up again when one has moved."""
        moves = sum(thing.moves for thing in self._loose.values())
        if moves != self._moves:
            self._moves = moves
            self._cover = self._look_up()
        return self._cover

    def _look_up(self) -> str:
        """What rays upwards from the cap meet."""
        x, y, _ = self.top
        offsets = ((0.0, 0.0), (0.035, 0.0), (-0.035, 0.0), (0.0, 0.035), (0.0, -0.035))
        above = CAP_TOP_Z + 0.003
        hits = self._world.cast([((x + dx, y + dy, above), (x + dx, y + dy, above + 0.2)) for dx, dy in offsets])
        return next((hit.body for hit in hits if hit is not None and hit.body in self._loose), "")

    def facts(self) -> Mapping[str, Value]:
        """`<key>.pressed` and `<key>.covered_by`."""
        cover = self.cover()
        self._last_cover = cover or self._last_cover
        return {self._pressed_fact: self.is_pressed, self._covered_fact: cover}

    def tick(self, time_s: float) -> None:
        """See how far down the cap is, and remember who has it under the finger."""
        del time_s
        travel = self._travel.position
        self.is_pressed = travel < -TRAVEL_M
        if travel < -TOUCHED_M:
            on_cap = cause_by_contact(self._world, self.body, self._agents, self._loose, "cap")
            self._presser = on_cap or self._presser
        else:
            self._presser = ENVIRONMENT

    def cause(self, fact: str) -> Cause:
        """The one whose body touches the cap; for the cover, whoever moved the thing that lies or lay there."""
        if fact == self._pressed_fact:
            return self._presser
        return self._loose[self._last_cover].mover if self._last_cover else ENVIRONMENT

    def view(self) -> Mapping[str, Value]:
        """What lies on it."""
        return {self._covered_fact: self.cover()}

    def describe(self, view: Mapping[str, Value]) -> str:
        """The button, and what lies on it."""
        cover = view[self._covered_fact]
        return f"{self.name} with the {cover} on it" if cover else self.name
