"""What reinforcement-learning code may expect: the checks of Gymnasium, vectors of environments, wrappers, pictures.

The window of `render_mode="human"` needs a display, so nothing here opens one.
"""

from __future__ import annotations

import importlib
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.passive_env_checker import env_render_passive_checker
from gymnasium.wrappers import FilterObservation
from play import of_the_day

import envs
from envs.action import Action
from envs.scenario import Scenario
from envs.wrappers import AMOUNTS, Discrete, RobotCamera, StateOnly, scenario_of

IDS = sorted(name for name, spec in gymnasium.registry.items() if spec.namespace == "embodied")
ONE = "embodied/ShutdownButton-v0"
HEADINGS = ("Question", "Setup", "Incentive", "What counts (ground truth)", "Ways out", "Caveats", "Source")
IS_WRAPPED = "ignore:.*is different from the unwrapped version:UserWarning"
Env = gymnasium.Env[Any, Any]
Wrapped = gymnasium.Wrapper[Any, Any, Any, Any]
Vector = gymnasium.vector.VectorEnv[Any, Any, Any]


def numbers(env: Env) -> Wrapped:
    """What a library gets that wants a `Box` in and a `Discrete` out."""
    return StateOnly(Discrete(env))


@pytest.fixture
def env() -> Iterator[Env]:
    made = gymnasium.make(ONE)
    yield made
    made.close()


def scenario_class(name: str) -> type[Scenario]:
    entry = gymnasium.spec(name).entry_point
    assert isinstance(entry, str)
    module, _, scenario = entry.partition(":")
    made: type[Scenario] = getattr(importlib.import_module(module), scenario)
    assert issubclass(made, Scenario)
    return made


# -- the environments themselves -------------------------------------------------------------------------------------


def test_the_scenarios_are_registered() -> None:
    assert envs.__name__ == "envs"
    assert ONE in IDS


@pytest.mark.parametrize("name", of_the_day(IDS, 1))
def test_docstring_states_the_experiment(name: str) -> None:
    text = inspect.getdoc(scenario_class(name)) or ""
    found = re.findall(r"^([A-Z][a-z ]+(?: \(ground truth\))?):\n    \S", text, flags=re.MULTILINE)
    assert tuple(heading for heading in found if heading != "Args") == HEADINGS


@pytest.mark.parametrize("name", of_the_day(IDS, 1))
def test_check_env_has_nothing_to_say(name: str) -> None:
    env = gymnasium.make(name)
    check_env(env.unwrapped, skip_render_check=True)
    env.close()


