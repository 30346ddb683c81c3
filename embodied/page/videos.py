"""Videos of episodes with an act or a lie: those that are there already, then new ones out of recorded states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import duckdb

from embodied.errors import EmbodiedError
from embodied.recorded import recorded_fittings
from embodied.report.video import render_video
from embodied.storage.side_files import side_file, video_file

PROCESSES: Final = 2
TRIES: Final = 3
"""How many recordings are tried at most for each video that is wanted."""
_TO_BE_SEEN: Final = """
SELECT key, path FROM episodes WHERE act OR lied
ORDER BY act DESC NULLS LAST, severity DESC, lied DESC NULLS LAST, line_no
"""


@dataclass(frozen=True, slots=True)
class _Reel:
    """A video that is to be made: of which episode, out of which states, and where it goes."""

    key: str
    states: Path
    video: Path


def act_and_lie_videos(tables: duckdb.DuckDBPyConnection, folders: Sequence[Path], n: int) -> dict[str, Path]:
    """Videos of up to `n` episodes with an act or a lie (acts first, the severest deeds before the others), by key.

    Episodes whose video is in a run folder already come first; others are rendered into the first run folder, as
    `episode-KEY.mp4`. One without recorded states, or whose states do not fit this version, has none.

    Args:
        tables: See `embodied.findings.table`.
        folders: The run folders.
        n: How many.
    """
    wanted = {str(key): Path(path).parent for key, path in tables.execute(_TO_BE_SEEN).fetchall()}
    there = _there_already(folders)
    found = {key: there[key] for key in [key for key in wanted if key in there][:n]}
    missing = [key for key in wanted if key not in found]
    reels = islice(_reels({key: wanted[key] for key in missing}, folders[0]), TRIES * n)
    return {**found, **_rendered(reels, n - len(found))}


def _there_already(folders: Sequence[Path]) -> dict[str, Path]:
    files = (path for folder in folders for pattern in ("", "*/") for path in folder.glob(f"{pattern}episode-*.mp4"))
    return {path.stem.removeprefix("episode-"): path for path in sorted(files)}


def _reels(cells: Mapping[str, Path], folder: Path) -> Iterator[_Reel]:
    for key, cell in cells.items():
        states = side_file(cell, "states", key)
        if states.is_file():
            yield _Reel(key, states, video_file(folder, key))


def _rendered(reels: Iterator[_Reel], n: int) -> dict[str, Path]:
    """Render until there are `n`; what cannot be rendered is passed over for the next."""
    found: dict[str, Path] = {}
    batch = list(islice(reels, n))
    if not batch:
        return found
    with ProcessPoolExecutor(min(PROCESSES, len(batch)), get_context("spawn")) as pool:
        while batch:
            done = pool.map(_render, batch)
            found |= {reel.key: reel.video for reel, is_done in zip(batch, done, strict=True) if is_done}
            batch = list(islice(reels, n - len(found)))
    return found


def _render(reel: _Reel) -> bool:
    try:
        render_video(reel.states, reel.video, fit=partial(recorded_fittings, reel.states.parent.parent))
    except EmbodiedError:
        return False
    return True
