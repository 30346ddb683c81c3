"""Recorded episodes, replayed: the same byte for byte, or the place where they come out otherwise."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from embodied.app import RunRequest, show_config
from embodied.backends.base import ChatMessage, ChatRequest, ToolSpec
from embodied.backends.replay import ABSENT, Difference, DivergedError, ReplayBackend, digest_of, first_difference
from embodied.config import CellConfig, parse_config
from embodied.episode import EpisodeRunner
from embodied.errors import BackendError, ConfigError, ContextOverflowError, StoreError
from embodied.records import Episode
from embodied.replaying.command import ReplayReport, main, replay
from embodied.storage.store import CellStore, find_side_file, read_probes, read_run, read_transcript

SCRIPTED = "main scripted/saboteur_unplug"
MODEL = "main tiny"
TOOL = ToolSpec(name="goto", description="Drive.", parameters={"type": "object", "properties": {}})


def record(folder: Path, *overrides: str, **replaced: Any) -> CellConfig:
    """Run the episodes of one cell in this process and keep them; `model` and `peer` may be replaced."""
    always = (f"run.dir={folder}", "run.name=recorded", "max_turns=3", "episodes=1")
    plain = yaml.safe_load(show_config(RunRequest((*always, *overrides))))
    config = parse_config(plain | replaced)
    store, runner = CellStore(config.folder), EpisodeRunner(config)
    try:
        store.write_config(yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False))
        for seed in config.seeds:
            result = runner.run(seed)
            store.append(
                result.episode, result.ledger_json, result.transcript, result.states, result.peer_transcript,
                result.probes, result.monitors,
            )  # fmt: skip
    finally:
        runner.close()
    return config


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two cells: a script's, and four episodes of a model that often cannot be read."""
    folder = tmp_path_factory.mktemp("runs")
    record(folder, "model=scripted/saboteur_unplug")
    record(folder, "episodes=4", model={"_target_": "tiny_backend.TinyBackend", "name": "tiny", "max_tokens": 64})
    return folder / "recorded"


@pytest.fixture
def run(recorded: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    return Path(shutil.copytree(recorded, tmp_path / "run"))


def of(run: Path, label: str) -> list[Episode]:
    return [episode for episode in read_run(run) if episode.label.startswith(label)]


def tamper(run: Path, kind: str, key: str, change: Callable[[Any], None]) -> None:
    path = find_side_file(run, kind, key)
    data = json.loads(gzip.decompress(path.read_bytes()))
    change(data)
    path.write_bytes(gzip.compress(json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()))


def replay_one(run: Path, episode: Episode) -> ReplayReport:
    (report,) = replay(run, episode.key)
    assert report.episode == episode
    return report


@pytest.mark.every_third_day
def test_scripts_and_models_come_out_the_same(recorded: Path) -> None:
    reports = replay(recorded)
    assert [str(d) for report in reports for d in report.differences] == []
    assert {report.episode.key for report in reports} == {episode.key for episode in read_run(recorded)}
    assert len(reports) == 5
    assert sum(report.episode.use.repaired_replies + report.episode.use.unreadable_replies for report in reports) > 0


@pytest.mark.every_third_day
@pytest.mark.parametrize(
    "how",
    [
        {"protocol": "tools"}, {"steps": 2}, {"past_thinking": "shown"}, {"system_role": "user"},
        {"pictures": "robot_camera"},
    ],
    ids=str,
)  # fmt: skip
def test_however_a_model_was_asked_its_replies_suffice(tmp_path: Path, how: dict[str, Any]) -> None:
    config = record(tmp_path, "episodes=2", model={"_target_": "tiny_backend.TinyBackend", "name": "tiny", **how})
    assert [str(report) for report in replay(config.folder) if not report.is_same] == []


@pytest.mark.every_third_day
@pytest.mark.parametrize("how", [{}, {"protocol": "tools"}, {"steps": 2}, {"does_probe": "overflow"}], ids=str)
def test_status_forms_and_probes_come_out_the_same(tmp_path: Path, how: dict[str, Any]) -> None:
    model = {"_target_": "tiny_backend.TinyBackend", "name": "tiny", **how}
    config = record(tmp_path, "status_every=1", "episodes=2", model=model)
    assert [str(report) for report in replay(config.folder) if not report.is_same] == []
    assert all(len(probed(config.folder, episode.key)) == 4 for episode in read_run(config.folder))


def probed(folder: Path, key: str) -> list[str]:
    return [entry["form"]["channel"] for entry in read_probes(folder, key) if "form" in entry]


@pytest.mark.parametrize("label", [SCRIPTED, MODEL])
def test_a_changed_probe_is_found_at_its_entry(run: Path, label: str) -> None:
    episode = of(run, label)[0]
    tamper(run, "probes", episode.key, lambda probes: probes[0].update(content=f"{probes[0]['content']} Well?"))
    (difference,) = replay_one(run, episode).differences
    assert difference.where == "probes[0].content"
    assert difference.recorded == f"{difference.replayed} Well?"


def test_a_changed_answer_to_a_probe_changes_the_claims(run: Path) -> None:
    episode = next(e for e in of(run, MODEL) if any(claim.probe for claim in e.claims))
    tamper(run, "probes", episode.key, lambda probes: probes[1].update(content=""))
    (record,) = replay_one(run, episode).differences
    assert record.where.endswith(".probe")


@pytest.mark.every_third_day
def test_probes_alone_are_replayed_as_they_were_asked(tmp_path: Path) -> None:
    config = record(tmp_path, "probes.belief=false", "model=scripted/liar")
    (report,) = replay(config.folder)
    assert report.is_same
    assert probed(config.folder, report.episode.key) == ["purpose"]


NEW_FIELDS = ("channel", "time_s", "shown_s", "probe", "is_unreadable", "verdict")
NEW_KEYS = ("onset_s", "effect_s", "actions", "thoughts", "pattern", "purpose", "probe_use", "probe_error")


@pytest.mark.parametrize("label", [SCRIPTED, MODEL])
def test_records_of_before_the_probes_are_replayed_without_them(run: Path, label: str) -> None:
    episode = of(run, label)[0]
    path = next(path for path in run.rglob("episodes.jsonl") if episode.key in path.read_text())
    old = [_of_before(json.loads(line)) for line in path.read_text().splitlines()]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in old))
    find_side_file(run, "probes", episode.key).unlink()
    assert replay_one(run, of(run, label)[0]).is_same


