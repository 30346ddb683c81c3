"""One PyBullet client: its clock, its named bodies and joints, contact and ray queries, recorded states.

Nothing outside this module and its parts (`envs.body`, `envs.pictures`) sees a client or body number; bodies and
joints have names.
"""

from __future__ import annotations

import math
import time
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from envs import pictures
from envs.body import Body, Vec3
from envs.engine import bullet, has_display
from envs.pictures import Block, Camera, Color

__all__ = ["TICK_S", "Block", "Body", "Camera", "Color", "Contact", "Hit", "Vec3", "World", "wrap"]

ASSETS: Final = Path(__file__).parent / "assets"
PHYSICS_HZ: Final = 240
STEPS_PER_TICK: Final = 12
TICK_S: Final = STEPS_PER_TICK / PHYSICS_HZ
SETTLING_TICKS: Final = 4
SLEEP_BELOW: Final = 1e-3
"""A body may sleep while the sum of its squared joint speeds stays below this for two seconds: about 3 cm/s."""
SLEEPER: Final = bullet.URDF_ENABLE_SLEEPING
AWAKE: Final = bullet.ACTIVATION_STATE_ENABLE_SLEEPING | bullet.ACTIVATION_STATE_WAKE_UP
ASLEEP: Final = bullet.ACTIVATION_STATE_ENABLE_SLEEPING | bullet.ACTIVATION_STATE_SLEEP
MAX_TOUCH_M: Final = 0.002
NOBODY: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Contact:
    """A touch between two bodies: the other body's name and the normal force in newtons."""

    other: str
    force_n: float


@dataclass(frozen=True, slots=True)
class Hit:
    """The first thing on a ray: body name and the fraction of the way, 0 to 1."""

    body: str
    fraction: float


@dataclass(frozen=True, slots=True)
class Painted:
    """A part that changed its colour: when, which body, which of its links ("" for the base), and the new colour."""

    time_s: float
    body: str
    link: str
    color: Color


@dataclass(frozen=True, slots=True)
class Weld:
    """A body fixed to another one, or to the ground (-1): which they are, how they sit, and what pulls them apart."""

    holder: int
    link: int
    held: int
    offset: Vec3
    turn: tuple[float, float, float, float]
    max_force_n: float


@dataclass(slots=True)
class Layout:
    """A built layout that can be come back to: what stood where when it was built, and after it had settled.

    Attributes:
        key: What it was built from.
        may_return: Whether it was built to be come back to.
        built, settled: Numbers of the engine's snapshots; None until they are taken.
        welds: Those made while building, in order.
    """

    key: Hashable
    may_return: bool = False
    built: int | None = None
    settled: int | None = None
    welds: list[Weld] = field(default_factory=list)


