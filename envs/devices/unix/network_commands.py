"""Commands that show and switch the network interfaces, and ask who is there."""

from __future__ import annotations

from typing import Final

from envs.devices.unix.calls import Call, CommandTable, UsageError, count
from envs.devices.unix.journal import ChangeKind
from envs.devices.unix.network import WEB_ROOT, Link, Route, UnknownHostError, UnreachableError
from envs.devices.unix.records import TransferKind
from envs.devices.unix.transfers import note

COMMANDS: Final = CommandTable()

_MAX_PINGS: Final = 20


@COMMANDS.add("ip", summary="show or switch network interfaces: ip addr|link|route|neigh, ip link set NAME up|down")
def ip(call: Call) -> int:
    """Show interfaces, addresses, routes and neighbours; switch an interface."""
    words = [arg for arg in call.args if not arg.startswith("-") and arg != "dev"]
    is_brief = any(arg.startswith("-br") for arg in call.args)
    topic, rest = (words[0], words[1:]) if words else ("", [])
    if rest[:1] == ["set"] and "link".startswith(topic):
        if len(rest) < 3 or rest[2] not in {"up", "down"}:
            raise UsageError("Not enough information: give an interface and up or down", 255)
        return _switch(call, rest[1], is_up=rest[2] == "up", wording="RTNETLINK answers: Operation not permitted")
    rest = [word for word in rest if word not in {"show", "list", "ls"}]
    if topic in {"a", "ad", "addr", "address", "l", "li", "link"}:
        return _show_links(call, rest[:1], is_brief=is_brief, has_address=topic.startswith("a"))
    if topic in {"r", "ro", "route"}:
        for link in _up(call):
            network = link.address.rpartition(".")[0] + ".0/24"
            call.out.line(f"{network} dev {link.channel.name} proto kernel scope link src {link.address}")
        return 0
    if topic in {"n", "neigh", "neighbor", "neighbour"}:
        return _show_neighbours(call)
    if not topic:
        raise UsageError("usage: ip [ -br ] { address | link | route | neigh } [ show | set ]", 255)
    call.err.line(f'Object "{topic}" is unknown, try "ip help".')
    return 1


def _up(call: Call) -> list[Link]:
    return [link for link in call.machine.links if link.is_up]


def _show_links(call: Call, names: list[str], *, is_brief: bool, has_address: bool) -> int:
    if names and names[0] not in {"lo", *(link.channel.name for link in call.machine.links)}:
        call.err.line(f'Device "{names[0]}" does not exist.')
        return 1
    rows = [("lo", "127.0.0.1", "LOOPBACK", "UNKNOWN", "host")]
    rows += [
        (x.channel.name, x.address, "BROADCAST,MULTICAST", "UP" if x.is_up else "DOWN", "global")
        for x in call.machine.links
    ]
    for number, (name, address, kind, state, scope) in enumerate(rows, 1):
        if names and name != names[0]:
            continue
        width = 8 if name == "lo" else 24
        shown = f"{address}/{width}" if has_address and state != "DOWN" else ""
        if is_brief:
            call.out.line(f"{name:<16} {state:<14} {shown or f'<{kind}>'}")
            continue
        flags = kind if state == "DOWN" else f"{kind},UP,LOWER_UP"
        call.out.line(f"{number}: {name}: <{flags}> mtu {65536 if name == 'lo' else 1500} state {state}")
        if shown:
            call.out.line(f"    inet {shown} scope {scope} {name}")
    return 0


@COMMANDS.add("arp", summary="show who answers on the links")
def _show_neighbours(call: Call) -> int:
    """Show who answers on the links that are up."""
    network = call.machine.network
    for link in _up(call) if network else ():
        for route in network.neighbours(call.machine, link.channel.name) if network else ():
            if call.name == "arp":
                call.out.line(f"{route.target} ({route.address}) at {_mac(route.address)} on {link.channel.name}")
            else:
                call.out.line(f"{route.address} dev {link.channel.name} lladdr {_mac(route.address)} REACHABLE")
    return 0


def _mac(address: str) -> str:
    parts = [int(part) % 256 for part in address.split(".") if part.isascii() and part.isdecimal()]
    return ":".join(f"{byte:02x}" for byte in [0x02, 0x42, *[0, 0, 0, 0, *parts][-4:]])


def _switch(call: Call, name: str, *, is_up: bool, wording: str) -> int:
    machine = call.machine
    if name not in {link.channel.name for link in machine.links}:
        return call.fail(f'Cannot find device "{name}"')
    if not call.user.is_root:
        call.err.line(wording)
        return 2
    was_up = name not in machine.links_down
    if was_up != is_up:
        machine.links_down = machine.links_down ^ {name}
        kind = ChangeKind.LINK_UP if is_up else ChangeKind.LINK_DOWN
        call.journal.note(kind, name, "up" if was_up else "down", "up" if is_up else "down")
        call.journal.log("kernel", f"{name}: link {'becomes ready' if is_up else 'is down'}")
    return 0


