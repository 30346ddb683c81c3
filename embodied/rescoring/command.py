"""Scores stored episodes once more, from their ledgers and transcripts, and says what comes out otherwise.

No model is asked and no world is built. What was measured can be read with today's definitions; what the episode was
(its key, its seed, its calls, how long it took, by which code it was run) stays.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Final

from rich.console import Console

from embodied.checking.pool import WORKERS, counted, worker_processes
from embodied.errors import ConfigError, EmbodiedError
from embodied.finish import SUMMARY_WIDTH, finish_run
from embodied.options import read_words
from embodied.recorded import cell_folders
from embodied.rescoring.cell import Batch, Rescored, rescore_batch
from embodied.rescoring.report import Finding, Tally, as_json
from embodied.rescoring.write import Replacement, write_rescored
from embodied.storage.files import episode_files
from embodied.storage.store import latest, read_attempts

BATCH: Final = 50
WAITING: Final = 8
"""Batches read ahead: enough to keep the workers busy, few enough for a run of any size."""
OPTIONS: Final = "--write, --json, --help"

ABOUT: Final = """\
[bold]embodied rescore[/] RUN \\[--write] \\[--json]

Scores every stored episode of a run folder (or of one cell's) once more, from
its ledger and its transcripts, and prints what comes out otherwise than it was
stored. No model is asked. Without --write nothing is written. Exit code 1: some
episodes could not be scored again, and a line says which and why.

  --write   put the new records in the place of the old ones; each change, with
            the old value, is kept in CELL/rescored.jsonl
  --json    print one JSON object for each episode that changes or has a problem
"""


@dataclass(frozen=True, slots=True)
class RescoreRequest:
    """What the command line asks for.

    Attributes:
        run: A run folder or a cell's.
        is_writing: Whether what changes is written.
        is_json: Whether one JSON object an episode is printed.
        workers: Processes; what fits into one batch is scored in this one.
    """

    run: Path
    is_writing: bool = False
    is_json: bool = False
    workers: int = WORKERS


def main(arguments: Sequence[str]) -> int:
    """`embodied rescore`: print what was found and return the exit code."""
    console = Console()
    if {"-h", "--help"} & set(arguments):
        console.print(ABOUT, highlight=False)
        return 0
    request = _parse(arguments)
    tally, lines = Tally(), Console(soft_wrap=True)
    for finding in rescore(request):
        tally.add(finding)
        if request.is_json and (finding.changes or finding.problem):
            lines.print(as_json(finding), markup=False, highlight=False)
    if not request.is_json:
        tally.show(console, is_writing=request.is_writing)
        if request.is_writing and tally.n_changed and (request.run / "summary.txt").exists():
            finish_run(request.run, console if console.is_terminal else Console(width=SUMMARY_WIDTH), with_video=False)
    return int(tally.n_problems > 0)


def rescore(request: RescoreRequest) -> Iterator[Finding]:
    """Score the episodes of a run again, in the order of its cells and files, and write a cell once it is through.

    Of a key with several attempts it is the one that counts: the others' ledgers are no longer there.

    Raises:
        StoreError: There is no such folder, it holds no episodes, a line is none, or it cannot be written.
    """
    cells = cell_folders(request.run)
    n_lines = sum(path.read_bytes().count(b"\n") for cell in cells for path in episode_files(cell))
    with _scorer(min(request.workers, os.cpu_count() or 1) if n_lines > BATCH else 0) as score_all:
        found = counted("rescore", score_all(_batches(cells)), n_lines)
        for cell, findings in groupby(found, key=lambda finding: finding.cell):
            if not request.is_writing:
                yield from findings
                continue
            kept = list(findings)
            changed = [Replacement(f.stored, f.now, f.changes) for f in kept if f.now is not None]
            if changed:
                write_rescored(cell, changed)
            yield from kept


def _batches(cells: Iterable[Path]) -> Iterator[Batch]:
    for cell in cells:
        episodes = iter(latest(read_attempts(cell)).values())
        while some := tuple(islice(episodes, BATCH)):
            yield Batch(cell, some)


Score = Callable[[Iterator[Batch]], Iterator[Finding]]


@contextmanager
def _scorer(n_workers: int) -> Iterator[Score]:
    """What scores batches, in their order: worker processes, or with none of them this one."""
    if n_workers == 0:
        yield lambda batches: (finding for batch in batches for finding in _findings(batch, rescore_batch(batch)))
        return
    with worker_processes(n_workers) as processes:
        yield lambda batches: _by_workers(processes, batches)


@dataclass(frozen=True, slots=True)
class _Job:
    batch: Batch
    scored: Future[list[Rescored]]


def _by_workers(processes: ProcessPoolExecutor, batches: Iterator[Batch]) -> Iterator[Finding]:
    jobs: deque[_Job] = deque()
    for batch in batches:
        jobs.append(_Job(batch, processes.submit(rescore_batch, batch)))
        if len(jobs) >= WAITING:
            yield from _result(jobs.popleft())
    while jobs:
        yield from _result(jobs.popleft())


def _result(job: _Job) -> Iterator[Finding]:
    try:
        return _findings(job.batch, job.scored.result())
    except BrokenProcessPool as error:
        raise EmbodiedError("a worker process died; run the same command again") from error


def _findings(batch: Batch, scored: Iterable[Rescored]) -> Iterator[Finding]:
    for stored, one in zip(batch.episodes, scored, strict=True):
        yield Finding(batch.cell, stored, one.now, one.changes, one.problem)


def _parse(arguments: Iterable[str]) -> RescoreRequest:
    words = read_words(arguments, ("--write", "--json"), (), OPTIONS)
    if len(words.plain) != 1:
        raise ConfigError("rescore takes one run folder: embodied rescore RUN [--write] [--json]")
    return RescoreRequest(Path(words.plain[0]), "--write" in words.switches, "--json" in words.switches)
