"""A model server without a model, in this process or in one of its own, and the backend that asks it.

It has its own wire format, but the exchanges go through the caller that every backend uses.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx
from tiny_backend import reply_to

from embodied.backends.base import Capabilities, ChatMessage, ChatReply, ChatRequest
from embodied.backends.http import Caller
from embodied.errors import BackendError, Fault, ModelChangedError

HOST: Final = "127.0.0.1"


class TinyServer:
    """Serves in threads of this process.

    Args:
        port: Where it listens; 0 for any free one.
        digest: What it says its model is.
        takes_s: How long a reply takes.
        log: A file that gets one line for each call begun; None for no file.
    """

    def __init__(self, port: int = 0, *, digest: str = "0", takes_s: float = 0.0, log: Path | None = None) -> None:
        self.digest = digest
        self.takes_s = takes_s
        self.is_busy = False
        self.breaks_off = False
        self.sessions: list[str] = []
        self._log = log
        self._http = ThreadingHTTPServer((HOST, port), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def port(self) -> int:
        return self._http.server_port

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def stop(self) -> None:
        """Refuse connections from now on."""
        if self._thread.is_alive():
            self._http.shutdown()
            self._http.server_close()
            self._thread.join()

    def begin(self, session: str) -> None:
        self.sessions.append(session)
        if self._log is not None:
            with self._log.open("a") as file:
                file.write(f"{session}\n")

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                self._send(503 if server.is_busy else 200, {"digest": server.digest, "pid": os.getpid()})

            def do_POST(self) -> None:
                request = ChatRequest.model_validate_json(self.rfile.read(int(self.headers["Content-Length"])))
                if server.is_busy:
                    self._send(503, {"error": "queue full"})
                    return
                server.begin(request.session)
                if server.breaks_off:
                    return
                time.sleep(server.takes_s)
                self._send(200, reply_to(request).model_dump(mode="json"))

            def _send(self, status: int, data: Any) -> None:
                body = json.dumps(data).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        return Handler


class TinyHttpBackend:
    """Asks a `TinyServer`.

    Args:
        name: Names the model in records.
        host: Address of the server.
        retries: How often a call that was not begun is sent again.
    """

    def __init__(self, name: str, *, host: str, retries: int = 0) -> None:
        self._name = name
        self._host = host
        self._http = httpx.Client(base_url=f"http://{host}", limits=httpx.Limits(max_keepalive_connections=0))
        self._caller = Caller(self._http, who="tiny", hint="start it", timeout_s=10.0, retries=retries)
        self._digest = ""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(window=8192, prompt_check="exact")

    def prepare(self) -> Mapping[str, Any]:
        self._digest = self._caller.ask("GET", "/").json()["digest"]
        return {"backend": "tiny", "model": self._name, "digest": self._digest, "host": self._host}

    def chat(self, request: ChatRequest) -> ChatReply:
        answer = self._caller.ask("POST", "/", request.model_dump(mode="json"))
        if answer.is_error:
            raise BackendError(f"tiny answered {answer.status_code}", fault=Fault.FAILED)
        return ChatReply.model_validate_json(answer.content)

    def count(self, messages: Sequence[ChatMessage]) -> int | None:
        return sum(len(message.content.split()) for message in messages)

    def check(self) -> None:
        now = self._caller.ask("GET", "/").json()["digest"]
        if now != self._digest:
            raise ModelChangedError(f"{self._host} now serves {now}, not {self._digest}: give it the same again")

    def close(self) -> None:
        self._http.close()


class ServerProcess:
    """A `TinyServer` in a process of its own, to be killed and started again on the same port."""

    def __init__(self, folder: Path, *, takes_s: float) -> None:
        self._log = folder / "calls.log"
        self._takes_s = takes_s
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def calls(self) -> list[str]:
        """Session of every call that was begun, by whichever process."""
        return self._log.read_text().split() if self._log.exists() else []

    def start(self, digest: str = "0") -> None:
        path = os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parent)])
        command = [sys.executable, __file__, str(self.port), digest, str(self._takes_s), str(self._log)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path}
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        """SIGKILL: calls under way break off, connections are refused."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def main() -> None:
    port, digest, takes_s, log = sys.argv[1:]
    with TinyServer(int(port), digest=digest, takes_s=float(takes_s), log=Path(log)) as server:
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
