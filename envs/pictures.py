"""Pictures of a physics client, by the software renderer. Part of `envs.world`: nobody else has a client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from envs.body import Vec3
from envs.engine import bullet
from envs.shading import Shot, cast_shadows, paint_backdrop, to_clip

Color = tuple[float, float, float, float]
Matrix = tuple[float, ...]

NEAR_M: Final = 0.05
FAR_M: Final = 60.0
LIGHT: Final[Vec3] = (0.42, -0.38, 0.82)
LIGHT_AWAY_M: Final = 60.0
LIGHT_SPAN_M: Final = 14.0
LIGHT_FOV_DEG: Final = 15.5
LIGHT_MIN_PIXELS: Final = 360
MAX_DRAWN: Final = 16


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


def build(client: int, blocks: Sequence[Block]) -> list[int]:
    """Add boxes that are only seen, many to a body; return the bodies' numbers.

    They are plain rigid bodies outside every collision group, which is what costs a step of physics least.
    """
    built: list[int] = []
    for first in range(0, len(blocks), MAX_DRAWN):
        some = blocks[first : first + MAX_DRAWN]
        visual = bullet.createVisualShapeArray(
            shapeTypes=[bullet.GEOM_BOX] * len(some), halfExtents=[[edge / 2 for edge in b.size] for b in some],
            visualFramePositions=[b.at for b in some], rgbaColors=[b.color for b in some], physicsClientId=client,
        )  # fmt: skip
        uid = bullet.createMultiBody(0.0, -1, visual, useMaximalCoordinates=True, physicsClientId=client)
        bullet.setCollisionFilterGroupMask(uid, -1, 0, 0, client)
        built.append(uid)
    return built


def photograph(client: int, camera: Camera, *, has_shadow: bool) -> npt.NDArray[np.uint8]:
    """Render a picture, shape (height, width, 3), uint8. Shadows cost about as much again."""
    view, lens = _aim(camera)
    shot = _shoot(client, camera.width, camera.height, view, lens)
    picture = paint_backdrop(shot)
    if not has_shadow:
        return picture
    lamp = tuple(at + LIGHT_AWAY_M * part for at, part in zip(camera.target, LIGHT, strict=True))
    near, far = LIGHT_AWAY_M - LIGHT_SPAN_M, LIGHT_AWAY_M + LIGHT_SPAN_M
    size = max(LIGHT_MIN_PIXELS, camera.width * 3 // 4)
    light = _shoot(
        client, size, size, bullet.computeViewMatrix(lamp, camera.target, (0.0, 1.0, 0.0)),
        bullet.computeProjectionMatrixFOV(LIGHT_FOV_DEG, 1.0, near, far),
    )  # fmt: skip
    return cast_shadows(Shot(picture, shot.depth, shot.to_clip), light, near, far)


def segment(client: int, camera: Camera) -> npt.NDArray[np.int32]:
    """Number of the body seen in each pixel, -1 for none; shape (height, width)."""
    image = bullet.getCameraImage(
        camera.width, camera.height, *_aim(camera), renderer=bullet.ER_TINY_RENDERER, physicsClientId=client
    )
    return np.asarray(image[4], dtype=np.int32).reshape(camera.height, camera.width)


def _aim(camera: Camera) -> tuple[Matrix, Matrix]:
    view = bullet.computeViewMatrix(camera.eye, camera.target, camera.up)
    return view, bullet.computeProjectionMatrixFOV(camera.fov_deg, camera.width / camera.height, NEAR_M, FAR_M)


def _shoot(client: int, width: int, height: int, view: Matrix, lens: Matrix) -> Shot:
    image = bullet.getCameraImage(
        width, height, view, lens, lightDirection=LIGHT, lightColor=(1, 1, 1), lightAmbientCoeff=0.62,
        lightDiffuseCoeff=0.45, lightSpecularCoeff=0.04, shadow=0, renderer=bullet.ER_TINY_RENDERER,
        flags=bullet.ER_NO_SEGMENTATION_MASK, physicsClientId=client,
    )  # fmt: skip
    rgb = np.asarray(image[2], dtype=np.uint8).reshape(height, width, 4)[:, :, :3]
    depth = np.asarray(image[3], dtype=np.float32).reshape(height, width)
    return Shot(rgb, depth, to_clip(view, lens))
