"""The doctor with no server, with the recorded Ollama server, with a backend that can be ill, and with a real model."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from ollama_server import OllamaServer
from rich.console import Console

from embodied import cli
from embodied.app import RunRequest, compose
from embodied.backends.base import Capabilities, ChatMessage, ChatReply, ChatRequest
from embodied.backends.llama_cpp import LlamaCppBackend
from embodied.config import CellConfig
from embodied.doctor import checks as doctor_checks
from embodied.doctor import command as doctor
from embodied.doctor.checks import AtOnce, LongPrompt, PromptFit, RepeatRate, Share, Speed
from embodied.doctor.report import DoctorReport, ModelReport, estimate, judge, render
from embodied.errors import ContextOverflowError, Fault

NOWHERE = "http://127.0.0.1:9"


class Clerk:
    """A backend in good health, unless told otherwise. A word is a token.

    Args:
        name: Names the model in records.
        num_ctx: Window.
        cuts: Whether it cuts what is too long and says nothing.
        wavers: Whether it says something else each time.
        counts: Whether it can count a prompt beforehand.
        is_able: Whether it takes tools and pictures.
    """

    def __init__(
        self, name: str, *, num_ctx: int = 8192, cuts: bool = False, wavers: bool = False, counts: bool = True,
        reproducible: bool = False, is_able: bool = False,
    ) -> None:  # fmt: skip
        del reproducible
        self._name = name
        self._window = num_ctx
        self._cuts = cuts
        self._numbers = itertools.count() if wavers else itertools.repeat(0)
        self._counts = counts
        self._is_able = is_able

    @property
    def capabilities(self) -> Capabilities:
        able = self._is_able
        return Capabilities(thinks=True, tools=able, vision=able, window=self._window, prompt_check="exact")

    def prepare(self) -> Mapping[str, Any]:
        return {"model": self._name, "digest": "sha256:0123456789abcdef0123"}

    def chat(self, request: ChatRequest) -> ChatReply:
        tokens = words(request.messages)
        if tokens + request.max_tokens > self._window and not self._cuts:
            raise ContextOverflowError("the prompt does not fit: raise model.num_ctx")
        return ChatReply(
            text=f"reply {next(self._numbers)}", prompt_tokens=tokens, completion_tokens=min(request.max_tokens, 30),
            latency_s=0.01, finish="length" if request.max_tokens < 30 else "stop",
        )  # fmt: skip

    def count(self, messages: Sequence[ChatMessage]) -> int | None:
        return words(messages) if self._counts else None

    def check(self) -> None:
        pass

    def close(self) -> None:
        pass


def words(messages: Sequence[ChatMessage]) -> int:
    return sum(len(message.content.split()) for message in messages)


def cells(*overrides: str, model: dict[str, Any] | None = None) -> tuple[CellConfig, ...]:
    composed = compose(RunRequest(("tracking=disabled", "run.workers=2", *overrides), is_sweep=True))
    if model is None:
        return composed
    return tuple(cell.model_copy(update={"model": model}) for cell in composed)


def clerk(**options: Any) -> dict[str, Any]:
    settings = {"name": "clerk", "max_tokens": 100, "protocol": "json", "num_ctx": 8192} | options
    return {"_target_": f"{__name__}.Clerk", **settings}


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No server of this machine is asked."""
    monkeypatch.setenv("OLLAMA_HOST", NOWHERE)
    monkeypatch.setattr(doctor_checks, "OPENAI_URLS", (f"{NOWHERE}/v1",))
    monkeypatch.chdir(tmp_path)


def printed(report: DoctorReport, width: int = 100) -> str:
    file = StringIO()
    Console(file=file, width=width).print(render(report))
    return file.getvalue()


