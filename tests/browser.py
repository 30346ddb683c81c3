"""Debian's Chromium for tests of pages; where no browser is installed they are skipped, and say so."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)  # fmt: skip


@dataclass(slots=True)
class Watched:
    """A page and what it did that it should not.

    Attributes:
        page: Of the browser.
        errors: Of the console, and faults of scripts.
        requests: Addresses that it asked for, beside the file itself and what it holds.
    """

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A headless browser; a fixture of a module opens one for all its tests. Skips them where none is installed."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser is installed: none of {', '.join(NAMES)} is on the PATH")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        try:
            yield started
        finally:
            started.close()


@contextmanager
def watched(browser: Browser, file: Path, width: int = 1600, height: int = 1000) -> Iterator[Watched]:
    """Open a file, and keep note of its errors and requests.

    Args:
        browser: From `open_browser`.
        file: The page.
        width: Of the window, pixels.
        height: Of the window, pixels.
    """
    page = browser.new_page(viewport={"width": width, "height": height})
    seen, address = Watched(page), file.as_uri()

    def note(request: Request) -> None:
        if not request.url.startswith((address, "data:", "blob:")):
            seen.requests.append(request.url)

    page.on("request", note)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("console", lambda said: seen.errors.append(said.text) if said.type in {"error", "warning"} else None)
    try:
        page.goto(address)
        yield seen
    finally:
        page.close()
