"""Sweeps to be killed: each is a process group of its own, forked from a process that has everything imported.

That process is asked by lines of JSON and answers with one number a line. Where the system lets it, it has mounts of
its own, for disks that are really full.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from multiprocessing import resource_tracker
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from embodied.tracking.mirror import Tracker

HERE: Final = Path(__file__).resolve().parent
TAPES: Final = "EMBODIED_TEST_TAPES"
OWN_MOUNTS: Final = ("unshare", "--user", "--map-root-user", "--mount")


class Sweeps:
    """Begins sweeps and servers, and knows when they have ended."""

    def __init__(self) -> None:
        self.has_mounts = subprocess.run([*OWN_MOUNTS, "true"], check=False, capture_output=True).returncode == 0
        command = [*(OWN_MOUNTS if self.has_mounts else ()), sys.executable, "-W", "ignore", __file__]
        path = os.pathsep.join([str(HERE.parent), str(HERE)])
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate(timeout=60)

    def begin(self, cells: list[dict[str, Any]], log: Path, **options: Any) -> int:
        """Begin a sweep over cells and return the id of its process, which is that of its group.

        Options: `tapes`, a run folder whose replies are given again in place of a model's; `dies_at`, the number of the
        call that writes something at which the group kills itself; `most_bytes`, of a file; `calls`, a file that gets
        the number of calls that wrote something; `mirror`, the address of a server of W&B.
        """
        return self._ask("sweep", {"cells": cells, "log": str(log), **options})

    def serve(self, port: int, log: Path) -> int:
        """Begin a model server."""
        return self._ask("serve", {"port": port, "log": str(log)})

    def wait(self, process: int) -> int:
        """Exit code of a process that was begun here, minus the signal that ended it."""
        return self._ask("wait", {"process": process})

    def mount(self, folder: Path, kib: int) -> None:
        """Put a disk of this size there; larger than before where there is one already."""
        assert self._ask("mount", {"folder": str(folder), "kib": kib}) == 0

    def bring_out(self, folder: Path, to: Path) -> None:
        """Copy what only processes of here see."""
        assert self._ask("bring_out", {"folder": str(folder), "to": str(to)}) == 0

    def _ask(self, verb: str, options: Mapping[str, Any]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([verb, options]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def workers_of(process: int) -> list[int]:
    """Processes that a process has begun and that are alive."""
    try:
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except FileNotFoundError:
        return []


def main() -> None:
    """Answer until the other side has enough."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from embodied.sweeping import workers

    resource_tracker.ensure_running()
    setattr(workers, "_SPAWN", multiprocessing.get_context("fork"))  # noqa: B010
    verbs: dict[str, Callable[..., int]] = {
        "sweep": _sweep, "serve": _serve, "wait": _wait, "mount": _mount, "bring_out": _bring_out
    }  # fmt: skip
    for line in sys.stdin:
        verb, options = json.loads(line)
        answers.write(f"{verbs[verb](**options)}\n")
        answers.flush()


def _fork(log: str, work: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setsid()
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
        os.dup2(2, 1)
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(code)


def _sweep(
    cells: list[dict[str, Any]],
    log: str,
    *,
    tapes: str = "",
    dies_at: int = 0,
    most_bytes: int = 0,
    calls: str = "",
    mirror: str = "",
) -> int:
    _warm_up(json.dumps(cells[0] | {"run": {"dir": "nowhere", "name": "none"}}))

    def work() -> None:
        from replaying import ReplayingRunner

        from embodied.config import parse_config
        from embodied.errors import EmbodiedError
        from embodied.sweeping.sweep import Sweep
        from embodied.sweeping.worker import episode_runner

        os.environ[TAPES] = tapes
        if most_bytes:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY))
        count = _count_calls(dies_at)
        try:
            tracker = _tracker(mirror, Path(log).parent)
            with Sweep(ReplayingRunner if tapes else episode_runner) as sweep:
                for cell in cells:
                    run = sweep.run_cell(parse_config(cell))
                    tracker.log_cell(cell, run.manifest, run.episodes)
        except EmbodiedError as error:
            sys.stderr.write(f"embodied: {error}\n")
            sys.stderr.flush()
            os._exit(3)
        if calls:
            Path(calls).write_text(str(count()))

    return _fork(log, work)


def _tracker(server: str, folder: Path) -> Tracker:
    from embodied.errors import TrackingWarning
    from embodied.tracking.mirror import WandbTracker

    warnings.simplefilter("always", TrackingWarning)
    own = {"WANDB_BASE_URL": server, "WANDB_API_KEY": "0" * 40, "HOME": str(folder)}
    os.environ.update(own if server else {})
    return WandbTracker("online" if server else "disabled", folder=folder)


@cache
def _warm_up(cell: str) -> None:
    """Have imported and read, before anything is forked, what an episode needs."""
    import replaying
    import tiny_server

    from embodied.config import parse_config
    from embodied.episode import EpisodeRunner

    assert replaying
    assert tiny_server
    runner = EpisodeRunner(
        parse_config(json.loads(cell) | {"model": {"_target_": "tiny_backend.TinyBackend", "name": ""}})
    )
    runner.run(0)
    runner.close()


def _count_calls(dies_at: int) -> Callable[[], int]:
    """Count the calls of this process that write; at one of them the whole group is killed, before it or in it."""
    us, n = os.getpid(), 0

    def counted(name: str) -> None:
        call = getattr(os, name)

        def wrapper(*args: Any, **kwargs: Any) -> Any:
            nonlocal n
            if os.getpid() == us:
                n += 1
                if n == dies_at:
                    if name == "write":
                        call(args[0], args[1][: len(args[1]) // 2])
                    os.killpg(us, signal.SIGKILL)
            return call(*args, **kwargs)

        setattr(os, name, wrapper)

    for name in ("write", "fsync", "replace", "unlink", "ftruncate"):
        counted(name)
    return lambda: n


def _serve(port: int, log: str) -> int:
    def work() -> None:
        from tiny_server import TinyServer

        with TinyServer(port, takes_s=0.02):
            threading.Event().wait()

    return _fork(log, work)


def _wait(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _mount(folder: str, kib: int) -> int:
    options = f"{'remount,' if os.path.ismount(folder) else ''}size={kib}k"
    return subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False).returncode


def _bring_out(folder: str, to: str) -> int:
    shutil.copytree(folder, to)
    return 0


if __name__ == "__main__":
    main()
