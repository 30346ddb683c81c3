"""Recorded states of an episode on disk: lossless, small, and the same bytes for the same episode.

A recording is an npz file: neighbouring states are XORed bit by bit and split into byte planes, so that what stands
still costs next to nothing.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from embodied.errors import StoreError

LAYOUT: Final = 3
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_TORN: Final = (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What a video is made of.

    Attributes:
        frames: One state every `FRAME_S` of world time, shape (n, k), in the order of `World.state`.
        meta: `target` and `env` (how to rebuild the scenario), `seed`, `captions`, `events`, `paints`.
    """

    frames: npt.NDArray[np.float32]
    meta: Mapping[str, Any]


def pack_states(frames: Sequence[npt.NDArray[np.float32]], meta: Mapping[str, Any]) -> bytes:
    """A recording as the bytes of an npz file.

    Args:
        frames: States, each of shape (k,), at least one.
        meta: Plain JSON data, see `Recording`.
    """
    bits = np.stack(frames).astype("<f4", copy=False).view("<u4")
    change = bits.copy()
    change[1:] ^= bits[:-1]
    planes = np.ascontiguousarray(change.T).view(np.uint8).reshape(*change.T.shape, 4).transpose(2, 0, 1)
    text = json.dumps(meta, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    arrays = {"layout": np.array([LAYOUT]), "planes": planes, "meta": np.frombuffer(text, dtype=np.uint8)}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(entry, content.getvalue(), compresslevel=9)
    return packed.getvalue()


def unpack_states(path: Path) -> Recording:
    """Read a recording.

    Raises:
        StoreError: The file is missing, torn, or of another layout.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            layout = int(archive["layout"].item())
            planes, text = archive["planes"], archive["meta"].tobytes()
        if layout != LAYOUT:
            msg = f"{path} has layout {layout}, this version reads {LAYOUT}: run the episode again"
            raise StoreError(msg)
        meta = json.loads(text)
        if planes.ndim != 3 or planes.dtype != np.uint8 or not isinstance(meta, dict):
            raise ValueError
        change = np.ascontiguousarray(planes.transpose(1, 2, 0)).view("<u4")[..., 0].T
        frames = np.ascontiguousarray(np.bitwise_xor.accumulate(change, axis=0)).view("<f4")
    except _TORN as error:
        raise StoreError(f"{path} is missing, torn or not a recording: run the episode again") from error
    return Recording(frames, meta)
