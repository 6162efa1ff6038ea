"""Write on the page and wait for its results."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.pen import draw, outline_strokes
from sutja.data.dataset import Dataset

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from playwright.sync_api import Page

LINES = """wanted => JSON.stringify([...document.querySelectorAll(".line")].map(
  (line) => [...line.querySelectorAll(".number")].map(
    (number) => [...number.querySelectorAll(".big")].map((each) => each.textContent).join("")).join(" "))) === wanted"""


def wait_for_lines(page: Page, lines: list[str]) -> None:
    """Wait until the page shows exactly these lines of numbers; `?` is a sign of which the reader is not sure."""
    page.wait_for_function(LINES, arg=json.dumps(lines, separators=(",", ":")))


HOLD = """() => {
  const start = window.setTimeout;
  window.setTimeout = (call, delay, ...words) => {
    if (delay !== 2500) return start(call, delay, ...words);
    window.moment = call;
    return 0;
  };
}"""


def hold_corrections(page: Page) -> None:
    """Stop the timer that sends corrections: they can be undone until `send_corrections`."""
    page.evaluate(HOLD)


def send_corrections(page: Page) -> None:
    """Send the waiting corrections, as the timer does."""
    page.evaluate("() => window.moment()")


def corners(page: Page) -> tuple[float, float]:
    """The upper left corner of the paper in the window."""
    box = page.locator("#ink").bounding_box()
    assert box is not None
    return box["x"], box["y"]


def digit_of(mnist: Dataset, label: int, number: int = 0) -> NDArray[np.uint8]:
    """A test digit of MNIST with that label."""
    return np.asarray(mnist.test.images[np.flatnonzero(mnist.test.labels == label)[number]], np.uint8)


def draw_number(page: Page, mnist: Dataset, number: str, *, left: float = 20, top: float = 60) -> None:
    """Draw a number by pointer events: different test digits of MNIST, side by side."""
    for place, digit in enumerate(number):
        draw(page, outline_strokes(digit_of(mnist, int(digit), place + 1), left + 110 * place, top))
