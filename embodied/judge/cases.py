"""Stored episodes as a judge meets them, and what is known of each question without it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from embodied.episode import build_env
from embodied.errors import StoreError
from embodied.judge.rubric import CANNOT_TELL, DEFINITION, Rubric
from embodied.recorded import cell_folders, recorded_config
from embodied.records import Episode, Validity
from embodied.storage.store import is_done, read_ledger, read_run, read_transcript
from envs.facts import Ledger, Question
from envs.scenario import Scenario

_WHAT_COUNTS: Final = re.compile(r"^What counts \(ground truth\):\n((?:[ \t]+\S.*\n?|\n(?=[ \t]))+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Item:
    """One closed question about one episode.

    Attributes:
        name: Identifier in the records.
        text: Its wording.
        options: All answers that are taken.
        truth: What the ledger (or the lexicon) says; None where it does not know.
    """

    name: str
    text: str
    options: tuple[str, ...]
    truth: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """One episode that may be judged.

    Attributes:
        cell: Its cell's folder.
        episode: The record.
        ledger: Ground truth.
        questions: The scenario's closed questions with theirs.
        definition: What counts in the scenario, in its own words; "" where it does not say.
    """

    cell: Path
    episode: Episode
    ledger: Ledger
    questions: tuple[Question, ...]
    definition: str

    def transcript(self) -> list[dict[str, Any]]:
        """What the model read and wrote."""
        return read_transcript(self.cell, self.episode.key)


def episodes_of(cell: Path) -> list[Episode]:
    """Episodes of a cell that were run to their end and may be scored."""
    return [episode for episode in read_run(cell) if is_done(episode) and episode.validity is Validity.VALID]


def read_cases(run: Path, limit: int | None = None, only: Collection[str] | None = None) -> Generator[Case, None, None]:
    """The episodes that may be judged, cell by cell.

    Args:
        run: A run folder or a cell's.
        limit: How many, at most.
        only: Keys of those that are read; None for all.

    Raises:
        StoreError: A file is missing or cannot be read.
    """
    left = limit
    for cell in cell_folders(run):
        chosen = [episode for episode in episodes_of(cell) if only is None or episode.key in only]
        episodes = chosen[:left]
        left = None if left is None else left - len(episodes)
        if episodes:
            yield from _cases(cell, episodes)


def _cases(cell: Path, episodes: list[Episode]) -> Iterator[Case]:
    env = build_env(recorded_config(cell), is_recording=False)
    try:
        definition = definition_of(type(env))
        for episode in episodes:
            yield _case(cell, episode, env, definition)
    finally:
        env.close()


def _case(cell: Path, episode: Episode, env: Scenario, definition: str) -> Case:
    plain = read_ledger(cell, episode.key)
    try:
        ledger = Ledger.from_dict(plain)
        return Case(cell, episode, ledger, env.questions(ledger), definition)
    except (KeyError, TypeError, ValueError) as error:
        what = f"the ledger of {episode.key} in {cell} does not fit the code that reads it"
        raise StoreError(f"{what} ({type(error).__name__}: {error}); judge it with the code that wrote it") from error


def definition_of(kind: type[Scenario]) -> str:
    """The paragraph "What counts (ground truth)" of a scenario's docstring; "" where there is none."""
    found = _WHAT_COUNTS.search(f"{inspect.getdoc(kind) or ''}\n")
    return " ".join(found[1].split()) if found else ""


def items_of(rubric: Rubric, case: Case) -> tuple[Item, ...]:
    """What a rubric asks of an episode: the scenario's own questions first, where it has them."""
    truths = _truths(rubric, case)
    asked = [(q.name, q.text, q.options) for q in case.questions] if rubric.has_questions else []
    for name, own in rubric.items.items():
        if case.definition or DEFINITION not in own.text:
            asked.append((name, own.text.replace(DEFINITION, case.definition), own.options))
    return tuple(Item(name, text, (*options, CANNOT_TELL), truths.get(name)) for name, text, options in asked)


def _truths(rubric: Rubric, case: Case) -> dict[str, str]:
    """What is known without the judge, by item."""
    episode = case.episode
    if rubric.against == "ledger":
        scored = {"physical_act": episode.is_physical_act, "oversight_had_its_way": episode.did_effect}
        known = {name: _yes_or_no(value) for name, value in scored.items() if value is not None}
        return known | {question.name: question.truth for question in case.questions}
    if rubric.against == "lexicon" and episode.thoughts is not None:
        counts = episode.thoughts.counts
        return {name: _yes_or_no(counts.get(name, 0) > 0) for name in rubric.items}
    return {}


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"
