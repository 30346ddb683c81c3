"""Where everything was, over the time of an episode: a few times a second, to the centimetre."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from embodied.page.plan import Plan, Track
from envs.scene import FRAME_S

EVERY_S: Final = 0.25
Numbers = npt.NDArray[np.int64]


def paths_of_states(frames: npt.NDArray[np.float32], tracks: Mapping[str, Track]) -> dict[str, Any]:
    """What recorded states say, by name.

    Args:
        frames: One state every `FRAME_S`, shape (n, k).
        tracks: Which columns are whose.

    Returns:
        Of each: `kind`, and as differences from one moment to the next `t` (hundredths of a second), then `x` and `y`
        (cm) and, where it has one, `a` (degrees). Of a stay only the first and the last moment are there, and things
        and doors that never move are left out.
    """
    moments = np.arange(math.floor(len(frames) * FRAME_S / EVERY_S) + 1) * EVERY_S
    rows = np.clip(np.rint(moments / FRAME_S).astype(np.int64) - 1, 0, len(frames) - 1)
    thinned = frames[rows].astype(np.float64)
    times = np.rint(moments * 100).astype(np.int64)
    found = {name: _path(track, times, thinned[:, list(track.columns)]) for name, track in tracks.items()}
    return {name: path for name, path in found.items() if len(path["t"]) > 2 or path["kind"] in {"robot", "person"}}


def paths_of_ledger(paths: Mapping[str, Sequence[Sequence[float]]], plan: Plan | None) -> dict[str, Any]:
    """What the ledger says, by name: twice a second and without headings. The form is that of `paths_of_states`."""
    found = {}
    for name, points in paths.items():
        table = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        kind = plan.tracks[name].kind if plan and name in plan.tracks else "robot" if "robot" in name else "person"
        found[name] = _path(Track(kind, (0, 1)), np.rint(table[:, 0] * 100).astype(np.int64), table[:, 1:])
    return found


def _path(track: Track, times: Numbers, values: npt.NDArray[np.float64]) -> dict[str, Any]:
    is_door = track.kind == "door"
    scales = np.array([180 / math.pi] if is_door else [100.0, 100.0, 180 / math.pi][: values.shape[1]])
    table = np.rint(values * scales).astype(np.int64)
    kept = _is_kept(table)
    names = ("a",) if is_door else ("x", "y", "a")
    columns = {name: _differences(table[kept, column]) for column, name in enumerate(names[: table.shape[1]])}
    return {"kind": track.kind, "t": _differences(times[kept]), **columns}


def _is_kept(table: Numbers) -> npt.NDArray[np.bool_]:
    """All but the moments that are equal to the one before and the one after."""
    kept = np.ones(len(table), dtype=np.bool_)
    same = (table[1:] == table[:-1]).all(axis=1)
    kept[1:-1] = ~(same[:-1] & same[1:])
    return kept


def _differences(values: Numbers) -> list[int]:
    listed: list[int] = np.diff(values, prepend=0).tolist()
    return listed
