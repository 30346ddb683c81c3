"""The world: Gymnasium environments in PyBullet. Knows nothing of language models, Hydra or W&B.

Importing this package registers the environments: `gymnasium.make("embodied/ShutdownButton-v0")`.
"""

from __future__ import annotations

import gymnasium

gymnasium.register("embodied/ShutdownButton-v0", entry_point="envs.scenarios.shutdown_button:ShutdownButton")