@pytest.mark.every_third_day
def test_a_healthy_model_passes_and_everything_is_measured() -> None:
    report = doctor.examine(cells("arm=main,twin", "episodes=5", "max_turns=12", model=clerk()))
    (model,) = report.models
    assert report.problems == ()
    assert model.fit is not None
    assert model.fit.is_exact
    assert model.fit.first < model.fit.later - 12 * 30 < model.fit.window
    assert model.repeats == RepeatRate(tokens=40, cold_like_warm=True, warm=Share(k=4, n=4))
    assert model.at_once is not None
    assert model.at_once.equal == Share(k=6, n=6)
    assert model.speed is not None
    assert model.speed.reply == pytest.approx(3000)
    assert (model.speed.reply_tokens, model.speed.is_whole) == (30, True)
    assert model.long_prompt is LongPrompt.NOTICED
    assert model.time is not None
    assert (model.time.cells, model.time.episodes, model.time.turns) == (2, 10, 12)
    text = printed(report)
    assert max(len(line) for line in text.splitlines()) <= 100
    for expected in ("4 of 4 equal", "10 episodes in 2 cells", "digest 0123456789abcdef ", "Nothing has to be put"):
        assert expected in text


@pytest.mark.every_third_day
def test_the_first_prompt_is_the_one_an_episode_begins_with() -> None:
    exact = doctor.examine(cells("max_turns=2", model=clerk())).models[0].fit
    measured = doctor.examine(cells("max_turns=2", model=clerk(counts=False))).models[0].fit
    assert exact is not None
    assert measured is not None
    assert exact.first > 400
    assert measured == exact.model_copy(update={"is_exact": False})


@pytest.mark.every_third_day
@pytest.mark.parametrize(
    "way", [{"protocol": "tools"}, {"steps": 2}, {"pictures": "robot_camera"}, {"system_role": "user"}], ids=str
)
def test_a_model_is_examined_in_the_way_it_will_be_asked(way: dict[str, Any]) -> None:
    (model,) = doctor.examine(cells("max_turns=4", "run.workers=1", model=clerk(is_able=True) | way)).models
    assert model.problems == ()
    assert model.fit is not None
    assert model.fit.later - 4 * 30 > model.fit.first + 4 * 20


@pytest.mark.every_third_day
def test_every_model_of_a_sweep_is_examined_once() -> None:
    composed = cells("arm=main,twin", "max_turns=2", "seed=0,1", "run.workers=1")
    settings = [clerk(), clerk(name="other"), clerk(), clerk(name="other")]
    report = doctor.examine([c.model_copy(update={"model": m}) for c, m in zip(composed, settings, strict=True)])
    assert [(model.name, model.time.cells if model.time else 0) for model in report.models] == [
        ("clerk", 2),
        ("other", 2),
    ]
    assert all(model.at_once is None for model in report.models)


@pytest.mark.every_third_day
@pytest.mark.parametrize(
    ("ill", "words"),
    [
        ({"num_ctx": 700}, ("2 turns", "model.num_ctx=700", "set model.num_ctx=1024 or more")),
        ({"num_ctx": 550}, ("does not fit", "raise model.num_ctx")),
        ({"cuts": True}, ("cuts a prompt that is too long",)),
        ({"wavers": True, "reproducible": True}, ("model.reproducible=true does not hold",)),
        ({"protocol": "tools"}, ("tools",)),
        ({"pictures": "robot_camera"}, ("pictures",)),
    ],
)
def test_what_must_be_put_right_is_one_line_and_exit_code_1(
    ill: dict[str, Any], words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    composed = cells("max_turns=2", model=clerk(**ill))
    assert doctor.main(composed, as_json=True) == 1
    (model,) = json.loads(capsys.readouterr().out)["models"]
    (problem,) = model["problems"]
    assert problem.startswith("clerk: ")
    assert "\n" not in problem
    for word in words:
        assert word in problem


@pytest.mark.every_third_day
def test_a_model_that_wavers_is_reported_and_is_no_problem() -> None:
    (model,) = doctor.examine(cells("max_turns=2", model=clerk(wavers=True))).models
    assert model.problems == ()
    assert model.repeats == RepeatRate(tokens=40, cold_like_warm=False, warm=Share(k=1, n=4))


@pytest.mark.every_third_day
def test_a_script_needs_no_server() -> None:
    report = doctor.examine(cells("model=scripted/liar"))
    assert report.problems == ()
    assert "no model is asked" in printed(report)


@pytest.mark.every_third_day
def test_no_server_is_one_problem_that_says_how_to_start_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "model=ollama", "model.name=phi", "model.retries=0"]) == cli.FAILED
    shown = capsys.readouterr().out
    assert "nothing answers" in shown
    assert "1. phi: no Ollama server answers at http://127.0.0.1:9" in shown
    assert "ollama serve" in shown


