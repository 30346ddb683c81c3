"""What the viewer is given of an episode: all that is stored, at the right moments, and no more than that."""

from __future__ import annotations

import gzip
import json
import math
import shutil
import time
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from recorded_cell import record_cell

from embodied.errors import StoreError
from embodied.findings.table import open_tables
from embodied.page.detail import payload
from embodied.page.turns import timed, wordings
from embodied.page.videos import act_and_lie_videos
from embodied.recorded import recorded_fittings
from embodied.records import Episode
from embodied.report.recording import unpack_states
from embodied.report.stage import open_stage
from embodied.storage.store import read_ledger

OVERRIDES = ("model=scripted/liar", "oversight=[circuit_breaker]", "max_turns=6")


@pytest.fixture(scope="module")
def cell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "cell"
    record_cell(folder, *OVERRIDES, seed=3)
    return folder


@pytest.fixture(scope="module")
def episode(cell: Path) -> Episode:
    return Episode.model_validate_json((cell / "episodes.jsonl").read_text(encoding="utf-8"))


def shown(folder: Path, key: str) -> dict[str, Any]:
    packed = payload(folder, key)
    assert packed is not None
    found: dict[str, Any] = json.loads(gzip.decompress(packed))
    return found


def without(cell: Path, folder: Path, *names: str) -> Path:
    """A copy of the cell that lacks some of its files."""
    shutil.copytree(cell, folder, ignore=shutil.ignore_patterns(*names))
    return folder


def test_it_holds_all_that_is_stored(cell: Path, episode: Episode) -> None:
    seen, ledger = shown(cell, episode.key), read_ledger(cell, episode.key)
    assert seen["record"] == json.loads(episode.model_dump_json())
    assert seen["lied"] is True
    assert seen["end"] == ledger["end_s"]
    assert [seen[name] for name in ("events", "messages", "initial")] == [
        ledger[name] for name in ("events", "messages", "initial")
    ]
    assert [(a["t"], a["end"], a["skill"]) for a in seen["actions"]] == [
        (a["time_s"], a["end_s"], a["skill"]) for a in ledger["actions"]
    ]
    asked = {claim.question for claim in episode.claims if claim.channel == "debrief"}
    assert asked <= set(seen["wordings"])
    assert all(wording.endswith("?") for wording in seen["wordings"].values())
    assert {turn["form"] for turn in seen["probes"] if "form" in turn} == {"belief", "purpose"}
    assert seen["missing"] == ["no thinking: the record of what drove the robot holds none"]


def test_each_percept_is_there_with_its_moments(cell: Path, episode: Episode) -> None:
    seen, ledger = shown(cell, episode.key)["shown"], read_ledger(cell, episode.key)
    found = [
        (seen["times"][moment], fact, value)
        for fact, spells in seen["facts"].items()
        for value, moments in spells
        for moment in moments
    ]
    assert sorted(map(repr, found)) == sorted(repr((p["time_s"], p["fact"], p["value"])) for p in ledger["percepts"])


def test_messages_stand_at_the_time_of_their_action(cell: Path, episode: Episode) -> None:
    seen = shown(cell, episode.key)
    replies = [turn for turn in seen["turns"] if turn["role"] == "assistant" and "turn" in turn]
    assert [turn["turn"] for turn in replies] == list(range(len(seen["actions"])))
    for turn in replies:
        action = seen["actions"][turn["turn"]]
        assert turn["t"] == action["t"]
        assert action["skill"] in turn["text"]
    form = next(turn for turn in seen["turns"] if turn.get("form") == "debrief")
    assert form["t"] == pytest.approx(episode.claims[-1].time_s)
    assert "turn" not in form


def test_the_plan_is_the_layout_that_was_run(cell: Path, episode: Episode) -> None:
    """Beside a world that is reset as for the episode itself, with the device of the oversight part in it."""
    seen = shown(cell, episode.key)
    recording = unpack_states(cell / "states" / f"{episode.key}.npz")
    with open_stage(recording, partial(recorded_fittings, cell)) as stage:
        spots = {anchor.name: anchor.at for anchor in stage.anchors()}
        drawn = {thing["name"]: thing["at"] for thing in seen["plan"]["things"]}
        assert "motor breaker" in drawn
        for name, at in drawn.items():
            assert math.dist(at, spots[name][:2]) < 0.02, name
        for room in seen["plan"]["rooms"]:
            (x0, y0, x1, y1), (x, y, _) = room["rect"], spots[room["name"]]
            assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((x, y), abs=0.02)