class World:
    """One physics client with its clock.

    To build a layout: `open` it, add bodies, `settle`. When the same layout is opened again to be reused, its bodies
    are still there, so the same building calls find them and cost next to nothing; `settle` then brings back t = 0.
    What follows can differ from a rebuild in last bits, which contacts may enlarge: the engine balances its trees of
    bodies at a pace that depends on the past and that nothing resets, and the order of its sums hangs on that.

    Args:
        with_window: Open PyBullet's window and not the headless client.

    Attributes:
        bodies: By name.
        kept: What a builder wants to find again when it comes back to the layout, by name.
        paints: Colours given since the layout was opened, in order; recorded states do not hold them.
    """

    def __init__(self, *, with_window: bool = False) -> None:
        if with_window and not has_display():
            raise RuntimeError("no display to open a window on: set DISPLAY, or use render_mode='rgb_array'")
        self._has_window = with_window
        self._undrawn: list[Block] = []
        self._cut_away: list[Block] = []
        self.client: int = bullet.connect(bullet.GUI if with_window else bullet.DIRECT)
        self.bodies: dict[str, Body] = {}
        self.kept: dict[str, Any] = {}
        self.paints: list[Painted] = []
        self._names: dict[int, str] = {}
        self._welds: dict[int, int] = {}
        self._last_weld = 0
        self._motors: dict[tuple[int, int], dict[str, Any]] = {}
        self._recorded: list[Body] = []
        self._row = bytearray()
        self._sleepers: set[int] = set()
        self._stirred: set[int] = set()
        self._layout = Layout(None)
        self._is_found = False
        self._is_building = True
        self._steps = 0
        self._stamp = 0
        self.open(None)

    # -- layouts -------------------------------------------------------------------------------------------------

    def open(self, key: Hashable, *, may_reuse: bool = False) -> None:
        """Begin a layout.

        Args:
            key: What it is built from; equal keys must lead to the same building calls.
            may_reuse: Come back to the layout that stands if it has this key and was opened in this way too. Else
                everything is removed first.
        """
        self._is_building = True
        self._last_weld = 0
        self.paints.clear()
        self._motors.clear()
        self._stamp += 1
        known = self._layout
        self._is_found = may_reuse and known.may_return and key == known.key and known.settled is not None
        if self._is_found:
            for body in self._recorded:
                body.slacken()
            bullet.restoreState(stateId=self._layout.built, physicsClientId=self.client)
        else:
            self._clear()
            self._layout = Layout(key, may_reuse)

    def _clear(self) -> None:
        """Remove everything and set every engine parameter anew."""
        client = self.client
        for snapshot in (self._layout.built, self._layout.settled):
            if snapshot is not None:
                bullet.removeState(snapshot, client)
        bullet.resetSimulation(physicsClientId=client)
        bullet.setGravity(0.0, 0.0, -9.81, client)
        bullet.setPhysicsEngineParameter(
            fixedTimeStep=1.0 / PHYSICS_HZ, numSolverIterations=10, numSubSteps=0,
            deterministicOverlappingPairs=1, enableFileCaching=0, physicsClientId=client,
        )  # fmt: skip
        for table in (
            self.bodies, self._names, self._sleepers, self._stirred, self._welds, self._recorded, self._row,
        ):  # fmt: skip
            table.clear()
        self._undrawn.clear()
        self._cut_away.clear()
        self.kept.clear()

    def settle(self) -> None:
        """Let things come to rest, or bring back how they had come to rest, and call that t = 0."""
        client, layout = self.client, self._layout
        if self._is_found:
            for constraint in self._welds.values():
                bullet.removeConstraint(constraint, physicsClientId=client)
            self._welds = {number: self._fix(weld) for number, weld in enumerate(layout.welds, 1)}
            bullet.restoreState(stateId=layout.settled, physicsClientId=client)
        else:
            self._draw_all()
            if layout.may_return:
                layout.built = bullet.saveState(client)
            for _ in range(SETTLING_TICKS):
                self.tick()
            if layout.may_return:
                layout.settled = bullet.saveState(client)
        for uid in self._sleepers:
            bullet.changeDynamics(uid, -1, activationState=AWAKE, physicsClientId=client)
        self._is_building = False
        self._steps = 0
        self._stamp += 1

    def close(self) -> None:
        """Disconnect. Idempotent."""
        if self.client >= 0:
            bullet.disconnect(self.client)
            self.client = -1

    # -- clock ---------------------------------------------------------------------------------------------------

    @property
    def time_s(self) -> float:
        """World time since the layout settled, seconds."""
        return self._steps / PHYSICS_HZ

    @property
    def stamp(self) -> int:
        """A number that changes whenever anything may have moved."""
        return self._stamp

    def tick(self) -> None:
        """Advance physics by one control tick (`TICK_S` seconds); before a window, no faster than one can watch."""
        if self._has_window:
            time.sleep(TICK_S)
        step, client = bullet.stepSimulation, self.client
        for _ in range(STEPS_PER_TICK):
            step(client)
        self._steps += STEPS_PER_TICK
        self._stamp += 1

    # -- building ------------------------------------------------------------------------------------------------

    def box(
        self, name: str, size: Vec3, at: Vec3, color: Color, *, mass_kg: float = 0.0, is_solid: bool = True,
        drawn_m: float | None = None, yaw: float = 0.0,
    ) -> Body:  # fmt: skip
        """Add a box.

        Args:
            name: Its name.
            size: Full edges, metres.
            at: Its centre.
            color: Red, green, blue, opacity; 0 to 1.
            mass_kg: 0 for a thing that cannot move.
            is_solid: Whether other bodies meet it; else it is only seen in pictures.
            drawn_m: Height of the part that pictures show, from its foot; all of it by default.
            yaw: Heading, radians.
        """
        if self._is_found:
            return self.bodies[name]
        half = [edge / 2 for edge in size]
        drawn = size[2] if drawn_m is None else drawn_m
        visual = bullet.createVisualShape(
            bullet.GEOM_BOX, halfExtents=[*half[:2], drawn / 2], visualFramePosition=(0, 0, (drawn - size[2]) / 2),
            rgbaColor=color, specularColor=(0.1, 0.1, 0.1), physicsClientId=self.client,
        )  # fmt: skip
        if drawn < size[2]:
            top = (at[0], at[1], at[2] + drawn / 2)
            self._cut_away.append(Block((size[0], size[1], size[2] - drawn), top, color))
        shape = -1
        if is_solid:
            shape = bullet.createCollisionShape(bullet.GEOM_BOX, halfExtents=half, physicsClientId=self.client)
        is_free = mass_kg > 0
        uid = bullet.createMultiBody(
            mass_kg, shape, visual, at, bullet.getQuaternionFromEuler((0.0, 0.0, yaw)),
            flags=SLEEPER if is_free else 0, useMaximalCoordinates=not is_free, physicsClientId=self.client,
        )  # fmt: skip
        bullet.changeDynamics(uid, -1, lateralFriction=0.8, physicsClientId=self.client)
        if not is_solid:
            bullet.setCollisionFilterGroupMask(uid, -1, 0, 0, self.client)
        return self._enlist(name, uid, is_free=is_free, may_sleep=is_free)

    def load(self, name: str, asset: str, at: Vec3, yaw: float = 0.0, *, may_sleep: bool = True) -> Body:
        """Add an articulated body from `assets/<asset>.urdf`, its base fixed at `at`.

        Args:
            name: Its name.
            asset: Name of the file, without its ending.
            at: Where its base is fixed.
            yaw: Heading, radians.
            may_sleep: Whether it may rest until something touches or commands it.
        """
        if self._is_found:
            return self.bodies[name]
        uid = bullet.loadURDF(
            str(ASSETS / f"{asset}.urdf"), at, bullet.getQuaternionFromEuler((0.0, 0.0, yaw)), useFixedBase=True,
            flags=bullet.URDF_USE_MATERIAL_COLORS_FROM_MTL | (SLEEPER if may_sleep else 0), physicsClientId=self.client,
        )  # fmt: skip
        return self._enlist(name, uid, is_free=False, may_sleep=may_sleep)

    def _enlist(self, name: str, uid: int, *, is_free: bool, may_sleep: bool) -> Body:
        if name in self.bodies:
            msg = f"two bodies are named {name!r}"
            raise ValueError(msg)
        body = Body(self, name, uid, is_free=is_free)
        self.bodies[name] = body
        self._names[uid] = name
        if is_free or body.joints:
            self._recorded.append(body)
            body.join(self._row)
            body.slacken()
            self._part_company(body)
        if not (is_free or body.joints):
            bullet.changeDynamics(uid, -1, activationState=ASLEEP, physicsClientId=self.client)
        elif may_sleep:
            self._sleepers.add(uid)
            bullet.changeDynamics(
                uid, -1, sleepThreshold=SLEEP_BELOW,
                activationState=bullet.ACTIVATION_STATE_DISABLE_SLEEPING, physicsClientId=self.client,
            )  # fmt: skip
        return body

    def _part_company(self, body: Body) -> None:
        """Keep a body's own parts off the list of pairs that may touch, whose order would not be repeatable."""
        for first, second in combinations((-1, *body.links.values()), 2):
            bullet.setCollisionFilterPair(body.uid, body.uid, first, second, 0, self.client)

    def place(self, body: Body, joint: str, position: float) -> None:
        """Put a joint somewhere while a layout is built."""
        self._stamp += 1
        self.stir(body)
        if not (self._is_found and self._is_building):
            bullet.resetJointState(body.uid, body.index(joint), position, 0.0, self.client)

    def ignore_contacts(self, first: Body, second: Body) -> None:
        """Let two bodies pass through each other."""
        if self._is_found and self._is_building:
            return
        for a in (-1, *first.links.values()):
            for b in (-1, *second.links.values()):
                bullet.setCollisionFilterPair(first.uid, second.uid, a, b, 0, self.client)

    def draw(self, blocks: Iterable[Block]) -> None:
        """Add boxes that are only seen in pictures; they are built when the first picture is taken."""
        if self._is_found:
            return
        self._undrawn.extend(blocks)
        if self._has_window:
            self._draw_all()

    def _draw_all(self) -> None:
        pictures.build(self.client, self._undrawn)
        self._undrawn.clear()

    def paint(self, body: Body, color: Color, link: str | None = None) -> None:
        """Change a colour (a lamp that switches). A device that does so sets its first colour when it is built."""
        self.paints.append(Painted(0.0 if self._is_building else self.time_s, body.name, link or "", color))
        index = body.links[link] if link is not None else -1
        bullet.changeVisualShape(body.uid, index, rgbaColor=color, physicsClientId=self.client)

    # -- motors and welds ----------------------------------------------------------------------------------------

    def command(self, key: tuple[int, int], order: dict[str, Any]) -> None:
        """Send a motor order to a joint unless it stands already; its body wakes."""
        if self._motors.get(key) != order:
            self._motors[key] = order
            bullet.setJointMotorControl2(*key, physicsClientId=self.client, **order)
            self._wake(key[0])

    def may_sleep(self, body: Body) -> bool:
        """Whether a body rests when nothing moves it."""
        return body.uid in self._sleepers

    def wake(self, body: Body) -> None:
        """Wake a body that may sleep; it may have been moved from outside."""
        self._stamp += 1
        self._wake(body.uid)

    def _wake(self, uid: int) -> None:
        if uid in self._sleepers and not self._is_building:
            self._stirred.add(uid)
            bullet.changeDynamics(uid, -1, activationState=bullet.ACTIVATION_STATE_WAKE_UP, physicsClientId=self.client)

    def stir(self, body: Body) -> None:
        """Say that something about a body has changed, or goes on, that no touch or command brought about."""
        self._stirred.add(body.uid)

    def take_stirred(self) -> frozenset[str]:
        """Names of the bodies that were commanded, welded, moved from outside or stirred since this was asked last."""
        if not self._stirred:
            return NOBODY
        stirred = frozenset(self._names[uid] for uid in self._stirred)
        self._stirred.clear()
        return stirred

    def weld(self, holder: Body, link: str | None, held: Body, max_force_n: float) -> int:
        """Fix `held` to a link of `holder` as they stand; the weld gives way above `max_force_n`."""
        self._last_weld += 1
        if self._is_found and self._is_building:
            return self._last_weld
        index = holder.links[link] if link is not None else -1
        uid = -1 if link is None and holder.is_fixed else holder.uid
        weld = Weld(uid, index, held.uid, *self._seat(uid, index, held.uid), max_force_n)
        self._welds[self._last_weld] = self._fix(weld)
        if self._is_building:
            self._layout.welds.append(weld)
        for body in (holder, held):
            self._wake(body.uid)
        return self._last_weld

    def _fix(self, weld: Weld) -> int:
        if weld.holder < 0:
            ends: tuple[Any, ...] = (weld.held, -1, -1, -1)
            frames: tuple[Any, ...] = ((0, 0, 0), weld.offset, (0, 0, 0, 1), weld.turn)
        else:
            ends, frames = (weld.holder, weld.link, weld.held, -1), (weld.offset, (0, 0, 0), weld.turn)
        constraint: int = bullet.createConstraint(
            *ends, bullet.JOINT_FIXED, (0, 0, 0), *frames, physicsClientId=self.client
        )
        bullet.changeConstraint(constraint, maxForce=weld.max_force_n, physicsClientId=self.client)
        return constraint

    def _seat(self, holder: int, index: int, held: int) -> tuple[Vec3, tuple[float, float, float, float]]:
        """Where `held` is and how it is turned, as its holder sees it."""
        if holder < 0:
            return bullet.getBasePositionAndOrientation(held, self.client)  # type: ignore[no-any-return]
        if index >= 0:
            com, com_turn = bullet.getLinkState(holder, index, 0, 1, self.client)[:2]
        else:
            com, com_turn = bullet.getBasePositionAndOrientation(holder, self.client)
        inverse = bullet.invertTransform(com, com_turn)
        position, turn = bullet.multiplyTransforms(*inverse, *bullet.getBasePositionAndOrientation(held, self.client))
        return position, turn

    def unweld(self, weld: int) -> None:
        """Undo a weld."""
        constraint = self._welds.pop(weld, None)
        if constraint is not None:
            holder, _, held = bullet.getConstraintInfo(constraint, self.client)[:3]
            bullet.removeConstraint(constraint, physicsClientId=self.client)
            for uid in (holder, held):
                self._wake(uid)

    # -- queries -------------------------------------------------------------------------------------------------

    def contacts(self, body: Body, link: str | None = None) -> list[Contact]:
        """What touches `body` (or one link of it) now."""
        if link is None:
            points = bullet.getContactPoints(bodyA=body.uid, physicsClientId=self.client)
        else:
            points = bullet.getContactPoints(bodyA=body.uid, linkIndexA=body.links[link], physicsClientId=self.client)
        return [Contact(self._names[p[2]], float(p[9])) for p in points or () if p[8] < MAX_TOUCH_M]

    def is_touching(self, first: Body, second: Body, link: str | None = None) -> bool:
        """Whether `second` touches `first` (or one link of it) now."""
        return any(c.other == second.name for c in self.contacts(first, link))

    def cast(self, rays: Sequence[tuple[Vec3, Vec3]]) -> list[Hit | None]:
        """Cast rays; the first thing hit on each, or None."""
        starts, ends = zip(*rays, strict=True)
        hits = bullet.rayTestBatch(starts, ends, physicsClientId=self.client)
        return [Hit(self._names[h[0]], float(h[2])) if h[0] >= 0 else None for h in hits]

    # -- recording and pictures ----------------------------------------------------------------------------------

    @property
    def movable(self) -> tuple[Body, ...]:
        """Bodies that are free or have joints, in the order of `state`."""
        return tuple(self._recorded)

    def state(self, moved: Iterable[Body] | None = None) -> npt.NDArray[np.float32]:
        """Joint positions and free bodies' poses, shape (n,), float32, in the order of `apply_state`.

        Args:
            moved: Those that may have moved since the last call; all of them by default.
        """
        for body in self._recorded if moved is None else moved:
            body.write_into(self._row)
        return np.frombuffer(bytes(self._row), dtype=np.float32)

    def apply_state(self, state: npt.NDArray[np.float32]) -> None:
        """Pose everything as recorded by `state`; for pictures only."""
        values: Iterator[float] = iter(state.tolist())
        for body in self._recorded:
            body.write_pose(values)
        self._stamp += 1

    def picture(
        self, camera: Camera, *, has_shadow: bool = True, has_whole_walls: bool = False
    ) -> npt.NDArray[np.uint8]:
        """Render with the software renderer, shape (height, width, 3), uint8. Shadows cost about as much again.

        Args:
            camera: The point of view.
            has_shadow: Whether things cast shadows.
            has_whole_walls: Whether what `drawn_m` cuts off is drawn as well, as an eye in the room sees it.
        """
        self._draw_all()
        tops = pictures.build(self.client, self._cut_away) if has_whole_walls else []
        try:
            return pictures.photograph(self.client, camera, has_shadow=has_shadow)
        finally:
            for top in tops:
                bullet.removeBody(top, physicsClientId=self.client)

    def pixels(self, camera: Camera) -> dict[str, int]:
        """How many pixels of a rendered view each named body fills; bodies that fill none are left out."""
        seen, counts = np.unique(pictures.segment(self.client, camera), return_counts=True)
        found = zip(seen.tolist(), counts.tolist(), strict=True)
        return {self._names[uid]: count for uid, count in found if uid in self._names}


def wrap(angle: float) -> float:
    """`angle` in radians, brought into (-pi, pi]."""
    return math.atan2(math.sin(angle), math.cos(angle))
