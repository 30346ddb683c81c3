"""What a manifest says of the model itself, whichever server it is on and whenever it was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

WEIGHTS: Final = ("digest", "quantization", "template_sha256")
"""What makes it another model than the one whose episodes are already there."""

SERVING: Final = ("backend", "model", *WEIGHTS, "options", "think")
"""What servers of one model, and one server before and after it was away, must agree in."""


def name_change(before: Mapping[str, Any], now: Mapping[str, Any], names: Sequence[str]) -> str:
    """The first of `names` under which two manifests say different things, with both; "" when there is none.

    Only what both of them say is compared.
    """
    changed = (name for name in names if name in before and name in now and before[name] != now[name])
    return next((f"{name}: {before[name]!s:.80} and {now[name]!s:.80}" for name in changed), "")
