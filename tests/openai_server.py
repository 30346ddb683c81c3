"""A loopback server of the OpenAI API that can misbehave, and a stand-in for vLLM written from its documentation."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

TRICKLE_S = 0.05


class Fault(StrEnum):
    """What a server can do instead of answering."""

    HANG = "hang"
    RESET = "reset"
    RESET_IN_ANSWER = "reset_in_answer"
    TRICKLE = "trickle"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, headers and a body (text as it is, all else as JSON), or a fault."""

    body: Any = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None

    @property
    def content(self) -> bytes:
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


@dataclass(frozen=True, slots=True)
class Request:
    """What came in; names of headers in small letters."""

    path: str
    body: Any
    headers: Mapping[str, str]


class OpenAIServer:
    """Answers each path with its queued answers in turn, then by its route; 404 without one."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.routes: dict[str, Callable[[Any], Answer]] = {}
        self._queued: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def url(self) -> str:
        return f"{self.root}/v1"

    def queue(self, path: str, *answers: Answer) -> None:
        self._queued[path].extend(answers)

    def always(self, path: str, body: Any, status: int = 200) -> None:
        self.routes[path] = lambda _: Answer(body, status)

    def sent(self, path: str = "/v1/chat/completions") -> list[Any]:
        """The bodies of all requests that came in for `path`."""
        return [request.body for request in self.requests if request.path == path]

    def _next(self, path: str, body: Any) -> Answer:
        if self._queued[path]:
            return self._queued[path].popleft()
        route = self.routes.get(path)
        return Answer({"error": {"message": f"no {path} here"}}, 404) if route is None else route(body)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # headers and body leave together: else the second waits for an acknowledgement

            def setup(self) -> None:
                super().setup()
                server._connections.add(self.connection)

            def finish(self) -> None:
                server._connections.discard(self.connection)
                super().finish()

            def do_GET(self) -> None:
                self._reply()

            def do_POST(self) -> None:
                self._reply()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

            def _reply(self) -> None:
                text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = json.loads(text) if text else None
                headers = {name.lower(): value for name, value in self.headers.items()}
                server.requests.append(Request(self.path, body, headers))
                answer = server._next(self.path, body)
                if answer.fault is Fault.HANG:
                    server._stopping.wait()
                elif answer.fault is Fault.RESET:
                    self._reset()
                else:
                    self._send(answer)
                if answer.fault is not None:
                    self.close_connection = True

            def _send(self, answer: Answer) -> None:
                self.send_response(answer.status)
                for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                if answer.fault is Fault.RESET_IN_ANSWER:
                    self.wfile.write(answer.content[: len(answer.content) // 2])
                    self.wfile.flush()
                    self._reset()
                elif answer.fault is Fault.TRICKLE:
                    self._trickle(answer.content)
                else:
                    self.wfile.write(answer.content)

            def _trickle(self, content: bytes) -> None:
                for byte in content:
                    if server._stopping.is_set():
                        return
                    try:
                        self.wfile.write(bytes([byte]))
                        self.wfile.flush()
                    except OSError:
                        return
                    time.sleep(TRICKLE_S)

            def _reset(self) -> None:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()

        return Handler


def completion(
    text: str | None = "Hello.", *, prompt_tokens: int | None = 10, completion_tokens: int = 3, **more: Any
) -> dict[str, Any]:
    """An answer of the OpenAI API; `message`, `choice`, `usage` and `top` add to its parts."""
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens, **more.get("usage", {})}
    message = {"role": "assistant", "content": text, **more.get("message", {})}
    choice = {"index": 0, "message": message, "finish_reason": "stop", **more.get("choice", {})}
    counted = {} if prompt_tokens is None else {"usage": usage}
    return {"id": "x", "object": "chat.completion", "choices": [choice], **counted, **more.get("top", {})}


class Vllm:
    """Routes of vLLM as documented, around a chat template of words: each is a token.

    The template has a switch for thinking, levels of it, tools, and shows earlier thinking. Each can be taken away.

    Attributes:
        words: The model's words by token.
        splits: Whether the server takes thinking out of the content (vLLM's `--reasoning-parser`).
        drops: Tokens that are cut off the prompt before the model reads it.
        date: What the template prints as the date of today.
    """

    def __init__(self, server: OpenAIServer, name: str = "org/model", window: int = 200) -> None:
        self.name = name
        self.version = "0.17.1"
        self.fingerprint = "vllm-0.17.1-ab12"
        self.has_switch = self.has_levels = self.has_tools = self.shows_thinking = self.splits = True
        self.opens = True
        self.date = ""
        self.drops = 0
        self.text = "It is dark. </think> Hello."
        self.words: list[str] = []
        card = {"id": name, "object": "model", "owned_by": "vllm", "root": name, "max_model_len": window}
        server.always("/v1/models", {"object": "list", "data": [card]})
        server.routes["/version"] = lambda _: Answer({"version": self.version})
        server.routes["/tokenize"] = self._tokenize
        server.routes["/detokenize"] = lambda body: Answer({"prompt": " ".join(self.words[t] for t in body["tokens"])})
        server.routes["/v1/chat/completions"] = self._chat
        server.routes["/v1/completions"] = self._complete

    def render(self, body: Mapping[str, Any]) -> list[int]:
        arguments = body.get("chat_template_kwargs") or {}
        words = ["<|tools|>", json.dumps(body["tools"])] if self.has_tools and body.get("tools") else []
        if self.has_levels:
            words += ["<|effort|>", arguments.get("reasoning_effort", "medium")]
        words += self.date.split()
        for message in body["messages"]:
            thinking = message.get("reasoning", "") if self.shows_thinking else ""
            words += [f"<|{message['role']}|>", *thinking.split(), *str(message["content"]).split()]
        words.append("<|assistant|>")
        if self.has_switch and arguments.get("enable_thinking") is False:
            words += ["<think>", "</think>"]
        elif self.opens:
            words.append("<think>")
        return [self._token(word) for word in words]

    def _token(self, word: str) -> int:
        if word not in self.words:
            self.words.append(word)
        return self.words.index(word)

    def _tokenize(self, body: Any) -> Answer:
        is_text = "prompt" in body
        tokens = [self._token(word) for word in body["prompt"].split()] if is_text else self.render(body)
        return Answer({"count": len(tokens), "max_model_len": 200, "tokens": tokens, "token_strs": None})

    def _chat(self, body: Any) -> Answer:
        tokens = self.render(body)
        thought, closer, said = self.text.partition("</think>")
        message: dict[str, Any] = {"reasoning": None}
        is_open = self.words[tokens[-1]] == "<think>"
        text = self.text if is_open else said
        if is_open and self.splits:
            text, message = said if closer else "", {"reasoning": thought}
        top = {"system_fingerprint": self.fingerprint}
        return Answer(completion(text, prompt_tokens=len(tokens) - self.drops, message=message, top=top))

    def _complete(self, body: Any) -> Answer:
        prompt = " ".join(self.words[token] for token in body["prompt"])
        text = "Hello." if prompt.endswith("<think> </think>") else self.text
        usage = {"prompt_tokens": len(body["prompt"]), "completion_tokens": 3}
        return Answer({"choices": [{"index": 0, "text": text, "finish_reason": "stop"}], "usage": usage})
