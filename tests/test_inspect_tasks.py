"""The scenarios as tasks of Inspect. Its package is an extra: skipped without it."""

from __future__ import annotations

import json
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from parrot import Parrot, drive

from embodied.backends.base import ChatReply, ChatRequest
from embodied.errors import EmbodiedError
from embodied.records import Arm, Episode
from embodied.shipped import config_folder

pytest.importorskip("inspect_ai", reason="the extra `inspect` is not installed")

from inspect_ai import eval as evaluate
from inspect_ai.log import EvalLog
from inspect_ai.model import GenerateConfig, ModelOutput, ModelUsage, get_model
from inspect_ai.util import registry_info

from embodied.export import inspect_tasks
from embodied.export.inspect_tasks import EPISODE, LEDGER, SCENARIOS

pytestmark = pytest.mark.filterwarnings("ignore")  # Inspect's own libraries warn of each other.

WAITS = '{"skill": "wait", "amount": 20}'


def output(text: str = WAITS, tokens: int = 0) -> ModelOutput:
    made = ModelOutput.from_content("mockllm/model", text)
    made.usage = ModelUsage(input_tokens=tokens, output_tokens=9, total_tokens=tokens + 9)
    return made


def waits(messages: list[Any], tools: list[Any], choice: Any, config: GenerateConfig) -> ModelOutput:
    """Waits, and answers the first question of a form with what is offered first."""
    *_, last = messages
    offered = last.text.partition("\nq1. ")[2].partition("Answers: ")[2].partition(" / ")[0]
    return output(json.dumps({"q1": offered}) if offered else WAITS, 500 * len(messages))


def run_task(folder: Path, outputs: Any = waits, scenario: str = "shutdown_button", **given: Any) -> EvalLog:
    settings = {"episodes": 1, "overrides": "max_turns=2", **given}
    model = get_model("mockllm/model", custom_outputs=outputs)
    made = SCENARIOS[scenario](**settings)
    (log,) = evaluate(made, model=model, log_dir=str(folder), display="none", fail_on_error=False)
    return log


def test_every_scenario_is_a_task_and_the_entry_point_finds_them() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    entry = EntryPoint("embodied", project["entry-points"]["inspect_ai"]["embodied"], "inspect_ai")
    assert entry.load() is inspect_tasks
    assert registry_info(SCENARIOS["leverage"]).name == "embodied/leverage"
    assert set(SCENARIOS) == {path.stem for path in (config_folder() / "scenario").glob("*.yaml")}


@pytest.mark.slow
def test_episode_of_a_task_is_the_same_as_ours(tmp_path: Path) -> None:
    log = run_task(tmp_path, seed=3, arm="twin")
    assert log.status == "success"
    (sample,) = log.samples or []
    ours = drive_waiting(seed=3)
    assert sample.id == 3
    assert sample.store[LEDGER] == ours.ledger_json
    record = Episode.model_validate(sample.store[EPISODE])
    assert (record.scenario, record.arm, record.model) == ("shutdown_button", Arm.TWIN, "mockllm/model")
    assert (record.outcome, record.termination, record.turns) == (
        ours.episode.outcome, ours.episode.termination, ours.episode.turns,
    )  # fmt: skip
    assert [message.text for message in sample.messages] == [str(entry["content"]) for entry in ours.transcript]
    assert sample.scores
    assert sample.scores["outcome"].value == record.outcome
    assert [event.event for event in sample.events].count("model") == record.use.calls + (
        record.probe_use or record.use
    ).calls


def drive_waiting(seed: int) -> Any:
    """The same episode without Inspect."""

    class Waiting(Parrot):
        def chat(self, request: ChatRequest) -> ChatReply:
            last = request.messages[-1].content
            offered = last.partition("\nq1. ")[2].partition("Answers: ")[2].partition(" / ")[0]
            return ChatReply(text=json.dumps({"q1": offered}) if offered else WAITS)

    return drive(Waiting(""), "arm=twin", seed=seed)


@pytest.mark.slow
def test_episodes_run_side_by_side_and_each_is_its_own(tmp_path: Path) -> None:
    log = run_task(tmp_path, episodes=3)
    assert log.status == "success"
    for sample in log.samples or []:
        alone = run_task(tmp_path, seed=int(sample.id)).samples or []
        assert sample.store[LEDGER] == alone[0].store[LEDGER]
    assert log.results
    assert {score.name: score.scored_samples for score in log.results.scores}["act"] == 3


@pytest.mark.slow
def test_server_that_fails_is_an_error_of_its_sample(tmp_path: Path) -> None:
    def fails(messages: list[Any], *rest: Any) -> ModelOutput:
        if len(messages) > 3:
            raise ConnectionError("the line is dead")
        return output(tokens=500 * len(messages))

    log = run_task(tmp_path, fails, episodes=2)
    errors = [sample.error for sample in log.samples or []]
    assert len(errors) == 2
    assert all(error and "the line is dead" in error.message for error in errors)
    assert not (log.results and log.results.completed_samples)


@pytest.mark.slow
def test_what_the_model_did_to_be_excluded_is_unscored(tmp_path: Path) -> None:
    def talks(messages: list[Any], *rest: Any) -> ModelOutput:
        return output("I would rather talk.", 500 * len(messages))

    log = run_task(tmp_path, talks, overrides="max_turns=6")
    (sample,) = log.samples or []
    assert sample.scores
    assert sample.scores["validity"].value == "unreadable_replies"
    assert str(sample.scores["act"].value) == "nan"
    assert sample.scores["act"].reason == "unreadable_replies"
    assert sample.error is None


@pytest.mark.slow
@pytest.mark.parametrize("does", ["cut", "overflow"])
def test_prompt_that_did_not_arrive_whole_is_noticed(tmp_path: Path, does: str) -> None:
    def loses(messages: list[Any], *rest: Any) -> ModelOutput:
        made = output(tokens=500)
        if does == "overflow":
            made.choices[0].stop_reason = "model_length"
        return made

    (sample,) = run_task(tmp_path, loses).samples or []
    assert sample.scores
    assert sample.scores["validity"].value == "prompt_cut"


@pytest.mark.slow
def test_model_acts_by_calling_tools(tmp_path: Path) -> None:
    def calls(messages: list[Any], tools: list[Any], choice: Any, config: GenerateConfig) -> ModelOutput:
        if not tools:
            return output("{}", 500 * len(messages))
        assert config.seed is not None
        made = ModelOutput.for_tool_call("mockllm/model", "goto", {"target": "alpha"})
        made.usage = ModelUsage(input_tokens=500 * len(messages), output_tokens=9, total_tokens=9)
        return made

    (sample,) = run_task(tmp_path, calls, protocol="tools").samples or []
    actions = json.loads(sample.store[LEDGER])["actions"]
    assert [(action["skill"], action["target"]) for action in actions] == [("goto", "alpha")] * 2


def test_task_refuses_what_does_not_fit_in_one_line() -> None:
    for given, says in (
        ({"arm": "left"}, "arm"), ({"overrides": "prompt/instruction=maybe"}, "maybe"),
        ({"overrides": "unheard=1"}, "unheard"),
    ):  # fmt: skip
        with pytest.raises(EmbodiedError, match=says) as error:
            SCENARIOS["shutdown_button"](**given)
        assert "\n" not in str(error.value)
