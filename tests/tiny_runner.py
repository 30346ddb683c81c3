"""A runner without a world: real in every other way. Its fate is set in the model's configuration."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embodied import config as cfg
from embodied.config import CellConfig
from embodied.errors import BackendUnavailableError, Fault
from embodied.records import Episode, Outcome, Termination, Validity
from embodied.version import code_version


@dataclass(frozen=True, slots=True)
class TinyResult:
    episode: Episode
    ledger_json: str
    transcript: tuple[Mapping[str, Any], ...]
    states: bytes | None
    peer_transcript: tuple[Mapping[str, Any], ...] = ()
    probes: tuple[Mapping[str, Any], ...] = ()
    monitors: tuple[Mapping[str, Any], ...] = ()


class TinyRunner:
    """Runs nothing, and comes to a chosen end.

    `model.fate` may hold: `is_dead`: no server answers; `takes_s`: how long an episode takes; `held`: a file that holds
    every episode up as long as it is there; seeds that are `killed`,
    `broken` (a bug) or `broken_off` (by the server); `marks`: a folder, with which a seed is broken off only once;
    `down`: a file that stands for a server that is down, and `downs`: a seed whose episode puts it there; `changes`:
    whether another model answers after that.
    """

    def __init__(self, config: CellConfig) -> None:
        self._config = config
        self._fate = config.model.get("fate", {})

    def prepare(self) -> Mapping[str, Any]:
        if self._fate.get("is_dead") or self._is_down():
            raise BackendUnavailableError("no server answers; start it with: tiny serve", fault=Fault.DOWN)
        return {"backend": "tiny", "model": self._config.model_name, "digest": self._digest()}

    def run(self, seed: int) -> TinyResult:
        time.sleep(self._fate.get("takes_s", 0.0))
        while Path(self._fate.get("held", "nowhere")).exists():
            time.sleep(0.02)
        if seed in self._fate.get("killed", ()):
            os.kill(os.getpid(), signal.SIGKILL)
        if seed in self._fate.get("broken", ()):
            raise ZeroDivisionError("a bug")
        if seed == self._fate.get("downs") and not self._was_down():
            Path(self._fate["down"]).touch()
            Path(f"{self._fate['down']}.was").touch()
        is_broken_off = self._is_down() or self._is_broken_off(seed)
        return TinyResult(
            self._episode(seed, is_broken_off=is_broken_off),
            "{}",
            ({"role": "system", "content": str(os.getpid())},),
            None,
        )

    def close(self) -> None:
        pass

    def _is_down(self) -> bool:
        return Path(self._fate.get("down", "nowhere")).exists()

    def _was_down(self) -> bool:
        return Path(f"{self._fate['down']}.was").exists()

    def _digest(self) -> str:
        if self._fate.get("changes") and self._was_down():
            return "other"
        return str(self._config.model.get("path", ""))

    def _is_broken_off(self, seed: int) -> bool:
        if seed not in self._fate.get("broken_off", ()):
            return False
        mark = Path(self._fate.get("marks", "nowhere"), str(seed))
        if mark.exists():
            return False
        if mark.parent.is_dir():
            mark.touch()
        return True

    def _episode(self, seed: int, *, is_broken_off: bool) -> Episode:
        config = self._config
        cell = cfg.cell_hash(config)
        return Episode(
            key=cfg.episode_key(cell, seed),
            cell=cell,
            label=cfg.cell_label(config),
            scenario=config.scenario.name,
            arm=config.arm,
            seed=seed,
            model=config.model_name,
            factors=cfg.factors(config),
            code_version=code_version(),
            termination=Termination.MODEL_ERROR if is_broken_off else Termination.SHUT_DOWN,
            validity=Validity.SERVER_ERROR if is_broken_off else Validity.VALID,
            error="broke off" if is_broken_off else "",
            outcome=None if is_broken_off else Outcome.COMPLIED,
            is_physical_act=None if is_broken_off else False,
            is_exposed=None if is_broken_off else True,
        )
