from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from embodied.errors import StoreError
from embodied.planning.planned import (
    Assumed,
    Exclusions,
    Kind,
    Measure,
    PlannedCell,
    PlannedComparison,
    Preregistration,
    Stopping,
    digest,
)
from embodied.planning.preregistration import (
    CellFacts,
    Check,
    ComparisonFacts,
    RunFacts,
    check,
    looks_reached,
    read,
    spans,
    write,
)
from embodied.records import Arm, Validity
from embodied.statistics.rates import EXACT_MCNEMAR, FISHER_EXACT

MAIN, TWIN, ALLOWED = "a" * 16, "b" * 16, "c" * 16
ABOUT = {MAIN: "main: instruction none", TWIN: "twin: instruction none", ALLOWED: "main: instruction allow"}


def planned_cell(cell: str, episodes: int = 20) -> PlannedCell:
    return PlannedCell(
        cell=cell, about=ABOUT[cell], scenario="shutdown_button", arm=Arm.TWIN if cell == TWIN else Arm.MAIN,
        model="r1:8b", first_seed=0, episodes=episodes,
        factors={"instruction": "allow" if cell == ALLOWED else "none", "status_every": "0"},
    )  # fmt: skip


def comparison(kind: Kind, cell: str, reference: str, measure: Measure = "act") -> PlannedComparison:
    return PlannedComparison(
        kind=kind, about=f"{ABOUT[cell]} - {ABOUT[reference]}", cell=cell, reference=reference, measure=measure,
        test=EXACT_MCNEMAR,
    )  # fmt: skip


def plan(stopping: Stopping | None = None) -> Preregistration:
    made = Preregistration(
        code_version="0.1.0+abc", alpha=0.05,
        assumed=Assumed(base=0.1, effect=0.3, correlation=0.0, power=0.8),
        comparisons=(comparison(Kind.TWIN, MAIN, TWIN), comparison(Kind.LEVEL, ALLOWED, MAIN)),
        exclusions=Exclusions(most=0.1), stopping=stopping,
        cells=tuple(planned_cell(cell) for cell in (MAIN, TWIN, ALLOWED)),
    )  # fmt: skip
    return made.model_copy(update={"digest": digest(made)})


LOOKS = Stopping(rule="see the docs", looks=(10, 20), levels=(0.003, 0.047))


def facts_of(cell: str, n: int = 20) -> CellFacts:
    one = planned_cell(cell)
    return CellFacts(
        cell=cell, about=one.about, scenario=one.scenario, arm=one.arm, model=one.model, factors=one.factors,
        valid=frozenset(range(n)), code_versions=frozenset({"0.1.0+abc"}),
    )  # fmt: skip


def run_of(n: int = 20) -> RunFacts:
    return RunFacts(
        cells=tuple(facts_of(cell, n) for cell in (MAIN, TWIN, ALLOWED)),
        comparisons=(
            ComparisonFacts(MAIN, TWIN, "act", EXACT_MCNEMAR),
            ComparisonFacts(ALLOWED, MAIN, "act", EXACT_MCNEMAR),
        ),
    )


def broken(planned: Preregistration, run: RunFacts) -> dict[str, Check]:
    return {one.item: one for one in check(planned, run) if not one.holds}


# The file.


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    for made in (plan(), plan(LOOKS)):
        written = write(made, path)
        assert read(path) == written == made
        assert written.digest == digest(made)
        path.unlink()


def test_people_can_read_the_file(tmp_path: Path) -> None:
    write(plan(LOOKS), tmp_path / "plan.yaml")
    text = (tmp_path / "plan.yaml").read_text()
    assert text.startswith("# What was planned before the run.")
    plain = yaml.safe_load(text)
    assert list(plain)[:3] == ["schema_version", "date", "notes"]
    assert plain["cells"][0]["about"] == "main: instruction none"
    assert plain["stopping"]["looks"] == [10, 20]
    assert plain["exclusions"]["left_out"] == [str(one) for one in Validity if one is not Validity.VALID]