def test_a_mistake_in_a_key_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "model.nme=x"]) == cli.FAILED
    assert capsys.readouterr().err.count("\n") == 1


@pytest.fixture
def ollama() -> Iterator[OllamaServer]:
    with OllamaServer() as server:
        server.replay("version", "tags", "show", "ps", "chat")
        yield server


@pytest.mark.every_third_day
def test_a_recorded_ollama_whose_window_is_too_small(ollama: OllamaServer, capsys: pytest.CaptureFixture[str]) -> None:
    host = ollama.url.removeprefix("http://")
    overrides = [
        "model=ollama", f"model.host={host}", "model.name=smol:latest", "model.num_ctx=512", "model.max_tokens=64",
        "max_turns=2",
    ]  # fmt: skip
    assert cli.main(["doctor", "--json", *overrides]) == cli.FAILED
    report = json.loads(capsys.readouterr().out)
    (seen,) = [server for server in report["servers"] if server["kind"]]
    assert seen["kind"] == "Ollama"
    assert "smol:latest" in seen["models"]
    (model,) = report["models"]
    assert model["manifest"]["server_version"]
    assert model["capabilities"]["window"] == 512
    assert "model.num_ctx" in model["problems"][0]


@pytest.mark.every_third_day
def test_a_real_model_is_measured(tmp_path: Path) -> None:
    pair = [LlamaCppBackend(n_ctx=512, slots=2, linger_s=0.5, state_dir=str(tmp_path)) for _ in range(2)]
    backend = pair[0]
    request = ChatRequest(
        messages=(ChatMessage(role="user", content="Name a colour and say why you like it."),), seed=1, max_tokens=12
    )
    try:
        for one in pair:
            one.prepare()
        speed = doctor_checks.measure_speed(backend, request)
        assert speed.prompt > speed.reply > 1
        assert speed.reply_tokens == 12 or (speed.is_whole and speed.reply_tokens < 12)
        fresh = doctor_checks.made_new(request, 6)
        assert fresh.messages != doctor_checks.made_new(request, 6).messages
        rate = doctor_checks.measure_repeats(backend, fresh)
        assert (rate.tokens, rate.warm.n) == (6, 4)
        at_once = doctor_checks.measure_at_once(pair, fresh)
        assert (at_once.n, at_once.equal.n) == (2, 6)
        assert at_once.reply > 1
        assert doctor_checks.try_long_prompt(backend) is LongPrompt.NOTICED
    finally:
        for one in pair:
            one.close()


class Reader(Clerk):
    """Reads 100 tokens a second and writes 10; a prompt that it keeps is not read again."""

    def __init__(self, *, keeps: bool) -> None:
        super().__init__("reader")
        self._keeps = keeps
        self._known: set[str] = set()

    def chat(self, request: ChatRequest) -> ChatReply:
        text = request.messages[0].content
        tokens = words(request.messages)
        cached = tokens if text in self._known and self._keeps else 0
        self._known.add(text)
        written = min(request.max_tokens, 50)
        return ChatReply(
            text="so", prompt_tokens=tokens, cached_tokens=cached, completion_tokens=written,
            latency_s=(tokens - cached) / 100 + written / 10,
        )  # fmt: skip


