"""A loopback server that speaks Ollama's wire format: it replays recorded exchanges and can misbehave.

The exchanges in `data/ollama` were recorded from a real server; each holds the request, the status and the answer.
What a backend asks beside the conversation (load, show a rendering, count) has queues and usual answers of its own.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from base64 import b64decode
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from embodied.backends.base import ChatMessage, ChatRequest, ToolCall, ToolSpec
from embodied.backends.ollama import OllamaBackend
from embodied.backends.ollama_model import NEUTRAL, PENALTY_PROBE
from embodied.backends.ollama_template import PROBE
from embodied.errors import BackendError

DATA = Path(__file__).parent / "data" / "ollama"
CHAT = "/api/chat"
LOAD = f"{CHAT} load"
RENDER = f"{CHAT} render"
COUNT = f"{CHAT} count"
THOUGHT = f"{CHAT} thought"
PENALTY = f"{CHAT} penalty"
PLAIN = "smol:latest"
THINKER = "thinker:latest"
OPENER = "opener:latest"
CALLER = "caller:latest"
Build = Callable[..., OllamaBackend]


class Fault(StrEnum):
    """What a server can do instead of answering."""

    HANG = "hang"
    RESET = "reset"
    TRICKLE = "trickle"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back."""

    method: str
    path: str
    request: Any
    status: int
    response: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server sends: a status and a body, or a fault."""

    status: int = 200
    body: bytes = b""
    fault: Fault | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def recorded(name: str) -> Exchange:
    """The exchange that was recorded under `name`."""
    return Exchange(**json.loads((DATA / f"{name}.json").read_text(encoding="utf-8")))


def chatml(messages: Sequence[Mapping[str, Any]], *, is_thinking: bool = False) -> str:
    """A transcript as the recorded models' templates render it."""
    turns = []
    for message in messages:
        thought = f"<think>\n{message['thinking']}\n</think>\n" if is_thinking and message.get("thinking") else ""
        turns.append(f"<|im_start|>{message['role']}\n{thought}{message['content']}<|im_end|>\n")
    return "".join(turns) + "<|im_start|>assistant\n" + ("<think>\n" if is_thinking else "")


def rendering(text: str) -> dict[str, Any]:
    """The answer that shows `text` as the prompt."""
    return {"message": {"role": "", "content": ""}, "done": False, "_debug_info": {"rendered_template": text}}


def queue_of(path: str, body: Any) -> str:
    """Which queue answers a request."""
    if path != CHAT or not body:
        return path
    if not body["messages"]:
        return LOAD
    if body.get("_debug_render_only"):
        return RENDER
    if body["messages"][0]["content"] == PROBE[0].content:
        return THOUGHT
    if body["messages"][0]["content"] == PENALTY_PROBE:
        return PENALTY
    return COUNT if body["options"].get("num_predict") == 1 else CHAT


def usual_answer(queue: str, body: Any) -> Answer:
    """What a server in order answers that was told nothing else."""
    if queue == LOAD:
        return _as_answer(recorded("load"))
    if queue == RENDER:
        text = chatml(body["messages"], is_thinking=bool(body.get("think")))
        return Answer(body=json.dumps(rendering(text)).encode())
    if queue == COUNT:
        contents = [message["content"] for message in body["messages"]]
        if sum(len(content.split()) for content in contents) <= body["options"]["num_ctx"]:
            return _as_answer(recorded("count"))
        return _refusal(len("".join(contents)), body["options"]["num_ctx"])
    if queue == PENALTY:
        is_neutral = NEUTRAL.items() <= body["options"].items()
        return _as_answer(recorded("pinned_penal" if is_neutral else "unpinned_penal"))
    return _as_answer(recorded("thought")) if queue == THOUGHT else Answer(404, b"404 page not found")


