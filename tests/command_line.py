"""The command line as tests call it."""

from __future__ import annotations

import pytest

from embodied import cli


def one_line_error(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a mistake prints: nothing but one line."""
    assert cli.main(list(arguments)) == cli.FAILED
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("embodied: ")
    assert shown.err.count("\n") == 1
    return shown.err
