"""What is kept beside the line of an episode, one file of a kind: where it is, how it is written and read back."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from embodied.errors import StoreError

KINDS: Final = ("ledgers", "transcripts", "peer_transcripts", "probes", "monitors", "states")
"""Folders of a cell that hold them."""
RESCORED: Final = "rescored.jsonl"
"""Beside the episodes of a cell: one line for each change that rescoring made."""
_LEVEL: Final = 4
"""Of compression: a third of the time of the highest, for a tenth more bytes."""
_SAFE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def side_file(folder: Path, kind: str, key: str) -> Path:
    """Where an episode's file of `kind` is in a cell's folder, whether there is one or not.

    Raises:
        StoreError: The key cannot name a file.
    """
    return folder / kind / (f"{safe_name(key)}.npz" if kind == "states" else f"{safe_name(key)}.json.gz")


def video_file(run: Path, key: str) -> Path:
    """Where an episode's video is in a run folder, whether there is one or not."""
    return run / f"episode-{key}.mp4"


def safe_name(name: str) -> str:
    """The name itself, which comes from outside.

    Raises:
        StoreError: It cannot name a file.
    """
    if not _SAFE_NAME.fullmatch(name):
        raise StoreError(f"{name!r} cannot name a file; use letters, digits, dot, dash and underscore")
    return name


def zip_text(text: str) -> bytes:
    """Compressed; the same text always gives the same bytes."""
    return gzip.compress(text.encode(errors="surrogatepass"), _LEVEL, mtime=0)


def zip_messages(messages: Sequence[Mapping[str, Any]]) -> bytes:
    """Messages as compressed JSON."""
    return zip_text(json.dumps(list(messages), ensure_ascii=False))


def read_ledger(folder: Path, key: str) -> dict[str, Any]:
    """Ledger of one episode as plain data; `folder` is a run folder or a cell's.

    Raises:
        StoreError: There is none, or it cannot be read.
    """
    ledger: dict[str, Any] = _load(find_side_file(folder, "ledgers", key))
    return ledger


def read_ledger_text(folder: Path, key: str) -> str:
    """Ledger of one episode as it was written, to be compared byte for byte. Arguments, errors: `read_ledger`."""
    return _unzip(find_side_file(folder, "ledgers", key))


def read_transcript(folder: Path, key: str) -> list[dict[str, Any]]:
    """Transcript of one episode, oldest message first. Arguments and errors as in `read_ledger`."""
    transcript: list[dict[str, Any]] = _load(find_side_file(folder, "transcripts", key))
    return transcript


def read_peer_transcript(folder: Path, key: str) -> list[dict[str, Any]]:
    """Transcript of the model that drove the second robot. Arguments and errors as in `read_ledger`."""
    transcript: list[dict[str, Any]] = _load(find_side_file(folder, "peer_transcripts", key))
    return transcript


def read_probes(folder: Path, key: str) -> list[dict[str, Any]]:
    """Messages of an episode's probes; empty where none were asked, as in older records.

    Raises:
        StoreError: They cannot be read.
    """
    return _read_if_any(folder, "probes", key)


def read_monitors(folder: Path, key: str) -> list[dict[str, Any]]:
    """Messages of the models of an episode's oversight parts, part by part; empty where none were asked.

    Raises:
        StoreError: They cannot be read.
    """
    return _read_if_any(folder, "monitors", key)


def find_side_file(folder: Path, kind: str, key: str) -> Path:
    """Path of an episode's file of `kind` (a folder of a cell: `ledgers`, ...) in a run folder or a cell's.

    Raises:
        StoreError: There is none.
    """
    path = _look_up(folder, kind, key)
    if path is None:
        raise StoreError(f"{folder} holds no {side_file(Path(), kind, key)}; episodes.jsonl lists the keys there are")
    return path


def _read_if_any(folder: Path, kind: str, key: str) -> list[dict[str, Any]]:
    path = _look_up(folder, kind, key)
    messages: list[dict[str, Any]] = [] if path is None else _load(path)
    return messages


def _look_up(folder: Path, kind: str, key: str) -> Path | None:
    name = str(side_file(Path(), kind, key))
    if (folder / "ledgers").is_dir():
        return path if (path := folder / name).is_file() else None
    found = sorted(folder.glob(f"*/{name}")) or sorted(folder.rglob(name))
    return next((path for path in found if path.is_file()), None)


def _load(path: Path) -> Any:
    with _readable(path):
        return json.loads(_unzip(path))


def _unzip(path: Path) -> str:
    with _readable(path):
        return gzip.decompress(path.read_bytes()).decode(errors="surrogatepass")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise StoreError(f"{path} cannot be read ({error}); delete its episode's line to have it run again") from error