def test_date_and_notes_are_the_users(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    write(plan(), path)
    path.write_text(path.read_text().replace("date: ''", "date: 2026-03-01").replace("notes: ''", "notes: pilot seen"))
    assert (read(path).date, read(path).notes, read(path).digest) == ("2026-03-01", "pilot seen", plan().digest)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("alpha: 0.05", "alpha: 0.1", "was changed after it was written"),
        ("most: 0.1", "most: 0.5", "was changed after it was written"),
        ("episodes: 20", "episodes: 10", "was changed after it was written"),
        ("measure: act", "measure: lied", "was changed after it was written"),
        ("alpha: 0.05", "alpha: 5", "alpha: "),
        ("measure: act", "measure: sang", "comparisons.0.measure: "),
        ("notes: ''", "notes: ''\nsecret: 1", "secret: Extra inputs"),
        ("schema_version: 1", "schema_version: 0", "has schema version 0, this code reads 1"),
        ("schema_version: 1", "version: 1", "is no preregistration"),
        ("cells:", "cells: [", "is no YAML, or torn"),
    ],
)
def test_an_edited_file_is_refused_in_one_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "plan.yaml"
    write(plan(), path)
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(StoreError) as refused:
        read(path)
    assert words in str(refused.value)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_torn_file_is_refused_wherever_it_is_torn(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    write(plan(LOOKS), path)
    whole = path.read_bytes()
    for end in [*range(0, len(whole), 211), *range(len(whole) - 70, len(whole) - 1, 7)]:
        path.write_bytes(whole[:end])
        with pytest.raises(StoreError) as refused:
            read(path)
        assert "\n" not in str(refused.value)


def test_a_plan_is_neither_overwritten_nor_made_up(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    write(plan(), path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is not overwritten"):
        write(plan(LOOKS), path)
    assert path.read_bytes() == before
    with pytest.raises(StoreError, match="cannot be used"):
        read(tmp_path / "none.yaml")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StoreError, match="no YAML"):
        read(path)


# The check.


def test_a_run_as_planned_holds_in_every_item() -> None:
    found = check(plan(), run_of())
    assert all(one.holds for one in found)
    assert found[0].found == plan().digest
    assert {one.item for one in found} == {
        "file", "cells", "seeds", "excluded episodes", "primary comparisons", "code version",
    }  # fmt: skip


def test_missing_and_further_cells_are_named() -> None:
    run = run_of()
    stranger = replace(facts_of(MAIN), cell="d" * 16, about="main: instruction beg")
    found = broken(plan(), replace(run, cells=(*run.cells[:2], stranger)))
    assert (found["cells"].found, found["cells"].note) == ("2 of them", "missing: main: instruction allow")
    assert found["cells not planned"].note == "exploratory: main: instruction beg"
    assert found["seeds"].found == "the same in 2 of 3 cells"
    nothing = check(plan(), replace(run, cells=(stranger,), comparisons=()))
    assert {one.item for one in nothing if one.holds} == {"file", "code version"}


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        (range(18), "18 of them, not 18 to 19"),
        (range(25), "20 of them, besides 20 to 24"),
        (range(100, 120), "0 of them, not 0 to 19, besides 100 to 119"),
    ],
)
def test_fewer_more_and_other_seeds_are_told(seeds: range, words: str) -> None:
    run = run_of()
    cells = (replace(run.cells[0], valid=frozenset(seeds)), *run.cells[1:])
    found = broken(plan(), replace(run, cells=cells))
    assert found["seeds of main: instruction none"].found == words
    assert found["seeds of main: instruction none"].planned == "0 to 19"
    assert found["seeds"].found == "the same in 2 of 3 cells"


def test_excluded_episodes_count_as_run_and_are_limited() -> None:
    run = run_of()
    few = replace(run.cells[0], valid=frozenset(range(18)), excluded={"prompt_cut": frozenset({18, 19})})
    assert not broken(plan(), replace(run, cells=(few, *run.cells[1:])))
    many = replace(few, valid=frozenset(range(17)), excluded={"prompt_cut": frozenset({17, 18, 19})})
    found = broken(plan(), replace(run, cells=(many, *run.cells[1:])))
    assert found["excluded episodes"].found == "15% of the worst"
    assert len([item for item in found if item.startswith("excluded: ")]) == 2
    odd = replace(few, excluded={"disliked": frozenset({18, 19})})
    assert "disliked" in broken(plan(), replace(run, cells=(odd, *run.cells[1:])))["reasons to exclude"].found


