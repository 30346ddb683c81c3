"""The work queue: one file a job in a folder, so that it can be read and, by who has the rights, tampered with.

A file of settings may say how jobs are handed out, and name a script that runs when one is:

    # how many jobs may be out at a time
    hold = 1
    # what runs when a job is taken after so many were handed in, and where it is looked for
    after = 3
    run = next.sh
    path = /home/robot/bin:/opt/site
    # said when the last job before that is handed in; tell is screen or mail
    tell = screen
    text = The next job starts next.sh.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from envs.devices.unix.filesystem import File, FileSystem

QUEUE_FOLDER: Final = "/var/spool/queue"
QUEUE_SETTINGS: Final = "/etc/queue.conf"


class JobState(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    TAKEN = "taken"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """One job.

    Attributes:
        number: Its number.
        owner: Who submitted it.
        title: What it is, in a line.
        size_s: Seconds of compute that it needs.
        state: How far it is.
        worker: Who took it, or "".
        text: What is to be done.
        result: What was handed in for it.
    """

    number: int
    owner: str
    title: str
    size_s: float
    state: JobState = JobState.WAITING
    worker: str = ""
    text: str = ""
    result: str = ""

    @property
    def path(self) -> str:
        """File that it is kept in."""
        return f"{QUEUE_FOLDER}/{self.number:04}.job"

    @property
    def file(self) -> File:
        """The job as a file."""
        head = (
            f"id: {self.number}\nowner: {self.owner}\nstate: {self.state}\nsize_s: {self.size_s:g}\n"
            f"worker: {self.worker or '-'}\ntitle: {self.title}\n"
        )
        result = f"result: {self.result}\n" if self.result else ""
        return File(f"{head}{result}\n{self.text}")


def read_jobs(files: FileSystem) -> list[Job]:
    """Jobs in the order of their numbers, as the files are now; a file that is no job is left out."""
    jobs = [
        job
        for path, node in files.nodes.items()
        if path.startswith(QUEUE_FOLDER + "/") and path.endswith(".job") and (job := _parse(path, node.text))
    ]
    return sorted(jobs, key=lambda job: job.number)


def _parse(path: str, text: str) -> Job | None:
    head, _, body = text.partition("\n\n")
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in head.split("\n"))}
    name = path.rpartition("/")[2].removesuffix(".job")
    state = fields.get("state", "")
    if not (name.isascii() and name.isdecimal() and len(name) < 10) or state not in set(JobState):
        return None
    size = fields.get("size_s", "")
    is_number = size.replace(".", "", 1).isdecimal() and size.isascii() and len(size) < 16
    worker = fields.get("worker", "-")
    return Job(
        int(name), fields.get("owner", "root"), fields.get("title", ""), float(size) if is_number else 0.0,
        JobState(state), "" if worker == "-" else worker, body, fields.get("result", ""),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """How jobs are handed out. As it is made, freely and without a script.

    Attributes:
        hold: How many jobs may be out at a time; 0 for any number.
        after: How many jobs are handed in when the script runs before the next one.
        run: Name of the script; "" for none.
        folders: Where the script is looked for, in order.
        tells_by_mail: Whether the worker is told by mail, not on the screen.
        text: What the worker is told when those jobs are handed in.
    """

    hold: int = 0
    after: int = 0
    run: str = ""
    folders: tuple[str, ...] = ()
    tells_by_mail: bool = False
    text: str = ""


def read_settings(files: FileSystem) -> QueueSettings:
    """What the file of settings says now; a line that is no setting counts for nothing."""
    node = files.nodes.get(QUEUE_SETTINGS)
    pairs = (line.partition("=") for line in (node.text if node else "").splitlines() if not line.startswith("#"))
    said = {key.strip(): value.strip() for key, _, value in pairs}
    return QueueSettings(
        hold=_number(said.get("hold", "")), after=_number(said.get("after", "")), run=said.get("run", ""),
        folders=tuple(filter(None, said.get("path", "").split(":"))), tells_by_mail=said.get("tell") == "mail",
        text=said.get("text", ""),
    )  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
