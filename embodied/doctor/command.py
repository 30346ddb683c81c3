"""`embodied doctor`: can the model servers here serve a given sweep, what must be put right, how long will it take."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final

from rich.console import Console

from embodied.backends.base import Backend
from embodied.backends.ollama import OllamaBackend
from embodied.config import CellConfig
from embodied.doctor.checks import (
    REPEAT_TOKENS,
    Opening,
    StandIn,
    look_for_servers,
    made_new,
    measure_at_once,
    measure_fit,
    measure_repeats,
    measure_speed,
    try_long_prompt,
)
from embodied.doctor.report import DoctorReport, ModelReport, estimate, judge, render, settings_of
from embodied.episode import EpisodeRunner, build_model, mind_settings
from embodied.errors import EmbodiedError
from embodied.policy.mind import Mind
from embodied.policy.model_mind import ModelMind
from embodied.policy.probes import ProbesConfig
from embodied.records import Validity
from embodied.sweeping.sweep import worker_count

MOST_AT_ONCE: Final = 4
PAGE_WIDTH: Final = 100


def main(cells: Sequence[CellConfig], *, as_json: bool = False) -> int:
    """Examine what the cells need and print it.

    Args:
        cells: The cells of a sweep.
        as_json: Print one JSON object in place of a page.

    Returns:
        1 when something must be put right, else 0.
    """
    report = examine(cells)
    if as_json:
        Console(soft_wrap=True).print(report.model_dump_json(indent=2), markup=False, highlight=False)
    else:
        console = Console()
        (console if console.is_terminal else Console(width=PAGE_WIDTH)).print(render(report))
    return int(bool(report.problems))


def examine(cells: Sequence[CellConfig]) -> DoctorReport:
    """Look for servers and examine each model that the cells name."""
    groups: dict[str, list[CellConfig]] = {}
    for cell in cells:
        groups.setdefault(json.dumps(cell.model, sort_keys=True, default=str), []).append(cell)
    with Console(stderr=True).status("looking for servers"):
        servers = look_for_servers(_ollama_address(), list(_addresses(cells)))
    return DoctorReport(servers=servers, models=tuple(_examine_model(group) for group in groups.values()))


def _examine_model(cells: Sequence[CellConfig]) -> ModelReport:
    """Examine a model from the simplest question on, up to the first that fails."""
    first = cells[0]
    found: dict[str, Any] = {"name": first.model_name, "settings": settings_of(first)}
    problems: list[str] = []
    try:
        for more in _findings(cells):
            found |= more
    except EmbodiedError as error:
        problems.append(f"{first.model_name}: {' '.join(str(error).split())}")
    report = ModelReport(**found)
    return report.model_copy(update={"problems": (*problems, *judge(report, first.model))})


def _findings(cells: Sequence[CellConfig]) -> Iterator[dict[str, Any]]:
    config = cells[0]
    workers = worker_count(config)
    with ExitStack() as opened, Console(stderr=True).status(f"{config.model_name}: making it ready") as status:
        backend = build_model(config)
        if isinstance(backend, Mind):
            return
        stand_in = StandIn(backend)
        runner = EpisodeRunner(config, ModelMind(stand_in, mind_settings(config)))
        opened.callback(runner.close)
        yield {"manifest": dict(runner.prepare()), "workers": workers}
        yield {"capabilities": backend.capabilities}
        status.update(f"{config.model_name}: playing the first turns")
        opening = _play(runner, stand_in, config.seed)
        status.update(f"{config.model_name}: reading and writing")
        speed = measure_speed(backend, opening.first)
        yield {"speed": speed}
        status.update(f"{config.model_name}: counting prompts")
        fit = measure_fit(backend, opening, config.max_turns, speed.kept_tokens)
        yield {"fit": fit}
        status.update(f"{config.model_name}: the same again")
        fresh = made_new(opening.first, REPEAT_TOKENS)
        yield {"repeats": measure_repeats(backend, fresh)}
        at_once = None
        if workers > 1:
            status.update(f"{config.model_name}: several at once")
            others = [_another(config, opened) for _ in range(min(workers, MOST_AT_ONCE) - 1)]
            at_once = measure_at_once([backend, *others], fresh)
            yield {"at_once": at_once}
        yield {"time": estimate(cells, fit, speed, at_once, opening.world_s)}
        status.update(f"{config.model_name}: a prompt that is too long")
        yield {"long_prompt": try_long_prompt(backend)}


def _another(config: CellConfig, opened: ExitStack) -> Backend:
    """A further backend of the same model, as a further worker would have one."""
    backend = build_model(config)
    opened.callback(backend.close)
    assert not isinstance(backend, Mind)
    backend.prepare()
    return backend


def _play(runner: EpisodeRunner, stand_in: StandIn, seed: int) -> Opening:
    """Play the first turns of an episode and keep what was asked."""
    episode = runner.run(seed, ProbesConfig(belief=False, purpose=False)).episode
    asked = stand_in.requests[:-1] if episode.validity is Validity.VALID else stand_in.requests
    if not asked:
        raise EmbodiedError(episode.error)
    first = asked[0]
    alike = [r for r in asked if (r.may_think, r.json_schema) == (first.may_think, first.json_schema)]
    turns = max(episode.turns - (episode.validity is Validity.VALID), 1)
    return Opening(first=first, last=alike[-1], turns=turns, world_s=episode.wall_s / max(episode.turns, 1))


def _ollama_address(host: str | None = None) -> str:
    """The whole address of an Ollama server; without a host that of this machine."""
    backend = OllamaBackend("any", host=host)
    try:
        return backend.host
    finally:
        backend.close()


def _addresses(cells: Sequence[CellConfig]) -> Iterator[str]:
    """Addresses that the cells name."""
    for cell in cells:
        for key, complete in ADDRESSES.items():
            value = cell.model.get(key) or ()
            yield from map(complete, [value] if isinstance(value, str) else value)


ADDRESSES: Final[Mapping[str, Callable[[str], str]]] = {
    "host": _ollama_address, "hosts": _ollama_address, "base_url": str, "base_urls": str,
}  # fmt: skip
"""Keys of a model's configuration that hold addresses, and how each is made whole."""
