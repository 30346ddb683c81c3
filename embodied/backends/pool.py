"""Several servers of one model: episodes are spread over them, and one that dies does not end the sweep.

All calls of an episode go to one server, since its prefix cache holds that episode. Only when a call was not begun (the
connection was refused, the server was too busy) does the episode go on elsewhere.
"""

from __future__ import annotations

import multiprocessing
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from embodied.backends.base import Backend, Capabilities, ChatMessage, ChatReply, ChatRequest
from embodied.backends.http import how_to_go_on, resending
from embodied.backends.identity import SERVING, name_change
from embodied.errors import BackendError, BackendUnavailableError, ConfigError, Fault, ModelChangedError

REST_S: Final = 30.0
RETRIES: Final = 5
PASSING: Final = frozenset({Fault.DOWN, Fault.BUSY, Fault.TIMEOUT, Fault.BROKEN_OFF})
"""Faults that may be over by themselves after a while."""

ADDRESS_KEYS: Final[Mapping[str, str]] = {"hosts": "host", "base_urls": "base_url"}
"""Keys of a model's configuration that name several servers, and what the backend of each calls its own."""


def build(model: Mapping[str, Any], make: Callable[[Mapping[str, Any]], Any]) -> Any:
    """What a model's configuration describes: one backend, or a pool of them where it names several servers.

    Args:
        model: `_target_` and arguments.
        make: Builds the object that such a configuration describes (Hydra's `instantiate`).

    Raises:
        ConfigError: The addresses contradict each other.
    """
    alone = {name: value for name, value in model.items() if name not in ADDRESS_KEYS}
    several = next((name for name in ADDRESS_KEYS if model.get(name)), None)
    if several is None:
        return make(alone)
    one, addresses = ADDRESS_KEYS[several], list(model[several])
    if alone.get(one) is not None or len(set(addresses)) < len(addresses):
        raise ConfigError(f"model.{several} must name each server once, and model.{one} none: it is for a single one")
    retries = alone.get("retries", RETRIES)
    members = {address: make({**alone, one: address, "retries": 0}) for address in addresses}
    return PoolBackend(members, retries=retries)


