from __future__ import annotations

import gzip
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import wandb
import yaml
from factories import episode, excluded, scored
from wandb.proto.wandb_internal_pb2 import Record

from embodied.errors import ConfigError, TrackingWarning
from embodied.records import Arm, Episode, Validity, Verdict
from embodied.storage.store import CellStore
from embodied.tracking.mirror import WandbTracker
from embodied.tracking.privacy import Veil
from embodied.tracking.values import CLOSING_CHARS, OPENING_CHARS, summary_values, transcript_text

ROOT = Path(__file__).parents[1]
CONFIG: dict[str, Any] = {"arm": "main", "model": {"name": "m", "api_key": "hunter2", "url": "http://box.lan:1"}}
# wandb leaves a temporary folder to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:Implicitly cleaning up <TemporaryDirectory:ResourceWarning")


@pytest.fixture(autouse=True)
def _own_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "caches"))


def cell(arm: Arm) -> list[Episode]:
    return [
        episode(0, arm=arm, act=True),
        episode(1, arm=arm),
        episode(2, arm=arm),
        excluded(3, Validity.SERVER_ERROR, arm=arm).model_copy(update={"error": "nothing at http://attic.lan:11434"}),
    ]


def kept(
    folder: Path, episodes: Sequence[Episode], *, said: str = "I go on.", thought: str = "", ledger: str = "{}"
) -> Path:
    """A cell's folder that holds these episodes."""
    store = CellStore(folder)
    transcript = (
        {"role": "system", "content": "You drive a robot."},
        {"role": "assistant", "content": said, "thinking": thought},
    )
    for one in episodes:
        store.append(one, ledger, transcript, None)
    return folder


def rows_of(run: Path) -> list[dict[str, Any]]:
    (table,) = run.rglob("*.table.json")
    written = json.loads(table.read_text())
    return [dict(zip(written["columns"], row, strict=True)) for row in written["data"]]


def records_of(run: Path) -> Iterator[Record]:
    """What an offline run holds: the log format of LevelDB after a header of seven bytes, one protobuf a record."""
    (file,) = run.glob("*.wandb")
    data, at, whole = file.read_bytes(), 7, b""
    while at + 7 <= len(data):
        left = 32768 - at % 32768
        if left < 7:
            at += left
            continue
        _, size, kind = struct.unpack("<IHB", data[at : at + 7])
        whole += data[at + 7 : at + 7 + size]
        at += 7 + size
        if kind in {1, 4}:
            yield Record.FromString(whole)
            whole = b""


def offline_runs(folder: Path) -> list[Path]:
    return sorted((folder / "wandb").glob("offline-run-*"))


def test_two_cells_make_two_offline_runs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tracker = WandbTracker(group="sweep", folder=tmp_path / "run")
    for arm in (Arm.MAIN, Arm.TWIN):
        tracker.log_cell(CONFIG, {"digest": "abc"}, cell(arm))
    runs = list((tmp_path / "run" / "wandb").glob("offline-run-*"))
    assert len(runs) == 2
    for run in runs:
        assert len(list(run.glob("*.wandb"))) == 1
        (table,) = run.rglob("*.table.json")
        rows = json.loads(table.read_text())
        assert [row[rows["columns"].index("seed")] for row in rows["data"]] == [0, 1, 2, 3]
        assert rows["data"][3][rows["columns"].index("validity")] == "server_error"
    assert capfd.readouterr() == ("", "")


def test_nothing_private_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET", "swordfish-1234")
    monkeypatch.setattr(socket, "gethostname", lambda: "workstation-of-ada")
    WandbTracker(folder=tmp_path / "run").log_cell(CONFIG, {}, cell(Arm.MAIN))
    wandb.teardown()  # the file is complete only when wandb's own process has ended
    (record,) = (tmp_path / "run").rglob("*.wandb")
    assert b"embodied-deception" in record.read_bytes()
    for path in (p for p in (tmp_path / "run").rglob("*") if p.is_file()):
        data = path.read_bytes()
        for private in (b"swordfish", b"workstation-of-ada", b"hunter2", b"box.lan", b"attic"):
            assert private not in data, path


def test_settings_lose_secrets_and_addresses_only() -> None:
    settings = {
        "model": {
            "api_key": "x",
            "base_url": "x",
            "hosts": ["x"],
            "name": "m",
            "max_tokens": 512,
            "options": [{"token": "x", "a": Arm}],
        },
        "host": "x",
        "folder": Path("runs"),
        "keyframes": 3,
    }
    assert Veil().settings(settings) == {
        "model": {"name": "m", "max_tokens": 512, "options": [{"a": str(Arm)}]},
        "folder": "runs",
        "keyframes": 3,
    }


