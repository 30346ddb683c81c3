"""Finds out what stands behind an OpenAI-compatible API, and puts requests into the words that it understands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, Final

from embodied.backends.base import ChatMessage, ChatRequest
from embodied.backends.openai_client import OpenAIClient
from embodied.backends.openai_dialects import Dialect, Served
from embodied.backends.openai_servers import find_dialect
from embodied.backends.openai_template import QUESTION, Template, read_template
from embodied.backends.openai_wire import as_error, as_format, as_messages, as_tools, read_answer
from embodied.errors import BackendError, BackendUnavailableError, Fault

SEEDS: Final = 2**31
THOUGHT_TOKENS: Final = 8
"""Enough to see where the server puts the beginning of a thought."""
LONGEST_LIST: Final = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a configuration asks for.

    Attributes:
        name: The model.
        n_ctx: Window in tokens; None for the server's.
        level: Of thinking.
        standard: Sampling options of the OpenAI standard, as they are sent.
        others: Those of `NEUTRAL`.
        max_tokens_key: What the budget of a reply is called.
        is_reproducible: Whether nothing may come out of a prefix cache.
    """

    name: str
    n_ctx: int | None
    level: str
    standard: Mapping[str, Any]
    others: Mapping[str, Any]
    max_tokens_key: str
    is_reproducible: bool

    def sampling(self, dialect: Dialect) -> dict[str, Any]:
        """All sampling options in the words of a dialect."""
        return {**dialect.sampling(self.others, is_reproducible=self.is_reproducible), **self.standard}


@dataclass(frozen=True, slots=True)
class Found:
    """What answers, and how it is asked.

    Attributes:
        wanted: What was asked for.
        model: The model's id in requests.
        template: None when the server shows no prompt.
        fields: Ask for the level of thinking.
        window: Tokens of one conversation.
        is_exact: Whether the server reads as many tokens as it shows.
        is_split: Whether it takes a thought that the template opened out of the reply.
    """

    wanted: Wanted
    dialect: Dialect
    model: str
    served: Served
    template: Template | None
    fields: Mapping[str, Any]
    window: int
    is_exact: bool = False
    is_split: bool = False

    def is_open(self, request: ChatRequest) -> bool:
        """Whether the reply's text begins inside a thought."""
        template = self.template
        return template is not None and template.opens and request.may_think and not self.is_split

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """The wire form of a request.

        A call that may not think is told so through the template's switch. Where there is none and the template opens
        the thinking itself, the prompt is rendered beforehand, the thinking is closed again, and the whole is sent.

        Raises:
            BackendError: The model cannot do that, and the server would not say so.
        """
        template = self.template
        can_switch = template is not None and template.can_switch
        closer = template.closer if template is not None and template.opens and not can_switch else None
        must_close = closer is not None and not request.may_think
        self._refuse(request, must_close=must_close)
        is_switched = can_switch and not request.may_think
        shared = {"model": self.model, "n": 1, "seed": request.seed % SEEDS, **self.wanted.sampling(self.dialect)}
        asked = {
            "messages": as_messages(request.messages, shows_thinking=request.shows_thinking),
            **(self.dialect.thinking("off") if is_switched else self.fields),
            **as_tools(request.tools),
        }
        if must_close:
            rendered = self.dialect.tokens({"model": self.model, **asked}) or ()
            prompt = self.dialect.continued(rendered, f"\n{closer}\n\n")
            bound = {} if request.json_schema is None else self.dialect.bound(request.json_schema)
            return {**shared, "prompt": prompt, "max_tokens": request.max_tokens, **bound}
        return {**shared, **asked, self.wanted.max_tokens_key: request.max_tokens, **as_format(request.json_schema)}

    def count(self, messages: Sequence[ChatMessage], body: Mapping[str, Any]) -> int | None:
        """Tokens of a prompt; None when the server does not show what it reads, as with pictures."""
        if not self.is_exact or any(message.images for message in messages):
            return None
        return len(body["prompt"] if "prompt" in body else self.dialect.tokens(body) or ())

    def _refuse(self, request: ChatRequest, *, must_close: bool) -> None:
        template = self.template
        problem = ""
        has_pictures = any(message.images for message in request.messages)
        if has_pictures and not self.served.vision:
            problem = "reads no pictures: set model.pictures=none"
        elif template is None:
            problem = "may not be shown its thinking: set model.past_thinking=hidden" if request.shows_thinking else ""
        elif request.tools and not template.tools:
            problem = "has a chat template without tools: set model.protocol=json"
        elif request.shows_thinking and not template.past_thinking:
            problem = "has a chat template without past thinking: set model.past_thinking=hidden"
        elif must_close and (not template.closer or request.tools or has_pictures):
            problem = "cannot answer without thinking: set model.steps=1"
        elif request.json_schema is not None and self.is_open(request):
            problem = "thinks where the server does not see it, so a schema would bind that: set model.protocol=json"
        if problem:
            raise BackendError(f"{self.wanted.name} {problem}", fault=Fault.REFUSED)