class PoolBackend:
    """One model on several servers.

    Args:
        members: A backend for each address; each must not try again by itself.
        retries: How often a call that no server has begun goes round all of them again.
        rest_s: How long a server that is down is left alone while others live.
        turn: Which of the living servers new episodes begin on; None takes the number of this worker process.
    """

    def __init__(
        self, members: Mapping[str, Backend], *, retries: int = RETRIES, rest_s: float = REST_S, turn: int | None = None
    ) -> None:
        if not members:
            raise ConfigError("a pool needs at least one server")
        self._members = dict(members)
        self._retrying = resending(retries)
        self._rest_s = rest_s
        self._turn = _worker_number() if turn is None else turn
        self._manifests: dict[str, Mapping[str, Any]] = {}
        self._reference: Mapping[str, Any] = {}
        self._rests_until_s: dict[str, float] = {}
        self._chosen: dict[str, str] = {}

    @property
    def capabilities(self) -> Capabilities:
        """What the model can do; they all serve the same one."""
        return self._members[self._ready()[0]].capabilities

    def prepare(self) -> Mapping[str, Any]:
        """Make every server ready that answers.

        Returns:
            The manifest of the first, and under `servers` what each of the others says otherwise.

        Raises:
            BackendUnavailableError: None answers, or they do not serve alike.
        """
        self._manifests, self._rests_until_s = {}, {}
        problems: dict[str, BackendError] = {}
        for address, member in self._members.items():
            try:
                self._manifests[address] = member.prepare()
            except BackendError as error:
                if error.fault not in PASSING:
                    raise
                problems[address] = error
                self._rest(address, self._rest_s)
        if not self._manifests:
            raise next(iter(problems.values()))
        first, self._reference = next(iter(self._manifests.items()))
        for address, manifest in self._manifests.items():
            if change := name_change(self._reference, manifest, SERVING):
                raise BackendUnavailableError(
                    f"{first} and {address} serve differently ({change}): give all servers the same model, version and "
                    "window"
                )
        return {**self._reference, "servers": [self._describe(address, problems) for address in self._members]}

    def chat(self, request: ChatRequest) -> ChatReply:
        """Answer one request; `server` and `retries` of the reply say where and after how many vain attempts.

        Raises:
            ModelChangedError: A server came back with another model, version or window.
            BackendError: No server began the call, or the one that did failed.
        """
        failed: list[BackendError] = []
        reply = self._retrying(how_to_go_on, self._go_round, request, failed)
        return reply.model_copy(update={"retries": reply.retries + len(failed)})

    def count(self, messages: Sequence[ChatMessage]) -> int | None:
        """Tokens of a prompt; they all count alike."""
        return self._members[self._ready()[0]].count(messages)

    def check(self) -> None:
        """See that every server in use still serves the same model.

        Raises:
            ModelChangedError: One does not.
            BackendError: None answers.
        """
        failed: list[BackendError] = []
        asked = self._ready()
        for address in asked:
            try:
                self._admitted(address).check()
            except BackendError as error:
                self._leave_alone(address, error)
                failed.append(error)
        if len(failed) == len(asked):
            raise failed[0]

    def close(self) -> None:
        """Free all backends."""
        for member in self._members.values():
            member.close()

    # -- inside --------------------------------------------------------------------------------------------------

    def _go_round(self, request: ChatRequest, failed: list[BackendError]) -> ChatReply:
        """Send a request to one server after the other until one begins it; `failed` gets what the others did."""
        for address in self._order(request.session):
            try:
                reply = self._admitted(address).chat(request)
            except BackendError as error:
                if not error.is_retryable:
                    raise
                self._leave_alone(address, error)
                failed.append(error)
            else:
                self._chosen[request.session] = address
                return reply.model_copy(update={"server": address})
        raise failed[-1]

    def _living(self) -> list[str]:
        now_s = time.monotonic()
        return [address for address in self._members if self._rests_until_s.get(address, 0.0) <= now_s]

    def _ready(self) -> list[str]:
        """Servers whose model is known and that do not rest; any at all where there are none."""
        return [a for a in self._living() if a in self._manifests] or list(self._manifests) or list(self._members)

    def _order(self, session: str) -> list[str]:
        """Where to try: where the session is at home, else where it is this worker's turn, then all the others."""
        living = self._living() or list(self._members)
        home = self._chosen.get(session)
        start = living.index(home) if home in living else self._turn % len(living)
        return living[start:] + living[:start]

    def _admitted(self, address: str) -> Backend:
        """The backend of a server; one that has been away must show first that it serves as before."""
        member = self._members[address]
        if self._reference and address not in self._manifests:
            try:
                manifest = member.prepare()
            except BackendError as error:
                raise BackendUnavailableError(str(error), fault=Fault.DOWN, is_retryable=True) from error
            if change := name_change(self._reference, manifest, SERVING):
                raise ModelChangedError(f"{address} came back otherwise ({change}): give it the same again")
            self._manifests[address] = manifest
        return member

    def _leave_alone(self, address: str, error: BackendError) -> None:
        """A server that is down rests; a busy one for as long as it asked."""
        if error.fault is Fault.BUSY:
            self._rest(address, error.retry_after_s or 0.0)
        else:
            self._rest(address, self._rest_s)
            self._manifests.pop(address, None)

    def _rest(self, address: str, seconds: float) -> None:
        self._rests_until_s[address] = time.monotonic() + seconds

    def _describe(self, address: str, problems: Mapping[str, BackendError]) -> dict[str, Any]:
        if address in problems:
            return {"server": address, "error": str(problems[address])}
        manifest = self._manifests[address]
        other = {name: value for name, value in manifest.items() if value != self._reference.get(name)}
        return {"server": address, **other}


def _worker_number() -> int:
    """Number of this worker process, counted from 0; 0 in any other process."""
    number = re.search(r"\d+$", multiprocessing.current_process().name)
    return int(number[0]) if number else 0
