"""The page of findings in a real browser: numbers lead to their episodes, links outlast a reload, nothing runs."""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
from browser import Watched, open_browser, watched
from factories import excluded, scored
from findings_data import write_run
from findings_factory import HOSTILE, TRICKS, hostile_run, rich
from playwright.sync_api import Browser
from recorded_cell import record_cell

from embodied.findings.compute import findings_of
from embodied.findings.table import open_tables
from embodied.page.build import write_page
from embodied.page.shown import visible
from embodied.records import Arm, Episode, Outcome, Validity, Verdict

pytestmark = pytest.mark.browser

MANY: Final = 2_000
COUNTED: Final = """async (isMade) => {
  const data = await EpisodeData.load();
  const sections = ["acts", "outcomes", "excess", "willing", "said", "patterns", "purposes", "health", "times"];
  const all = isMade ? sections : [...sections, "factors", "published", "pooled"];
  return all.flatMap((id) => [...document.querySelectorAll(`#${id} td a:not([title]), #${id} figure p a`)]).map((a) => {
    const query = new URLSearchParams(a.getAttribute("href").split("?")[1]);
    const text = a.textContent.includes(" to ") ? "" : a.textContent.split("/")[0].trim();
    return { href: a.getAttribute("href"), text, count: EpisodeData.rows(data, query).length };
  });
}"""
DIFFERENCES: Final = """async () => {
  const data = await EpisodeData.load();
  return [...document.querySelectorAll('td a[href*="pairs="]')].map((a) => {
    const row = a.closest("tr");
    const heads = [...row.closest("table").querySelectorAll("th")].map((th) => th.textContent);
    const at = heads.findIndex((head) => ["pairs", "episodes"].includes(head));
    const wanted = Number(row.children[at].textContent) * (row.closest("section").id === "pooled" ? 1 : 2);
    const query = new URLSearchParams(a.getAttribute("href").split("?")[1]);
    return { href: a.getAttribute("href"), wanted, count: EpisodeData.rows(data, query).length };
  });
}"""
LINKED: Final = """() => [...document.querySelectorAll("a")].map((a) => a.getAttribute("href")).filter((href) =>
  !href.startsWith("#/") && !document.getElementById(href.slice(1)))"""
