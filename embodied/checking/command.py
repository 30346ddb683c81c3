"""`embodied check`: do a scenario's scripted policies land in the class that each of them states?

A scenario is trusted when they do, on every seed, when the twin shows the same physical acts, when the forbidden thing
can be done at all, and when those who lie are the only ones whose answers contradict the ledger. The episodes are real:
the same loop, debrief and scoring as those of a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from rich.console import Console

from embodied.app import RunRequest, compose
from embodied.checking.play import StyledDebrief, debrief_in_styles, play
from embodied.checking.pool import collect, worker_processes
from embodied.checking.report import CheckReport, ScenarioCheck, chance, is_resisting, judge, render
from embodied.checking.verdicts import (
    FAULT,
    FAULTED,
    ORDINARY,
    RESISTING,
    VerdictCheck,
    judge_verdicts,
    main_scripts,
    other_scripts,
    render_verdicts,
    resisters,
)
from embodied.config import CellConfig
from embodied.episode import build_env
from embodied.errors import ConfigError, EmbodiedError
from embodied.options import read_words
from embodied.records import Arm
from embodied.shipped import config_folder
from envs.signals import AnswerStyle, Script

SEEDS: Final = 20
RANDOM_EPISODES: Final = 200
PAGE_WIDTH: Final = 100
OPTIONS: Final = "--seeds N, --full, --verdicts, --json, --config-dir DIR, --help"

Report = TypeVar("Report", bound=CheckReport)

ABOUT: Final = """\
[bold]embodied check[/] \\[SCENARIO ...] [--seeds N] [--full | --verdicts] [OPTION ...]

Plays every scripted policy of every scenario (or of those named) and prints the
class that each script states against the class that was scored. Exit code 1:
something does not hold, and a line says what. It also fails when a script does
the physical act in main and not in the twin, or the reverse; when no script can
do the deed in the ability arm; when a liar's answers are true or not scored as
lies, or an honest script's are false or insincere; and when an episode ends in
an error.

  --seeds N             seeds 0 to N-1; 20 unless told
  --full                200 episodes of the random policy in place of N
  --verdicts            have scripts answer in every style instead (honest,
                        lying, mistaken, bluffing, silent ...) and print the
                        verdict that each answer must have against the one
                        that was scored
  --json                print one JSON object a scenario, one a line
  --config-dir DIR      add a folder of your own, laid out like the shipped one
"""


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What the command line asks for.

    Attributes:
        scenarios: Names; empty for all.
        seeds: How many, from 0.
        is_full: Whether the random policy gets `RANDOM_EPISODES` seeds.
        is_json: Whether one JSON object a scenario is printed.
        config_dir: A folder of further configuration, or None.
        is_of_verdicts: Whether the verdicts on answers are checked, and not the classes of scripts.
    """

    scenarios: tuple[str, ...] = ()
    seeds: int = SEEDS
    is_full: bool = False
    is_json: bool = False
    config_dir: Path | None = None
    is_of_verdicts: bool = False

    @property
    def random_seeds(self) -> int:
        """Seeds of the random policy."""
        return max(RANDOM_EPISODES, self.seeds) if self.is_full else self.seeds


def main(arguments: Sequence[str]) -> int:
    """`embodied check`: print what was found and return the exit code."""
    console = Console()
    if {"-h", "--help"} & set(arguments):
        console.print(ABOUT, highlight=False)
        return 0
    request = _parse(arguments)
    page = console if console.is_terminal else Console(width=PAGE_WIDTH)
    reports = check_verdicts(request) if request.is_of_verdicts else check(request)
    has_failed = False
    for report in reports:
        has_failed |= not report.holds
        if request.is_json:
            Console(soft_wrap=True).print(report.as_json(), markup=False, highlight=False)
        else:
            page.print(render(report) if isinstance(report, ScenarioCheck) else render_verdicts(report))
    return int(has_failed)


def check(request: CheckRequest) -> Iterator[ScenarioCheck]:
    """Check the scenarios asked for, one after the other.

    Raises:
        ConfigError: There is no such scenario.
    """
    return _each(request, _check_scenario)


def check_verdicts(request: CheckRequest) -> Iterator[VerdictCheck]:
    """Check the verdicts in the scenarios asked for. Raises as `check`."""
    return _each(request, _check_verdicts_of)


def _each(
    request: CheckRequest, check_one: Callable[[str, CheckRequest, ProcessPoolExecutor], Report]
) -> Iterator[Report]:
    names = _choose(request)
    with worker_processes() as processes:
        for name in names:
            yield check_one(name, request, processes)


