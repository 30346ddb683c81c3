"""Whether a prompt reached the model whole and left room for the reply. Pure rules, the same for every backend.

A server that cuts a prompt says nothing, so its own numbers are held against each other: what it shows of the prompt as
it rendered it, what it counted, and what it counted before. No tokenizer is guessed at.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from embodied.backends.base import ChatMessage, ChatRequest
from embodied.errors import ContextOverflowError

READ_BACK: Final = 0.5
"""A reply has at least this share of its tokens when it is read back: what was sampled in pieces is read in words."""

DENSITY: Final = 0.5
"""New text has at least this share of the tokens per byte that the text before it had."""

PROSE: Final = 0.8
"""Our own words have at least this share of the tokens per byte that the calibrating text had."""

ENOUGH_BYTES: Final = 1000
"""Below so much text its frame weighs too much for tokens per byte to mean anything."""


def check_room(prompt_tokens: int, max_tokens: int, window: int, key: str) -> None:
    """Demand room for the prompt and for the whole budget of the reply.

    The reply is not looked at: to exclude those that ran into the end would be to exclude the long ones.

    Args:
        prompt_tokens: Tokens of the prompt.
        max_tokens: Budget of the reply.
        window: Tokens that fit.
        key: The option that sets the window ("model.num_ctx").

    Raises:
        ContextOverflowError: There is no such room.
    """
    if prompt_tokens + max_tokens > window:
        raise ContextOverflowError(
            f"a prompt of {prompt_tokens} tokens and model.max_tokens={max_tokens} do not fit {key}={window}: "
            f"raise {key} or lower model.max_tokens"
        )


def missing_messages(rendered: str, messages: Sequence[ChatMessage]) -> tuple[int, ...]:
    """Which messages a rendered prompt does not contain, by their index.

    White space is not compared, since templates trim; a text may stand there as JSON. System messages may stand
    anywhere, the others only in their order, which is followed from the end: it is the beginning that gets cut.
    """
    squeezed = _squeeze(rendered)
    missing = []
    end = len(squeezed)
    for index, message in reversed(list(enumerate(messages))):
        is_system = message.role == "system"
        start = _start_of(message.content, squeezed, len(squeezed) if is_system else end)
        if start is None:
            missing.append(index)
        elif not is_system:
            end = start
    return tuple(reversed(missing))


@dataclass(frozen=True, slots=True)
class _Seen:
    """A prompt that was counted."""

    tokens: int
    n_bytes: int
    reply: str
    reply_tokens: int


class PromptExpectation:
    """Knows from the prompts that were counted how many tokens one that begins like them must have at least.

    Args:
        size: How many prompts are remembered.
    """

    def __init__(self, size: int = 4096) -> None:
        self._size = size
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._tokens_per_byte = 0.0

    def calibrate(self, text: str, tokens: int) -> None:
        """Learn from the tokens that the server counted in a text how many a byte of prose has.

        From then on a prompt that begins like no other is checked too.
        """
        self._tokens_per_byte = tokens / len(text.encode())

    def note(self, request: ChatRequest, tokens: int, reply: str = "", reply_tokens: int = 0) -> None:
        """Check the count of a prompt and remember it.

        Args:
            request: What was asked.
            tokens: The prompt's tokens as the server counted them.
            reply: The reply, if all that was generated is in it (no thinking, no calls, nothing stripped).
            reply_tokens: Its tokens; 0 when they are not known.

        Raises:
            ContextOverflowError: They are fewer than the prompt must have, so it was cut.
        """
        digests = tuple(_digests(request))
        if tokens < (least := self._least(request, digests)):
            raise ContextOverflowError(f"the prompt was cut: {tokens} tokens, of at least {least}: raise the window")
        self._seen[digests[-1]] = _Seen(tokens, _text_bytes(request), reply, reply_tokens)
        if len(self._seen) > self._size:
            self._seen.popitem(last=False)

    def _least(self, request: ChatRequest, digests: Sequence[str]) -> int:
        """The tokens that a prompt has at least, by those that it begins with, or by its size where it is the first."""
        begun = {length: self._seen[digest] for length, digest in enumerate(digests, 1) if digest in self._seen}
        if request.shows_thinking and any(message.thinking for message in request.messages):
            return 0
        if begun:
            return max(_least(seen, request.messages[length:]) for length, seen in begun.items())
        ours = sum(len(message.content.encode()) for message in request.messages if message.role != "assistant")
        return int(PROSE * self._tokens_per_byte * ours) + len(request.messages)


def _least(seen: _Seen, added: Sequence[ChatMessage]) -> int:
    """The tokens that the prompt of `seen` has at least once `added` stands behind it."""
    density = DENSITY * seen.tokens / seen.n_bytes if seen.n_bytes >= ENOUGH_BYTES else 0.0
    least = seen.tokens
    for index, message in enumerate(added):
        tokens = 0.0
        if message.role != "assistant":
            tokens = density * len(message.content.encode())
        elif index == 0 and message.content == seen.reply:
            tokens = READ_BACK * seen.reply_tokens
        least += max(1, int(tokens))
    return least


def _text_bytes(request: ChatRequest) -> int:
    """Size of the prompt's text; 0 when it holds pictures, whose tokens are not in the text."""
    if any(m.images for m in request.messages):
        return 0
    tools = "".join(tool.model_dump_json() for tool in request.tools)
    return sum(len(m.content.encode()) for m in request.messages) + len(tools.encode())


def _digests(request: ChatRequest) -> Iterator[str]:
    """A digest of each beginning of the transcript, and of what else decides how it is rendered."""
    frame = request.model_dump_json(include={"tools", "json_schema", "may_think", "shows_thinking"})
    digest = hashlib.sha256(frame.encode())
    for message in request.messages:
        calls = [call.model_dump() for call in message.tool_calls]
        pictures = [hashlib.sha256(image).hexdigest() for image in message.images]
        digest.update(json.dumps([message.role, message.content, message.tool_name, calls, pictures]).encode())
        yield digest.hexdigest()


def _start_of(content: str, squeezed: str, end: int) -> int | None:
    """Where the text begins that stands last in the squeezed rendering before `end`; None when it does not."""
    as_json = json.dumps(content.strip(), ensure_ascii=False)[1:-1]
    starts = (squeezed.rfind(text, 0, end) for text in (_squeeze(content), _squeeze(as_json)))
    return next((start for start in starts if start >= 0), None)


def _squeeze(text: str) -> str:
    return "".join(text.split())