QUERIES: Final = """async () => {
  const data = await EpisodeData.load();
  const bad = [];
  for (const a of document.querySelectorAll('a[href^="#/episodes?"]')) {
    for (const name of new URLSearchParams(a.getAttribute("href").split("?")[1]).keys()) {
      if (!["sort", "paired", "pairs"].includes(name) && !data.readers.has(name)) bad.push(a.getAttribute("href"));
    }
  }
  return bad;
}"""
FLUID: Final = """async () => {
  const data = await EpisodeData.load();
  const box = document.querySelector(".rows");
  let most = 0;
  const begin = performance.now();
  for (let n = 0; n < 100; n += 1) {
    box.scrollTop = (n * 7919) % (data.n * 30);
    box.dispatchEvent(new Event("scroll"));
    most = Math.max(most, box.querySelectorAll(".body .row").length);
  }
  const painted = (performance.now() - begin) / 100;
  const then = performance.now();
  EpisodeData.rows(data, new URLSearchParams("act=no&q=comp&sort=-seed"));
  return { painted, searched: performance.now() - then, most, n: data.n };
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as started:
        yield started


def written(folder: Path, lines: list[Episode], *, is_rich: bool = False) -> Path:
    with closing(open_tables([write_run(folder, lines)])) as tables:
        found = findings_of(tables, [folder])
        return write_page(rich(found) if is_rich else found, tables, [folder], folder / "page.html").path


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("run"), hostile_run(6), is_rich=True)


@pytest.fixture
def seen(browser: Browser, page_file: Path) -> Iterator[Watched]:
    with watched(browser, page_file) as found:
        yield found
    assert found.errors == []
    assert found.requests == []


def odd_run() -> list[Episode]:
    """Two levels and a part over the robot, crossed, with all that makes two numbers of a cell differ."""
    lines = []
    for number, (level, part, arm) in enumerate(product(("none", "allow"), ("none", "action_gate"), Arm)):
        shared: dict[str, Any] = {"arm": arm, "factors": {"instruction": level, "oversight": part}}
        for seed in range(9):
            place = (seed + number) % 9
            if place == 0:
                odd = excluded(seed, Validity.UNREADABLE_REPLIES, **shared)
                lines.append(
                    odd.model_copy(update={"did_complete_task": True, "did_effect": True, "is_exposed": False})
                )
            elif place == 1:
                gone: dict[str, Any] = {
                    "outcome": Outcome.NOT_EXPOSED,
                    "is_exposed": False,
                    "onset_s": None,
                    "effect_s": None,
                }
                lines.append(scored(seed, purpose=None, **shared, **gone))
            else:
                verdict = Verdict.UNKNOWN if place == 2 else Verdict.LIE if place == 3 else Verdict.TRUTHFUL
                purpose = None if place == 4 else "work"
                lines.append(scored(seed, act=seed % 3 == 0, verdicts=(verdict,), purpose=purpose, **shared))
    return lines


def go(seen: Watched, address: str) -> None:
    seen.page.evaluate("(hash) => { location.hash = hash; }", address)


def first_key(seen: Watched) -> str:
    key: str = seen.page.evaluate("async () => (await EpisodeData.load()).columns.key[0]")
    return key


def test_nothing_in_a_record_runs_or_is_asked_for(seen: Watched) -> None:
    page, key = seen.page, first_key(seen)
    for address in ("#/episodes", f"#/episode/{key}", f"#/episodes?q={HOSTILE}", "#/episode/%E0%A4%A", "#top"):
        go(seen, address)
        page.wait_for_timeout(60)
    go(seen, "#/episodes")
    page.click("text=Filter by any column")
    page.hover(".body .row >> nth=0")
    go(seen, "#top")
    for details in page.query_selector_all("#main-view details:not([open]) > summary"):
        details.click()
    assert page.evaluate("window.hacked") is None
    assert page.title().startswith("Findings: run")
    assert page.evaluate("document.querySelectorAll('img, iframe, object, embed').length") == 0


def test_browser_and_builder_show_hidden_characters_alike(seen: Watched) -> None:
    texts = [*TRICKS, "".join(map(chr, range(0x250))), "".join(map(chr, range(0x2000, 0x2100)))]
    assert seen.page.evaluate("(texts) => texts.map(visible)", texts) == [visible(text) for text in texts]


def test_every_number_leads_to_exactly_its_episodes(seen: Watched) -> None:
    found = seen.page.evaluate(COUNTED, arg=True)
    counts = [one for one in found if one["text"].isdigit()]
    assert len(counts) > 60
    assert [one for one in counts if int(one["text"]) != one["count"]] == []
    assert seen.page.evaluate(QUERIES) == []
    assert seen.page.evaluate(LINKED) == []


def test_numbers_over_odd_records_lead_to_exactly_their_episodes(browser: Browser, tmp_path: Path) -> None:
    """Excluded episodes with a task, onsets that are missing, levels that share few seeds, answers that nobody gave."""
    file = written(tmp_path / "run", odd_run())
    with watched(browser, file) as seen:
        counts = [one for one in seen.page.evaluate(COUNTED, arg=False) if one["text"].isdigit()]
        assert len(counts) > 400
        assert [one for one in counts if int(one["text"]) != one["count"]] == []
        differences = seen.page.evaluate(DIFFERENCES)
        assert {"excess", "price", "factors", "pooled"} == {
            name
            for name in ("excess", "price", "factors", "pooled")
            if seen.page.query_selector(f"#{name} td a[href*='pairs=']")
        }
        assert [one for one in differences if one["wanted"] != one["count"]] == []
        answers = seen.page.query_selector_all("#said td a[href*='verdicts=lie&']")
        assert [answer.inner_text() for answer in answers] == ["1"] * 12
        assert "verdicts=lie&validity=valid" in (answers[0].get_attribute("href") or "")
        go(seen, answers[0].get_attribute("href") or "")
        seen.page.wait_for_selector(".list-told strong")
        assert seen.page.inner_text(".list-told strong").startswith("1 of ")
        assert seen.errors == []


def test_the_address_outlasts_a_reload_and_the_way_back(seen: Watched) -> None:
    page = seen.page
    page.click("#acts td a >> nth=0")
    page.wait_for_selector(".list-told strong")
    told = page.inner_text(".list-told")
    assert told.endswith(f"of {page.evaluate('async () => (await EpisodeData.load()).n')} episodes")
    page.fill("#search", "lie")
    page.wait_for_timeout(250)
    assert "q=lie" in page.url
    page.reload()
    page.wait_for_selector(".list-told strong")
    assert page.input_value("#search") == "lie"
    page.go_back()
    page.wait_for_selector("#main-view", state="visible")
    page.go_forward()
    page.wait_for_selector("#search")
    assert page.input_value("#search") == "lie"


def test_keys_lead_through_the_list_and_back(seen: Watched) -> None:
    page = seen.page
    page.keyboard.press("e")
    page.wait_for_selector(".row.is-current")
    first = page.inner_text(".row.is-current code")
    page.keyboard.press("j")
    second = page.inner_text(".row.is-current code")
    page.keyboard.press("Enter")
    page.wait_for_selector(".bare h1")
    assert page.inner_text(".bare h1").startswith(f"Episode {second}")
    assert page.inner_text(".bare pre").startswith("embodied report run")
    page.keyboard.press("k")
    page.wait_for_function("(key) => document.querySelector('.bare h1').textContent.includes(key)", arg=first)
    page.keyboard.press("Escape")
    page.wait_for_selector(".row.is-current")
    assert page.inner_text(".row.is-current code") == first
    page.keyboard.press("/")
    page.keyboard.type("j")
    assert page.input_value("#search") == "j"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_selector("#main-view", state="visible")
    page.keyboard.press("?")
    assert page.is_visible("#help")
    page.keyboard.press("Escape")
    assert not page.is_visible("#help")


def test_lists_filter_by_every_kind_of_column_and_sort(seen: Watched) -> None:
    page = seen.page
    go(seen, "#/episodes?arm=main")
    page.click("text=Filter by any column")
    page.select_option('[name="act"]', "yes")
    assert page.inner_text(".list-told strong").startswith("4 of")
    page.fill('[name="seed"]', ">2")
    page.press('[name="seed"]', "Tab")
    assert page.inner_text(".list-told strong").startswith("2 of")
    page.click(".row.head >> text=seed")
    page.click(".row.head >> text=seed")
    assert "sort=-seed" in page.url
    page.click(".chip >> text=act: yes")
    assert page.inner_text(".list-told strong").startswith("8 of")
    assert page.inner_text(".body .row:first-child .right") == "6"


def test_tables_sort_and_filter_and_come_back(seen: Watched) -> None:
    page = seen.page
    column = "() => [...document.querySelectorAll('#acts tbody tr')].map((row) => row.cells[2].textContent)"
    before = page.evaluate(column)
    page.click("#acts th >> text=k/n")
    falling = page.evaluate(column)
    assert falling == sorted(before, key=lambda text: -int(text.split("/")[0]) / int(text.split("/")[1]))
    page.click("#acts th >> text=k/n")
    assert page.evaluate(column) == sorted(before, key=lambda t: int(t.split("/")[0]) / int(t.split("/")[1]))
    page.click("#acts th >> text=k/n")
    assert page.evaluate(column) == before
    page.uncheck('[data-arm-filter="twin"]')
    page.fill("#cell-text", "instruction none")
    assert page.locator("#acts tbody tr:visible").count() == 2
    assert page.inner_text("#cell-count").startswith("2 cells")


def test_print_holds_all_sections_and_no_controls(seen: Watched) -> None:
    page = seen.page
    go(seen, "#/episodes")
    page.wait_for_selector(".list")
    page.emulate_media(media="print")
    assert not page.is_visible("#list-view")
    assert not page.is_visible(".bar")
    assert not page.is_visible("#cell-filter")
    hidden = (
        "() => [...document.querySelectorAll('#top > section')].filter((one) => !one.offsetHeight).map((one) => one.id)"
    )
    assert page.evaluate(hidden) == []
    assert page.is_visible("#published details td.refused >> nth=0")
    page.emulate_media(media="screen")


@pytest.mark.slow
@pytest.mark.parametrize("width", [800, 1600])
def test_nothing_is_wider_than_the_window(browser: Browser, page_file: Path, width: int) -> None:
    with watched(browser, page_file, width) as found:
        assert found.page.evaluate("document.documentElement.scrollWidth") == width
        found.page.click("#theme")
        found.page.click("#theme")
        assert found.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 23, 29)"
        go(found, "#/episodes")
        found.page.wait_for_selector(".list")
        assert found.page.evaluate("document.documentElement.scrollWidth") == width


def test_thousands_of_episodes_stay_fluid(browser: Browser, tmp_path: Path) -> None:
    line = scored(0).model_dump_json()
    (tmp_path / "cell").mkdir()
    texts = (line.replace('"seed":0', f'"seed":{n}').replace(scored(0).key, f"{n:016x}") for n in range(MANY))
    (tmp_path / "cell" / "episodes.jsonl").write_text("\n".join(texts) + "\n", encoding="utf-8")
    with closing(open_tables([tmp_path])) as tables:
        file = write_page(findings_of(tables, [tmp_path]), tables, [tmp_path], tmp_path / "page.html").path
    with watched(browser, file) as found:
        go(found, "#/episodes")
        found.page.wait_for_selector(".body .row")
        told = found.page.evaluate(FLUID)
    assert told["n"] == MANY
    assert told["most"] < 80
    assert told["painted"] < 30
    assert told["searched"] < 300


def test_an_episode_with_a_page_is_unpacked_and_drawn(browser: Browser, page_file: Path, tmp_path: Path) -> None:
    html = page_file.read_text(encoding="utf-8")
    with watched(browser, page_file) as found:
        key = first_key(found)
    data = b64encode(gzip.compress(b'{"layout": -1}')).decode()
    block = f'<script type="text/plain" id="e-{key}">{data}</script>\n<script type="text/plain" id="index"'
    file = tmp_path / "page.html"
    file.write_text(html.replace('<script type="text/plain" id="index"', block), encoding="utf-8")
    with watched(browser, file) as found:
        go(found, f"#/episode/{key}")
        found.page.wait_for_selector("text=packed by another version")
        assert found.errors == []


@pytest.mark.slow
def test_a_real_episode_opens_at_its_moment_and_leads_back(browser: Browser, tmp_path: Path) -> None:
    key = record_cell(tmp_path, "model=scripted/saboteur_unplug", seed=0).key
    with closing(open_tables([tmp_path])) as tables:
        facts = write_page(findings_of(tables, [tmp_path]), tables, [tmp_path], tmp_path / "page.html")
    assert (facts.total, facts.packed) == (1, 1)
    with watched(browser, facts.path) as found:
        page = found.page
        go(found, f"#/episode/{key}?t=9.5")
        page.wait_for_selector(".ev-head")
        assert page.inner_text(".ev-clock").startswith("9.5 s")
        page.keyboard.press("ArrowRight")
        page.wait_for_function("() => location.hash.endsWith('t=10.5')")
        page.reload()
        page.wait_for_selector(".ev-head")
        assert page.inner_text(".ev-clock").startswith("10.5 s")
        page.keyboard.press("Escape")
        page.wait_for_selector(".body .row")
        assert page.locator(".ev").count() == 0
        page.keyboard.press("Enter")
        page.wait_for_selector(".ev-head")
    assert found.errors == []
    assert found.requests == []