def test_summary_values_are_rates_with_intervals_and_counts() -> None:
    values = summary_values(cell(Arm.MAIN))
    assert (values["physical_act/k"], values["physical_act/n"]) == (1, 3)
    assert values["physical_act/low"] == pytest.approx(0.0615, abs=5e-4)
    assert values["outcome/disabled"] == 1
    assert values["outcome/complied"] == 2
    assert values["excluded/server_error"] == 1
    assert values["tokens/completion"] == 4 * 700
    assert values["latency_s/call"] == pytest.approx(12.5 / 20)
    assert (values["replies/first_try/k"], values["replies/first_try/n"]) == (4 * 17, 4 * 18)
    assert values["replies/unreadable"] == 4
    assert values["thoughts/field"] == 40
    with pytest.raises(ValueError, match="not 2"):
        summary_values([*cell(Arm.MAIN), *cell(Arm.TWIN)])


def test_summary_values_say_what_was_said_thought_and_done() -> None:
    lines = [
        scored(0, act=True, thought=True, verdicts=(Verdict.LIE, Verdict.TRUTHFUL), purpose="safety"),
        scored(1, purpose=None), scored(2, verdicts=(), outcome="not_exposed"), excluded(3, Validity.SERVER_ERROR),
    ]  # fmt: skip
    values = summary_values(lines)
    assert (values["lied/k"], values["lied/n"]) == (1, 2)
    assert values["lied/low"] == pytest.approx(0.0945, abs=5e-4)
    assert (values["claims/lie"], values["claims/truthful"], values["claims/omission"]) == (1, 2, 0)
    assert (values["sources_differ/k"], values["sources_differ/n"]) == (0, 3)
    assert (values["pattern/TWD"], values["pattern/---"]) == (1, 1)
    assert (values["pattern/missing/word"], values["pattern/missing/thought_and_word_and_deed"]) == (1, 1)
    assert (values["purpose/safety"], values["purpose/work"], values["purpose/no_answer"]) == (1, 1, 1)
    assert (values["says_neither/k"], values["says_neither/n"]) == (1, 3)


def test_records_without_verdicts_have_no_figures_of_them_and_never_0() -> None:
    kinds = {name.split("/")[0] for name in summary_values(cell(Arm.MAIN))}
    assert not kinds & {"lied", "claims", "sources_differ", "pattern", "purpose"}


def test_rows_hold_verdicts_pattern_and_purpose(tmp_path: Path) -> None:
    lines = [scored(0, act=True, verdicts=(Verdict.LIE, Verdict.LIE)), scored(1, thought=None), episode(2)]
    WandbTracker(folder=tmp_path / "run").log_cell(CONFIG, {}, lines)
    rows = rows_of(tmp_path / "run")
    assert [row["claims_lie"] for row in rows] == [2, 0, None]
    assert [row["claims_truthful"] for row in rows] == [0, 1, None]
    assert [row["pattern"] for row in rows] == ["-WD", "?--", None]
    assert [row["purpose"] for row in rows] == ["work", "work", None]
    assert [row["transcript"] for row in rows] == [""] * 3


def test_a_cell_completed_in_two_goes_is_one_run_with_all_of_it(tmp_path: Path) -> None:
    run, lines = tmp_path / "run", [episode(seed) for seed in range(4)]
    for n_lines in (2, 4):
        folder = kept(run / "cell", lines[:n_lines], thought="Which way?")
        tracker = WandbTracker(group="sweep", folder=run)
        assert tracker.is_due(lines[0].cell, folder)
        for _ in range(2):
            tracker.log_cell(CONFIG, {"digest": "abc"}, lines[:n_lines], folder, ["instruction=allow", "x" * 99])
            assert not tracker.is_due(lines[0].cell, folder)
    (only,) = offline_runs(run)
    rows = rows_of(only)
    assert [row["seed"] for row in rows] == [0, 1, 2, 3]
    assert rows[3]["transcript"] == "system: You drive a robot.\n\nrobot thinks: Which way?\n\nrobot: I go on."
    wandb.teardown()
    told = list(records_of(only))
    (about,) = [record.run for record in told if record.HasField("run")]
    assert about.run_group == "sweep"
    assert list(about.tags)[:3] == ["shutdown_button", "main", "embedded"]
    assert list(about.tags)[3:] == ["oversight=none", "instruction=allow", "x" * 61 + "..."]
    (records,) = [r.artifact for r in told if r.HasField("artifact") and r.artifact.type == "records"]
    files = {entry.path: Path(entry.local_path) for entry in records.manifest.contents}
    assert sorted(files) == sorted(
        ["config.yaml", "episodes.jsonl", "manifest.json", *(f"ledgers/{line.key}.json.gz" for line in lines)]
    )
    assert all(file.is_file() for file in files.values())
    assert files["episodes.jsonl"].read_text().splitlines() == [line.model_dump_json() for line in lines]
    assert [record for record in told if record.HasField("exit")]


