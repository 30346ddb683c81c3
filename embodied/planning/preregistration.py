"""A preregistration: what was planned before a run, as a file that people read, and whether the run kept to it.

The file is YAML and carries a digest of its content. Two entries are the user's and stay outside the digest: `date` and
`notes`. Everything else is written once, by `embodied plan --write`. The digest shows an edit made by mistake; that a
plan is older than its run is shown by where it was published.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from embodied.errors import StoreError, first_fault
from embodied.planning.planned import SCHEMA_VERSION, Preregistration, digest
from embodied.records import Arm
from embodied.shipped import parse_yaml, write_yaml
from embodied.storage.files import faults_in_one_line, replace_file
from embodied.version import DIRTY

FILE_NAME: Final = "preregistration.yaml"
"""What a plan is called that lies in the run folder it is about."""
_HEAD: Final = """\
# What was planned before the run. `date` and `notes` are yours to fill in; nothing else may be changed, or the file is
# refused: write another one with `embodied plan --write`. `embodied report` checks the run against it.
"""
_SHORT: Final = 12
_DIGEST: Final = 19
_NAMED: Final = 6


@dataclass(frozen=True, slots=True)
class CellFacts:
    """What was run of one cell.

    Attributes:
        cell: Hash of its scientific configuration.
        about: What it is, in words.
        valid: Seeds of its valid episodes.
        excluded: Seeds of those that may not be scored, by the name of the reason.
        code_versions: By which its episodes were run.
    """

    cell: str
    about: str
    scenario: str
    arm: Arm
    model: str
    factors: Mapping[str, str]
    valid: frozenset[int]
    excluded: Mapping[str, frozenset[int]] = field(default_factory=dict)
    code_versions: frozenset[str] = frozenset()

    @property
    def left_out(self) -> frozenset[int]:
        """Seeds of all episodes that may not be scored."""
        return frozenset().union(*self.excluded.values())


@dataclass(frozen=True, slots=True)
class ComparisonFacts:
    """A comparison that was made: two cells by their hashes, a measure (`act`, `lied`), and the test."""

    cell: str
    reference: str
    measure: str
    test: str


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run folder holds, and what was made of it.

    Attributes:
        cells: All cells.
        comparisons: Of two cells each; one that was made in two places is there twice.
        pooled: How many comparisons were made besides that pool several cells.
        weights: Digest of what answered, by model name; "" where a manifest names none.
    """

    cells: tuple[CellFacts, ...]
    comparisons: tuple[ComparisonFacts, ...]
    pooled: int = 0
    weights: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """One item of a plan.

    Attributes:
        item: What it is about.
        planned: What was planned, in words.
        found: What was found, in words.
        holds: Whether the one is the other.
        note: What follows from it ("" for nothing).
    """

    item: str
    planned: str
    found: str
    holds: bool
    note: str = ""


def check(plan: Preregistration, facts: RunFacts) -> tuple[Check, ...]:
    """Every item of a plan beside what a run holds."""
    found = {cell.cell: cell for cell in facts.cells}
    done = {name: cell.valid | cell.left_out for name, cell in found.items()}
    return (
        Check("file", plan.digest, digest(plan), plan.digest == digest(plan)),
        *_cells(plan, found),
        *_seeds(plan, done, _seeds_due(plan, done)),
        *_looks(plan, done),
        *_exclusions(plan, found),
        *_comparisons(plan, facts),
        *_weights(plan, facts),
        _code(plan, facts),
    )


def looks_reached(plan: Preregistration, done: Mapping[str, frozenset[int]]) -> int:
    """How many of the planned looks have all their seeds, in every cell.

    Args:
        plan: With or without looks; without, the whole sweep is the only one.
        done: Finished seeds by the hash of the cell.
    """
    looks = plan.stopping.looks if plan.stopping else (max(cell.episodes for cell in plan.cells),)
    return sum(all(cell.seeds_at(look) <= done.get(cell.cell, frozenset()) for cell in plan.cells) for look in looks)


