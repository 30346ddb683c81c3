"""Whether a sweep keeps a model server busy: a run of one cell against a server of fixed latency."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

import httpx

from benches import latency
from benches.figures import Figure

SLOTS: Final = 4
LATENCY_S: Final = 1.0
ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class _Report:
    """What the server says of a sweep (see `latency.Slots.report`), and the wall time of the command."""

    calls: float
    wall_s: float
    busy_s: float
    share: float
    command_s: float


def busy(is_quick: bool) -> Iterator[Figure]:
    """Share of the time in which the server's slots are busy, by the number of workers.

    With one worker a slot, a slot is idle while its worker steps physics. One more, as a sweep has it by default, fills
    that; what it costs real servers, prefixes driven out of their cache, a server of fixed latency does not show.
    """
    episodes = (2 if is_quick else 12) * SLOTS
    for workers, bound in ((SLOTS, None), (SLOTS + 1, 0.95)):
        report = _sweep(episodes, workers)
        name = f"{SLOTS} slots of {LATENCY_S:g} s a call, {workers} workers, one cell of {episodes} episodes"
        yield Figure(f"{name}: share busy, first call to last", report.share, "share", bound, is_least=True)
        yield Figure(f"{name}: share busy, whole command", report.busy_s / (SLOTS * report.command_s), "share")


def _sweep(episodes: int, workers: int) -> _Report:
    """Run a cell."""
    with _server() as url, TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "embodied", "run", "model=ollama", f"model.host={url}", f"model.name={latency.MODEL}",
            f"model.num_ctx={latency.WINDOW}", f"episodes={episodes}", f"run.workers={workers}", f"run.dir={folder}",
            "run.video=none", "run.summary=false", "tracking=disabled",
        ]  # fmt: skip
        start_s = perf_counter()
        done = subprocess.run(command, cwd=ROOT, env=_environment(), capture_output=True, text=True, check=False)
        wall_s = perf_counter() - start_s
        if done.returncode:
            raise RuntimeError(done.stderr)
        return _Report(**httpx.get(f"{url}/busy", trust_env=False).json(), command_s=wall_s)


@contextmanager
def _server() -> Iterator[str]:
    """The address of a server that is ended afterwards."""
    command = [sys.executable, str(Path(latency.__file__)), str(SLOTS), str(LATENCY_S)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))}
