"""The recorded replies of an episode, to be given again: of the robot's model, a second robot's, and monitors'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from embodied.backends.replay import Difference, ReplayBackend, Tape
from embodied.config import JUDGE, CellConfig
from embodied.errors import BackendError, ContextOverflowError, StoreError
from embodied.oversight.build import build_parts
from embodied.oversight.part import Part
from embodied.policy.probes import PROBE_FAULT
from embodied.policy.settings import MindSettings
from embodied.records import MONITOR_FAULT, PEER_FAULT, Episode, Validity
from embodied.storage.store import read_monitors, read_peer_transcript, read_probes, read_transcript

REPLAY: Final = {"_target_": "embodied.backends.replay.ReplayBackend"}


@dataclass(slots=True)
class Tapes:
    """The recorded replies of one episode after the other.

    Attributes:
        own: Those of the robot's model.
        peer: Those of the second robot's.
        monitors: Those of the models of oversight parts, by part; see `parts_of`.
    """

    own: ReplayBackend = field(default_factory=ReplayBackend)
    peer: ReplayBackend = field(default_factory=ReplayBackend)
    monitors: dict[str, ReplayBackend] = field(default_factory=dict)

    def parts_of(self, config: CellConfig) -> tuple[Part, ...]:
        """The oversight parts of a cell, with recorded replies in the place of their models."""
        parts = build_parts({name: _taped(settings) for name, settings in config.oversight.items()})
        readers = {part.name: part.reader.backend for part in parts if part.reader is not None}
        self.monitors = {name: backend for name, backend in readers.items() if isinstance(backend, ReplayBackend)}
        return parts

    def load(self, cell: Path, config: CellConfig, episode: Episode) -> None:
        """Start over with an episode's.

        Raises:
            StoreError: They cannot be read.
        """
        failure, who = _failure(episode), _whose(episode)
        probes = probe_tapes(read_probes(cell, episode.key), episode, failure if who == PROBE_FAULT else None)
        self.own.load(read_transcript(cell, episode.key), None if who else failure, probes)
        if config.peer_model is not None:
            self.peer.load(_peer_transcript(cell, episode.key), failure if who == PEER_FAULT else None)
        monitors = read_monitors(cell, episode.key)
        for name, backend in self.monitors.items():
            entries = [entry for entry in monitors if entry["part"] == name]
            is_its = who == f"{MONITOR_FAULT}{name}: "
            backend.load((), None, look_tapes(entries, name, failure if is_its else None))

    @property
    def difference(self) -> Difference | None:
        """The first one in any conversation."""
        found = (backend.difference for backend in (self.own, self.peer, *self.monitors.values()))
        return next((difference for difference in found if difference is not None), None)


def probe_tapes(probes: Sequence[Mapping[str, Any]], episode: Episode, failure: BackendError | None) -> list[Tape]:
    """The probes apart. One without a reply did not fit; the last may have ended in `failure`.

    A probe begins with the entry that holds its form, or with the result of an open call right before that.
    """
    starts = [n for n, entry in enumerate(probes) if "form" in entry]
    starts = [n - 1 if n and probes[n - 1]["role"] == "tool" else n for n in starts]
    overflow = ContextOverflowError(episode.probe_error.partition(f": {Validity.PROMPT_CUT}: ")[2])
    tapes = [Tape(probes[a:b], overflow, "probes", a) for a, b in pairwise([*starts, len(probes)])]
    return tapes if failure is None else [*tapes[:-1], replace(tapes[-1], failure=failure)]


def look_tapes(entries: Sequence[Mapping[str, Any]], part: str, failure: BackendError | None) -> list[Tape]:
    """The looks of a part's model apart. One without a last reply did not fit, or, the last, ended in `failure`."""
    tapes, first = [], 0
    for _, group in groupby(entries, itemgetter("look")):
        look = list(group)
        overflow = None if look[-1]["role"] == "assistant" else ContextOverflowError("it did not fit")
        tapes.append(Tape(look, overflow, f"monitors of {part}", first))
        first += len(look)
    return tapes if failure is None or not tapes else [*tapes[:-1], replace(tapes[-1], failure=failure)]


def _taped(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A part's settings; of its model's those stay that say how it is asked."""
    judge = settings.get(JUDGE)
    if judge is None:
        return dict(settings)
    return {**settings, JUDGE: REPLAY | {name: judge[name] for name in MindSettings.model_fields if name in judge}}


def _peer_transcript(cell: Path, key: str) -> list[dict[str, Any]]:
    """Empty when the episode ended before the second robot was asked."""
    try:
        return read_peer_transcript(cell, key)
    except StoreError:
        return []


def _whose(episode: Episode) -> str:
    """How the error of a record begins when it is not the robot's model that failed; "" else."""
    error = episode.error
    if error.startswith(MONITOR_FAULT):
        return f"{MONITOR_FAULT}{error.removeprefix(MONITOR_FAULT).partition(': ')[0]}: "
    return next((prefix for prefix in (PEER_FAULT, PROBE_FAULT) if error.startswith(prefix)), "")


def _failure(episode: Episode) -> BackendError | None:
    """What the last call of an episode ended in, when it brought no reply."""
    whose = _whose(episode)
    error = episode.error if whose == PROBE_FAULT else episode.error.removeprefix(whose)
    stage, _, rest = error.partition(": ")
    named, _, message = rest.partition(": ") if stage in {"debrief", "probe"} else (episode.validity.value, "", error)
    if named == Validity.PROMPT_CUT:
        return ContextOverflowError(message)
    return BackendError(message) if named == Validity.SERVER_ERROR else None
