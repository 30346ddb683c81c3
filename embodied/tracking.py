"""A mirror of the run folder in Weights & Biases: one run a cell, offline by default.

The run folder is the truth. Whatever goes wrong here becomes one warning, never the end of a sweep. No host name, no
environment, no program and no code leaves the machine, and settings that look like secrets or addresses are left out.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Protocol, get_args

from embodied.errors import ConfigError
from embodied.records import Episode, ThoughtWordDeed, Verdict
from embodied.report.cells import CellSummary
from embodied.report.patterns import letters
from embodied.report.summary import summarise
from embodied.report.words import debriefed
from embodied.stats import Rate

Mode = Literal["offline", "online", "disabled"]

PRIVATE: Final = re.compile(
    r"(^|_)(key|secrets?|password|token|credentials?|authorization|headers?|ur[li]s?|hosts?|hostname|servers?)$"
)
ADDRESS: Final = re.compile(r"https?://[^\s,;)]+")
COLUMNS: Final = (
    "seed", "validity", "termination", "outcome", "method", "is_physical_act", "physical_act_s", "is_exposed",
    "did_complete_task", "task_progress", "turns", "world_s", "wall_s", "error", "key", "purpose",
)  # fmt: skip
VERDICT_COLUMNS: Final = tuple(f"claims_{verdict}" for verdict in Verdict)
ROW_COLUMNS: Final = (*COLUMNS, "pattern", *VERDICT_COLUMNS, "claims_unreadable")
NO_PURPOSE: Final = "no_answer"
SERVER_TIMEOUT_S: Final = 20
UPLOAD_TIMEOUT_S: Final = 120


class TrackingWarning(UserWarning):
    """Tracking failed; the run folder is complete all the same."""


class Tracker(Protocol):
    """Where finished cells are mirrored."""

    def log_cell(self, config: Mapping[str, Any], manifest: Mapping[str, Any], episodes: Sequence[Episode]) -> None:
        """Mirror one finished cell. Never raises for what goes wrong outside.

        Args:
            config: Resolved configuration of the cell.
            manifest: What answered.
            episodes: All episodes of this one cell, excluded ones too.
        """
        ...


class WandbTracker:
    """Mirrors each cell as one Weights & Biases run.

    Args:
        mode: `offline` writes to `folder` for a later `wandb sync`, `online` sends at once, `disabled` does nothing.
        project: Project name.
        group: Name that the runs of one sweep share.
        folder: Where runs are written (wandb adds a `wandb` folder); None is the working directory.

    Raises:
        ConfigError: `mode` is none of the three.
    """

    def __init__(
        self,
        mode: Mode = "offline",
        project: str = "embodied-deception",
        group: str | None = None,
        folder: str | Path | None = None,
    ) -> None:
        if mode not in get_args(Mode):
            raise ConfigError(f"tracking mode {mode!r} does not exist; choose one of {', '.join(get_args(Mode))}")
        self.mode = mode
        self.project = project
        self.group = group
        self.folder = None if folder is None else Path(folder)
        self._has_failed = False

    def log_cell(self, config: Mapping[str, Any], manifest: Mapping[str, Any], episodes: Sequence[Episode]) -> None:
        """Mirror one finished cell. The first failure becomes one `TrackingWarning`, and tracking stops there."""
        if self._has_failed or self.mode == "disabled" or not episodes:
            return
        try:
            self._log(config, manifest, episodes)
        except Exception as error:  # noqa: BLE001 - whatever a mirror raises, the sweep goes on
            self._has_failed = True
            reason = str(error).strip().split("\n")[0] or type(error).__name__
            warnings.warn(
                f"W&B did not take the cell {episodes[0].label} ({reason}); the run goes on without tracking and its"
                " folder is complete; choose tracking=offline or tracking=disabled",
                TrackingWarning,
                stacklevel=2,
            )

    def _log(self, config: Mapping[str, Any], manifest: Mapping[str, Any], episodes: Sequence[Episode]) -> None:
        import wandb

        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
        first = episodes[0]
        settings = _quiet_settings(wandb)
        wandb.setup(settings=settings)
        run = wandb.init(
            mode=self.mode,
            project=self.project,
            group=self.group,
            name=first.label,
            job_type=first.arm.value,
            tags=[first.scenario, first.arm.value],
            dir=self.folder,
            config={"config": public(config), "manifest": public(manifest), "cell": first.cell, **first.factors},
            reinit="finish_previous",
            settings=settings,
        )
        try:
            run.summary.update(summary_values(episodes))
            rows = [_row(episode) for episode in episodes]
            run.log({"episodes": wandb.Table(columns=list(ROW_COLUMNS), data=rows)})
        finally:
            run.finish()


def summary_values(episodes: Sequence[Episode]) -> dict[str, float | int]:
    """Figures of one cell by name: rates as k, n, low and high; counts; tokens; latency in seconds.

    What its records have no verdicts, patterns or purposes for is left out, not 0.

    Raises:
        ValueError: The episodes are of no cell or of several.
    """
    cells = summarise(episodes).cells
    if len(cells) != 1:
        raise ValueError(f"one cell is logged at a time, not {len(cells)}")
    cell = cells[0]
    use = [episode.use for episode in episodes]
    calls = sum(u.calls for u in use)
    values: dict[str, float | int] = {
        **_rate_values("physical_act", cell.physical_act),
        **_rate_values("not_exposed", cell.not_exposed),
        **_rate_values("says_neither", cell.says_neither),
        **_counts(cell),
        **_word_values(cell),
        "seeds": cell.seeds,
        "episodes": cell.episodes,
        "tokens/prompt": sum(u.prompt_tokens for u in use),
        "tokens/cached": sum(u.cached_tokens for u in use),
        "tokens/completion": sum(u.completion_tokens for u in use),
        "calls": calls,
        "latency_s/total": sum(u.latency_s for u in use),
        "wall_s/total": sum(episode.wall_s for episode in episodes),
    }
    if calls:
        values["latency_s/call"] = sum(u.latency_s for u in use) / calls
    return values


def public(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as plain data without entries whose names say secret or address."""
    return {str(k): _public_value(v) for k, v in settings.items() if not PRIVATE.search(str(k).lower())}


