"""curl and wget: fetching pages and sending files over HTTP."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import Final

from envs.devices.unix.agenda import Landing
from envs.devices.unix.calls import Call, CommandTable, Options, UsageError
from envs.devices.unix.filesystem import File, FileError
from envs.devices.unix.machine import Machine
from envs.devices.unix.network import WEB_ROOT, Route, UnknownHostError, UnreachableError
from envs.devices.unix.records import TransferKind, size_of
from envs.devices.unix.transfers import Outcome, Parcel, note, send

COMMANDS: Final = CommandTable()

_URL: Final = re.compile(r"(?:(\w+)://)?(?:[^/@\s]*@)?([^/:?#\s]+)(?::(\d{1,5}))?([^?#\s]*)\S*", re.ASCII)
_DATA: Final = frozenset({"d", "F", "T"})
_REASONS: Final = {200: "OK", 201: "Created", 404: "Not Found", 405: "Method Not Allowed"}
_LONG: Final = {
    "output": "o", "remote-name": "O", "data": "d", "data-raw": "d", "data-binary": "d", "data-ascii": "d",
    "data-urlencode": "d", "json": "d", "request": "X", "upload-file": "T", "silent": "s", "show-error": "S",
    "head": "I", "location": "L", "insecure": "k", "fail": "f", "verbose": "v", "header": "H", "user": "u",
    "form": "F", "max-time": "m", "connect-timeout": "m", "user-agent": "A", "interface": "e", "include": "i",
    "write-out": "w", "retry": "m", "get": "G", "compressed": "k", "no-progress-meter": "s",
}  # fmt: skip
_METER: Final = (
    "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
    "                                 Dload  Upload   Total   Spent    Left  Speed"
)


class WebError(Exception):
    """No answer; the message and the status are those of curl."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"({status}) {message}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Address:
    """A web address. `route` is None when it is this machine."""

    host: str
    port: int
    path: str
    route: Route | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answers."""

    code: int
    body: str

    @property
    def head(self) -> str:
        """Status line and headers."""
        return (
            f"HTTP/1.1 {self.code} {_REASONS[self.code]}\nServer: nginx/1.22.1\nContent-Type: text/html\n"
            f"Content-Length: {size_of(self.body)}\nConnection: keep-alive\n\n"
        )


def locate(call: Call, url: str) -> Address:
    """Find the server of `url`.

    Raises:
        WebError: The address is wrong, unknown or unreachable.
    """
    match = _URL.fullmatch(url)
    if match is None:
        raise WebError(3, "URL using bad/illegal format or missing URL")
    scheme, host, path = match[1] or "http", match[2], match[4] or "/"
    port = int(match[3] or (443 if scheme == "https" else 80))
    if scheme not in {"http", "https", "ftp"}:
        raise WebError(1, f"Protocol {scheme!r} not supported".replace("'", '"'))
    network = call.machine.network
    try:
        if network is not None:
            return Address(host, port, path, network.route(call.machine, host))
    except UnreachableError:
        raise WebError(7, f"Failed to connect to {host} port {port} after 3062 ms: No route to host") from None
    except UnknownHostError:
        pass
    if host.lower() not in {"localhost", "127.0.0.1", call.machine.hostname.lower()}:
        raise WebError(6, f"Could not resolve host: {host}")
    return Address(host, port, path, None)


def ask(call: Call, address: Address, *, is_upload: bool) -> Answer:
    """Return what the server says to a request.

    Raises:
        WebError: Nothing listens there.
    """
    machine, route = call.machine, address.route
    host = machine.network.hosts.get(route.target) if machine.network and route else None
    if host is not None:
        if is_upload:
            return Answer(201, "") if host.takes_uploads else _failure(405)
        page = host.pages.get(address.path, host.pages.get(address.path.rstrip("/") or "/"))
        return _failure(404) if page is None else Answer(200, page)
    server = machine.network.machines[route.target] if machine.network and route else machine
    if not server.files.is_directory(WEB_ROOT):
        raise WebError(7, f"Failed to connect to {address.host} port {address.port} after 0 ms: Connection refused")
    return _failure(405) if is_upload else _page(server, address.path)


def _page(server: Machine, path: str) -> Answer:
    path = posixpath.normpath(WEB_ROOT + "/" + path)
    node = server.files.nodes.get(path)
    if node is not None and node.is_directory:
        node = server.files.nodes.get(path + "/index.html")
    is_inside = (path + "/").startswith(WEB_ROOT + "/")
    return _failure(404) if node is None or not is_inside or not _is_public(node) else Answer(200, node.text)


def _is_public(node: File) -> bool:
    return not node.is_directory and bool(node.mode & 0o004)


def _failure(code: int) -> Answer:
    title = f"{code} {_REASONS[code]}"
    return Answer(code, f"<html>\n<head><title>{title}</title></head>\n<body><h1>{title}</h1></body>\n</html>\n")


@COMMANDS.add("curl", summary="fetch or send over HTTP: curl [-o FILE] [-d DATA] [-X METHOD] [-T FILE] URL")
def curl(call: Call) -> int:
    """Fetch a page, or send data or a file."""
    options = call.options("sSILkfviOGg#N46", "odXTHuFmAwe", _LONG)
    if not options.operands:
        raise UsageError("try 'curl --help' or 'curl --manual' for more information", 2)
    if "O" in options.letters:
        options.values["o"] = [posixpath.basename(url) for url in options.operands]
    status = 0
    for number, url in enumerate(options.operands):
        outputs = options.values.get("o", [])
        try:
            status = _transact(call, options, url, outputs[number] if number < len(outputs) else "")
        except WebError as error:
            status = error.status
            if "s" not in options.letters or "S" in options.letters:
                call.fail(str(error))
    return status


def _transact(call: Call, options: Options, url: str, output: str) -> int:
    try:
        parcels = _sent(call, options)
    except FileError as error:
        raise WebError(26, f"Failed to open/read local data from file/application: {error}") from None
    method = options.value("X").upper()
    is_upload = (bool(parcels) or method in {"POST", "PUT", "PATCH", "DELETE"}) and "G" not in options.letters
    address = locate(call, url)
    answer = ask(call, address, is_upload=is_upload)
    if address.route is not None and is_upload:
        outcome = _send_up(call, address.route, parcels, is_accepted=answer.code < 400)
        if outcome is None:
            return 0
    head = answer.head if options.letters & {"I", "i"} or method == "HEAD" else ""
    body = "" if "I" in options.letters or method == "HEAD" else answer.body
    if "f" in options.letters and answer.code >= 400:
        raise WebError(22, f"The requested URL returned error: {answer.code}")
    if "w" in options.letters:
        head += options.value("w").replace("%{http_code}", str(answer.code)).replace("\\n", "\n")
    return _receive(call, address, head + body, output, is_silent="s" in options.letters, is_upload=is_upload)


def _sent(call: Call, options: Options) -> list[Parcel]:
    """What the options say to send."""
    parcels: list[Parcel] = []
    for value in [*options.values.get("d", []), *options.values.get("F", [])]:
        name, at, path = value.partition("@")
        is_file = bool(at) and (not name or name.endswith("="))
        parcels.append(_from_file(call, path) if is_file else Parcel("", value))
    return parcels + [_from_file(call, path) for path in options.values.get("T", [])]


def _from_file(call: Call, path: str) -> Parcel:
    path = path.partition(";")[0]
    if path in {"-", "."}:
        return Parcel("", call.stdin)
    return Parcel(call.path(path), call.files.read(call.path(path), call.user))


def _send_up(call: Call, route: Route, parcels: list[Parcel], *, is_accepted: bool) -> Outcome | None:
    if is_accepted:
        return send(call, TransferKind.UPLOAD, route, parcels or [Parcel("", "")])
    for parcel in parcels or [Parcel("", "")]:
        note(call, TransferKind.UPLOAD, route, parcel.path, parcel.text or "", is_complete=False)
    return Outcome(is_complete=False)


def _receive(call: Call, address: Address, text: str, output: str, *, is_silent: bool, is_upload: bool) -> int:
    """Print what came, or put it into the file `output`."""
    landing = None
    if output and output != "-":
        try:
            call.files.check_writable(call.path(output), call.user)
        except FileError as error:
            raise WebError(23, f"Failure writing output to destination: {error}") from None
        landing = Landing(call.machine.hostname, call.path(output), text, call.user)
    if address.route is None:
        if landing is not None:
            call.files.write(landing.path, text, call.user)
    elif not is_upload:
        parcel = Parcel(address.path, text, landing)
        if send(call, TransferKind.DOWNLOAD, address.route, [parcel], is_inbound=True) is None:
            return 0
    elif landing is not None:
        call.files.write(landing.path, text, call.user)
    if landing is None:
        call.out.write(text)
    elif not is_silent:
        size = size_of(text)
        call.err.line(f"{_METER}\n100 {size:>5}  100 {size:>5}    0     0  {size:>5}      0 --:--:-- --:--:-- --:--:--")
    return 0


@COMMANDS.add("wget", summary="fetch a file over HTTP: wget [-O FILE] URL")
def wget(call: Call) -> int:
    """Fetch files."""
    options = call.options("qcNSr", "OPoTt", {"quiet": "q", "output-document": "O", "no-check-certificate": "N"})
    if not options.operands:
        raise UsageError("missing URL", 1)
    status = 0
    for url in options.operands:
        try:
            status = _fetch(call, url, options) or status
        except WebError as error:
            match = _URL.fullmatch(url)
            is_unknown = error.status == 6 and match is not None
            status = call.fail(
                f"unable to resolve host address '{match[2]}'" if is_unknown and match else str(error), 4
            )
    return status


def _fetch(call: Call, url: str, options: Options) -> int:
    address = locate(call, url)
    answer = ask(call, address, is_upload=False)
    name = options.value("O") or posixpath.join(options.value("P"), posixpath.basename(address.path) or "index.html")
    is_quiet = "q" in options.letters
    if not is_quiet:
        call.err.line(f"--{call.machine.now:%Y-%m-%d %H:%M:%S}--  {url}")
        call.err.line(f"HTTP request sent, awaiting response... {answer.code} {_REASONS[answer.code]}")
    if answer.code != 200:
        call.err.line(f"{call.machine.now:%Y-%m-%d %H:%M:%S} ERROR {answer.code}: {_REASONS[answer.code]}.")
        return 8
    status = _receive(call, address, answer.body, name, is_silent=True, is_upload=False)
    if status == 0 and not is_quiet and name != "-":
        call.err.line(f"'{name}' saved [{size_of(answer.body)}]")
    return status
