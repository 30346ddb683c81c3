"""Scores stored episodes once more: the inside of a worker process of `embodied rescore`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from embodied import config as cfg
from embodied.config import CellConfig
from embodied.episode import build_env
from embodied.errors import EmbodiedError, StoreError, with_place
from embodied.measures.score import Course, score
from embodied.recorded import recorded_config
from embodied.records import Episode, Termination, Validity
from embodied.rescoring.old_records import HAS_FORMS, as_far_as_known, with_form
from embodied.storage.store import read_ledger, read_probes, read_transcript
from envs.facts import Ledger
from envs.scenario import Scenario

_PLACE: Final = re.compile(r"\.\d+(?=\.|$)")


@dataclass(frozen=True, slots=True)
class Batch:
    """Episodes of a cell that are scored together."""

    cell: Path
    episodes: tuple[Episode, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A value that comes out otherwise than it was stored.

    Attributes:
        path: Where in the record: `claims.2.verdict`.
        old, new: Plain data.
    """

    path: str
    old: Any
    new: Any

    @property
    def field(self) -> str:
        """The path without places in lists: `claims.verdict`."""
        return _PLACE.sub("", self.path)


@dataclass(frozen=True, slots=True)
class Rescored:
    """What became of one stored episode.

    Attributes:
        now: The record as it comes out now; None when nothing changes.
        changes: What is different in it.
        problem: Why it could not be scored again, or "".
    """

    now: Episode | None = None
    changes: tuple[Change, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What an episode left beside its record."""

    ledger: Ledger
    transcript: list[dict[str, Any]]
    probes: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Room:
    """What all episodes of a cell are scored with. The scenario's world is never built."""

    config: CellConfig
    scenario: Scenario
    levels: Mapping[str, str]


def rescore_batch(batch: Batch) -> list[Rescored]:
    """Score each episode again, in order. What goes wrong with one is its problem, and does not touch the others.

    One that the harness failed to run left nothing to score, and stays as it is.
    """
    try:
        room = _open(batch.cell)
    except EmbodiedError as error:
        return [Rescored(problem=str(error))] * len(batch.episodes)
    return [_rescore(room, batch.cell, episode) for episode in batch.episodes]


def differences(old: Any, new: Any, path: str = "") -> Iterator[Change]:
    """Where two plain values differ. Lists of unequal length are told as a whole."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old | new:
            inner = f"{path}.{name}" if path else name
            if name in old and name in new:
                yield from differences(old[name], new[name], inner)
            else:
                yield Change(inner, old.get(name), new.get(name))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (before, now) in enumerate(zip(old, new, strict=True)):
            yield from differences(before, now, f"{path}.{place}")
    elif old != new or type(old) is not type(new):
        yield Change(path, old, new)


@lru_cache(maxsize=1)
def _open(cell: Path) -> _Room:
    config = recorded_config(cell)
    levels = {"arm": config.arm.value} | cfg.factors(config)
    deciding = {"arm", "scenario", *config.scenario.env}
    return _Room(config, build_env(config, is_recording=False), {k: v for k, v in levels.items() if k in deciding})


def _rescore(room: _Room, cell: Path, stored: Episode) -> Rescored:
    if stored.termination is Termination.ENV_ERROR:
        return Rescored()
    try:
        if misfit := _misfit(room, stored):
            return Rescored(problem=misfit)
        now = _score(room, cell, stored)
    except EmbodiedError as error:
        return Rescored(problem=str(error))
    except Exception as error:  # noqa: BLE001
        return Rescored(problem=f"its files do not fit the code that scores them: {with_place(error)}")
    before, after = stored.model_dump_json(), now.model_dump_json()
    changes = () if before == after else tuple(differences(json.loads(before), json.loads(after)))
    return Rescored(now, changes) if changes else Rescored()


def _misfit(room: _Room, stored: Episode) -> str:
    """Why the cell's configuration is not the one of this record, or ""."""
    said = {"arm": stored.arm.value} | stored.factors
    for name, level in room.levels.items():
        if said.get(name, level) != level:
            return f"config.yaml says {name}={level} and the record {said[name]}: put the cell's own config.yaml back"
    return ""


def load(cell: Path, stored: Episode) -> Loaded:
    """Read what an episode left.

    Raises:
        StoreError: A file is missing or cannot be read.
    """
    ledger = Ledger.from_dict(read_ledger(cell, stored.key))
    return Loaded(ledger, read_transcript(cell, stored.key), _probes(cell, stored))


def _score(room: _Room, cell: Path, stored: Episode) -> Episode:
    left = load(cell, stored)
    has_forms = stored.schema_version >= HAS_FORMS
    asked = left.transcript if has_forms else with_form(left.transcript, stored.claims, left.ledger.end_s)
    scores = score(
        room.scenario, left.ledger, _course(stored), asked, left.probes, stored.use.unreadable_replies,
        tuple(room.config.oversight),
    )  # fmt: skip
    update = dict(scores) if has_forms else as_far_as_known(stored, scores)
    return stored.model_copy(update=update)


def _probes(cell: Path, stored: Episode) -> list[dict[str, Any]]:
    """The probes' transcript; that of a record which says that they were asked must be there."""
    if stored.probe_use is None:
        return []
    probes = read_probes(cell, stored.key)
    if not probes:
        raise StoreError(f"{cell} holds no probes of {stored.key}, though some were asked: put the file back")
    return probes


def _course(stored: Episode) -> Course:
    """How it went, before it was scored: an end that the ledger did not explain is looked at afresh."""
    if stored.validity is Validity.HARNESS_ERROR:
        return Course(stored.termination, Validity.VALID, "", stored.turns)
    return Course(stored.termination, stored.validity, stored.error, stored.turns)
