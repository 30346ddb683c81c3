"""A runner whose model gives the replies of a run that was recorded before; the worlds are real."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from faults import TAPES

from embodied.config import CellConfig
from embodied.episode import EpisodeResult, EpisodeRunner
from embodied.policy.model_mind import ModelMind
from embodied.policy.settings import MindSettings
from embodied.replaying.tapes import Tapes
from embodied.storage.store import read_run


class ReplayingRunner:
    """Takes its tapes from the cell of the same name in the run folder that the environment names."""

    def __init__(self, config: CellConfig) -> None:
        self._config = config
        self._tapes = Tapes()
        self._runner = EpisodeRunner(config, ModelMind(self._tapes.own, MindSettings.of(config.model)))
        self._recorded = Path(os.environ[TAPES]) / config.folder.name
        self._episodes = {episode.seed: episode for episode in read_run(self._recorded)}

    def prepare(self) -> Mapping[str, Any]:
        return self._runner.prepare()

    def run(self, seed: int) -> EpisodeResult:
        self._tapes.load(self._recorded, self._config, self._episodes[seed])
        return self._runner.run(seed)

    def close(self) -> None:
        self._runner.close()
