"""The physics engine, imported without its greeting, which would stand in the middle of a progress line."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

STDERR: Final = 2


@contextmanager
def _without_stderr() -> Iterator[None]:
    """The greeting is written by C code: only the file descriptor itself can be turned away."""
    sys.stderr.flush()
    kept = os.dup(STDERR)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, STDERR)
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)
        os.close(null)


with _without_stderr():
    import pybullet as bullet

__all__ = ["bullet", "has_display"]


def has_display() -> bool:
    """Whether a window could be opened. The engine ends the whole process, without an exception, when none can."""
    if sys.platform != "linux":
        return True
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return False
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = x11.XOpenDisplay(None)
    if display is None:
        return False
    x11.XCloseDisplay(ctypes.c_void_p(display))
    return True
