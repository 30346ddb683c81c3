"""`embodied plan`: how many seeds a sweep needs and what it costs, before it is run; and whether it may stop early."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, get_args

from rich.console import Console, RenderableType

from embodied.app import RunRequest, compose
from embodied.config import CellConfig
from embodied.doctor.report import DoctorReport
from embodied.errors import ConfigError
from embodied.options import Words, read_words
from embodied.planning.cost import read_speed
from embodied.planning.look import look_at, render_look
from embodied.planning.outline import outline, preregister
from embodied.planning.page import render
from embodied.planning.planned import Exclusions, Measure
from embodied.planning.preregistration import FILE_NAME, read, write
from embodied.planning.sizes import Asked
from embodied.records import Frozen
from embodied.statistics.power import possible_correlations
from embodied.statistics.stopping import look_levels

GO_ON: Final = 3
"""Exit code of a look after which the sweep goes on."""
PAGE_WIDTH: Final = 110

ABOUT: Final = """\
[bold]embodied plan[/] KEY=VALUE ... [-m] [OPTION ...] [--write FILE]
[bold]embodied plan[/] --look RUN [--plan FILE]

Takes what `embodied run` takes and runs none of it. It says which comparisons
the report will make, how many seeds they need, what the configured number can
find, and how long it takes. With [bold]--look[/] it looks at a run at a planned look
instead. Exit code of a look: 0 stop, 3 go on, 1 something is wrong.

  --effect 0.3          the rise to be found, as a share: 0.3 is 30 points
  --base 0.1            the rate that it rises from
  --power 0.8           how surely a comparison is to find it
  --alpha 0.05          chance of any false finding in the whole family
  --correlation 0       of main and twin (or two levels) on one seed
  --half-width 0.1      how well a single rate is to be known
  --measures act        act, lied, or act,lied
  --looks 20,40,60      seeds at which the sweep may stop; the last is all
  --doctor              ask the model how fast it is (see `embodied doctor`)
  --speed FILE          or take what `embodied doctor --json` printed
  --write FILE          write the plan as a preregistration
  --max-excluded 0.1    in it: share of a cell that may be excluded
  --look RUN            look at a run folder
  --plan FILE           its plan; RUN/preregistration.yaml unless told
  --json                print one JSON object
  -m, --multirun        sweep comma-separated values
  --config-dir FOLDER   add a folder of your own, laid out like the shipped one

[bold]Examples[/]
  embodied plan experiment=palisade_robot model=r1_8b episodes=50
  embodied plan -m arm=main,twin model=r1_8b episodes=60 --write plan.yaml
  embodied plan --look runs/shutdown_button --plan plan.yaml
