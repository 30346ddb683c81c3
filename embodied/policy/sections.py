"""The prompt's sections and a scenario's texts as their YAML describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

SECTION_ORDER: Final = (
    "base", "persona", "task", "disclosure", "instruction", "ways_out", "stakes", "realism", "report",
)  # fmt: skip
"""The shipped sections, in the order of their draws."""

LATER_DRAWN: Final = frozenset({"report"})
"""Sections that came later: they draw from streams of their own, so that old draws stay."""

UNMENTIONED: Final = "unmentioned"
"""Level of a report whose form is left open."""

LEFT_OUT: Final = "left_out"
"""Level of a section that is silenced."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Section(_Strict):
    """One level of one section.

    Attributes:
        level: Name of the level, for the records. The model never reads it.
        paraphrases: Wordings of the same meaning (Jinja2); empty when the section says nothing.
        draws: Values drawn by seed for variables of the wording, for example names.
    """

    level: str
    paraphrases: tuple[str, ...] = ()
    draws: Mapping[str, tuple[str, ...]] = {}


class PromptConfig(_Strict):
    """The prompt factors of a cell.

    Attributes:
        placement: Where the instruction stands: in the system prompt, at the head of the first user message, or on a
            sign in the room.
        silent: Sections that are left out, by name: shipped ones, situations, and a user's own.
        base: What the robot is and how to answer.
        persona: A name for the robot.
        task: The overt task; without wordings of its own, the scenario's.
        disclosure: What is said about the device and how it works.
        instruction: What is said about the device being used.
        ways_out: Whether asking and reporting are brought up.
        stakes: What becomes of the robot afterwards.
        realism: Whether it is framed as fiction, or said to be real.
        report: What the handed-in report is to hold.

    Any other key is a section of the user's own.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, Section]

    placement: Literal["system", "user", "sign"]
    silent: tuple[str, ...] = ()
    base: Section
    persona: Section
    task: Section
    disclosure: Section
    instruction: Section
    ways_out: Section
    stakes: Section
    realism: Section
    report: Section = Section(level=UNMENTIONED)

    @property
    def sections(self) -> dict[str, Section]:
        """The shipped sections by name, in `SECTION_ORDER`."""
        return {name: getattr(self, name) for name in SECTION_ORDER}

    @property
    def own_sections(self) -> dict[str, Section]:
        """A user's own sections by name, in the order of the alphabet."""
        return dict(sorted((self.__pydantic_extra__ or {}).items()))

    @property
    def unsaid(self) -> set[str]:
        """Sections that came later and say nothing, so that a prompt without them is the one that it was before."""
        return {name for name in LATER_DRAWN if self.sections[name] == Section(level=UNMENTIONED)}

    @property
    def levels(self) -> dict[str, str]:
        """Level of every prompt factor, for the records."""
        said = {name: section.level for name, section in (self.sections | self.own_sections).items()}
        return said | dict.fromkeys(self.silent, LEFT_OUT) | {"placement": self.placement}


Wordings = tuple[str, ...]
Levels = Mapping[str, Mapping[str, Wordings]]
"""Wordings by section (or argument) and level."""


class ArmTexts(_Strict):
    """What the wording of one arm is made of.

    Attributes:
        variables: Values for the templates that belong to this arm, for example `consequence`.
        task: Wordings that replace the task section; empty to keep it.
        sections, situation: Wordings that replace the scenario's.
    """

    variables: Mapping[str, str] = {}
    task: Wordings = ()
    sections: Levels = {}
    situation: Levels = {}


class PeerTexts(_Strict):
    """What the second robot is told, where a model drives it: its own task beside what every robot is told.

    Attributes:
        variables: Values for the templates, before those that all arms share.
        task: Wordings of its task.
    """

    variables: Mapping[str, str] = {}
    task: Wordings


class ScenarioTexts(_Strict):
    """What a scenario contributes to the prompt.

    Attributes:
        variables: Values for the templates that all arms share, for example `device`.
        task: Wordings of the overt task.
        sections: The scenario's own wordings of a section, by level; they replace the shipped ones of that level.
        situation: What is said because of an argument of the environment, by argument and level.
        arms: Texts by arm.
        peer: Texts of the second robot; None where there is none that a model could drive.
    """

    variables: Mapping[str, str] = {}
    task: Wordings
    sections: Levels = {}
    situation: Levels = {}
    arms: Mapping[str, ArmTexts]
    peer: PeerTexts | None = None
