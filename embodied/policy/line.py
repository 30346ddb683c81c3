"""The line of an episode: its messages, the calls made in it, what is kept of both, and copies cut at a mark."""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from embodied.backends.base import Backend, ChatMessage, ChatReply, ChatRequest, ThoughtKind, ToolCall, ToolSpec
from embodied.backends.replay import digest_of
from embodied.backends.thinking import did_thinking_eat_budget, split_thinking
from embodied.errors import BackendError, ContextOverflowError
from embodied.policy.form import Form
from embodied.policy.mind import InvalidEpisodeError, Mark
from embodied.policy.settings import MindSettings
from embodied.policy.tools import quote_call
from embodied.records import ModelUse, Validity

Keep = Callable[[Sequence[ToolCall]], ToolCall | None]


class Line:
    """One transcript. It only ever grows, so that a server's prefix cache holds for all of it.

    Args:
        backend: Serves the model.
        settings: How it is asked.
        key: Key of the episode; every call has a sampling seed of its own out of it.
        session: What a server knows its calls by; None for `key`.

    Attributes:
        use: Calls, tokens and counts so far.
        server: Which of several servers answered last.
    """

    def __init__(self, backend: Backend, settings: MindSettings, key: str, session: str | None = None) -> None:
        self._backend = backend
        self._settings = settings
        self._key = key
        self._session = key if session is None else session
        self._messages: list[ChatMessage] = []
        self._entries: list[Mapping[str, Any]] = []
        self._preface = ""
        self.use = ModelUse()
        self.server = ""

    @property
    def transcript(self) -> tuple[Mapping[str, Any], ...]:
        """Messages with thinking, calls, token counts and digests of pictures; second calls are marked as step 2."""
        return tuple(self._entries)

    @property
    def mark(self) -> Mark:
        """Where it ends now."""
        return Mark(len(self._messages), len(self._entries), self._preface)

    def fork(self, mark: Mark, name: str) -> Line:
        """A copy of what stands before `mark`, with entries, counts and sampling seeds of its own.

        It goes to the same server as the line, which may still hold the part that both share.

        Args:
            mark: Where it is cut.
            name: Tells its seeds from those of the line and of other copies.
        """
        copy = Line(self._backend, self._settings, f"{self._key}/{name}", self._session)
        copy._messages = self._messages[: mark.messages]
        copy._preface = mark.preface
        return copy

    @property
    def is_empty(self) -> bool:
        """Whether nothing was read yet."""
        return not self._messages

    @property
    def open_call(self) -> str:
        """The tool whose call stands last and waits for its result; "" when there is none."""
        calls = self._messages[-1].tool_calls if self._messages else ()
        return calls[0].name if calls else ""

    def read(self, content: str, images: tuple[bytes, ...] = ()) -> None:
        """Show the model something: as the result of its open call, or else as a user message."""
        tool = self.open_call
        self.append(ChatMessage(role="tool" if tool else "user", content=content, images=images, tool_name=tool))

    def read_form(self, form: Form, **more: Any) -> None:
        """Show the model a form; an open call is given its result first.

        Args:
            form: What is asked.
            more: What else its entry says.
        """
        words = form.message
        if self.open_call:
            words = form.message if form.result else form.text
            self.read(form.result or form.shown)
        self.append(ChatMessage(role="user", content=words))
        self._entries[-1] = {**self._entries[-1], "form": form.to_dict(), **more}

    def append(self, message: ChatMessage) -> None:
        """Add a message that the model reads; what was announced opens it."""
        if self._preface:
            message = message.model_copy(update={"content": f"{self._preface}\n{message.content}"})
            self._preface = ""
        self._messages.append(message)
        self._entries.append(_read_entry(message))

    def announce(self, text: str) -> None:
        """Have the next message open with this line."""
        self._preface = text

    def ask(
        self, schema: dict[str, Any] | None = None, tools: tuple[ToolSpec, ...] = (), keep: Keep = lambda _: None,
        *, may_think: bool = True,
    ) -> ChatReply:  # fmt: skip
        """Let the model reply.

        Args:
            schema: Constrains the reply.
            tools: What may be called.
            keep: Chooses the call that stays in the line; the others are in the record alone.
            may_think: False for a reply that is to come at once.

        Raises:
            InvalidEpisodeError: The server failed, the prompt did not fit, or the thinking ate the budget.
        """
        reply = self._call(self._messages, 1, json_schema=schema, tools=tools, may_think=may_think)
        call = keep(reply.tool_calls)
        words = [reply.text] if call else [reply.text, *map(quote_call, reply.tool_calls[:1])]
        self._messages.append(
            ChatMessage(
                role="assistant", content="\n".join(filter(None, words)), tool_calls=(call,) if call else (),
                thinking=reply.thinking if self._settings.past_thinking == "shown" else "",
            )
        )  # fmt: skip
        if did_thinking_eat_budget(reply):
            raise InvalidEpisodeError(
                Validity.THINKING_ATE_BUDGET,
                f"the model thought for all of its {self._settings.max_tokens} tokens; raise model.max_tokens",
            )
        return reply

    def ask_aside(self, question: str, schema: dict[str, Any]) -> ChatReply:
        """Ask something at once, without thinking, in a copy of the line that is thrown away.

        Raises:
            InvalidEpisodeError: The server failed, or the prompt did not fit.
        """
        message = ChatMessage(role="user", content=question)
        self._entries.append({**_read_entry(message), "step": 2})
        return self._call([*self._messages, message], 2, json_schema=schema, may_think=False)

    def count(self, **more: float) -> None:
        """Add to the counts of `use`."""
        self.use = self.use.model_copy(update={name: getattr(self.use, name) + value for name, value in more.items()})

    def _call(self, messages: Sequence[ChatMessage], step: int, **how: Any) -> ChatReply:
        request = ChatRequest(
            messages=tuple(messages), seed=self._seed(), session=self._session, max_tokens=self._settings.max_tokens,
            shows_thinking=self._settings.past_thinking == "shown", **how,
        )  # fmt: skip
        with server_faults():
            reply = _split(self._backend.chat(request))
        self.count(
            calls=1, prompt_tokens=reply.prompt_tokens or 0, cached_tokens=reply.cached_tokens or 0,
            completion_tokens=reply.completion_tokens or 0, latency_s=reply.latency_s, retries=reply.retries,
            cut_replies=int(reply.finish == "length"),
        )  # fmt: skip
        kind, kinds = reply.thought.value, self.use.thoughts
        self.use = self.use.model_copy(update={"thoughts": {**kinds, kind: kinds.get(kind, 0) + 1}})
        self.server = reply.server or self.server
        self._entries.append(_reply_entry(reply, step, request))
        return reply

    def _seed(self) -> int:
        """A seed of this call alone: pairs share layouts, people and paraphrases, never sampled tokens."""
        return zlib.crc32(f"{self._key}/{self.use.calls}".encode()) & 0x7FFFFFFF