def test_comparisons_are_told_from_exploratory_ones() -> None:
    run = run_of()
    swapped = ComparisonFacts(TWIN, MAIN, "act", EXACT_MCNEMAR)
    lied = ComparisonFacts(MAIN, TWIN, "lied", EXACT_MCNEMAR)
    found = {one.item: one for one in check(plan(), replace(run, comparisons=(swapped, lied, run.comparisons[1])))}
    assert found["primary comparisons"].holds
    assert (found["further comparisons"].found, found["further comparisons"].holds) == ("1", True)
    assert "exploratory" in found["further comparisons"].note
    twice = {one.item: one for one in check(plan(), replace(run, comparisons=(*run.comparisons, lied, lied), pooled=3))}
    assert twice["further comparisons"].found == "4"
    missing = broken(plan(), replace(run, comparisons=run.comparisons[:1]))
    assert missing["primary comparisons"].found == "1 of them"
    other_test = replace(run.comparisons[0], test=FISHER_EXACT)
    changed = broken(plan(), replace(run, comparisons=(other_test, run.comparisons[1])))
    assert "Fisher exact, not exact McNemar" in changed["tests"].note
    assert plan().plans(TWIN, MAIN, "act")
    assert not plan().plans(TWIN, MAIN, "lied")
    assert not plan().plans(TWIN, ALLOWED, "act")


def test_other_code_is_told() -> None:
    run = run_of()
    mixed = replace(run.cells[0], code_versions=frozenset({"0.1.0+abc", "0.2.0"}))
    found = broken(plan(), replace(run, cells=(mixed, *run.cells[1:])))["code version"]
    assert (found.found, found.note) == ("0.1.0+abc, 0.2.0", "")
    dirty = replace(run.cells[0], code_versions=frozenset({"0.1.0+abc-dirty"}))
    assert "files differ" in broken(plan(), replace(run, cells=(dirty, *run.cells[1:])))["code version"].note


def test_weights_are_told_since_a_plan_names_models_alone() -> None:
    one = {item.item: item for item in check(plan(), replace(run_of(), weights={"r1:8b": "sha256:0123456789abcdef"}))}
    assert (one["weights"].holds, one["weights"].found) == (True, "r1:8b sha256:0123456789ab")
    two = {"r1:8b (0123)": "sha256:0123", "r1:8b (4567)": "sha256:4567"}
    assert "r1:8b" in broken(plan(), replace(run_of(), weights=two))["weights"].note


def test_a_plan_that_was_changed_in_memory_does_not_hold() -> None:
    changed = plan().model_copy(update={"alpha": 0.1})
    assert "file" in broken(changed, run_of())


def test_with_looks_a_run_may_end_at_one_and_nowhere_else() -> None:
    for n in (10, 20):
        found = {one.item: one for one in check(plan(LOOKS), run_of(n))}
        assert all(one.holds for one in found.values())
        assert found["look"].found == f"at {n}"
    assert "0.047" in {one.item: one.note for one in check(plan(LOOKS), run_of(20))}["look"]
    between = broken(plan(LOOKS), run_of(13))
    assert between["seeds of main: instruction none"].found == "10 of them, besides 10 to 12"
    before = broken(plan(LOOKS), run_of(7))
    assert before["look"].found == "none reached"
    assert before["seeds of main: instruction none"].found == "7 of them, not 7 to 9"


def test_a_look_is_reached_when_all_cells_have_its_seeds() -> None:
    done = {MAIN: frozenset(range(20)), TWIN: frozenset(range(19)), ALLOWED: frozenset(range(20))}
    assert looks_reached(plan(LOOKS), done) == 1
    assert looks_reached(plan(LOOKS), done | {TWIN: frozenset(range(20))}) == 2
    assert looks_reached(plan(LOOKS), done | {TWIN: frozenset(range(1, 20))}) == 0
    assert looks_reached(plan(LOOKS), {}) == 0
    assert looks_reached(plan(), done) == 0


def test_seeds_are_told_in_words() -> None:
    assert spans([3, 1, 2, 7, 9, 10]) == "1 to 3, 7, 9 to 10"
    assert spans([]) == "none"
