"""What `embodied doctor` found, as a record and as a page for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from pydantic import Field
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from embodied.backends.base import Capabilities
from embodied.config import CellConfig, factors
from embodied.doctor.checks import AtOnce, LongPrompt, PromptFit, RepeatRate, ServerSeen, Speed
from embodied.records import Frozen
from embodied.report.counts import noun

MODELS_SHOWN: Final = 6
LONGEST: Final = 16
ROUND_TO: Final = 1024
IDENTITY: Final = ("server_version", "engine", "digest", "quantization", "parameter_size", "prompt_check")


class SweepTime(Frozen):
    """How long a sweep takes, computed from the speed.

    Attributes:
        cells: Cells that use the model.
        episodes: Episodes of all of them.
        turns: Turns assumed for each.
        workers: Episodes at a time.
        likely_s: When replies are as long as the sampled one.
        longest_s: When each uses the whole of `max_tokens`.
        read_tokens: Prompt tokens that the server has to read, those in its cache left out; None in older reports.
        written_tokens: Reply tokens, when replies are as long as the sampled one.
        most_written_tokens: The same when each uses the whole of `max_tokens`.
    """

    cells: int
    episodes: int
    turns: int
    workers: int
    likely_s: float
    longest_s: float
    read_tokens: int | None = None
    written_tokens: int | None = None
    most_written_tokens: int | None = None


class ModelReport(Frozen):
    """One model, as the configuration asks for it.

    Attributes:
        name: Its name in records.
        settings: How it is asked.
        manifest: What answered; empty when nothing did.
        workers: Episodes that the sweep will have at a time.
        problems: What must be put right, each one line that says how.
    """

    name: str
    settings: dict[str, str]
    manifest: dict[str, Any] = Field(default_factory=dict)
    workers: int = 1
    capabilities: Capabilities | None = None
    fit: PromptFit | None = None
    long_prompt: LongPrompt | None = None
    repeats: RepeatRate | None = None
    speed: Speed | None = None
    at_once: AtOnce | None = None
    time: SweepTime | None = None
    problems: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether everything could be measured."""
        return self.long_prompt is not None

    @property
    def is_sample_cut(self) -> bool:
        """Whether the sampled reply would have gone on, had it been let."""
        if self.speed is None or self.fit is None:
            return False
        return not self.speed.is_whole and self.speed.reply_tokens < self.fit.max_tokens

    @property
    def longest_reply_s(self) -> float:
        """Time of one reply of `max_tokens` while all workers write, seconds; 0 where the speed is not known.

        All write no faster together than the conversations tried at once: what comes on top of those waits for them.
        """
        if self.speed is None or self.fit is None:
            return 0.0
        written_a_second = self.at_once.reply if self.at_once else self.speed.reply
        return self.fit.max_tokens * self.workers / written_a_second

    @property
    def is_script(self) -> bool:
        """Whether a script drives the robot."""
        return not self.manifest and not self.problems


