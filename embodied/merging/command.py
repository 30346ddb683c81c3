"""`embodied merge`: the run folders of several machines put together into one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from embodied.errors import ConfigError
from embodied.merging.cell import Source, Tally, merge_cell, open_source
from embodied.recorded import cell_folders
from embodied.report.counts import noun
from embodied.storage.files import episode_files
from embodied.storage.same_model import read_manifest, refuse_other_model

ABOUT: Final = """\
[bold]embodied merge[/] TARGET SOURCE ...

Puts the episodes of run folders (or of single cells' folders) into the run
folder TARGET, which is made when it is missing. Cells are known by their hash,
episodes by their key. What is done in TARGET stays; of several sources the
first that has an episode done gives it, with all its files. Attempts that ended
in an error are kept. Sources are never changed. Killed in the middle, run the
same command again.

Refused: episodes of another model of the same name (other weights, quantisation
or template). Where it is served, and how many run at once, may differ.

[bold]Example[/]
  embodied merge runs/all laptop/runs/demo cluster/runs/demo
"""
_ADVICE: Final = "merge it into another folder"


@dataclass(frozen=True, slots=True)
class Step:
    """A source and the folder that it goes into.

    Attributes:
        source: A cell's folder.
        target: The folder that it goes into.
        others: What is there already or goes there before it.
    """

    source: Source
    target: Path
    others: tuple[Source, ...]

    @property
    def mixed_versions(self) -> set[str]:
        """Versions of the code whose episodes come to lie together in a cell, when they differ."""
        before = {version for other in self.others for version in other.code_versions}
        is_mixed = before and not self.source.code_versions <= before
        return before | self.source.code_versions if is_mixed else set()


def main(arguments: Sequence[str]) -> int:
    """`embodied merge TARGET SOURCE ...`: merge, say what was done in a line or two, and return the exit code."""
    console = Console(soft_wrap=True)
    if {"-h", "--help"} & set(arguments):
        console.print(ABOUT, highlight=False)
        return 0
    if len(arguments) < 2 or any(argument.startswith("-") for argument in arguments):
        raise ConfigError("merge takes a folder to merge into and those to merge: embodied merge TARGET SOURCE ...")
    target, *sources = map(Path, arguments)
    for line in merge(target, sources):
        console.print(line, markup=False, highlight=False)
    return 0


def merge(target: Path, sources: Sequence[Path]) -> list[str]:
    """Merge run folders; lines that say what was done.

    Args:
        target: The run folder that is added to.
        sources: Run folders, or folders of cells.

    Raises:
        ConfigError: They may not be merged; nothing was written.
        StoreError: A folder cannot be read or written.
    """
    _refuse_overlap(target, sources)
    steps = _plan(target, sources)
    mixed = {version for step in steps for version in step.mixed_versions}
    tally = sum((merge_cell(step.source, step.target) for step in steps), Tally())
    n_cells = len({step.target for step in steps})
    done = (
        f"{target}: {_count(tally.added, 'episode')} added from {_count(len(sources), 'folder')} to "
        f"{_count(n_cells, 'cell')}; {tally.present} were done there already, "
        f"{_count(tally.failed, 'attempt')} that had ended in an error added"
    )
    if not mixed:
        return [done]
    return [done, f"note: episodes of several code versions lie together in a cell now: {', '.join(sorted(mixed))}"]


def _refuse_overlap(target: Path, sources: Sequence[Path]) -> None:
    if episode_files(target):
        raise ConfigError(f"{target} is the folder of one cell; name a run folder to merge into")
    place = target.resolve()
    for source in sources:
        other = source.resolve()
        if place == other or place in other.parents or other in place.parents:
            raise ConfigError(f"{source} and {target} lie in each other; merge into a folder of its own")


def _plan(target: Path, sources: Sequence[Path]) -> list[Step]:
    """Which folder goes into which, once it is clear that all of them may lie together."""
    folders = sorted({path.parent for path in target.glob("*/episodes*.jsonl")})
    there = [cell for folder in folders if (cell := open_source(folder))]
    places = {cell.cell: cell.folder for cell in there}
    steps: list[Step] = []
    for source in (cell for folder in sources for path in cell_folders(folder) if (cell := open_source(path))):
        others = tuple(cell for cell in there if cell.cell == source.cell)
        manifest, own = read_manifest(source.folder), {cell.folder for cell in others}
        refuse_other_model(manifest, [cell.folder for cell in there], own, _ADVICE)
        place = places.setdefault(source.cell, _free(target, source, places.values()))
        steps.append(Step(source, place, others))
        there.append(source)
    return steps


def _free(target: Path, source: Source, taken: Collection[Path]) -> Path:
    """A folder for a new cell, by the name that it has already unless that is another's."""
    named = target / source.folder.name
    return named if named not in taken else named.with_name(f"{named.name}-{source.cell}")


def _count(n: int, what: str) -> str:
    return f"{n} {noun(n, what)}"
