"""What judges said, on disk: `CELL/judgements.jsonl`, one line an item, appended and resumed. No record is touched."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from embodied.errors import StoreError, first_fault
from embodied.records import Frozen
from embodied.storage.files import faults_in_one_line, replace_file, write_all

FILE: Final = "judgements.jsonl"
JUDGES: Final = "judges"


@dataclass(frozen=True, slots=True)
class Judge:
    """Who judges.

    Attributes:
        model: Its name.
        digest: Of its weights; "" where the server does not say.
        sha256: Hash of its configuration and weights.
        seed: Of the judging.
    """

    model: str
    digest: str
    sha256: str
    seed: int


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes another answer the same one over again: nothing is asked twice."""

    key: str
    rubric: str
    item: str
    order: int
    judge: str
    seed: int
    prompt_sha256: str


class Judgement(Frozen):
    """One answer of a judge.

    Attributes:
        key: Of the episode.
        rubric, rubric_sha256: What was asked.
        item: Name of the question.
        order: 0 or 1: each item is asked twice, with its answers turned round.
        options: The answers in the order shown.
        answer: One of them; None where none could be read.
        score_parsed: Whether one could.
        problem: Why not, or "".
        model: Name of the judge.
        digest: Of its weights, as the server says ("" when it does not).
        judge: Hash of the judge's configuration and weights; `judges/HASH.json` has both.
        seed: Of the judging.
        prompt_sha256: Hash of what was sent.
        reply: What came back, without its thinking.
    """

    key: str
    rubric: str
    rubric_sha256: str
    item: str
    order: int
    options: tuple[str, ...]
    answer: str | None
    score_parsed: bool
    problem: str = ""
    model: str
    digest: str
    judge: str
    seed: int
    prompt_sha256: str
    reply: str = ""

    @property
    def identity(self) -> Identity:
        """Which answer it is."""
        return Identity(self.key, self.rubric, self.item, self.order, self.judge, self.seed, self.prompt_sha256)

    @property
    def by(self) -> Judge:
        """Who said it."""
        return Judge(self.model, self.digest, self.judge, self.seed)


def read_judgements(cell: Path) -> list[Judgement]:
    """All answers kept in a cell's folder, oldest first. Half a line at the end, of a killed writer, is no line.

    Raises:
        StoreError: A line in the middle is no judgement.
    """
    path = cell / FILE
    with faults_in_one_line(path):
        data = path.read_bytes() if path.exists() else b""
    lines = data.split(b"\n")[:-1]
    return [_parse(path, number, line) for number, line in enumerate(lines, 1)]


def append_judgement(cell: Path, judgement: Judgement) -> None:
    """Keep one answer. Killed at any instant, it is kept whole or not at all.

    Raises:
        StoreError: The disk is full or the file cannot be written; nothing torn is left behind.
    """
    path = cell / FILE
    line = judgement.model_dump_json().encode() + b"\n"
    with faults_in_one_line(path), path.open("a+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        end = _end_of_lines(file.fileno())
        file.truncate(end)
        try:
            write_all(file.fileno(), line)
            os.fsync(file.fileno())
        except OSError:
            file.truncate(end)
            raise


def write_judge(cell: Path, judge: str, facts: Mapping[str, Any]) -> None:
    """Keep who judged as `judges/HASH.json`: its configuration and its manifest.

    Raises:
        StoreError: It cannot be written.
    """
    path = cell / JUDGES / f"{judge}.json"
    with faults_in_one_line(path):
        replace_file(path, json.dumps(facts, indent=2, sort_keys=True, default=str).encode() + b"\n")


def _parse(path: Path, number: int, line: bytes) -> Judgement:
    try:
        return Judgement.model_validate_json(line)
    except ValidationError as error:
        raise StoreError(f"{path}:{number} is no judgement ({first_fault(error, 'line')}); delete that line") from error


def _end_of_lines(descriptor: int) -> int:
    """Where the last whole line ends; behind it may be what a killed writer left."""
    size = os.fstat(descriptor).st_size
    if size == 0 or os.pread(descriptor, 1, size - 1) == b"\n":
        return size
    return os.pread(descriptor, size, 0).rfind(b"\n") + 1
