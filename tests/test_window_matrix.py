"""The guard against cut prompts, held against what a real server did in a matrix of windows and prompt lengths.

Some calls forbade the server to cut, as the backend does; others let it do as it likes, for the guard must not depend
on being obeyed.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from ollama_matrix import MAX_TOKENS, Row, recorded_rows, transcript
from ollama_server import CHAT, PLAIN, RENDER, Build, OllamaServer, chatml, rendering

from embodied.backends.base import ChatRequest
from embodied.backends.ollama_wire import as_messages
from embodied.errors import BackendUnavailableError, ContextOverflowError

pytest_plugins = ("ollama_fixtures",)

ROWS = recorded_rows()


def name_of(row: Row) -> str:
    return f"{row.window}-{row.tokens}-truncate={row.truncate}-shift={row.shift}"


def was_cut(row: Row) -> bool:
    """Whether the model read less than it was sent."""
    return bool(row.missing) or (row.status == 200 and row.counted != row.tokens)


def has_room(row: Row) -> bool:
    """Whether the model could have used its whole budget."""
    return row.tokens + MAX_TOKENS <= row.served


def serve(server: OllamaServer, row: Row) -> ChatRequest:
    """Let the server do as the real one did; return what is to be asked."""
    messages = transcript(row.notes, row.words)
    wire = as_messages(messages, shows_thinking=False)
    for path in ("/api/ps", RENDER, CHAT):
        server.forget(path)
    server.answer("/api/ps", {"models": [{"name": PLAIN, "context_length": row.served}]})
    server.answer(RENDER, rendering(chatml([m for index, m in enumerate(wire) if index not in row.missing])))
    server.answer(CHAT, answer_of(row), row.status)
    return ChatRequest(messages=messages, seed=1, max_tokens=MAX_TOKENS)


def answer_of(row: Row) -> dict[str, Any]:
    if row.error:
        return {"error": row.error}
    counts = {"prompt_eval_count": row.counted, "eval_count": row.generated}
    return {"message": {"content": "lamp " * (row.generated or 0)}, "done": True, "done_reason": row.finish, **counts}


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_the_verdict_on_a_prompt_is_what_became_of_it(server: OllamaServer, build: Build, row: Row) -> None:
    request = serve(server, row)
    backend = build(num_ctx=row.window)
    try:
        backend.prepare()
        backend.chat(request)
    except (BackendUnavailableError, ContextOverflowError) as error:
        verdict = str(error)
    else:
        verdict = ""
    assert bool(verdict) == (was_cut(row) or row.status != 200 or not has_room(row) or row.served < row.window)
    if row.served < row.window:
        assert verdict.endswith(f"set model.num_ctx={row.served}")


def test_the_matrix_holds_every_case() -> None:
    """Whole prompts, refused ones, messages dropped, and a prompt cut in its midst that was rendered whole."""
    kinds = Counter(
        (row.status == 200, bool(row.missing), row.status == 200 and row.counted != row.tokens) for row in ROWS
    )
    assert {(True, False, False), (False, False, False), (True, True, True), (True, False, True)} <= set(kinds)
    assert {row.served < row.window for row in ROWS} == {True, False}
    assert any(row.tokens + MAX_TOKENS == row.served for row in ROWS)
    assert any(row.tokens + MAX_TOKENS == row.served + 1 for row in ROWS)


def test_a_server_that_is_forbidden_to_cut_never_does() -> None:
    forbidden = [row for row in ROWS if row.truncate is False]
    assert forbidden
    assert not any(was_cut(row) for row in forbidden)
    assert all((row.status == 200) == (row.tokens < row.served) for row in forbidden)
