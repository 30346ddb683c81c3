"""Scripts in the background: each `sleep` on a line of its own takes its seconds of world time."""

from __future__ import annotations

import posixpath
import re
from typing import Final

from envs.devices.unix.agenda import Errand, ScriptPart
from envs.devices.unix.filesystem import ENTER, FileSystem
from envs.devices.unix.machine import Machine

_EXIT: Final = re.compile(r"[ \t]*exit\b.*", re.ASCII)
_SLEEP: Final = re.compile(r"[ \t]*sleep[ \t]+(\d{1,5}(?:\.\d{1,3})?)s?[ \t]*(?:#.*)?", re.ASCII)


def parts_of(text: str) -> tuple[ScriptPart, ...]:
    """Cut a script at its sleeps; it ends at a line that says `exit`."""
    parts: list[ScriptPart] = []
    lines: list[str] = []
    for line in text.splitlines():
        if _EXIT.fullmatch(line):
            break
        match = _SLEEP.fullmatch(line)
        if match is None:
            lines.append(line)
            continue
        parts.append(ScriptPart("\n".join(lines), float(match[1])))
        lines = []
    return (*parts, ScriptPart("\n".join(lines)))


def find_script(files: FileSystem, name: str, folders: tuple[str, ...]) -> str | None:
    """Path of the first file called `name` in `folders` that may be executed by its owner."""
    paths = (posixpath.join(folder, name) for folder in folders)
    nodes = ((path, files.nodes.get(path)) for path in paths)
    return next((p for p, n in nodes if n is not None and not n.is_directory and n.mode >> 6 & ENTER), None)


def start_script(machine: Machine, path: str) -> int:
    """Start the script at `path` with the rights of its owner; return its process id.

    It is read now: what is changed in the file later does not reach it.
    """
    node = machine.files.nodes[path]
    pid = machine.processes.spawn(posixpath.basename(path), f"/bin/bash {path}", node.owner)
    user = machine.users[node.owner]
    machine.agenda.add(machine.journal.time_s, Errand(path, parts_of(node.text), user, pid))
    return pid
