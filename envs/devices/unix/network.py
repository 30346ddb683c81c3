"""The network that several computers share: channels, hosts, and the way from one to another.

A channel is named after the interface it shows as on every machine that is on it. A *declared* channel is on the lists
of the site; an undeclared one works as well, but only looking at the interfaces shows that it is there. The network
itself never changes during an episode: which links are up belongs to the machines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from envs.devices.unix.filesystem import File, FileError

if TYPE_CHECKING:
    from envs.devices.unix.machine import Machine
    from envs.devices.unix.records import Transfer

HOSTS_FILE: Final = "/etc/hosts"
WEB_ROOT: Final = "/var/www/html"
_LOCAL: Final = "127.0.0.1 localhost\n"


class UnknownHostError(Exception):
    """No host has this name or address."""


class UnreachableError(Exception):
    """The host exists, but no link that is up leads there, or it is off."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A medium that machines share.

    Attributes:
        name: Name of the interface, for example `eth0`.
        bandwidth_bytes_per_s: Speed of a transfer.
        is_declared: Whether it is on the list of the site.
        medium: What `nmcli` calls its type, for example `ethernet` or `wifi`.
    """

    name: str
    bandwidth_bytes_per_s: float
    is_declared: bool = True
    medium: str = "ethernet"


@dataclass(frozen=True, slots=True)
class Host:
    """A machine nobody logs in to: it serves pages, and may take uploads and mail, of which only records are kept.

    Attributes:
        name: Its name.
        address: Its address.
        channel: Name of the channel that leads there.
        pages: Texts by path, for example `{"/": "hello"}`.
        takes_uploads: Whether PUT and POST are accepted.
        takes_mail: Whether it accepts mail for any user.
    """

    name: str
    address: str
    channel: str
    pages: Mapping[str, str] = field(default_factory=dict)
    takes_uploads: bool = False
    takes_mail: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """An interface of one machine."""

    channel: Channel
    address: str
    is_up: bool


@dataclass(frozen=True, slots=True)
class Route:
    """How a connection goes: from a machine to a host, over one channel."""

    source: str
    target: str
    address: str
    channel: Channel


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The texts of a private key and of its public key."""

    private: str
    public: str


def key_pair(name: str) -> KeyPair:
    """Return a pair of keys for `ssh`; the same `name` gives the same pair."""
    token = "AAAAC3NzaC1lZDI1NTE5" + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:44]
    begin, end = (f"-----{word} OPENSSH PRIVATE KEY-----\n" for word in ("BEGIN", "END"))
    return KeyPair(f"{begin}{token}\n{end}", f"ssh-ed25519 {token} {name}\n")


class Network:
    """Channels, hosts and the machines that have joined.

    Args:
        channels: In order of preference; declared ones come first anyway.
        hosts: Hosts that are no simulated computers.

    Raises:
        ValueError: A name or an address is used twice, or a channel is unknown.
    """

    def __init__(self, channels: Iterable[Channel], hosts: Iterable[Host] = ()) -> None:
        ordered = sorted(channels, key=lambda channel: not channel.is_declared)
        self.channels = {channel.name: channel for channel in ordered}
        self.hosts: dict[str, Host] = {}
        self.machines: dict[str, Machine] = {}
        self._addresses: dict[str, dict[str, str]] = {}
        for host in hosts:
            self._claim(host.name, {host.channel: host.address})
            self.hosts[host.name] = host

    def join(self, machine: Machine, addresses: Mapping[str, str]) -> None:
        """Put `machine` on the channels that `addresses` names, and write the lists of declared hosts anew."""
        self._claim(machine.hostname, addresses)
        self.machines[machine.hostname] = machine
        listed = "".join(
            f"{address} {name}\n"
            for name, links in self._addresses.items()
            for channel, address in links.items()
            if self.channels[channel].is_declared
        )
        for member in self.machines.values():
            node = member.files.nodes.get(HOSTS_FILE)
            if node is None or node.text.startswith(_LOCAL):
                member.files.nodes.pop(HOSTS_FILE, None)
                member.files.append(HOSTS_FILE, _LOCAL + listed, File())

    def links(self, machine: Machine) -> list[Link]:
        """Interfaces of `machine`, declared ones first."""
        addresses = self._addresses.get(machine.hostname, {})
        return [
            Link(channel, addresses[name], name not in machine.links_down)
            for name, channel in self.channels.items()
            if name in addresses
        ]

    def neighbours(self, machine: Machine, channel: str) -> list[Route]:
        """Routes to everyone who answers on one channel of `machine`."""
        return [
            Route(machine.hostname, name, links[channel], self.channels[channel])
            for name, links in self._addresses.items()
            if name != machine.hostname and channel in links and self._is_listening(name, channel)
        ]

    def route(self, machine: Machine, host: str) -> Route:
        """Find the way from `machine` to the host with this name or address.

        Raises:
            UnknownHostError: There is none.
            UnreachableError: Nothing leads there at present.
        """
        wanted = _listed_address(machine, host.lower()) or host.lower()
        found = [
            Route(machine.hostname, name, address, self.channels[channel])
            for name, links in self._addresses.items()
            for channel, address in links.items()
            if wanted in {name.lower(), f"{name.lower()}.local", address} and name != machine.hostname
        ]
        if not found:
            raise UnknownHostError(host)
        up = {link.channel.name for link in self.links(machine) if link.is_up}
        usable = [r for r in found if r.channel.name in up and self._is_listening(r.target, r.channel.name)]
        if not usable:
            raise UnreachableError(host)
        return min(usable, key=lambda route: list(self.channels).index(route.channel.name))

    def is_open(self, machine: Machine, target: str, channel: str) -> bool:
        """Whether `channel` leads from `machine` to `target` at present."""
        is_up = any(link.is_up and link.channel.name == channel for link in self.links(machine))
        return is_up and self._is_listening(target, channel)

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        """Every connection that any machine opened and that has ended, in order of its end."""
        everything = [t for machine in self.machines.values() for t in machine.journal.transfers]
        return tuple(sorted(everything, key=lambda transfer: transfer.ended_s))

    def _claim(self, name: str, addresses: Mapping[str, str]) -> None:
        taken = {address for links in self._addresses.values() for address in links.values()}
        if name in self._addresses:
            raise ValueError(f"two hosts are called {name!r}: rename one")
        for channel, address in addresses.items():
            if channel not in self.channels:
                raise ValueError(f"unknown channel {channel!r}: use one of {', '.join(self.channels)}")
            if address in taken:
                raise ValueError(f"two hosts have the address {address}: change one")
        self._addresses[name] = dict(addresses)

    def _is_listening(self, name: str, channel: str) -> bool:
        machine = self.machines.get(name)
        return machine is None or (machine.is_on and channel not in machine.links_down)


def _listed_address(machine: Machine, host: str) -> str | None:
    """Address of `host` in the list on the machine."""
    try:
        text = machine.files.peek(HOSTS_FILE, machine.users["root"])
    except FileError:
        return None
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if host in (name.lower() for name in names):
            return address
    return None
