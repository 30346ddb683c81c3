"""What a manifest says of the model itself, whichever server it is on and whenever it was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

WEIGHTS: Final = (
    "digest", "quantization", "template_sha256", "peer.digest", "peer.quantization", "peer.template_sha256",
)  # fmt: skip
"""What makes it another model than the one whose episodes are already there."""

SERVING: Final = (
    "backend", "model", *WEIGHTS, "options", "think", "server_version", "n_ctx", "loaded.context_length",
    "prompt_check", "capabilities.prompt_check", "peer.backend", "peer.model", "peer.options", "peer.think",
    "peer.server_version", "peer.n_ctx",
)  # fmt: skip
"""What servers of one model, and one server before and after it was away, must agree in: the model, the window, and how
a cut prompt would be noticed. A dot leads into an entry."""

MONITORS: Final = "oversight"
"""Where a manifest holds those of the models of oversight parts, by part: they must stay the same as well."""

_UNSAID: Final = object()


def name_change(before: Mapping[str, Any], now: Mapping[str, Any], names: Sequence[str]) -> str:
    """The first of `names` under which two manifests say different things, with both; "" when there is none.

    Only what both of them say is compared.
    """
    for name in names:
        one, other = _said(before, name), _said(now, name)
        if _UNSAID not in (one, other) and one != other:
            return f"{name}: {one!s:.80} and {other!s:.80}"
    monitors, others = before.get(MONITORS) or {}, now.get(MONITORS) or {}
    changes = ((part, name_change(monitors[part], others[part], names)) for part in monitors if part in others)
    return next((f"{MONITORS}.{part}.{change}" for part, change in changes if change), "")


def _said(manifest: Mapping[str, Any], name: str) -> Any:
    """What stands under a name; `_UNSAID` where nothing does, or where an entry that a dot leads into holds None."""
    entry, dot, key = name.partition(".")
    if not dot:
        return manifest.get(name, _UNSAID)
    facts = manifest.get(entry)
    value = facts.get(key) if isinstance(facts, Mapping) else None
    return _UNSAID if value is None else value
