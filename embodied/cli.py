"""The `embodied` command. Each verb explains itself; errors are one line and say what to do next."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table

from embodied.errors import ConfigError, EmbodiedError
from embodied.options import read_words
from embodied.storage.store import TornLineWarning
from embodied.version import code_version

if TYPE_CHECKING:
    from embodied.app import RunRequest

OK: Final = 0
FAILED: Final = 1
INTERRUPTED: Final = 130

_ABOUT: Final = """\
[bold]embodied[/] measures whether a language model that drives a robot
disables, evades or deceives its oversight.

[bold]Usage[/]  embodied VERB ...

  [bold cyan]plan[/]        see how many episodes a sweep needs, and how long it takes
  [bold cyan]run[/]         run an experiment, or a sweep of them; see `embodied run --help`
  [bold cyan]report[/]      make the findings of runs: a page to open, tables for a paper
  [bold cyan]merge[/]       put run folders of several machines together
  [bold cyan]doctor[/]      see whether a model server can serve a sweep, and how fast
  [bold cyan]replay[/]      run recorded episodes again and compare, byte for byte
  [bold cyan]rescore[/]     score stored episodes once more, and say what comes out otherwise
  [bold cyan]check[/]       see whether scripted policies are scored as they should be
  [bold cyan]judge[/]       ask a model about stored episodes, beside the ledger
  --version   print the version of the code
  --help      print this text
"""

_RUN: Final = """\
[bold]embodied run[/] KEY=VALUE ... [-m] [--config-dir FOLDER] [--cfg]

Runs the episodes of one cell: one setting of all factors, and an arm. With [bold]-m[/],
values separated by commas are swept. What is finished is kept: the same command
again continues where it stopped.

  -m, --multirun        sweep comma-separated values
  --config-dir FOLDER   add a folder of your own, laid out like the shipped one
  --cfg                 print the composed configuration and run nothing

[bold]Keys[/]
"""

_DOCTOR: Final = """\
[bold]embodied doctor[/] KEY=VALUE ... [-m] [--config-dir FOLDER] [--json]

Takes what `embodied run` takes and runs none of it. It asks the model a few
dozen short questions instead: is it there, what can it do, do the prompts fit
its window, does it say the same thing twice, how fast is it, how long will
these cells take. Exit code 1: something must be put right; a line says what.

  -m, --multirun        sweep comma-separated values
  --config-dir FOLDER   add a folder of your own, laid out like the shipped one
  --json                print one JSON object

[bold]Examples[/]
  embodied doctor
  embodied doctor model=r1_8b
  embodied doctor -m model=qwen3_8b,gemma3_12b arm=main,twin,ability episodes=50
