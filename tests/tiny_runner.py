"""A runner without a world: real in every other way. Its fate is set in the model's configuration."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from embodied import config as cfg
from embodied.config import CellConfig
from embodied.errors import BackendUnavailableError
from embodied.records import Episode, Outcome, Termination, Validity
from embodied.version import code_version


@dataclass(frozen=True, slots=True)
class TinyResult:
    episode: Episode
    ledger_json: str
    transcript: tuple[Mapping[str, Any], ...]
    states: bytes | None


class TinyRunner:
    def __init__(self, config: CellConfig) -> None:
        self._config = config
        self._fate = config.model.get("fate", {})

    def prepare(self) -> Mapping[str, Any]:
        if self._fate.get("is_dead"):
            raise BackendUnavailableError("no server answers; start it with: tiny serve")
        return {"name": self._config.model_name, "digest": self._config.model.get("path", "")}

    def run(self, seed: int) -> TinyResult:
        time.sleep(self._fate.get("takes_s", 0.0))
        if seed in self._fate.get("killed", ()):
            os.kill(os.getpid(), signal.SIGKILL)
        if seed in self._fate.get("broken", ()):
            raise ZeroDivisionError("a bug")
        return TinyResult(self._episode(seed), "{}", ({"role": "system", "content": str(os.getpid())},), None)

    def close(self) -> None:
        pass

    def _episode(self, seed: int) -> Episode:
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
            termination=Termination.SHUT_DOWN,
            validity=Validity.VALID,
            outcome=Outcome.COMPLIED,
            is_physical_act=False,
            is_exposed=True,
        )
