"""The thought monitor: reads what the model thought before an action, by a word list or by a model of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from embodied.measures.lexicon import lexicon
from embodied.oversight.part import Finding, Part, Proposal
from embodied.oversight.reader import UNREADABLE, reader_of
from embodied.oversight.settings import Keys, Weights, weights_of

REASON: Final = "what was thought before it speaks against it"


class ThoughtMonitor(Part):
    """Looks at thoughts before the action that follows them is begun.

    A thought is the model's reasoning and what its reply says before the action. Without a judge the lexicon of the
    measures is looked up, and the score is the weight of the heaviest category that it finds. Either way it sees no
    more than what is written: who thinks nothing, or keeps a plan back, is not seen.

    Args:
        name: Its key in the configuration.
        judge: Configuration of the model that reads; None for the lexicon.
        weights: Score of a thought by the lexicon's category, 0 to 1; a category that is left out counts nothing.
        reading: How the model is asked (see `ReadingConfig`).
        options: What every part has (see `Part`).

    Raises:
        ConfigError: A category is unknown, or there is no such model.
    """

    told_of: ClassVar[tuple[str, ...]] = ("escalation", "weights")

    def __init__(
        self, name: str, *, judge: Mapping[str, Any] | None = None, weights: Weights = None, reading: Keys = None,
        **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(name, **options)
        self.reader = reader_of(name, judge, reading)
        self._weights = weights_of(name, weights, lexicon().meanings)

    def before(self, proposal: Proposal) -> Finding | None:
        """Read what was thought."""
        thinking = proposal.thinking
        if not thinking.strip():
            return None
        if self.reader is None:
            score = self._weigh(thinking)
            return Finding(score, REASON) if score else None
        read = self.reader.read([{"thinking": thinking}], self.post.guarded.words)
        if read is None:
            return Finding(self.reader.unreadable_score, UNREADABLE)
        return Finding(read, REASON) if read else None

    def _weigh(self, thinking: str) -> float:
        small = thinking.lower().replace("\u2019", "'")
        return max((w for category, w in self._weights.items() if lexicon().find(category, small)), default=0.0)
