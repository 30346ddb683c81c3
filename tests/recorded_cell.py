"""Real episodes in a cell's folder, for tests of what is made of records."""

from __future__ import annotations

from pathlib import Path

import yaml
from parrot import configured

from embodied.episode import EpisodeRunner
from embodied.records import Episode
from embodied.storage.store import CellStore


def record_cell(folder: Path, *overrides: str, seed: int = 0) -> Episode:
    """Run one episode and keep it with all its files, as a run does.

    Args:
        folder: The cell's.
        overrides: As on the command line.
        seed: Of the episode.
    """
    config = configured(*overrides)
    store, runner = CellStore(folder), EpisodeRunner(config)
    try:
        runner.prepare()
        result = runner.run(seed)
    finally:
        runner.close()
    store.write_config(yaml.safe_dump(config.model_dump(mode="json")))
    store.append(
        result.episode, result.ledger_json, result.transcript, result.states, result.peer_transcript, result.probes,
        result.monitors,
    )  # fmt: skip
    return result.episode
