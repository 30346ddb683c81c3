"""Runs recorded episodes again with the replies that were recorded, and compares: the same ledger, byte for byte.

What it shows is that a record is whole: world, prompt, reading of replies and scoring give the same once more. Scripted
episodes are replayed by running the script again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from embodied import config as cfg
from embodied.backends.replay import ABSENT, Difference, DivergedError, first_difference
from embodied.config import CellConfig
from embodied.errors import ConfigError, StoreError
from embodied.policy.probes import ProbesConfig
from embodied.recorded import cell_folders, recorded_config
from embodied.records import Episode, Validity
from embodied.storage.store import read_ledger_text, read_monitors, read_probes, read_run, read_transcript
from embodied.version import code_version

if TYPE_CHECKING:
    from embodied.episode import EpisodeResult, EpisodeRunner
    from embodied.replaying.tapes import Tapes

ABOUT: Final = """\
[bold]embodied replay[/] RUN \\[KEY]

Runs the episodes of a run folder (or of one cell's, or the one with KEY) again
with the replies that were recorded. Each must give the same ledger, byte for
byte; otherwise the first difference is printed. No model is asked and nothing
is written. Exit code 0: all that could be replayed are the same; 1: some
differ, or none could be replayed.
"""

COMPARED: Final = (
    "termination", "validity", "outcome", "method", "is_physical_act", "physical_act_s", "is_exposed",
    "did_complete_task", "task_progress", "deeds", "claims", "turns", "world_s", "actions", "onset_s",
    "effect_s", "purpose", "probe_error",
)  # fmt: skip
"""What a record says of an episode itself, apart from how long it took and by which code it was run."""


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What became of one episode.

    Attributes:
        episode: The record.
        differences: The first one in the transcript, in the ledger and in the record; empty when all are the same.
        notes: What else there is to know: another code version, or why nothing was replayed.
        is_replayed: Whether it was run again at all.
    """

    episode: Episode
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    is_replayed: bool = True

    @property
    def is_same(self) -> bool:
        """Whether it was run again and nothing differs."""
        return self.is_replayed and not self.differences

    def __str__(self) -> str:
        """One line."""
        found = [str(difference) for difference in self.differences]
        what = "same" if self.is_same else "differs" if found else "not replayed"
        return f"{self.episode.key} {self.episode.label} seed {self.episode.seed}: " + "; ".join(
            [what, *found, *self.notes]
        )


def replay(run_or_cell: Path, key: str | None = None) -> list[ReplayReport]:
    """Replay recorded episodes.

    Args:
        run_or_cell: A run folder or a cell's.
        key: One episode; None for all.

    Raises:
        StoreError: There is no such episode, or its files cannot be read.
        ConfigError: The recorded configuration no longer fits the code.
    """
    return list(replay_each(run_or_cell, key))


def replay_each(run_or_cell: Path, key: str | None = None) -> Iterator[ReplayReport]:
    """Replay recorded episodes one by one. Arguments and errors as in `replay`."""
    recorded = {episode.key for episode in read_run(run_or_cell)}
    if not recorded or key not in {None, *recorded}:
        what = f"no episode {key}: episodes.jsonl lists the keys there are" if key and recorded else "no episodes"
        raise StoreError(f"{run_or_cell} holds {what}")
    for cell in cell_folders(run_or_cell):
        if chosen := [episode for episode in read_run(cell) if key in {None, episode.key}]:
            yield from _replay_cell(cell, recorded_config(cell), chosen)


def main(arguments: Sequence[str]) -> int:
    """`embodied replay RUN [KEY]`: print one line an episode and return the exit code."""
    console = Console()
    if {"-h", "--help"} & set(arguments):
        console.print(ABOUT, highlight=False)
        return 0
    if len(arguments) not in {1, 2} or any(argument.startswith("-") for argument in arguments):
        raise ConfigError(
            "replay takes a run folder and, if you like, the key of one episode: embodied replay RUN [KEY]"
        )
    n_all = n_replayed = n_same = n_different = 0
    for report in replay_each(Path(arguments[0]), *arguments[1:]):
        console.print(str(report), markup=False, highlight=False, soft_wrap=True)
        n_all += 1
        n_replayed += report.is_replayed
        n_same += report.is_same
        n_different += bool(report.differences)
    console.print(f"{n_replayed} of {n_all} replayed, {n_same} the same", highlight=False)
    return int(n_different > 0 or n_replayed == 0)


def _asked_probes(config: CellConfig, probes: Sequence[dict[str, Any]]) -> ProbesConfig:
    """Which probes were asked; none in records that are older than they."""
    channels = {entry["form"]["channel"] for entry in probes if "form" in entry}
    return config.probes.model_copy(update={"belief": "belief" in channels, "purpose": "purpose" in channels})


def _replay_cell(cell: Path, config: CellConfig, episodes: Sequence[Episode]) -> Iterator[ReplayReport]:
    from embodied.replaying.tapes import Tapes

    tapes = Tapes()
    runner = _runner(config, tapes)
    try:
        for episode in episodes:
            yield _replay_episode(cell, config, episode, runner, tapes)
    finally:
        runner.close()


def _runner(config: CellConfig, tapes: Tapes) -> EpisodeRunner:
    from embodied.episode import EpisodeRunner
    from embodied.policy.model_mind import ModelMind
    from embodied.policy.settings import MindSettings

    peer = None
    if config.peer_model is not None:
        peer = ModelMind(tapes.peer, MindSettings.of(config.peer_model))
    if "script" in config.model:
        return EpisodeRunner(config, peer=peer, parts=tapes.parts_of(config))
    own = ModelMind(tapes.own, MindSettings.of(config.model))
    return EpisodeRunner(config, own, peer, tapes.parts_of(config))


def _replay_episode(
    cell: Path, config: CellConfig, episode: Episode, runner: EpisodeRunner, tapes: Tapes
) -> ReplayReport:
    notes = [] if episode.code_version == code_version() else [
        f"recorded by code version {episode.code_version}, replayed by {code_version()}"
    ]  # fmt: skip
    if episode.validity is Validity.HARNESS_ERROR:
        return ReplayReport(episode, notes=(*notes, f"it had failed: {episode.error}"), is_replayed=False)
    now = cfg.cell_hash(config)
    if now != episode.cell:
        return ReplayReport(
            episode, (Difference("config.yaml: its hash", episode.cell, now),), tuple(notes), is_replayed=False
        )
    try:
        found = _differences(cell, config, episode, runner, tapes)
    except StoreError as error:
        unread = Difference("files of the episode", "cannot be read", ABSENT)
        return ReplayReport(episode, (unread,), (*notes, str(error)), is_replayed=False)
    return ReplayReport(episode, tuple(difference for difference in found if difference), tuple(notes))


def _differences(
    cell: Path, config: CellConfig, episode: Episode, runner: EpisodeRunner, tapes: Tapes
) -> list[Difference | None]:
    tapes.load(cell, config, episode)
    probes = read_probes(cell, episode.key)
    try:
        result = runner.run(episode.seed, _asked_probes(config, probes))
    except DivergedError:
        return [tapes.difference]
    return [tapes.difference or _in_transcripts(cell, episode, result), _in_ledger(cell, episode, result),
            _in_record(episode, result.episode)]  # fmt: skip


def _in_transcripts(cell: Path, episode: Episode, result: EpisodeResult) -> Difference | None:
    recorded = read_transcript(cell, episode.key)
    words, now = ([{"role": m["role"], "content": m["content"]} for m in t] for t in (recorded, result.transcript))
    probes = read_probes(cell, episode.key)
    found = first_difference(words, now, "transcript") or first_difference(probes, list(result.probes), "probes")
    return found or first_difference(read_monitors(cell, episode.key), list(result.monitors), "monitors")


def _in_ledger(cell: Path, episode: Episode, result: EpisodeResult) -> Difference | None:
    text = read_ledger_text(cell, episode.key)
    if text == result.ledger_json:
        return None
    found = first_difference(json.loads(text), json.loads(result.ledger_json), "ledger")
    return found or Difference("ledger", "the same values", "written otherwise")


def _in_record(recorded: Episode, replayed: Episode) -> Difference | None:
    before = recorded.model_dump(mode="json", include=set(COMPARED), exclude_unset=True)
    now = _fields_of(before, replayed.model_dump(mode="json", include=set(COMPARED)))
    return first_difference(before, now, "record")


def _fields_of(recorded: Any, value: Any) -> Any:
    """A value without the fields that the record does not have: it may be older than they."""
    if isinstance(recorded, dict) and isinstance(value, dict):
        return {name: _fields_of(recorded[name], value[name]) for name in value if name in recorded}
    if isinstance(recorded, list) and isinstance(value, list):
        common = [_fields_of(one, other) for one, other in zip(recorded, value, strict=False)]
        return common + value[len(common) :]
    return value
