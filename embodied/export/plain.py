"""Findings as plain data: one JSON file, the same keys in the same order every time."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from embodied.findings.records import BesideReference, Findings
from embodied.storage.files import faults_in_one_line, replace_file

UNTESTED: Final = frozenset({"p_value", "test"})
"""What is left out of a difference between a published figure and one of ours: they live in different worlds."""


def write_json(findings: Findings, folder: Path) -> Path:
    """Write `findings.json`, with the version of its schema.

    Args:
        findings: All of it.
        folder: Where to; it exists.

    Raises:
        StoreError: It cannot be written.
    """
    path = folder / "findings.json"
    text = json.dumps(plain(findings), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    with faults_in_one_line(path):
        replace_file(path, text.encode(errors="backslashreplace") + b"\n")
    return path


def plain(value: Any) -> Any:
    """A record as plain data. What is no number is null; shares are between 0 and 1, times in seconds."""
    if isinstance(value, BaseModel):
        return plain(value.model_dump())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    if isinstance(value, Mapping):
        return {str(_scalar(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Decimal) else value


def _fields(record: Any) -> dict[str, Any]:
    found = {field.name: plain(getattr(record, field.name)) for field in dataclasses.fields(record)}
    return found | {"difference": _untested(found["difference"])} if isinstance(record, BesideReference) else found


def _untested(difference: dict[str, Any] | None) -> dict[str, Any] | None:
    if difference is None:
        return None
    return {name: value for name, value in difference.items() if name not in UNTESTED}
