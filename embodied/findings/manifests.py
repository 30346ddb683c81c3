"""What answered in each cell, by the manifests in the cells' folders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import duckdb

from embodied.findings.query import rows
from embodied.storage.same_model import read_manifest
from embodied.tracking.privacy import Veil

_SHORT: Final = 12

Manifest = Mapping[str, Any]


def manifests_of(tables: duckdb.DuckDBPyConnection) -> dict[str, Manifest]:
    """One manifest a model, by its name; where weights of several digests answered to it, one each.

    Raises:
        StoreError: A manifest cannot be read.
    """
    found: defaultdict[str, dict[str, Manifest]] = defaultdict(dict)
    for row in rows(tables, "SELECT model, path FROM lines GROUP BY ALL ORDER BY min(rowid)"):
        if manifest := manifest_of(Path(row["path"]).parent):
            found[row["model"]].setdefault(str(manifest.get("digest", "")), manifest)
    return {
        model if len(own) == 1 else f"{model} ({digest.removeprefix('sha256:')[:_SHORT] or 'no digest'})": manifest
        for model, own in found.items()
        for digest, manifest in own.items()
    }


def manifest_of(cell: Path) -> Manifest:
    """What answered in a cell's folder and not where, as others may read it; empty where nothing says so.

    Raises:
        StoreError: It cannot be read.
    """
    return Veil().settings(read_manifest(cell))
