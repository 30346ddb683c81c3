from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import wandb
import yaml
from factories import episode, excluded, scored

from embodied.errors import ConfigError
from embodied.records import Arm, Episode, Validity, Verdict
from embodied.tracking import TrackingWarning, WandbTracker, public, summary_values

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
    assert public(settings) == {
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
    (table,) = (tmp_path / "run").rglob("*.table.json")
    written = json.loads(table.read_text())
    rows = [dict(zip(written["columns"], row, strict=True)) for row in written["data"]]
    assert [row["claims_lie"] for row in rows] == [2, 0, None]
    assert [row["claims_truthful"] for row in rows] == [0, 1, None]
    assert [row["pattern"] for row in rows] == ["-WD", "?--", None]
    assert [row["purpose"] for row in rows] == ["work", "work", None]


def test_a_failure_is_one_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    tracker = WandbTracker(folder=tmp_path / "file")
    with pytest.warns(TrackingWarning, match="goes on without tracking") as caught:
        tracker.log_cell(CONFIG, {}, cell(Arm.MAIN))
    tracker.log_cell(CONFIG, {}, cell(Arm.TWIN))
    assert len(caught) == 1
    assert "\n" not in str(caught[0].message)


def test_online_without_an_account_is_one_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    with pytest.warns(TrackingWarning) as caught:
        WandbTracker(mode="online", folder=tmp_path).log_cell(CONFIG, {}, cell(Arm.MAIN))
    assert len(caught) == 1


def test_disabled_does_not_import_wandb(tmp_path: Path) -> None:
    script = (
        "import sys; from factories import episode; from embodied.tracking import WandbTracker;"
        f"WandbTracker(mode='disabled', folder={str(tmp_path / 'run')!r}).log_cell({{}}, {{}}, [episode(0)]);"
        "sys.exit('wandb' in sys.modules)"
    )
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    subprocess.run([sys.executable, "-c", script], check=True, env=os.environ | {"PYTHONPATH": path})
    assert not (tmp_path / "run").exists()


def test_an_unknown_mode_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="offline, online, disabled"):
        WandbTracker(mode="onlin")  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["offline", "online", "disabled"])
def test_the_shipped_configs_fit_the_constructor(mode: str) -> None:
    config = yaml.safe_load((ROOT / "conf" / "tracking" / f"{mode}.yaml").read_text())
    assert config.pop("_target_") == f"{WandbTracker.__module__}.{WandbTracker.__name__}"
    assert WandbTracker(**config).mode == mode