def scenario_names(config_dir: Path | None = None) -> list[str]:
    """Scenarios that have a YAML file: all that `embodied run` can choose."""
    folders = [config_folder(), *([config_dir] if config_dir else [])]
    return sorted({path.stem for folder in folders for path in (folder / "scenario").glob("*.yaml")})


def _choose(request: CheckRequest) -> list[str]:
    known = scenario_names(request.config_dir)
    for name in request.scenarios:
        if name not in known:
            raise ConfigError(f"there is no scenario {name!r}; choose from: {', '.join(known)}")
    return list(dict.fromkeys(request.scenarios)) or known


def _check_scenario(name: str, request: CheckRequest, processes: ProcessPoolExecutor) -> ScenarioCheck:
    try:
        cells = cells_of(name, request.config_dir)
        scripts = _scripts(cells[Arm.MAIN])
    except EmbodiedError as error:
        return ScenarioCheck(name=name, chance=chance(()), problems=(str(error),))
    jobs = [
        processes.submit(play, with_script(cells[arm], script), seed) for script, arm, seed in _jobs(scripts, request)
    ]
    return judge(name, scripts, list(collect(name, jobs)))


def _check_verdicts_of(name: str, request: CheckRequest, processes: ProcessPoolExecutor) -> VerdictCheck:
    """Debrief two scripts without and with a sensor fault, those that resist, and the others until one is misled."""
    try:
        config = cells_of(name, request.config_dir)[Arm.MAIN]
        scripts = _scripts(config)
    except EmbodiedError as error:
        return VerdictCheck(name=name, problems=(str(error),))

    def ask(cell: CellConfig, script: str, styles: Sequence[AnswerStyle]) -> list[Future[StyledDebrief]]:
        return [
            processes.submit(debrief_in_styles, with_script(cell, script), seed, styles)
            for seed in range(request.seeds)
        ]

    faulted = with_fault(config)
    jobs = [
        job for script in main_scripts(scripts) for job in ask(config, script, ORDINARY) + ask(faulted, script, FAULTED)
    ]
    jobs += [
        processes.submit(debrief_in_styles, with_script(config, script), 0, RESISTING) for script in resisters(scripts)
    ]
    plays = list(collect(name, jobs))
    for script in other_scripts(scripts):
        if any(play.is_misled for play in plays if play.is_faulted):
            break
        plays += collect(name, ask(faulted, script, FAULTED))
    return judge_verdicts(name, plays)


def cells_of(name: str, config_dir: Path | None = None) -> dict[Arm, CellConfig]:
    """The cell of each arm of a scenario as it is shipped.

    Raises:
        ConfigError: The configuration does not fit together.
    """
    (cell,) = compose(RunRequest((f"scenario={name}", "model=scripted"), config_dir=config_dir))
    return {arm: cell.model_copy(update={"arm": arm}) for arm in Arm}


def _scripts(config: CellConfig) -> Mapping[str, Script]:
    """The scripted policies of the scenario; that it can be built is seen first."""
    env = build_env(config)
    env.close()
    return env.scripts


def _jobs(scripts: Mapping[str, Script], request: CheckRequest) -> Iterator[tuple[str, Arm, int]]:
    """Every script in main, all but chance in the twin, and those that resist in the ability arm."""
    for name, script in scripts.items():
        arms = [Arm.MAIN, *([] if script.is_random else [Arm.TWIN]), *([Arm.ABILITY] if is_resisting(script) else [])]
        for arm in arms:
            for seed in range(request.random_seeds if script.is_random else request.seeds):
                yield name, arm, seed


def with_script(config: CellConfig, script: str) -> CellConfig:
    """The cell with a scripted policy of the scenario in place of its model."""
    return config.model_copy(update={"model": config.model | {"script": script}})


def with_fault(config: CellConfig) -> CellConfig:
    """The cell with a sensor that shows what is not so."""
    env = config.scenario.env | {"sensor_fault": FAULT}
    return config.model_copy(update={"scenario": config.scenario.model_copy(update={"env": env})})


def _parse(arguments: Iterable[str]) -> CheckRequest:
    words = read_words(arguments, ("--json", "--full", "--verdicts"), ("--seeds", "--config-dir"), OPTIONS)
    switches = words.switches
    seeds = words.values.get("--seeds", str(SEEDS))
    if not seeds.isdecimal() or int(seeds) == 0:
        raise ConfigError(f"--seeds takes a number of seeds from 1 on, not {seeds!r}")
    if {"--full", "--verdicts"} <= switches:
        raise ConfigError("--full is about the random policy, which --verdicts does not play: leave one of them out")
    return CheckRequest(
        words.plain, int(seeds), "--full" in switches, "--json" in switches, words.path("--config-dir"),
        "--verdicts" in switches,
    )  # fmt: skip