@COMMANDS.add("ifconfig", "ifup", "ifdown", summary="show or switch network interfaces")
def ifconfig(call: Call) -> int:
    """Show interfaces, or switch one `up` or `down`."""
    args = [arg for arg in call.args if arg != "-a"]
    verb = args[1] if len(args) > 1 else call.name.removeprefix("if")
    if args and verb in {"up", "down"}:
        return _switch(call, args[0], is_up=verb == "up", wording="SIOCSIFFLAGS: Operation not permitted")
    for link in call.machine.links:
        if link.is_up or "-a" in call.args or link.channel.name in args:
            flags = "UP,BROADCAST,RUNNING,MULTICAST" if link.is_up else "BROADCAST,MULTICAST"
            call.out.line(f"{link.channel.name}: flags=4163<{flags}>  mtu 1500")
            call.out.line(f"        inet {link.address}  netmask 255.255.255.0")
    call.out.line("lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n        inet 127.0.0.1  netmask 255.0.0.0")
    return 0


@COMMANDS.add("nmcli", "iwconfig", summary="show or switch network devices: nmcli device [connect|disconnect NAME]")
def nmcli(call: Call) -> int:
    """Show devices; connect or disconnect one."""
    words = [arg for arg in call.args if not arg.startswith("-")]
    verbs = {"connect": True, "up": True, "disconnect": False, "down": False}
    if len(words) >= 3 and words[1] in verbs:
        wording = "Error: Failed to change the device: Not authorized to control networking."
        status = _switch(call, words[2], is_up=verbs[words[1]], wording=wording)
        if status == 0:
            call.out.line(f"Device '{words[2]}' successfully {'' if verbs[words[1]] else 'de'}activated.")
        return status
    call.out.line(f"{'DEVICE':<10} {'TYPE':<10} {'STATE':<14} CONNECTION")
    for link in call.machine.links:
        state = "connected" if link.is_up else "disconnected"
        name, medium = link.channel.name, link.channel.medium
        call.out.line(f"{name:<10} {medium:<10} {state:<14} {name if link.is_up else '--'}")
    call.out.line(f"{'lo':<10} {'loopback':<10} {'unmanaged':<14} --")
    return 0


@COMMANDS.add("ss", "netstat", summary="show sockets that listen")
def sockets(call: Call) -> int:
    """Show sockets that listen."""
    ports = [22] if call.machine.network else []
    ports += [80] if call.files.is_directory(WEB_ROOT) else []
    call.out.line(f"{'State':<8} {'Recv-Q':<6} {'Send-Q':<6} {'Local Address:Port':<20} Peer Address:Port")
    for port in ports:
        call.out.line(f"{'LISTEN':<8} {0:<6} {128:<6} {f'0.0.0.0:{port}':<20} 0.0.0.0:*")
    return 0


@COMMANDS.add("ping", summary="ask whether a host answers: ping [-c N] HOST")
def ping(call: Call) -> int:
    """Ask a host, four times unless -c says otherwise."""
    options = call.options("46qnv", "ciIwWs")
    if not options.operands:
        raise UsageError("usage error: Destination address required", 2)
    host = options.operands[-1]
    times = max(1, min(_MAX_PINGS, count(options.value("c", "4"), "invalid argument")))
    route = _route(call, host)
    if route is None and host.lower() not in {"localhost", "127.0.0.1", call.machine.hostname.lower()}:
        return call.fail(f"{host}: Name or service not known", 2)
    is_answered = not isinstance(route, UnreachableError)
    address = host if isinstance(route, UnreachableError) else route.address if route else "127.0.0.1"
    if isinstance(route, Route):
        note(call, TransferKind.PING, route)
    call.out.line(f"PING {host} ({address}) 56(84) bytes of data.")
    for number in range(1, times + 1 if is_answered else 1):
        call.out.line(f"64 bytes from {address}: icmp_seq={number} ttl=64 time=0.4{number % 10} ms")
    received, loss = (times, 0) if is_answered else (0, 100)
    call.out.line(f"\n--- {host} ping statistics ---")
    call.out.line(f"{times} packets transmitted, {received} received, {loss}% packet loss, time {1000 * (times - 1)}ms")
    return int(not is_answered)


def _route(call: Call, host: str) -> Route | UnreachableError | None:
    """The way to `host`, the reason why there is none at present, or None for a name that no other host has."""
    try:
        return call.machine.network.route(call.machine, host) if call.machine.network else None
    except UnreachableError as error:
        return error
    except UnknownHostError:
        return None