class DoctorReport(Frozen):
    """Everything that was found."""

    servers: tuple[ServerSeen, ...]
    models: tuple[ModelReport, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """What must be put right, of all models."""
        return tuple(dict.fromkeys(problem for model in self.models for problem in model.problems))


def _forms_and_probes(cell: CellConfig, turns: int) -> int:
    """How often an episode asks something else than an action: the debrief, status forms, and the probes of each."""
    forms = 1 + ((turns - 1) // cell.status_every if cell.status_every else 0)
    return forms * (1 + cell.probes.belief) + cell.probes.purpose


def settings_of(config: CellConfig) -> dict[str, str]:
    """How a cell asks its model."""
    levels = factors(config)
    return {name.removeprefix("model."): level for name, level in levels.items() if name.startswith("model.")}


def estimate(
    cells: Sequence[CellConfig], fit: PromptFit, speed: Speed, at_once: AtOnce | None, world_s: float
) -> SweepTime:
    """How long the cells take on a server that does nothing else.

    Args:
        cells: All cells that use the model.
        fit: Lengths of the prompts.
        speed: One conversation.
        at_once: Several; None where there is one.
        world_s: Wall time of the world a turn, seconds.
    """
    episodes = sum(cell.episodes for cell in cells)
    calls = (fit.turns + _forms_and_probes(cells[0], fit.turns)) * int(cells[0].model.get("steps", 1))
    is_read_anew = bool(cells[0].model.get("reproducible", False))
    read = calls * (fit.first + fit.later) / 2 if is_read_anew else float(fit.later)
    workers = at_once.n if at_once else 1
    written_a_second = at_once.reply if at_once else speed.reply

    def total_s(reply_tokens: int) -> float:
        an_episode_s = read / speed.prompt + calls * reply_tokens / written_a_second
        return round(episodes * (an_episode_s + fit.turns * world_s / workers), 1)

    return SweepTime(
        cells=len(cells), episodes=episodes, turns=fit.turns, workers=workers, likely_s=total_s(speed.reply_tokens),
        longest_s=total_s(fit.max_tokens), read_tokens=round(episodes * read),
        written_tokens=episodes * calls * speed.reply_tokens, most_written_tokens=episodes * calls * fit.max_tokens,
    )  # fmt: skip


def judge(report: ModelReport, model: dict[str, Any]) -> tuple[str, ...]:
    """What must be put right.

    Args:
        report: What was measured.
        model: The model's configuration.
    """
    found = []
    key = next((f"model.{name}" for name in ("num_ctx", "n_ctx") if name in model), "the server's window")
    if report.fit and report.fit.needed > report.fit.window:
        fit = report.fit
        found.append(
            f"{report.name}: a transcript of {fit.turns} turns ({fit.later} tokens) and model.max_tokens="
            f"{fit.max_tokens} do not fit {key}={fit.window}: set {key}={-(-fit.needed // ROUND_TO) * ROUND_TO} or more"
        )
    timeout_s = model.get("timeout_s")
    if report.fit and timeout_s is not None and report.longest_reply_s > timeout_s:
        found.append(
            f"{report.name}: a reply of model.max_tokens={report.fit.max_tokens} takes {report.longest_reply_s:.0f} s "
            f"with {report.workers} at once, more than model.timeout_s={timeout_s:g}: raise model.timeout_s, or lower "
            "run.workers or model.max_tokens"
        )
    if report.long_prompt is LongPrompt.UNNOTICED:
        found.append(
            f"{report.name}: the server cuts a prompt that is too long and does not say so: update it, or serve the "
            "model by one that refuses"
        )
    if model.get("reproducible") and report.repeats and not report.repeats.is_perfect:
        found.append(
            f"{report.name}: model.reproducible=true does not hold on this server ({report.repeats.warm} equal at one "
            "seed): report its text as sampled anew, or use model=embedded"
        )
    return tuple(found)


def render(report: DoctorReport) -> RenderableType:
    """The page."""
    parts: list[RenderableType] = [_title("Model servers on this machine"), _servers(report.servers)]
    for model in report.models:
        parts += [Text(), _heading(model), _model(model)]
    parts.append(Text())
    if report.problems:
        parts.append(Text("To be put right", style="bold red"))
        parts += [Text(f"  {number}. {problem}") for number, problem in enumerate(report.problems, start=1)]
    else:
        parts.append(Text("Nothing has to be put right.", style="bold green"))
    return Group(*parts)


def _title(text: str) -> Text:
    return Text(text, style="bold")


def _heading(model: ModelReport) -> Text:
    settings = ", ".join(f"{name} {level}" for name, level in model.settings.items())
    return Text.assemble((model.name, "bold"), (f"  {settings}", "dim"))


def _servers(servers: Iterable[ServerSeen]) -> Table:
    table = _grid()
    for server in servers:
        if not server.kind:
            table.add_row(_mark(None), Text(server.url, style="dim"), Text("nothing answers", style="dim"))
            continue
        names = ", ".join(server.models[:MODELS_SHOWN]) or "no model"
        more = f" and {len(server.models) - MODELS_SHOWN} more" if len(server.models) > MODELS_SHOWN else ""
        table.add_row(_mark(is_good=True), Text(server.url), Text(f"{server.kind}: {names}{more}"))
    return table


def _model(model: ModelReport) -> Table:
    table = _grid()

    def add(what: str, text: str, *, is_good: bool | None = None) -> None:
        table.add_row(_mark(is_good), Text(what), Text(text))

    if model.manifest:
        known = [
            f"{name.replace('_', ' ')} {str(model.manifest[name]).removeprefix('sha256:')[:LONGEST]}"
            for name in IDENTITY
            if model.manifest.get(name)
        ]
        add("answers", ", ".join(known) or "yes", is_good=True)
    if model.capabilities:
        add("can", _abilities(model.capabilities))
    if model.fit:
        _add_fit(add, model.fit)
    if model.long_prompt is not None:
        is_good = model.long_prompt is not LongPrompt.UNNOTICED
        add("window", f"an over-long prompt is {model.long_prompt}", is_good=is_good)
    if model.repeats:
        add("same seed, same text", _repeats(model.repeats, model.at_once))
    if model.speed:
        add("speed", _speed(model.speed, model.at_once))
    if model.time:
        add("this sweep", _time(model.time, is_least=model.is_sample_cut))
    if model.is_script:
        add("a script", "no model is asked")
    elif not model.manifest:
        add("answers", "no, see below", is_good=False)
    elif not model.is_complete:
        add("the rest", "could not be measured, see below", is_good=False)
    return table


def _add_fit(add: Any, fit: PromptFit) -> None:
    how = "counted by the server" if fit.is_exact else "measured by calls of one token"
    add("first prompt", f"{fit.first} tokens, {how}")
    add(
        f"{fit.turns} turns",
        f"{fit.later} tokens and {fit.max_tokens} for the reply, of {fit.window}",
        is_good=fit.needed <= fit.window,
    )


def _abilities(can: Capabilities) -> str:
    named = {"think": can.thinks, "use tools": can.tools, "see pictures": can.vision,
             "read its past thinking": can.shows_past_thinking}  # fmt: skip
    yes, no = ([name for name, value in named.items() if value is wanted] for wanted in (True, False))
    check = {"exact": "by its exact count", "rendering": "in the server's own rendering",
             "lower_bound": "by its growth alone"}[can.prompt_check]  # fmt: skip
    return "; ".join(
        [*([", ".join(yes)] if yes else []), *([f"not: {', '.join(no)}"] if no else []), f"a cut would be seen {check}"]
    )


def _repeats(rate: RepeatRate, at_once: AtOnce | None) -> str:
    cold = "the same" if rate.cold_like_warm else "other words"
    parallel = f"; {at_once.n} at once {at_once.equal} equal" if at_once else ""
    return f"one at a time {rate.warm} equal, from a cold cache {cold}{parallel} ({rate.tokens} tokens at most)"


def _speed(speed: Speed, at_once: AtOnce | None) -> str:
    together = f", {at_once.reply:.3g} by {at_once.n} at once" if at_once else ""
    whole = "" if speed.is_whole else " and more"
    return (
        f"a second {speed.prompt:.3g} prompt tokens, {speed.reply:.3g} reply tokens{together}; "
        f"one real reply had {speed.reply_tokens}{whole}"
    )


def _time(time: SweepTime, *, is_least: bool) -> str:
    return (
        f"{_n(time.episodes, 'episode')} in {_n(time.cells, 'cell')}: {'more than' if is_least else 'about'} "
        f"{span(time.likely_s)}, at most {span(time.longest_s)}. Assumed: from the start, {time.turns} turns an "
        f"episode, {time.workers} at a time, a server that does nothing else, replies as long as the one sampled (at "
        "most: all of model.max_tokens)"
    )


def _n(number: int, what: str) -> str:
    return f"{number} {noun(number, what)}"


def span(seconds: float) -> str:
    """A duration in words."""
    if seconds < 120:
        return f"{max(seconds, 1):.0f} s"
    minutes = round(timedelta(seconds=seconds) / timedelta(minutes=1))
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _mark(is_good: bool | None = None) -> Text:
    if is_good is None:
        return Text("·", style="dim")
    return Text("✓", style="green") if is_good else Text("✗", style="bold red")


def _grid() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=1)
    table.add_column(no_wrap=True, min_width=22)
    table.add_column(overflow="fold")
    return table
