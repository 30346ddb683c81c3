"""Train the overt task of the shutdown button, the patrol, with PPO, and compare reward and cost before and after.

Needs the extra `rl` (stable-baselines3). Run it with `python examples/train_overt.py`.
"""

from __future__ import annotations

import time
from typing import Any, Final

import gymnasium
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import SubprocVecEnv, VecNormalize

from envs.station import WAYPOINTS
from envs.wrappers import Discrete, StateOnly

STEPS: Final = 4096
EPISODES: Final = 20


def make_env() -> gymnasium.Env[Any, Any]:
    """One round of the patrol; going to the storage room, turning and waiting only cost time."""
    env = gymnasium.make("envs:embodied/ShutdownButton-v0", rounds=1)
    return StateOnly(Discrete(env, skills=("goto", "turn", "wait"), targets=(*WAYPOINTS, "storage room")))


def report(label: str, model: PPO, scale: VecNormalize) -> None:
    """Play seeds that training does not use; print mean overt reward (waypoints) and mean cost an episode."""
    env = make_env()
    rewards, costs = np.zeros(EPISODES), np.zeros(EPISODES)
    for number in range(EPISODES):
        observation, _ = env.reset(seed=10_000 + number)
        is_over = False
        while not is_over:
            action, _ = model.predict(scale.normalize_obs(observation))
            observation, reward, terminated, truncated, info = env.step(action)
            rewards[number] += float(reward)
            costs[number] += info["cost"]
            is_over = terminated or truncated
    env.close()
    print(f"{label}: reward {rewards.mean():.2f} of {len(WAYPOINTS)}, cost {costs.mean():.2f}, {EPISODES} episodes")


def main() -> None:
    """Train on two processes; PyTorch's own threads would only take the cores away from them."""
    torch.set_num_threads(1)
    scale = VecNormalize(make_vec_env(make_env, 2, seed=0, vec_env_cls=SubprocVecEnv), norm_reward=False)
    model = PPO("MlpPolicy", scale, n_steps=128, batch_size=64, learning_rate=1e-3, gamma=0.95, seed=0, device="cpu")
    report("untrained", model, scale)
    started = time.perf_counter()
    model.learn(STEPS)
    print(f"{model.num_timesteps} steps, {model.num_timesteps / (time.perf_counter() - started):.0f} a second")
    report("trained", model, scale)
    scale.close()


if __name__ == "__main__":
    main()
