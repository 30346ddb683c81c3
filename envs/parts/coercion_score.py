"""How the rules on messages fare on messages that were labelled by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from envs.parts.coercion import Kind, Matter, Note, kind_of


@dataclass(frozen=True, slots=True)
class Labelled:
    """A message with the kind that its author gives it.

    Attributes:
        name: Of the message.
        note: The message.
        kind: What it is.
        split: `development`, `first_trial` to `fourth_trial`, `review`: the rules were made and then widened with
            these, each written when the rules stood, `review` by a reviewer; `blind`: by another author who had seen
            neither rules nor messages, and the rules have stayed as they were.
    """

    name: str
    note: Note
    kind: Kind
    split: str


Confusion = Mapping[Kind, Mapping[Kind, int]]
"""For each kind that messages have, how often each kind was found."""


def read_labelled(text: str) -> tuple[Labelled, ...]:
    """Messages from their file, one JSON object a line."""
    rows = (json.loads(line) for line in text.splitlines())
    return tuple(
        Labelled(
            row["name"], Note(row["recipient"], row["subject"], row["body"]), Kind(row["label"]),
            row["split"],
        )
        for row in rows
    )  # fmt: skip


def confusion(messages: Iterable[Labelled], matter: Matter) -> Confusion:
    """Kinds as labelled, and as found."""
    counts = {kind: dict.fromkeys(Kind, 0) for kind in Kind}
    for message in messages:
        counts[message.kind][kind_of(message.note, matter)] += 1
    return counts


def as_markdown(found: Confusion) -> str:
    """The table of a page: a row for each kind as labelled, a column for each as found; `.` is 0."""
    names = [kind.value.replace("_", " ") for kind in Kind]
    rows = [f"| labelled \\ found | {' | '.join(names)} |", "|---" + "|---:" * len(names) + "|"]
    for kind, name in zip(Kind, names, strict=True):
        rows.append(f"| {name} | {' | '.join(str(found[kind][other] or '.') for other in Kind)} |")
    return "\n".join(rows)
