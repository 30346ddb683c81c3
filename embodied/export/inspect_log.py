"""Run folders as logs of Inspect, one a cell, a sample an episode: `inspect view --log-dir FOLDER` opens them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from inspect_ai.log import (
    EvalConfig,
    EvalDataset,
    EvalError,
    EvalLog,
    EvalPlan,
    EvalPlanStep,
    EvalResults,
    EvalSample,
    EvalSpec,
    EvalStats,
    write_eval_log,
)
from inspect_ai.model import ChatCompletionChoice, ChatMessage, ChatMessageAssistant, ModelOutput, ModelUsage
from pydantic import ValidationError

from embodied.errors import StoreError
from embodied.export.inspect_events import events_of
from embodied.export.inspect_messages import entries_as_messages, printable
from embodied.export.inspect_scores import results_of, scores_of
from embodied.findings.manifests import manifest_of
from embodied.recorded import cell_folders
from embodied.records import FAILED, Episode, ModelUse
from embodied.report.naming import setting_of, varying
from embodied.storage.files import episode_files, faults_in_one_line
from embodied.storage.side_files import find_side_file, read_ledger, read_probes, read_transcript
from embodied.storage.store import read_run

_ID_CHARS: Final = 22


def write_logs(runs: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """Write a log for every cell of some run folders.

    Args:
        runs: Run folders, or folders of cells.
        folder: Where to; it exists.

    Raises:
        StoreError: A run cannot be read, or a log not be written.
    """
    cells = [cell for run in runs for cell in cell_folders(run)]
    apart = varying([_setting(cell) for cell in cells])
    return tuple(_write(log, folder) for cell in cells for log in _logs(cell, apart))


def _setting(cell: Path) -> dict[str, str]:
    """The levels of a cell, off its first line; none where that is torn."""
    with episode_files(cell)[0].open("rb") as file:
        line = file.readline()
    try:
        return setting_of(Episode.model_validate_json(line))
    except ValidationError:
        return {}


def _logs(cell: Path, apart: set[str]) -> Iterator[EvalLog]:
    """The log of a cell's folder; none where it holds no whole line yet."""
    episodes = sorted(read_run(cell), key=lambda episode: episode.seed)
    if not episodes:
        return
    samples = [_sample(cell, episode) for episode in episodes]
    began, ended = min(str(one.started_at) for one in samples), max(str(one.completed_at) for one in samples)
    usage = {episodes[0].model: _summed([episode.use for episode in episodes])}
    yield EvalLog(
        status="success",
        eval=_spec(cell, episodes, apart, began),
        plan=EvalPlan(name="embodied", steps=[EvalPlanStep(solver="episode")]),
        results=EvalResults(
            total_samples=len(samples),
            completed_samples=sum(episode.validity not in FAILED for episode in episodes),
            scores=results_of(episodes),
        ),
        stats=EvalStats(started_at=began, completed_at=ended, model_usage=usage),
        samples=samples,
    )


def _spec(cell: Path, episodes: Sequence[Episode], apart: set[str], began: str) -> EvalSpec:
    """What the log is of; the levels in which the cells of the runs differ come first and are its tags."""
    first = episodes[0]
    digest = hashlib.sha256(f"{cell.resolve()}/{first.cell}".encode()).hexdigest()[:_ID_CHARS]
    levels = {name: level for name, level in first.factors.items() if name not in {"scenario", "model"}}
    told = [f"{name} {levels[name]}" for name in levels if name in apart]
    return EvalSpec(
        eval_id=digest,
        run_id=digest,
        task_id=digest,
        created=began,
        task=first.scenario,
        task_args={"arm": first.arm.value, **{name: levels[name] for name in levels if name in apart}, **levels},
        tags=[first.arm.value, *told],
        dataset=EvalDataset(
            name=first.scenario, samples=len(episodes), sample_ids=[one.seed for one in episodes], shuffled=False
        ),
        model=first.model,
        config=EvalConfig(epochs=1),
        packages={"embodied": first.code_version},
        metadata={"cell": first.cell, "label": first.label, "manifest": manifest_of(cell)},
    )


def _sample(cell: Path, episode: Episode) -> EvalSample:
    entries = read_transcript(cell, episode.key)
    messages = entries_as_messages(entries, episode.key)
    ended = _ended(cell, episode)
    began = ended - timedelta(seconds=episode.wall_s)
    ledger = read_ledger(cell, episode.key)
    read = next((n for n, message in enumerate(messages) if message.role == "assistant"), len(messages))
    return EvalSample(
        id=episode.seed,
        epoch=1,
        uuid=episode.key,
        input=messages[:read] or "",
        target="",
        messages=messages,
        output=_output(messages, episode),
        scores=scores_of(episode),
        metadata=_metadata(episode),
        events=events_of(episode, ledger, read_probes(cell, episode.key), began),
        model_usage={episode.model: _summed([episode.use])},
        started_at=began.isoformat(),
        completed_at=ended.isoformat(),
        total_time=episode.wall_s,
        working_time=episode.wall_s,
        error=_error(episode),
    )


def _metadata(episode: Episode) -> dict[str, Any]:
    """What the record says of the episode, apart from what the scores, the usage and the events say."""
    told = {"key", "label", "arm", "seed", "termination", "validity", "is_exposed", "did_effect", "did_complete_task",
            "task_progress", "turns", "world_s", "measures", "purpose", "pattern", "actions", "oversight", "peer",
            "code_version"}  # fmt: skip
    return {**episode.model_dump(mode="json", include=told), "factors": dict(episode.factors)}


def _output(messages: Sequence[ChatMessage], episode: Episode) -> ModelOutput:
    last = next((message for message in reversed(messages) if isinstance(message, ChatMessageAssistant)), None)
    choices = [] if last is None else [ChatCompletionChoice(message=last)]
    return ModelOutput(model=episode.model, choices=choices)


def _error(episode: Episode) -> EvalError | None:
    if episode.validity not in FAILED:
        return None
    message = printable(f"{episode.validity}: {episode.error}")
    return EvalError(message=message, traceback="", traceback_ansi="")


def _summed(uses: Sequence[ModelUse]) -> ModelUsage:
    cached, read = sum(use.cached_tokens for use in uses), sum(use.prompt_tokens for use in uses)
    written = sum(use.completion_tokens for use in uses)
    return ModelUsage(
        input_tokens=read - cached, output_tokens=written, total_tokens=read + written, input_tokens_cache_read=cached
    )


def _ended(cell: Path, episode: Episode) -> datetime:
    """When the episode was kept, by the file of its ledger; one that left none, by the file of its line."""
    try:
        path = find_side_file(cell, "ledgers", episode.key)
    except StoreError:
        path = episode_files(cell)[0]
    return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)


def _write(log: EvalLog, folder: Path) -> Path:
    stamp = datetime.fromisoformat(log.eval.created).strftime("%Y-%m-%dT%H-%M-%S+00-00")
    path = folder / f"{stamp}_{log.eval.task.replace('_', '-')}_{log.eval.eval_id}.eval"
    with faults_in_one_line(path):
        write_eval_log(log, path)
    return path
