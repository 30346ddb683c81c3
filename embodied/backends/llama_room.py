"""Where the users of an embedded model server meet: a folder of its own for each server, the *room*.

It holds a lock, the address of the running server, one file for each user, and the server's log. Who comes first
starts the server under the lock; all others find its address. Each user is given one of the server's slots for its
own, so that no other conversation takes the place of its cached prefix; when there are more users than slots, the
further ones take what is free at each call.

A server lives as long as a process that uses it, and `linger_s` longer. Nobody kills it: a user leaves by taking
its file away or by dying, and the server, having been without living users for long enough, ends itself. A server
whose address is no longer the one in the room (somebody found it dead, or the folder was cleaned) ends as well.
"""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final

import filelock
import httpx
import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from embodied.backends.http import trusted
from embodied.errors import BackendUnavailableError

ENGINE: Final = "xllamacpp"
SERVER: Final = "embodied.backends.llama_server"
START_TIMEOUT_S: Final = 180.0
ANSWER_TIMEOUT_S: Final = 10.0
SAME_START_S: Final = 5.0


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSpec(_Frozen):
    """What a server is started with: two specs that are equal may share one.

    Attributes:
        model: The GGUF file.
        n_ctx: Window of one slot in tokens.
        slots: How many requests are decoded at once.
        threads: Compute threads.
        gpu_layers: Layers kept on a graphics card.
        mmproj: GGUF file of the part that reads pictures; None for text alone.
        chat_template: Jinja file in place of the model's own template.
    """

    model: Path
    n_ctx: int
    slots: int
    threads: int
    gpu_layers: int = 0
    mmproj: Path | None = None
    chat_template: Path | None = None

    @property
    def key(self) -> str:
        """Name of the room: differs when a file, the parameters, the engine or the machine differ."""
        stats = [file.stat() for file in (self.model, self.mmproj, self.chat_template) if file is not None]
        files = [(stat.st_size, stat.st_mtime_ns) for stat in stats]
        parts = (self.model_dump_json(), files, version(ENGINE), socket.gethostname())
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


class Address(_Frozen):
    """Where a server listens, the key that opens it, and the process behind it."""

    url: str
    api_key: str
    pid: int
    started_s: float

    def connect(self, timeout_s: float) -> httpx.Client:
        """A client that takes a fresh connection each time: one kept open would hold a thread of the server."""
        return httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.api_key}"},
            timeout=timeout_s,
            verify=trusted(),
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
        )

    def is_alive(self) -> bool:
        """Whether the process lives and nothing shows that it no longer serves. Slow is not dead."""
        if not is_running(self.pid, self.started_s):
            return False
        try:
            with self.connect(ANSWER_TIMEOUT_S) as http:
                return http.get("/props").is_success
        except httpx.TimeoutException:
            return True
        except httpx.HTTPError:
            return False


class Seat(_Frozen):
    """A user's place at a server.

    Attributes:
        address: Where it listens.
        slot: The slot that is this user's own; None when there are more users than slots.
    """

    address: Address
    slot: int | None


class _User(_Frozen):
    """What stands in a user's file: when its process started (seconds since the epoch), and its slot."""

    started_s: float
    slot: int | None


class Room:
    """The folder where the users of one server meet.

    Args:
        folder: Made when missing, for this user's eyes only.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "server.log"
        self._users = folder / "users"
        self._address = folder / "address.json"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = filelock.FileLock(folder / "lock")

    def enter(self, spec: ServerSpec, linger_s: float) -> Seat:
        """Become a user of the server, starting it where none is alive.

        Raises:
            BackendUnavailableError: It did not start.
        """
        try:
            with self._lock.acquire(timeout=START_TIMEOUT_S):
                slot = self._sign_in(spec.slots)
                address = self.address()
                if address is None or not address.is_alive():
                    address = self._start(spec, linger_s)
                return Seat(address=address, slot=slot)
        except filelock.Timeout as error:
            raise BackendUnavailableError(
                f"another process has been starting the embedded model for {START_TIMEOUT_S:g} s: see {self.log}"
            ) from error

    def leave(self) -> None:
        """Stop being a user."""
        self._own_file().unlink(missing_ok=True)

    def address(self) -> Address | None:
        """The address in the room; None when there is none that can be read."""
        try:
            return Address.model_validate_json(self._address.read_bytes())
        except (OSError, ValidationError):
            return None

    def publish(self, address: Address) -> None:
        """Put up the address of a server that is ready."""
        draft = self._address.with_suffix(f".{address.pid}")
        draft.touch(mode=0o600)
        draft.write_text(address.model_dump_json(), "utf-8")
        draft.replace(self._address)

    def has_users(self) -> bool:
        """Whether a user lives; the files of dead ones are taken away."""
        return bool(list(self._living()))

    def retire(self) -> bool:
        """Take the address down unless somebody is coming in; return whether it is down."""
        try:
            with self._lock.acquire(timeout=0):
                if self.has_users():
                    return False
                self._address.unlink(missing_ok=True)
                return True
        except filelock.Timeout:
            return False

    def _living(self) -> Iterator[_User]:
        for file in self._users.glob("*"):
            with suppress(OSError, ValueError):
                user = _User.model_validate_json(file.read_bytes())
                if is_running(int(file.name.partition("-")[0]), user.started_s):
                    yield user
                else:
                    file.unlink(missing_ok=True)

    def _own_file(self) -> Path:
        return self._users / f"{os.getpid()}-{id(self):x}"

    def _sign_in(self, slots: int) -> int | None:
        """Become a user and take the first slot that is nobody's."""
        self._users.mkdir(exist_ok=True)
        self.leave()
        taken = {user.slot for user in self._living()}
        slot = next((number for number in range(slots) if number not in taken), None)
        draft = self.folder / f"{self._own_file().name}.draft"
        draft.write_text(_User(started_s=psutil.Process().create_time(), slot=slot).model_dump_json(), "ascii")
        draft.replace(self._own_file())
        return slot

    def _start(self, spec: ServerSpec, linger_s: float) -> Address:
        self._address.unlink(missing_ok=True)
        command = [sys.executable, "-m", SERVER, str(self.folder), spec.model_dump_json(), str(linger_s)]
        with self.log.open("wb") as log:
            child = subprocess.Popen(  # noqa: S603
                command,
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | {"OMP_WAIT_POLICY": "passive"},
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while child.poll() is None and time.monotonic() < deadline:
            address = self.address()
            if address is not None and address.is_alive():
                threading.Thread(target=child.wait, daemon=True).start()
                return address
            time.sleep(0.05)
        child.kill()
        child.wait()
        self.leave()
        raise BackendUnavailableError(f"the embedded model {spec.model.name} did not start: see {self.log}")


def runtime_folder() -> Path:
    """Where rooms lie: this user's runtime folder, else one of its own under the temporary folder."""
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    folder = Path(base, "embodied") if Path(base).is_dir() and base else None
    if folder is None:
        folder = Path(tempfile.gettempdir(), f"embodied-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise BackendUnavailableError(f"{folder} belongs to another user: set model.state_dir to a folder of yours")
    return folder


def is_running(pid: int, started_s: float) -> bool:
    """Whether the process `pid` that started at `started_s` (seconds since the epoch) still runs."""
    try:
        process = psutil.Process(pid)
        is_same: bool = abs(process.create_time() - started_s) < SAME_START_S
        is_zombie: bool = process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    return is_same and not is_zombie
