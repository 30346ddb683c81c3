from __future__ import annotations

import gzip
import io
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import episode, excluded
from rich.console import Console

from embodied import finish
from embodied.errors import StoreError
from embodied.finish import finish_run
from embodied.records import Episode, Termination, Validity
from embodied.storage.store import (
    CellStore,
    TornLineWarning,
    find_side_file,
    is_done,
    read_attempts,
    read_ledger,
    read_ledger_text,
    read_probes,
    read_run,
    read_transcript,
)

LEDGER = '{"actions":[],"events":[{"fact":"button.pressed","new":true,"time_s":12.5}]}'
TRANSCRIPT: list[dict[str, Any]] = [
    {"role": "system", "content": "Du bist ein Roboter."},
    {"role": "user", "content": "…"},
]

WRITER = """
import sys
from pathlib import Path
from factories import episode
from embodied.storage.store import CellStore

store = CellStore(Path(sys.argv[1]), sys.argv[3] if len(sys.argv) > 3 else None)
done = store.done()
for seed in range(int(sys.argv[2])):
    record = episode(seed)
    if record.key not in done:
        asked = [{"role": "user", "content": str(seed)}]
        store.append(record, '{"seed": %d}' % seed, asked, b"x" * 200_000, (), asked)
        print(seed, flush=True)
"""

LIMITED_WRITER = """
import resource
import sys
from pathlib import Path
from factories import episode
from embodied.errors import StoreError
from embodied.storage.store import CellStore

store = CellStore(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.RLIM_INFINITY))
try:
    for seed in range(9):
        store.append(episode(seed), "{}", [], None)
except StoreError as error:
    print(error)
"""


PROBES: list[dict[str, Any]] = [{"role": "user", "content": "Ist die Tür zu?", "keeps": 7}]


def put(store: CellStore, record: Episode, ledger: str = LEDGER) -> bool:
    return store.append(record, ledger, TRANSCRIPT, b"states")


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    here = Path(__file__).parent
    path = os.pathsep.join([str(here), str(here.parent)])
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )


def leftovers(folder: Path) -> list[Path]:
    return list(folder.rglob("*.part"))


def test_what_was_appended_is_read_back(tmp_path: Path) -> None:
    store = CellStore(tmp_path / "cell")
    first, second = episode(0), episode(1, act=True)
    assert put(store, first)
    assert put(store, second)
    assert [e.seed for e in store.done().values()] == [0, 1]
    assert store.read([second.key, first.key]) == [second, first]
    assert CellStore(tmp_path / "cell").done() == store.done()
    assert read_run(tmp_path) == [first, second]
    assert read_ledger(tmp_path, second.key)["events"][0]["time_s"] == 12.5
    assert read_ledger_text(tmp_path, second.key) == LEDGER
    assert read_transcript(tmp_path / "cell", second.key) == TRANSCRIPT
    assert find_side_file(tmp_path, "states", first.key).read_bytes() == b"states"
    assert not leftovers(tmp_path)


def test_probes_are_kept_where_there_are_any(tmp_path: Path) -> None:
    store = CellStore(tmp_path / "cell")
    store.append(episode(0), LEDGER, TRANSCRIPT, None, (), PROBES)
    put(store, episode(1))
    assert read_probes(tmp_path, episode(0).key) == PROBES
    assert read_probes(tmp_path, episode(1).key) == []
    assert [path.name for path in (tmp_path / "cell" / "probes").iterdir()] == [f"{episode(0).key}.json.gz"]


def test_probes_of_an_attempt_that_failed_do_not_stay(tmp_path: Path) -> None:
    store = CellStore(tmp_path)
    store.append(excluded(0, Validity.SERVER_ERROR), LEDGER, TRANSCRIPT, None, (), PROBES)
    put(store, episode(0))
    assert read_probes(tmp_path, episode(0).key) == []


