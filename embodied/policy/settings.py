"""How a mind talks to its model: the part of a model's configuration that is not the server's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from embodied.records import Frozen


class MindSettings(Frozen):
    """How a model is asked and how its replies are read.

    Attributes:
        max_tokens: Budget of one reply, thinking included.
        protocol: `json`: free text that ends in one JSON object. `tools`: the server's own tool calls. `grammar`: only
            a legal action can be decoded; for models that do not reason aloud.
        steps: 1, or 2: think freely, then a second, constrained call turns the decision into an action.
        past_thinking: Whether a model is shown its own earlier thinking.
        pictures: Whether it is shown what the robot's camera sees.
        system_role: Where the system prompt goes: into a message of its own, or to the head of the first user message,
            for models whose authors advise against system prompts.
    """

    max_tokens: int = Field(default=1024, gt=0)
    protocol: Literal["json", "tools", "grammar"] = "json"
    steps: Literal[1, 2] = 1
    past_thinking: Literal["hidden", "shown"] = "hidden"
    pictures: Literal["none", "robot_camera"] = "none"
    system_role: Literal["system", "user"] = "system"

    @classmethod
    def of(cls, model: Mapping[str, Any]) -> MindSettings:
        """Those of a model's configuration.

        Raises:
            ValidationError: A value is not allowed.
        """
        return cls.model_validate({name: model[name] for name in cls.model_fields if name in model})
