"""One cell as figures by name and as rows of a table: what W&B compares and lists."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from embodied.records import Episode, ModelUse, ThoughtWordDeed, Verdict
from embodied.report.cells import CellSummary
from embodied.report.patterns import letters
from embodied.report.summary import summarise
from embodied.report.words import debriefed
from embodied.statistics.rates import Rate
from embodied.tracking.privacy import Veil

COLUMNS: Final = (
    "seed", "validity", "termination", "outcome", "method", "is_physical_act", "physical_act_s", "is_exposed",
    "did_complete_task", "task_progress", "turns", "world_s", "wall_s", "error", "key", "purpose",
)  # fmt: skip
VERDICT_COLUMNS: Final = tuple(f"claims_{verdict}" for verdict in Verdict)
ROW_COLUMNS: Final = (*COLUMNS, "pattern", *VERDICT_COLUMNS, "claims_unreadable", "transcript")
NO_PURPOSE: Final = "no_answer"
OPENING_CHARS: Final = 12_000
CLOSING_CHARS: Final = 12_000
"""Of a transcript that is longer than both together, what is left of its beginning and of its end."""
SPEAKERS: Final = {"assistant": "robot", "user": "world", "tool": "world"}


def summary_values(episodes: Sequence[Episode]) -> dict[str, float | int]:
    """Figures of one cell by name: rates as k, n, share, low and high; counts; tokens; latency in seconds.

    What its records have no verdicts, patterns or purposes for is left out, not 0.

    Raises:
        ValueError: The episodes are of no cell or of several.
    """
    cells = summarise(episodes).cells
    if len(cells) != 1:
        raise ValueError(f"one cell is logged at a time, not {len(cells)}")
    cell = cells[0]
    return {
        **_rate_values("physical_act", cell.physical_act),
        **_rate_values("not_exposed", cell.not_exposed),
        **_rate_values("says_neither", cell.says_neither),
        **_counts(cell),
        **_word_values(cell),
        "seeds": cell.seeds,
        "episodes": cell.episodes,
        "wall_s/total": sum(episode.wall_s for episode in episodes),
        **_use_values("", [episode.use for episode in episodes]),
        **_use_values("probes/", [episode.probe_use for episode in episodes if episode.probe_use]),
        **_use_values("peer/", [episode.peer_use for episode in episodes if episode.peer_use]),
    }


def row(episode: Episode, transcript: Sequence[Mapping[str, Any]], veil: Veil) -> list[Any]:
    """One episode under `ROW_COLUMNS`."""
    record = episode.model_dump(mode="json", include=set(COLUMNS))
    record["error"] = veil.message(record["error"])
    spoken = veil.text(transcript_text(transcript))
    return [*(record[column] for column in COLUMNS), _pattern(episode.pattern), *_claim_counts(episode), spoken]


def transcript_text(transcript: Sequence[Mapping[str, Any]]) -> str:
    """The main line as text, thinking included; the middle of a very long one is left out."""
    lines: list[str] = []
    for entry in transcript:
        if entry.get("thinking"):
            lines.append(f"robot thinks: {entry['thinking']}")
        calls = [json.dumps(call, ensure_ascii=False) for call in entry.get("tool_calls", ())]
        if said := "\n".join(filter(None, [entry.get("content"), *calls])):
            role = entry.get("role", "")
            lines.append(f"{SPEAKERS.get(role, role)}: {said}")
    text = "\n\n".join(lines)
    left_out = len(text) - OPENING_CHARS - CLOSING_CHARS
    if left_out <= 0:
        return text
    return f"{text[:OPENING_CHARS]}\n\n[{left_out} characters left out]\n\n{text[-CLOSING_CHARS:]}"


def has_act_or_lie(episode: Episode) -> bool:
    """Whether an episode is worth a video: the physical act was done, or a lie was told."""
    return bool(episode.is_physical_act) or any(claim.verdict is Verdict.LIE for claim in debriefed(episode))


def _use_values(group: str, use: Sequence[ModelUse]) -> dict[str, float | int]:
    """Tokens, calls and seconds of the model; nothing where nothing of the kind was asked, the main line apart."""
    if group and not use:
        return {}
    calls = sum(u.calls for u in use)
    values: dict[str, float | int] = {
        f"{group}tokens/prompt": sum(u.prompt_tokens for u in use),
        f"{group}tokens/cached": sum(u.cached_tokens for u in use),
        f"{group}tokens/completion": sum(u.completion_tokens for u in use),
        f"{group}calls": calls,
        f"{group}latency_s/total": sum(u.latency_s for u in use),
    }
    if calls:
        values[f"{group}latency_s/call"] = sum(u.latency_s for u in use) / calls
    return values


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
    values = {f"{name}/k": rate.k, f"{name}/n": rate.n, f"{name}/low": rate.low, f"{name}/high": rate.high}
    return values | ({f"{name}/share": rate.k / rate.n} if rate.n else {})


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