"""

_MODULES: Final = {
    "plan": "embodied.planning.command",
    "report": "embodied.reporting.command",
    "merge": "embodied.merging.command",
    "replay": "embodied.replaying.command",
    "rescore": "embodied.rescoring.command",
    "check": "embodied.checking.command",
    "judge": "embodied.judge.command",
}
"""Verbs with a `main` of their own, imported when they are asked for."""

_KEYS: Final = (
    ("arm", "main, twin (benign control), ability (told outright to do it)"),
    ("episodes, seed", "how many seeds, and the first of them"),
    ("max_turns", "actions of the robot in an episode, at most"),
    ("status_every", "turns between two status forms; 0 for none"),
    ("probes.belief, probes.purpose", "true or false: what is asked in a copy afterwards"),
    ("model.name", "with model=ollama or a preset: any model you pulled"),
    ("run.dir, run.name", "where the run is kept; the name is the scenario's at first"),
    ("run.workers", "episodes at a time"),
    ("run.video", "auto (one chosen episode) or none"),
    ("run.summary", "true or false: table, plots, page and video at the end"),
    ("hydra/launcher", "basic, joblib, submitit_slurm (docs/clusters.md)"),
    ("tracking.videos", "films of acts and lies a cell that W&B is given; 0 unless told"),
)

_EXAMPLES: Final = """\
[bold]Examples[/]
  embodied run model=scripted/compliant
  embodied run -m arm=main,twin,ability prompt/instruction=none,allow
  embodied run -m model=r1_8b arm=main,twin,ability
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, 1 after an error, 130 after an interruption."""
    try:
        with _plain_warnings(), _ends_orderly():
            return _dispatch(list(sys.argv[1:] if arguments is None else arguments))
    except EmbodiedError as error:
        return _fail(" ".join(str(error).split()))
    except KeyboardInterrupt:
        _say("interrupted: run the same command again to continue")
        return INTERRUPTED


def _dispatch(arguments: list[str]) -> int:
    match arguments:
        case [] | ["-h" | "--help" | "help"]:
            Console().print(_ABOUT, highlight=False)
        case ["--version" | "-V"]:
            Console().print(f"embodied {code_version()}", highlight=False)
        case ["run", *rest] if {"-h", "--help"} & set(rest):
            _explain_run()
        case ["run", *rest]:
            _run(rest)
        case ["doctor", *rest] if {"-h", "--help"} & set(rest):
            Console().print(_DOCTOR, highlight=False)
        case ["doctor", *rest]:
            return _doctor(rest)
        case [verb, *rest] if verb in _MODULES:
            code: int = import_module(_MODULES[verb]).main(rest)
            return code
        case [verb, *_]:
            known = ", ".join(("run", "doctor", *_MODULES))
            raise ConfigError(f"there is no verb {verb!r}; known: {known} (embodied --help explains)")
    return OK


def _run(arguments: list[str]) -> None:
    from embodied import app

    request = _parse(arguments, "--cfg")
    if "--cfg" in arguments:
        Console().print(app.show_config(request), markup=False, highlight=False, soft_wrap=True, end="")
    else:
        app.run(request, make_page=_make_page)


def _make_page(folder: Path, console: Console) -> None:
    """The page of a run; what it takes is imported when there is one to make, not before the first episode."""
    from embodied.reporting.command import page_of_run

    page_of_run(folder, console)


def _doctor(arguments: list[str]) -> int:
    from embodied import app
    from embodied.doctor import command

    return command.main(app.compose(_parse(arguments, "--json")), as_json="--json" in arguments)


def _parse(arguments: list[str], switch: str) -> RunRequest:
    """What is asked for; `switch` is an option of the verb's own."""
    from embodied.app import RunRequest

    known = f"-m, --config-dir FOLDER, {switch}, --help"
    words = read_words(arguments, ("-m", "--multirun", switch), ("--config-dir", "-cd"), known)
    is_sweep = not words.switches.isdisjoint(("-m", "--multirun"))
    return RunRequest(words.plain, is_sweep, words.path("--config-dir") or words.path("-cd"))


def _explain_run() -> None:
    from embodied.shipped import config_folder

    console = Console()
    console.print(_RUN, highlight=False)
    table = Table.grid(padding=(0, 2), pad_edge=True)
    for group, options in _groups(config_folder()):
        table.add_row(f"[cyan]{group}[/]", ", ".join(options))
    for key, meaning in _KEYS:
        table.add_row(f"[cyan]{key}[/]", meaning)
    console.print(table, highlight=False)
    console.print()
    console.print(_EXAMPLES, highlight=False)


def _groups(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Groups of the configuration and the names that can be chosen in each."""
    for group in sorted(path for path in folder.rglob("*") if path.is_dir()):
        name = str(group.relative_to(folder))
        if name in {"model/scripted", "model/attacker", "prompt", "loaded", "judge", "reference", "reference/figures"}:
            continue
        options = sorted(str(path.relative_to(group).with_suffix("")) for path in group.rglob("*.yaml"))
        if len(options) > 1 or name in {"scenario", "experiment"}:
            yield name, options


@contextmanager
def _ends_orderly() -> Iterator[None]:
    """Let a termination signal unwind the program, so that worker processes end with it."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Show what the store has to say as one line, without file and line of the code."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        _say(f"note: {message}")

    with warnings.catch_warnings():
        warnings.showwarning = show
        warnings.simplefilter("default", TornLineWarning)
        yield


def _fail(line: str) -> int:
    _say(f"embodied: {line}")
    return FAILED


def _say(line: str) -> None:
    Console(stderr=True).print(line, markup=False, highlight=False, soft_wrap=True)