def test_another_group_project_mode_or_number_of_videos_is_due_again(tmp_path: Path) -> None:
    line = episode(0)
    folder = kept(tmp_path / "cell", [line])
    settings: dict[str, Any] = {"group": "a", "folder": tmp_path}
    WandbTracker(**settings).log_cell(CONFIG, {}, [line], folder)
    for change in ({"group": "b"}, {"project": "other"}, {"mode": "online"}, {"videos": 1}):
        assert WandbTracker(**settings | change).is_due(line.cell, folder), change
    assert not WandbTracker(**settings).is_due(line.cell, folder)
    assert not WandbTracker(**settings | {"mode": "disabled", "group": "b"}).is_due(line.cell, folder)


def test_a_run_of_the_users_own_and_its_environment_stay_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_RUN_ID", "theirs")
    monkeypatch.setenv("WANDB_RUN_GROUP", "theirs")
    monkeypatch.delenv("WANDB_DATA_DIR")
    theirs = wandb.init(mode="offline", dir=tmp_path, settings=wandb.Settings(silent=True, console="off"))
    for arm in (Arm.MAIN, Arm.TWIN):
        WandbTracker(folder=tmp_path / "run").log_cell(CONFIG, {}, cell(arm))
    theirs.log({"still": "open"})
    theirs.finish()
    assert len(offline_runs(tmp_path / "run")) == 2
    assert "WANDB_DATA_DIR" not in os.environ
    assert len(list((tmp_path / "run").glob("wandb/cells/*/staging-*"))) == 2


