"""Flat records as plain data, quickly: a ledger holds thousands of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any


def plainly(kind: type) -> Callable[[Any], dict[str, Any]]:
    """What turns a flat record of a dataclass into plain data, its fields in their order."""
    names = tuple(field.name for field in fields(kind))
    read = attrgetter(*names)
    return lambda record: dict(zip(names, read(record), strict=True))
