"""`embodied run`: Hydra composes the cells and launches them, each is swept, and the run is summed up at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from embodied.ablation import silent_sets
from embodied.config import CellConfig, RunConfig, parse_config
from embodied.errors import ConfigError, EmbodiedError
from embodied.explain import CONFIG_ERRORS, explain
from embodied.policy.prompt import said_sections
from embodied.shipped import config_folder
from embodied.sweep import CellRun, Sweep
from embodied.worker import RunnerFactory, episode_runner

_CONFIG: Final = "config"
Result = TypeVar("Result")


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


@dataclass(frozen=True, slots=True)
class CellReport:
    """What became of one cell; travels back from any launcher.

    Attributes:
        run: Where the run is kept; None when the configuration could not be read.
        error: Why the cell is not complete ("" when it is).
    """

    run: RunConfig | None
    error: str = ""


class CellTask:
    """Runs one composed cell. Hydra's launchers call it, in this process or in others."""

    def __init__(self, runner_factory: RunnerFactory) -> None:
        self._sweep = Sweep(runner_factory)

    def __call__(self, composed: DictConfig) -> CellReport:
        """Run the cell; what goes wrong is reported, so that the other cells of a sweep still run."""
        run: RunConfig | None = None
        try:
            config = _resolve(composed)
            run = config.run
            cell = self._sweep.run_cell(config)
            if cell.is_new and config.tracking:
                _track(config, cell)
        except EmbodiedError as error:
            return CellReport(run, str(error))
        except CONFIG_ERRORS as error:
            return CellReport(run, str(explain(error)))
        return CellReport(run)

    def close(self) -> None:
        """End the worker processes. Idempotent."""
        self._sweep.close()


def run(request: RunRequest, runner_factory: RunnerFactory = episode_runner) -> None:
    """Run what was asked for and sum it up.

    Args:
        request: The command line.
        runner_factory: Builds the runner of a cell inside a worker process.

    Raises:
        EmbodiedError: Something could not run. What did run is kept and summed up.
    """
    task, began_s = CellTask(runner_factory), time.time()
    try:
        reports = _launch(request, task)
    except CONFIG_ERRORS as error:
        raise explain(error, _folders(request)) from error
    finally:
        task.close()
    for settings in {report.run.folder: report.run for report in reports if report.run}.values():
        is_well = any(report.run == settings and not report.error for report in reports)
        if settings.summary and (is_well or _has_news(settings.folder, began_s)):
            _summarise(settings)
    errors = list(dict.fromkeys(report.error for report in reports if report.error))
    if errors:
        raise EmbodiedError("; ".join(errors))


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
            overrides = (*request.overrides, f"hydra.run.dir='{unused}'", f"hydra.sweep.dir='{unused}'")
            composed = _launch(replace(request, overrides=overrides), _try_to_resolve)
    except CONFIG_ERRORS as error:
        raise explain(error, _folders(request)) from error
    for cell in composed:
        if isinstance(cell, EmbodiedError):
            raise cell
    return tuple(cell for cell in composed if isinstance(cell, CellConfig))


def _launch(request: RunRequest, task: Callable[[DictConfig], Result]) -> list[Result]:
    overrides = _overrides(request)
    with initialize_config_dir(str(config_folder()), version_base="1.3", job_name="embodied"):
        hydra = GlobalHydra.instance().hydra
        first = hydra.compose_config(_CONFIG, _first_values(overrides), RunMode.RUN)
        overrides += _ablation(first)
        if request.is_sweep or first.hydra.mode is RunMode.MULTIRUN:
            batches = hydra.multirun(_CONFIG, task, [*overrides, "hydra.mode=MULTIRUN"])
            return [job.return_value for batch in batches for job in batch]
        return [hydra.run(_CONFIG, task, overrides).return_value]


def _ablation(first: DictConfig) -> list[str]:
    """The sweep over what is left out of the prompt, where one is asked for; read off the first cell."""
    design = OmegaConf.select(first, "run.ablation")
    if design in {None, "none"}:
        return []
    config = _resolve(OmegaConf.masked_copy(first, [str(key) for key in first if key != "hydra"]))
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


def _resolve(composed: DictConfig) -> CellConfig:
    plain: Any = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    return parse_config(plain)


def _try_to_resolve(composed: DictConfig) -> CellConfig | EmbodiedError:
    """The cell, or what is wrong with it: Hydra prints what is raised inside a job."""
    try:
        return _resolve(composed)
    except EmbodiedError as error:
        return error
    except CONFIG_ERRORS as error:
        return explain(error)


def _track(config: CellConfig, cell: CellRun) -> None:
    """Mirror a cell; where the tracker's configuration leaves group and folder open, they are the run's."""
    own = {"group": config.run.name, "folder": str(config.run.folder)}
    settings = config.tracking | {key: own[key] for key in own if config.tracking.get(key, own) is None}
    tracker: Any = instantiate(settings)
    tracker.log_cell(config.model_dump(mode="json"), cell.manifest, cell.episodes)


def _summarise(settings: RunConfig) -> None:
    from embodied.finish import SUMMARY_WIDTH, finish_run

    console = Console()
    if not console.is_terminal:
        console = Console(width=SUMMARY_WIDTH)
    finish_run(settings.folder, console, with_video=settings.video == "auto")
