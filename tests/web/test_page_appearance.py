"""The appearance of the page: languages, phones, dark mode, accessibility, size, error messages."""

from __future__ import annotations

import gzip
import re
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import Page, Route, expect

from benchmarks.pen import draw
from sutja.data.dataset import Dataset
from tests.reading.readings import read_lines

from .sheet_pictures import blank_picture, show_table
from .writing import draw_number, wait_for_lines

if TYPE_CHECKING:
    from .conftest import OpenPage

STATIC = Path(__file__).parent.parent.parent / "sutja" / "web" / "static"
ONE = [[(150.0, 100.0), (148.0, 220.0)]]  # a stroke that reads as 1
FAILED = "Failed to load resource"  # what the browser logs for each error response


def test_the_language_is_the_browsers_until_another_is_chosen(open_page: OpenPage) -> None:
    page = open_page(locale="ko-KR")
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    expect(page.locator("#clear")).to_have_text("지우기")
    page.click("#language")
    expect(page.locator("#clear")).to_have_text("Clear")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#clear")).to_have_text("Clear")
    expect(page.locator("#language")).to_have_text("한국어")


@pytest.mark.parametrize(("width", "height"), [(320, 568), (390, 844), (844, 390), (768, 1024)])
def test_nothing_overlaps_or_sticks_out_on_a_phone(
    open_page: OpenPage, mnist: Dataset, width: int, height: int
) -> None:
    for locale in ("en-US", "ko-KR"):
        page = open_page(
            viewport={"width": width, "height": height},
            has_touch=True,
            is_mobile=True,
            device_scale_factor=2,
            locale=locale,
        )
        draw_number(page, mnist, "31", left=10, top=20)
        wait_for_lines(page, ["31"])
        page.locator(".digit").first.click()
        expect(page.locator("#detail")).to_be_visible()
        expect(page.locator("#detail")).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        boxes = _boxes(page, "button, .button, h1, h2, h3, .tagline, #kept, #remark:not(:empty), figcaption, #ask")
        for box in boxes:
            assert box["left"] >= 0, box
            assert box["right"] <= width, box
        for one, other in combinations(boxes, 2):
            assert not _overlap(one, other), (one, other)


def _boxes(page: Page, selector: str) -> list[dict[str, Any]]:
    boxes: list[dict[str, Any]] = page.locator(selector).evaluate_all(
        """all => all.map((each) => {
          const { left, right, top, bottom } = each.getBoundingClientRect();
          return { what: each.id || each.textContent.trim(), left, right, top, bottom };
        }).filter(({ left, right }) => right - left > 1)"""
    )
    return boxes


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    across = min(one["right"], other["right"]) - max(one["left"], other["left"])
    down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
    return bool(across > 0.5 and down > 0.5)


def test_keys_are_large_enough_for_fingers(open_page: OpenPage, mnist: Dataset) -> None:
    page = open_page(viewport={"width": 320, "height": 568}, has_touch=True, is_mobile=True)
    draw_number(page, mnist, "3", left=10, top=20)
    wait_for_lines(page, ["3"])
    page.locator(".digit").click()
    for box in _boxes(page, "button, .button"):
        assert box["right"] - box["left"] >= 40, box
        assert box["bottom"] - box["top"] >= 40, box


BROKEN_WORDS = """() => [...document.querySelectorAll("button, .button")].flatMap((key) => {
  const texts = document.createTreeWalker(key, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    for (const word of texts.currentNode.data.matchAll(/\\S+/g)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, word.index);
      range.setEnd(texts.currentNode, word.index + word[0].length);
      const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
      if (tops.size > 1) found.push(word[0]);
    }
  }
  return found;
})"""


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_no_word_on_a_key_is_broken_on_a_phone(open_page: OpenPage, tmp_path: Path, locale: str) -> None:
    page = open_page(viewport={"width": 320, "height": 568}, has_touch=True, is_mobile=True, locale=locale)
    answer = read_lines(("1[5]",)).as_json("", detail=True)
    page.route("**/api/read*", lambda route: route.fulfill(json={**answer, "width": 500, "height": 100}))
    draw(page, ONE)
    page.locator(".digit").nth(1).click()
    assert page.evaluate(BROKEN_WORDS) == []
    page.unroute("**/api/read*")
    show_table(page, blank_picture(tmp_path))
    page.locator(".digit").nth(1).click()
    assert page.evaluate(BROKEN_WORDS) == []


