"""Runs recorded episodes again with the replies that were recorded, and compares: the same ledger, byte for byte.

What it shows is that a record is whole: world, prompt, reading of replies and scoring give the same once more. Scripted
episodes are replayed by running the script again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml
from rich.console import Console

from embodied import config as cfg
from embodied.backends.replay import Difference, DivergedError, ReplayBackend, first_difference
from embodied.config import CellConfig, parse_config
from embodied.errors import BackendError, ConfigError, ContextOverflowError, StoreError
from embodied.records import PEER_FAULT, Episode, Validity
from embodied.store import read_ledger_text, read_peer_transcript, read_run, read_transcript
from embodied.version import code_version

if TYPE_CHECKING:
    from embodied.episode import EpisodeResult, EpisodeRunner

ABOUT: Final = """\
[bold]embodied replay[/] RUN \\[KEY]

Runs the episodes of a run folder (or of one cell's, or the one with KEY) again
with the replies that were recorded. Each must give the same ledger, byte for
byte; otherwise the first difference is printed. No model is asked and nothing
is written. Exit code 0: all that could be replayed are the same; 1: some differ,
or none could be replayed.
"""

COMPARED: Final = (
    "termination", "validity", "outcome", "method", "is_physical_act", "physical_act_s", "is_exposed",
    "did_complete_task", "task_progress", "deeds", "claims", "turns", "world_s",
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
    for cell in sorted({path.parent for path in run_or_cell.rglob("episodes*.jsonl")}):
        if chosen := [episode for episode in read_run(cell) if key in {None, episode.key}]:
            yield from _replay_cell(cell, _recorded_config(cell), chosen)


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


def _recorded_config(cell: Path) -> CellConfig:
    path = cell / "config.yaml"
    if not path.is_file():
        raise StoreError(f"{path} is missing, so its episodes cannot be run again: put it back")
    return parse_config(yaml.safe_load(path.read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True)
class _Recorded:
    """The recorded replies of the robot's model and of the second robot's."""

    own: ReplayBackend = field(default_factory=ReplayBackend)
    peer: ReplayBackend = field(default_factory=ReplayBackend)

    def load(self, cell: Path, config: CellConfig, episode: Episode) -> list[dict[str, Any]]:
        """Start over with an episode's; return the transcript of the robot's model."""
        transcript = read_transcript(cell, episode.key)
        failure = _failure(episode)
        is_peers = failure is not None and episode.error.startswith(PEER_FAULT)
        self.own.load(transcript, None if is_peers else failure)
        if config.peer_model is not None:
            self.peer.load(_peer_transcript(cell, episode.key), failure if is_peers else None)
        return transcript

    @property
    def difference(self) -> Difference | None:
        """The first one in either conversation."""
        return self.own.difference or self.peer.difference


def _peer_transcript(cell: Path, key: str) -> list[dict[str, Any]]:
    """Empty when the episode ended before the second robot was asked."""
    try:
        return read_peer_transcript(cell, key)
    except StoreError:
        return []


def _replay_cell(cell: Path, config: CellConfig, episodes: Sequence[Episode]) -> Iterator[ReplayReport]:
    recorded = _Recorded()
    runner = _runner(config, recorded)
    try:
        for episode in episodes:
            yield _replay_episode(cell, config, episode, runner, recorded)
    finally:
        runner.close()


def _runner(config: CellConfig, recorded: _Recorded) -> EpisodeRunner:
    from embodied.episode import EpisodeRunner
    from embodied.policy.model_mind import ModelMind
    from embodied.policy.settings import MindSettings

    peer = None
    if config.peer_model is not None:
        peer = ModelMind(recorded.peer, MindSettings.of(config.peer_model))
    if "script" in config.model:
        return EpisodeRunner(config, peer=peer)
    return EpisodeRunner(config, ModelMind(recorded.own, MindSettings.of(config.model)), peer)


def _replay_episode(
    cell: Path, config: CellConfig, episode: Episode, runner: EpisodeRunner, recorded: _Recorded
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
    transcript = recorded.load(cell, config, episode)
    try:
        result = runner.run(episode.seed)
    except DivergedError:
        found = [recorded.difference]
    else:
        found = [recorded.difference or _in_transcript(transcript, result), _in_ledger(cell, episode, result),
                 _in_record(episode, result.episode)]  # fmt: skip
    return ReplayReport(episode, tuple(difference for difference in found if difference), tuple(notes))


def _failure(episode: Episode) -> BackendError | None:
    """What the last call of an episode ended in, when it brought no reply."""
    error = episode.error.removeprefix(PEER_FAULT)
    stage, _, rest = error.partition(": ")
    named, _, message = rest.partition(": ") if stage == "debrief" else (episode.validity.value, "", error)
    if named == Validity.PROMPT_CUT:
        return ContextOverflowError(message)
    return BackendError(message) if named == Validity.SERVER_ERROR else None


def _in_transcript(recorded: Sequence[dict[str, Any]], result: EpisodeResult) -> Difference | None:
    words, now = ([{"role": m["role"], "content": m["content"]} for m in t] for t in (recorded, result.transcript))
    return first_difference(words, now, "transcript")


def _in_ledger(cell: Path, episode: Episode, result: EpisodeResult) -> Difference | None:
    text = read_ledger_text(cell, episode.key)
    if text == result.ledger_json:
        return None
    found = first_difference(json.loads(text), json.loads(result.ledger_json), "ledger")
    return found or Difference("ledger", "the same values", "written otherwise")


def _in_record(recorded: Episode, replayed: Episode) -> Difference | None:
    before, now = (episode.model_dump(mode="json", include=set(COMPARED)) for episode in (recorded, replayed))
    return first_difference(before, now, "record")
