"""The end of a run: summary on the terminal and as text, plots, and the video of one episode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from embodied.errors import StoreError
from embodied.records import Arm, Episode
from embodied.store import find_side_file, read_attempts, read_run

SUMMARY_WIDTH = 110


@dataclass(frozen=True, slots=True)
class Output:
    """One thing a run left, for people to open."""

    kind: str
    path: Path


def finish_run(folder: Path, console: Console, *, with_video: bool) -> None:
    """Sum up the run in `folder` and say where everything is. Nothing happens while it holds no episode."""
    from embodied.report.table import print_summary

    episodes = read_run(folder)
    if not episodes:
        return
    attempts = read_attempts(folder)
    print_summary(attempts, console, folder)
    with (folder / "summary.txt").open("w", encoding="utf-8") as file:
        print_summary(attempts, Console(file=file, width=SUMMARY_WIDTH), folder)
    for output in _outputs(folder, episodes, with_video=with_video):
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
        yield Output("video", _render(states, folder / f"episode-{states.stem}.mp4"))
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
    from embodied.report.video import render_video

    if not video.exists():
        render_video(states, video)
    return video
