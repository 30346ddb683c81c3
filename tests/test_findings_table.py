from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from factories import episode, scored
from findings_data import LINES, any_episodes, three_arms, troubled, write_run

from embodied.checking.command import cells_of as cells_of_scenario
from embodied.checking.command import with_script
from embodied.episode import EpisodeRunner
from embodied.errors import StoreError
from embodied.findings.cells import NO_ANSWER, cells_of, common_of
from embodied.findings.query import rows
from embodied.findings.records import Cell
from embodied.findings.spans import MAX_STEPS
from embodied.findings.table import open_tables
from embodied.measures.outcome import did_succeed
from embodied.records import Arm, Episode, Validity, Verdict
from embodied.report.cells import CellSummary
from embodied.report.patterns import letters
from embodied.report.summary import SAYS_NEITHER, summarise
from embodied.report.survival import _span, steps
from embodied.report.words import debriefed, did_lie
from embodied.storage.journal import is_done, latest
from embodied.storage.store import read_attempts

SAME = (
    "key", "cell", "label", "scenario", "seed", "model", "code_version", "error", "method", "physical_act_s",
    "is_exposed", "did_effect", "did_complete_task", "task_progress", "turns", "world_s", "wall_s", "onset_s",
    "effect_s", "purpose", "server", "peer", "arm", "termination", "validity", "outcome",
)  # fmt: skip
USE = {
    "calls": "calls", "prompt_tokens": "prompt_tokens", "cached_tokens": "cached_tokens",
    "completion_tokens": "completion_tokens", "latency_s": "latency_s", "repaired": "repaired_replies",
    "unreadable_replies": "unreadable_replies", "cut": "cut_replies",
}  # fmt: skip


@contextmanager
def tables_of(*folders: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(open_tables(folders)) as tables:
        yield tables


def flat(one: Episode) -> dict[str, Any]:
    """A row of `episodes` by the Python definitions."""
    span = _span(one) if one.validity is Validity.VALID else None
    verdicts = Counter(claim.verdict for claim in debriefed(one) if not claim.is_quiz)
    is_valid = one.validity is Validity.VALID
    return {
        **{name: getattr(one, name) for name in SAME},
        **{name: getattr(one.use, field) for name, field in USE.items()},
        **{f"n_{verdict}": verdicts[verdict] for verdict in Verdict},
        "is_done": is_done(one),
        "is_valid": is_valid,
        "act": bool(one.is_physical_act) if is_valid else None,
        "lied": did_lie(one),
        "has_verdict": any(verdicts[verdict] for verdict in Verdict),
        "says_neither": one.outcome in SAYS_NEITHER if is_valid else None,
        "did_succeed": did_succeed(one) if is_valid else None,
        "unreadable": sum(claim.is_unreadable for claim in debriefed(one) if not claim.is_quiz),
        "pattern": None if one.pattern is None else letters(one.pattern),
        "span_s": None if span is None else span.seconds,
        "complied": None if span is None else span.did_comply,
        "deeds": [deed.name for deed in one.deeds],
        "severity": max((deed.severity for deed in one.deeds), default=0),
    }


def test_every_column_is_what_python_says(tmp_path: Path) -> None:
    """Of records that hold every field, and of such as lack those that hold a default."""
    every = any_episodes(1200, keys=800)
    folders = (write_run(tmp_path / "z", every[:650], is_bare=True), write_run(tmp_path / "a", every[650:]))
    attempts = [line for folder in folders for line in read_attempts(folder)]
    chosen = latest(attempts)
    with tables_of(*folders) as tables:
        found = {row["key"]: row for row in rows(tables, "SELECT * EXCLUDE (path, line_no) FROM episodes")}
        n_lines = tables.execute("SELECT count(*), count(*) FILTER (is_superseded) FROM lines").fetchall()[0]
        parts = list(rows(tables, "SELECT * FROM parts"))
    assert found.keys() == chosen.keys()
    wanted = {key: flat(one) for key, one in chosen.items()}
    differing = [
        (name, row[name], wanted[key][name], chosen[key])
        for key, row in found.items()
        for name in row.keys() | wanted[key].keys()
        if row[name] != wanted[key][name]
    ]
    assert not differing
    assert n_lines == (len(attempts), len(attempts) - len(chosen))
    assert {part["key"] for part in parts} == {key for key, one in chosen.items() if one.oversight}
    assert all(
        {name: value for name, value in part.items() if name not in {"key", "cell", "part"}}
        == chosen[part["key"]].oversight[part["part"]].model_dump()
        for part in parts
    )


def test_cells_carry_their_factors_and_the_oldest_records_load(tmp_path: Path) -> None:
    line = episode(3, factors={"it's": 'a "level", \\ and = signs'})
    plain = line.model_dump(mode="json", exclude_defaults=True) | {"schema_version": 1}
    plain = {name: value for name, value in plain.items() if name not in {"is_exposed", "use", "claims"}}
    (tmp_path / "cell").mkdir()
    (tmp_path / "cell" / LINES).write_text(f"{Episode.model_validate(plain).model_dump_json(exclude_unset=True)}\n")
    with tables_of(tmp_path) as tables:
        (cell,) = rows(tables, "SELECT * FROM cells")
        (row,) = rows(tables, "SELECT lied, calls, pattern, span_s FROM episodes")
    assert cell["factors"] == line.factors
    assert row == {"lied": None, "calls": 0, "pattern": None, "span_s": None}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("half a line", "Invalid JSON"),
        ("[1, 2]", "line"),
        (scored().model_dump_json().replace('"seed":0', '"seed":"first"'), "seed"),
        (scored().model_dump_json().replace('"complied"', '"flew away"'), "outcome"),
        (scored().model_dump_json().replace('"truthful"', '"wishful"'), "verdict"),
        (scored().model_dump_json(exclude={"cell"}), "cell"),
    ],
    ids=["torn", "no object", "type", "outcome", "verdict", "missing"],
)
def test_a_line_in_the_middle_that_is_no_episode_is_refused_with_its_number(
    tmp_path: Path, line: str, why: str
) -> None:
    run = write_run(tmp_path, [scored(1), scored(2)])
    (path,) = run.glob(f"*/{LINES}")
    first, second = path.read_text().splitlines()
    path.write_text(f"{first}\n{line}\n{second}\n")
    with pytest.raises(StoreError, match=rf"{LINES}:2 is no episode \(.*{why}"):
        open_tables([run])


