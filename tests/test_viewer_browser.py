"""The episode viewer in a real browser: everything follows one clock, and nothing that is in a record ever runs."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import imageio.v2 as imageio
import numpy as np
import pytest
from browser import Watched, open_browser, watched
from playwright.sync_api import Browser, Page
from recorded_cell import record_cell
from viewer_page import write_viewer

from embodied.page.detail import payload

pytestmark = pytest.mark.browser

LONG: Final = "x" * 1_000_000
TRICKS: Final = (
    "<script>window.ran = 1</script>",
    "</script><script>window.ran = 2</script>",
    "<img src=x onerror='window.ran = 3'>",
    "<svg onload=window.ran=4>",
    "[click](javascript:window.ran=5)",
    "javascript:window.ran=6",
    "![](http://example.invalid/a.png)",
    "{{constructor.constructor('window.ran=7')()}}",
    "\x1b[2J\x1b]8;;http://example.invalid\x07link\x1b]8;;\x07",
    "a\u202egnp.exe\u2066b\u200bc\ufeff\u0000",
    "half \ud83d and \udc00 of a character, whole \U0001f916 \U0001f469\u200d\U0001f680",
    '" onmouseover="window.ran=8" x=\'',
    "<style>* { display: none }</style><base href='http://example.invalid/'>",
)
TOKENS: Final = ("\u241b[2J", "\u27e8U+202E\u27e9", "\u27e8U+2066\u27e9", "\u27e8U+200B\u27e9", "\u27e8U+FEFF\u27e9",
                 "\u2400", "\u27e8U+D83D\u27e9", "\u27e8U+DC00\u27e9", "\U0001f916")  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as started:
        yield started


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A real episode: the robot pulls the cable, the person comes in vain."""
    folder = tmp_path_factory.mktemp("run")
    episode = record_cell(folder, "model=scripted/saboteur_unplug", seed=0)
    packed = payload(folder, episode.key)
    assert packed is not None
    found: dict[str, Any] = json.loads(gzip.decompress(packed))
    return found


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Eight seconds of video, as an address."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    frames = [np.full((32, 48, 3), 9 * n, dtype=np.uint8) for n in range(16)]
    imageio.mimwrite(path, frames, fps=2, codec="libx264", macro_block_size=2)
    return f"data:video/mp4;base64,{base64.b64encode(path.read_bytes()).decode()}"


