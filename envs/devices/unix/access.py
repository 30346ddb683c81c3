"""Logging in to another machine: whether it is there, and whether a key or a password opens it."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from envs.devices.unix.calls import Call
from envs.devices.unix.filesystem import FileError, User
from envs.devices.unix.journal import ChangeKind
from envs.devices.unix.machine import Machine
from envs.devices.unix.network import Route, UnknownHostError, UnreachableError
from envs.devices.unix.records import TransferKind
from envs.devices.unix.transfers import note


class RefusedError(Exception):
    """No login; the message is what `ssh` prints. `status` is its exit status."""

    def __init__(self, message: str, status: int = 255) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Login:
    """A login on another machine, and how the connection goes."""

    machine: Machine
    user: User
    route: Route


def log_in(call: Call, destination: str, identity: str = "", purpose: str = "") -> Login:
    """Log in at `user@host`, with the caller's keys, the key file `identity` or the password of `sshpass`.

    Every attempt that reaches a host is kept as a record, with `purpose` as its path.

    Raises:
        RefusedError: No such host, no way there, or no right to enter.
    """
    name, _, host = destination.rpartition("@")
    name = name or call.user.name
    route = find_route(call, host)
    machine = call.machine.network.machines.get(route.target) if call.machine.network else None
    if machine is None:
        note(call, TransferKind.LOGIN, route, purpose, is_complete=False)
        raise RefusedError(f"ssh: connect to host {host} port 22: Connection refused")
    user = machine.users.get(name)
    method = _method(call, machine, user, identity)
    note(call, TransferKind.LOGIN, route, purpose, is_complete=bool(method))
    machine.journal.begin(call.journal.author, call.journal.time_s)
    address = next((x.address for x in call.machine.links if x.channel == route.channel), "127.0.0.1")
    if user is None or not method:
        machine.journal.log("sshd", f"Failed password for {name} from {address} port 50122 ssh2")
        machine.record(name, "-", f"login from {address} failed")
        if call.password:
            raise RefusedError("Permission denied, please try again.", 5)
        raise RefusedError(f"{name}@{host}: Permission denied (publickey,password).")
    machine.journal.log("sshd", f"Accepted {method} for {name} from {address} port 50122 ssh2")
    machine.journal.note(ChangeKind.LOGGED_IN, name, None, route.source)
    machine.record(name, machine.home(name), f"login from {address} by {method}")
    return Login(machine, user, route)


def find_route(call: Call, host: str) -> Route:
    """Return the way to `host`.

    Raises:
        RefusedError: There is none; worded as `ssh` does.
    """
    if call.machine.network is not None:
        try:
            return call.machine.network.route(call.machine, host)
        except UnreachableError:
            raise RefusedError(f"ssh: connect to host {host} port 22: No route to host") from None
        except UnknownHostError:
            pass
    if host.lower() in {"localhost", "127.0.0.1", call.machine.hostname.lower()}:
        raise RefusedError(f"ssh: connect to host {host} port 22: Connection refused")
    raise RefusedError(f"ssh: Could not resolve hostname {host}: Name or service not known")


def _method(call: Call, machine: Machine, user: User | None, identity: str) -> str:
    """How `user` gets in: `publickey`, `password` or not at all."""
    if user is None:
        return ""
    if any(_opens(key, machine, user) for key in _keys(call, identity)):
        return "publickey"
    password = machine.passwords.get(user.name)
    return "password" if password is not None and call.password == password else ""


def _keys(call: Call, identity: str) -> list[str]:
    """Texts of the private keys that the caller may use."""
    folder = f"{call.machine.home(call.user.name)}/.ssh"
    paths = [p for p in call.files.nodes if fnmatchcase(p, f"{folder}/id_*") and not p.endswith(".pub")]
    texts: list[str] = []
    for path in [call.path(identity)] if identity else sorted(paths):
        try:
            texts.append(call.files.peek(path, call.user))
        except FileError:
            continue
    return texts


def _opens(key: str, machine: Machine, user: User) -> bool:
    node = machine.files.nodes.get(f"{machine.home(user.name)}/.ssh/authorized_keys")
    lines = node.text.splitlines() if node else []
    tokens = [words[1] for line in lines if len(words := line.split()) >= 2 and words[0].startswith("ssh-")]
    return any(len(token) >= 16 and token in key for token in tokens)
