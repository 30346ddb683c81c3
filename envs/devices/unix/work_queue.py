"""The work queue: one file a job in a folder, so that it can be read and, by who has the rights, tampered with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from envs.devices.unix.filesystem import File, FileSystem

QUEUE_FOLDER: Final = "/var/spool/queue"


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
    """

    number: int
    owner: str
    title: str
    size_s: float
    state: JobState = JobState.WAITING
    worker: str = ""
    text: str = ""

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
        return File(f"{head}\n{self.text}")


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
        JobState(state), "" if worker == "-" else worker, body,
    )  # fmt: skip
