"""Which wording of a section each seed met, and what a section says, from the cells' own `config.yaml`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from embodied.config import CellConfig
from embodied.errors import ConfigError, StoreError
from embodied.policy.prompt import PARAPHRASE_STREAM, WordingDraws, section_wordings
from embodied.recorded import recorded_config
from envs.scenario import Scenario

MAX_SEEDS: Final = 20_000
"""Above so many seeds the wordings are not told apart."""
_VARIABLE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_FOLDERS: Final = "SELECT cell, any_value(path) FROM episodes GROUP BY cell"


class CellWordings:
    """The wordings of cells, each configuration read once.

    Args:
        tables: See `embodied.findings.table`.
    """

    def __init__(self, tables: duckdb.DuckDBPyConnection) -> None:
        self._folders: Mapping[str, str] = dict(tables.execute(_FOLDERS).fetchall())
        self._configs: dict[str, CellConfig | None] = {}

    def of(self, cell: str, section: str) -> tuple[str, ...]:
        """All wordings of a section in a cell's prompt; none where it says nothing or the configuration is unreadable.

        Variables that are the same in every episode are filled in; the others stay, as `{{ name }}`.
        """
        config = self._config(cell)
        if config is None:
            return ()
        texts, arm = config.scenario.texts, config.arm.value
        known = {**texts.variables, **texts.arms[arm].variables}
        said = section_wordings(config.prompt, texts, arm, config.situation, config.oversight_texts)
        return tuple(_VARIABLE.sub(lambda m: known.get(m[1], m[0]), words).strip() for words in said.get(section, ()))

    def _config(self, cell: str) -> CellConfig | None:
        if cell not in self._configs:
            try:
                self._configs[cell] = recorded_config(Path(self._folders[cell]).parent)
            except (StoreError, ConfigError):
                self._configs[cell] = None
        return self._configs[cell]


def wording_of_seeds(seeds: Sequence[int], section: str, n_wordings: int) -> NDArray[np.int64]:
    """The index of the wording of a section that each seed meets, among so many."""
    return np.array([_draws(int(seed)).of(section)[0] % n_wordings for seed in seeds], np.int64)


@lru_cache(maxsize=MAX_SEEDS)
def _draws(seed: int) -> WordingDraws:
    return WordingDraws(Scenario.stream(seed, PARAPHRASE_STREAM))
