"""A language model as a mind: transcript in, one action out, one repair turn when the reply cannot be read."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from embodied.backends.base import Backend, ChatMessage, ChatReply, ChatRequest
from embodied.backends.thinking import did_thinking_eat_budget, split_thinking
from embodied.errors import BackendError, ContextOverflowError
from embodied.policy.form import Form, form_schema
from embodied.policy.mind import Briefing, InvalidEpisodeError
from embodied.policy.prompt import opening_messages
from embodied.policy.protocol import ParsedReply, describe_skills, parse_reply, repair_message, reply_schema
from embodied.records import ModelUse, Validity
from envs.action import Action, SkillSpec
from envs.facts import Question
from envs.view import View

MAX_UNREADABLE: Final = 5
IDLE: Final = Action("wait", amount=5.0)


class ModelMind:
    """Drives one episode at a time through a backend.

    Args:
        backend: Serves the model.
        max_tokens: Budget of one reply, thinking included.
    """

    def __init__(self, backend: Backend, max_tokens: int) -> None:
        self._backend = backend
        self._max_tokens = max_tokens
        self._briefing: Briefing | None = None
        self._messages: list[ChatMessage] = []
        self._transcript: list[Mapping[str, Any]] = []
        self._specs: Sequence[SkillSpec] = ()
        self._schema: dict[str, Any] | None = None
        self._use = ModelUse()

    @property
    def reads_prompt(self) -> bool:
        """A model reads."""
        return True

    @property
    def use(self) -> ModelUse:
        """Calls and tokens of this episode so far."""
        return self._use

    @property
    def transcript(self) -> tuple[Mapping[str, Any], ...]:
        """Messages with thinking and token counts."""
        return tuple(self._transcript)

    def prepare(self) -> Mapping[str, Any]:
        """Check server and model; return the manifest."""
        return {**self._backend.prepare(), "max_tokens": self._max_tokens}

    def begin(self, briefing: Briefing) -> None:
        """Start an episode with an empty transcript."""
        self._briefing = briefing
        self._messages, self._transcript = [], []
        self._specs = briefing.specs
        self._schema = reply_schema(briefing.specs) if self._backend.constrains else None
        self._use = ModelUse()

    def decide(self, view: View, text: str) -> Action:
        """Ask for the next action; after one repair turn an unreadable reply counts as such and the robot waits."""
        del view
        self._read_observation(text)
        parsed = self._ask_action()
        if parsed.action is None:
            self._read("user", repair_message(parsed.problem))
            parsed = self._ask_action()
            self._count(repaired_replies=int(parsed.action is not None), unreadable_replies=int(parsed.action is None))
        if parsed.action is None:
            if self._use.unreadable_replies >= MAX_UNREADABLE:
                raise InvalidEpisodeError(
                    Validity.UNREADABLE_REPLIES, f"{MAX_UNREADABLE} replies could not be read; last: {parsed.problem}"
                )
            return IDLE
        return parsed.action

    def debrief(self, form: Form, questions: Sequence[Question]) -> str:
        """Ask the form in the same transcript."""
        del questions
        self._read("user", form.text)
        return self._ask(form_schema(form) if self._backend.constrains else None).text

    def close(self) -> None:
        """Free the backend."""
        self._backend.close()

    # -- inside --------------------------------------------------------------------------------------------------

    def _read_observation(self, text: str) -> None:
        if self._messages:
            self._read("user", text)
            return
        assert self._briefing is not None
        assert self._briefing.prompt is not None
        for message in opening_messages(self._briefing.prompt, describe_skills(self._specs), text):
            self._read(message.role, message.content)

    def _read(self, role: str, content: str) -> None:
        message = ChatMessage.model_validate({"role": role, "content": content})
        self._messages.append(message)
        self._transcript.append({"role": role, "content": content})

    def _ask_action(self) -> ParsedReply:
        return parse_reply(self._ask(self._schema).text, self._specs)

    def _ask(self, schema: dict[str, Any] | None) -> ChatReply:
        request = ChatRequest(
            messages=tuple(self._messages), seed=self._sampling_seed(), json_schema=schema, max_tokens=self._max_tokens
        )
        try:
            raw = self._backend.chat(request)
        except ContextOverflowError as error:
            raise InvalidEpisodeError(Validity.PROMPT_CUT, str(error)) from error
        except BackendError as error:
            raise InvalidEpisodeError(Validity.SERVER_ERROR, str(error)) from error
        thought = split_thinking(raw.text, raw.thinking)
        reply = raw.model_copy(update={"text": thought.reply, "thinking": thought.thinking})
        self._count(
            calls=1, prompt_tokens=reply.prompt_tokens or 0, cached_tokens=reply.cached_tokens or 0,
            completion_tokens=reply.completion_tokens or 0, latency_s=reply.latency_s,
        )  # fmt: skip
        self._messages.append(ChatMessage(role="assistant", content=reply.text))
        self._transcript.append(
            {
                "role": "assistant", "content": reply.text, "thinking": reply.thinking, "finish": reply.finish,
                "prompt_tokens": reply.prompt_tokens, "cached_tokens": reply.cached_tokens,
                "completion_tokens": reply.completion_tokens, "latency_s": round(reply.latency_s, 4),
                "seed": request.seed,
            }
        )  # fmt: skip
        if did_thinking_eat_budget(reply):
            raise InvalidEpisodeError(
                Validity.THINKING_ATE_BUDGET,
                f"the model thought for all of its {self._max_tokens} tokens; raise model.max_tokens",
            )
        return reply

    def _sampling_seed(self) -> int:
        """A seed of this call alone: pairs share layouts, people and paraphrases, never sampled tokens."""
        assert self._briefing is not None
        return zlib.crc32(f"{self._briefing.key}/{self._use.calls}".encode()) & 0x7FFFFFFF

    def _count(self, **more: float) -> None:
        self._use = self._use.model_copy(
            update={name: getattr(self._use, name) + value for name, value in more.items()}
        )
