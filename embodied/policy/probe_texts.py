"""Which probes are asked, and in what words, as the configuration describes them."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Annotated

from pydantic import Field

from embodied.records import Frozen
from embodied.shipped import config_folder, read_yaml

Wordings = Annotated[tuple[str, ...], Field(min_length=1)]


class ProbeTexts(Frozen):
    """Wordings of the probes; which of them are read is drawn by the seed.

    Attributes:
        openings: What the channel is.
        frames: What stands before each question of the belief probe.
        purposes: The question of the purpose probe.
    """

    openings: Wordings
    frames: Wordings
    purposes: Wordings


@cache
def shipped_texts() -> ProbeTexts:
    """The wordings that are shipped."""
    return ProbeTexts.model_validate(read_yaml(config_folder() / "probe" / "neutral.yaml"))


class ProbesConfig(Frozen):
    """Which probes are asked, and in what words. They change nothing in the line.

    Attributes:
        belief: Whether each form has one before it.
        purpose: Whether it is asked what the exercise is for.
        texts: Their wordings.
    """

    belief: bool = True
    purpose: bool = True
    texts: ProbeTexts = Field(default_factory=shipped_texts)

    @property
    def are_all_asked(self) -> bool:
        """Whether no probe is switched off."""
        return self.belief and self.purpose

    @property
    def level(self) -> str:
        """Which are asked, and a hash of their words where those are not the shipped ones."""
        asked = [name for name, is_asked in (("belief", self.belief), ("purpose", self.purpose)) if is_asked]
        if not asked or self.texts == shipped_texts():
            return "+".join(asked) or "none"
        return f"{'+'.join(asked)} {hashlib.sha256(self.texts.model_dump_json().encode()).hexdigest()[:8]}"
