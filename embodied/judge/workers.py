"""Asks a judge, several episodes at a time: each worker thread has its own backend and takes jobs from one line."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from embodied.backends.base import Backend, ChatReply, ChatRequest
from embodied.errors import (
    BackendError,
    BackendUnavailableError,
    ContextOverflowError,
    EmbodiedError,
    ModelChangedError,
)
from embodied.judge.prompt import Prompt
from embodied.judge.verdict import JudgeVerdict, Problem, read_verdict
from embodied.sweeping.troubles import MAX_ERRORS_IN_A_ROW


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked of one episode by one rubric, one after the other, so that they share the record in the cache."""

    cell: Path
    prompts: tuple[Prompt, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one prompt.

    Attributes:
        cell: Folder of the episode's cell.
        prompt: What was asked.
        verdict: Its answer, or why there is none; None when the server failed, so that it is left out.
        reply: The words.
        error: What the server did, or "".
    """

    cell: Path
    prompt: Prompt
    verdict: JudgeVerdict | None
    reply: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Over:
    """A worker has ended, by itself or by what nothing can go on after."""

    error: Exception | None = None


def ask_all(jobs: Iterator[Job], backends: Sequence[Callable[[], Backend]], max_tokens: int) -> Iterator[Answered]:
    """Ask what the jobs hold. The threads die with this process, so an interruption waits for no reply.

    Args:
        jobs: Read one at a time.
        backends: One for each worker, made ready in its thread.
        max_tokens: Budget of a reply.

    Raises:
        EmbodiedError: Nothing more can be asked until the user acts.
    """
    workers = _Workers(jobs, max_tokens)
    for make in backends:
        threading.Thread(target=workers.work, args=(make,), daemon=True).start()
    n_working, n_errors = len(backends), 0
    while n_working:
        said = workers.said.get()
        if isinstance(said, _Over):
            n_working -= 1
            if said.error is not None:
                workers.is_stopped.set()
                raise said.error
            continue
        n_errors = n_errors + 1 if said.error else 0
        yield said
        if n_errors >= MAX_ERRORS_IN_A_ROW:
            workers.is_stopped.set()
            raise EmbodiedError(
                f"stopped after {n_errors} errors in a row, the last: {said.error}; when the server is well again, run"
                " the same command again: what was left out is asked then"
            )


class _Workers:
    def __init__(self, jobs: Iterator[Job], max_tokens: int) -> None:
        self.said: queue.SimpleQueue[Answered | _Over] = queue.SimpleQueue()
        self.is_stopped = threading.Event()
        self._jobs = jobs
        self._max_tokens = max_tokens
        self._lock = threading.Lock()

    def work(self, make: Callable[[], Backend]) -> None:
        """Take jobs until there are none, and say so however it ends."""
        error: Exception | None = None
        try:
            self._work(make)
        except Exception as problem:  # noqa: BLE001
            error = problem
        self.said.put(_Over(error))

    def _work(self, make: Callable[[], Backend]) -> None:
        with closing(make()) as backend:
            while (job := self._next()) is not None:
                backend.check()
                self._serve(job, backend)

    def _next(self) -> Job | None:
        with self._lock:
            return None if self.is_stopped.is_set() else next(self._jobs, None)

    def _serve(self, job: Job, backend: Backend) -> None:
        for prompt in job.prompts:
            if self.is_stopped.is_set():
                return
            self.said.put(self._ask(job.cell, prompt, backend))

    def _ask(self, cell: Path, prompt: Prompt, backend: Backend) -> Answered:
        try:
            reply = backend.chat(self._request(prompt, backend))
        except ContextOverflowError:
            return Answered(cell, prompt, JudgeVerdict(None, Problem.TOO_LONG))
        except (BackendUnavailableError, ModelChangedError):
            raise
        except BackendError as error:
            return Answered(cell, prompt, None, error=str(error))
        return Answered(cell, prompt, read_verdict(reply, prompt.options), _words(reply))

    def _request(self, prompt: Prompt, backend: Backend) -> ChatRequest:
        """A schema where it does not silence thinking."""
        schema = None if backend.capabilities.thinks else prompt.schema
        return ChatRequest(
            messages=prompt.messages, seed=prompt.seed, session=prompt.key, json_schema=schema,
            max_tokens=self._max_tokens,
        )  # fmt: skip


def _words(reply: ChatReply) -> str:
    """A reply without halves of characters, which no file can hold."""
    return reply.text.encode("utf-8", "replace").decode()
