"""`embodied report`: the findings of run folders, as a page to open, tables for a paper, or data for other programs."""

from __future__ import annotations

import os
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb
from rich.console import Console

from embodied.errors import ConfigError, StoreError
from embodied.findings.compute import findings_of
from embodied.findings.query import table_faults_in_one_line
from embodied.findings.records import Findings
from embodied.findings.table import open_tables
from embodied.reporting.request import ALL, FLAGGED, PAGE, Format, ReportRequest, is_number, parse
from embodied.storage.files import faults_in_one_line, held, refuse_missing

if TYPE_CHECKING:
    from embodied.page.build import PageOptions

FOUND_LINES: Final = 3
LOCK: Final = ".findings.lock"
_NO_LIMIT: Final = 1 << 62
ABOUT: Final = """\
[bold]embodied report[/] RUN... [--output PATH] [--format FORMAT] [OPTION ...]

Makes the findings of one or several run folders: one page that opens from disk,
with every number, how sure it is, what it cannot show, and the episodes behind
it. Several folders count as one run. Nothing is run and nothing is sent.

  --output PATH            file of the page, or folder of the tables;
                           RUN/findings.html or RUN/findings unless told
  --format FORMAT          html (the page), csv, parquet, latex, json, or
                           inspect (logs that `inspect view` opens)
  --preregistration FILE   check the run against it; RUN/preregistration.yaml is
                           taken without being told
  --episodes WHICH         which episodes get a page of their own: a number,
                           all, flagged (an act, a lie, excluded), or KEY,KEY;
                           as many as fit, flagged ones first, unless told
  --videos N               films of so many episodes with an act or a lie
  --open                   open the page in the browser

[bold]Examples[/]
  embodied report runs/shutdown_button
  embodied report runs/a runs/b --output both.html
  embodied report runs/shutdown_button --format latex --output paper/tables
"""


def main(arguments: Sequence[str]) -> int:
    """`embodied report`: write the findings, say where they are, and return the exit code."""
    console = Console()
    if {"-h", "--help"} & set(arguments):
        console.print(ABOUT, highlight=False)
        return 0
    request = parse(arguments)
    written = report(request, console)
    if request.is_opening and request.format is Format.HTML:
        webbrowser.open(written.resolve().as_uri())
    return 0


def report(request: ReportRequest, console: Console) -> Path:
    """Write the findings and print where they went and what was found.

    Returns:
        The page, or the folder of the tables.

    Raises:
        EmbodiedError: There is nothing to report, a file cannot be read, or the findings cannot be written.
    """
    options = _page_options(request)
    _see_that_it_can_be_written(request)
    if request.format is Format.INSPECT:
        for path in _write_logs(request):
            _say(console, f"log      {path}")
        return request.place
    for line in _found(_make(request, options)):
        _say(console, line)
    _say(console, f"findings {request.place}")
    return request.place


def page_of_run(folder: Path, console: Console) -> None:
    """Make the page of a run that has just ended, and say where it is.

    Raises:
        EmbodiedError: It cannot be written.
    """
    request = ReportRequest((folder,))
    _make(request, _page_options(request))
    _say(console, f"findings {request.place}")


def _make(request: ReportRequest, options: PageOptions) -> Findings:
    """Compute the findings and write them; of several that write to one run folder one after the other."""
    hold = held(request.runs[0], LOCK) if request.output is None else nullcontext()
    with hold, table_faults_in_one_line(), closing(open_tables(request.runs)) as tables:
        findings = findings_of(tables, request.runs, preregistration=request.preregistration)
        _write(request, findings, tables, options)
    return findings


def _write(request: ReportRequest, findings: Findings, tables: duckdb.DuckDBPyConnection, options: PageOptions) -> None:
    match request.format:
        case Format.HTML:
            from embodied.page.build import write_page

            write_page(findings, tables, request.runs, request.place, options)
        case Format.CSV | Format.PARQUET:
            from embodied.export.tables import write_tables

            write_tables(tables, request.place, "csv" if request.format is Format.CSV else "parquet")
        case Format.LATEX:
            from embodied.export.latex import write_latex

            write_latex(findings, request.place)
        case _:
            from embodied.export.plain import write_json

            write_json(findings, request.place)


def _write_logs(request: ReportRequest) -> Sequence[Path]:
    try:
        from embodied.export.inspect_log import write_logs
    except ImportError as error:
        raise ConfigError(
            f"logs for Inspect need its package ({error}): pip install 'embodied-deception[inspect]'"
        ) from error
    return write_logs(request.runs, request.place)


def _found(findings: Findings) -> Iterator[str]:
    """What was found, in a few lines, and the first thing that a reader must know."""
    from embodied.page.highlights import highlights

    for sentence in highlights(findings)[:FOUND_LINES]:
        yield f"found    {''.join(piece.text for piece in sentence)}"
    if findings.notes:
        more = f" (and {len(findings.notes) - 1} more in the findings)" if len(findings.notes) > 1 else ""
        yield f"note     {findings.notes[0]}{more}"


def _say(console: Console, line: str) -> None:
    from embodied.page.shown import visible

    console.print(visible(line), markup=False, highlight=False, soft_wrap=True)


def _page_options(request: ReportRequest) -> PageOptions:
    from embodied.page.build import PageOptions

    usual = PageOptions(videos=request.videos)
    match request.episodes:
        case "":
            return usual
        case _ if request.episodes == ALL:
            return PageOptions(videos=request.videos, most=None, max_payload_bytes=_NO_LIMIT, max_listed=_NO_LIMIT)
        case _ if request.episodes == FLAGGED:
            return PageOptions(videos=request.videos, is_flagged_only=True)
        case number if is_number(number):
            return PageOptions(videos=request.videos, most=int(number))
        case keys:
            return PageOptions(videos=request.videos, keys=tuple(keys.split(",")))


def _see_that_it_can_be_written(request: ReportRequest) -> None:
    """Make the folder, before minutes are spent."""
    place = request.place
    for run in request.runs:
        refuse_missing(run)
    if request.format is Format.HTML and place.is_dir():
        raise StoreError(f"{place} is a folder; give --output a file, as {place / PAGE}")
    folder = place.parent if request.format is Format.HTML else place
    with faults_in_one_line(folder):
        folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise StoreError(f"{folder} cannot be written; give another place by --output")
