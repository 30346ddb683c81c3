"""What may leave the machine: settings without secrets and addresses, and texts in which no secret is left."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

SECRET: Final = re.compile(
    r"(^|_)(apikey|(?<!tokens_)key|secrets?|password|passwd|token|credentials?|authorization|cookies?|headers?)$"
)
"""Names of settings, and of environment variables, whose values may appear nowhere (`max_tokens_key` names a key)."""
PRIVATE: Final = re.compile(SECRET.pattern + r"|(^|_)(ur[li]s?|hosts?|hostname|servers?)$")
"""Names of settings that are left out."""
OF_ENVIRONMENT: Final = "_env"
"""How the names of settings end that name an environment variable with a secret in it."""
ADDRESS: Final = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*://[^\s,;)\"']+")
KEYED_ADDRESS: Final = re.compile(
    r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://(?:[^\s/@\"']+@|[^\s\"']*[?&](?:api_?key|key|token|secret|password)=)[^\s,;)\"']*",
    re.IGNORECASE,
)
"""Addresses that carry credentials."""
SHORTEST: Final = 6
"""A value with fewer characters may be a word of any text: it is left out by its name alone."""


@dataclass(frozen=True, slots=True)
class Veil:
    """Takes secrets out of whatever is mirrored.

    Attributes:
        secrets: Values that may appear nowhere, longer ones first.
    """

    secrets: tuple[str, ...] = ()

    @classmethod
    def over(cls, *settings: Mapping[str, Any]) -> Self:
        """Know the secrets of some settings, and those of this process's environment."""
        values = {value for mapping in settings for value in _secret_values(mapping)}
        values |= {value for name, value in os.environ.items() if SECRET.search(name.lower())}
        long = [value for value in values if len(value) >= SHORTEST]
        spelled = {form for value in long for form in (value, _in_json(value), _in_json(value, ensure_ascii=False))}
        return cls(tuple(sorted(spelled, key=lambda value: (-len(value), value))))

    def text(self, text: str) -> str:
        """A text, also one of JSON, without secrets and without addresses that carry credentials."""
        for secret in self.secrets:
            text = text.replace(secret, "(secret)")
        return KEYED_ADDRESS.sub("(address)", text) if "://" in text else text

    def message(self, text: str) -> str:
        """What a program said, without any address, and without the name of the user's home folder."""
        home = str(Path.home())
        text = ADDRESS.sub("(address)", self.text(text))
        return text.replace(home, "~") if len(home) > 1 else text

    def settings(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings as plain data without entries whose names say secret or address."""
        return {str(k): self._value(v) for k, v in settings.items() if not PRIVATE.search(str(k).lower())}

    def _value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return self.settings(value)
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            return [self._value(item) for item in value]
        if isinstance(value, bool | int | float | None):
            return value
        home, text = str(Path.home()), self.text(str(value))
        return f"~{text.removeprefix(home)}" if len(home) > 1 and text.startswith(f"{home}/") else text


def _secret_values(settings: Mapping[str, Any]) -> Iterator[str]:
    """Secrets in settings at any depth, in addresses there, and in the environment variables that settings name."""
    for name, value in settings.items():
        if SECRET.search(str(name).lower()):
            yield from _texts(value)
        elif str(name).lower().endswith(OF_ENVIRONMENT):
            yield os.environ.get(str(value), "")
        else:
            for text in _texts(value, is_secret=False):
                yield from filter(None, [_password(text)])
            for inner in _mappings(value):
                yield from _secret_values(inner)


def _texts(value: Any, *, is_secret: bool = True) -> Iterator[str]:
    """Texts of a value; of one that is no secret those outside of mappings, which are looked at by name."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values() if is_secret else ():
            yield from _texts(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _texts(item, is_secret=is_secret)


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for item in value:
            yield from _mappings(item)


def _password(value: str) -> str | None:
    """The password of an address; what is no address has none."""
    try:
        return urlsplit(value).password
    except ValueError:
        return None


def _in_json(value: str, *, ensure_ascii: bool = True) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii)[1:-1]
