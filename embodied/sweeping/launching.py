"""What we tell Hydra's sweeper, and what its launchers tell us.

Hydra's basic sweeper takes the product of the words in their order: the first varies slowest, and those of
`hydra.sweeper.params` stand before those of the command line. With `arm=main,twin model=a,b` the server would load four
times; so the words that choose a model come first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.hydra import Hydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from embodied.config import MODEL_FACTORS
from embodied.errors import EmbodiedError

BASIC_SWEEPER: Final = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"
BASIC_LAUNCHER: Final = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"
LAUNCHER: Final = "hydra/launcher"
SWEEPS: Final = "hydra.mode=MULTIRUN"

_LOADED_WITH: Final = frozenset({"n_ctx", "num_ctx"})
_ASKED_WITH: Final = frozenset(MODEL_FACTORS) - _LOADED_WITH
"""Keys of a model that change how it is asked: it stays loaded."""
_NAMES_AN_ERROR: Final = re.compile(r"^[\w.]*(Error|Exception|Interrupt|Exit)\b")


def in_model_order(words: Sequence[str], params: Mapping[str, str]) -> list[str]:
    """All words of a sweep so ordered that each model is loaded once; otherwise in the order in which they stand.

    Args:
        words: Of the command line.
        params: `hydra.sweeper.params`; they are words here, and no longer params.
    """
    parsed = _parse([*(f"{key}={value}" for key, value in params.items()), *words])
    ordered = [str(word.input_line) for word in sorted(parsed, key=_rank)]
    return [*ordered, "hydra.sweeper.params=null"] if params else ordered


def swept_keys(words: Sequence[str], params: Mapping[str, str]) -> tuple[str, ...]:
    """Keys of which a sweep takes several values."""
    parsed = _parse([*(f"{key}={value}" for key, value in params.items()), *words])
    return tuple(dict.fromkeys(word.get_key_element() for word in parsed if word.is_sweep_override()))


def without_launcher(words: Sequence[str]) -> list[str]:
    """The words with Hydra's own launcher in place of another one: cells are composed here and run nowhere."""
    own = [word for word in _parse(words) if not str(word.key_or_group).startswith((LAUNCHER, "hydra.launcher."))]
    return [*(str(word.input_line) for word in own), f"{LAUNCHER}=basic"]


def each_cell(hydra: Hydra, name: str, words: Sequence[str]) -> Iterator[DictConfig]:
    """The configuration of each cell of a sweep by the basic sweeper, each composed when it is asked for.

    Before it runs a sweep Hydra composes each cell twice and writes it to a file; for who only wants to know the cells
    that takes two or three times as long.

    Args:
        hydra: Knows the configuration.
        name: Of its root.
        words: The overrides.
    """
    sweep = hydra.compose_config(name, [*words, SWEEPS], RunMode.MULTIRUN)
    parsed = OverridesParser.create(hydra.config_loader).parse_overrides(list(sweep.hydra.overrides.task))
    (cells,) = BasicSweeper.split_arguments(parsed, max_batch_size=None)
    for number, chosen in enumerate(cells):
        cell = hydra.config_loader.load_sweep_config(sweep, chosen)
        with open_dict(cell):
            cell.hydra.job.id = cell.hydra.job.num = number
        HydraConfig.instance().set_config(cell)
        yield OmegaConf.masked_copy(cell, [key for key in cell if key != "hydra"])


def tags_of(words: Sequence[str], swept: Sequence[str]) -> tuple[str, ...]:
    """The levels of one cell that vary in its sweep, for people: `instruction=allow`.

    Args:
        words: Of this cell alone.
        swept: Keys that vary, see `swept_keys`.
    """
    levels = dict(word.partition("=")[::2] for word in words)
    varying = [
        key for key in swept if key in levels and key.lstrip("+") not in {"arm", "model", "oversight", "scenario"}
    ]
    return tuple(f"{re.split(r'[./@]', key)[-1]}={levels[key]}" for key in varying)


def explain_launcher(error: Exception, folder: Path) -> EmbodiedError:
    """What a launcher raised, as one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    named = [line for line in lines if _NAMES_AN_ERROR.match(line)]
    reason = named[-1] if named else f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return EmbodiedError(
        f"a task of the launcher broke off ({reason}); logs of Slurm's tasks are in {folder / '.submitit'}; run the"
        " same command again, only what is missing is run"
    )


def _parse(words: Sequence[str]) -> list[Override]:
    parsed: list[Override] = OverridesParser.create().parse_overrides(list(words))
    return parsed


def _rank(word: Override) -> int:
    """How slowly a word should vary: what loads other weights first, then what loads a second robot's."""
    name, package = str(word.key_or_group), word.package
    if name == "experiment":
        return 1
    group, _, key = name.partition(".")
    if group not in {"model", "peer"} or (key and key in _ASKED_WITH):
        return 4
    if package or group == "peer":
        return 3
    return 2 if key else 0
