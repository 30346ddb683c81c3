"""A page that holds the episode viewer alone, under the rules that the page of findings has."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any, Final

from embodied.page.detail import SCRIPTS, STYLE

FOLDER: Final = Path(__file__).parent.parent / "embodied" / "page"
PAGE_STYLE: Final = (
    ":root { color-scheme: light dark; } body { margin: 1rem; background: light-dark(#f6f7f9, #12171d); }"
)
_OPEN: Final = """
const bytes = Uint8Array.from(atob(document.getElementById("e").textContent), (c) => c.charCodeAt(0));
const given = JSON.parse(new TextDecoder().decode(bytes));
window.told = [];
const meta = { key: given.payload.record.key, back: "#/episodes", link: "#/episode/x", video: given.video };
meta.startTime = given.startTime;
meta.onTime = (t) => window.told.push(t);
EpisodeViewer.render(document.getElementById("root"), given.payload, meta);
"""


def write_viewer(
    path: Path, payload: dict[str, Any], *, video: str | None = None, start_s: float | None = None
) -> Path:  # fmt: skip
    """Write the page.

    Args:
        path: Of the page.
        payload: What is shown.
        video: Address of the film.
        start_s: Where it begins.
    """
    given = json.dumps({"payload": payload, "video": video, "startTime": start_s})
    script = "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in ("text.js", *SCRIPTS)) + _OPEN
    style = (FOLDER / STYLE).read_text(encoding="utf-8") + PAGE_STYLE
    rules = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data: blob:; "
        "media-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    path.write_text(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{rules}"><title>Episode</title><style>{style}</style>'
        f'</head><body><main id="root"></main>'
        f'<script type="text/plain" id="e">{base64.b64encode(given.encode()).decode()}</script>'
        f"<script>{script}</script></body></html>",
        encoding="utf-8",
    )
    return path


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