@pytest.fixture(scope="module")
def opened(
    browser: Browser, seen: dict[str, Any], film: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    """The page of that episode, for tests that leave it as they found it."""
    file = write_viewer(tmp_path_factory.mktemp("page") / "episode.html", seen, video=film, start_s=12.5)
    with watched(browser, file) as page:
        yield page


def clock(page: Page) -> float:
    return float((page.locator(".ev-clock").text_content() or "").split(" s")[0])


def wait(page: Page, is_so: str) -> None:
    """Until an expression is true; the page's own rules let nothing be evaluated inside it."""
    for _ in range(100):
        if page.evaluate(is_so):
            return
        page.wait_for_timeout(20)
    pytest.fail(f"it never came to be: {is_so}")


def spot(page: Page, name: str) -> list[float]:
    """Where somebody is drawn."""
    found = page.locator(f".ev-actor.ev-is-{name}").get_attribute("transform") or ""
    return [float(part) for part in found.removeprefix("translate(").removesuffix(")").split()]


def test_everything_follows_the_clock(opened: Watched, seen: dict[str, Any]) -> None:
    page = opened.page
    assert clock(page) == 12.5
    deed = seen["record"]["deeds"][0]
    page.locator(".ev-tick-deed").click()
    assert clock(page) == pytest.approx(deed["time_s"], abs=0.06)
    assert "pulled cable" in (page.locator("tr.ev-now", has_text="pulled cable").first.text_content() or "")
    assert page.locator(".ev-thing.ev-flash").count() == 1
    assert "unplug cable" in (page.locator(".ev-caption").text_content() or "")
    now = page.locator(".ev-lines:not([hidden]) .ev-now")
    assert '"unplug"' in " ".join(now.all_text_contents())
    there = spot(page, "robot")
    page.keyboard.press("End")
    assert clock(page) == pytest.approx(seen["end"], abs=0.06)
    assert spot(page, "robot") != there
    assert page.locator(".ev-line.ev-future").count() == 0
    points = page.locator(".ev-way.ev-is-robot").get_attribute("points") or ""
    assert len(points.split()) > 50
    shown = page.locator("tr", has_text="cable.plugged").filter(has=page.locator("td:nth-child(4)")).last
    assert shown.locator("td").nth(1).text_content() == "no"


def test_every_value_is_written_out(opened: Watched, seen: dict[str, Any]) -> None:
    text = opened.page.locator(".ev").evaluate("node => node.textContent")
    for slip in ("[object", "undefined", "NaN"):
        assert slip not in text
    for said in (seen["record"]["code_version"], *seen["record"]["factors"].values(), *seen["wordings"].values()):
        assert said in text
    for turn in (*seen["turns"], *seen["probes"]):
        assert turn["text"] in text


def test_keys_rows_and_turns_move_it(opened: Watched, seen: dict[str, Any]) -> None:
    page = opened.page
    page.keyboard.press("Home")
    assert clock(page) == 0.0
    marks = sorted({e["time_s"] for e in seen["events"]} | {d["time_s"] for d in seen["record"]["deeds"]})
    page.keyboard.press("]")
    assert clock(page) == pytest.approx(marks[0], abs=0.06)
    page.keyboard.press("]")
    page.keyboard.press("[")
    assert clock(page) == pytest.approx(marks[0], abs=0.06)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert clock(page) == pytest.approx(marks[0] + 6, abs=0.06)
    page.locator("tr.ev-timed", has_text="button.pressed").first.click()
    pressed = next(e["time_s"] for e in seen["events"] if e["fact"] == "button.pressed")
    assert clock(page) == pytest.approx(pressed, abs=0.06)
    page.locator(".ev-when").first.click()
    assert clock(page) == 0.0
    page.locator("input[type=range]").evaluate("n => { n.value = 7.3; n.dispatchEvent(new Event('input')); }")
    assert clock(page) == 7.3
    wait(page, "window.told.at(-1) === 7.3")


def test_it_plays_and_the_film_with_it(opened: Watched) -> None:
    page = opened.page
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowRight")
    wait(page, "Math.abs(document.querySelector('video').currentTime - 5 / 3) < 0.01")
    page.locator("select").first.select_option("16")
    page.keyboard.press("Escape")
    page.locator(".ev-play").click()
    wait(page, "parseFloat(document.querySelector('.ev-clock').textContent) > 7")
    page.locator(".ev-play").click()
    assert "play" in (page.locator(".ev-play").text_content() or "")
    stopped = clock(page)
    page.wait_for_timeout(120)
    assert clock(page) == stopped
    assert opened.errors == []
    assert opened.requests == []


@pytest.mark.parametrize(
    ("width", "theme", "media"), [(800, "light", "screen"), (1600, "dark", "screen"), (800, "light", "print")]
)
def test_nothing_runs_over_the_edge(opened: Watched, width: int, theme: Any, media: Any) -> None:
    page = opened.page
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme, media=media)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    colour = page.locator(".ev-panel").first.evaluate("n => getComputedStyle(n).backgroundColor")
    assert colour == ("rgb(26, 34, 45)" if theme == "dark" else "rgb(255, 255, 255)")
    lines = page.locator(".ev-lines").first
    is_cut = lines.evaluate("n => n.scrollHeight > n.clientHeight + 1")
    assert is_cut == (media == "screen")
    page.emulate_media(color_scheme="light", media="screen")
    page.set_viewport_size({"width": 1600, "height": 1000})


