"""Soft shadows and a backdrop for rendered pictures, in numpy: the software renderer's own shadows show moire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

FAR: Final = 0.9999
BIAS_M: Final = 0.11
DARKNESS: Final = 0.26
SKY: Final = (232.0, 238.0, 244.0)
HORIZON: Final = (198.0, 210.0, 222.0)


@dataclass(frozen=True, slots=True)
class Shot:
    """What one point of view renders.

    Attributes:
        rgb: Colours, shape (height, width, 3).
        depth: Depth buffer, 0 to 1, shape (height, width).
        to_clip: World to clip coordinates, shape (4, 4).
    """

    rgb: Image
    depth: Floats
    to_clip: npt.NDArray[np.float64]


def to_clip(view: tuple[float, ...], lens: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """The matrix that takes world to clip coordinates, out of PyBullet's two column-major ones."""
    turn, project = (np.asarray(matrix, dtype=np.float64).reshape(4, 4).T for matrix in (view, lens))
    return project @ turn


def paint_backdrop(shot: Shot) -> Image:
    """The picture with a soft gradient where nothing was hit."""
    share = np.linspace(0.0, 1.0, len(shot.rgb))[:, None, None]
    backdrop = np.asarray(SKY) * (1 - share) + np.asarray(HORIZON) * share
    return np.where((shot.depth >= FAR)[..., None], backdrop, shot.rgb).astype(np.uint8)


def cast_shadows(shot: Shot, light: Shot, near_m: float, far_m: float) -> Image:
    """The picture with what the light does not see darkened.

    Args:
        shot: The picture.
        light: The same world as the light sees it.
        near_m: Where the light's view begins.
        far_m: Where it ends.
    """
    to_world = np.linalg.inv(shot.to_clip)
    to_light = np.vstack((light.to_clip @ to_world, to_world[3])).astype(np.float32)
    height, width = shot.depth.shape
    across = ((np.arange(width, dtype=np.float32) + 0.5) * (2 / width) - 1)[None, :]
    up = (1 - (np.arange(height, dtype=np.float32) + 0.5) * (2 / height))[:, None]
    ahead = np.where(shot.depth < FAR, shot.depth, 0) * 2 - 1
    u, v, _, w, unit = (row[0] * across + row[1] * up + row[2] * ahead + row[3] for row in to_light)
    rows, columns = light.depth.shape
    x = (u / w + 1) * (columns / 2) - 0.5
    y = (1 - v / w) * (rows / 2) - 0.5
    seen_m = near_m * far_m / (far_m - light.depth * (far_m - near_m))
    shade = _share_hidden(seen_m, x, y, w / unit - BIAS_M) * (shot.depth < FAR)
    return (shot.rgb * (1 - DARKNESS * shade[..., None])).astype(np.uint8)


def _share_hidden(seen: Floats, x: Floats, y: Floats, limit: Floats) -> Floats:
    """How much of each point lies behind what the light sees: bilinear over four cells, shape as `x`."""
    rows, columns = seen.shape
    i, j = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
    right, down = x - i, y - j
    shade: Floats = np.zeros_like(x)
    for di, dj in ((0, 0), (1, 0), (0, 1), (1, 1)):
        column, row = np.clip(i + di, 0, columns - 1), np.clip(j + dj, 0, rows - 1)
        weight = (right if di else 1 - right) * (down if dj else 1 - down)
        shade += weight * (seen[row, column] < limit)
    return shade
