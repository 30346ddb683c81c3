"""A model server of fixed latency, in a process of its own: `python latency.py SLOTS LATENCY_S` prints its address.

It speaks the part of Ollama's wire format that a run needs. Each call to the model takes one of the slots for the given
time and then drives to the next waypoint; calls beyond the slots wait in line. How long the slots were busy is
measured here, by this process's own clock, and told at `/busy`.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

MODEL: Final = "fixed-latency:latest"
VERSION: Final = "0.33.0"
WINDOW: Final = 131072
WAYPOINTS: Final = ("alpha", "bravo", "charlie", "delta")
CHARACTERS_A_TOKEN: Final = 4
FRAME_TOKENS: Final = 4
DIGEST: Final = "0" * 64
DETAILS: Final = {"family": "fixed", "parameter_size": "0B", "quantization_level": "F32"}


class Slots:
    """The slots and how long they were busy.

    Args:
        count: Calls answered at once.
        latency_s: How long each takes.
    """

    def __init__(self, count: int, latency_s: float) -> None:
        self._latency_s = latency_s
        self._count = count
        self._free = threading.Semaphore(count)
        self._lock = threading.Lock()
        self._spans: list[tuple[float, float]] = []

    def work(self) -> None:
        """Be busy in one slot."""
        with self._free:
            begun_s = time.monotonic()
            time.sleep(self._latency_s)
            span = (begun_s, time.monotonic())
        with self._lock:
            self._spans.append(span)

    def report(self) -> dict[str, float]:
        """Calls answered, seconds from the first to the end of the last, and the share of them that a slot was busy."""
        with self._lock:
            spans = list(self._spans)
        if not spans:
            return {"calls": 0, "wall_s": 0.0, "busy_s": 0.0, "share": 0.0}
        wall_s = max(end for _, end in spans) - min(begin for begin, _ in spans)
        busy_s = sum(end - begin for begin, end in spans)
        return {"calls": len(spans), "wall_s": wall_s, "busy_s": busy_s, "share": busy_s / (wall_s * self._count)}


class Server(ThreadingHTTPServer):
    """Answers on a loopback port of the system's choosing."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, slots: Slots) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.slots = slots


class Handler(BaseHTTPRequestHandler):
    """One connection, kept open between its requests."""

    server: Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def do_GET(self) -> None:
        """What is there."""
        entry = {"name": MODEL, "model": MODEL, "digest": DIGEST, "details": DETAILS}
        answers: dict[str, Mapping[str, Any]] = {
            "/api/version": {"version": VERSION},
            "/api/tags": {"models": [entry]},
            "/api/ps": {"models": [{**entry, "context_length": WINDOW, "size": 0, "size_vram": 0}]},
            "/busy": self.server.slots.report(),
        }
        self._answer(answers.get(self.path))

    def do_POST(self) -> None:
        """Describe the model, or have it write."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/api/show":
            shown = {"capabilities": ["completion"], "details": DETAILS, "template": "", "parameters": ""}
            self._answer({**shown, "model_info": {"fixed.context_length": WINDOW}})
        elif self.path == "/api/chat":
            self._chat(asked)
        else:
            self._answer(None)

    def _chat(self, asked: Mapping[str, Any]) -> None:
        messages: Sequence[Mapping[str, str]] = asked["messages"]
        if not messages:
            self._answer({"model": MODEL, "message": {"role": "assistant", "content": ""}, "done": True})
            return
        tokens, window = sum(map(_count, messages)), asked["options"]["num_ctx"]
        if tokens > window:
            text = f"request ({tokens} tokens) exceeds the available context size ({window} tokens), try increasing it"
            self._answer({"error": text}, status=400)
        elif asked.get("_debug_render_only"):
            rendered = "\n".join(f"{message['role']}: {message['content']}" for message in messages)
            self._answer({"model": MODEL, "_debug_info": {"rendered_template": rendered}})
        else:
            begun_ns = time.monotonic_ns()
            self.server.slots.work()
            self._answer(_reply(messages, tokens, time.monotonic_ns() - begun_ns))

    def _answer(self, data: Mapping[str, Any] | None, status: int = 200) -> None:
        content = json.dumps({"error": "not found"} if data is None else data).encode()
        self.send_response(404 if data is None else status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _reply(messages: Sequence[Mapping[str, str]], tokens: int, took_ns: int) -> dict[str, Any]:
    turn = sum(message["role"] == "assistant" for message in messages)
    message = {
        "role": "assistant",
        "content": json.dumps({"skill": "goto", "target": WAYPOINTS[turn % len(WAYPOINTS)]}),
    }
    return {
        "model": MODEL, "message": message, "done": True, "done_reason": "stop", "prompt_eval_count": tokens,
        "eval_count": _count(message), "prompt_eval_duration": 0, "eval_duration": took_ns,
    }  # fmt: skip


def _count(message: Mapping[str, str]) -> int:
    return len(message["content"]) // CHARACTERS_A_TOKEN + FRAME_TOKENS


def main() -> None:
    """Serve until the process is ended."""
    with Server(Slots(int(sys.argv[1]), float(sys.argv[2]))) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