def list_models(client: OpenAIClient) -> dict[str, Mapping[str, Any]]:
    """The models of a server under all their names: id, alias, file name."""
    response = client.models()
    if response.is_error:
        raise as_error(client.caller.host, response.status_code, response.headers, response.text)
    try:
        entries = [dict(entry) for entry in response.json()["data"]]
        return {
            name: entry
            for entry in reversed(entries)
            for name in (PurePath(entry["id"]).name, *(entry.get("aliases") or ()), entry["id"])
        }
    except (ValueError, KeyError, TypeError) as error:
        raise BackendUnavailableError(
            f"{client.caller.host} sent no list of models: set model.base_url to the address that ends in /v1",
            fault=Fault.UNREADABLE,
        ) from error


def find_model(client: OpenAIClient, wanted: Wanted) -> Found:
    """Find out what answers under a name.

    Raises:
        BackendUnavailableError: Nothing does, or it cannot be asked as wanted.
        ConfigError: The server has no such option.
    """
    models = list_models(client)
    host = client.caller.host
    if wanted.name not in models:
        names = sorted({str(entry["id"]) for entry in models.values()})
        present = ", ".join(names[:LONGEST_LIST]) + (", ..." if len(names) > LONGEST_LIST else "")
        raise BackendUnavailableError(f"{host} has no model {wanted.name}: set model.name (present: {present})")
    entry = models[wanted.name]
    dialect = find_dialect(client.caller, entry)
    wanted.sampling(dialect)
    served = dialect.served(entry)
    window = _window(host, wanted, served)
    template = read_template(dialect, entry["id"], served.template, wanted.level)
    fields = dialect.thinking(wanted.level) if template is None else template.fields
    found = Found(wanted, dialect, entry["id"], served, template, fields, window)
    return found if template is None else _try_out(client, found)


def _window(host: str, wanted: Wanted, served: Served) -> int:
    if wanted.n_ctx is None and served.window is None:
        raise BackendUnavailableError(f"{host} does not say the window of {wanted.name}: set model.n_ctx to it")
    window = wanted.n_ctx or served.window or 0
    if served.window is not None and served.window < window:
        raise BackendUnavailableError(
            f"{wanted.name} has a window of {served.window} tokens at {host}: set model.n_ctx={served.window}"
        )
    return window


def _try_out(client: OpenAIClient, found: Found) -> Found:
    """Ask once, briefly: does the server read what it shows, and where does a thought go?"""
    body = found.body(ChatRequest(messages=QUESTION, seed=0, max_tokens=THOUGHT_TOKENS))
    answer = read_answer(client.complete(body).content, client.caller.host)
    is_exact = answer.prompt_tokens == len(found.dialect.tokens(body) or ())
    return replace(found, is_exact=is_exact, is_split=bool(answer.thinking))
