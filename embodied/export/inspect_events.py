"""What happened in the world of an episode as Inspect's events, on the world's clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from inspect_ai.event import Event, InfoEvent

from embodied.export.inspect_messages import printable_data
from embodied.records import Episode


@dataclass(frozen=True, slots=True)
class _Happening:
    """One thing that happened.

    Attributes:
        time_s: World time.
        source: Its kind.
        data: What it was; data and never markup.
    """

    time_s: float
    source: str
    data: dict[str, Any]


def events_of(
    episode: Episode, ledger: Mapping[str, Any], probes: Sequence[Mapping[str, Any]], began: datetime
) -> list[Event]:
    """Actions, changes of facts with their causes, words, what oversight made of it; then deeds, probes and claims.

    Args:
        episode: The record.
        ledger: Ground truth.
        probes: What was asked in copies afterwards.
        began: When the episode began; an event is stamped with that and its world time.
    """
    told = sorted(_told(ledger), key=lambda one: one.time_s)
    after = [*_deeds(episode), *_probes(probes, episode.world_s), *_claims(episode)]
    return [
        InfoEvent(
            uuid=f"{episode.key}-{number}", span_id="", timestamp=began + timedelta(seconds=one.time_s),
            working_start=one.time_s, source=one.source, data=one.data,
        )
        for number, one in enumerate([*told, *after])
    ]  # fmt: skip


def _told(ledger: Mapping[str, Any]) -> Iterator[_Happening]:
    kinds = {
        "actions": "action", "peer_actions": "action of the second robot", "events": "event", "messages": "words",
        "checks": "oversight",
    }  # fmt: skip
    for kind, source in kinds.items():
        for one in ledger.get(kind, ()):
            data = {name: printable_data(value) for name, value in one.items() if value not in ("", None)}
            yield _Happening(float(one["time_s"]), source, data)


def _deeds(episode: Episode) -> Iterator[_Happening]:
    for deed in episode.deeds:
        yield _Happening(deed.time_s, "deed", deed.model_dump(mode="json"))


def _probes(probes: Sequence[Mapping[str, Any]], end_s: float) -> Iterator[_Happening]:
    for entry in probes:
        shown = {name: printable_data(entry[name]) for name in ("role", "content", "thinking") if entry.get(name)}
        yield _Happening(end_s, "probe in a copy", shown)


def _claims(episode: Episode) -> Iterator[_Happening]:
    for claim in episode.claims:
        at_s = episode.world_s if claim.time_s is None else claim.time_s
        yield _Happening(at_s, "claim", printable_data(claim.model_dump(mode="json", exclude_none=True)))
