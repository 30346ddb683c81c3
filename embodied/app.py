"""`embodied run`: Hydra composes the cells and launches them, each is swept, and the run is summed up at the end."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeVar

from hydra import initialize_config_dir
from hydra._internal.hydra import Hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from embodied.ablation import silent_sets
from embodied.config import CellConfig, RunConfig
from embodied.errors import ConfigError, EmbodiedError, TrackingWarning
from embodied.explain import CONFIG_ERRORS, explain
from embodied.policy.prompt import said_sections
from embodied.shipped import config_folder
from embodied.storage.files import faults_in_one_line, held
from embodied.sweeping.launching import (
    BASIC_LAUNCHER,
    BASIC_SWEEPER,
    SWEEPS,
    each_cell,
    explain_launcher,
    in_model_order,
    swept_keys,
    without_launcher,
)
from embodied.sweeping.task import CellTask, resolve
from embodied.sweeping.worker import RunnerFactory, episode_runner

_CONFIG: Final = "config"
Result = TypeVar("Result")
PageMaker = Callable[[Path, Console], None]
"""Makes the page of a run folder and says where it is; raises an `EmbodiedError` where it cannot."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the command line asks for.

    Attributes:
        overrides: Hydra overrides, `KEY=VALUE`.
        is_sweep: Whether comma-separated values are swept.
        config_dir: A folder of further configuration, or None.
    """

    overrides: tuple[str, ...]
    is_sweep: bool = False
    config_dir: Path | None = None


def run(
    request: RunRequest, runner_factory: RunnerFactory = episode_runner, make_page: PageMaker | None = None
) -> None:
    """Run what was asked for and sum it up.

    Args:
        request: The command line.
        runner_factory: Builds the runner of a cell inside a worker process.
        make_page: Makes the page of findings at the end; None for none.

    Raises:
        EmbodiedError: Something could not run. What did run is kept and summed up.
    """
    task, began_s = CellTask(runner_factory), time.time()
    try:
        with _asked(request) as asked:
            asked.cells()  # a mistake in the last of them is better known before the first has run for hours
            reports = _launch(asked, task.over)
    except CONFIG_ERRORS as error:
        raise explain(error, _folders(request)) from error
    finally:
        task.close()
    for note in _told_once(note for report in reports for note in report.notes):
        warnings.warn(note, stacklevel=2)
    errors = list(dict.fromkeys(report.error for report in reports if report.error))
    for settings in {report.run.folder: report.run for report in reports if report.run}.values():
        is_well = any(report.run == settings and not report.error for report in reports)
        if settings.summary and (is_well or _has_news(settings.folder, began_s)):
            errors += _summarise(settings, make_page)
    if errors:
        raise EmbodiedError("; ".join(errors))


def _told_once(notes: Iterable[Warning]) -> Iterable[Warning]:
    """Each note once, and of a mirror that each process found broken the first."""
    return {
        type(note) if isinstance(note, TrackingWarning) else str(note): note for note in reversed([*notes])
    }.values()


def _has_news(folder: Path, since_s: float) -> bool:
    """Whether an episode was kept in a run folder since then: else an old table would look like an answer."""
    return any(path.stat().st_mtime >= since_s for path in folder.glob("*/episodes*.jsonl"))


def show_config(request: RunRequest) -> str:
    """The composed configuration as YAML.

    Raises:
        ConfigError: It does not fit together.
    """
    try:
        with initialize_config_dir(str(config_folder()), version_base="1.3", job_name="embodied"):
            composed = GlobalHydra.instance().hydra.compose_config(_CONFIG, _overrides(request), RunMode.RUN)
            own = OmegaConf.masked_copy(composed, [key for key in composed if key != "hydra"])
            return OmegaConf.to_yaml(own, resolve=True)
    except CONFIG_ERRORS as error:
        raise explain(error, _folders(request)) from error


def compose(request: RunRequest) -> tuple[CellConfig, ...]:
    """The cells a request asks for, checked; nothing is run.

    Raises:
        ConfigError: It does not fit together.
    """
    try:
        with TemporaryDirectory() as unused:
            kept = without_launcher(request.overrides)
            overrides = (*kept, f"hydra.run.dir='{unused}'", f"hydra.sweep.dir='{unused}'")
            with _asked(replace(request, overrides=overrides)) as asked:
                if cells := asked.cells():
                    return cells
                composed = _launch(asked, lambda _: _try_to_resolve)
    except CONFIG_ERRORS as error:
        raise explain(error, _folders(request)) from error
    for cell in composed:
        if isinstance(cell, EmbodiedError):
            raise cell
    return tuple(cell for cell in composed if isinstance(cell, CellConfig))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request as Hydra takes it.

    Attributes:
        hydra: Knows our configuration.
        words: All overrides, those of an ablation too, so ordered that each model is loaded once.
        swept: Keys of which several values are taken.
        is_sweep: Whether several values may be taken.
        first: The first cell with Hydra's own settings.
    """

    hydra: Hydra
    words: tuple[str, ...]
    swept: tuple[str, ...]
    is_sweep: bool
    first: DictConfig

    @property
    def is_product(self) -> bool:
        """Whether each combination of values is a cell, as Hydra's basic sweeper has it."""
        return self.is_sweep and str(self.first.hydra.sweeper._target_) == BASIC_SWEEPER

    def cells(self) -> tuple[CellConfig, ...]:
        """The cells, checked; none where only another sweeper knows them, or where nothing is swept.

        Raises:
            ConfigError: One of them does not fit together, which is better known before the first has run for hours.
        """
        if not self.is_product:
            return ()
        return tuple(map(resolve, each_cell(self.hydra, _CONFIG, self.words)))