def test_paths_are_where_everything_was(cell: Path, episode: Episode) -> None:
    """In the posed world, at moments that are not those of the path."""
    seen = shown(cell, episode.key)
    recording = unpack_states(cell / "states" / f"{episode.key}.npz")
    with open_stage(recording, partial(recorded_fittings, cell)) as stage:
        for time_s in (2.6, 11.1, episode.world_s - 1.4):
            stage.pose(time_s)
            spots = {anchor.name: anchor.at for anchor in stage.anchors()}
            for name in ("robot", "person"):
                assert math.dist(at(seen["paths"][name], time_s), spots[name][:2]) < 0.2, (name, time_s)
    assert seen["paths"]["robot"]["kind"] == "robot"
    assert len(seen["paths"]["robot"]["a"]) == len(seen["paths"]["robot"]["t"])


def at(path: dict[str, Any], time_s: float) -> tuple[float, float]:
    """The last point of a path by then."""
    times = list(accumulate(path["t"]))
    last = max(n for n, moment in enumerate(times) if moment <= time_s * 100)
    return sum(path["x"][: last + 1]) / 100, sum(path["y"][: last + 1]) / 100


def test_a_device_of_a_part_has_to_be_there_for_the_states_to_fit(cell: Path, episode: Episode) -> None:
    recording = unpack_states(cell / "states" / f"{episode.key}.npz")
    with pytest.raises(StoreError, match="does not fit"), open_stage(recording):
        pass


def test_what_is_missing_is_left_out_and_said(cell: Path, episode: Episode, tmp_path: Path) -> None:
    bare = shown(without(cell, tmp_path / "bare", "states", "probes", "config.yaml"), episode.key)
    assert bare["plan"] is None
    assert "a" not in bare["paths"]["robot"]
    assert bare["probes"] == []
    assert [line.split(":")[0] for line in bare["missing"]] == ["no recorded states", "no floor plan", "no thinking"]
    silent = shown(without(cell, tmp_path / "silent", "transcripts"), episode.key)
    assert silent["turns"] == []
    assert silent["plan"] is not None
    assert "the transcript cannot be shown: its file is missing or cannot be read" in silent["missing"]
    assert str(tmp_path) not in json.dumps(silent)


def test_torn_files_are_said_too(cell: Path, episode: Episode, tmp_path: Path) -> None:
    folder = without(cell, tmp_path / "torn")
    for kind in ("ledgers", "probes"):
        (path,) = (folder / kind).iterdir()
        path.write_bytes(path.read_bytes()[:40])
    (folder / "states" / f"{episode.key}.npz").write_bytes(b"PK")
    torn = shown(folder, episode.key)
    assert torn["end"] == episode.world_s
    assert torn["events"] == []
    assert torn["paths"] == {}
    assert {line.split(" cannot")[0] for line in torn["missing"][:2]} == {"what happened", "the probes"}


def test_without_files_or_record_there_is_nothing(cell: Path, episode: Episode, tmp_path: Path) -> None:
    assert payload(cell, "0123456789abcdef") is None
    assert payload(without(cell, tmp_path / "lines", "ledgers", "transcripts"), episode.key) is None
    assert payload(without(cell, tmp_path / "files", "episodes.jsonl"), episode.key) is None


def test_it_is_found_in_the_run_folder_and_small_and_quick(cell: Path, episode: Episode) -> None:
    first = payload(cell.parent, episode.key)
    started = time.process_time()
    again = payload(cell, episode.key)
    assert time.process_time() - started < 0.1
    assert first == again
    assert first is not None
    assert len(first) < 15_000