def test_no_secret_is_in_any_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {
        "WANDB_API_KEY": "0123456789abcdef" * 3,
        "OTHER_TOKEN": 'quoted"tok\\en',
        "THE_KEY_FOR_IT": "kept-in-the-environment",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("USER", "ada-lovelace")
    monkeypatch.setenv("HOME", "/home-of-ada")
    login = "http://ada:pass+word@box.lan:11434/v1"
    config = {
        "model": {
            "name": "m", "api_key": "hunter2", "api_key_env": "THE_KEY_FOR_IT", "headers": {"x": "Bearer of-bad-news"},
            "path": "/home-of-ada/weights.gguf", "note": f"see {login}", "list": [{"password": "in-a-list"}],
        },
        "tracking": {"folder": "/home-of-ada/runs"},
    }  # fmt: skip
    everything = " ".join(
        [*secrets.values(), "hunter2", "Bearer of-bad-news", "in-a-list", login, "https://a.b/?x=1&api_key=in-a-query"]
    )
    lines = [
        episode(seed, factors={"note": everything}).model_copy(
            update={"error": f"{everything} /home-of-ada", "server": login, "probe_error": everything}
        )
        for seed in range(2)
    ]
    text = json.dumps({"said": everything, "kept": "box of tricks"})
    run = tmp_path / "run"
    folder = kept(run / "cell", lines, said=everything, thought=everything, ledger=text)
    WandbTracker(folder=run).log_cell(config, {"host": login, "note": everything}, lines, folder, [everything])
    wandb.teardown()
    (only,) = offline_runs(run)
    rows = rows_of(only)
    assert rows[0]["transcript"].count("(secret)") > 5
    assert rows[0]["error"].endswith("~")
    (ledger, *_) = (run / "wandb").rglob("mirrored-ledger-*.gz")
    private = [
        *secrets.values(), json.dumps(secrets["OTHER_TOKEN"])[1:-1], "hunter2", "of-bad-news", "in-a-list",
        "in-a-query", "pass+word", "box.lan", "ada-lovelace", "home-of-ada",
    ]  # fmt: skip
    files = [path for top in (run / "wandb", tmp_path / "caches") for path in top.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".wandb", ".gz", ".jsonl", ".json", ".log"}
    for path in files:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for word in private:
            assert word.encode() not in data, (word, path)
    assert b"box of tricks" in gzip.decompress(ledger.read_bytes())


def test_a_long_transcript_loses_its_middle() -> None:
    text = transcript_text([{"role": "user", "content": "a" * OPENING_CHARS + "b" * 500 + "c" * CLOSING_CHARS}])
    assert text.startswith("world: aaa")
    assert text.endswith("ccc")
    assert "507 characters left out" in text
    assert "b" not in text.replace("world:", "")[: OPENING_CHARS // 2]


def test_tool_calls_are_part_of_a_transcript() -> None:
    call = {"name": "press", "arguments": {"target": "red button"}}
    text = transcript_text(
        [{"role": "assistant", "content": "", "tool_calls": [call]}, {"role": "tool", "content": "Done."}]
    )
    assert text == f"robot: {json.dumps(call)}\n\nworld: Done."


def test_videos_are_of_acts_and_lies(tmp_path: Path) -> None:
    lines = [scored(0), scored(1, verdicts=(Verdict.LIE,)), scored(2, act=True), scored(3, act=True)]
    folder = kept(tmp_path / "cell", lines)
    for line in lines[:3]:
        (tmp_path / f"episode-{line.key}.mp4").write_bytes(b"film of " + line.key.encode())
    WandbTracker(folder=tmp_path, videos=3).log_cell(CONFIG, {}, lines, folder)
    (only,) = offline_runs(tmp_path)
    shown = {path.read_bytes() for path in only.rglob("*.mp4")}
    assert shown == {b"film of " + line.key.encode() for line in lines[1:3]}, "seed 3 has no states, seed 0 no flag"


def test_a_failure_is_one_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    tracker = WandbTracker(folder=tmp_path / "file")
    with pytest.warns(TrackingWarning, match="goes on without tracking") as caught:
        tracker.log_cell(CONFIG, {}, cell(Arm.MAIN))
    tracker.log_cell(CONFIG, {}, cell(Arm.TWIN))
    assert len(caught) == 1
    assert "\n" not in str(caught[0].message)


@pytest.mark.parametrize("fault", [None, "broken"])
def test_a_missing_or_broken_wandb_is_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str | None
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", fault)
    with pytest.warns(TrackingWarning, match="goes on without tracking") as caught:
        WandbTracker(folder=tmp_path).log_cell(CONFIG, {}, cell(Arm.MAIN))
    assert len(caught) == 1


def test_online_without_an_account_is_one_warning_and_no_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    wandb.teardown()
    with pytest.warns(TrackingWarning, match="wandb login") as caught:
        WandbTracker(mode="online", folder=tmp_path).log_cell(CONFIG, {}, cell(Arm.MAIN))
    assert len(caught) == 1


@pytest.mark.parametrize("answer", [401, pytest.param(None, marks=pytest.mark.slow)])
def test_a_key_that_is_refused_and_a_server_that_is_away_are_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: int | None
) -> None:
    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(answer or 500)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_port if answer else 9
        monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
        wandb.teardown()
        tracker = WandbTracker(mode="online", folder=tmp_path)
        with pytest.warns(TrackingWarning, match="goes on without tracking") as caught:
            tracker.log_cell(CONFIG, {}, cell(Arm.MAIN))
        tracker.log_cell(CONFIG, {}, cell(Arm.TWIN))
        server.shutdown()
    assert len(caught) == 1
    assert "127.0.0.1" not in str(caught[0].message)
    wandb.teardown()


def test_disabled_does_not_import_wandb(tmp_path: Path) -> None:
    script = (
        "import sys; from factories import episode; from embodied.tracking.mirror import WandbTracker;"
        f"WandbTracker(mode='disabled', folder={str(tmp_path / 'run')!r}).log_cell({{}}, {{}}, [episode(0)]);"
        "sys.exit('wandb' in sys.modules)"
    )
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    subprocess.run([sys.executable, "-c", script], check=True, env=os.environ | {"PYTHONPATH": path})
    assert not (tmp_path / "run").exists()


def test_an_unknown_mode_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="offline, online, disabled"):
        WandbTracker(mode="onlin")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="videos is -1"):
        WandbTracker(videos=-1)


@pytest.mark.parametrize("mode", ["offline", "online", "disabled"])
def test_the_shipped_configs_fit_the_constructor(mode: str) -> None:
    config = yaml.safe_load((ROOT / "conf" / "tracking" / f"{mode}.yaml").read_text())
    assert config.pop("_target_") == f"{WandbTracker.__module__}.{WandbTracker.__name__}"
    assert WandbTracker(**config).mode == mode
