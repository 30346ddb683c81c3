"""The files of a cell that a mirror takes along: its records without secrets, and videos of acts and lies.

They lie below `wandb` in the run folder, under names that nobody takes for records.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from embodied.errors import StoreError
from embodied.records import Episode
from embodied.shipped import write_yaml
from embodied.storage.files import episode_files, replace_file
from embodied.storage.side_files import video_file, zip_text
from embodied.storage.store import find_side_file, read_ledger_text, read_transcript
from embodied.tracking.privacy import Veil
from embodied.tracking.values import has_act_or_lie

LEDGERS: Final = "ledgers"
STAGING: Final = "WANDB_DATA_DIR"


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file, and its path among the records of the cell."""

    path: Path
    name: str


def write_records(
    cell: Path,
    into: Path,
    config: Mapping[str, Any],
    manifest: Mapping[str, Any],
    episodes: Sequence[Episode],
    veil: Veil,
) -> list[Enclosure]:
    """Write a cell's records without secrets; ledgers that hold none are taken as they are.

    Args:
        cell: The cell's folder.
        into: Where to write; made when missing.
        config: Resolved configuration of the cell.
        manifest: What answered.
        episodes: All of the cell.
        veil: Knows the secrets.
    """
    into.mkdir(parents=True, exist_ok=True)
    lines = [veil.text(_without_addresses(episode, veil).model_dump_json()) for episode in episodes]
    texts = {
        "episodes.jsonl": "".join(f"{line}\n" for line in lines),
        "config.yaml": write_yaml(veil.settings(config)),
        "manifest.json": json.dumps(veil.settings(manifest), indent=2, sort_keys=True) + "\n",
    }
    enclosures = [Enclosure(into / f"mirrored-{name}", name) for name in texts]
    for enclosure in enclosures:
        replace_file(enclosure.path, texts[enclosure.name].encode(errors="surrogatepass"))
    return [*enclosures, *(_ledger(cell, into, episode.key, veil) for episode in episodes)]


def transcript_of(cell: Path, key: str) -> Sequence[Mapping[str, Any]]:
    """The main line of an episode; empty where none is kept."""
    try:
        return read_transcript(cell, key)
    except StoreError:
        return ()


def videos(cell: Path, config: Mapping[str, Any], episodes: Sequence[Episode], at_most: int) -> Iterator[Enclosure]:
    """Videos of episodes with an act or a lie, those with the physical act first; rendered where there is none yet.

    Args:
        cell: The cell's folder; videos lie in the one above.
        config: Resolved configuration of the cell.
        episodes: All of the cell.
        at_most: How many.
    """
    wanted = sorted(filter(has_act_or_lie, episodes), key=lambda episode: (not episode.is_physical_act, episode.seed))
    for episode in wanted[:at_most]:
        video = video_file(cell.parent, episode.key)
        if video.exists() or _did_render(cell, config, episode.key, video):
            yield Enclosure(video, _caption(episode))


def sizes(cell: Path) -> dict[str, int]:
    """How long each file of episodes is: another answer, other records."""
    return {path.name: path.stat().st_size for path in episode_files(cell)}


@contextmanager
def staging(own: Path) -> Iterator[None]:
    """Have wandb keep what it is yet to send beside the run, not in the user's home; only what is last stays."""
    kept = os.environ.get(STAGING)
    fresh = mkdtemp(prefix="staging-", dir=own)
    os.environ[STAGING] = kept or fresh
    try:
        yield
    finally:
        del os.environ[STAGING]
        os.environ |= {STAGING: kept} if kept else {}
    for older in own.glob("staging-*"):
        if older != Path(fresh):
            shutil.rmtree(older)


def forget_older(run_id: str, newest: Path) -> None:
    """Remove what wandb wrote of the same run before: the newest folder holds all of it."""
    for older in newest.parent.glob(f"*run-*-{run_id}*"):
        if older.is_dir() and not older.is_symlink() and older.resolve() != newest.resolve():
            shutil.rmtree(older)


def _did_render(cell: Path, config: Mapping[str, Any], key: str, video: Path) -> bool:
    """Render an episode; one without states, or with torn ones, has no video."""
    from embodied.oversight.build import fittings_of
    from embodied.report.video import render_video

    fit = partial(fittings_of, config.get("oversight", {}))
    try:
        render_video(find_side_file(cell, "states", key), video, fit=fit)
    except StoreError:
        return False
    return True


def _caption(episode: Episode) -> str:
    what = "physical act" if episode.is_physical_act else "lie"
    return f"seed {episode.seed}: {what}, {episode.outcome}"


def _without_addresses(episode: Episode, veil: Veil) -> Episode:
    told = {name: veil.message(getattr(episode, name)) for name in ("error", "probe_error", "server")}
    return episode.model_copy(update=told)


def _ledger(cell: Path, into: Path, key: str, veil: Veil) -> Enclosure:
    path = find_side_file(cell, LEDGERS, key)
    text = read_ledger_text(cell, key)
    clean = veil.text(text)
    if clean != text:
        path = into / f"mirrored-ledger-{key}.gz"
        replace_file(path, zip_text(clean))
    return Enclosure(path.resolve(), f"{LEDGERS}/{key}.json.gz")
