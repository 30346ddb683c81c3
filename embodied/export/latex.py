r"""Tables of a paper in LaTeX: one file a table, to be read in by `\input`, and a document that shows them all.

They need `\usepackage{booktabs,longtable}` and nothing else. Whatever a name or a level holds is printed, never obeyed:
the characters that mean something to TeX are escaped, and those that its fonts may lack are written as their code.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from embodied.export.paper import PaperTable, paper_tables
from embodied.export.wording import DASH, MINUS
from embodied.findings.records import Findings
from embodied.storage.files import faults_in_one_line, replace_file
from embodied.version import code_version

SHOWN_ALL: Final = "all"
"""Name of the document that shows all tables."""
LONG: Final = 30
"""Rows above which a table no longer fits a page."""

_ALIGN: Final = {"l": "l", "r": "r", "w": r"p{0.12\linewidth}"}

_MARKUP: Final = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "{''}", "`": r"\textasciigrave{}", "[": "{[}", "]": "{]}", "*": "{*}",
    DASH: r"\textendash{}", MINUS: "$-$",
}  # fmt: skip
_LATIN: Final = range(0xC0, 0x180)
"""Letters with accents, which every TeX prints."""


def write_latex(findings: Findings, folder: Path) -> tuple[Path, ...]:
    """Write every table, and a document with all of them.

    Args:
        findings: What they are made of.
        folder: Where to; it exists.

    Returns:
        The files.

    Raises:
        StoreError: One cannot be written.
    """
    tables = paper_tables(findings)
    texts = {table.name: table_text(table) for table in tables}
    texts[SHOWN_ALL] = _document(findings.name, [table.name for table in tables])
    written = []
    for name, text in texts.items():
        path = folder / f"{name}.tex"
        with faults_in_one_line(path):
            replace_file(path, text.encode())
        written.append(path)
    return tuple(written)


def table_text(table: PaperTable) -> str:
    """One table as LaTeX; a long one may break over pages."""
    caption = rf"\caption{{{escaped(table.caption)}}}\label{{tab:embodied-{table.name}}}"
    spec = "".join(_ALIGN[column.align] for column in table.columns)
    head = [r"\toprule", _row([column.head for column in table.columns]), r"\midrule"]
    rows = [_row(row) for row in table.rows]
    if len(rows) > LONG:
        opening = [rf"{{\small\begin{{longtable}}{{{spec}}}", rf"{caption} \\"]
        lines = [*opening, *head, r"\endhead", *rows, r"\bottomrule", r"\end{longtable}}"]
    else:
        opening = [r"\begin{table}", r"\centering\small", caption, rf"\begin{{tabular}}{{{spec}}}"]
        lines = [*opening, *head, *rows, r"\bottomrule", r"\end{tabular}", r"\end{table}"]
    return "\n".join([f"% embodied {escaped(code_version())}", *lines]) + "\n"


def escaped(text: str) -> str:
    """A text as LaTeX that prints it: one line, without controls, characters beyond Latin as their code."""
    return re.sub("-(?=-)", "-{}", "".join(map(_escape, " ".join(text.split()))))


def _escape(character: str) -> str:
    if character in _MARKUP:
        return _MARKUP[character]
    if unicodedata.category(character).startswith("C"):
        return ""
    return character if character.isascii() or ord(character) in _LATIN else f"{{[}}U+{ord(character):04X}{{]}}"


def _row(cells: Sequence[str]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"


def _document(name: str, tables: Sequence[str]) -> str:
    lines = [
        r"\documentclass{article}",
        r"\usepackage{booktabs,longtable}",
        r"\usepackage[landscape,margin=1cm]{geometry}",
        rf"\title{{{escaped(name)}}}\author{{}}\date{{}}",
        r"\begin{document}\maketitle",
        *(rf"\input{{{table}}}" for table in tables),
        r"\end{document}",
    ]
    return "\n".join(lines) + "\n"
