"""One PyBullet client: its clock, its named bodies and joints, contact and ray queries, recorded states.

Nothing outside this module sees a client or body number; bodies and joints have names.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from envs.body import Body, Vec3
from envs.engine import bullet
from envs.shading import Shot, cast_shadows, paint_backdrop, to_clip

__all__ = ["TICK_S", "Block", "Body", "Camera", "Color", "Contact", "Hit", "Vec3", "World", "wrap"]

ASSETS: Final = Path(__file__).parent / "assets"
PHYSICS_HZ: Final = 240
STEPS_PER_TICK: Final = 12
TICK_S: Final = STEPS_PER_TICK / PHYSICS_HZ

Color = tuple[float, float, float, float]
LIGHT: Final[Vec3] = (0.42, -0.38, 0.82)
LIGHT_AWAY_M: Final = 60.0
LIGHT_SPAN_M: Final = 14.0
LIGHT_FOV_DEG: Final = 15.5
LIGHT_MIN_PIXELS: Final = 360
MAX_DRAWN: Final = 16


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
class Camera:
    """A picture's point of view, in metres and degrees."""

    eye: Vec3
    target: Vec3
    fov_deg: float = 60.0
    width: int = 320
    height: int = 240
    up: Vec3 = (0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Block:
    """A drawn box: full edges and centre, metres, and its colour."""

    size: Vec3
    at: Vec3
    color: Color


class World:
    """One physics client with its clock.

    Args:
        with_window: Open PyBullet's window and not the headless client.
    """

    def __init__(self, *, with_window: bool = False) -> None:
        self._has_window = with_window
        self._undrawn: list[Block] = []
        self.client: int = bullet.connect(bullet.GUI if with_window else bullet.DIRECT)
        self.bodies: dict[str, Body] = {}
        self._names: dict[int, str] = {}
        self._welds: list[int] = []
        self._motors: dict[tuple[int, int], dict[str, Any]] = {}
        self._moving: list[tuple[int, int]] = []
        self._steps = 0
        self.clear()

    def clear(self) -> None:
        """Remove everything and set every engine parameter anew."""
        client = self.client
        bullet.resetSimulation(physicsClientId=client)
        bullet.setGravity(0.0, 0.0, -9.81, client)
        bullet.setPhysicsEngineParameter(
            fixedTimeStep=1.0 / PHYSICS_HZ, numSolverIterations=10, numSubSteps=0,
            deterministicOverlappingPairs=1, enableFileCaching=0, physicsClientId=client,
        )  # fmt: skip
        for table in (self.bodies, self._names, self._motors):
            table.clear()
        self._welds.clear()
        self._moving.clear()
        self._undrawn.clear()
        self._steps = 0

    def close(self) -> None:
        """Disconnect. Idempotent."""
        if self.client >= 0:
            bullet.disconnect(self.client)
            self.client = -1

    # -- clock ---------------------------------------------------------------------------------------------------

    @property
    def time_s(self) -> float:
        """World time since `start_clock`, seconds."""
        return self._steps / PHYSICS_HZ

    def start_clock(self) -> None:
        """Call this state t = 0."""
        self._steps = 0

    def tick(self) -> None:
        """Advance physics by one control tick (`TICK_S` seconds)."""
        step, client = bullet.stepSimulation, self.client
        for _ in range(STEPS_PER_TICK):
            step(client)
        self._steps += STEPS_PER_TICK

    # -- building ------------------------------------------------------------------------------------------------

    def box(
        self, name: str, size: Vec3, at: Vec3, color: Color, *, mass_kg: float = 0.0, is_solid: bool = True,
        drawn_m: float | None = None,
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
        """
        half = [edge / 2 for edge in size]
        drawn = size[2] if drawn_m is None else drawn_m
        visual = bullet.createVisualShape(
            bullet.GEOM_BOX, halfExtents=[*half[:2], drawn / 2], visualFramePosition=(0, 0, (drawn - size[2]) / 2),
            rgbaColor=color, specularColor=(0.1, 0.1, 0.1), physicsClientId=self.client,
        )  # fmt: skip
        shape = -1
        if is_solid:
            shape = bullet.createCollisionShape(bullet.GEOM_BOX, halfExtents=half, physicsClientId=self.client)
        uid = bullet.createMultiBody(mass_kg, shape, visual, at, physicsClientId=self.client)
        bullet.changeDynamics(uid, -1, lateralFriction=0.8, physicsClientId=self.client)
        return self._enlist(name, uid, is_moving=mass_kg > 0)

    def draw(self, blocks: Iterable[Block]) -> None:
        """Add boxes that are only seen in pictures; they are built when the first picture is taken."""
        self._undrawn.extend(blocks)
        if self._has_window:
            self._draw_all()

    def _draw_all(self) -> None:
        for first in range(0, len(self._undrawn), MAX_DRAWN):
            some = self._undrawn[first : first + MAX_DRAWN]
            visual = bullet.createVisualShapeArray(
                shapeTypes=[bullet.GEOM_BOX] * len(some), halfExtents=[[edge / 2 for edge in b.size] for b in some],
                visualFramePositions=[b.at for b in some], rgbaColors=[b.color for b in some],
                physicsClientId=self.client,
            )  # fmt: skip
            bullet.createMultiBody(0.0, -1, visual, physicsClientId=self.client)
        self._undrawn.clear()

    def load(self, name: str, asset: str, at: Vec3, yaw: float = 0.0) -> Body:
        """Add an articulated body from `assets/<asset>.urdf`, its base fixed at `at`."""
        uid = bullet.loadURDF(
            str(ASSETS / f"{asset}.urdf"), at, bullet.getQuaternionFromEuler((0.0, 0.0, yaw)),
            useFixedBase=True, flags=bullet.URDF_USE_MATERIAL_COLORS_FROM_MTL, physicsClientId=self.client,
        )  # fmt: skip
        return self._enlist(name, uid, is_moving=False)

    def _enlist(self, name: str, uid: int, *, is_moving: bool) -> Body:
        if name in self.bodies:
            msg = f"two bodies are named {name!r}"
            raise ValueError(msg)
        body = Body(self, name, uid)
        self.bodies[name] = body
        self._names[uid] = name
        if is_moving:
            self._moving.append((uid, -1))
        self._moving.extend((uid, joint._index) for joint in body.joints.values())  # noqa: SLF001
        return body

    def command(self, key: tuple[int, int], order: dict[str, Any]) -> None:
        """Send a motor order to a joint unless it stands already."""
        if self._motors.get(key) != order:
            self._motors[key] = order
            bullet.setJointMotorControl2(*key, physicsClientId=self.client, **order)

    def weld(self, holder: Body, link: str | None, held: Body, max_force_n: float) -> int:
        """Fix `held` to a link of `holder` as they stand; the weld gives way above `max_force_n`."""
        index = holder.links[link] if link is not None else -1
        if index >= 0:
            com, com_turn = bullet.getLinkState(holder.uid, index, 0, 1, self.client)[:2]
        else:
            com, com_turn = bullet.getBasePositionAndOrientation(holder.uid, self.client)
        inverse = bullet.invertTransform(com, com_turn)
        position, quaternion = bullet.getBasePositionAndOrientation(held.uid, self.client)
        offset, offset_turn = bullet.multiplyTransforms(*inverse, position, quaternion)
        weld: int = bullet.createConstraint(
            holder.uid, index, held.uid, -1, bullet.JOINT_FIXED, (0, 0, 0), offset, (0, 0, 0), offset_turn,
            physicsClientId=self.client,
        )  # fmt: skip
        bullet.changeConstraint(weld, maxForce=max_force_n, physicsClientId=self.client)
        self._welds.append(weld)
        return weld

    def unweld(self, weld: int) -> None:
        """Undo a weld."""
        if weld in self._welds:
            self._welds.remove(weld)
            bullet.removeConstraint(weld, physicsClientId=self.client)

    def ignore_contacts(self, first: Body, second: Body) -> None:
        """Let two bodies pass through each other."""
        for a in (-1, *first.links.values()):
            for b in (-1, *second.links.values()):
                bullet.setCollisionFilterPair(first.uid, second.uid, a, b, 0, self.client)

    def paint(self, body: Body, color: Color, link: str | None = None) -> None:
        """Change a colour (a lamp that switches); kept with the recorded states by whoever paints."""
        index = body.links[link] if link is not None else -1
        bullet.changeVisualShape(body.uid, index, rgbaColor=color, physicsClientId=self.client)

    # -- queries -------------------------------------------------------------------------------------------------

    def contacts(self, body: Body, link: str | None = None) -> list[Contact]:
        """What touches `body` (or one link of it) now."""
        index = body.links[link] if link is not None else -2
        points = bullet.getContactPoints(
            bodyA=body.uid, linkIndexA=index, physicsClientId=self.client
        ) if index != -2 else bullet.getContactPoints(bodyA=body.uid, physicsClientId=self.client)  # fmt: skip
        return [Contact(self._names[p[2]], float(p[9])) for p in points or () if p[8] < 0.002]

    def is_touching(self, first: Body, second: Body, link: str | None = None) -> bool:
        """Whether `second` touches `first` (or one link of it) now."""
        return any(c.other == second.name for c in self.contacts(first, link))

    def cast(self, rays: Sequence[tuple[Vec3, Vec3]]) -> list[Hit | None]:
        """Cast rays; the first thing hit on each, or None."""
        starts, ends = zip(*rays, strict=True)
        hits = bullet.rayTestBatch(starts, ends, physicsClientId=self.client)
        return [Hit(self._names[h[0]], float(h[2])) if h[0] >= 0 else None for h in hits]

    # -- recording and pictures ----------------------------------------------------------------------------------

    def state(self) -> npt.NDArray[np.float32]:
        """Joint positions and free bodies' poses, shape (n,), float32, in the order of `apply_state`."""
        values: list[float] = []
        client = self.client
        for uid, index in self._moving:
            if index < 0:
                position, turn = bullet.getBasePositionAndOrientation(uid, client)
                values += (*position, *turn)
            else:
                values.append(bullet.getJointState(uid, index, client)[0])
        return np.asarray(values, dtype=np.float32)

    def apply_state(self, state: npt.NDArray[np.float32]) -> None:
        """Pose everything as recorded by `state`; for pictures only."""
        values: Iterator[float] = iter(state.tolist())
        for uid, index in self._moving:
            if index < 0:
                pose = [next(values) for _ in range(7)]
                bullet.resetBasePositionAndOrientation(uid, pose[:3], pose[3:], self.client)
            else:
                bullet.resetJointState(uid, index, next(values), 0.0, self.client)

    def picture(self, camera: Camera, *, has_shadow: bool = True) -> npt.NDArray[np.uint8]:
        """Render with the software renderer, shape (height, width, 3), uint8. Shadows cost about as much again."""
        self._draw_all()
        view = bullet.computeViewMatrix(camera.eye, camera.target, camera.up)
        lens = bullet.computeProjectionMatrixFOV(camera.fov_deg, camera.width / camera.height, 0.05, 60.0)
        shot = self._shoot(camera.width, camera.height, view, lens)
        picture = paint_backdrop(shot)
        if not has_shadow:
            return picture
        lamp = tuple(at + LIGHT_AWAY_M * part for at, part in zip(camera.target, LIGHT, strict=True))
        near, far = LIGHT_AWAY_M - LIGHT_SPAN_M, LIGHT_AWAY_M + LIGHT_SPAN_M
        size = max(LIGHT_MIN_PIXELS, camera.width * 3 // 4)
        light = self._shoot(
            size, size, bullet.computeViewMatrix(lamp, camera.target, (0.0, 1.0, 0.0)),
            bullet.computeProjectionMatrixFOV(LIGHT_FOV_DEG, 1.0, near, far),
        )  # fmt: skip
        return cast_shadows(Shot(picture, shot.depth, shot.to_clip), light, near, far)

    def _shoot(self, width: int, height: int, view: tuple[float, ...], lens: tuple[float, ...]) -> Shot:
        image = bullet.getCameraImage(
            width, height, view, lens, lightDirection=LIGHT, lightColor=(1, 1, 1), lightAmbientCoeff=0.62,
            lightDiffuseCoeff=0.45, lightSpecularCoeff=0.04, shadow=0, renderer=bullet.ER_TINY_RENDERER,
            flags=bullet.ER_NO_SEGMENTATION_MASK, physicsClientId=self.client,
        )  # fmt: skip
        rgb = np.asarray(image[2], dtype=np.uint8).reshape(height, width, 4)[:, :, :3]
        depth = np.asarray(image[3], dtype=np.float32).reshape(height, width)
        return Shot(rgb, depth, to_clip(view, lens))


def wrap(angle: float) -> float:
    """`angle` in radians, brought into (-pi, pi]."""
    return math.atan2(math.sin(angle), math.cos(angle))