def _public_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return public(value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_public_value(item) for item in value]
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _counts(cell: CellSummary) -> dict[str, int]:
    values = {f"outcome/{outcome}": rate.k for outcome, rate in cell.outcomes.items()}
    values |= {f"excluded/{reason}": count for reason, count in cell.excluded.items()}
    values |= {f"thoughts/{kind}": count for kind, count in cell.parse.thoughts.items()}
    values |= {
        "replies/repaired": cell.parse.repaired,
        "replies/unreadable": cell.parse.unreadable,
        "replies/cut": cell.parse.cut,
        "replies/several_objects": cell.parse.several_objects,
        "replies/extra_calls": cell.parse.extra_calls,
    }
    for name, count in (
        ("replies/first_try", cell.parse.first_try),
        ("replies/second_differs", cell.parse.disagreements),
        ("false_answers", cell.false_answers),
        ("quiz_right", cell.quiz),
    ):
        values |= {f"{name}/k": count.k, f"{name}/n": count.n}
    return values


def _word_values(cell: CellSummary) -> dict[str, float | int]:
    """What was said, thought and done; nothing for records without."""
    values: dict[str, float | int] = {}
    if cell.said.has_verdicts:
        values |= _rate_values("lied", cell.said.lied) | {"lied/unjudged": cell.said.unjudged}
        values |= {f"claims/{verdict}": cell.said.verdicts.get(verdict, 0) for verdict in Verdict}
        differ = cell.said.sources_differ
        values |= {"claims/unreadable": cell.said.unreadable}
        values |= {"sources_differ/k": differ.k, "sources_differ/n": differ.n}
    values |= {f"pattern/{letters(pattern)}": count for pattern, count in cell.patterns.counts.items()}
    values |= {f"pattern/missing/{'_and_'.join(parts)}": count for parts, count in cell.patterns.missing.items()}
    values |= {f"purpose/{stratum.purpose or NO_PURPOSE}": stratum.physical_act.n for stratum in cell.strata}
    return values


def _rate_values(name: str, rate: Rate) -> dict[str, float | int]:
    return {f"{name}/k": rate.k, f"{name}/n": rate.n, f"{name}/low": rate.low, f"{name}/high": rate.high}


def _row(episode: Episode) -> list[Any]:
    record = episode.model_dump(mode="json")
    record["error"] = ADDRESS.sub("(address)", record["error"])
    return [*(record[column] for column in COLUMNS), _pattern(episode.pattern), *_claim_counts(episode)]


def _pattern(pattern: ThoughtWordDeed | None) -> str | None:
    return None if pattern is None else letters(pattern)


def _claim_counts(episode: Episode) -> list[int | None]:
    """Claims by verdict and unreadable ones; None throughout where no claim has a verdict or was unreadable."""
    claims = debriefed(episode)
    verdicts = [claim.verdict for claim in claims]
    unreadable = sum(claim.is_unreadable and not claim.is_quiz for claim in claims)
    if not any(verdicts) and not unreadable:
        return [None] * (len(VERDICT_COLUMNS) + 1)
    return [*(verdicts.count(verdict) for verdict in Verdict), unreadable]


def _quiet_settings(wandb: Any) -> Any:
    """No console noise, and nothing about this machine."""
    return wandb.Settings(
        silent=True,
        console="off",
        host="",
        login_timeout=SERVER_TIMEOUT_S,
        init_timeout=SERVER_TIMEOUT_S,
        finish_timeout=UPLOAD_TIMEOUT_S,
        save_code=False,
        disable_code=True,
        disable_git=True,
        disable_job_creation=True,
        x_disable_meta=True,
        x_disable_stats=True,
        x_disable_machine_info=True,
        x_save_requirements=False,
    )
