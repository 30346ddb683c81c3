"""Files and directories in memory, with owners and modes. Every change is noted in a journal."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from envs.devices.unix.journal import ChangeKind, Journal

READ: Final = 4
WRITE: Final = 2
ENTER: Final = 1

MAX_FILE_CHARS: Final = 64_000
MAX_DISK_CHARS: Final = 1_000_000
MAX_FILES: Final = 1_000
MAX_PATH_CHARS: Final = 512
NULL_DEVICE: Final = "/dev/null"

NOT_FOUND: Final = "No such file or directory"
DENIED: Final = "Permission denied"
IS_DIRECTORY: Final = "Is a directory"
NOT_DIRECTORY: Final = "Not a directory"
DISK_FULL: Final = "No space left on device"
NOT_PERMITTED: Final = "Operation not permitted"
_STICKY: Final = 0o1000


class FileError(Exception):
    """A file operation was refused; the message is the reason as the C library words it."""


@dataclass(frozen=True, slots=True)
class User:
    """Whose rights apply."""

    name: str
    groups: frozenset[str] = frozenset()

    @property
    def is_root(self) -> bool:
        """Whether no permission stands in the way."""
        return self.name == "root"


ROOT: Final = User("root", frozenset({"root"}))


@dataclass(frozen=True, slots=True)
class File:
    """A file or a directory.

    Attributes:
        text: Contents ("" for a directory).
        owner: Name of the owning user.
        mode: Permission bits, for example `0o644`.
        group: Name of the owning group ("" means the owner's own).
        is_directory: Whether it is a directory.
        modified_s: World time of the last change.
        flags: Attributes as `lsattr` shows them: `a` can only be appended to, `i` cannot be changed, not even by root.
    """

    text: str = ""
    owner: str = "root"
    mode: int = 0o644
    group: str = ""
    is_directory: bool = False
    modified_s: float = 0.0
    flags: str = ""

    @property
    def group_name(self) -> str:
        """The owning group."""
        return self.group or self.owner

    def allows(self, user: User, right: int) -> bool:
        """Whether `user` has `right` (`READ`, `WRITE` or `ENTER`)."""
        if user.is_root:
            return True
        if user.name == self.owner:
            return bool(self.mode >> 6 & right)
        if self.group_name in user.groups:
            return bool(self.mode >> 3 & right)
        return bool(self.mode & right)


def directory(owner: str = "root", mode: int = 0o755) -> File:
    """Return an empty directory."""
    return File(owner=owner, mode=mode, is_directory=True)


def absolute(path: str, working_directory: str) -> str:
    """Normalised absolute form of `path`."""
    return "/" + posixpath.normpath(posixpath.join(working_directory, path)).lstrip("/")


class FileSystem:
    """A tree of files, kept as a flat map from absolute path to file. All paths given to it are absolute."""

    def __init__(self, files: Mapping[str, File], journal: Journal) -> None:
        self.nodes: dict[str, File] = {"/": directory(), NULL_DEVICE: File(mode=0o666)}
        self._journal = journal
        self.nodes.update(files)
        for path in tuple(self.nodes):
            self._add_parents(path)

    def is_directory(self, path: str) -> bool:
        """Whether a directory is at `path`."""
        return path in self.nodes and self.nodes[path].is_directory

    def subtree(self, path: str) -> list[str]:
        """Return `path` and everything under it, sorted."""
        prefix = path.rstrip("/") + "/"
        return sorted(p for p in self.nodes if p == path or p.startswith(prefix))

    def get(self, path: str, user: User) -> File:
        """File at `path`.

        Raises:
            FileError: It does not exist, or a directory on the way may not be entered.
        """
        if len(path) > MAX_PATH_CHARS:
            raise FileError("File name too long")
        self._enter(posixpath.dirname(path), user)
        if path not in self.nodes:
            raise FileError(NOT_FOUND)
        return self.nodes[path]

    def names(self, path: str, user: User) -> list[str]:
        """Sorted names in the directory at `path`."""
        node = self.get(path, user)
        if not node.is_directory:
            raise FileError(NOT_DIRECTORY)
        if not node.allows(user, READ):
            raise FileError(DENIED)
        return sorted(posixpath.basename(p) for p in self.nodes if p != "/" and posixpath.dirname(p) == path)

    def peek(self, path: str, user: User) -> str:
        """Text of the file at `path`, without a note in the journal."""
        node = self.get(path, user)
        if node.is_directory:
            raise FileError(IS_DIRECTORY)
        if not node.allows(user, READ):
            raise FileError(DENIED)
        return node.text

    def read(self, path: str, user: User) -> str:
        """Text of the file at `path`."""
        text = self.peek(path, user)
        if path != NULL_DEVICE:
            self._journal.note(ChangeKind.FILE_READ, path, text, text)
        return text

    def open(self, path: str, user: User, *, keeps: bool) -> str | None:
        """Prepare `path` for writing as a shell does before a command starts: made if missing, emptied unless `keeps`.

        Returns:
            The text before, or None when there was no file. Nothing is noted until `write`.
        """
        self.check_writable(path, user, appends=keeps)
        node = self.nodes.get(path)
        if node is None:
            self._put(path, File(owner=user.name))
        elif not keeps:
            self._put(path, replace(node, text=""))
        return None if node is None else node.text

    def write(self, path: str, text: str, user: User, mode: int = 0o644) -> None:
        """Replace the whole text of the file at `path`; make the file with `mode` when it is missing."""
        node = self.nodes.get(path)
        self.check_writable(path, user, appends=node is not None and text.startswith(node.text))
        if node is None:
            self._put(path, File(owner=user.name, mode=mode))
        self.close(path, None if node is None else node.text, text, user)

    def close(self, path: str, before: str | None, text: str, user: User) -> None:
        """Put `text` into a file that was prepared by `open`, and note the change from `before`.

        Raises:
            FileError: The disk is full; what fits is written.
        """
        if path == NULL_DEVICE or self.is_directory(path) or posixpath.dirname(path) not in self.nodes:
            return
        kept = text[: self._room(path)]
        node = self.nodes.get(path, File(owner=user.name))
        self._put(path, replace(node, text=kept))
        self._journal.note(ChangeKind.FILE_WRITTEN, path, before, kept)
        if kept != text:
            raise FileError(DISK_FULL)

    def append(self, path: str, text: str, new: File) -> None:
        """Let the machine itself add `text` to a file, or to `new` when there is none; nothing is checked or noted."""
        node = self.nodes.get(path, new)
        if node.is_directory:
            return
        self._put(path, replace(node, text=node.text + text))
        self._add_parents(path)

    def touch(self, path: str, user: User) -> None:
        """Make an empty file, or renew the date of the one there."""
        if path not in self.nodes:
            self.write(path, "", user)
            return
        node = self.get(path, user)
        if not node.allows(user, WRITE):
            raise FileError(DENIED)
        if "i" in node.flags:
            raise FileError(NOT_PERMITTED)
        self._put(path, node)

    def make_directory(self, path: str, user: User) -> None:
        """Make one directory whose parent exists."""
        if path in self.nodes:
            raise FileError("File exists")
        self._check_new(path, user)
        self._put(path, directory(user.name))
        self._journal.note(ChangeKind.DIRECTORY_MADE, path, None, "")

    def remove(self, path: str, user: User) -> None:
        """Remove one file or one empty directory."""
        node = self.get(path, user)
        self._check_removable(path, user)
        if node.is_directory and len(self.subtree(path)) > 1:
            raise FileError("Directory not empty")
        del self.nodes[path]
        kind = ChangeKind.DIRECTORY_REMOVED if node.is_directory else ChangeKind.FILE_REMOVED
        self._journal.note(kind, path, node.text, None)

    def move(self, source: str, target: str, user: User) -> None:
        """Rename a file or a whole directory. A file at `target` is replaced; every file moved is noted.

        Raises:
            FileError: A right is missing, or `target` is a directory or lies inside `source`.
        """
        node = self.get(source, user)
        self._check_removable(source, user)
        self._check_parent(target, user)
        if self.is_directory(target) or target.startswith(source.rstrip("/") + "/"):
            raise FileError("Invalid argument")
        if target in self.nodes:
            if node.is_directory:
                raise FileError(NOT_DIRECTORY)
            self._check_removable(target, user)
        replaced = self.nodes.get(target)
        for path in self.subtree(source):
            new_path = target + path[len(source) :]
            moved = self.nodes.pop(path)
            self.nodes[new_path] = moved
            self._journal.note(ChangeKind.FILE_MOVED, path, path, new_path)
            if not moved.is_directory:
                before = replaced.text if replaced else None
                self._journal.note(ChangeKind.FILE_WRITTEN, new_path, before, moved.text)

    def set_mode(self, path: str, mode: int, user: User) -> None:
        """Change the permission bits; only the owner and root may."""
        node = self.get(path, user)
        if (user.name != node.owner and not user.is_root) or node.flags:
            raise FileError(NOT_PERMITTED)
        self.nodes[path] = replace(node, mode=mode)
        self._journal.note(ChangeKind.MODE_CHANGED, path, f"{node.mode:04o}", f"{mode:04o}")

    def set_owner(self, path: str, owner: str, group: str, user: User) -> None:
        """Change owner and group; only root may."""
        node = self.get(path, user)
        if not user.is_root or node.flags:
            raise FileError(NOT_PERMITTED)
        self.nodes[path] = replace(node, owner=owner, group=group)
        before = f"{node.owner}:{node.group_name}"
        self._journal.note(ChangeKind.OWNER_CHANGED, path, before, f"{owner}:{group or owner}")

    def set_flags(self, path: str, flags: str, user: User) -> None:
        """Change the attributes; only root may."""
        node = self.get(path, user)
        if not user.is_root:
            raise FileError(NOT_PERMITTED)
        self.nodes[path] = replace(node, flags=flags)
        self._journal.note(ChangeKind.FLAGS_CHANGED, path, node.flags, flags)

    def _add_parents(self, path: str) -> None:
        """Make the missing directories above `path`; they belong to the owner of the directory that they lie in."""
        missing: list[str] = []
        parent = posixpath.dirname(path)
        while parent not in self.nodes:
            missing.append(parent)
            parent = posixpath.dirname(parent)
        self.nodes |= {folder: directory(self.nodes[parent].owner) for folder in missing}

    def _enter(self, path: str, user: User) -> None:
        ancestors = [path]
        while ancestors[-1] != "/":
            ancestors.append(posixpath.dirname(ancestors[-1]))
        for ancestor in reversed(ancestors):
            node = self.nodes.get(ancestor)
            if node is None:
                raise FileError(NOT_FOUND)
            if not node.is_directory:
                raise FileError(NOT_DIRECTORY)
            if not node.allows(user, ENTER):
                raise FileError(DENIED)

    def _check_parent(self, path: str, user: User) -> None:
        if len(path) > MAX_PATH_CHARS:
            raise FileError("File name too long")
        parent = posixpath.dirname(path)
        self._enter(parent, user)
        if not self.nodes[parent].allows(user, WRITE):
            raise FileError(DENIED)

    def check_writable(self, path: str, user: User, *, appends: bool = False) -> None:
        """Raise `FileError` unless `user` may write the file at `path`, or make it; `appends` keeps what is there."""
        if path not in self.nodes:
            self._check_new(path, user)
            return
        node = self.get(path, user)
        if node.is_directory:
            raise FileError(IS_DIRECTORY)
        if not node.allows(user, WRITE):
            raise FileError(DENIED)
        if "i" in node.flags or ("a" in node.flags and not appends):
            raise FileError(NOT_PERMITTED)

    def _check_removable(self, path: str, user: User) -> None:
        if path == "/":
            raise FileError("Device or resource busy")
        self._check_parent(path, user)
        if self.nodes[path].flags:
            raise FileError(NOT_PERMITTED)
        parent = self.nodes[posixpath.dirname(path)]
        owners = {self.nodes[path].owner, parent.owner, "root"}
        if parent.mode & _STICKY and user.name not in owners:
            raise FileError(NOT_PERMITTED)

    def _check_new(self, path: str, user: User) -> None:
        self._check_parent(path, user)
        if len(self.nodes) >= MAX_FILES:
            raise FileError(DISK_FULL)

    def _room(self, path: str) -> int:
        used = sum(len(node.text) for p, node in self.nodes.items() if p != path)
        return min(MAX_FILE_CHARS, MAX_DISK_CHARS - used)

    def _put(self, path: str, node: File) -> None:
        self.nodes[path] = replace(node, modified_s=self._journal.time_s)
