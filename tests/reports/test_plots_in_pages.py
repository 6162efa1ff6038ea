"""Plots in a page in a real browser: their texts follow the switch, keep to their place, and are legible on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sutja.reports.html import Plot, Section, write_page
from tests.reports.figures import FIGURES, NAMES
from tests.waiting import HANG_SECONDS

pytest.importorskip("playwright")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    OpenPage = Callable[..., Page]

MIN_LETTER_PIXELS = 4.5  # of the smallest letters, those of 47 classes, on a phone that has three points for a pixel
LETTER_PIXELS = """texts => texts.map((text) => {
  const plot = text.ownerSVGElement;
  return Number(text.getAttribute("font-size")) * plot.getBoundingClientRect().width / plot.viewBox.baseVal.width;
})"""
OUT_OF_PLACE = """() => {
  const found = [];
  for (const plot of document.querySelectorAll(".plot")) {
    const edges = plot.getBoundingClientRect();
    const boxes = [...plot.querySelectorAll("text")].filter((each) => each.textContent)
      .map((each) => [each.textContent, each.getBoundingClientRect()]);
    for (const [text, box] of boxes)
      if (box.left < edges.left - 2 || box.right > edges.right + 2) found.push(`${text} leaves its plot`);
    boxes.forEach(([text, one], number) => {
      for (const [beside, other] of boxes.slice(0, number)) {
        const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
        if (wide > 1 && high > 0.5 * Math.min(one.height, other.height)) found.push(`${text} covers ${beside}`);
      }
    });
  }
  return found;
}"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plots")
    drawn = [Plot(figure(), name, "Errors and weights.") for name, figure in FIGURES.items()]
    write_page(folder, "Plots", "All of them.", [Section("Figures", pictures=drawn)])
    return folder / "report.html"


@pytest.fixture
def open_page(browser: Browser, report: Path) -> Iterator[OpenPage]:
    contexts = []

    def opened(**how: Any) -> Page:
        context = browser.new_context(**how)
        context.set_default_timeout(1000 * HANG_SECONDS)
        contexts.append(context)
        page = context.new_page()
        page.goto(report.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


def words(page: Page) -> list[str]:
    """What stands on the plots in Latin letters but is no name."""
    texts = page.locator(".plot text").all_text_contents()
    return [text for text in texts if re.search("[A-Za-z]{2}", text) and text not in NAMES]


def test_the_switch_translates_plots_there_and_back(open_page: OpenPage) -> None:
    page = open_page(locale="en-US")
    english = page.locator(".plot text").all_text_contents()
    assert {"epoch", "accuracy", "read as", "filter 1"} <= set(english)
    page.click("#language")
    korean = page.locator(".plot text").all_text_contents()
    assert {"에포크", "정확도", "읽은 결과", "필터 1", "LeNet-5 + 드롭아웃"} <= set(korean)
    assert [text for text in words(page) if "드롭아웃" not in text and "둘 다" not in text] == []
    assert page.locator(".plot").first.get_attribute("aria-label") == "오류와 가중치."
    page.click("#language")
    assert page.locator(".plot text").all_text_contents() == english


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_texts_keep_to_their_plots_and_off_each_other(open_page: OpenPage, locale: str) -> None:
    assert open_page(locale=locale).evaluate(OUT_OF_PLACE) == []


def test_texts_are_dark_on_white_in_dark_mode_too(open_page: OpenPage) -> None:
    page = open_page(color_scheme="dark")
    colour = page.locator(".plot text").first.evaluate("text => getComputedStyle(text).fill")
    assert colour == "rgb(0, 0, 0)"


def test_on_a_phone_wide_plots_scroll_and_their_letters_are_not_tiny(open_page: OpenPage) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, device_scale_factor=3)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    together = page.locator(".wide:has(.plot)").nth(list(FIGURES).index("curves_together"))
    assert together.evaluate("part => part.scrollWidth > part.clientWidth")
    letters = page.locator(".plot text").evaluate_all(LETTER_PIXELS)
    assert min(letters) >= MIN_LETTER_PIXELS