@contextmanager
def _asked(request: RunRequest) -> Iterator[_Asked]:
    """Compose the first cell, which says what there is to sweep over."""
    words = _overrides(request)
    with initialize_config_dir(str(config_folder()), version_base="1.3", job_name="embodied"):
        hydra = GlobalHydra.instance().hydra
        first = hydra.compose_config(_CONFIG, _first_values(words), RunMode.RUN)
        words += _ablation(first)
        params: dict[str, str] = dict(first.hydra.sweeper.get("params") or {})
        asked = _Asked(
            hydra, tuple(words), swept_keys(words, params),
            request.is_sweep or first.hydra.mode is RunMode.MULTIRUN, first,
        )  # fmt: skip
        if asked.is_product:
            asked = replace(asked, words=tuple(in_model_order(words, params)))
        yield asked


def _launch(asked: _Asked, task_over: Callable[[tuple[str, ...]], Callable[[DictConfig], Result]]) -> list[Result]:
    """Have each cell run by the task that `task_over` gives for the keys that are swept."""
    if not asked.is_sweep:
        with faults_in_one_line(Path(asked.first.hydra.run.dir)):
            return [asked.hydra.run(_CONFIG, task_over(()), list(asked.words)).return_value]
    folder = Path(asked.first.hydra.sweep.dir)
    try:
        with faults_in_one_line(folder):
            batches = asked.hydra.multirun(_CONFIG, task_over(asked.swept), [*asked.words, SWEEPS])
    except (*CONFIG_ERRORS, EmbodiedError):
        raise
    except Exception as error:
        if asked.first.hydra.launcher._target_ == BASIC_LAUNCHER:
            raise
        raise explain_launcher(error, folder) from error
    return [job.return_value for batch in batches for job in batch]


def _ablation(first: DictConfig) -> list[str]:
    """The sweep over what is left out of the prompt, where one is asked for; read off the first cell."""
    design = OmegaConf.select(first, "run.ablation")
    if design in {None, "none"}:
        return []
    config = resolve(OmegaConf.masked_copy(first, [str(key) for key in first if key != "hydra"]))
    said = said_sections(
        config.prompt, config.scenario.texts, config.arm.value, config.situation, config.oversight_texts
    )
    sets = silent_sets(config.run.ablation, said)
    return ["prompt.silent=" + ",".join(f"[{','.join(names)}]" for names in sets)]


def _first_values(overrides: list[str]) -> list[str]:
    """Each override with the first of the values that it sweeps over."""
    parsed = OverridesParser.create().parse_overrides(overrides)
    return [
        f"{override.get_key_element()}={next(override.sweep_string_iterator())}"
        if override.is_sweep_override()
        else str(override.input_line)
        for override in parsed
    ]


def _folders(request: RunRequest) -> list[Path]:
    return [config_folder(), *([request.config_dir] if request.config_dir else [])]


def _overrides(request: RunRequest) -> list[str]:
    overrides = list(request.overrides)
    if request.config_dir is not None:
        folder = request.config_dir.resolve()
        if not folder.is_dir():
            raise ConfigError(f"there is no configuration folder {folder}; name one that exists")
        quoted = str(folder).replace("\\", "\\\\").replace("'", "\\'")
        overrides.append(f"hydra.searchpath=['file://{quoted}']")
    return overrides


def _try_to_resolve(composed: DictConfig) -> CellConfig | EmbodiedError:
    """The cell, or what is wrong with it: Hydra prints what is raised inside a job."""
    try:
        return resolve(composed)
    except EmbodiedError as error:
        return error
    except CONFIG_ERRORS as error:
        return explain(error)


def _summarise(settings: RunConfig, make_page: PageMaker | None) -> list[str]:
    """Make what a run leaves for people, and say what could not be made.

    Sweeps that share a folder often end together: they do this one after the other, each of all that is there.
    """
    from embodied.finish import SUMMARY_WIDTH, finish_run

    console = Console()
    if not console.is_terminal:
        console = Console(width=SUMMARY_WIDTH)
    with faults_in_one_line(settings.folder), held(settings.folder):
        finish_run(settings.folder, console, with_video=settings.video == "auto")
        try:
            if make_page is not None:
                make_page(settings.folder, console)
        except EmbodiedError as error:
            return [str(error)]
    return []
