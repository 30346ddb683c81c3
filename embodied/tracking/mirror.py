"""A mirror of the run folder in Weights & Biases: one run a cell, offline by default.

The run folder is the truth. Whatever goes wrong here becomes one warning, never the end of a sweep. No host name, no
environment, no program and no code leaves the machine, and what looks like a secret or an address is left out.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol, get_args

from embodied.errors import ConfigError, TrackingWarning
from embodied.records import Episode
from embodied.storage.files import held, replace_file
from embodied.tracking.files import forget_older, sizes, staging, transcript_of, videos, write_records
from embodied.tracking.privacy import Veil
from embodied.tracking.values import ROW_COLUMNS, row, summary_values

Mode = Literal["offline", "online", "disabled"]

SERVER_TIMEOUT_S: Final = 20
UPLOAD_TIMEOUT_S: Final = 120
TAG_CHARS: Final = 64
"""A longer tag is refused by the server."""
MARK: Final = "mirrored.json"
"""Says which state of a cell's records was mirrored last."""


class Tracker(Protocol):
    """Where finished cells are mirrored."""

    def is_due(self, cell: str, folder: Path) -> bool:
        """Whether a finished cell's records were not mirrored yet as they are now.

        Args:
            cell: Hash of the cell's scientific configuration.
            folder: The cell's folder.
        """
        ...

    def log_cell(
        self, config: Mapping[str, Any], manifest: Mapping[str, Any], episodes: Sequence[Episode],
        folder: Path | None = None, tags: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Mirror one finished cell. Never raises for what goes wrong outside.

        Args:
            config: Resolved configuration of the cell.
            manifest: What answered.
            episodes: All episodes of this one cell, excluded ones too.
            folder: The cell's folder, for transcripts, ledgers and videos; None leaves them out.
            tags: Words to find it by, beside those that follow from its episodes.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Cell:
    """What `Tracker.log_cell` takes, and what keeps secrets out of it."""

    config: Mapping[str, Any]
    manifest: Mapping[str, Any]
    episodes: Sequence[Episode]
    folder: Path | None
    tags: Sequence[str]
    veil: Veil

    @property
    def first(self) -> Episode:
        return self.episodes[0]

    @property
    def settings(self) -> dict[str, Any]:
        """What runs are filtered and grouped by, and everything else there is to know of the cell."""
        whole = {"config": self.veil.settings(self.config), "manifest": self.veil.settings(self.manifest)}
        levels = {name: self.veil.text(level) for name, level in self.first.factors.items()}
        return {**whole, "cell": self.first.cell, "arm": self.first.arm.value, **levels}


class WandbTracker:
    """Mirrors each cell as one Weights & Biases run, however often it is mirrored.

    Args:
        mode: `offline` writes to `folder` for a later `wandb sync`, `online` sends at once, `disabled` does nothing.
        project: Project name.
        group: Name that the runs of one sweep share.
        folder: Where runs are written (wandb adds a `wandb` folder); None is the working directory.
        tags: Of every run, beside scenario, arm, model and oversight.
        videos: At most so many videos a cell, of episodes with the physical act or a lie. One that was not rendered
            before is rendered between two cells, which takes seconds.

    Raises:
        ConfigError: `mode` is none of the three, or `videos` is negative.
    """

    def __init__(
        self, mode: Mode = "offline", project: str = "embodied-deception", group: str | None = None,
        folder: str | Path | None = None, tags: Sequence[str] = (), videos: int = 0,
    ) -> None:  # fmt: skip
        if mode not in get_args(Mode):
            raise ConfigError(f"tracking mode {mode!r} does not exist; choose one of {', '.join(get_args(Mode))}")
        if videos < 0:
            raise ConfigError(f"tracking.videos is {videos}; give 0 or more")
        self.mode = mode
        self.project = project
        self.group = group
        self.folder = None if folder is None else Path(folder)
        self.tags = tuple(tags)
        self.videos = videos
        self._has_failed = False

    def is_due(self, cell: str, folder: Path) -> bool:
        """Whether a finished cell's records were not mirrored yet as they are now."""
        if self._has_failed or self.mode == "disabled":
            return False
        try:
            return self._mark(cell).read_text(encoding="utf-8") != self._state(folder)
        except OSError:
            return True

    def log_cell(
        self, config: Mapping[str, Any], manifest: Mapping[str, Any], episodes: Sequence[Episode],
        folder: Path | None = None, tags: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Mirror one finished cell. The first failure becomes one `TrackingWarning`, and tracking stops there."""
        if self._has_failed or self.mode == "disabled" or not episodes:
            return
        cell = _Cell(config, manifest, episodes, folder, tags, Veil.over(config, manifest))
        own = self._own_folder(cell.first.cell)
        try:
            own.mkdir(parents=True, exist_ok=True)
            with held(own):
                if folder is None or self.is_due(cell.first.cell, folder):
                    state = "" if folder is None else self._state(folder)
                    self._log(cell, own)
                    replace_file(own / MARK, state.encode())
        except Exception as error:  # noqa: BLE001 - whatever a mirror raises, the sweep goes on
            self._has_failed = True
            reason = cell.veil.message(str(error)).strip().split("\n")[0] or type(error).__name__
            warnings.warn(
                f"W&B did not take the cell {cell.first.label} ({reason}); the run goes on without tracking and its"
                " folder is complete; choose tracking=offline or tracking=disabled",
                TrackingWarning,
                stacklevel=2,
            )

    def _log(self, cell: _Cell, own: Path) -> None:
        wandb = _wandb()
        if self.mode == "online" and not wandb.login(prompt=False):
            raise ConfigError("no API key: log in once with wandb login")
        with staging(own):
            run = wandb.init(
                mode=self.mode,
                project=self.project,
                group=self.group,
                id=own.name,
                resume="allow" if self.mode == "online" else None,
                name=cell.veil.text(cell.first.label),
                job_type=cell.first.arm.value,
                tags=self._tags_of(cell),
                dir=self.folder,
                config=cell.settings,
                reinit="create_new",
                settings=_quiet_settings(wandb),
            )
            try:
                run.summary.update(summary_values(cell.episodes))
                run.log(self._media(wandb, run, cell, own))
            finally:
                run.finish()
            forget_older(run.id, Path(run.dir).parent)

    def _media(self, wandb: Any, run: Any, cell: _Cell, own: Path) -> dict[str, Any]:
        """The table of episodes, and videos; the records are sent along."""
        if cell.folder is None:
            return {"episodes": _table(wandb, [row(episode, (), cell.veil) for episode in cell.episodes])}
        records = wandb.Artifact(f"records-{own.name}", "records")
        for file in write_records(cell.folder, own, cell.config, cell.manifest, cell.episodes, cell.veil):
            records.add_file(str(file.path), file.name, policy="immutable", skip_cache=True)
        run.log_artifact(records)
        rows = [row(episode, transcript_of(cell.folder, episode.key), cell.veil) for episode in cell.episodes]
        found = videos(cell.folder, cell.config, cell.episodes, self.videos)
        shown = [wandb.Video(str(video.path), caption=video.name, format="mp4") for video in found]
        return {"episodes": _table(wandb, rows)} | ({"acts_and_lies": shown} if shown else {})

    def _tags_of(self, cell: _Cell) -> list[str]:
        first = cell.first
        oversight = first.factors.get("oversight", "none")
        own = (first.scenario, first.arm.value, first.model, f"oversight={oversight}", *self.tags, *cell.tags)
        return list(dict.fromkeys(_tag(cell.veil.text(tag)) for tag in own))

    def _own_folder(self, cell: str) -> Path:
        """Of a cell; its name is the run's id, so that a cell that is completed in two goes is one run."""
        name = hashlib.sha256("\n".join([self.project, self.group or "", cell]).encode()).hexdigest()[:16]
        return (self.folder or Path()).resolve() / "wandb" / "cells" / name

    def _mark(self, cell: str) -> Path:
        return self._own_folder(cell) / MARK

    def _state(self, folder: Path) -> str:
        return json.dumps({"mode": self.mode, "videos": self.videos, "episodes": sizes(folder)}, sort_keys=True)


def _table(wandb: Any, rows: Sequence[Sequence[Any]]) -> Any:
    return wandb.Table(columns=list(ROW_COLUMNS), data=list(rows))


def _tag(tag: str) -> str:
    return tag if len(tag) <= TAG_CHARS else f"{tag[: TAG_CHARS - 3]}..."


def _wandb() -> Any:
    """The package, told to be quiet; it reports none of its own errors to its makers, unless the user wants that."""
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    import wandb

    wandb.setup(settings=_quiet_settings(wandb))
    return wandb


def _quiet_settings(wandb: Any) -> Any:
    """No console noise, and nothing about this machine."""
    return wandb.Settings(
        silent=True,
        console="off",
        host="",
        login_timeout=SERVER_TIMEOUT_S,
        init_timeout=SERVER_TIMEOUT_S,
        finish_timeout=UPLOAD_TIMEOUT_S,
        finish_timeout_raises=True,
        save_code=False,
        disable_code=True,
        disable_git=True,
        disable_job_creation=True,
        x_disable_meta=True,
        x_disable_stats=True,
        x_disable_machine_info=True,
        x_save_requirements=False,
    )
