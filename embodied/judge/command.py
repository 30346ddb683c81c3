"""`embodied judge`: a model answers closed questions about stored episodes; the ledger says how far to trust it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from embodied.app import RunRequest, compose
from embodied.backends.base import Backend
from embodied.config import CellConfig
from embodied.episode import build_model
from embodied.errors import ConfigError, EmbodiedError
from embodied.judge.agreement import RubricReport, report
from embodied.judge.cases import read_cases
from embodied.judge.judgements import read_judgements
from embodied.judge.judging import judge_run
from embodied.judge.rubric import Rubric, load_rubric, rubric_names
from embodied.judge.table import as_json, render
from embodied.options import read_words
from embodied.policy.mind import Mind
from embodied.recorded import cell_folders

PAGE_WIDTH: Final = 110
KNOWN: Final = "--limit N, --report, --json, --config-dir FOLDER, --help"
TAKEN: Final = ("model", "seed", "run.workers")
ABOUT: Final = """\
[bold]embodied judge[/] RUN \\[model=NAME] \\[rubric=NAME,...] \\[KEY=VALUE ...] [OPTION ...]

Shows a model the stored episodes of a run folder (or of one cell's) and asks
closed questions about them, each twice with its answers turned round. Prints
how far it agrees with the ledger and with itself. This is weaker evidence: no
record and no headline depends on it. Answers are kept in
CELL/judgements.jsonl; the same command again asks what is missing.

  model=NAME           who judges; model.KEY=VALUE as `embodied run` takes them
                       (model.temperature=0 takes chance out of its answers)
  rubric=NAME,...      all unless told: {rubrics}
  seed=N               draws the order of the answers; 0 unless told
  run.workers=N        episodes at a time
  --limit N            the first N episodes only
  --report             ask nothing, print what was said
  --json               print one JSON object
  --config-dir FOLDER  a folder of your own: model/NAME.yaml, judge/NAME.yaml
"""


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """What the command line asks for.

    Attributes:
        run: A run folder or a cell's.
        overrides: Of the configuration: the model, the seed, the number of workers.
        rubrics: Names; empty for all.
        limit: How many episodes, or None.
        is_report: Whether nothing is asked.
        is_json: Whether one JSON object is printed.
        config_dir: A folder of further configuration, or None.
    """

    run: Path
    overrides: tuple[str, ...] = ()
    rubrics: tuple[str, ...] = ()
    limit: int | None = None
    is_report: bool = False
    is_json: bool = False
    config_dir: Path | None = None


def main(arguments: Sequence[str]) -> int:
    """`embodied judge`: print what was said and return the exit code."""
    console = Console()
    if {"-h", "--help"} & set(arguments):
        console.print(ABOUT.format(rubrics=", ".join(rubric_names())), highlight=False)
        return 0
    request = _parse(arguments)
    rubrics = _rubrics(request)
    left_out: list[str] = []
    if not request.is_report:
        cell_folders(request.run)
        (config,) = compose(RunRequest(request.overrides, config_dir=request.config_dir))
        left_out = judge_run(request.run, rubrics, config, _make_backend, limit=request.limit)
    found = read_report(request.run, rubrics)
    if request.is_json:
        Console(soft_wrap=True).print(as_json(found), markup=False, highlight=False)
    else:
        (console if console.is_terminal else Console(width=PAGE_WIDTH)).print(render(found))
    if left_out:
        raise EmbodiedError(
            f"{len(left_out)} answers were left out, the last: {left_out[-1]}; run the same command again to ask them"
        )
    return 0


def read_report(run: Path, rubrics: Sequence[Rubric]) -> tuple[RubricReport, ...]:
    """What was said of a run so far, laid beside what is known now.

    Raises:
        StoreError: There are no episodes, or a file cannot be read.
    """
    judgements = [said for cell in cell_folders(run) for said in read_judgements(cell)]
    with closing(read_cases(run, only={said.key for said in judgements})) as cases:
        return report(cases, judgements, rubrics)


def _make_backend(config: CellConfig) -> Backend:
    """The model that a configuration describes.

    Raises:
        ConfigError: It is a script, which judges nothing, or cannot be built.
    """
    model = build_model(config)
    if isinstance(model, Mind):
        raise ConfigError(
            f"{config.model_name} is a script and cannot judge: choose a model, for example model=qwen3_8b"
        )
    return model


def _rubrics(request: JudgeRequest) -> list[Rubric]:
    names = request.rubrics or rubric_names(request.config_dir)
    return [load_rubric(name, request.config_dir) for name in dict.fromkeys(names)]


def _parse(arguments: Iterable[str]) -> JudgeRequest:
    words = read_words(arguments, ("--report", "--json"), ("--limit", "--config-dir"), KNOWN)
    rubrics: tuple[str, ...] = ()
    overrides: list[str] = []
    runs: list[str] = []
    for word in words.plain:
        name, equals, value = word.partition("=")
        if name == "rubric" and equals:
            rubrics = tuple(value.split(","))
        elif equals:
            overrides.append(_override(word))
        else:
            runs.append(word)
    if len(runs) != 1:
        raise ConfigError("judge takes one run folder: embodied judge RUN [model=NAME] [rubric=NAME,...]")
    limit = words.values.get("--limit", "1")
    if not limit.isdecimal() or int(limit) == 0:
        raise ConfigError(f"--limit takes a number of episodes from 1 on, not {limit!r}")
    return JudgeRequest(
        run=Path(runs[0]),
        overrides=tuple(overrides),
        rubrics=rubrics,
        limit=int(limit) if "--limit" in words.values else None,
        is_report="--report" in words.switches,
        is_json="--json" in words.switches,
        config_dir=words.path("--config-dir"),
    )


def _override(argument: str) -> str:
    """An override of the judge's own configuration; what the episodes were run with stands in their records."""
    key = argument.partition("=")[0].lstrip("+")
    if key not in TAKEN and not key.startswith("model."):
        raise ConfigError(f"judge takes no {key!r}; known: rubric, model, model.KEY, {', '.join(TAKEN[1:])}")
    return argument