def _of_before(record: dict[str, Any]) -> dict[str, Any]:
    claims = [{k: v for k, v in claim.items() if k not in NEW_FIELDS} for claim in record["claims"]]
    return {k: v for k, v in record.items() if k not in NEW_KEYS} | {"claims": claims, "schema_version": 1}


def test_a_changed_reply_changes_the_ledger_and_both_values_are_told(run: Path) -> None:
    episode = next(e for e in of(run, MODEL) if e.turns == 3)

    def act_otherwise(transcript: list[dict[str, Any]]) -> None:
        first = next(entry for entry in transcript if entry["role"] == "assistant")
        first["content"] = '{"skill": "wait", "amount": 9}'

    tamper(run, "transcripts", episode.key, act_otherwise)
    words, ledger, _ = replay_one(run, episode).differences
    n_opening = next(n for n, e in enumerate(read_transcript(run, episode.key)) if e["role"] == "assistant")
    assert words.where == f"transcript[{n_opening + 1}].content"
    assert ledger.where.startswith("ledger.actions[0].")
    assert ledger.recorded != ledger.replayed


def test_a_changed_observation_is_found_at_its_message(run: Path) -> None:
    episode = of(run, MODEL)[0]

    def warm_up(transcript: list[dict[str, Any]]) -> None:
        transcript[-2]["content"] = transcript[-2]["content"].replace("maintenance line", "maintenance lime")

    tamper(run, "transcripts", episode.key, warm_up)
    last = len(read_transcript(run, episode.key)) - 1
    (difference,) = replay_one(run, episode).differences
    assert difference.where == f"transcript[{last - 1}].content"
    assert "lime" in str(difference)
    assert "line" in str(difference)
    assert len(str(difference)) < 500


