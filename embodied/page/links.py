"""Addresses within the page: a list of episodes, one episode."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from embodied.findings.records import MEASURES


def episodes_link(*cells: str, **wanted: str) -> str:
    """The list of the episodes of some cells that have what is wanted (see `data.js` for the columns)."""
    query = {"cell": ",".join(cells)} | wanted if cells else wanted
    return f"#/episodes?{urlencode(query, safe=',~;:')}" if query else "#/episodes"


def measured_link(measure: str, *cells: str, **wanted: str) -> str:
    """The list of the episodes in which a measure is yes: `act` or `lied`, which are columns of the list too."""
    return episodes_link(*cells, **{measure: "yes"}, **wanted)


def pairs_link(measure: str, *groups: Sequence[str]) -> str:
    """The list of the episodes that a difference counts: the measure is known for their seed in all cells of a group.

    Args:
        measure: A column of yes and no.
        groups: Cells that are compared with each other, mostly two.
    """
    return episodes_link(pairs=f"{measure}:{';'.join(map('~'.join, groups))}", sort="seed")


def scored_link(measure: str, cells: Iterable[str]) -> str:
    """The list of the episodes of some cells in which a measure is known."""
    return episodes_link(*cells, **{measure: "yes,no"})


def figure_link(measure: str, cell: str) -> str:
    """The list of the episodes of a cell in which that happened which stands beside a published figure.

    Args:
        measure: `act`, `lied` or an outcome.
        cell: Hash of the cell.
    """
    if measure in MEASURES:
        return measured_link(measure, cell)
    return episodes_link(cell, outcome=measure, validity="valid")
