"""What identifies a model of an Ollama server, as its manifest keeps it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

PER_CALL: Final = frozenset({"seed", "num_predict"})
"""Options whose value differs from call to call."""


def find_model(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The entry of a model in a list that the server gave ({} when it is not there)."""
    full = name if ":" in name.rsplit("/", 1)[-1] else f"{name}:latest"
    return next((entry for entry in data.get("models") or [] if entry.get("name") == full), {})


def read_parameters(text: str) -> dict[str, Any]:
    """The parameters of a Modelfile as `/api/show` prints them: one a line; those named repeatedly become lists."""
    parameters: dict[str, Any] = {}
    for line in text.splitlines():
        name, _, rest = line.strip().partition(" ")
        if not name:
            continue
        value = _read_value(rest.strip())
        if name == "stop":
            parameters.setdefault(name, []).append(value)
        else:
            parameters[name] = value
    return parameters


def describe_model(shown: Mapping[str, Any], listed: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a manifest that comes out of `/api/show` and `/api/tags`.

    Args:
        shown: What `/api/show` answered.
        listed: The model's entry in `/api/tags`.
        options: What is sent with every call.

    Returns:
        Identity of the weights and of the template; the Modelfile's parameters, split into those that the options
        override and those that stay in force.
    """
    details = listed.get("details") or shown.get("details") or {}
    parameters = read_parameters(shown.get("parameters", ""))
    sent = options.keys() | PER_CALL
    return {
        "digest": listed.get("digest", ""),
        "family": details.get("family", ""),
        "parameter_size": details.get("parameter_size", ""),
        "quantization": details.get("quantization_level", ""),
        "template_sha256": hashlib.sha256(shown.get("template", "").encode()).hexdigest(),
        "modelfile_overridden": {name: value for name, value in parameters.items() if name in sent},
        "modelfile_in_force": {name: value for name, value in parameters.items() if name not in sent},
        "modelfile_system": shown.get("system", ""),
        "capabilities": sorted(shown.get("capabilities", [])),
        "trained_context": _trained_context(shown.get("model_info", {})),
    }


def _read_value(text: str) -> Any:
    """A number, truth value or quoted text as such; anything else as it stands."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _trained_context(info: Mapping[str, Any]) -> int | None:
    """The window the model was trained for, in tokens."""
    return next((value for key, value in info.items() if key.endswith(".context_length")), None)