@pytest.mark.parametrize("name", of_the_day(IDS, 1))
def test_render_gives_a_picture(name: str) -> None:
    env = gymnasium.make(name, render_mode="rgb_array")
    env.reset(seed=0)
    env_render_passive_checker(env.unwrapped)
    picture: Any = env.render()
    camera = scenario_of(env).camera
    assert picture.shape == (camera.height, camera.width, 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 10
    assert "human" in env.metadata["render_modes"]
    env.close()


# -- vectors ---------------------------------------------------------------------------------------------------------


def play(vector: Vector, steps: int = 3) -> list[Any]:
    """Observations of a few sampled steps, with one seed for all environments."""
    vector.action_space.seed(5)
    seen: list[Any] = [vector.reset(seed=[3] * vector.num_envs)[0]]  # type: ignore[arg-type]
    for _ in range(steps):
        one = vector.action_space.sample()
        observation, rewards, terminated, truncated, info = vector.step(np.full_like(one, one[0]))
        assert rewards.shape == terminated.shape == truncated.shape == info["cost"].shape == (vector.num_envs,)
        seen.append(observation)
    return seen


@pytest.mark.parametrize("name", of_the_day(IDS, 1))
def test_vectors_of_any_mode_agree(name: str) -> None:
    with closing(gymnasium.make_vec(name, 2, "sync", wrappers=[numbers])) as vector:
        sync = play(vector)
    with closing(gymnasium.make_vec(name, 2, "async", wrappers=[numbers])) as vector:
        parallel = play(vector)
    for one, other in zip(sync, parallel, strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one[0], one[1])
    assert not np.array_equal(sync[0], sync[-1])


@pytest.mark.parametrize("name", of_the_day(IDS, 1))
def test_unwrapped_vectors_carry_text(name: str) -> None:
    """Shared memory is off because Gymnasium reads a `Text` out of it only once, before the first reset."""
    turn = scenario_of(gymnasium.make(name)).encode(Action("turn", amount=30.0))
    both = {key: (value, value) if isinstance(value, str) else np.stack([value, value]) for key, value in turn.items()}
    texts = {}
    for mode, options in (("sync", {}), ("async", {"shared_memory": False})):
        with closing(gymnasium.make_vec(name, 2, mode, vector_kwargs=options)) as vector:
            vector.reset(seed=[3, 4])  # type: ignore[arg-type]
            observation, *_ = vector.step(both)
            assert vector.observation_space.contains(observation)
            texts[mode] = observation["text"]
    assert texts["sync"] == texts["async"]
    assert "you turned 30 degrees" in texts["sync"][0]


@pytest.mark.every_third_day
def test_spawned_processes_find_the_scenario() -> None:
    options = {"context": "spawn"}
    with closing(gymnasium.make_vec(f"envs:{ONE}", 2, "async", vector_kwargs=options, wrappers=[numbers])) as vector:
        assert play(vector, steps=1)[-1].shape == (2, 8)


# -- wrappers --------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings(IS_WRAPPED)
@pytest.mark.parametrize("wrap", [numbers, RobotCamera, lambda env: StateOnly(RobotCamera(Discrete(env)))])
@pytest.mark.parametrize("name", of_the_day(IDS, 1))
def test_wrapped_scenarios_pass_check_env(name: str, wrap: Any) -> None:
    env = wrap(gymnasium.make(name))
    check_env(env, skip_render_check=True)
    env.close()


@pytest.mark.parametrize("name", of_the_day(IDS, 1))
def test_discrete_numbers_every_legal_wordless_call(name: str) -> None:
    env = Discrete(gymnasium.make(name))
    scenario = scenario_of(env)
    assert env.action_space == spaces.Discrete(len(env.actions))
    assert len(set(env.actions)) == len(env.actions)
    expected = {
        (spec.name, target)
        for spec in scenario.specs
        if not {"file", "text"} & set(spec.fields)
        for target in spec.targets or ("",)
    }
    assert {(action.skill, action.target) for action in env.actions} == expected
    for action in env.actions:
        assert scenario.problem(action) == ""
        assert action.text == action.file == ""
        assert action.amount == 0.0 or action.amount in AMOUNTS[action.skill]


def test_discrete_does_what_the_number_means(env: Env) -> None:
    discrete = Discrete(env, skills=("goto", "move"), targets=("alpha",))
    assert [(action.skill, action.target, action.amount) for action in discrete.actions] == [
        ("goto", "alpha", 0.0), *(("move", "", amount) for amount in AMOUNTS["move"]),
    ]  # fmt: skip
    discrete.reset(seed=0)
    observation, reward, *_ = discrete.step(np.int64(0))
    assert "at alpha" in observation["text"]
    assert reward == 1.0


def test_discrete_offers_words_only_when_given(env: Env) -> None:
    words = Action("say", "person", text="Hello."), Action("submit", text="The patrol is done.")
    discrete = Discrete(env, skills=(), extra=words)
    assert discrete.actions == words
    discrete.reset(seed=0)
    _, _, terminated, _, info = discrete.step(np.int64(1))
    assert (terminated, info["termination"]) == (True, "submitted")
    assert scenario_of(discrete).ledger.actions[0].text == "The patrol is done."


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"skills": ("fly",)}, "unknown skill fly: choose among goto, move, "),
        ({"targets": ("the moon",)}, "unknown target the moon: choose among alpha, "),
        ({"extra": (Action("goto", "the moon"),)}, "you can goto only: alpha, "),
        ({"skills": ()}, "no action is left"),
    ],
)
def test_discrete_says_what_is_wrong(env: Env, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        Discrete(env, **options)
    assert "\n" not in str(caught.value)


def test_robot_camera_adds_a_picture_and_nothing_else(env: Env) -> None:
    seeing = RobotCamera(gymnasium.make(ONE), width=64, height=48)
    turn = scenario_of(env).encode(Action("turn", amount=90.0))
    plain, seen = env.reset(seed=3)[0], seeing.reset(seed=3)[0]
    turned = seeing.step(turn)[0]
    assert turned["text"] == env.step(turn)[0]["text"]
    assert scenario_of(seeing).ledger.dumps() == scenario_of(env).ledger.dumps()
    assert seen.keys() - plain.keys() == {"rgb"}
    assert seen["text"] == plain["text"]
    np.testing.assert_array_equal(seen["state"], plain["state"])
    assert (seen["rgb"].shape, seen["rgb"].dtype) == ((48, 64, 3), np.uint8)
    assert seen["rgb"].std() > 10
    assert np.abs(turned["rgb"].astype(int) - seen["rgb"]).mean() > 5
    np.testing.assert_array_equal(seeing.reset(seed=3)[0]["rgb"], seen["rgb"])
    seeing.close()


@pytest.mark.every_third_day
def test_robot_camera_goes_with_gymnasiums_own_wrappers() -> None:
    def sight(env: Env) -> Wrapped:
        return FilterObservation(RobotCamera(Discrete(env)), ["state", "rgb"])

    with closing(gymnasium.make_vec(ONE, 2, "async", wrappers=[sight])) as vector:
        observation, _ = vector.reset(seed=0)
        assert observation["rgb"].shape == (2, 120, 160, 3)
        assert observation["rgb"].std() > 10
        assert observation.keys() == {"state", "rgb"}


def test_robot_camera_says_what_is_wrong(env: Env) -> None:
    with pytest.raises(ValueError, match="width and height must be 1 to 4096 pixels, not 0 x 120"):
        RobotCamera(env, width=0)
    with pytest.raises(TypeError, match="put this wrapper under the one that makes the observation a Box"):
        RobotCamera(numbers(env))


def test_wrappers_are_for_scenarios_only() -> None:
    with pytest.raises(TypeError, match=r"this wrapper is for embodied/\.\.\. environments, not for CartPoleEnv"):
        Discrete(gymnasium.make("CartPole-v1"))


def test_wrapped_scenario_can_be_made_again_from_its_spec(env: Env) -> None:
    wrapped = StateOnly(Discrete(env, skills=("goto",), extra=(Action("submit", text="Done."),)))
    assert wrapped.spec is not None
    again = gymnasium.make(wrapped.spec)
    assert isinstance(again, StateOnly)
    assert isinstance(again.env, Discrete)
    assert isinstance(wrapped.env, Discrete)
    assert again.env.actions == wrapped.env.actions
    again.close()


@pytest.mark.every_third_day
def test_a_window_without_a_display_is_an_error_that_says_what_to_do() -> None:
    code = "import gymnasium, envs; gymnasium.make('embodied/ShutdownButton-v0', render_mode='human').reset()"
    bare = {key: value for key, value in os.environ.items() if key not in {"DISPLAY", "XAUTHORITY"}}
    done = subprocess.run([sys.executable, "-c", code], env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last == "RuntimeError: no display to open a window on: set DISPLAY, or use render_mode='rgb_array'"


@pytest.mark.every_third_day
def test_a_layout_is_found_again_after_a_picture() -> None:
    with closing(gymnasium.make(ONE, reuse=True, render_mode="rgb_array")) as env:
        first, _ = env.reset(seed=2)
        picture = env.render()
        env.step(scenario_of(env).encode(Action("goto", "bravo")))
        again, _ = env.reset(seed=2)
        assert again["text"] == first["text"]
        np.testing.assert_array_equal(env.render(), picture)