@contextmanager
def server_faults() -> Iterator[None]:
    """Turn what a backend raises into the reason why the episode cannot be scored."""
    try:
        yield
    except ContextOverflowError as error:
        raise InvalidEpisodeError(Validity.PROMPT_CUT, str(error)) from error
    except BackendError as error:
        raise InvalidEpisodeError(Validity.SERVER_ERROR, str(error)) from error


def total(one: ModelUse, other: ModelUse) -> ModelUse:
    """Calls, tokens and counts of two lines together."""
    names = set(ModelUse.model_fields) - {"thoughts"}
    sums = {name: getattr(one, name) + getattr(other, name) for name in names}
    return ModelUse(**sums, thoughts=dict(Counter(one.thoughts) + Counter(other.thoughts)))


def _split(reply: ChatReply) -> ChatReply:
    """A reply whose thinking is apart and whose text can be sent on; a backend that took it apart says how."""
    text, thinking, kind = reply.text, reply.thinking, reply.thought
    if kind is ThoughtKind.NONE:
        thought = split_thinking(text, thinking)
        text, thinking, kind = thought.reply, thought.thinking, thought.kind
    calls = tuple(ToolCall(name=_sendable(c.name), arguments=_sendable(c.arguments)) for c in reply.tool_calls)
    return reply.model_copy(
        update={"text": _sendable(text), "thinking": _sendable(thinking), "thought": kind, "tool_calls": calls}
    )


def _sendable(text: str) -> str:
    """A text without halves of characters, which no request can carry."""
    return text.encode("utf-8", "replace").decode()


def _read_entry(message: ChatMessage) -> dict[str, Any]:
    entry: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_name:
        entry["tool_name"] = message.tool_name
    if message.images:
        entry["images"] = [hashlib.sha256(image).hexdigest() for image in message.images]
    return entry


def _reply_entry(reply: ChatReply, step: int, request: ChatRequest) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "role": "assistant", "content": reply.text, "thinking": reply.thinking, "thought": reply.thought.value,
        "step": step, "finish": reply.finish, "prompt_tokens": reply.prompt_tokens,
        "cached_tokens": reply.cached_tokens, "completion_tokens": reply.completion_tokens,
        "latency_s": round(reply.latency_s, 4), "seed": request.seed,
        "asked": digest_of(request),
    }  # fmt: skip
    if reply.mean_logprob is not None:
        entry["mean_logprob"] = round(reply.mean_logprob, 6)
    if reply.served_as:
        entry["served_as"] = reply.served_as
    if reply.tool_calls:
        entry["tool_calls"] = [call.model_dump() for call in reply.tool_calls]
    return entry