"""

_SHARES: Final = ("--effect", "--base", "--power", "--alpha", "--half-width", "--max-excluded")
_VALUES: Final = (
    *_SHARES, "--correlation", "--measures", "--looks", "--speed", "--write", "--look", "--plan", "--config-dir",
)  # fmt: skip
_SWEEP: Final = frozenset({"-m", "--multirun"})
_SWITCHES: Final = (*_SWEEP, "--doctor", "--json")


def main(arguments: Sequence[str]) -> int:
    """`embodied plan`: print the plan, or what a look says, and return the exit code."""
    if {"-h", "--help"} & set(arguments):
        Console().print(ABOUT, highlight=False)
        return 0
    request = _parse(arguments)
    if (folder := request.path("--look")) is not None:
        look = look_at(folder, read(request.path("--plan") or _plan_in(folder)))
        _show(look, lambda: render_look(look), request)
        return 0 if look.is_over else GO_ON
    asked, speed = _asked(request), request.path("--speed")
    report = read_speed(speed) if speed is not None else None
    cells = compose(RunRequest(request.plain, bool(_SWEEP & request.switches), request.path("--config-dir")))
    if "--doctor" in request.switches:
        report = _ask_doctor(cells)
    plan = outline(cells, asked, report)
    target = request.path("--write")
    if target is not None:
        if not plan.comparisons:
            raise ConfigError(plan.notes[0])
        write(preregister(plan, _share(request, "--max-excluded", Exclusions().most)), target)
    _show(plan, lambda: render(plan), request)
    if target is not None and "--json" not in request.switches:
        Console().print(f"written  {target}", markup=False, highlight=False, soft_wrap=True)
    return 0


def _plan_in(folder: Path) -> Path:
    path = folder / FILE_NAME
    if not path.is_file():
        raise ConfigError(f"there is no {path}: name the preregistration with --plan FILE")
    return path


def _show(report: Frozen, page: Callable[[], RenderableType], request: Words) -> None:
    if "--json" in request.switches:
        Console(soft_wrap=True).print(report.model_dump_json(indent=2), markup=False, highlight=False)
        return
    console = Console()
    (console if console.is_terminal else Console(width=PAGE_WIDTH)).print(page())


def _ask_doctor(cells: Sequence[CellConfig]) -> DoctorReport:
    """Importing the doctor takes the physics engine with it."""
    from embodied.doctor.command import examine

    return examine(cells)


def _asked(request: Words) -> Asked:
    usual = Asked()
    asked = Asked(
        effect=_share(request, "--effect", usual.effect), base=_share(request, "--base", usual.base),
        power=_share(request, "--power", usual.power), alpha=_share(request, "--alpha", usual.alpha),
        half_width=_share(request, "--half-width", usual.half_width),
        correlation=_number(request, "--correlation", usual.correlation),
        measures=_measures(request), looks=_looks(request),
    )  # fmt: skip
    if round(asked.effect + asked.base, 9) > 1:
        raise ConfigError(f"a rate of {asked.base:g} cannot rise by {asked.effect:g}: lower --base or --effect")
    high = asked.risen(asked.effect)
    lowest, highest = possible_correlations(high, asked.base)
    if not lowest <= asked.correlation <= highest:
        raise ConfigError(
            f"rates of {high:g} and {asked.base:g} cannot have --correlation {asked.correlation:g}: give one from "
            f"{lowest:.2f} to {highest:.2f}"
        )
    return asked


def _share(request: Words, option: str, usual: float) -> float:
    """A share; 0 makes sense for a base and for exclusions alone, and 1 only for them too."""
    share = _number(request, option, usual)
    is_open = option not in {"--base", "--max-excluded"}
    if not 0 <= share <= 1 or (is_open and share in {0, 1}):
        raise ConfigError(f"{option} takes a share between 0 and 1, not {request.values[option]}")
    return share


def _number(request: Words, option: str, usual: float) -> float:
    text = request.values.get(option)
    try:
        return usual if text is None else float(text)
    except ValueError as error:
        raise ConfigError(f"{option} takes a number, not {text!r}") from error


def _measures(request: Words) -> tuple[Measure, ...]:
    known: dict[str, Measure] = {name: name for name in get_args(Measure)}
    names = request.values.get("--measures", "act").split(",")
    for name in names:
        if name not in known:
            raise ConfigError(f"--measures knows {' and '.join(known)}, not {name!r}")
    return tuple(dict.fromkeys(known[name] for name in names))


def _looks(request: Words) -> tuple[int, ...]:
    if "--looks" not in request.values:
        return ()
    text = request.values["--looks"]
    try:
        looks = tuple(int(number) for number in text.split(","))
        look_levels(looks, Asked().alpha)
    except ValueError as error:
        raise ConfigError(f"--looks takes rising numbers of seeds such as 20,40,60, not {text!r}") from error
    return looks


def _parse(arguments: Sequence[str]) -> Words:
    request = read_words(arguments, _SWITCHES, _VALUES, ", ".join((*_VALUES, "--doctor", "--json", "-m", "--help")))
    _refuse_mixtures(request)
    return request


def _refuse_mixtures(request: Words) -> None:
    if "--look" in request.values:
        if request.plain or request.values.keys() - {"--look", "--plan"}:
            raise ConfigError("--look takes everything from the plan: give it with --plan and --json alone")
    elif "--plan" in request.values:
        raise ConfigError("--plan names the plan that --look RUN looks with; to write one, use --write")
    if "--doctor" in request.switches and "--speed" in request.values:
        raise ConfigError("--doctor measures now and --speed takes an older measurement: leave one of them out")
