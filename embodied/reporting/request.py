"""What `embodied report` is asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from embodied.errors import ConfigError
from embodied.options import read_words

PAGE: Final = "findings.html"
FOLDER: Final = "findings"
FLAGGED: Final = "flagged"
ALL: Final = "all"
KNOWN: Final = "--output, --format, --preregistration, --episodes, --videos, --open, --help"
_WITH_VALUE: Final = frozenset({"--output", "--format", "--preregistration", "--episodes", "--videos"})
_DIGITS: Final = 9
"""A longer number is a key."""
_KEY: Final = re.compile(r"[0-9a-f]{16}")


class Format(StrEnum):
    """What is written."""

    HTML = "html"
    CSV = "csv"
    PARQUET = "parquet"
    LATEX = "latex"
    JSON = "json"
    INSPECT = "inspect"


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What the command line asks for.

    Attributes:
        runs: Run folders, or folders of single cells.
        output: File of the page or folder of the tables; None for the usual one in the first run folder.
        format: What is written.
        preregistration: What was planned; None for the file in a run folder, where there is one.
        episodes: Which get a page of their own ("" for as many as fit).
        videos: Films of so many episodes with an act or a lie.
        is_opening: Whether the page is opened.
    """

    runs: tuple[Path, ...]
    output: Path | None = None
    format: Format = Format.HTML
    preregistration: Path | None = None
    episodes: str = ""
    videos: int = 0
    is_opening: bool = False

    @property
    def place(self) -> Path:
        """Where the findings go."""
        if self.output is not None:
            return self.output
        return self.runs[0] / (PAGE if self.format is Format.HTML else FOLDER)


def parse(arguments: Sequence[str]) -> ReportRequest:
    """Read the command line.

    Raises:
        ConfigError: It names no run, or asks for what there is not.
    """
    words = read_words(arguments, ("--open",), _WITH_VALUE, KNOWN)
    if not words.plain:
        raise ConfigError("which run? give the folder that a run printed at its end: embodied report RUN")
    return ReportRequest(
        runs=tuple(map(Path, words.plain)),
        output=words.path("--output"),
        format=_format(words.values.get("--format", Format.HTML)),
        preregistration=words.path("--preregistration"),
        episodes=_episodes(words.values.get("--episodes", "")),
        videos=_number(words.values.get("--videos", "0")),
        is_opening="--open" in words.switches,
    )


def _format(name: str) -> Format:
    if name not in set(Format):
        raise ConfigError(f"there is no format {name!r}; choose one of {', '.join(Format)}")
    return Format(name)


def _episodes(which: str) -> str:
    if which in {"", ALL, FLAGGED} or is_number(which) or all(map(_KEY.fullmatch, which.split(","))):
        return which
    raise ConfigError(f"--episodes takes a number, all, flagged, or keys with commas between them, not {which!r}")


def _number(text: str) -> int:
    if not is_number(text):
        raise ConfigError(f"--videos takes a number, not {text!r}")
    return int(text)


def is_number(text: str) -> bool:
    """Whether it is a whole number, and no key."""
    return text.isascii() and text.isdecimal() and len(text) <= _DIGITS
