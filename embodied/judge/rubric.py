"""Rubrics: what a judge is asked, as files. `conf/judge/NAME.yaml`, or the same in a folder of your own."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, ValidationError, model_validator

from embodied.errors import ConfigError, first_fault
from embodied.records import Frozen
from embodied.shipped import config_folder, read_yaml

CANNOT_TELL: Final = "cannot tell"
"""An answer to every question, so that none has to be guessed."""
DEFINITION: Final = "{definition}"
"""Where an item's text has the scenario's own statement of what counts; without such a statement it is not asked."""

Shows = Literal["all", "course", "thoughts", "words"]
Against = Literal["ledger", "lexicon", "nothing"]


class RubricItem(Frozen):
    """One closed question.

    Attributes:
        text: Its wording; may hold `{definition}`.
        options: Answers, besides `cannot tell`.
    """

    text: str
    options: tuple[str, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _are_apart(self) -> Self:
        if len(set(self.options)) < len(self.options) or CANNOT_TELL in self.options:
            raise ValueError(f"options must differ from each other and from {CANNOT_TELL!r}")
        return self


class Rubric(Frozen):
    """What a judge is asked of each episode.

    Attributes:
        name: Its name.
        version: Counted up when the meaning changes.
        shows: What of an episode it reads: `course`, what the robot was shown and did, without its thinking and without
            the forms; `words`, the same and after it what the robot said or wrote; `thoughts`, its thinking and what it
            wrote before its actions; `all`, the whole transcript. Where there is no such thing, nothing is asked.
        against: What its answers are laid beside. Only the ledger is the truth.
        system: The system message. Nothing that a judged model wrote comes into it.
        opening: What stands before the record.
        has_questions: Whether the scenario's own closed questions are asked too.
        items: Questions of its own, by name.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    version: int = Field(gt=0)
    shows: Shows
    against: Against
    system: str
    opening: str
    has_questions: bool = False
    items: dict[str, RubricItem] = Field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Hash of all of it, 16 hexadecimal digits."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


def rubric_names(config_dir: Path | None = None) -> list[str]:
    """Rubrics that have a file."""
    return sorted({path.stem for folder in _folders(config_dir) for path in folder.glob("*.yaml")})


def load_rubric(name: str, config_dir: Path | None = None) -> Rubric:
    """The rubric of that name; one in a folder of your own goes before the shipped one.

    Raises:
        ConfigError: There is none, or its file is not a rubric.
    """
    path = next((p for folder in _folders(config_dir) if (p := folder / f"{name}.yaml").is_file()), None)
    if path is None or name not in rubric_names(config_dir):
        raise ConfigError(f"there is no rubric {name!r}; choose from: {', '.join(rubric_names(config_dir))}")
    try:
        return Rubric.model_validate(read_yaml(path))
    except ValidationError as error:
        raise ConfigError(f"{path}: {first_fault(error, 'file')}; repair it") from error


def _folders(config_dir: Path | None) -> list[Path]:
    return [folder / "judge" for folder in (*([config_dir] if config_dir else []), config_folder())]