@pytest.mark.parametrize("tail", ["", '{"key":', scored(9).model_dump_json(), "  ", "\0" * 300])
def test_half_a_line_at_the_end_is_counted_and_left_out(tmp_path: Path, tail: str) -> None:
    run = write_run(tmp_path, [*three_arms(2)])
    path = min(run.glob(f"*/{LINES}"))
    path.write_text(path.read_text() + tail)
    with tables_of(run) as tables:
        keys = {row["key"] for row in rows(tables, "SELECT key FROM lines")}
        torn = tables.execute("SELECT path FROM torn").fetchall()
    assert keys == {line.key for line in three_arms(2)}
    assert torn == ([(str(path.resolve()),)] if tail else [])


def test_a_run_folder_that_is_missing_or_empty_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no run folder"):
        open_tables([tmp_path / "nowhere"])
    with pytest.raises(StoreError, match="holds no episode yet"):
        open_tables([tmp_path])
    (tmp_path / LINES).write_text('{"key":')
    with pytest.raises(StoreError, match="holds no episode yet"):
        open_tables([tmp_path])


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    run = write_run(tmp_path / "run", three_arms(3))
    tables = open_tables([run])
    assert list((tmp_path / "temporary").iterdir())
    tables.close()
    del tables
    (run / "bad").mkdir()
    (run / "bad" / LINES).write_text("no episode\n")
    with pytest.raises(StoreError):
        open_tables([run])
    assert not list((tmp_path / "temporary").iterdir())