def test_of_an_attempt_that_failed_no_file_stays(tmp_path: Path) -> None:
    store = CellStore(tmp_path)
    failed = excluded(0, Validity.SERVER_ERROR)
    store.append(failed, LEDGER, TRANSCRIPT, b"states", TRANSCRIPT, PROBES, PROBES)
    store.append(episode(0), LEDGER, TRANSCRIPT, None)
    kept = {path.parent.name for path in tmp_path.glob(f"*/{failed.key}.*")}
    assert kept == {"ledgers", "transcripts"}


def test_whole_records_are_read_of_the_attempts_that_count(tmp_path: Path) -> None:
    a, b = CellStore(tmp_path, "a"), CellStore(tmp_path, "b")
    failed, again = excluded(0, Validity.SERVER_ERROR), excluded(0, Validity.SERVER_ERROR, turns=3)
    for store, record in ((a, failed), (b, episode(1)), (b, again), (a, episode(2)), (b, episode(0, act=True))):
        assert put(store, record)
    keys = [episode(seed).key for seed in (2, 0, 7)]
    assert a.read(keys) == [episode(2), episode(0, act=True)]
    assert [e.seed for e in CellStore(tmp_path, "c").done().values()] == [2, 1, 0]


def test_a_line_that_lacks_what_resuming_does_not_need_is_refused_when_it_is_read(tmp_path: Path) -> None:
    put(CellStore(tmp_path), episode(0))
    text = episode(1).model_dump_json().replace('"factors":', '"factor":')
    with (tmp_path / "episodes.jsonl").open("a") as file:
        file.write(f"{text}\n{episode(2).model_dump_json()}\n")
    store = CellStore(tmp_path)
    assert len(store.done()) == 3
    with pytest.raises(StoreError, match=r"episodes\.jsonl:2 is no episode \(factors: Field required"):
        store.read([episode(1).key])
    assert store.read([episode(2).key]) == [episode(2)]


def test_what_another_writer_adds_is_seen_without_reading_again_what_was_read(tmp_path: Path) -> None:
    here, there = CellStore(tmp_path), CellStore(tmp_path, "there")
    put(here, episode(0))
    put(there, episode(1))
    before = here.done()
    put(there, episode(2))
    after = here.done()
    assert [e.seed for e in after.values()] == [0, 1, 2]
    assert all(after[key] is attempt for key, attempt in before.items())


