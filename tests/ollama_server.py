"""A loopback server that speaks Ollama's wire format: it replays recorded exchanges and can misbehave.

The exchanges in `data/ollama` were recorded from a real server; each holds the request, the status and the answer.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

DATA = Path(__file__).parent / "data" / "ollama"


class Fault(StrEnum):
    """What a server can do instead of answering."""

    HANG = "hang"
    RESET = "reset"


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


def recorded(name: str) -> Exchange:
    """The exchange that was recorded under `name`."""
    return Exchange(**json.loads((DATA / f"{name}.json").read_text(encoding="utf-8")))


class OllamaServer:
    """Answers each path with its queued answers in turn; the last one stays."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, Any]] = []
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
        """Queue recorded answers under the paths they came from."""
        for name in names:
            exchange = recorded(name)
            self.answer(exchange.path, exchange.response, exchange.status)

    def only(self, path: str, name: str) -> None:
        """Let `path` give this recorded answer and no other."""
        self.forget(path)
        self.replay(name)

    def forget(self, path: str) -> None:
        """Drop what was queued for `path`."""
        self._answers[path].clear()

    def answer(self, path: str, data: Any, status: int = 200) -> None:
        """Queue an answer of one's own; text is sent as it is, all else as JSON."""
        body = data if isinstance(data, str) else json.dumps(data)
        self._answers[path].append(Answer(status, body.encode()))

    def fail(self, path: str, fault: Fault) -> None:
        """Queue a fault."""
        self._answers[path].append(Answer(fault=fault))

    def sent(self, path: str) -> list[Any]:
        """The bodies of all requests that came in for `path`."""
        return [body for at, body in self.requests if at == path]

    def _next(self, path: str) -> Answer:
        answers = self._answers[path]
        if not answers:
            return Answer(404, b"404 page not found")
        return answers.popleft() if len(answers) > 1 else answers[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._reply()

            def do_POST(self) -> None:
                self._reply()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

            def _reply(self) -> None:
                text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                server.requests.append((self.path, json.loads(text) if text else None))
                answer = server._next(self.path)
                if answer.fault is Fault.HANG:
                    server._stopping.wait()
                    self.close_connection = True
                elif answer.fault is Fault.RESET:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    self.close_connection = True
                else:
                    self.send_response(answer.status)
                    self.send_header("Content-Type", "application/json; charset=utf-8")
                    self.send_header("Content-Length", str(len(answer.body)))
                    self.end_headers()
                    self.wfile.write(answer.body)

        return Handler
