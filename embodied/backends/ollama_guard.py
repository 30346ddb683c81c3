"""What is refused before a call to Ollama, because the server would take it and bend the result without a word."""

from __future__ import annotations

from embodied.backends.base import EFFORTS, Capabilities, ChatRequest
from embodied.backends.ollama_model import NEUTRAL, OllamaModel
from embodied.backends.ollama_template import ALWAYS_THINKING, PROBE, ends_in_thought
from embodied.backends.window import missing_messages
from embodied.errors import BackendError, BackendUnavailableError, ContextOverflowError, Fault


def refuse_missing(model: OllamaModel, can: Capabilities, request: ChatRequest) -> None:
    """Refuse what the model cannot do.

    Raises:
        BackendError: It cannot; the message names the key to set.
    """
    name, problem = model.name, ""
    if request.tools and not can.tools:
        problem = f"{name} takes no tools: set model.protocol=json"
    elif any(message.images for message in request.messages) and not can.vision:
        problem = f"{name} takes no pictures: set model.pictures=none"
    elif request.shows_thinking and not can.shows_past_thinking:
        problem = f"the template of {name} does not show past thinking: set model.past_thinking=hidden"
    elif request.messages[0].role != "system" and model.shown.get("system"):
        problem = f"{name} would put its Modelfile's system prompt before ours: set model.system_role=system"
    if problem:
        raise BackendError(problem, fault=Fault.REFUSED)


def refuse_unheard_think(model: OllamaModel) -> None:
    """Refuse a `think` that the server accepts and the model never learns of.

    Raises:
        BackendUnavailableError: The model cannot think, takes no levels, or cannot be kept from thinking.
    """
    name, think, render = model.name, model.think, model.render_probe
    is_able, always = "thinking" in model.abilities, model.family in ALWAYS_THINKING
    if think and not is_able:
        raise BackendUnavailableError(f"{name} does not support thinking: set model.think=auto")
    if think in EFFORTS and not always and len({render(PROBE, level) for level in EFFORTS}) == 1:
        raise BackendUnavailableError(f"{name} takes no levels of thinking: set model.think=on")
    if think is not False:
        return
    if always:
        raise BackendUnavailableError(f"{name} always thinks: set model.think=low")
    silent = render(PROBE, False)
    if silent is not None and (ends_in_thought(silent) or (is_able and silent == render(PROBE, True))):
        raise BackendUnavailableError(f"{name} thinks whatever is asked of it: set model.think=auto")


def refuse_ignored_penalties(model: OllamaModel) -> None:
    """Refuse penalties that an engine takes and does not apply. Asks the model only where one is configured.

    Raises:
        BackendUnavailableError: One changes nothing.
    """
    ignored = model.ignored_penalties()
    if ignored:
        keys = " ".join(f"model.{name}={NEUTRAL[name]:g}" for name in ignored)
        raise BackendUnavailableError(
            f"Ollama does not apply {', '.join(ignored)} to {model.name} (penalties_applied: false): set {keys}",
            fault=Fault.REFUSED,
        )


def is_left_thinking(model: OllamaModel, request: ChatRequest) -> bool:
    """See that the server renders every message, and tell whether its prompt leaves a thought open in the content.

    Raises:
        ContextOverflowError: A message is not in the prompt.
        BackendError: The template opens a thought where there is to be none.
    """
    rendered = model.render(request) if model.template.is_shown else None
    if rendered is None:
        return False
    missing = missing_messages(rendered, request.messages)
    if missing:
        first = request.messages[missing[0]].role
        remedy = "set model.system_role=user" if first == "system" else "raise model.num_ctx"
        raise ContextOverflowError(
            f"the prompt was cut: {len(missing)} of {len(request.messages)} messages do not reach {model.name}, first "
            f"number {missing[0] + 1} ({first}): {remedy}"
        )
    if not ends_in_thought(rendered):
        return False
    if not request.may_think:
        raise BackendError(f"{model.name} thinks whatever is asked of it: set model.steps=1", fault=Fault.REFUSED)
    if model.splits_thoughts:
        return False
    if request.json_schema is not None:
        raise BackendError(
            f"the template of {model.name} opens a thought, and a grammar would silence it: set model.protocol=json",
            fault=Fault.REFUSED,
        )
    return True
