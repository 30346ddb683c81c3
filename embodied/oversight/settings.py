"""Settings of parts: of what kind each one is, and one line on what to give where one is not of it.

A part says the kinds as annotations of its constructor. Nothing is converted: a flag is a flag, and `no` in quotation
marks is a text.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from embodied.errors import ConfigError, first_misfit
from envs.spaces import MAX_ELAPSED_S

Flag = Annotated[bool, Field(description="true or false")]
Share = Annotated[float, Field(ge=0.0, le=1.0, description="a number from 0 to 1")]
Amount = Annotated[float, Field(ge=0.0, description="a number from 0 on")]
Span = Annotated[float, Field(ge=0.0, le=MAX_ELAPSED_S, description=f"a time from 0 to {MAX_ELAPSED_S:g} s")]
Count = Annotated[int | None, Field(ge=0, description="a whole number from 0 on, or null for no limit")]
Moment = Annotated[float | None, Field(ge=0.0, description="a time from 0 s on, or null for no limit")]
Word = Annotated[str, Field(min_length=1, description="a name")]
Words = Annotated[Sequence[Word], Field(min_length=1, description="a list of names, such as [one, two]")]
Weights = Annotated[Mapping[str, Share] | None, Field(description="a weight from 0 to 1, each under its name")]
Keys = Annotated[Mapping[str, Any] | None, Field(description="settings, each under its name")]
Wordings = Annotated[Mapping[str, Sequence[str]] | None, Field(description="lists of wordings, under yes and falsely")]

Config = TypeVar("Config", bound=BaseModel)

PLAIN: Final[Mapping[Any, str]] = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
"""What to give for a setting that says no more than its type."""
EXACTLY: Final = ConfigDict(strict=True, allow_inf_nan=False)


def checked(kind: type[Config], where: str, settings: Mapping[str, Any]) -> Config:
    """Settings that stand together under one name, as their record.

    Args:
        kind: The record.
        where: What they stand under, for errors.
        settings: As configured.

    Raises:
        ConfigError: One of them is unknown, missing, or not of its kind.
    """
    try:
        return kind.model_validate(dict(settings), strict=True)
    except ValidationError as error:
        raise ConfigError(f"{where}.{first_misfit(error)}") from error


def weights_of(part: str, weights: Weights, known: Collection[str]) -> dict[str, float]:
    """A part's weights above 0.

    Raises:
        ConfigError: One is given to what the part does not know.
    """
    for name in weights or {}:
        if name not in known:
            raise ConfigError(
                f"oversight.{part}.weights.{name}: give a weight from 0 to 1 to one of {', '.join(known)}"
            )
    return {name: weight for name, weight in (weights or {}).items() if weight}


def check_settings(part: type, name: str, settings: Mapping[str, Any]) -> None:
    """Hold a part's settings to what its constructor says of them.

    Args:
        part: Its class.
        name: Its key in the configuration.
        settings: All but its class.

    Raises:
        ConfigError: A setting is unknown, or a value is not of its kind.
    """
    kinds = _kinds_of(part)
    for key, value in settings.items():
        if key not in kinds:
            raise ConfigError(f"oversight.{name}: there is no setting {key!r}; choose from: {', '.join(sorted(kinds))}")
        if what := _what_to_give(kinds[key]):
            _check(f"oversight.{name}.{key}", kinds[key], value, what)


def _kinds_of(part: type) -> dict[str, Any]:
    """Annotations of all settings of a part: its own and what every part has."""
    found: dict[str, Any] = {}
    for owner in reversed(part.__mro__[:-1]):
        if "__init__" in vars(owner):
            init = vars(owner)["__init__"]
            hints = get_type_hints(init, include_extras=True)
            own = inspect.signature(init).parameters.values()
            found |= {one.name: hints[one.name] for one in own if one.kind is inspect.Parameter.KEYWORD_ONLY}
    return found


def _what_to_give(kind: Any) -> str:
    """In words; "" for a setting that the part looks through by itself."""
    said = (more.description for more in get_args(kind) if isinstance(more, FieldInfo))
    return next((words for words in said if words), "") or PLAIN.get(kind, "")


def _check(where: str, kind: Any, value: Any, what: str) -> None:
    try:
        TypeAdapter(kind, config=EXACTLY).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        inside = [key for key in first["loc"] if isinstance(key, str)]
        found = first["input"] if inside else value
        raise ConfigError(f"{'.'.join([where, *inside])}: give {what}, not {found!r}") from error
