"""Everything that the episode viewer shows of one episode, as one compressed JSON object made from what is stored.

Nothing is guessed: what a record does not hold is left out, and `missing` says so in words.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from embodied.errors import EmbodiedError, StoreError
from embodied.measures.verdicts import did_lie
from embodied.page.path import paths_of_ledger, paths_of_states
from embodied.page.plan import Plan, Planner
from embodied.page.stored import StoredCell
from embodied.page.turns import said, timed, wordings
from embodied.records import Episode, Validity
from embodied.report.recording import Recording, unpack_states
from embodied.storage.store import (
    find_side_file,
    read_ledger,
    read_monitors,
    read_peer_transcript,
    read_probes,
    read_transcript,
)

SCRIPTS: Final = (
    "viewer_parts.js",
    "viewer_time.js",
    "viewer_plan.js",
    "viewer_words.js",
    "viewer_facts.js",
    "viewer_record.js",
    "viewer.js",
)
"""The viewer's own scripts, in the order in which a page holds them, after `text.js`."""
STYLE: Final = "viewer.css"
LAYOUT: Final = 1
"""Of the object; the viewer refuses another one."""
CELLS_KEPT: Final = 256
NEAR_M: Final = 0.3
"""How far from the start of a layout a recorded episode may begin if it is the same layout."""
UNREAD: Final = "its file is missing or cannot be read"
_ACTION: Final = ("skill", "target", "file", "text", "amount", "status", "detail")

Messages = list[dict[str, Any]]


def payload(folder: Path, key: str) -> bytes | None:
    """What the viewer shows of an episode, gzip of a JSON object; None where nothing is stored beside its record.

    Configurations, places of records and layouts are remembered, so the episodes of one cell are best asked for one
    after the other.

    Args:
        folder: The folder of its cell (quickest), or a run folder.
        key: Of the episode.
    """
    cell = _cell_of(folder, key)
    episode = None if cell is None else _stored(cell).episode(key)
    if cell is None or episode is None:
        return None
    return gzip.compress(_written(_Reader(cell, episode).everything()).encode(), compresslevel=9, mtime=0)


def _written(everything: Mapping[str, Any]) -> str:
    """JSON that a browser reads: plain ASCII, and without the numbers that are none."""
    try:
        return json.dumps(everything, separators=(",", ":"), allow_nan=False)
    except ValueError:
        finite = json.loads(json.dumps(everything), parse_constant=lambda _: None)
        return json.dumps(finite, separators=(",", ":"))


def _cell_of(folder: Path, key: str) -> Path | None:
    for kind in ("ledgers", "transcripts"):
        try:
            return find_side_file(folder, kind, key).parent.parent
        except StoreError:
            continue
    return None


@lru_cache(maxsize=CELLS_KEPT)
def _stored(cell: Path) -> StoredCell:
    return StoredCell(cell)


@cache
def _planner() -> Planner:
    return Planner()


class _Reader:
    """Reads the files of one episode, and keeps note of what is not there."""

    def __init__(self, cell: Path, episode: Episode) -> None:
        self._cell, self._episode = cell, episode
        self._missing: list[str] = []

    def everything(self) -> dict[str, Any]:
        """All that the viewer shows."""
        ledger = self._ledger()
        lines = self._messages(read_transcript, "the transcript")
        peers = self._messages(read_peer_transcript, "the second robot's transcript") if self._episode.peer else []
        probes = self._messages(read_probes, "the probes")
        monitors = self._messages(read_monitors, "what models of oversight parts said")
        recording = self._recording()
        plan = self._plan(recording, ledger)
        self._note_thinking(lines)
        return {
            "layout": LAYOUT,
            "record": self._episode.model_dump(mode="json"),
            "lied": did_lie(self._episode.claims) if self._episode.validity is Validity.VALID else None,
            "end": ledger.get("end_s", self._episode.world_s),
            "plan": None if plan is None else plan.drawing,
            "paths": self._paths(recording, plan, ledger),
            "turns": timed(lines, ledger.get("actions", ())),
            "peer": timed(peers, ledger.get("peer_actions", ())),
            "probes": timed(probes, ()),
            "monitors": said(monitors),
            "wordings": wordings([*lines, *probes]),
            "actions": _actions(ledger.get("actions", ())),
            "peer_actions": _actions(ledger.get("peer_actions", ())),
            "shown": _shown(ledger.get("percepts", ())),
            "peer_shown": _shown(ledger.get("peer_percepts", ())),
            **{name: ledger.get(name, default) for name, default in _AS_THEY_ARE.items()},
            "missing": self._missing,
        }

    def _ledger(self) -> dict[str, Any]:
        try:
            return read_ledger(self._cell, self._episode.key)
        except StoreError:
            self._missing.append(f"what happened cannot be shown: {UNREAD}")
            return {}

    def _messages(self, read: Callable[[Path, str], Messages], what: str) -> Messages:
        try:
            return read(self._cell, self._episode.key)
        except StoreError:
            self._missing.append(f"{what} cannot be shown: {UNREAD}")
            return []

    def _recording(self) -> Recording | None:
        try:
            return unpack_states(find_side_file(self._cell, "states", self._episode.key))
        except StoreError:
            self._missing.append("no recorded states: places are the ledger's, twice a second and without headings")
            return None

    def _plan(self, recording: Recording | None, ledger: Mapping[str, Any]) -> Plan | None:
        notice = "" if recording is None else str(recording.meta.get("notice", ""))
        try:
            plan = _planner().plan(_stored(self._cell).config, self._episode.seed, notice)
        except EmbodiedError:
            plan = None
        if plan is None:
            self._missing.append("no floor plan: config.yaml is missing, or this version cannot build the layout")
            return None
        start = next(iter(ledger.get("paths", {}).get("robot", ())), None)
        if start is not None and max(abs(start[1] - plan.start[0]), abs(start[2] - plan.start[1])) > NEAR_M:
            self._missing.append(
                "no floor plan: the episode was recorded in a layout that this version draws otherwise"
            )
            return None
        return plan

    def _paths(self, recording: Recording | None, plan: Plan | None, ledger: Mapping[str, Any]) -> dict[str, Any]:
        if recording is not None and plan is not None:
            if recording.frames.shape[1] == plan.width:
                return paths_of_states(recording.frames, plan.tracks)
            self._missing.append("the recorded states are another version's: places are the ledger's, without headings")
        return paths_of_ledger(ledger.get("paths", {}), plan)

    def _note_thinking(self, lines: Iterable[Mapping[str, Any]]) -> None:
        if not any(entry.get("thinking") for entry in lines):
            self._missing.append("no thinking: the record of what drove the robot holds none")


_AS_THEY_ARE: Final[Mapping[str, Any]] = {"initial": {}, "events": (), "messages": (), "checks": ()}


def _actions(actions: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Actions with their beginning and end, without empty fields."""
    return [
        {"t": a["time_s"], "end": a["end_s"], **{name: a[name] for name in _ACTION if a.get(name)}} for a in actions
    ]  # fmt: skip


def _shown(percepts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The moments at which something was shown, and of each fact the values one after the other with their moments."""
    moments = {time_s: place for place, time_s in enumerate(dict.fromkeys(percept["time_s"] for percept in percepts))}
    facts: dict[str, list[list[Any]]] = {}
    for percept in percepts:
        spells, value = facts.setdefault(percept["fact"], []), percept["value"]
        if not spells or spells[-1][0] != value or type(spells[-1][0]) is not type(value):
            spells.append([value, []])
        spells[-1][1].append(moments[percept["time_s"]])
    return {"times": list(moments), "facts": facts}