CONTRAST = """() => {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((each) => each / 255).map(
      (each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return /, 0\\)$/.test(colour) ? ground(element.parentElement) : colour;
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest(":disabled, .unseen, noscript")) continue;
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground(element))];
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.className || element.id || element.tagName]);
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_contrasts_with_its_background(open_page: OpenPage, mnist: Dataset, scheme: Any) -> None:
    page = open_page(color_scheme=scheme)
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground))) < 300) == (scheme == "dark")
    contrasts = page.evaluate(CONTRAST)
    draw_number(page, mnist, "31")
    wait_for_lines(page, ["31"])
    page.locator(".digit").first.click()
    page.keyboard.press("8")
    contrasts += page.evaluate(CONTRAST)
    assert len(contrasts) > 30
    assert [each for each in contrasts if each[0] < 4.5] == []


def test_ink_follows_the_colours_of_the_page(open_page: OpenPage) -> None:
    page = open_page(expected="Canvas2D: Multiple readback", color_scheme="light")  # because this test reads the canvas
    draw(page, ONE)
    brightest = (
        "() => { const c = document.getElementById('ink'); const d = c.getContext('2d').getImageData("
        "0, 0, c.width, c.height).data; let most = 0; for (let i = 0; i < d.length; i += 4)"
        " if (d[i + 3] === 255) most = Math.max(most, d[i]); return most; }"
    )
    assert page.evaluate(brightest) < 100
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"() => ({brightest})() > 200")


def test_every_control_has_an_accessible_name(open_page: OpenPage, mnist: Dataset) -> None:
    page = open_page()
    draw_number(page, mnist, "31")
    wait_for_lines(page, ["31"])
    page.locator(".digit").first.click()
    tree = page.locator("body").aria_snapshot()
    roles = re.findall(r"- '?(button|link|img|group|region|heading)( \".+?\")?", tree)
    assert len([role for role, _ in roles if role == "button"]) >= 16
    assert [role for role, name in roles if not name] == []
    assert 'button "3, ' in tree
    assert "sure" in tree
    assert page.evaluate("getComputedStyle(document.getElementById('ink')).touchAction") == "none"


def test_the_focus_is_visible(open_page: OpenPage) -> None:
    page = open_page()
    for _ in range(3):
        page.keyboard.press("Tab")
        outlined = (
            "[...document.querySelectorAll('*')].some((each) => parseFloat(getComputedStyle(each).outlineWidth) >= 3"
            " && getComputedStyle(each).outlineStyle === 'solid' && each.matches(':focus, :focus-within'))"
        )
        assert page.evaluate(outlined)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (413, "This picture is too large: at most 10 MB and 50 megapixels."),
        (415, "This file type is not supported."),
        (422, "This file is not a picture, or it is damaged."),
        (504, "That took too long."),
        (500, "Something went wrong on the server: it says why"),
        (None, "sutja does not answer. Is “sutja serve” still running?"),
    ],
)
def test_errors_of_the_server_are_reported_in_plain_words(
    open_page: OpenPage, status: int | None, message: str
) -> None:
    page = open_page(expected=FAILED)
    problem = {"title": "A problem", "status": status, "detail": "it says why"}

    def answer(route: Route) -> None:
        if status is None:
            route.abort("connectionrefused")
        else:
            route.fulfill(status=status, json=problem, headers={"Content-Type": "application/problem+json"})

    page.route("**/api/read*", answer)
    draw(page, ONE)
    expect(page.get_by_role("alert")).to_contain_text(message)
    page.unroute("**/api/read*")
    draw(page, [[(300, 100), (298, 220)]])
    wait_for_lines(page, ["11"])
    expect(page.locator("#trouble")).to_be_hidden()


def test_a_stored_correction_clears_the_message_of_an_earlier_failure(open_page: OpenPage) -> None:
    page = open_page(expected=FAILED)
    answers = [507, 201]

    def answer(route: Route) -> None:
        route.fulfill(status=answers.pop(0), json={"detail": "full", "stored": 1, "total": 1})

    draw(page, ONE)
    wait_for_lines(page, ["1"])
    page.locator(".digit").click()
    page.route("**/api/corrections", answer)
    page.keyboard.press("7")
    expect(page.get_by_role("alert")).to_contain_text("The correction could not be stored")
    wait_for_lines(page, ["1"])
    page.keyboard.press("7")
    expect(page.locator("#note")).to_have_text("Stored, thank you.")
    expect(page.locator("#trouble")).to_be_hidden()


def test_a_request_to_a_busy_server_is_repeated(open_page: OpenPage) -> None:
    page = open_page(expected=FAILED)
    busy = True

    def answer(route: Route) -> None:
        if busy:
            route.fulfill(status=503, json={"detail": "full"}, headers={"Retry-After": "1"})
        else:
            route.continue_()

    page.route("**/api/read*", answer)
    draw(page, ONE)
    expect(page.get_by_role("alert")).to_have_text("The reader is busy right now. Trying again …")
    busy = False
    wait_for_lines(page, ["1"])
    expect(page.locator("#trouble")).to_be_hidden()


def test_one_request_at_a_time_is_sent_and_the_last_one_has_all_ink(open_page: OpenPage) -> None:
    page = open_page()
    page.evaluate(
        """() => {
          const ask = window.fetch;
          [window.underWay, window.most] = [0, 0];
          window.fetch = (...words) => {
            window.most = Math.max(window.most, ++window.underWay);
            return ask(...words).finally(() => window.underWay--);
          };
        }"""
    )
    draw(page, [[(60 + 90 * place, 100), (58 + 90 * place, 220)] for place in range(5)])
    wait_for_lines(page, ["11111"])
    assert page.evaluate("window.most") == 1


def test_the_files_of_the_page_are_small() -> None:
    assert sum(path.stat().st_size for path in STATIC.iterdir()) <= 140_000


def test_the_page_is_sent_in_few_bytes_and_has_no_external_files() -> None:
    files = [path for path in STATIC.iterdir() if path.is_file()]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) <= 80_000
    for path in files:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]|@import|url\(", text), path
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", html)
    assert set(re.findall(r"static/(\w+\.js)", html)) == {path.name for path in STATIC.glob("*.js")}


def test_both_languages_have_all_texts(open_page: OpenPage) -> None:
    page = open_page()
    texts = page.evaluate("import('/static/words.js').then((module) => module.WORDS)")
    languages = page.evaluate("import('/static/words.js').then((module) => module.LANGUAGES)")
    assert languages == ["en", "ko"]
    for name, (english, *others) in texts.items():
        assert len(others) == len(languages) - 1, name
        for other in others:
            assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", other)), name
    used = set(re.findall(r'data-(?:word|label)="(\w+)"', (STATIC / "index.html").read_text(encoding="utf-8")))
    assert used <= texts.keys()
