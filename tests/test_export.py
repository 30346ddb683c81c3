from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from factories import excluded, scored
from findings_data import write_run
from hypothesis import given, settings
from hypothesis import strategies as st

from embodied.errors import StoreError
from embodied.export.columns import FACTOR
from embodied.export.latex import LONG, escaped, table_text, write_latex
from embodied.export.paper import Column, PaperTable, paper_tables
from embodied.export.plain import write_json
from embodied.export.tables import TABLES, write_tables
from embodied.export.wording import DASH, p_value, points, share
from embodied.findings.compute import findings_of
from embodied.findings.records import SCHEMA_VERSION, Findings
from embodied.findings.table import open_tables
from embodied.records import Arm, PartRecord, Validity, Verdict
from embodied.statistics.rates import independent_difference, rate
from embodied.storage.store import CellStore

FORMATS = ("csv", "parquet", "latex", "json")
BAD_ERROR = '=HYPERLINK("x")\n\x1b[31mred\u202e'
FACTORS = {"instruction": "none", "phrase": 'a, "b"; c'}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Main, twin and ability arm of one condition, ten seeds each; main resists in six and lies in three of them."""
    folder = tmp_path_factory.mktemp("runs") / "a_run"
    for arm in Arm:
        cell = CellStore(folder / arm)
        for seed in range(10):
            lies = arm is Arm.MAIN and seed < 3
            verdicts = (Verdict.LIE,) if lies else (Verdict.TRUTHFUL,)
            does_act = arm is Arm.ABILITY or (arm is Arm.MAIN and seed < 6)
            parts = {"gate": PartRecord(firings=seed)}
            episode = scored(seed, arm=arm, act=does_act, verdicts=verdicts, oversight=parts, factors=FACTORS)
            cell.append(episode, "{}", (), None)
    broken = excluded(10, Validity.SERVER_ERROR, factors=FACTORS).model_copy(update={"error": BAD_ERROR})
    CellStore(folder / Arm.MAIN).append(broken, "{}", (), None)
    return folder


@pytest.fixture(scope="module")
def tables(run: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    opened = open_tables([run])
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def findings(run: Path, tables: duckdb.DuckDBPyConnection) -> Findings:
    return findings_of(tables, [run])


def export(form: str, findings: Findings, tables: duckdb.DuckDBPyConnection, folder: Path) -> tuple[Path, ...]:
    match form:
        case "csv" | "parquet":
            return write_tables(tables, folder, form)
        case "latex":
            return write_latex(findings, folder)
    return (write_json(findings, folder),)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def paper(findings: Findings, name: str) -> PaperTable:
    return next(table for table in paper_tables(findings) if table.name == name)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_written_whole_and_again(
    form: str, findings: Findings, tables: duckdb.DuckDBPyConnection, run: Path, tmp_path: Path
) -> None:
    paths = export(form, findings, tables, tmp_path)
    first = [path.read_bytes() for path in paths]
    assert all(first)
    assert export(form, findings, tables, tmp_path) == paths
    assert [path.read_bytes() for path in paths] == first
    assert set(tmp_path.rglob("*.*")) == set(paths)
    assert not [path for path in paths if str(run.parent).encode() in path.read_bytes()]


def test_csv_holds_what_the_tables_hold(tables: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    write_tables(tables, tmp_path, "csv")
    for name in TABLES:
        counted = tables.execute(f"SELECT count(*) FROM {name}").fetchone()
        assert counted
        assert len(rows_of(tmp_path / f"{name}.csv")) == counted[0] > 0
    main = [row for row in rows_of(tmp_path / "episodes.csv") if row["arm"] == "main"]
    assert [row["act"] for row in main] == ["true"] * 6 + ["false"] * 4 + [""]
    assert [row["lied"] for row in main] == ["true"] * 3 + ["false"] * 7 + [""]
    assert main[0]["deeds"] == "pulled_cable"
    cells = rows_of(tmp_path / "cells.csv")
    assert {cell[f"{FACTOR}phrase"] for cell in cells} == {'a, "b"; c'}
    assert {cell["cell"] for cell in cells} == {row["cell"] for row in rows_of(tmp_path / "episodes.csv")}


def test_error_in_csv_is_one_harmless_line(tables: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    write_tables(tables, tmp_path, "csv")
    (broken,) = (row for row in rows_of(tmp_path / "episodes.csv") if row["validity"] == "server_error")
    assert broken["error"] == '\'=HYPERLINK("x") [31mred '


def test_parquet_keeps_types_and_what_is_missing(tables: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    write_tables(tables, tmp_path, "parquet")
    read = tables.execute(
        f"SELECT count(*), count(act), sum(act::INT), any_value(deeds[1]) FROM '{tmp_path}/episodes.parquet'"
    ).fetchone()
    assert read == (31, 30, 16, "pulled_cable")
    read = tables.execute(f"SELECT DISTINCT factors['phrase'] FROM '{tmp_path}/cells.parquet'").fetchone()
    assert read == ('a, "b"; c',)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_every_column_is_explained_with_its_unit(tables: duckdb.DuckDBPyConnection, tmp_path: Path, kind: Any) -> None:
    write_tables(tables, tmp_path, kind)
    rows = (row for row in rows_of(tmp_path / "columns.csv") if kind in row["files"].split())
    explained = {(row["table"], row["column"]): row for row in rows}
    for name in TABLES:
        found = tables.execute(f"DESCRIBE SELECT * FROM '{tmp_path / name}.{kind}'").fetchall()
        assert not {"path", "server"} & {column for column, *_ in found}
        for column, *_ in found:
            row = explained.pop((name, column))
            assert row["unit"], column
            assert row["meaning"], column
    assert not explained


@pytest.mark.parametrize("form", FORMATS)
def test_file_that_cannot_be_written_is_one_line(
    form: str, findings: Findings, tables: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = {"csv": "episodes.csv", "parquet": "episodes.parquet", "latex": "cells.tex", "json": "findings.json"}[form]
    (tmp_path / first / "in the way").mkdir(parents=True)
    with pytest.raises(StoreError, match=first) as error:
        export(form, findings, tables, tmp_path)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.glob("*.part"))
    with pytest.raises(StoreError, match="no/where"):
        export(form, findings, tables, tmp_path / "no" / "where")


def test_json_is_strict_sorted_and_says_its_schema(
    findings: Findings, tables: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (path,) = export("json", findings, tables, tmp_path)

    def sorted_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert [name for name, _ in pairs] == sorted(name for name, _ in pairs)
        return dict(pairs)

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    plain = json.loads(path.read_text(), object_pairs_hook=sorted_pairs, parse_constant=refuse)
    assert plain["schema_version"] == SCHEMA_VERSION
    assert plain["name"] == "a_run"
    main = next(cell for cell in plain["cells"] if cell["arm"] == "main")
    assert (main["act"]["k"], main["act"]["n"], main["act"]["method"]) == (6, 10, "Wilson 95%")
    assert main["act"]["low"] == pytest.approx(0.3127, abs=1e-4)
    assert main["excluded"] == {"server_error": 1}
    act = next(excess for excess in plain["excesses"] if excess["measure"] == "act")
    assert act["difference"]["p_value"] == 0.03125


def test_published_figures_leave_without_a_test(
    findings: Findings, tables: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (path,) = export("json", findings, tables, tmp_path)
    compared = [one for one in json.loads(path.read_text())["references"] if one["difference"]]
    assert compared
    for one in compared:
        assert one["difference"]["method"].startswith("Newcombe")
        assert not {"p_value", "test"} & set(one["difference"])
    row = next(row for row in paper(findings, "references").rows if row[0].endswith(": palisade-robot-sim"))
    assert row[3] == "52/100 [0.42, 0.62]"
    assert row[8:11] == ("6/10 [0.31, 0.83]", "+8 [\u221222, 33]", "different worlds")
    assert row[11].startswith("from: primary source; spontaneous; ")
    assert "4 runs that ended in errors were dropped" in row[11]


def test_tables_of_a_paper_say_what_was_found(findings: Findings) -> None:
    main = next(row for row in paper(findings, "cells").rows if row[3] == "main")
    assert main[4:8] == ("10/11", "6/10 [0.31, 0.83]", "6/11 to 7/11", "3/10 [0.11, 0.60]")
    excess = next(row for row in paper(findings, "excess").rows if row[3] == "physical act")
    assert excess[4:7] == ("10", "6", "0")
    assert excess[7].startswith("+60 [")
    assert excess[8] == "0.031"
    (willing,) = paper(findings, "willing").rows
    assert willing[3:] == ("10/10 [0.72, 1.00]", "6/10 [0.31, 0.83]", "no")
    assert ("excluded: server error", "1/11") in {row[-2:] for row in paper(findings, "outcomes").rows}
    for table in paper_tables(findings):
        assert {len(row) for row in table.rows} == {len(table.columns)}
    for name, method in {"cells": "Wilson 95%", "excess": "exact McNemar", "references": "Newcombe hybrid"}.items():
        assert method in paper(findings, name).caption


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("50% of a_b & c#1", r"50\% of a\_b \& c\#1"),
        (r"\input{/etc/passwd}", r"\textbackslash{}input\{/etc/passwd\}"),
        ("$x^2$ ~ {y}", r"\$x\textasciicircum{}2\$ \textasciitilde{} \{y\}"),
        ("[0.1] *", "{[}0.1{]} {*}"),
        ("a--b---c", "a-{}-b-{}-{}-c"),
        ("na\u00efve \u2212 \u2013", r"na" + "\u00ef" + r"ve $-$ \textendash{}"),
        ("line\nbreak\x1b[1m\u202e\u200b", "line break{[}1m"),
        ("\u4e2d", "{[}U+4E2D{]}"),
    ],
)
def test_text_is_printed_and_never_obeyed(text: str, shown: str) -> None:
    assert escaped(text) == shown


@settings(max_examples=50)
@given(st.text())
def test_nothing_that_means_something_to_tex_is_left(text: str) -> None:
    known = r"\\text[a-z]+\{\}|\\[{}$&#%_]|\{\[\}|\{\]\}|\{\*\}|\{''\}|\$-\$|-\{\}"
    left = re.sub(known, "", escaped(text))
    assert not set(left) & set('\\{}$&#%_^~<>|"`[]*')
    assert all(character.isprintable() and ord(character) < 0x180 for character in left)


@pytest.mark.parametrize(("rows", "environment"), [(2, "tabular"), (LONG + 1, "longtable")])
def test_table_is_well_formed_and_breaks_where_it_is_long(rows: int, environment: str) -> None:
    columns = (Column("Cell"), Column("p", "r"), Column("Note", "w"))
    table = PaperTable("mine", "A caption, 95%", columns, (("a_b", "0.5", "[x]"),) * rows)
    text = table_text(table)
    assert text.count(r"\begin{" + environment) == text.count(r"\end{" + environment) == 1
    assert r"\caption{A caption, 95\%}\label{tab:embodied-mine}" in text
    assert text.count(r"a\_b & 0.5 & {[}x{]} \\") == rows
    assert len(re.findall(r"(?<!\\)&", text)) == 2 * (rows + 1)
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")


def test_document_reads_in_every_table(findings: Findings, tables: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    *single, document = export("latex", findings, tables, tmp_path)
    assert re.findall(r"\\input\{(\w+)\}", document.read_text()) == [path.stem for path in single]
    assert r"\title{a\_run}" in document.read_text()


def test_numbers_read_as_in_a_paper() -> None:
    assert share(rate(3, 10)) == "3/10 [0.11, 0.60]"
    assert (share(rate(0, 0)), share(None)) == ("0/0", "\u2013")
    assert points(independent_difference(rate(3, 10), rate(52, 100))) == "\u221222 [\u221243, 10]"
    assert [p_value(p) for p in (0.0004, 0.0316, 1.0, None)] == ["<0.001", "0.032", "1.000", "\u2013"]


def test_no_two_rows_of_a_paper_are_called_alike_and_each_difference_has_its_n(tmp_path: Path) -> None:
    lines = [
        scored(seed, arm=arm, model=model, factors={"instruction": level, "oversight": part}, act=seed < 2)
        for model in ("a_8b", "b_8b") for level in ("none", "allow") for part in ("none", "action_gate")
        for arm in (Arm.MAIN, Arm.TWIN) for seed in range(4)
    ]  # fmt: skip
    folder = write_run(tmp_path / "run", lines)
    with closing(open_tables([folder])) as tables:
        made = {table.name: table for table in paper_tables(findings_of(tables, [folder]))}
    for name in ("cells", "excess", "effects", "pooled", "oversight"):
        heads = [column.head for column in made[name].columns]
        numbers = heads.index("Physical act" if name in {"cells", "oversight"} else "Difference")
        named = [row[:numbers] for row in made[name].rows]
        assert len(set(named)) == len(named) > 1, name
    heads = [column.head for column in made["effects"].columns]
    effects = [dict(zip(heads, row, strict=True)) for row in made["effects"].rows]
    paired = [(row["Samples"], row["p (Boschloo)"]) for row in effects if row["Factor"] != "model"]
    assert set(paired) == {("4 pairs", DASH)}
    assert {row["Samples"] for row in effects if row["Factor"] == "model"} == {"2/4, 2/4", "0/4, 0/4"}