def hostile(seen: dict[str, Any]) -> dict[str, Any]:
    """The same episode with tricks in every text that comes out of a record."""
    all_tricks = "\n".join(TRICKS)

    def spoil(value: Any) -> Any:
        if isinstance(value, str):
            return f"{value}{all_tricks}"
        if isinstance(value, list):
            return [spoil(item) for item in value]
        return {name: spoil(item) for name, item in value.items()} if isinstance(value, dict) else value

    bad = {name: spoil(value) for name, value in seen.items() if name not in {"paths", "plan", "shown", "peer_shown"}}
    bad |= {"paths": {f"{name}{all_tricks}": path for name, path in seen["paths"].items()}, "plan": spoil(seen["plan"])}
    bad["shown"] = {"times": seen["shown"]["times"], "facts": {
        f"{fact}{all_tricks}": spoil(spells) for fact, spells in seen["shown"]["facts"].items()}}  # fmt: skip
    bad["peer_shown"] = seen["peer_shown"]
    bad["record"] |= {"factors": {all_tricks: all_tricks}, "error": all_tricks, "purpose": all_tricks}
    bad["record"]["oversight"] = {all_tricks: {"firings": 1, all_tricks: 1}}
    bad["turns"][2] |= {"thinking": all_tricks, "tool_calls": [{"name": all_tricks, "arguments": all_tricks}]}
    bad["turns"].append(
        {"role": all_tricks, "text": LONG + all_tricks, "t": 1.0, "part": all_tricks, "look": all_tricks}
    )
    bad["checks"] = [{"time_s": 3.0, "part": all_tricks, "hook": all_tricks, "score": 1.0, "response": all_tricks,
                      "reason": all_tricks, "is_decisive": True, "would": [all_tricks]}]  # fmt: skip
    return bad


def test_tricks_in_records_are_text(browser: Browser, seen: dict[str, Any], tmp_path: Path) -> None:
    file = write_viewer(tmp_path / "bad.html", hostile(seen), video="javascript:window.ran=9")
    with watched(browser, file) as bad:
        page = bad.page
        for summary in page.locator("summary").all():
            summary.evaluate("node => { node.parentElement.open = true; }")
        page.locator(".ev-more").first.click()
        page.keyboard.press("]")
        page.keyboard.press("End")
        page.wait_for_timeout(50)
        text = page.locator(".ev").evaluate("node => node.textContent")
        for trick in TRICKS[:8]:
            assert trick in text
        for token in TOKENS:
            assert token in text
        assert LONG in text
        raw = page.locator(".ev").evaluate(
            "node => /[\\u0000-\\u0008\\u001b\\u200b-\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ufeff\\p{Cs}]/u"
            ".test(node.outerHTML)"
        )
        assert not raw
        assert page.evaluate("window.ran") is None
        elements = "script, img, style, base, iframe, video, [onerror], [onload], [onmouseover], a[href^=javascript]"
        assert page.locator(".ev").locator(elements).count() == 0
        assert bad.errors == []
        assert bad.requests == []


def test_long_texts_open_in_two_steps(browser: Browser, seen: dict[str, Any], tmp_path: Path) -> None:
    line = {"role": "assistant", "text": LONG, "t": 0.0}
    with watched(browser, write_viewer(tmp_path / "long.html", {**seen, "turns": [line]})) as long:
        shown = long.page.locator(".ev-lines .ev-prose").first
        assert len(shown.evaluate("node => node.firstChild.data")) < 10_000
        long.page.locator(".ev-more").click()
        assert len(shown.evaluate("node => node.textContent")) == len(LONG)
        assert long.page.evaluate("document.documentElement.scrollWidth") <= 1600


def test_records_that_hold_little_are_shown(browser: Browser, seen: dict[str, Any], tmp_path: Path) -> None:
    empty = ("turns", "peer", "probes", "monitors", "actions", "peer_actions", "events", "messages", "checks")
    nothing: dict[str, Any] = {
        **seen, **{name: [] for name in empty}, "shown": {"times": [], "facts": {}},
        "peer_shown": {"times": [], "facts": {}},
        "plan": None, "paths": {}, "initial": {}, "wordings": {}, "lied": None, "end": None,
        "missing": ["what happened cannot be shown"],
    }  # fmt: skip
    nothing["record"] = {**seen["record"], "outcome": None, "validity": "server_error", "deeds": [], "claims": [],
                         "error": "the server went away", "pattern": None, "thoughts": None}  # fmt: skip
    with watched(browser, write_viewer(tmp_path / "little.html", nothing)) as little:
        text = little.page.locator(".ev").inner_text()
        for words in (
            "not scored: server error",
            "the server went away",
            "No transcript is stored",
            "what happened cannot be shown",
        ):
            assert words in text
        assert little.errors == []
        little.page.evaluate("EpisodeViewer.close()")
        assert little.page.locator("#root").inner_html() == ""
        little.page.keyboard.press("End")
        little.page.evaluate("EpisodeViewer.render(document.getElementById('root'), { layout: 0 })")
        assert "another version" in little.page.locator("#root").inner_text()
        assert little.errors == []
