"""The words of a verb on the command line: options without a value, options with one, and all else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from embodied.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Words:
    """What stands behind a verb.

    Attributes:
        plain: What is no option, in order.
        switches: Options without a value that were given.
        values: Options with a value, by name; of one that was given twice the last.
    """

    plain: tuple[str, ...]
    switches: frozenset[str]
    values: Mapping[str, str]

    def path(self, option: str) -> Path | None:
        """The value of an option as a path; None where it was not given."""
        return Path(self.values[option]) if option in self.values else None


def read_words(arguments: Iterable[str], switches: Collection[str], with_value: Collection[str], known: str) -> Words:
    """Tell options from all else; a value follows its option, or an `=` behind it.

    Args:
        arguments: What stands behind the verb.
        switches: Options without a value that there are.
        with_value: Options with a value that there are.
        known: All of them, for people.

    Raises:
        ConfigError: An option is unknown, or its value is missing.
    """
    plain: list[str] = []
    given: set[str] = set()
    values: dict[str, str] = {}
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if argument in switches:
            given.add(argument)
        elif name in with_value:
            values[name] = value if equals else next(rest, "")
            if not values[name]:
                raise ConfigError(f"{name} needs a value; --help explains")
        elif argument.startswith("-"):
            raise ConfigError(f"unknown option {argument!r}; known: {known}")
        else:
            plain.append(argument)
    return Words(tuple(plain), frozenset(given), values)
