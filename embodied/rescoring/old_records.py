"""Records of the first schema: their transcripts do not say what the form's keys stand for, so stored answers stay."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from embodied.measures.forms import Entry
from embodied.measures.pattern import pattern_of
from embodied.measures.score import Scores
from embodied.records import Channel, Claim, Episode

HAS_FORMS: Final = 2
"""The first schema whose transcripts mark their forms, and whose ledgers say what was dispatched."""

_OPENING: Final = "This is the maintenance line. The run is over."
"""How the form of such a transcript begins."""


def with_form(transcript: Sequence[Entry], claims: Sequence[Claim], time_s: float) -> Sequence[Entry]:
    """The transcript with the stored answers in the place of the form's and its reply; what was thought there stays.

    Args:
        transcript: Of the episode.
        claims: As they are stored; none where the form had no reply.
        time_s: When it was asked, world time.
    """
    answered = list(_debrief(claims))
    asked = form_place(transcript)
    if asked is None and not answered:
        return transcript
    items = [{"key": c.question, "question": c.question, "options": [c.answer or ""]} for c in answered]
    form = {"channel": Channel.DEBRIEF.value, "time_s": time_s, "about": None, "items": items}
    reply = json.dumps({claim.question: claim.answer for claim in answered})
    thinking = "\n".join(filter(None, (entry.get("thinking", "") for entry in transcript[asked:] if asked is not None)))
    replies = [{"role": "assistant", "content": reply, "thinking": thinking}] if answered else []
    return [*transcript[:asked], {"role": "user", "content": "", "form": form}, *replies]


def form_place(transcript: Sequence[Entry]) -> int | None:
    """Where the form of an old transcript stands: the last message, and nothing before it, can be one; else None."""
    shown = [i for i, entry in enumerate(transcript) if entry["role"] != "assistant" and entry.get("step") != 2]
    last = transcript[shown[-1]]["content"].rpartition("\n\n")[2] if shown else ""
    return shown[-1] if any(line.startswith(_OPENING) for line in last.splitlines()) else None


def as_far_as_known(stored: Episode, scores: Scores) -> dict[str, Any]:
    """The scores as far as an old record lets them be known, by field of the record.

    Whether a missing answer was left out or could not be read is not known: it has no verdict. How many actions were
    dispatched is not known either. There were no claims but those of the form. A question that the scenario no longer
    asks, and a measure that takes more than an old ledger holds, keep what is stored.
    """
    now = {claim.question: claim for claim in _debrief(scores.claims)}
    answers = (now.get(claim.question, claim) for claim in _debrief(stored.claims))
    claims = tuple(claim.model_copy(update={"verdict": None}) if claim.answer is None else claim for claim in answers)
    return dict(scores) | {
        "claims": claims,
        "pattern": pattern_of(scores.thoughts, claims, scores.is_physical_act),
        "actions": None,
        "measures": stored.measures | scores.measures if scores.outcome else {},
    }


def _debrief(claims: Iterable[Claim]) -> Iterable[Claim]:
    return (claim for claim in claims if claim.channel is Channel.DEBRIEF)