def _refusal(n_chars: int, window: int) -> Answer:
    """The recorded refusal, told of a prompt and a window of these sizes."""
    refused = recorded("count_refused")
    tokens, recorded_window = (int(number) for number in re.findall(r"\((\d+) tokens\)", refused.response["error"]))
    recorded_chars = sum(len(message["content"]) for message in refused.request["messages"])
    text = json.dumps(refused.response).replace(str(tokens), str(tokens * n_chars // recorded_chars))
    return Answer(refused.status, text.replace(str(recorded_window), str(window)).encode())


def _as_answer(exchange: Exchange) -> Answer:
    return Answer(exchange.status, json.dumps(exchange.response).encode())


def asked(exchange: Exchange) -> ChatRequest:
    """The request that a recorded exchange answers."""
    wire = exchange.request
    return ChatRequest(
        messages=tuple(_message(message) for message in wire["messages"]),
        seed=wire["options"]["seed"],
        json_schema=wire.get("format"),
        tools=tuple(ToolSpec(**tool["function"]) for tool in wire.get("tools", ())),
        shows_thinking=any("thinking" in message for message in wire["messages"]),
        max_tokens=wire["options"]["num_predict"],
    )


def _message(wire: dict[str, Any]) -> ChatMessage:
    calls = [call["function"] for call in wire.get("tool_calls", ())]
    return ChatMessage(
        **{name: value for name, value in wire.items() if name not in {"tool_calls", "images"}},
        images=tuple(b64decode(image) for image in wire.get("images", ())),
        tool_calls=tuple(ToolCall(name=call["name"], arguments=json.dumps(call["arguments"])) for call in calls),
    )


def one_line(error: pytest.ExceptionInfo[BackendError]) -> str:
    """The text of an error, which is one line."""
    text = str(error.value)
    assert "\n" not in text
    return text


class OllamaServer:
    """Answers each path with its queued answers in turn; the last one stays."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, Any]] = []
        """Queue and body of each request, in order."""
        self._answers: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._stopping = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def replay(self, *names: str) -> None:
        """Queue recorded answers where requests like theirs go."""
        for name in names:
            exchange = recorded(name)
            self.answer(queue_of(exchange.path, exchange.request), exchange.response, exchange.status)

    def only(self, *names: str) -> None:
        """Let these recorded answers be the only ones in their queues."""
        for name in names:
            exchange = recorded(name)
            self.forget(queue_of(exchange.path, exchange.request))
        self.replay(*names)

    def forget(self, path: str) -> None:
        """Drop what was queued for `path`."""
        self._answers[path].clear()

    def answer(self, path: str, data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Queue an answer of one's own; text is sent as it is, all else as JSON."""
        body = data if isinstance(data, str) else json.dumps(data)
        self._answers[path].append(Answer(status, body.encode(), headers=headers or {}))

    def fail(self, path: str, fault: Fault) -> None:
        """Queue a fault."""
        self._answers[path].append(Answer(fault=fault))

    def sent(self, path: str) -> list[Any]:
        """The bodies of all requests that went to that queue."""
        return [body for at, body in self.requests if at == path]

    def _next(self, path: str, body: Any) -> Answer:
        answers = self._answers[path]
        if not answers:
            return usual_answer(path, body)
        return answers.popleft() if len(answers) > 1 else answers[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else the body waits until the headers are acknowledged, 40 ms

            def do_GET(self) -> None:
                self._reply()

            def do_POST(self) -> None:
                self._reply()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

            def _reply(self) -> None:
                text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = json.loads(text) if text else None
                queue = queue_of(self.path, body)
                server.requests.append((queue, body))
                answer = server._next(queue, body)
                if answer.fault is Fault.HANG:
                    server._stopping.wait()
                    self.close_connection = True
                elif answer.fault is Fault.RESET:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    self.close_connection = True
                else:
                    self._send(answer)

            def _send(self, answer: Answer) -> None:
                size = 1000 if answer.fault is Fault.TRICKLE else len(answer.body)
                self.send_response(answer.status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(size))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)
                while answer.fault is Fault.TRICKLE and not server._stopping.wait(0.02):
                    try:
                        self.wfile.write(b" ")
                    except OSError:
                        break

        return Handler
