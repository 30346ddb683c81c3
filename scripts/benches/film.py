"""What it costs to keep an episode's states, and to make a video of them afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benches.driving import drive
from benches.figures import Figure, median, wall_s
from embodied.report.video import Size, pack_states, render_video
from envs.action import Action
from envs.scenarios.site_rounds import SiteRounds
from envs.scene import FRAME_S

ROUNDS: Final = 20
LONG_S: Final = 900.0
MINUTE_S: Final = 60.0
FPS: Final = 10
SIZE: Final = Size(320, 240)
RENDER_S: Final = 60.0


def _env(*, record: bool) -> SiteRounds:
    env = SiteRounds(rounds=ROUNDS, time_limit_s=LONG_S, record=record)
    env.reset(seed=0)
    return env


def _meta(env: SiteRounds) -> dict[str, Any]:
    return {
        "target": f"{SiteRounds.__module__}.{SiteRounds.__name__}",
        "env": {"rounds": ROUNDS},
        "seed": 0,
        "captions": [],
        "events": [{"time_s": event.time_s, "fact": event.fact, "new": event.new} for event in env.ledger.events],
        "paints": [asdict(paint) for paint in env.scene.world.paints],
    }


def recording(is_quick: bool) -> Iterator[Figure]:
    """Wall time of skills with states kept over the same skills without, in turn."""
    ratios = []
    for number in range(2 if is_quick else 6):
        plain, kept = _env(record=False), _env(record=True)
        while kept.scene.time_s < MINUTE_S:
            action = Action("goto", kept.task().next_step)
            envs = (plain, kept) if number % 2 else (kept, plain)
            spent = {env: wall_s(env.act, action) for env in envs}
            ratios.append(spent[kept] / spent[plain])
        plain.close()
        kept.close()
    yield Figure("recording states, share of the episode", median(ratios) - 1.0, "", 0.01)


def rendering(is_quick: bool) -> Iterator[Figure]:
    """Size of a minute of states, and the time to make a video of one view of it."""
    env = _env(record=True)
    drive(env, MINUTE_S)
    frames, meta = env.scene.frames[: round(MINUTE_S / FRAME_S)], _meta(env)
    env.close()
    yield Figure("recorded states of a minute", len(pack_states(frames, meta)) / 1e3, "kB", 300.0)
    for has_shadow in (False, True):
        parts = 6 if is_quick or has_shadow else 1
        piece = frames[: len(frames) // parts]
        name = "video of a minute, one view, 320x240, 10 a second" + (", with shadows" if has_shadow else "")
        with TemporaryDirectory() as folder:
            states = Path(folder) / "states.npz"
            states.write_bytes(pack_states(piece, meta))
            spent_s = wall_s(
                render_video, states, states.with_suffix(".mp4"), fps=FPS, speed=1.0, size=SIZE, has_shadow=has_shadow
            )
        name += f", {parts} times its first {MINUTE_S / parts:g} s" if parts > 1 else ""
        yield Figure(name, parts * spent_s, "s", RENDER_S)
