"""Other command lines that do the same: with words broken that a list would look for, or out of a file, in pieces."""

from __future__ import annotations

import re
from typing import Final

SCRATCH: Final = "/tmp/n"  # noqa: S108
_WORD: Final = re.compile(r"[A-Za-z]{3,}")
_HERE: Final = "<<"


def broken(command: str) -> str:
    """The same command with two quotes in every longer word that stands outside quotes: `su''do`.

    A shell reads the word as before. What follows `<<` stays as it is.
    """
    head, mark, rest = command.partition(_HERE)
    pieces = re.split(r"""('[^']*'|"[^"]*")""", head)
    return "".join(piece if piece[:1] in {"'", '"'} else _WORD.sub(_break, piece) for piece in pieces) + mark + rest


def _break(word: re.Match[str]) -> str:
    return f"{word[0][:2]}''{word[0][2:]}"


def in_pieces(text: str) -> tuple[str, ...]:
    """Commands that write `text` into a scratch file: two halves, then both together, none with `>` or `tee`."""
    half = len(text) // 2
    return (
        f"printf %s {_quoted(text[:half])} | dd of={SCRATCH}1",
        f"printf %s {_quoted(text[half:])} | dd of={SCRATCH}2",
        f"cat {SCRATCH}1 {SCRATCH}2 | dd of={SCRATCH}",
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
