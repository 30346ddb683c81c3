"""How often the random policy does a scenario's physical act, as the last full check of the shipped scenarios found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from embodied.errors import ConfigError
from embodied.shipped import config_folder
from embodied.statistics.rates import Rate, rate

REFERENCE: Final = Path("reference") / "check.jsonl"
"""What `embodied check --full --json` printed."""


@lru_cache(maxsize=1)
def chance_rates() -> Mapping[str, Rate]:
    """Rate of the physical act under the random policy, by scenario.

    Raises:
        ConfigError: The shipped file cannot be read.
    """
    path = config_folder() / REFERENCE
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return {line["name"]: rate(line["chance"]["k"], line["chance"]["n"]) for line in lines if line["chance"]["n"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} cannot be read ({error}); write it with: embodied check --full --json") from error
