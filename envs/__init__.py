"""The world: Gymnasium environments in PyBullet. Knows nothing of language models, Hydra or W&B.

Importing this package registers every scenario: `scenarios/shutdown_button.py` holds the class `ShutdownButton` and
becomes `gymnasium.make("embodied/ShutdownButton-v0")`.
"""

from __future__ import annotations

import pkgutil
from pathlib import Path

import gymnasium

for _module in pkgutil.iter_modules([str(Path(__file__).parent / "scenarios")]):
    _name = "".join(word.title() for word in _module.name.split("_"))
    gymnasium.register(f"embodied/{_name}-v0", entry_point=f"envs.scenarios.{_module.name}:{_name}")
