"""A recorded model: it gives the replies of one transcript in their order and compares what it is asked on the way.

Nothing is sampled, so an episode that is run with it must come out as it did. Where a request differs from the one that
was recorded, the first difference is kept and the recorded replies go on, so that the whole course can be compared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from embodied.backends.base import Capabilities, ChatMessage, ChatReply, ChatRequest
from embodied.errors import BackendError, EmbodiedError

ABSENT: Final = "(nothing)"
ASKED: Final = frozenset({"tools", "json_schema", "may_think", "max_tokens"})
"""What shapes a reply besides messages and seed."""
_LONGEST: Final = 160
_WINDOW: Final = 2**31


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where a replay came out otherwise.

    Attributes:
        where: Path into what was recorded, as in `ledger.events[3].time_s`.
        recorded: The value there; `(nothing)` where there is none.
        replayed: The value that came out now.
    """

    where: str
    recorded: Any
    replayed: Any

    def __str__(self) -> str:
        """One line; of long texts the part where they begin to differ."""
        before, now = self.recorded, self.replayed
        if isinstance(before, str) and isinstance(now, str):
            start = max(0, common_length(before, now) - _LONGEST // 4)
            before, now = before[start:], now[start:]
        return f"{self.where}: recorded {_short(before)}, replayed {_short(now)}"


class DivergedError(EmbodiedError):
    """The replay asks for a reply that was never recorded: it cannot go on."""


@dataclass(frozen=True, slots=True)
class Tape:
    """One conversation: the main line's, or a probe's that continues it.

    Attributes:
        entries: Recorded messages, oldest first.
        failure: What the last call ended in, when it brought no reply.
        name: Where it stands, for differences.
        first: Number of its first entry there.
    """

    entries: Sequence[Mapping[str, Any]] = ()
    failure: BackendError | None = None
    name: str = "transcript"
    first: int = 0

    def next_reply(self, start: int) -> int:
        """Index of the first reply from `start` on; the length where there is none."""
        at = range(start, len(self.entries))
        return next((n for n in at if self.entries[n]["role"] == "assistant"), len(self.entries))

    def where(self, index: int) -> str:
        """Path of an entry."""
        return f"{self.name}[{self.first + index}]"


class ReplayBackend:
    """Serves the replies of the conversations that were loaded last. Asks no server."""

    def __init__(self) -> None:
        self._tape = Tape()
        self._later: list[Tape] = []
        self._at = 0
        self._difference: Difference | None = None

    @property
    def difference(self) -> Difference | None:
        """The first difference between what was asked and what had been recorded."""
        return self._difference

    @property
    def capabilities(self) -> Capabilities:
        """Whatever the recorded model could do."""
        return Capabilities(tools=True, vision=True, shows_past_thinking=True, window=_WINDOW, prompt_check="exact")

    def load(
        self, transcript: Sequence[Mapping[str, Any]], failure: BackendError | None = None, probes: Sequence[Tape] = ()
    ) -> None:
        """Start over.

        Args:
            transcript: Recorded messages, oldest first.
            failure: What the last call ended in, when it brought no reply.
            probes: What was asked afterwards, each in a copy of the beginning.
        """
        self._tape, self._later = Tape(transcript, failure), list(probes)
        self._at, self._difference = 0, None

    def prepare(self) -> Mapping[str, Any]:
        """Say what it is."""
        return {"backend": "replay"}

    def chat(self, request: ChatRequest) -> ChatReply:
        """The next recorded reply.

        Raises:
            BackendError: The recorded call failed.
            DivergedError: There is no further reply.
        """
        self._turn_over(request.seed)
        tape, end = self._tape, self._tape.next_reply(self._at)
        asked = _since_last_reply(request.messages)
        self._compare(asked, tape.entries[self._at : end])
        self._at = end + 1
        if end < len(tape.entries):
            entry = tape.entries[end]
            self._note(f"{tape.where(end)}.seed", entry.get("seed", request.seed), request.seed)
            asked_as = digest_of(request)
            self._note(f"{tape.where(end)}.asked", entry.get("asked", asked_as), asked_as)
            fields = {name: entry[name] for name in ChatReply.model_fields if name in entry}
            return ChatReply.model_validate({"text": entry["content"], **fields})
        if tape.failure is not None:
            raise tape.failure
        self._note(tape.where(end), ABSENT, "a further reply is asked for")
        raise DivergedError(str(self._difference))

    def count(self, messages: Sequence[ChatMessage]) -> int | None:
        """Counts nothing."""
        del messages
        return None

    def check(self) -> None:
        """A record does not change; where it failed before the first message, it fails here."""
        if self._tape.failure is not None and not self._tape.entries:
            raise self._tape.failure

    def close(self) -> None:
        """Hold nothing."""

    def _turn_over(self, seed: int) -> None:
        """Go on to the next conversation where its first reply is asked for, or where this one is over."""
        while self._later:
            following = self._later[0]
            first = following.next_reply(0)
            is_answered, is_over = first < len(following.entries), self._at >= len(self._tape.entries)
            if not (following.entries[first].get("seed") == seed if is_answered else is_over):
                return
            self._tape, self._at = self._later.pop(0), 0

    def _compare(self, asked: Sequence[ChatMessage], entries: Sequence[Mapping[str, Any]]) -> None:
        for n, message in enumerate(asked):
            where = self._tape.where(self._at + n)
            if n >= len(entries):
                self._note(where, ABSENT, message.content)
                return
            digests = [hashlib.sha256(image).hexdigest() for image in message.images]
            self._note(f"{where}.role", entries[n]["role"], message.role)
            self._note(f"{where}.content", entries[n]["content"], message.content)
            self._note(f"{where}.images", list(entries[n].get("images", digests)), digests)
        if len(entries) > len(asked):
            self._note(self._tape.where(self._at + len(asked)), entries[len(asked)]["content"], ABSENT)

    def _note(self, where: str, recorded: Any, replayed: Any) -> None:
        if self._difference is None and recorded != replayed:
            self._difference = Difference(where, recorded, replayed)


def digest_of(request: ChatRequest) -> str:
    """Digest of how a reply was asked for: tools, schema, thinking and budget; 16 hex digits of a SHA-256."""
    asked = json.dumps(request.model_dump(mode="json", include=set(ASKED)), sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()[:16]


def first_difference(recorded: Any, replayed: Any, where: str) -> Difference | None:
    """The first place, in the order of the record, where two pieces of plain data differ; None when there is none.

    Args:
        recorded: What is kept.
        replayed: What came out now.
        where: Name of the whole.
    """
    if isinstance(recorded, Mapping) and isinstance(replayed, Mapping):
        inside = [(f"{where}.{name}", recorded.get(name, ABSENT), replayed.get(name, ABSENT))
                  for name in dict.fromkeys([*recorded, *replayed])]  # fmt: skip
    elif isinstance(recorded, list) and isinstance(replayed, list):
        size = max(len(recorded), len(replayed))
        pad = [ABSENT] * size
        pairs = zip([*recorded, *pad][:size], [*replayed, *pad][:size], strict=True)
        inside = [(f"{where}[{n}]", before, now) for n, (before, now) in enumerate(pairs)]
    else:
        is_same = type(recorded) is type(replayed) and recorded == replayed
        return None if is_same else Difference(where, recorded, replayed)
    found = (first_difference(before, now, path) for path, before, now in inside)
    return next((difference for difference in found if difference is not None), None)


def _since_last_reply(messages: Sequence[ChatMessage]) -> Sequence[ChatMessage]:
    last = max((n for n, message in enumerate(messages) if message.role == "assistant"), default=-1)
    return messages[last + 1 :]


def common_length(one: str, other: str) -> int:
    """Length of the common beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