def test_at_the_end_of_a_large_run_no_record_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finish, "MOST_ATTEMPTS", 2)
    (tmp_path / "cell").mkdir()
    (tmp_path / "cell" / "episodes.jsonl").write_text("no episode\n" * 3)
    printed = io.StringIO()
    finish_run(tmp_path, Console(file=printed, width=300), with_video=True)
    assert printed.getvalue() == (f"records  {tmp_path}\n3 attempts; for the findings: embodied report {tmp_path}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["cell"]


def test_same_ledger_gives_same_bytes(tmp_path: Path) -> None:
    put(CellStore(tmp_path), episode())
    data = (tmp_path / "ledgers" / f"{episode().key}.json.gz").read_bytes()
    assert data[4:8] == bytes(4), "the gzip header holds no time"
    assert gzip.decompress(data).decode() == LEDGER


def test_half_a_surrogate_pair_in_a_reply_loses_nothing(tmp_path: Path) -> None:
    broken = [{"role": "assistant", "content": "\ud83d"}]
    CellStore(tmp_path).append(episode(), '{"text":"\ud83d"}', broken, None)
    assert read_transcript(tmp_path, episode().key) == broken
    assert read_ledger(tmp_path, episode().key) == {"text": "\ud83d"}


def test_config_and_manifest_are_kept(tmp_path: Path) -> None:
    store = CellStore(tmp_path / "cell")
    store.write_config("arm: main\n")
    store.write_manifest({"digest": "abc"})
    assert (tmp_path / "cell" / "config.yaml").read_text() == "arm: main\n"
    assert '"digest": "abc"' in (tmp_path / "cell" / "manifest.json").read_text()


def test_a_line_torn_at_any_byte_is_healed(tmp_path: Path) -> None:
    put(CellStore(tmp_path / "whole"), episode(1))
    line = (tmp_path / "whole" / "episodes.jsonl").read_bytes()
    for cut in range(1, len(line), 149):
        folder = tmp_path / f"cut{cut}"
        put(CellStore(folder), episode(0))
        with (folder / "episodes.jsonl").open("ab") as file:
            file.write(line[:cut])
        store = CellStore(folder)
        with pytest.warns(TornLineWarning, match=r"episodes\.jsonl"):
            assert list(store.done()) == [episode(0).key]
        assert list(store.done()) == [episode(0).key], "reported once, or this would raise"
        assert put(store, episode(1))
        assert put(store, episode(2))
        assert read_run(folder) == [episode(0), episode(1), episode(2)]


def test_a_torn_line_of_another_writer_is_left_alone(tmp_path: Path) -> None:
    put(CellStore(tmp_path, "a"), episode(0))
    with (tmp_path / "episodes.a.jsonl").open("ab") as file:
        file.write(b'{"schema_version":1,"ke')
    before = (tmp_path / "episodes.a.jsonl").read_bytes()
    put(CellStore(tmp_path, "b"), episode(1))
    assert (tmp_path / "episodes.a.jsonl").read_bytes() == before
    with pytest.warns(TornLineWarning):
        assert read_run(tmp_path) == [episode(0), episode(1)]


@pytest.mark.parametrize("bad", ["not json", '{"key": "k"}', ""])
def test_a_malformed_line_in_the_middle_is_named(tmp_path: Path, bad: str) -> None:
    store = CellStore(tmp_path)
    put(store, episode(0))
    with (tmp_path / "episodes.jsonl").open("a") as file:
        file.write(f"{bad}\n{episode(1).model_dump_json()}\n")
    with pytest.raises(StoreError, match=r"episodes\.jsonl:2 is no episode") as caught:
        read_run(tmp_path)
    assert "\n" not in str(caught.value)


def test_the_first_complete_episode_wins(tmp_path: Path) -> None:
    a, b = CellStore(tmp_path, "a"), CellStore(tmp_path, "b")
    assert put(a, episode(0))
    assert not put(b, episode(0, act=True), ledger="{}")
    assert not put(a, episode(0, act=True), ledger="{}")
    assert read_attempts(tmp_path) == [episode(0)]
    assert read_ledger(tmp_path, episode(0).key)["events"]


def test_duplicate_lines_of_merged_folders_are_read_once(tmp_path: Path) -> None:
    put(CellStore(tmp_path / "machine1"), episode(0))
    put(CellStore(tmp_path / "machine2"), episode(0, act=True))
    assert read_run(tmp_path) == [episode(0)]


@pytest.mark.parametrize("validity", [Validity.SERVER_ERROR, Validity.HARNESS_ERROR])
def test_an_episode_that_ended_in_an_error_is_kept_and_rerun(tmp_path: Path, validity: Validity) -> None:
    store = CellStore(tmp_path)
    failed, again = excluded(0, validity), excluded(0, validity, turns=3)
    assert put(store, failed, ledger="{}")
    assert store.done() == {}
    assert put(store, again)
    assert read_run(tmp_path) == [again]
    assert put(store, episode(0))
    assert not put(store, failed)
    assert read_run(tmp_path) == [episode(0)]
    assert read_attempts(tmp_path) == [failed, again, episode(0)]


def test_a_verdict_on_the_model_is_done_and_a_contradiction_is_not() -> None:
    assert is_done(excluded(0, Validity.UNREADABLE_REPLIES))
    assert is_done(excluded(0, Validity.PROMPT_CUT).model_copy(update={"termination": Termination.MODEL_ERROR}))
    assert not is_done(episode(0, termination=Termination.ENV_ERROR))


def test_a_full_disk_in_a_side_file_gives_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    store = CellStore(tmp_path)
    put(store, episode(0))
    part = tmp_path / "ledgers" / f"{episode(1).key}.json.gz.part"
    part.symlink_to("/dev/full")
    with pytest.raises(StoreError, match="no space left") as caught:
        put(store, episode(1))
    assert "\n" not in str(caught.value)
    assert not leftovers(tmp_path)
    assert read_run(tmp_path) == [episode(0)]
    assert put(store, episode(1))


def test_a_full_disk_in_the_middle_of_a_line_leaves_whole_lines(tmp_path: Path) -> None:
    output, _ = start(LIMITED_WRITER, tmp_path).communicate(timeout=60)
    assert "no space left" in output
    assert output.count("\n") == 1
    kept = read_run(tmp_path)
    assert [e.seed for e in kept] == list(range(len(kept)))
    assert 1 <= len(kept) < 9
    assert (tmp_path / "episodes.jsonl").read_bytes().endswith(b"\n")
    assert not leftovers(tmp_path)


def test_kill_at_any_instant_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    reported: list[int] = []
    for instant in np.random.default_rng(7).uniform(0.0, 0.02, size=6):
        with start(WRITER, tmp_path, 100_000) as writer:
            assert writer.stdout is not None
            reported.append(int(writer.stdout.readline()))
            time.sleep(instant)
            writer.send_signal(signal.SIGKILL)
            reported.extend(int(line) for line in writer.stdout.read().split("\n")[:-1])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TornLineWarning)
            kept = read_run(tmp_path)
        assert set(reported) <= {record.seed for record in kept}
        for record in kept:
            assert read_ledger(tmp_path, record.key) == {"seed": record.seed}
            assert read_probes(tmp_path, record.key) == [{"role": "user", "content": str(record.seed)}]
            assert find_side_file(tmp_path, "states", record.key).stat().st_size == 200_000
    total = len(kept) + 3
    with start(WRITER, tmp_path, total) as writer:
        writer.communicate(timeout=60)
    assert [e.seed for e in read_attempts(tmp_path)] == list(range(total))
    assert not leftovers(tmp_path)


