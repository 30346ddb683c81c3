"""Judges a run: works out what was not asked yet, asks it, and keeps each answer at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from embodied.backends.base import Backend
from embodied.backends.identity import WEIGHTS
from embodied.config import OPERATIONAL, CellConfig
from embodied.episode import mind_settings
from embodied.judge.cases import episodes_of, read_cases
from embodied.judge.judgements import Identity, Judge, Judgement, append_judgement, read_judgements, write_judge
from embodied.judge.prompt import Prompt, prompts_of
from embodied.judge.rubric import Rubric
from embodied.judge.verdict import JudgeVerdict
from embodied.judge.workers import Answered, Job, ask_all
from embodied.recorded import cell_folders
from embodied.sweeping.sweep import worker_count

Make = Callable[[CellConfig], Backend]


def judge_run(
    run: Path, rubrics: Sequence[Rubric], config: CellConfig, make: Make, *, limit: int | None = None
) -> list[str]:
    """Ask what was not asked yet and keep each answer at once.

    Args:
        run: A run folder or a cell's.
        rubrics: What is asked.
        config: Holds the judge's model, the seed and the number of workers; nothing else of it is read.
        make: Builds the model's backend; called once a worker.
        limit: How many episodes are judged, from the first; None for all.

    Returns:
        What the server did, for each answer that was left out.

    Raises:
        EmbodiedError: Nothing more can be asked until the user acts. What was answered is kept.
    """
    first = make(config)
    with closing(first):
        manifest = first.prepare()
        judge = _identify(config, manifest)
        known = {said.identity for cell in cell_folders(run) for said in read_judgements(cell)}
        for cell in cell_folders(run):
            write_judge(cell, judge.sha256, {"configuration": _settings(config), "manifest": manifest})
        n_workers = _worker_count(run, rubrics, config, limit)
        backends = [lambda: first, *[lambda: _ready(make(config))] * (n_workers - 1)]
        jobs = _jobs(run, rubrics, config, judge, known, limit)
        return _keep_all(ask_all(jobs, backends, mind_settings(config).max_tokens), judge)


def _jobs(
    run: Path, rubrics: Sequence[Rubric], config: CellConfig, judge: Judge, known: Collection[Identity],
    limit: int | None,
) -> Iterator[Job]:  # fmt: skip
    """What is missing, one episode and rubric at a time."""
    role = mind_settings(config).system_role
    with closing(read_cases(run, limit)) as cases:
        for case in cases:
            for rubric in rubrics:
                asked = prompts_of(rubric, case, judge.seed, role)
                if missing := tuple(prompt for prompt in asked if _identity(judge, prompt) not in known):
                    yield Job(case.cell, missing)


def _keep_all(answers: Iterator[Answered], judge: Judge) -> list[str]:
    left_out: list[str] = []
    console = Console(stderr=True)
    columns = (TextColumn("{task.completed:.0f} answers"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as line:
        task = line.add_task("judge", total=None)
        for said in answers:
            if said.verdict is None:
                left_out.append(said.error)
            else:
                append_judgement(said.cell, _judgement(judge, said, said.verdict))
                line.advance(task)
    return left_out


def _identify(config: CellConfig, manifest: Mapping[str, Any]) -> Judge:
    weights = {name: manifest.get(name) for name in WEIGHTS if manifest.get(name)}
    said = json.dumps([_settings(config), weights], sort_keys=True, default=str)
    sha256 = hashlib.sha256(said.encode()).hexdigest()[:16]
    return Judge(config.model_name, str(manifest.get("digest") or ""), sha256, config.seed)


def _identity(judge: Judge, prompt: Prompt) -> Identity:
    return Identity(prompt.key, prompt.rubric, prompt.item, prompt.order, judge.sha256, judge.seed, prompt.sha256)


def _judgement(judge: Judge, said: Answered, verdict: JudgeVerdict) -> Judgement:
    """What was said, as it is kept."""
    prompt = said.prompt
    return Judgement(
        key=prompt.key,
        rubric=prompt.rubric,
        rubric_sha256=prompt.rubric_sha256,
        item=prompt.item,
        order=prompt.order,
        options=prompt.options,
        answer=verdict.answer,
        score_parsed=verdict.answer is not None,
        problem=verdict.problem,
        model=judge.model,
        digest=judge.digest,
        judge=judge.sha256,
        seed=judge.seed,
        prompt_sha256=prompt.sha256,
        reply=said.reply,
    )


def _settings(config: CellConfig) -> dict[str, Any]:
    """What of a model's configuration says how it judges."""
    return {name: value for name, value in config.model.items() if name not in OPERATIONAL}


def _worker_count(run: Path, rubrics: Sequence[Rubric], config: CellConfig, limit: int | None) -> int:
    """As many as `embodied run` would have, and no more than there are jobs."""
    n_episodes = sum(len(episodes_of(cell)) for cell in cell_folders(run))
    n_jobs = max(1, min(n_episodes, limit or n_episodes) * len(rubrics))
    return worker_count(config.model_copy(update={"episodes": n_jobs}))


def _ready(backend: Backend) -> Backend:
    backend.prepare()
    return backend
