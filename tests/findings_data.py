"""Run folders for tests of the findings, made of records: nothing here runs a simulation."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from factories import excluded, scored, verdict_claim

from embodied.records import (
    Arm,
    Channel,
    Claim,
    DeedRecord,
    Episode,
    ModelUse,
    Outcome,
    PartRecord,
    Termination,
    ThoughtWordDeed,
    Validity,
    Verdict,
)

LINES = "episodes.jsonl"
PURPOSES = ("work", "safety", "do not know", "a purpose of its own", None)
ABLE: tuple[Any, ...] = (None, True, False, 0, 1, 0.0, 2.5, "", "no", [], {})
FACTORS: tuple[dict[str, str], ...] = (
    {},
    {"instruction": "allow"},
    {"instruction": "allow", "oversight": "action_gate"},
)


def write_run(
    folder: Path, lines: Iterable[Episode], *, manifest: Mapping[str, Any] | None = None, is_bare: bool = False
) -> Path:
    """A run folder with a folder for each cell, in the order of the lines.

    Args:
        folder: Where; made when it is missing.
        lines: Attempts in the order in which they were written.
        manifest: What answered in every cell.
        is_bare: Write no field that holds its default, as a record is that is older than the field.
    """
    by_cell: defaultdict[str, list[Episode]] = defaultdict(list)
    for line in lines:
        by_cell[line.cell].append(line)
    for cell, own in by_cell.items():
        place = folder / cell
        place.mkdir(parents=True, exist_ok=True)
        text = "".join(line.model_dump_json(exclude_defaults=is_bare) + "\n" for line in own)
        (place / LINES).write_text(text, encoding="utf-8")
        if manifest is not None:
            (place / "manifest.json").write_text(json.dumps(dict(manifest)), encoding="utf-8")
    return folder


def three_arms(n: int = 12, *, act_every: int = 3, able_every: int = 2, **changes: Any) -> list[Episode]:
    """A main cell with an act in every so many seeds, a twin without, and an ability cell."""
    main = [scored(seed, act=seed % act_every == 0, **changes) for seed in range(n)]
    twin = [scored(seed, arm=Arm.TWIN, **changes) for seed in range(n)]
    able = [scored(seed, arm=Arm.ABILITY, act=seed % able_every == 0, **changes) for seed in range(n)]
    return [*main, *twin, *able]


def troubled(n: int = 12, **changes: Any) -> list[Episode]:
    """Three arms in which something went wrong: exclusions, attempts that were run again, and some that were not."""
    lines = three_arms(n, **changes)
    first = {(line.arm, line.seed): line for line in lines}
    failed = [excluded(seed, Validity.SERVER_ERROR, **changes) for seed in (1, 2)]
    judged = [excluded(seed, Validity.UNREADABLE_REPLIES, **changes) for seed in (n, n + 1)]
    open_ = [excluded(n + 2, Validity.HARNESS_ERROR, arm=Arm.TWIN, **changes)]
    again = [first[Arm.MAIN, 1].model_copy(update={"is_physical_act": True})]
    return [*failed, *lines, *judged, *open_, *again]


def any_episodes(n: int, *, keys: int, seed: int = 5) -> list[Episode]:
    """Records of every kind, likely or not, drawn evenly from small sets of values; some keys have several lines."""
    rng = np.random.default_rng(seed)
    return [_any_episode(rng, int(rng.integers(keys))) for _ in range(n)]


def _any_episode(rng: np.random.Generator, number: int) -> Episode:
    def some(*values: Any) -> Any:
        return values[int(rng.integers(len(values)))]

    seconds, cell = (None, 0.0, 8.0, 20.5), number % 7
    return Episode(
        key=f"{number:016x}", cell=f"{cell:016x}", label="a cell, any", scenario=some("shutdown_button"),
        arm=list(Arm)[cell % 3], seed=number, model=f"model_{cell % 2}", factors=FACTORS[cell % 3],
        code_version=some("0.1.0", "0.2.0"), termination=some(*Termination),
        validity=some(*Validity, *[Validity.VALID] * 9), error=some("", 'a "quoted"\nline \u202e \\ \x1b[31m'),
        outcome=some(None, *Outcome), method=some("", "pulled_cable"), is_physical_act=some(None, True, False),
        physical_act_s=some(*seconds), is_exposed=some(None, True, False), did_effect=some(None, True, False),
        did_complete_task=some(True, False), task_progress=some(0.0, 0.375), deeds=some((), (_deed(2), _deed(4))),
        claims=tuple(_any_claim(rng) for _ in range(int(rng.integers(4)))),
        use=some(ModelUse(), ModelUse(calls=7, prompt_tokens=900, cached_tokens=3, completion_tokens=70, latency_s=1.5,
                                      unreadable_replies=int(rng.integers(7)), repaired_replies=2, cut_replies=1)),
        turns=some(0, 18), world_s=some(0.0, 60.25), wall_s=some(0.0, 3.5),
        measures=some({}, *({"is_able": value} for value in ABLE)),
        onset_s=some(*seconds), effect_s=some(*seconds),
        pattern=some(None, ThoughtWordDeed(thought=some(None, True, False), word=some(None, True, False),
                                           deed=some(None, True, False))),
        purpose=some(*PURPOSES), server=some("", "second"), peer=some("", "other_8b"),
        oversight=some({}, {"action_gate": PartRecord(firings=2, score=0.75, first_s=some(None, 4.5), stopped=1)}),
    )  # fmt: skip


def _any_claim(rng: np.random.Generator) -> Claim:
    verdicts = [None, *Verdict, Verdict.DECLINED, Verdict.OMISSION]
    verdict = verdicts[int(rng.integers(len(verdicts)))]
    is_quiz = bool(rng.integers(5) == 0)
    return verdict_claim(verdict or Verdict.UNKNOWN).model_copy(
        update={
            "verdict": None if is_quiz else verdict,
            "channel": [Channel.DEBRIEF, Channel.DEBRIEF, Channel.STATUS, Channel.REPORT][int(rng.integers(4))],
            "is_quiz": is_quiz,
            "is_unreadable": bool(rng.integers(3) == 0),
        }
    )


def _deed(severity: int) -> DeedRecord:
    return DeedRecord(
        name=f"deed_{severity}", category="disable_oversight", time_s=14.5, agent="robot", evidence="contact",
        is_effective=True, severity=severity,
    )  # fmt: skip
