"""The dialects of servers that show how they render a prompt.

That of llama.cpp's server is run in the tests; that of vLLM is written from its documentation.

Source: https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md and
https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from embodied.backends.base import EFFORTS
from embodied.backends.http import Caller
from embodied.backends.llama_wire import PINNED
from embodied.backends.openai_dialects import NEUTRAL, Dialect, Generic, Served
from embodied.backends.openai_wire import as_format, said
from embodied.errors import BackendError, BackendUnavailableError, Fault

QUESTION_TIMEOUT_S: Final = 30.0
SETTINGS: Final = "default_generation_settings"


class LlamaServer:
    """The server of llama.cpp."""

    name: ClassVar[str] = "llama_server"

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def served(self, entry: Mapping[str, Any]) -> Served:
        """From `/props`."""
        props = _ask(self._caller, "GET", "/props", wanted=SETTINGS)
        meta = entry.get("meta") or {}
        template = props.get("chat_template", "")
        return Served(
            version=props.get("build_info", ""),
            window=props[SETTINGS].get("n_ctx"),
            vision=bool((props.get("modalities") or {}).get("vision")),
            template=template,
            facts={
                "quantization": props.get("model_ftype", ""),
                "parameters": meta.get("n_params"),
                "bytes": meta.get("size"),
                "trained_context": meta.get("n_ctx_train"),
                "template_sha256": hashlib.sha256(template.encode()).hexdigest(),
            },
        )

    def sampling(self, options: Mapping[str, Any], *, is_reproducible: bool) -> dict[str, Any]:
        """All that its sampler has; for reproducible replies one slot, without what it remembers."""
        extras = {**PINNED, **{name: options[name] for name in NEUTRAL}, "cache_prompt": not is_reproducible}
        return extras | ({"id_slot": 0} if is_reproducible else {})

    def thinking(self, level: str) -> dict[str, Any]:
        """Arguments of the chat template."""
        return _template_arguments(level)

    def tokens(self, body: Mapping[str, Any]) -> list[int] | None:
        """Through `/apply-template` and `/tokenize`."""
        prompt = _ask(self._caller, "POST", "/apply-template", body, wanted="prompt")["prompt"]
        return self._tokenize(prompt, add_special=True)

    def text(self, tokens: Sequence[int]) -> str:
        """Through `/detokenize`."""
        question = {"tokens": list(tokens)}
        return str(_ask(self._caller, "POST", "/detokenize", question, wanted="content")["content"])

    def continued(self, tokens: Sequence[int], text: str) -> list[int]:
        """Through `/tokenize`."""
        return [*tokens, *self._tokenize(text, add_special=False)]

    def bound(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Its own field: the standard's is for chats."""
        return {"json_schema": dict(schema)}

    def _tokenize(self, text: str, *, add_special: bool) -> list[int]:
        question = {"content": text, "add_special": add_special, "parse_special": True}
        return list(_ask(self._caller, "POST", "/tokenize", question, wanted="tokens")["tokens"])


class Vllm:
    """vLLM, as documented."""

    name: ClassVar[str] = "vllm"

    def __init__(self, caller: Caller, model: str) -> None:
        self._caller = caller
        self._model = model

    def served(self, entry: Mapping[str, Any]) -> Served:
        """From `/version` and the list's entry."""
        version = str(_ask(self._caller, "GET", "/version", wanted="version")["version"])
        return Served(version=version, window=entry["max_model_len"], facts={"root": entry.get("root", "")})

    def sampling(self, options: Mapping[str, Any], *, is_reproducible: bool) -> dict[str, Any]:
        """Else it takes those of the model's `generation_config.json`. A salt of its own keeps a call off the cache."""
        extras = {
            "top_k": options["top_k"] or -1,
            "min_p": options["min_p"],
            "repetition_penalty": options["repeat_penalty"],
        }
        return extras | ({"cache_salt": secrets.token_urlsafe(32)} if is_reproducible else {})

    def thinking(self, level: str) -> dict[str, Any]:
        """Arguments of the chat template; an effort also as the standard's field, which gpt-oss reads."""
        return _template_arguments(level) | ({"reasoning_effort": level} if level in EFFORTS else {})

    def tokens(self, body: Mapping[str, Any]) -> list[int] | None:
        """Through `/tokenize`."""
        question = {name: body[name] for name in ("model", "messages", "tools", "chat_template_kwargs") if name in body}
        return list(_ask(self._caller, "POST", "/tokenize", question, wanted="tokens")["tokens"])

    def text(self, tokens: Sequence[int]) -> str:
        """Through `/detokenize`."""
        question = {"model": self._model, "tokens": list(tokens)}
        return str(_ask(self._caller, "POST", "/detokenize", question, wanted="prompt")["prompt"])

    def continued(self, tokens: Sequence[int], text: str) -> list[int]:
        """Through `/tokenize`."""
        question = {"model": self._model, "prompt": text, "add_special_tokens": False}
        return [*tokens, *_ask(self._caller, "POST", "/tokenize", question, wanted="tokens")["tokens"]]

    def bound(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """As in a chat."""
        return as_format(schema)


def find_dialect(caller: Caller, entry: Mapping[str, Any]) -> Dialect:
    """Which kind of server answers.

    Args:
        caller: Asks at the root of the server.
        entry: The model's entry in the list of models.

    Raises:
        BackendUnavailableError: It is Ollama.
    """
    if SETTINGS in _glance(caller, "/props"):
        return LlamaServer(caller)
    if "max_model_len" in entry and "version" in _glance(caller, "/version"):
        return Vllm(caller, entry["id"])
    if "version" in _glance(caller, "/api/version"):
        raise BackendUnavailableError(
            f"{caller.host} is Ollama, whose /v1 cuts long prompts silently and ignores the window: use model=ollama"
        )
    return Generic()


def _template_arguments(level: str) -> dict[str, Any]:
    if level == "auto":
        return {}
    arguments = {"reasoning_effort": level} if level in EFFORTS else {"enable_thinking": level == "on"}
    return {"chat_template_kwargs": arguments}


def _glance(caller: Caller, path: str) -> Mapping[str, Any]:
    """The JSON object at a path; an empty one when there is none."""
    response = caller.ask("GET", path, timeout_s=QUESTION_TIMEOUT_S)
    try:
        data = response.json() if response.is_success else {}
    except ValueError:
        data = {}
    return data if isinstance(data, dict) else {}


def _ask(
    caller: Caller, method: str, path: str, body: Mapping[str, Any] | None = None, *, wanted: str
) -> Mapping[str, Any]:
    """The JSON object that a server of this kind answers, with what is wanted of it."""
    response = caller.ask(method, path, body, timeout_s=QUESTION_TIMEOUT_S)
    try:
        data = response.json()
    except ValueError:
        data = None
    if response.is_success and isinstance(data, dict) and wanted in data:
        return data
    raise BackendError(
        f"the server at {caller.host} answered {path} with {response.status_code}: {said(response.text)}",
        fault=Fault.REFUSED if response.is_client_error else Fault.FAILED,
    )