def assert_same(cell: Cell, summary: CellSummary, purposes: dict[str, Any]) -> None:
    """One cell by SQL and by Python, number by number."""
    times = summary.times
    assert (cell.cell, cell.condition, cell.scenario, cell.model, cell.arm, cell.factors) == (
        summary.cell, summary.condition, summary.scenario, summary.model, summary.arm, summary.factors,
    )  # fmt: skip
    assert (cell.episodes, cell.valid, cell.superseded) == (summary.episodes, len(summary.valid), summary.superseded)
    assert (cell.act, cell.bounds, dict(cell.outcomes)) == (summary.physical_act, summary.bounds, summary.outcomes)
    assert (cell.excluded, cell.not_exposed, cell.says_neither) == (
        summary.excluded, summary.not_exposed, summary.says_neither,
    )  # fmt: skip
    assert (cell.lied, cell.lied_bounds, cell.verdicts, cell.sources_differ) == (
        summary.said.lied, summary.said.bounds, summary.said.verdicts, summary.said.sources_differ,
    )  # fmt: skip
    assert cell.unjudged == summary.said.unjudged + summary.said.without_verdict
    assert cell.task.k == sum(one.did_complete_task for one in summary.valid.values())
    assert {name: k for name, k in cell.patterns.items() if "?" not in name} == {
        letters(pattern): k for pattern, k in summary.patterns.counts.items()
    }
    assert sum(k for name, k in cell.patterns.items() if "?" in name) == sum(summary.patterns.missing.values())
    assert purposes == {stratum.purpose or NO_ANSWER: stratum.physical_act for stratum in summary.strata}
    assert (cell.replies["turns"], cell.replies["repaired"], cell.replies["unreadable"], cell.replies["cut"]) == (
        summary.parse.first_try.n, summary.parse.repaired, summary.parse.unreadable, summary.parse.cut,
    )  # fmt: skip
    if cell.times is None:
        assert not times.spans
        return
    assert (cell.times.n, cell.times.left_out, cell.times.complied) == (
        len(times.spans),
        times.left_out,
        times.complied.k,
    )
    assert (cell.times.median_s, cell.times.low_s, cell.times.high_s) == (times.median_s, times.low_s, times.high_s)
    falls = [later for earlier, later in pairwise(cell.times.steps) if later.share < earlier.share]
    wanted = steps(times.spans)
    assert [step.seconds for step in falls] == [step.seconds for step in wanted[1:]]
    assert [step.share for step in falls] == pytest.approx([step.share for step in wanted[1:]])


def assert_alike(folder: Path, attempts: Sequence[Episode]) -> None:
    summary = summarise(attempts)
    with tables_of(folder) as tables:
        cells, common = cells_of(tables), common_of(tables)
    assert len(cells) == len(summary.cells)
    for ours, theirs in zip(cells, summary.cells, strict=True):
        assert_same(ours, theirs, dict(ours.purposes))
    assert common.startswith(summary.common)
    assert all(f"{model}: {text}" in common for model, text in summary.models.items())


def test_cells_are_those_of_the_summary(tmp_path: Path) -> None:
    first = troubled(14, model="first", code_version="0.2.0")
    others = [*three_arms(9, act_every=2, model="second"), *three_arms(5, factors={"instruction": "none"})]
    more = three_arms(8, act_every=1, factors={"instruction": "allow", "oversight": "action_gate"}, purpose=None)
    lines = [*first, *others, *more]
    assert_alike(write_run(tmp_path, lines), read_attempts(tmp_path))


def test_cells_of_any_records_are_those_of_the_summary(tmp_path: Path) -> None:
    write_run(tmp_path, any_episodes(600, keys=500))
    assert_alike(tmp_path, read_attempts(tmp_path))


def test_a_long_curve_is_thinned_and_keeps_its_ends(tmp_path: Path) -> None:
    lines = [scored(seed, act=seed % 50 == 0, world_s=2000.0) for seed in range(1500)]
    with tables_of(write_run(tmp_path, lines)) as tables:
        (cell,) = cells_of(tables)
    assert cell.times is not None
    shown = cell.times.steps
    assert len(shown) <= MAX_STEPS
    assert (shown[0].seconds, shown[0].share, shown[0].at_risk) == (0.0, 1.0, 1500)
    assert shown[-1].seconds == 1992.0
    assert shown[-1].share == pytest.approx(30 / 1500)
    assert [step.share for step in shown] == sorted((step.share for step in shown), reverse=True)


def test_cells_of_real_episodes_are_those_of_the_summary(tmp_path: Path) -> None:
    lines = []
    for script in ("saboteur_unplug", "liar"):
        config = with_script(cells_of_scenario("shutdown_button")[Arm.MAIN], script)
        with closing(EpisodeRunner(config, is_recording=False)) as runner:
            lines.append(runner.run(1).episode)
    write_run(tmp_path, lines)
    assert any(line.is_physical_act for line in lines)
    assert any(did_lie(line) for line in lines)
    assert_alike(tmp_path, read_attempts(tmp_path))
