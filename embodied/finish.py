"""The end of a run: summary on the terminal and as text, plots, and the video of one episode."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console

from embodied.errors import StoreError
from embodied.records import Arm, Episode
from embodied.storage.files import count_lines, episode_files, faults_in_one_line, replace_file
from embodied.storage.side_files import video_file
from embodied.storage.store import find_side_file, latest, read_attempts

SUMMARY_WIDTH: Final = 110
MOST_ATTEMPTS: Final = 20_000
"""Of a larger run the records are not taken into memory at its end; `embodied report` need not do that."""


@dataclass(frozen=True, slots=True)
class Output:
    """One thing a run left, for people to open."""

    kind: str
    path: Path


def finish_run(folder: Path, console: Console, *, with_video: bool) -> None:
    """Sum up the run in `folder` and say where everything is. Nothing happens while it holds no episode.

    Several sweeps that share the folder may each do so at their end: every file is made of all that is there by then.

    Raises:
        StoreError: The disk is full, or the folder cannot be used.
    """
    with faults_in_one_line(folder):
        n_attempts = sum(count_lines(path) for path in episode_files(folder, is_deep=True))
        if n_attempts > MOST_ATTEMPTS:
            _show(Output("records", folder), console)
            line = f"{n_attempts:,} attempts; for the findings: embodied report {folder}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        elif n_attempts:
            _sum_up(folder, console, with_video=with_video)


def _sum_up(folder: Path, console: Console, *, with_video: bool) -> None:
    from embodied.report.table import print_summary

    attempts = read_attempts(folder)
    print_summary(attempts, console, folder)
    text = io.StringIO()
    print_summary(attempts, Console(file=text, width=SUMMARY_WIDTH), folder)
    replace_file(folder / "summary.txt", text.getvalue().encode())
    for output in _outputs(folder, list(latest(attempts).values()), with_video=with_video):
        _show(output, console)


def _show(output: Output, console: Console) -> None:
    console.print(f"{output.kind:8} {output.path}", markup=False, highlight=False, soft_wrap=True)


def _outputs(folder: Path, episodes: list[Episode], *, with_video: bool) -> Iterator[Output]:
    from embodied.report.frontier_plot import plot_frontier
    from embodied.report.plot import plot_summary
    from embodied.report.roc_plot import plot_roc
    from embodied.report.survival_plot import plot_survival

    yield Output("records", folder)
    yield Output("table", folder / "summary.txt")
    plot_summary(episodes, folder / "summary.png")
    yield Output("plot", folder / "summary.png")
    if plot_survival(episodes, folder / "survival.png"):
        yield Output("curves", folder / "survival.png")
    if plot_frontier(episodes, folder / "frontier.png"):
        yield Output("frontier", folder / "frontier.png")
    if plot_roc(episodes, folder / "roc.png"):
        yield Output("ROC", folder / "roc.png")
    states = _chosen_states(folder, episodes)
    if with_video and states is not None:
        yield Output("video", _render(states, video_file(folder, states.stem)))
    if runs := sorted(folder.rglob("offline-run-*")):
        yield Output("W&B", runs[-1])


def _chosen_states(folder: Path, episodes: Iterable[Episode]) -> Path | None:
    """Recorded states of the episode worth seeing: one with the physical act, in main where possible."""
    ranked = sorted(episodes, key=lambda e: (not e.is_physical_act, e.arm is not Arm.MAIN, e.cell, e.seed))
    for episode in ranked:
        try:
            return find_side_file(folder, "states", episode.key)
        except StoreError:
            continue
    return None


def _render(states: Path, video: Path) -> Path:
    from embodied.recorded import recorded_fittings
    from embodied.report.video import render_video

    if not video.exists():
        render_video(states, video, fit=partial(recorded_fittings, states.parent.parent))
    return video