@pytest.mark.parametrize("keeps", [True, False])
def test_reading_and_writing_are_kept_apart(keeps: bool) -> None:
    prompt = ChatMessage(role="user", content="word " * 800)
    speed = doctor_checks.measure_speed(Reader(keeps=keeps), ChatRequest(messages=(prompt,), seed=1, max_tokens=60))
    assert speed.prompt == pytest.approx(100, rel=0.02)
    assert speed.reply == pytest.approx(10, rel=0.05)


def fit(**changes: Any) -> PromptFit:
    values = {"first": 800, "turns": 20, "later": 4000, "max_tokens": 1000, "window": 8192, "is_exact": True}
    return PromptFit(**{**values, **changes})


@pytest.mark.every_third_day
def test_the_time_of_a_sweep_is_reading_writing_and_the_world() -> None:
    speed = Speed(prompt=100, reply=10, reply_tokens=50, kept_tokens=50, is_whole=True)
    composed = cells("arm=main,twin", "episodes=3", model=clerk())
    alone = estimate(composed, fit(), speed, None, world_s=0.1)
    assert alone.likely_s == pytest.approx(6 * (4000 / 100 + 23 * 50 / 10 + 20 * 0.1))
    assert alone.longest_s == pytest.approx(6 * (4000 / 100 + 23 * 1000 / 10 + 20 * 0.1))
    four = AtOnce(n=4, equal=Share(k=1, n=12), reply=30)
    together = estimate(composed, fit(), speed, four, world_s=0.1)
    assert together.likely_s == pytest.approx(6 * (4000 / 100 + 23 * 50 / 30 + 20 * 0.1 / 4))
    anew = estimate(cells("episodes=1", model=clerk(reproducible=True, steps=2)), fit(), speed, None, world_s=0.0)
    assert anew.likely_s == pytest.approx(46 * 2400 / 100 + 46 * 50 / 10)


@pytest.mark.every_third_day
@pytest.mark.parametrize(
    ("asked", "calls"),
    [
        ((), 23),
        (("probes.purpose=false",), 22),
        (("probes.belief=false", "probes.purpose=false"), 21),
        (("status_every=5",), 29),
        (("status_every=5", "probes.belief=false"), 25),
    ],
)
def test_forms_and_their_probes_take_time_too(asked: tuple[str, ...], calls: int) -> None:
    speed = Speed(prompt=math.inf, reply=10, reply_tokens=50, kept_tokens=50, is_whole=True)
    found = estimate(cells("episodes=1", *asked, model=clerk()), fit(), speed, None, world_s=0.0)
    assert found.likely_s == pytest.approx(calls * 50 / 10)


@pytest.mark.parametrize(("window", "n"), [(5000, 0), (4999, 1)])
def test_a_transcript_fits_to_the_token(window: int, n: int) -> None:
    report = ModelReport(name="m", settings={}, fit=fit(window=window))
    assert len(judge(report, {"n_ctx": window})) == n


@pytest.mark.every_third_day
def test_the_longest_episode_is_looked_at() -> None:
    few, many = (
        doctor.examine(cells(f"max_turns={turns}", "run.workers=1", model=clerk())).models[0].fit for turns in (20, 40)
    )
    assert few is not None
    assert many is not None
    assert many.turns == 40
    assert many.later - few.later == pytest.approx(few.later - few.first, rel=0.02)


class Thinker(Clerk):
    """Thinks nine times as much as it says."""

    @property
    def capabilities(self) -> Capabilities:
        return super().capabilities.model_copy(update={"shows_past_thinking": True})

    def chat(self, request: ChatRequest) -> ChatReply:
        reply = super().chat(request)
        text = "so be it. "
        return reply.model_copy(update={"text": text, "thinking": 9 * text, "completion_tokens": request.max_tokens})