@pytest.mark.every_third_day
def test_a_torn_file_is_named_and_the_others_are_replayed(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    episode = of(run, MODEL)[0]
    path = find_side_file(run, "ledgers", episode.key)
    path.write_bytes(path.read_bytes()[:-9])
    assert main([str(run)]) == 1
    output = capsys.readouterr().out
    n_all = len(read_run(run))
    assert f"{n_all - 1} of {n_all} replayed, {n_all - 1} the same" in output
    assert f"{path.name} cannot be read" in output


def test_a_missing_reply_ends_the_replay(run: Path) -> None:
    episode = of(run, MODEL)[0]
    tamper(run, "transcripts", episode.key, lambda transcript: transcript.pop())
    (difference,) = replay_one(run, episode).differences
    assert (difference.recorded, difference.replayed) == (ABSENT, "a further reply is asked for")


def test_an_added_message_is_found(run: Path) -> None:
    episode = of(run, MODEL)[0]
    tamper(run, "transcripts", episode.key, lambda t: t.append({"role": "assistant", "content": "And another thing."}))
    (difference,) = replay_one(run, episode).differences
    assert "another thing" in str(difference.recorded["content"])
    assert difference.replayed == ABSENT


@pytest.mark.parametrize("label", [SCRIPTED, MODEL])
def test_a_changed_ledger_is_found_at_its_path(run: Path, label: str) -> None:
    episode = of(run, label)[0]

    def shift(ledger: dict[str, Any]) -> None:
        ledger["actions"][1]["time_s"] += 0.5

    tamper(run, "ledgers", episode.key, shift)
    (difference,) = replay_one(run, episode).differences
    assert difference.where == "ledger.actions[1].time_s"
    assert difference.recorded == pytest.approx(difference.replayed + 0.5)


def test_a_ledger_of_the_same_values_must_also_have_the_same_bytes(run: Path) -> None:
    episode = of(run, SCRIPTED)[0]
    path = find_side_file(run, "ledgers", episode.key)
    text = gzip.decompress(path.read_bytes()).decode()
    path.write_bytes(gzip.compress(text.replace(",", ", ", 1).encode()))
    (difference,) = replay_one(run, episode).differences
    assert difference == Difference("ledger", "the same values", "written otherwise")


def test_a_changed_verdict_and_another_code_version_are_told(run: Path) -> None:
    episode = of(run, SCRIPTED)[0]
    path = next(path for path in run.rglob("episodes.jsonl") if episode.key in path.read_text())
    altered = re.sub(r'"code_version":"[^"]*"', '"code_version":"0.0.1"', path.read_text())
    path.write_text(altered.replace(f'"turns":{episode.turns},', '"turns":99,'))
    (report,) = replay(run, episode.key)
    assert [str(difference) for difference in report.differences] == [
        f"record.turns: recorded 99, replayed {episode.turns}"
    ]
    assert report.notes[0].startswith("recorded by code version 0.0.1, replayed by ")


def test_another_code_version_alone_is_no_difference(run: Path) -> None:
    episode = of(run, SCRIPTED)[0]
    path = next(path for path in run.rglob("episodes.jsonl") if episode.key in path.read_text())
    path.write_text(re.sub(r'"code_version":"[^"]*"', '"code_version":"0.0.1"', path.read_text()))
    (report,) = replay(run, episode.key)
    assert report.is_same
    assert len(report.notes) == 1


@pytest.mark.every_third_day
@pytest.mark.parametrize(
    ("fate", "error"),
    [
        ({"fails_at": 1}, "the tiny model fell over"),
        ({"overflows_at": 1}, "the prompt does not fit"),
        ({"does_form_overflow": True}, "debrief: prompt_cut: the prompt does not fit"),
        ({"does_probe": "overflow"}, ""),
        ({"does_probe": "fail"}, "probe: server_error: the tiny model fell over"),
    ],
)
def test_an_episode_that_ended_in_an_error_ends_in_it_again(tmp_path: Path, fate: dict[str, Any], error: str) -> None:
    config = record(tmp_path, model={"_target_": "tiny_backend.TinyBackend", "name": "tiny", **fate})
    (report,) = replay(config.folder)
    assert report.episode.error.startswith(error)
    assert report.is_same


@pytest.mark.every_third_day
def test_the_command_prints_a_line_an_episode_and_fails_on_a_difference(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    episode = of(run, SCRIPTED)[0]
    assert main([str(run), episode.key]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 of 1 replayed, 1 the same"
    tamper(run, "ledgers", episode.key, lambda ledger: ledger["actions"].pop())
    assert main([str(run), episode.key]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{episode.key} main scripted/saboteur_unplug")
    assert ": differs; ledger.actions[2]: recorded '(nothing)', replayed {" in lines[0]
    assert lines[-1] == "1 of 1 replayed, 0 the same"


@pytest.mark.every_third_day
def test_an_episode_that_was_not_replayed_is_not_the_same(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    episode = of(run, SCRIPTED)[0]
    path = next(path for path in run.rglob("episodes.jsonl") if episode.key in path.read_text())
    path.write_text(
        re.sub(r'"validity":"[^"]*","error":""', '"validity":"harness_error","error":"boom"', path.read_text())
    )
    (report,) = replay(run, episode.key)
    assert (report.is_replayed, report.is_same, report.differences) == (False, False, ())
    assert main([str(run), episode.key]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "not replayed; it had failed: boom" in lines[0]
    assert lines[-1] == "0 of 1 replayed, 0 the same"
    assert main([str(run)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "4 of 5 replayed, 4 the same"


def test_a_reply_that_was_asked_for_in_another_way_is_a_difference(run: Path) -> None:
    episode = of(run, MODEL)[0]
    last = len(read_transcript(run, episode.key)) - 1
    tamper(run, "transcripts", episode.key, lambda transcript: transcript[-1].update(asked="0" * 16))
    (difference,) = replay_one(run, episode).differences
    assert (difference.where, difference.recorded) == (f"transcript[{last}].asked", "0" * 16)


def test_what_cannot_be_replayed_is_one_line(run: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no episode abc"):
        replay(run, "abc")
    with pytest.raises(StoreError, match="there is no run folder"):
        replay(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="embodied replay RUN"):
        main([])
    for path in run.rglob("config.yaml"):
        path.unlink()
    with pytest.raises(StoreError, match=r"config\.yaml is missing"):
        replay(run)


# -- the backend alone -------------------------------------------------------------------------------------------------


def ask(*contents: str, seed: int = 1) -> ChatRequest:
    """A transcript in which the user and the model take turns."""
    messages = [
        ChatMessage.model_validate({"role": ("user", "assistant")[n % 2], "content": content})
        for n, content in enumerate(contents)
    ]
    return ChatRequest(messages=tuple(messages), seed=seed)


def test_replies_come_in_order_with_all_that_was_kept_of_them() -> None:
    backend = ReplayBackend()
    cut = {"thinking": "t", "finish": "length", "completion_tokens": 7, "seed": 1}
    called = {"tool_calls": [{"name": "goto", "arguments": '{"target": "alpha"}'}], "thought": "tags", "seed": 2}
    backend.load(
        [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b", **cut},
            {"role": "user", "content": "c", "step": 2},
            {"role": "assistant", "content": "d", **called},
        ]
    )
    first = backend.chat(ask("a"))
    assert (first.text, first.thinking, first.finish, first.completion_tokens) == ("b", "t", "length", 7)
    second = backend.chat(ask("a", "what was made of b", "c", seed=2))
    assert (second.text, second.tool_calls[0].name, second.thought.value) == ("d", "goto", "tags")
    assert backend.difference is None
    with pytest.raises(DivergedError, match=r"transcript\[4\]"):
        backend.chat(ask("a", "b", "c", "d", "e"))


def test_another_seed_or_another_picture_is_a_difference() -> None:
    backend = ReplayBackend()
    shown: dict[str, Any] = {"role": "user", "content": "a", "images": ["0" * 64]}
    answered: dict[str, Any] = {"role": "assistant", "content": "b", "seed": 1}
    backend.load([shown, answered])
    backend.chat(ask("a", seed=5))
    assert backend.difference == Difference("transcript[0].images", ["0" * 64], [])
    del shown["images"]
    backend.load([shown, answered])
    backend.chat(ask("a", seed=5))
    assert backend.difference == Difference("transcript[1].seed", 1, 5)


@pytest.mark.parametrize(
    "how",
    [{"may_think": False}, {"max_tokens": 9}, {"json_schema": {"type": "object"}}, {"tools": (TOOL,)}],
    ids=lambda how: next(iter(how)),
)
def test_another_way_of_asking_is_a_difference(how: dict[str, Any]) -> None:
    asked = ask("a")
    recorded = digest_of(asked)
    assert re.fullmatch("[0-9a-f]{16}", recorded)
    backend = ReplayBackend()
    answered: dict[str, Any] = {"role": "assistant", "content": "b", "asked": recorded}
    backend.load([{"role": "user", "content": "a"}, answered])
    backend.chat(asked)
    assert backend.difference is None
    other = asked.model_copy(update=how)
    backend.load([{"role": "user", "content": "a"}, answered])
    backend.chat(other)
    assert backend.difference == Difference("transcript[1].asked", recorded, digest_of(other))
    del answered["asked"]
    backend.load([{"role": "user", "content": "a"}, answered])
    backend.chat(other)
    assert backend.difference is None


@pytest.mark.parametrize("failure", [BackendError("gone"), ContextOverflowError("full")])
def test_the_recorded_failure_comes_where_the_replies_end(failure: BackendError) -> None:
    backend = ReplayBackend()
    backend.load([{"role": "user", "content": "a"}], failure)
    with pytest.raises(type(failure), match=str(failure)):
        backend.chat(ask("a"))


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=3), inside, max_size=4),
    max_leaves=12,
)


@pytest.mark.every_third_day
@given(plain, plain)
def test_a_difference_is_found_exactly_where_the_text_differs(one: Any, other: Any) -> None:
    assert first_difference(one, json.loads(json.dumps(one)), "it") is None
    is_same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (first_difference(one, other, "it") is None) == is_same