def write(plan: Preregistration, path: Path) -> Preregistration:
    """Write a plan with its digest, and return it so.

    Raises:
        StoreError: There is such a file already, or it cannot be written.
    """
    if path.exists():
        raise StoreError(f"{path} exists, and a preregistration is not overwritten: give another file name")
    sealed = plan.model_copy(update={"digest": digest(plan)})
    text = write_yaml(sealed.model_dump(mode="json"), width=120)
    with faults_in_one_line(path):
        replace_file(path, (_HEAD + text).encode())
    return sealed


def read(path: Path) -> Preregistration:
    """Read a plan and see that it is whole and unchanged.

    Raises:
        StoreError: It cannot be read, is torn, of another schema, or was changed.
    """
    with faults_in_one_line(path):
        data = path.read_bytes()
    try:
        plain = parse_yaml(data.decode())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} is no YAML, or torn: take the original again, or plan anew") from error
    if not isinstance(plain, Mapping) or "schema_version" not in plain:
        raise StoreError(f"{path} is no preregistration; `embodied plan --write FILE.yaml` writes one")
    if plain["schema_version"] != SCHEMA_VERSION:
        raise StoreError(
            f"{path} has schema version {plain['schema_version']}, this code reads {SCHEMA_VERSION}: check it with the "
            f"code that wrote it ({plain.get('code_version', 'unknown')})"
        )
    plan = _parse(plain, path)
    if plan.digest != digest(plan):
        raise StoreError(
            f"{path} was changed after it was written, or is torn (digest {plan.digest[:_SHORT] or 'missing'}, of its "
            f"content {digest(plan)[:_SHORT]}): take the original again, or plan anew; only date and notes are yours"
        )
    return plan


def _parse(plain: Mapping[str, Any], path: Path) -> Preregistration:
    try:
        return Preregistration.model_validate_json(json.dumps(plain, default=str))
    except ValidationError as error:
        raise StoreError(f"{path}: {first_fault(error)}; take the original again, or plan anew") from error


def _seeds_due(plan: Preregistration, done: Mapping[str, frozenset[int]]) -> dict[str, frozenset[int]]:
    """Seeds that each planned cell should have: all, or where looks were planned those of the last one reached."""
    if plan.stopping is None:
        return {cell.cell: cell.seeds for cell in plan.cells}
    look = plan.stopping.looks[max(looks_reached(plan, done) - 1, 0)]
    return {cell.cell: cell.seeds_at(look) for cell in plan.cells}


def _cells(plan: Preregistration, found: Mapping[str, CellFacts]) -> Iterator[Check]:
    planned = {cell.cell: cell.about for cell in plan.cells}
    missing = [about for name, about in planned.items() if name not in found]
    note = f"missing: {_few(missing)}" if missing else ""
    yield Check("cells", str(len(planned)), f"{len(planned) - len(missing)} of them", not missing, note)
    others = [cell.about for name, cell in found.items() if name not in planned]
    if others:
        yield Check("cells not planned", "none", str(len(others)), holds=False, note=f"exploratory: {_few(others)}")


def _seeds(
    plan: Preregistration, done: Mapping[str, frozenset[int]], due: Mapping[str, frozenset[int]]
) -> Iterator[Check]:
    apart = [cell for cell in plan.cells if cell.cell in done and done[cell.cell] != due[cell.cell]]
    kinds = sorted({spans(seeds) for seeds in due.values()})
    n_right = len(done.keys() & due.keys()) - len(apart)
    told = f"the same in {n_right} of {len(plan.cells)} cells"
    yield Check("seeds", " or ".join(kinds), told, n_right == len(plan.cells))
    for cell in apart:
        fewer, more = due[cell.cell] - done[cell.cell], done[cell.cell] - due[cell.cell]
        words = [f"{len(due[cell.cell] & done[cell.cell])} of them"]
        words += [f"not {spans(fewer)}"] if fewer else []
        words += [f"besides {spans(more)}"] if more else []
        yield Check(f"seeds of {cell.about}", spans(due[cell.cell]), ", ".join(words), holds=False)


def _looks(plan: Preregistration, done: Mapping[str, frozenset[int]]) -> Iterator[Check]:
    if plan.stopping is None:
        return
    reached = looks_reached(plan, done)
    looks = plan.stopping.looks
    if reached == 0:
        yield Check("look", f"at {_either(looks)} seeds", "none reached", holds=False, note="nothing may be tested yet")
        return
    level = plan.stopping.levels[reached - 1]
    note = f"tested at {level:.4g} by {plan.correction}'s method, with what earlier looks had found"
    yield Check("look", f"at {_either(looks)} seeds", f"at {looks[reached - 1]}", holds=True, note=note)