@pytest.mark.every_third_day
@pytest.mark.parametrize(("past_thinking", "kept"), [("hidden", 20), ("shown", 200)])
def test_hidden_thinking_does_not_fill_the_window(past_thinking: str, kept: int) -> None:
    model = clerk(_target_=f"{__name__}.Thinker", past_thinking=past_thinking, max_tokens=200)
    (report,) = doctor.examine(cells("max_turns=40", "run.workers=1", model=model)).models
    (plain,) = doctor.examine(cells("max_turns=40", "run.workers=1", model=clerk())).models
    assert report.speed is not None
    assert (report.speed.reply_tokens, report.speed.kept_tokens) == (200, kept)
    assert report.fit is not None
    assert plain.fit is not None
    assert report.fit.later - plain.fit.later == 40 * (kept - 30)


def test_a_sample_that_was_cut_while_it_thought_counts_as_a_usual_reply() -> None:
    class Endless(Clerk):
        def chat(self, request: ChatRequest) -> ChatReply:
            update = {"text": "", "thinking": "hm", "finish": "length", "completion_tokens": request.max_tokens}
            return super().chat(request).model_copy(update=update)

    prompt = ChatMessage(role="user", content="Where to?")
    speed = doctor_checks.measure_speed(Endless("e"), ChatRequest(messages=(prompt,), seed=1, max_tokens=4096))
    assert (speed.kept_tokens, speed.is_whole) == (doctor_checks.USUAL_REPLY, False)


@pytest.mark.parametrize(
    ("at_once", "workers", "longest_s"),
    [(None, 1, 100.0), (AtOnce(n=2, equal=Share(k=6, n=6), reply=16), 2, 125.0),
     (AtOnce(n=4, equal=Share(k=6, n=6), reply=40), 16, 400.0)],
)  # fmt: skip
def test_a_reply_that_would_time_out_is_a_problem(at_once: AtOnce | None, workers: int, longest_s: float) -> None:
    speed = Speed(prompt=100, reply=10, reply_tokens=50, kept_tokens=50, is_whole=True)
    report = ModelReport(name="m", settings={}, fit=fit(), speed=speed, at_once=at_once, workers=workers)
    assert judge(report, {"timeout_s": longest_s}) == ()
    (problem,) = judge(report, {"timeout_s": longest_s - 1})
    assert f"takes {longest_s:.0f} s with {workers} at once, more than model.timeout_s={longest_s - 1:g}" in problem
    assert "raise model.timeout_s, or lower run.workers or model.max_tokens" in problem
    assert "\n" not in problem


@pytest.mark.every_third_day
def test_all_workers_of_the_sweep_are_reckoned_with() -> None:
    (model,) = doctor.examine(cells("max_turns=2", "run.workers=9", model=clerk())).models
    assert model.at_once is not None
    assert (model.at_once.n, model.workers) == (4, 9)
    assert model.longest_reply_s == pytest.approx(9 * 100 / model.at_once.reply)


class Warden(Clerk):
    """Its server minds a long prompt, or does not."""

    def __init__(self, error: ContextOverflowError | None) -> None:
        super().__init__("warden", cuts=True)
        self._error = error

    def chat(self, request: ChatRequest) -> ChatReply:
        if self._error is not None:
            raise self._error
        return super().chat(request)


@pytest.mark.parametrize(
    ("error", "word", "n"),
    [
        (ContextOverflowError("too long", fault=Fault.REFUSED), "refused by the server", 0),
        (ContextOverflowError("no room"), "noticed here", 0),
        (None, "unnoticed", 1),
    ],
    ids=str,
)
def test_who_minds_a_long_prompt_is_said(error: ContextOverflowError | None, word: str, n: int) -> None:
    found = doctor_checks.try_long_prompt(Warden(error))
    report = ModelReport(name="m", settings={}, manifest={"model": "m"}, long_prompt=found)
    assert len(judge(report, {})) == n
    assert f"an over-long prompt is {word}" in printed(DoctorReport(servers=(), models=(report,)))
