"""A user's line to the embedded model server: finds or starts it, and keeps to one slot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import httpx

from embodied.backends.http import Caller
from embodied.backends.llama_answers import WHO, refusal_of
from embodied.backends.llama_room import Address, Room, Seat, ServerSpec
from embodied.backends.llama_wire import CHAT, RENDERED
from embodied.errors import BackendError, Fault

WRITING: Final = frozenset({CHAT, RENDERED})
"""Where the model is made to write."""


class Line:
    """Exchanges with a server that is started when the first one is due.

    Args:
        spec: What the server is started with.
        folder: Where the rooms of all servers lie.
        linger_s: How long the server stays after its last user has gone.
        timeout_s: Longest time of one exchange.
    """

    def __init__(
        self, spec: Callable[[], ServerSpec], folder: Callable[[], Path], *, linger_s: float, timeout_s: float
    ) -> None:
        self._spec = spec
        self._folder = folder
        self._linger_s = linger_s
        self._timeout_s = timeout_s
        self._room: Room | None = None
        self._seat: Seat | None = None
        self._http: httpx.Client | None = None

    @property
    def address(self) -> Address | None:
        """The server in use; None before the first exchange and after `leave`."""
        return self._seat.address if self._seat else None

    @property
    def log(self) -> Path | None:
        """The server's log; None before the first exchange."""
        return self._room.log if self._room else None

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """One exchange, whatever its status; a dead server is replaced.

        What makes the model write goes to the new server only if the old one no longer listened. What merely asks may
        be asked again: nothing was sampled.

        Raises:
            BackendError: The server did not start, hung, or died while the model wrote.
        """
        try:
            return self._send(method, path, body)
        except BackendError as error:
            if error.fault not in {Fault.DOWN, Fault.BROKEN_OFF}:
                raise
            self.leave()
            if error.fault is Fault.BROKEN_OFF and path in WRITING:
                raise
        return self._send(method, path, body)

    def ask_json(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One exchange that must succeed; the answer's JSON object.

        Raises:
            BackendError: It did not.
        """
        response = self.ask(method, path, body)
        if response.is_error:
            raise refusal_of(response)
        data: dict[str, Any] = response.json()
        return data

    def leave(self) -> None:
        """Stop being a user. Idempotent."""
        if self._http is not None:
            self._http.close()
        if self._room is not None:
            self._room.leave()
        self._http = self._seat = None

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> httpx.Response:
        if self._seat is None or self._http is None:
            spec = self._spec()
            self._room = Room(self._folder() / spec.key)
            self._seat = self._room.enter(spec, self._linger_s)
            self._http = self._seat.address.connect(self._timeout_s)
        hint = f"see {self.log}"
        caller = Caller(self._http, who=WHO, hint=hint, timeout_s=self._timeout_s)
        if body is not None and path in WRITING and self._seat.slot is not None:
            body = {**body, "id_slot": self._seat.slot}
        return caller.ask(method, path, body)