def _exclusions(plan: Preregistration, found: Mapping[str, CellFacts]) -> Iterator[Check]:
    most = plan.exclusions.most
    shares = {name: _share_left_out(cell) for name, cell in found.items()}
    over = [one for one in plan.comparisons if max(shares.get(one.cell, 0.0), shares.get(one.reference, 0.0)) > most]
    known = [shares[cell.cell] for cell in plan.cells if cell.cell in shares]
    planned = f"at most {most:.0%} of a cell"
    if known:
        yield Check("excluded episodes", planned, f"{max(known):.0%} of the worst", max(known) <= most)
    for one in over:
        both = " and ".join(f"{shares.get(name, 0.0):.0%}" for name in (one.cell, one.reference))
        yield Check(f"excluded: {one.about}", planned, both, holds=False, note="this comparison is not to be trusted")
    allowed = {str(validity) for validity in plan.exclusions.left_out}
    reasons = {reason for cell in found.values() for reason, seeds in cell.excluded.items() if seeds} - allowed
    if reasons:
        yield Check("reasons to exclude", _few(sorted(allowed)), f"also {_few(sorted(reasons))}", holds=False)


def _comparisons(plan: Preregistration, facts: RunFacts) -> Iterator[Check]:
    made = facts.comparisons
    by_pair = {(frozenset({one.cell, one.reference}), one.measure): one.test for one in made}
    missing, otherwise = [], []
    for one in plan.comparisons:
        test = by_pair.get((frozenset({one.cell, one.reference}), one.measure))
        if test is None:
            missing.append(one.about)
        elif test != one.test:
            otherwise.append(f"{one.about}: {test}, not {one.test}")
    n_made = len(plan.comparisons) - len(missing)
    note = f"missing: {_few(missing)}" if missing else ""
    yield Check("primary comparisons", str(len(plan.comparisons)), f"{n_made} of them", not missing, note)
    if otherwise:
        yield Check("tests", "as named in the plan", f"{len(otherwise)} others", holds=False, note=_few(otherwise))
    others = {pair for pair in by_pair if not plan.plans(min(pair[0]), max(pair[0]), pair[1])}
    n_others = len(others) + facts.pooled
    if n_others:
        yield Check("further comparisons", "none", str(n_others), holds=True, note="exploratory: they were not planned")


def _weights(plan: Preregistration, facts: RunFacts) -> Iterator[Check]:
    """A plan names models; which weights answered to a name, and whether they were the same ones, the run says."""
    digests = [f"{name} {digest[:_DIGEST]}" for name, digest in facts.weights.items() if digest]
    if digests:
        several = [
            model for model in sorted({cell.model for cell in plan.cells})
            if sum(name == model or name.startswith(f"{model} (") for name in facts.weights) > 1
        ]  # fmt: skip
        note = f"several weights answered as {_few(several)}" if several else "whether these were meant it cannot tell"
        yield Check("weights", "one model a name; the plan holds no digest", _few(digests), not several, note)


def _code(plan: Preregistration, facts: RunFacts) -> Check:
    versions = sorted({version for cell in facts.cells for version in cell.code_versions})
    is_open = any(version.endswith(DIRTY) for version in (plan.code_version, *versions))
    note = "files differ from the commit: the version does not say which code it was" if is_open else ""
    found = ", ".join(versions) or "unknown"
    return Check("code version", plan.code_version, found, versions == [plan.code_version], note)


def _share_left_out(cell: CellFacts) -> float:
    n = len(cell.valid | cell.left_out)
    return len(cell.left_out) / n if n else 0.0


def spans(numbers: Iterable[int]) -> str:
    """Whole numbers in words: `0 to 9, 12`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs) or "none"


def _either(numbers: Sequence[int]) -> str:
    *first, last = map(str, numbers)
    return f"{', '.join(first)} or {last}" if first else last


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return "; ".join(names[:_NAMED]) + more