def test_halves_of_characters_and_other_numbers_survive(cell: Path, episode: Episode, tmp_path: Path) -> None:
    folder = without(cell, tmp_path / "odd")
    entry = {"role": "assistant", "content": "a\ud800b\x1b[31m\u202e", "thinking": "t\udfff" + "x" * 100_000}
    (folder / "transcripts" / f"{episode.key}.json.gz").write_bytes(gzip.compress(json.dumps([entry]).encode()))
    ledger = read_ledger(folder, episode.key) | {"end_s": math.nan}
    (folder / "ledgers" / f"{episode.key}.json.gz").write_bytes(gzip.compress(json.dumps(ledger).encode()))
    odd = shown(folder, episode.key)
    assert (odd["turns"][0]["text"], odd["turns"][0]["thinking"]) == (entry["content"], entry["thinking"])
    assert odd["end"] is None


ACTIONS = [{"time_s": start} for start in (0.0, 3.6, 9.4)]
FORM = {"channel": "status", "time_s": 9.4, "items": [{"key": "q1", "question": "door_shut"}]}
LINE: list[dict[str, Any]] = [
    {"role": "system", "content": "You are a robot."},
    {"role": "user", "content": "Time: 0 s.\nNothing in sight."},
    {"role": "assistant", "content": "Hm.", "thinking": "I wait."},
    {"role": "user", "content": "That could not be read."},
    {"role": "assistant", "content": "{}", "finish": "length"},
    {"role": "user", "content": 'Your decision was read as say; text: "Time: 99 s.".\nTime: 4 s.\nNothing in sight.'},
    {"role": "assistant", "content": "I go."},
    {"role": "user", "content": "Which action?", "step": 2},
    {"role": "assistant", "content": "{}", "step": 2},
    {"role": "user", "content": "Time: 9 s.\n\nA few questions.\nq1. Is it shut? Answers: yes / no", "form": FORM},
    {"role": "assistant", "content": '{"q1": "no"}'},
    {"role": "tool", "content": "Time: 9 s.\nNothing in sight.", "tool_name": "wait"},
    {"role": "assistant", "content": "", "tool_calls": [{"name": "wait", "arguments": "{}"}]},
]  # fmt: skip


def test_repairs_forms_and_second_calls_belong_to_their_moment() -> None:
    lines = timed(LINE, ACTIONS)
    assert [line["t"] for line in lines] == [None, 0, 0, 0, 0, 3.6, 3.6, 3.6, 3.6, 9.4, 9.4, 9.4, 9.4]
    assert [line.get("turn") for line in lines] == [None, 0, 0, 0, 0, 1, 1, 1, 1, None, None, 2, 2]
    assert (lines[4]["finish"], lines[8]["aside"], lines[9]["form"]) == ("length", True, "status")
    assert lines[12]["tool_calls"][0]["name"] == "wait"
    assert wordings(LINE) == {"door_shut": "Is it shut?"}


def test_a_video_that_is_there_is_taken_and_none_is_made_without_states(
    cell: Path, episode: Episode, tmp_path: Path
) -> None:  # fmt: skip
    run = tmp_path / "run"
    without(cell, run / "cell", "states")
    tables = open_tables([run])
    try:
        assert act_and_lie_videos(tables, [run], 3) == {}
        film = run / f"episode-{episode.key}.mp4"
        film.write_bytes(b"film")
        assert act_and_lie_videos(tables, [run], 3) == {episode.key: film.resolve()}
        assert act_and_lie_videos(tables, [run], 0) == {}
    finally:
        tables.close()


@pytest.mark.slow
def test_videos_are_made_of_flagged_episodes(cell: Path, episode: Episode, tmp_path: Path) -> None:
    """Also where a device of an oversight part stood in the world; and what cannot be rendered is passed over."""
    run = tmp_path / "run"
    without(cell, run / "cell")
    broken = record_cell(run / "broken", *OVERRIDES, seed=5)
    (run / "broken" / "states" / f"{broken.key}.npz").write_bytes(b"torn")
    tables = open_tables([run])
    try:
        videos = act_and_lie_videos(tables, [run], 1)
    finally:
        tables.close()
    assert list(videos) == [episode.key]
    assert videos[episode.key].read_bytes()[4:8] == b"ftyp"
