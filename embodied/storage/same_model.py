"""One run, one model of a name: it may stand for other weights on another day, or on another machine."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from embodied.backends.identity import WEIGHTS, name_change
from embodied.errors import ConfigError, StoreError
from embodied.storage.files import episode_files

_NAMED: Final = ("backend", "model", "think")
"""What a manifest calls a model."""


def refuse_other_model(
    manifest: Mapping[str, Any], cells: Iterable[Path], own: Collection[Path], advice: str = "give another run.name"
) -> None:
    """See that the episodes of cells are of the model that answers now, where both bear one name.

    Args:
        manifest: What answers now, or answered elsewhere.
        cells: Folders of cells that it is to lie beside.
        own: Those that are of its own cell, whatever it calls its model.
        advice: How to keep them apart.

    Raises:
        ConfigError: It is another model.
        StoreError: A manifest cannot be read.
    """
    for cell in sorted(cells):
        before = read_manifest(cell)
        is_named_so = "model" in manifest and "model" in before and not name_change(before, manifest, _NAMED)
        change = name_change(before, manifest, WEIGHTS) if cell in own or is_named_so else ""
        if change and any(file.stat().st_size for file in episode_files(cell)):
            raise ConfigError(f"{cell} holds episodes of another model ({change}); keep them apart: {advice}")


def read_manifest(cell: Path) -> dict[str, Any]:
    """What answered in a cell's folder; empty where nothing says so.

    Raises:
        StoreError: It cannot be read.
    """
    path = cell / "manifest.json"
    try:
        manifest: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{path} cannot be read ({' '.join(str(error).split())}); put it back, or delete it"
        ) from error
    if not isinstance(manifest, dict):
        raise StoreError(f"{path} is no manifest; put it back, or delete it")
    return manifest
