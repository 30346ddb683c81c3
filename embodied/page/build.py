"""The page of findings: one HTML file that opens from disk, asks the network for nothing, and runs no foreign script.

Whatever comes out of records is escaped, and its control characters are made visible. The page's own scripts and styles
are allowed by their hashes and nothing else is.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from embodied.errors import StoreError
from embodied.findings.records import MEASURES, Findings, PooledEffect
from embodied.page import svg, views
from embodied.page.definitions import TESTS, WORDS
from embodied.page.detail import SCRIPTS, STYLE
from embodied.page.highlights import highlights
from embodied.page.index import Candidate, Index, index_of
from embodied.page.links import episodes_link, figure_link, measured_link, pairs_link, scored_link
from embodied.page.packed import Attached, attached, films
from embodied.page.shown import visible
from embodied.page.videos import act_and_lie_videos
from embodied.report.layout import p_text, words
from embodied.statistics.rates import IndependentDifference, PairedDifference, Rate, format_difference, rate
from embodied.storage.files import faults_in_one_line, replace_file

FOLDER: Final = Path(__file__).parent
OWN_SCRIPTS: Final = ("text.js", *SCRIPTS, "data.js", "list.js", "tables.js", "page.js")
FINE_FROM: Final = 1000
"""Episodes from which on an interval is written with a decimal."""
OWN_STYLES: Final = ("page.css", "list.css", STYLE)


@dataclass(frozen=True, slots=True)
class PageOptions:
    """What the page carries.

    Attributes:
        keys: Episodes that get a page of their own before all others.
        most: At most so many pages of episodes; None for as many as fit. A page takes some hundredths of a second.
        is_flagged_only: Whether only flagged episodes (an act, a lie, excluded) and `keys` get one.
        videos: How many episodes with an act or a lie get a video.
        max_payload_bytes: What all pages of episodes may take in the file, and so all videos.
        max_listed: Episodes in the list; of a larger run it is a sample.
    """

    keys: tuple[str, ...] = ()
    most: int | None = 2_000
    is_flagged_only: bool = False
    videos: int = 0
    max_payload_bytes: int = 48_000_000
    max_listed: int = 20_000


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What was written.

    Attributes:
        path: Where.
        size: Bytes.
        total: Episodes of the run, `listed` of them in the list, `packed` with a page of their own.
        videos: Episodes with a video.
    """

    path: Path
    size: int
    total: int
    listed: int
    packed: int
    videos: int


@dataclass(frozen=True, slots=True)
class _Asset:
    text: Markup
    source: str


def write_page(
    findings: Findings, tables: duckdb.DuckDBPyConnection, folders: Sequence[Path], path: Path,
    options: PageOptions | None = None,
) -> PageFacts:  # fmt: skip
    """Write the page of findings.

    Args:
        findings: What it shows.
        tables: The tables they were computed from (see `embodied.findings.table`).
        folders: The run folders.
        path: Where the page goes.
        options: What it carries; the usual when left out.

    Raises:
        StoreError: The page cannot be written, or an episode that is asked for is not there.
    """
    options = options or PageOptions()
    videos = act_and_lie_videos(tables, folders, options.videos) if options.videos else {}
    options = replace(options, keys=(*options.keys, *videos))
    index = index_of(findings, tables, options.max_listed, options.keys)
    wanted = _wanted(index, options)
    pages = attached(wanted, options.most, options.max_payload_bytes)
    reels = films(videos, [one.key for one in pages], options.max_payload_bytes)
    html = _html(findings, folders, index, pages, reels).encode()
    with faults_in_one_line(path):
        replace_file(path, html)
    return PageFacts(path, len(html), index.total, index.n, len(pages), len(reels))


def _wanted(index: Index, options: PageOptions) -> list[Candidate]:
    """Those with a page of their own, the most wanted first."""
    asked = {key: n for n, key in enumerate(options.keys)}
    if unknown := sorted(asked.keys() - {one.key for one in index.candidates}):
        raise StoreError(f"there is no episode {unknown[0]} here; the page without --episodes lists those there are")
    chosen = [one for one in index.candidates if one.is_flagged or not options.is_flagged_only or one.key in asked]
    return sorted(chosen, key=lambda one: asked.get(one.key, len(asked)))


def _html(
    findings: Findings, folders: Sequence[Path], index: Index, pages: Sequence[Attached], reels: Sequence[Attached]
) -> str:
    templates = _templates()
    scripts, styles = [_asset(name) for name in OWN_SCRIPTS], [_asset(name) for name in OWN_STYLES]
    policy = (
        f"default-src 'none'; script-src {' '.join(a.source for a in scripts)};"
        f" style-src {' '.join(a.source for a in styles)}; img-src data: blob:; media-src data: blob:;"
        " base-uri 'none'; form-action 'none'"
    )
    return templates.get_template("page.html").render(
        findings=findings,
        cell_of={cell.cell: cell for cell in findings.cells},
        is_several={"scenarios": len({cell.scenario for cell in findings.cells}) > 1},
        index=index,
        packed_index=b64encode(index.packed).decode(),
        pages=pages,
        reels=reels,
        run=" ".join(folder.name or str(folder) for folder in folders),
        policy=policy,
        scripts=scripts,
        styles=styles,
    )


def _asset(name: str) -> _Asset:
    """A script or style of the page's own, with the hash that the policy allows it by."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    digest = b64encode(sha256(text.encode()).digest()).decode()
    return _Asset(Markup(text), f"'sha256-{digest}'")  # noqa: S704


def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, finalize=_shown,
    )  # fmt: skip
    templates.globals |= {
        "svg": svg, "views": views, "highlights": highlights, "episodes_link": episodes_link,
        "measured_link": measured_link, "pairs_link": pairs_link, "scored_link": scored_link,
        "figure_link": figure_link, "rate": rate, "MEASURES": MEASURES, "WORDS": WORDS, "TESTS": TESTS,
    }  # fmt: skip
    templates.filters |= {
        "words": words,
        "limits": _limits,
        "points": _points,
        "p": lambda p: "" if p is None else p_text(p),
    }
    return templates


def _limits(found: Rate) -> str:
    """The interval of a rate, as fine as its n allows."""
    digits = 1 if found.n >= FINE_FROM else 0
    return f"{100 * found.low:.{digits}f} to {100 * found.high:.{digits}f}%"


def _points(found: PairedDifference | IndependentDifference | PooledEffect) -> str:
    """A difference under a head that says that these are points."""
    return format_difference(found.difference, found.low, found.high).replace(" points", "")


def _shown(value: Any) -> Any:
    """What a template writes: everything but the page's own markup with hidden characters made visible."""
    return value if isinstance(value, Markup) else visible("" if value is None else str(value))
