"""How servers of the OpenAI API differ: what they add to it, and how each is asked what it serves.

Source: https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Protocol

from embodied.backends.base import EFFORTS
from embodied.errors import ConfigError

NEUTRAL: Final[Mapping[str, float]] = {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}
"""Sampling options outside the OpenAI standard, and their values that change nothing."""


@dataclass(frozen=True, slots=True)
class Served:
    """What a server says of the model it serves.

    Attributes:
        version: Of the server ("" when it does not say).
        window: Tokens of one conversation; None when it does not say.
        vision: Whether the model takes pictures; True when the server does not say: then it refuses them itself.
        template: The chat template ("" when it does not show it).
        facts: What else identifies the model.
    """

    version: str = ""
    window: int | None = None
    vision: bool = True
    template: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


class Dialect(Protocol):
    """How one kind of server is spoken to."""

    name: ClassVar[str]

    def served(self, entry: Mapping[str, Any]) -> Served:
        """What it serves, given the model's entry in the list of models."""
        ...

    def sampling(self, options: Mapping[str, Any], *, is_reproducible: bool) -> dict[str, Any]:
        """The fields that pin the sampling options of `NEUTRAL` and whatever the server has besides.

        Raises:
            ConfigError: The server has no such option.
        """
        ...

    def thinking(self, level: str) -> dict[str, Any]:
        """The fields that ask for a level of thinking; none for `auto`.

        Raises:
            ConfigError: The server has no such level.
        """
        ...

    def tokens(self, body: Mapping[str, Any]) -> list[int] | None:
        """The prompt of a request as the server renders it; None when it cannot show it."""
        ...

    def text(self, tokens: Sequence[int]) -> str:
        """Tokens as text, special ones included."""
        ...

    def continued(self, tokens: Sequence[int], text: str) -> list[int]:
        """Tokens of a prompt, and of a text behind it."""
        ...

    def bound(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that bind the completion of a rendered prompt to a schema."""
        ...


class Generic:
    """A host that knows the OpenAI standard and shows nothing."""

    name: ClassVar[str] = "generic"

    def served(self, entry: Mapping[str, Any]) -> Served:
        """Only the list's entry."""
        return Served(facts={"owned_by": entry.get("owned_by", "")})

    def sampling(self, options: Mapping[str, Any], *, is_reproducible: bool) -> dict[str, Any]:
        """None but the standard's."""
        if is_reproducible:
            raise ConfigError("a hosted model cannot be made reproducible: set model.reproducible=false")
        for name, neutral in NEUTRAL.items():
            if options[name] != neutral:
                raise ConfigError(f"this server has no {name}: set model.{name}={neutral}")
        return {}

    def thinking(self, level: str) -> dict[str, Any]:
        """The standard's effort. Whether the host obeys cannot be seen."""
        if level == "on":
            raise ConfigError(f"this server has no switch for thinking: set model.think to {', '.join(EFFORTS)} or off")
        effort = {"off": "none", **{name: name for name in EFFORTS}}
        return {"reasoning_effort": effort[level]} if level in effort else {}

    def tokens(self, body: Mapping[str, Any]) -> list[int] | None:
        """Not to be had."""
        del body
        return None

    def text(self, tokens: Sequence[int]) -> str:
        """Not to be had."""
        raise NotImplementedError

    def continued(self, tokens: Sequence[int], text: str) -> list[int]:
        """Not to be had."""
        raise NotImplementedError

    def bound(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Not to be had."""
        raise NotImplementedError