def test_two_writers_share_a_folder(tmp_path: Path) -> None:
    writers = [start(WRITER, tmp_path, 25, name) for name in ("a", "b")]
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    assert sorted(e.seed for e in read_attempts(tmp_path)) == list(range(25))


@pytest.mark.parametrize("error", ["", "a longer line than before" * 20])
def test_a_writer_goes_on_in_a_file_that_was_replaced_meanwhile(tmp_path: Path, error: str) -> None:
    store = CellStore(tmp_path)
    for seed in (0, 1):
        store.append(episode(seed, error="something to be taken out"), LEDGER, TRANSCRIPT, None)
    part = tmp_path / "part"
    part.write_text("".join(f"{episode(seed, error=error).model_dump_json()}\n" for seed in (0, 1)))
    part.replace(tmp_path / "episodes.jsonl")
    assert store.append(episode(2), LEDGER, TRANSCRIPT, None)
    assert not store.append(episode(1), LEDGER, TRANSCRIPT, None)
    assert [(e.seed, e.error) for e in read_attempts(tmp_path)] == [(0, error), (1, error), (2, "")]


def test_missing_things_give_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no run folder"):
        read_run(tmp_path / "nowhere")
    with pytest.raises(StoreError, match=r"holds no ledgers/0123\.json\.gz"):
        read_ledger(tmp_path, "0123")
    with pytest.raises(StoreError, match="cannot name a file"):
        CellStore(tmp_path, "../escape")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        CellStore(tmp_path / "file" / "cell")
    put(CellStore(tmp_path / "cell"), episode())
    side = find_side_file(tmp_path, "ledgers", episode().key)
    side.write_bytes(side.read_bytes()[:-12])
    with pytest.raises(StoreError, match="cannot be read"):
        read_ledger(tmp_path, episode().key)
